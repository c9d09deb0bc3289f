//! otvet-web-assets
