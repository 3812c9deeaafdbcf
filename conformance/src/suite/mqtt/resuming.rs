//! What was in flight when the connection was lost, and is sent again when the Session is resumed
//! (5.0 and 3.1.1 section 4.4, 3.1 section 4.2).

use pushspec_wire::mqtt::{Packet, PacketId, PubRel, Publish, QoS};
use tokio::time::Instant;

use super::cx::Cx;
use crate::case::Stop;
use crate::probe::mqtt::{Arrival, Client, Judged, Message, Opening, Received, Unmet};

/// How many times longer than any reply this may take. The specs say when a Server has to send again,
/// not how soon: there are Servers that do so by a timer, which is 30 s by default in some.
pub(super) const REPLIES: u32 = 7;

/// A subscriber in a kept Session that was sent a message and has not acknowledged it.
pub(super) struct InFlight {
    pub kept: Opening,
    pub client: Client,
    pub message: Received<Publish<'static>>,
    pub id: PacketId,
}

/// Brings a message at this QoS in flight.
pub(super) async fn in_flight(cx: &Cx, topic: &str, qos: QoS) -> Result<InFlight, Stop> {
    in_flight_of(cx, topic, qos, &Message::new(topic, "in flight").qos(qos)).await
}

/// Brings this message in flight, which has this topic and QoS.
pub(super) async fn in_flight_of(
    cx: &Cx,
    topic: &str,
    qos: QoS,
    message: &Message,
) -> Result<InFlight, Stop> {
    let kept = cx.opening().kept(60).resuming();
    let mut client = kept.open().await?;
    client.subscribe(topic, qos).await?;
    let mut publisher = cx.connected().await?;
    publisher.publish(message).await?;
    let message = client.publish_received().await?;
    let id = id_of(&message)?;
    Ok(InFlight { kept, client, message, id })
}

/// The Packet Identifier of a message that should have one.
pub(super) fn id_of(message: &Received<Publish<'static>>) -> Result<PacketId, Stop> {
    message.delivery.packet_id().ok_or_else(|| {
        Stop::Inconclusive("the message came at QoS 0, which has no identifier".to_owned())
    })
}

/// Awaits a PUBLISH that has to be sent again.
pub(super) async fn publish_again(
    cx: &Cx,
    resumed: &mut Client,
) -> Result<Received<Publish<'static>>, Unmet> {
    at_last(cx, resumed, "a PUBLISH", |packet| match packet {
        Packet::Publish(publish) => Some(publish.clone()),
        _ => None,
    })
    .await
}

/// Awaits a PUBLISH that has to be sent again, and acknowledges it.
pub(super) async fn delivered_again(
    cx: &Cx,
    resumed: &mut Client,
    expected: &str,
) -> Result<Received<Publish<'static>>, Stop> {
    let message = publish_again(cx, resumed).await.judged(cx, expected)?;
    resumed.acknowledge(message.delivery).await?;
    Ok(message)
}

/// Awaits a PUBREL that has to be sent again.
pub(super) async fn pubrel_again(
    cx: &Cx,
    resumed: &mut Client,
    id: PacketId,
) -> Result<Received<PubRel<'static>>, Unmet> {
    at_last(cx, resumed, &format!("PUBREL id={id}"), |packet| match packet {
        Packet::PubRel(pubrel) if pubrel.packet_id == id => Some(pubrel.clone()),
        _ => None,
    })
    .await
}

async fn at_last<T>(
    cx: &Cx,
    resumed: &mut Client,
    awaited: &str,
    pick: impl Fn(&Packet<'static>) -> Option<T>,
) -> Result<Received<T>, Unmet> {
    let pick = |arrival: &Arrival| arrival.packet.as_ref().ok().and_then(&pick);
    let mut unmet = match resumed.await_where(awaited, pick).await {
        Err(unmet) => unmet,
        came => return came,
    };
    let deadline = Instant::now() + cx.timeout() * (REPLIES - 1);
    // PINGREQ keeps the connection, and tells whether it is there.
    while Instant::now() < deadline && resumed.ping().await.is_ok() {
        match resumed.await_where(awaited, pick).await {
            Err(still) => unmet = still,
            came => {
                cx.observe("sent again", "later than a reply may take");
                return came;
            }
        }
    }
    Err(unmet)
}
