//! What is illegal ends the connection: how cases await and judge that.

use std::time::Duration;

use pushspec_wire::mqtt::Packet;
use tokio::time::Instant;

use super::cx::{Cx, Illegal};
use crate::case::Outcome;
use crate::probe::mqtt::{Client, Judged, Opening, Unmet};

/// After what time a connection that should have ended is asked whether it goes on.
const PATIENCE: Duration = Duration::from_millis(500);
/// How much longer a Server that answered has to close: another of its threads may be at it.
const A_MOMENT: Duration = Duration::from_millis(1500);

impl Cx {
    /// Illegal bytes on an open connection have to end it. Before them a positive control on the
    /// same connection, after them a liveness probe on a new one: an endpoint that drops every
    /// connection does not pass.
    pub async fn closes_on(&self, mut client: Client, illegal: Illegal) -> Outcome {
        client.ping().await?;
        let entry = client.send_raw(&illegal.bytes, illegal.meant).await;
        self.trace.mark(entry, illegal.decides, illegal.why);
        let closed = self.closes(&mut client).await;
        closed.judged(self, "the Server closes the network connection")?;
        self.observe_farewell(&client);
        client.drop_connection();
        self.alive().await
    }

    /// Awaits the end of a connection on which something illegal was sent. A Server that answers what
    /// is sent behind that has gone on, and is not waited for much longer; one that is silent has the
    /// time that any reply has.
    pub async fn closes(&self, client: &mut Client) -> Result<(), Unmet> {
        if client.ended_before(Instant::now() + PATIENCE.min(self.timeout())).await.is_ok() {
            return Ok(());
        }
        let goes_on = client.ping().await.is_ok();
        match client.ended_before(Instant::now() + A_MOMENT).await {
            Ok(_) => Ok(()),
            Err(unmet) if goes_on => Err(Unmet {
                found: "it went on: PINGREQ behind it was answered, and the connection stayed open"
                    .to_owned(),
                ..unmet
            }),
            Err(unmet) => Err(unmet),
        }
    }

    /// A CONNECT that the Server has to refuse by closing; a CONNACK with an error code may precede
    /// where the version allows it. As positive control, the legal CONNECT is accepted before; a
    /// liveness probe follows.
    pub async fn refuses_connect(&self, legal: Opening, illegal: Illegal) -> Outcome {
        legal.clone().id(self.client_id()).open().await?.disconnect().await;
        let mut client = legal.network().await?;
        let entry = client.send_raw(&illegal.bytes, illegal.meant).await;
        self.trace.mark(entry, illegal.decides, illegal.why);
        self.refused(&mut client, "the Server closes the network connection").await?;
        client.drop_connection();
        self.alive().await
    }

    /// The connection ends without a CONNACK that accepts. Observes the code of one that refuses.
    pub async fn refused(&self, client: &mut Client, expected: &str) -> Outcome {
        let ended = client.ended().await;
        self.not_accepted(client)?;
        ended.judged(self, expected)?;
        Ok(())
    }

    /// No CONNACK that accepts has come. Observes the code of one that refuses.
    pub fn not_accepted(&self, client: &mut Client) -> Outcome {
        let mut answer = "no packet".to_owned();
        for arrival in client.arrived() {
            let Ok(packet) = &arrival.packet else { continue };
            if let Packet::ConnAck(connack) = packet {
                self.judge_at(
                    arrival.entry,
                    0..arrival.bytes.len(),
                    connack.reason.0 != 0,
                    "no CONNACK, or one that refuses",
                    format!("{packet} accepted the CONNECT"),
                )?;
                answer = format!("CONNACK {:#04x}", connack.reason.0);
            }
        }
        self.observe("answer", answer);
        Ok(())
    }

    /// Observes whether DISCONNECT preceded the closure, and its reason code. 5.0 recommends it
    /// (section 4.13.1), and other versions have none.
    pub fn observe_farewell(&self, client: &Client) {
        if self.is_v5() {
            let farewell = client
                .disconnect_received()
                .map_or("closed without a packet".to_owned(), |disconnect| {
                    format!("DISCONNECT {:#04x}, closed", disconnect.reason.0)
                });
            self.observe("answer", farewell);
        }
    }
}
