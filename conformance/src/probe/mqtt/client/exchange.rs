//! What a Client asks a Server for, and how it answers, packet by packet.

use std::time::Duration;

use pushspec_wire::mqtt::{
    Delivery, Disconnect, Packet, PacketId, PingReq, Properties, PubAck, PubComp, PubRec, PubRel,
    Publish, QoS, ReasonCode, SubAck, Subscribe, Subscription, SubscriptionOptions, UnsubAck,
    Unsubscribe,
};
use tokio::time::Instant;

use super::{Client, Received};
use crate::probe::mqtt::{Message, Unmet};

impl Client {
    /// PINGREQ, and its answer. Since a Server handles the packets of a connection in their order,
    /// this also shows that everything sent before was handled.
    pub async fn ping(&mut self) -> Result<(), Unmet> {
        self.send(Packet::PingReq(PingReq)).await;
        self.await_where("PINGRESP", |arrival| {
            matches!(arrival.packet, Ok(Packet::PingResp(_))).then_some(())
        })
        .await?;
        Ok(())
    }

    /// Subscribes to one filter; the Server has to grant this QoS.
    pub async fn subscribe(&mut self, filter: &str, qos: QoS) -> Result<(), Unmet> {
        self.subscribe_with(filter, SubscriptionOptions::new(qos)).await
    }

    /// Subscribes to one filter with options; the Server has to grant the QoS asked for.
    pub async fn subscribe_with(
        &mut self,
        filter: &str,
        options: SubscriptionOptions,
    ) -> Result<(), Unmet> {
        let suback = self.subscribe_all(&[(filter, options)], Properties::new()).await?;
        match suback.reasons.as_slice() {
            [granted] if granted.0 == options.qos.bits() => Ok(()),
            _ => Err(Unmet {
                awaited: format!("SUBACK that grants QoS {}", options.qos.bits()),
                found: format!("{} came", Packet::SubAck(suback.packet)),
            }),
        }
    }

