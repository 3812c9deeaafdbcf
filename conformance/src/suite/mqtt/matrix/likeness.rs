//! The reference set up as brokers whose profiles are embedded.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use pushspec_wire::mqtt::QoS;

use super::harness::{Tried, Verdicts, against, cases, lines};
use crate::event::Verdict;
use crate::packs::{self, Pack};
use crate::profile::{Made, Profile, embedded};
use crate::reference::mqtt::{Choice, Config, Fault};
use crate::requirement::Protocol;

/// The reference Server with the limits that AWS documents for its broker.
fn like_aws_iot_core(config: &mut Config) {
    config.choices.insert(Choice::NoSubscriptionIdentifiers);
    config.limits.maximum_qos = QoS::AtLeastOnce;
    config.limits.maximum_packet_size = 146 << 10;
    config.limits.topic_alias_maximum = 8;
    config.limits.topic_bytes = 256;
    config.limits.subscriptions = 50;
}

/// The reference Server with the defaults that the documentation of EMQX has.
fn like_emqx(config: &mut Config) {
    config.faults = [Fault::AcceptsIllFormedUtf8].into_iter().collect();
    config.limits.maximum_packet_size = 1 << 20;
    config.limits.receive_maximum = 32;
    config.limits.topic_alias_maximum = 65_535;
}

/// What makes a reference Server one of another kind.
type Likeness = fn(&mut Config);

/// What is held against a Server of that kind in spite of its profile.
fn held_against(profile: &Profile, packs: &[Pack], kind: Likeness) -> Verdicts {
    let abouts: BTreeMap<_, _> = cases().map(|case| (case.id, case.about())).collect();
    let excepted = |id: &str| {
        let made = abouts.get(id).and_then(|about| profile.made_of(about));
        matches!(made, Some(Made::DoesNotApply(_)))
    };
    let tried: Vec<_> = packs.iter().map(|pack| Tried::new(pack, &kind)).collect();
    let mut verdicts = against(&tried);
    verdicts.retain(|(id, _), (verdict, _)| {
        !matches!(verdict, Verdict::Pass | Verdict::NotApplicable) && !excepted(id)
    });
    verdicts
}

#[test]
fn a_profile_keeps_what_is_documented_from_being_held_against_a_broker() {
    let kinds: [(&str, Likeness); 2] = [("aws-iot-core", like_aws_iot_core), ("emqx", like_emqx)];
    for (name, kind) in kinds {
        let profile = Profile::parse(embedded(name).unwrap().text).unwrap();
        let mut declared = packs::all();
        for pack in &mut declared {
            pack.declared.without.extend(profile.lacking());
        }
        assert_eq!(lines(&held_against(&profile, &declared, kind), |_| true), "", "{name}");
    }
}

#[test]
fn what_a_broker_cannot_say_itself_its_profile_has_to() {
    let profile = Profile::parse(embedded("aws-iot-core").unwrap().text).unwrap();
    let undeclared = held_against(&profile, &packs::all(), like_aws_iot_core);
    assert!(
        undeclared.contains_key(&("mqtt/publish/every-qos-from-every-version", Protocol::Mqtt311))
    );
}
