//! otvet-actors
