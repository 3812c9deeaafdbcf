//! Server-Sent Events: the `text/event-stream` format of WHATWG HTML, section 9.2.
