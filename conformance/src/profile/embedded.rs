//! The profiles that come with the tool.

/// A profile that comes with the tool.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// What it is called.
    pub name: &'static str,
    /// Its file, to be read, printed and copied.
    pub text: &'static str,
}

/// The profile of those who name none: it changes nothing.
pub const DEFAULT: &str = "browser";

macro_rules! files {
    ($($name:literal),*) => {
        &[$(Embedded { name: $name, text: include_str!(concat!("../../profiles/", $name, ".toml")) }),*]
    };
}

/// All of them.
pub const EMBEDDED: &[Embedded] =
    files!["aws-iot-core", "browser", "emqx", "llm", "mcp-2025-11-25", "mcp-2026-07-28", "mercure"];

/// The one of this name.
pub fn embedded(name: &str) -> Option<&'static Embedded> {
    EMBEDDED.iter().find(|profile| profile.name == name)
}
