//! otvet-engine
