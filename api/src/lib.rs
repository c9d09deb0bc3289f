//! otvet-api
