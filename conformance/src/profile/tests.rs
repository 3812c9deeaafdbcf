#![allow(clippy::unwrap_used)]

use super::*;
use crate::suite;

fn about(id: &str) -> About {
    suite::all().find(|about| about.id == id).unwrap()
}

fn refused(text: &str) -> String {
    let head = "name = \"x\"\ntitle = \"X\"\n";
    Profile::parse(&format!("{head}{text}")).unwrap_err().to_string()
}

#[test]
fn every_embedded_profile_is_valid_and_named_as_its_file() {
    for file in EMBEDDED {
        let profile =
            Profile::parse(file.text).unwrap_or_else(|error| panic!("{}: {error}", file.name));
        assert_eq!(profile.name, file.name);
        assert!(!profile.title.is_empty());
    }
    let default = Profile::parse(embedded(DEFAULT).unwrap().text).unwrap();
    assert!(suite::all().all(|about| default.made_of(&about).is_none()));
    assert_eq!((default.opening, default.replay), (Opening::default(), None));
}

#[test]
fn the_last_rule_that_names_a_case_decides() {
    let profile = Profile::parse(
        r#"
        name = "small-broker"
        title = "A broker without retained messages"
        [[case]]
        id = "mqtt/retain/*"
        applies = false
        why = "retained messages are not offered"
        [[case]]
        id = "mqtt/retain/reaches-a-new-subscriber"
        level = "may"
        why = "some regions have them"
        "#,
    )
    .unwrap();
    let made = |id| profile.made_of(&about(id));
    assert!(matches!(
        made("mqtt/retain/reaches-a-new-subscriber"),
        Some(Made::Counts(Level::May, _))
    ));
    assert_eq!(made("sse/response/charset"), None);
    let Some(Made::DoesNotApply(why)) =
        suite::all().filter(|about| about.id.starts_with("mqtt/retain/")).find_map(|about| {
            profile.made_of(&about).filter(|made| matches!(made, Made::DoesNotApply(_)))
        })
    else {
        panic!("the first rule is lost");
    };
    assert_eq!(why, "retained messages are not offered (profile small-broker)");
    assert_eq!(profile.changes(&suite::all().collect::<Vec<_>>())["count as MAY"], 1);
}

#[test]
fn what_needs_a_feature_that_is_lacking_does_not_apply() {
    let profile = Profile::parse(
        r#"
        name = "two"
        title = "A broker without QoS 2"
        [[lacks]]
        feature = "qos-2"
        why = "QoS 2 is not offered"
        [[case]]
        id = "mqtt/*/*"
        level = "may"
        why = "nothing is promised"
        "#,
    )
    .unwrap();
    let why = "QoS 2 is not offered (profile two)".to_owned();
    for about in suite::all().filter(|about| about.id.starts_with("mqtt/")) {
        let lacking = about.needs.contains(&Need::QoS2);
        let made = profile.made_of(&about);
        assert_eq!(made == Some(Made::DoesNotApply(why.clone())), lacking, "{}", about.id);
    }
}

#[test]
fn what_is_wrong_is_told_with_what_would_be_right() {
    for (text, because) in [
        ("title = 1", "title"),
        ("colour = 1", "unknown field `colour`"),
        ("[[case]]\nid = \"sse/*/*\"\nwhy = \"x\"", "write either"),
        (
            "[[case]]\nid = \"sse/*/*\"\nlevel = \"must\"\napplies = false\nwhy = \"x\"",
            "write either",
        ),
        ("[[case]]\nid = \"sse/*/*\"\napplies = false\nwhy = \" \"", "write in `why`"),
        ("[[case]]\nid = \"sse/*/*\"\napplies = false", "missing field `why`"),
        ("[[case]]\nid = \"sse/*/*\"\nlevel = \"never\"\nwhy = \"x\"", "unknown variant `never`"),
        ("[[case]]\nid = \"sse/nothing\"\napplies = false\nwhy = \"x\"", "no case matches"),
        ("[[case]]\nid = \"sse/{\"\napplies = false\nwhy = \"x\"", "unclosed"),
        ("[[lacks]]\nfeature = \"qos-3\"\nwhy = \"x\"", "there are"),
        ("[[lacks]]\nfeature = \"qos-2\"\nwhy = \" \"", "write in `why`"),
        ("replay = \"always\"", "expected promised"),
        ("[request]\nmethod = \"G T\"", "expected one such as"),
        ("[request.headers]\n\"a b\" = \"x\"", "expected a name"),
        ("[request.headers]\nA = \"x\\ny\"", "expected a name"),
        ("[request.headers]\nauthorization = \"x\"", "--header"),
    ] {
        let error = refused(text);
        assert!(error.contains(because), "{text}: {error}");
    }
}
