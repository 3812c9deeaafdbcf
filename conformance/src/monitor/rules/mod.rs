//! The rules, by what they are about.

mod acknowledgement;
mod answer;
mod asked_for;
mod connack;
mod connect_first;
mod delivery;
mod disconnect;
mod form;
mod packet_identifier;
mod receive_maximum;
mod size;
mod subscription;
mod topic_alias;
mod unused_bits;

use super::Broken;
use super::rule::{Arrived, Findings, Rule};

/// Every rule.
pub(super) const RULES: &[Rule] = &[
    form::RULE,
    connect_first::RULE,
    connect_first::BEHIND_REFUSAL,
    connack::ONCE,
    connack::SESSION_PRESENT,
    connack::IDENTIFIER,
    asked_for::PROBLEM_INFORMATION,
    asked_for::RESPONSE_INFORMATION,
    asked_for::AUTHENTICATION,
    acknowledgement::RULE,
    acknowledgement::COUNT,
    acknowledgement::PUBREL,
    answer::RULE,
    answer::COUNT,
    packet_identifier::RULE,
    delivery::FIRST,
    delivery::AGAIN,
    receive_maximum::RULE,
    size::RULE,
    topic_alias::RULE,
    subscription::TOPIC,
    subscription::IDENTIFIER,
    disconnect::LAST,
    disconnect::SENDER,
    unused_bits::RULE,
];

/// What a packet of the Server breaks.
pub(super) fn judge(arrived: &Arrived<'_>) -> Vec<Broken> {
    let packet = match arrived.packet {
        Ok(packet) => packet.to_string(),
        Err(error) => format!("malformed {}: {error}", arrived.name()),
    };
    let mut findings = Findings { version: arrived.link.version, packet, broken: Vec::new() };
    for rule in RULES {
        if !(rule.relies_on_us && arrived.link.lawless) {
            (rule.check)(arrived, &mut findings);
        }
    }
    findings.broken
}
