//! otvet-config
