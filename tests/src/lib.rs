//! otvet-tests
