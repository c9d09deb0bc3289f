//! REST: requests in, problems or JSON out. Writes are the same commands as on the socket; there is no second way.

pub mod call;
pub mod problem;
pub mod v1;
