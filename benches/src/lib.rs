//! What the measurements of `benches/` share.

pub mod workspace;
