//! Reference targets: correct peers with switchable faults, to test pushspec itself and clients
//! against. They are test doubles, not for production.

mod faults;
pub mod mqtt;
pub mod sse;

pub use faults::UnknownFault;
