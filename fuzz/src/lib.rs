//! What the fuzz targets share: inputs with structure, the peers, and the differences from them.

pub mod chunks;
pub mod mqtt;
pub mod sse;
