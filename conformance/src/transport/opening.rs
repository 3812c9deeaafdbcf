//! How the user wants event streams to be asked for.

/// What differs from the request of an `EventSource`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opening {
    /// Another method than GET.
    pub method: Option<String>,
    /// Header fields, instead of those of the same name.
    pub headers: Vec<(String, String)>,
    /// A body.
    pub body: Option<String>,
}
