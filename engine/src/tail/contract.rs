//! The contract every backend is held to.