    /// Subscribes to filters and awaits the SUBACK, whatever it says.
    pub async fn subscribe_all(
        &mut self,
        filters: &[(&str, SubscriptionOptions)],
        properties: Properties<'static>,
    ) -> Result<Received<SubAck<'static>>, Unmet> {
        let packet_id = self.fresh_id();
        let subscriptions = filters
            .iter()
            .map(|(filter, options)| Subscription {
                filter: (*filter).to_owned().into(),
                options: *options,
            })
            .collect();
        self.send(Packet::Subscribe(Subscribe { packet_id, properties, subscriptions })).await;
        self.suback(packet_id).await
    }

    /// Awaits the SUBACK with this Packet Identifier.
    pub async fn suback(&mut self, id: PacketId) -> Result<Received<SubAck<'static>>, Unmet> {
        self.await_where(&format!("SUBACK id={id}"), |arrival| match &arrival.packet {
            Ok(Packet::SubAck(suback)) if suback.packet_id == id => Some(suback.clone()),
            _ => None,
        })
        .await
    }

    /// Unsubscribes from filters and awaits the UNSUBACK, whatever it says.
    pub async fn unsubscribe(
        &mut self,
        filters: &[&str],
    ) -> Result<Received<UnsubAck<'static>>, Unmet> {
        let packet_id = self.fresh_id();
        let filters = filters.iter().map(|filter| (*filter).to_owned().into()).collect();
        self.send(Packet::Unsubscribe(Unsubscribe {
            packet_id,
            properties: Properties::new(),
            filters,
        }))
        .await;
        self.await_where(&format!("UNSUBACK id={packet_id}"), |arrival| match &arrival.packet {
            Ok(Packet::UnsubAck(unsuback)) if unsuback.packet_id == packet_id => {
                Some(unsuback.clone())
            }
            _ => None,
        })
        .await
    }

    /// Publishes and completes the handshake of the message's QoS.
    pub async fn publish(&mut self, message: &Message) -> Result<(), Unmet> {
        let Some(id) = self.publish_begun(message).await else { return Ok(()) };
        match message.qos {
            QoS::AtMostOnce => Ok(()),
            QoS::AtLeastOnce => self.accepted_puback(id).await,
            QoS::ExactlyOnce => {
                let pubrec = self.pubrec(id).await?;
                if pubrec.reason.0 >= 0x80 {
                    return Err(refused(&Packet::PubRec(pubrec.packet)));
                }
                self.send_pubrel(id).await;
                self.pubcomp(id).await?;
                Ok(())
            }
        }
    }

    /// Sends PUBLISH with a fresh Packet Identifier, which is told unless the QoS is 0.
    pub async fn publish_begun(&mut self, message: &Message) -> Option<PacketId> {
        let (delivery, id) = match message.qos {
            QoS::AtMostOnce => (Delivery::AtMostOnce, None),
            QoS::AtLeastOnce => {
                let id = self.fresh_id();
                (Delivery::AtLeastOnce { id, dup: false }, Some(id))
            }
            QoS::ExactlyOnce => {
                let id = self.fresh_id();
                (Delivery::ExactlyOnce { id, dup: false }, Some(id))
            }
        };
        self.send(Packet::Publish(message.publish(delivery))).await;
        id
    }

    async fn accepted_puback(&mut self, id: PacketId) -> Result<(), Unmet> {
        let puback = self.puback(id).await?;
        if puback.reason.0 < 0x80 { Ok(()) } else { Err(refused(&Packet::PubAck(puback.packet))) }
    }

    /// Awaits the PUBACK with this Packet Identifier.
    pub async fn puback(&mut self, id: PacketId) -> Result<Received<PubAck<'static>>, Unmet> {
        self.await_where(&format!("PUBACK id={id}"), |arrival| match &arrival.packet {
            Ok(Packet::PubAck(puback)) if puback.packet_id == id => Some(puback.clone()),
            _ => None,
        })
        .await
    }

    /// Awaits the PUBREC with this Packet Identifier.
    pub async fn pubrec(&mut self, id: PacketId) -> Result<Received<PubRec<'static>>, Unmet> {
        self.await_where(&format!("PUBREC id={id}"), |arrival| match &arrival.packet {
            Ok(Packet::PubRec(pubrec)) if pubrec.packet_id == id => Some(pubrec.clone()),
            _ => None,
        })
        .await
    }

    /// Awaits the PUBREL with this Packet Identifier.
    pub async fn pubrel(&mut self, id: PacketId) -> Result<Received<PubRel<'static>>, Unmet> {
        self.await_where(&format!("PUBREL id={id}"), |arrival| match &arrival.packet {
            Ok(Packet::PubRel(pubrel)) if pubrel.packet_id == id => Some(pubrel.clone()),
            _ => None,
        })
        .await
    }

    /// Awaits the PUBCOMP with this Packet Identifier.
    pub async fn pubcomp(&mut self, id: PacketId) -> Result<Received<PubComp<'static>>, Unmet> {
        self.await_where(&format!("PUBCOMP id={id}"), |arrival| match &arrival.packet {
            Ok(Packet::PubComp(pubcomp)) if pubcomp.packet_id == id => Some(pubcomp.clone()),
            _ => None,
        })
        .await
    }

    /// Sends PUBACK with success.
    pub async fn send_puback(&mut self, id: PacketId) {
        let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
        self.send(Packet::PubAck(PubAck { packet_id: id, reason, properties })).await;
    }

    /// Sends PUBREC with success.
    pub async fn send_pubrec(&mut self, id: PacketId) {
        let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
        self.send(Packet::PubRec(PubRec { packet_id: id, reason, properties })).await;
    }

    /// Sends PUBREL with success.
    pub async fn send_pubrel(&mut self, id: PacketId) {
        let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
        self.send(Packet::PubRel(PubRel { packet_id: id, reason, properties })).await;
    }

    /// Sends PUBCOMP with success.
    pub async fn send_pubcomp(&mut self, id: PacketId) {
        let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
        self.send(Packet::PubComp(PubComp { packet_id: id, reason, properties })).await;
    }

    /// Awaits the next PUBLISH and does not acknowledge it.
    pub async fn publish_received(&mut self) -> Result<Received<Publish<'static>>, Unmet> {
        let deadline = Instant::now() + self.timeout;
        self.publish_received_before(deadline).await
    }

    /// Awaits the next PUBLISH before `deadline` and does not acknowledge it.
    pub async fn publish_received_before(
        &mut self,
        deadline: Instant,
    ) -> Result<Received<Publish<'static>>, Unmet> {
        self.await_until("a PUBLISH", deadline, |arrival| match &arrival.packet {
            Ok(Packet::Publish(publish)) => Some(publish.clone()),
            _ => None,
        })
        .await
    }

    /// Acknowledges a received PUBLISH to the end of its QoS.
    pub async fn acknowledge(&mut self, delivery: Delivery) -> Result<(), Unmet> {
        match delivery {
            Delivery::AtMostOnce => {}
            Delivery::AtLeastOnce { id, .. } => self.send_puback(id).await,
            Delivery::ExactlyOnce { id, .. } => {
                self.send_pubrec(id).await;
                self.pubrel(id).await?;
                self.send_pubcomp(id).await;
            }
        }
        Ok(())
    }

    /// Awaits the next PUBLISH and acknowledges it.
    pub async fn message(&mut self) -> Result<Received<Publish<'static>>, Unmet> {
        let deadline = Instant::now() + self.timeout;
        self.message_before(deadline).await
    }

    /// Awaits the next PUBLISH before `deadline` and acknowledges it.
    pub async fn message_before(
        &mut self,
        deadline: Instant,
    ) -> Result<Received<Publish<'static>>, Unmet> {
        let publish = self.publish_received_before(deadline).await?;
        self.acknowledge(publish.delivery).await?;
        Ok(publish)
    }

    /// Sends DISCONNECT with reason 0 and closes.
    pub async fn disconnect(self) {
        self.disconnect_with(ReasonCode::SUCCESS, Properties::new()).await;
    }

    /// Sends DISCONNECT and closes, once the Server did so or after a while.
    pub async fn disconnect_with(mut self, reason: ReasonCode, properties: Properties<'static>) {
        self.send(Packet::Disconnect(Disconnect { reason, properties })).await;
        // The Server should close (5.0 section 3.14.4). When it has, it has handled the DISCONNECT,
        // which is what cases go on from.
        let patience = Instant::now() + Duration::from_millis(500).min(self.timeout);
        let _ = self.ended_before(patience).await;
        self.drop_connection();
    }
}

fn refused(packet: &Packet<'_>) -> Unmet {
    Unmet { awaited: "the message to be accepted".to_owned(), found: format!("{packet} came") }
}
