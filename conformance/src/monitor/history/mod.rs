//! What has happened on the connections of a case, as far as rules ask for it.

mod link;
mod session;

use std::collections::BTreeMap;

use pushspec_wire::mqtt::{ConnAck, Packet, Version};

pub(super) use link::{Asked, Link};
pub(super) use session::{InFlight, Session};

/// The connections and Sessions of a case.
#[derive(Debug, Default)]
pub(super) struct History {
    links: BTreeMap<u32, Link>,
    sessions: Vec<Session>,
    /// The Session that a Client Identifier has, as far as is known.
    owners: BTreeMap<String, usize>,
}

impl History {
    pub(super) fn open(&mut self, connection: u32, version: Version) {
        self.sessions.push(Session::default());
        self.links.insert(connection, Link::new(version, self.sessions.len() - 1));
    }

    pub(super) fn link(&self, connection: u32) -> Option<&Link> {
        self.links.get(&connection)
    }

    pub(super) fn session_of(&self, link: &Link) -> &Session {
        // Sessions are only ever added, and links made with one that exists.
        &self.sessions[link.session]
    }

    /// Follows what our side sends.
    pub(super) fn sending(&mut self, connection: u32, bytes: &[u8]) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        link.sent.push(bytes);
        while !link.lawless {
            match link.sent.next_packet() {
                Ok(Some(bytes)) => link.sending(&bytes, &mut self.sessions[link.session]),
                Ok(None) => break,
                Err(_) => link.lawless = true,
            }
        }
        // What an illegal packet does to the Session nobody can tell.
        self.sessions[link.session].in_doubt |= link.lawless;
    }

    /// Follows what the Server sends.
    pub(super) fn received(&mut self, connection: u32, packet: &Packet<'_>) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        if let Packet::ConnAck(connack) = packet {
            if link.connack.is_none() {
                self.accept(connection, connack);
            }
            return;
        }
        link.received(packet, &mut self.sessions[link.session]);
    }

    /// From CONNACK on it is known which Session the connection has.
    fn accept(&mut self, connection: u32, connack: &ConnAck<'_>) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        link.connack = Some(connack.reason);
        // In 3.x every code but 0 refuses.
        let Some(asked) = link.asked.as_ref().filter(|_| connack.reason.0 == 0) else { return };
        let assigned = connack.properties.assigned_client_identifier();
        let client_id = assigned.unwrap_or(&asked.client_id).to_owned();
        let known = self.owners.get(&client_id).copied();
        // 3.1 does not tell whether a Session was resumed.
        let may_resume = link.version == Version::V31 || connack.session_present;
        if let Some(before) = known.filter(|_| !asked.clean_start && may_resume) {
            let since_connect = std::mem::take(&mut self.sessions[link.session]);
            let session = &mut self.sessions[before];
            session.add(since_connect);
            session.may_answer_again();
            session.in_doubt |= link.version == Version::V31;
            link.session = before;
        } else {
            // A Session that the case did not begin is one of which nothing is known. One that was asked
            // for and is said not to be there may be there all the same: what is wrong then is CONNACK, and
            // not what the Session brings.
            let denied = known.is_some() && !asked.clean_start;
            self.sessions[link.session].in_doubt |= connack.session_present || denied;
            link.began_session = true;
            self.owners.insert(client_id, link.session);
        }
    }
}
