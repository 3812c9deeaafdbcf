//! What the user may have meant.

/// ` (did you mean …?)` with the known name nearest to what was typed, if one is near.
pub fn suggestion<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let typed = typed.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&typed, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, name)| format!(" (did you mean `{name}`?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["mqtt/will/retained", "mqtt/connect/first-packet"];
        assert_eq!(suggestion("MQTT/will/retaind", known), " (did you mean `mqtt/will/retained`?)");
        assert_eq!(suggestion("something else", known), "");
    }
}
