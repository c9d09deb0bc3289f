//! otvet-benches
