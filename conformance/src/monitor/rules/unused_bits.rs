//! Bits that 3.1 calls unused are 0 (section 2.6); later versions reserve them, which is a matter of
//! form.

use pushspec_wire::mqtt::{Packet, Version};

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const UNUSED: Cited = Cited::v31("X31-51");

pub(super) const RULE: Rule = Rule { judges: &[UNUSED], relies_on_us: true, check };

fn check(arrived: &Arrived<'_>, findings: &mut Findings) {
    if arrived.link.version != Version::V31 {
        return;
    }
    let flags = arrived.bytes.first().is_some_and(|byte| byte & 0x0F != 0);
    let set = match arrived.packet() {
        // The second byte of its body is the return code.
        Some(Packet::ConnAck(_)) => flags || arrived.bytes.get(2).is_some_and(|byte| *byte != 0),
        Some(
            Packet::PubAck(_)
            | Packet::PubRec(_)
            | Packet::PubComp(_)
            | Packet::SubAck(_)
            | Packet::UnsubAck(_)
            | Packet::PingResp(_),
        ) => flags,
        _ => false,
    };
    findings.check(!set, UNUSED, format!("{} with unused bits that are set", arrived.name()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::script::{Script, assert_breaks, assert_fair};

    #[test]
    fn unused_bits_are_0() {
        let mut script = Script::opened(Version::V31);
        script.connects("c", true);
        assert_breaks(&script.receives(&[0x20, 2, 1, 0]), &["X31-51"]);
        assert_fair(&script.receives(&[0xD0, 0]));
        assert_breaks(&script.receives(&[0xD1, 0]), &["X31-51"]);
    }
}
