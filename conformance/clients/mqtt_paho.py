"""Round trips of Eclipse Paho's Python client with an MQTT server: mqtt_paho.py URL VERSION."""

import queue
import secrets
import socket
import sys
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

PROTOCOLS = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5.0": mqtt.MQTTv5}
PATIENCE = 10

URL = urlsplit(sys.argv[1])
VERSION = sys.argv[2]
V5 = VERSION == "5.0"
PREFIX = f"pushspec/{secrets.token_hex(4)}"


def unique(name):
    # MQTT 3.1 allows 23 characters.
    return f"{name}-{secrets.token_hex(4)}"


def properties(packet, **values):
    made = Properties(packet)
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Client:
    """A connection whose events can be waited for one after the other."""

    def __init__(self, name=None, *, session=False, keepalive=60, will=None, connect_properties=None):
        self.messages = queue.Queue()
        self._connected, self._subscribed, self._ended = queue.Queue(), queue.Queue(), queue.Queue()
        name = unique("paho") if name is None else name
        own = {} if V5 else {"clean_session": not session}
        transport = "websockets" if URL.scheme == "ws" else "tcp"
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, name, protocol=PROTOCOLS[VERSION], transport=transport, reconnect_on_failure=False, **own
        )
        if transport == "websockets":
            client.ws_set_options(path=URL.path or "/")
        client.on_connect = lambda _c, _u, flags, code, props: self._connected.put((flags, code, props))
        client.on_subscribe = lambda _c, _u, _mid, codes, _p: self._subscribed.put(codes)
        client.on_unsubscribe = lambda _c, _u, _mid, codes, _p: self._subscribed.put(codes)
        client.on_disconnect = lambda _c, _u, flags, code, _p: self._ended.put((flags.is_disconnect_packet_from_server, code))
        client.on_message = lambda _c, _u, message: self.messages.put(message)
        if will:
            client.will_set(*will)
        own = {}
        if V5:
            chosen = connect_properties or {"SessionExpiryInterval": 60} if session else connect_properties or {}
            own = {"clean_start": not session, "properties": properties(PacketTypes.CONNECT, **chosen)}
        client.connect(URL.hostname, URL.port, keepalive, **own)
        client.loop_start()
        self._client = client
        flags, code, self.connack = self._connected.get(timeout=PATIENCE)
        assert not code.is_failure, f"CONNACK {code}"
        self.session_present = flags.session_present

    def subscribe(self, topic, qos=0, **subscribe_properties):
        if V5:
            options = qos if isinstance(qos, SubscribeOptions) else SubscribeOptions(qos=qos)
            self._client.subscribe(topic, options=options, properties=properties(PacketTypes.SUBSCRIBE, **subscribe_properties))
            qos = options.QoS
        else:
            self._client.subscribe(topic, qos)
        (code,) = self._subscribed.get(timeout=PATIENCE)
        assert code.value == qos, f"SUBACK {code} for QoS {qos}"

    def unsubscribe(self, topic):
        self._client.unsubscribe(topic)
        self._subscribed.get(timeout=PATIENCE)

    def publish(self, topic, payload, qos=0, retain=False, **publish_properties):
        own = {"properties": properties(PacketTypes.PUBLISH, **publish_properties)} if publish_properties else {}
        sent = self._client.publish(topic, payload, qos, retain, **own)
        sent.wait_for_publish(PATIENCE)
        assert sent.is_published(), f"QoS {qos} publish was not completed"

    def next(self):
        return self.messages.get(timeout=PATIENCE)

    def expect(self, payload, *, qos=None, retain=None, topic=None):
        message = self.next()
        assert message.payload == payload, f"expected {payload[:40]!r}, found {message.payload[:40]!r} on {message.topic}"
        assert qos is None or message.qos == qos, f"expected QoS {qos}, found {message.qos}"
        assert retain is None or message.retain == retain, f"expected RETAIN {retain}, found {message.retain}"
        assert topic is None or message.topic == topic, f"expected topic {topic}, found {message.topic}"
        return message

    def ended(self, within=PATIENCE):
        return self._ended.get(timeout=within)

    def drop(self):
        """Ends the network connection without a DISCONNECT."""
        self._client.loop_stop()
        wrapped = self._client.socket()
        plain = getattr(wrapped, "_socket", wrapped)
        plain.shutdown(socket.SHUT_RDWR)
        plain.close()

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


def each_quality_of_service():
    for granted in (0, 1, 2):
        for sent in (0, 1, 2):
            topic = f"{PREFIX}/qos/{granted}{sent}"
            subscriber, publisher = Client(), Client()
            subscriber.subscribe(topic, granted)
            payload = bytes([granted, sent, 0, 0xFF])
            publisher.publish(topic, payload, sent)
            subscriber.expect(payload, qos=min(granted, sent), retain=False, topic=topic)
            publisher.close()
            subscriber.close()


def order_and_size():
    topic = f"{PREFIX}/many"
    client = Client()
    client.subscribe(topic, 2)
    # Remaining lengths of one, two and three bytes.
    payloads = [b"%d " % number + b"x" * (number * 600) for number in range(30)]
    for payload in payloads:
        client.publish(topic, payload, 1)
    for payload in payloads:
        client.expect(payload, qos=1)
    client.close()


def wildcards_and_unsubscribe():
    client = Client()
    client.subscribe(f"{PREFIX}/wild/+/end")
    client.subscribe(f"{PREFIX}/deep/#")
    client.publish(f"{PREFIX}/wild/a/b/end", b"must not match")
    client.publish(f"{PREFIX}/wild/a/end", b"one level")
    client.expect(b"one level")
    client.publish(f"{PREFIX}/deep", b"parent")
    client.expect(b"parent")
    client.publish(f"{PREFIX}/deep/a/b", b"below")
    client.expect(b"below")
    client.unsubscribe(f"{PREFIX}/deep/#")
    client.publish(f"{PREFIX}/deep/a", b"must not match any more")
    client.publish(f"{PREFIX}/wild/b/end", b"fence")
    client.expect(b"fence")
    client.close()


def retained_messages():
    topic = f"{PREFIX}/lamp"
    live = Client()
    live.subscribe(topic, 1)
    live.publish(topic, b"on", 1, retain=True)
    live.expect(b"on", retain=False)
    late = Client()
    late.subscribe(topic, 1)
    late.expect(b"on", qos=1, retain=True)
    late.publish(topic, b"", 1, retain=True)
    live.expect(b"", retain=False)
    later = Client()
    later.subscribe(topic, 1)
    later.publish(topic, b"fence", 1)
    later.expect(b"fence", retain=False)
    for client in (live, late, later):
        client.close()


def will_messages():
    topic = f"{PREFIX}/will"
    watcher = Client()
    watcher.subscribe(topic, 1)
    Client(will=(topic, b"gone", 1, False)).drop()
    watcher.expect(b"gone", qos=1)
    Client(will=(topic, b"must not be sent", 1, False)).close()
    watcher.publish(topic, b"fence", 1)
    watcher.expect(b"fence")
    watcher.close()


def session_resumption():
    topic, name = f"{PREFIX}/session", unique("s")
    first = Client(name, session=True)
    assert not first.session_present, "a new session is reported as present"
    first.subscribe(topic, 2)
    first.drop()
    publisher = Client()
    for payload, qos in ((b"one", 1), (b"two", 2), (b"three", 1), (b"four", 2)):
        publisher.publish(topic, payload, qos)
    publisher.close()
    second = Client(name, session=True)
    # CONNACK has no Session Present flag in MQTT 3.1.
    assert second.session_present or VERSION == "3.1", "the session is not reported as present"
    # The client hands out QoS 2 messages at their PUBREL, so order holds only within a QoS.
    received = [(message.qos, message.payload) for message in (second.next() for _ in range(4))]
    assert sorted(received, key=lambda pair: pair[0]) == [(1, b"one"), (1, b"three"), (2, b"two"), (2, b"four")], f"found {received}"
    second.close()
    clean = Client(name)
    assert not clean.session_present, "a clean start is reported as a present session"
    clean.publish(topic, b"must not come back", 1)
    clean.subscribe(f"{topic}/fence")
    clean.publish(f"{topic}/fence", b"fence")
    clean.expect(b"fence")
    clean.close()


def takeover():
    name = unique("t")
    first = Client(name)
    second = Client(name)
    from_server, code = first.ended()
    # A DISCONNECT before the connection is closed is only a SHOULD.
    assert not from_server or code.value == 0x8E, f"expected Session taken over, found {code}"
    second.close()


def keep_alive():
    client = Client(keepalive=1)
    try:
        _, code = client.ended(within=3)
    except queue.Empty:
        return client.close()
    raise AssertionError(f"the connection ended in spite of pings: {code}")


def publish_properties():
    topic = f"{PREFIX}/properties"
    client = Client()
    client.subscribe(topic, 1, SubscriptionIdentifier=4711)
    sent = {
        "UserProperty": [("key", "value"), ("key", "again"), ("ключ", "значение")],
        "ContentType": "text/plain",
        "ResponseTopic": f"{topic}/answer",
        "CorrelationData": b"\x00\xff",
        "PayloadFormatIndicator": 1,
        "MessageExpiryInterval": 60,
    }
    client.publish(topic, b"text", 1, **sent)
    found = client.expect(b"text").properties
    for name, value in sent.items():
        if name == "MessageExpiryInterval":
            assert 0 < found.MessageExpiryInterval <= value, f"expiry interval became {found.MessageExpiryInterval}"
        else:
            assert getattr(found, name, None) == value, f"{name}: expected {value!r}, found {getattr(found, name, None)!r}"
    assert found.SubscriptionIdentifier == [4711], f"subscription identifier: {found.SubscriptionIdentifier}"
    client.close()


def assigned_client_identifier():
    client = Client("")
    assert client.connack.AssignedClientIdentifier, "no identifier was assigned"
    client.close()


def topic_alias():
    client = Client()
    maximum = getattr(client.connack, "TopicAliasMaximum", 0)
    if not maximum:
        print("      the server takes no topic aliases")
        return client.close()
    topic = f"{PREFIX}/alias"
    client.subscribe(topic)
    client.publish(topic, b"sets it", TopicAlias=1)
    client.expect(b"sets it", topic=topic)
    client.publish("", b"uses it", TopicAlias=1)
    client.expect(b"uses it", topic=topic)
    client.close()


def subscription_options():
    topic = f"{PREFIX}/options"
    client, other = Client(), Client()
    client.subscribe(topic, SubscribeOptions(qos=1, noLocal=True, retainAsPublished=True))
    client.publish(topic, b"own, must not come back", 1)
    other.publish(topic, b"kept", 1, retain=True)
    client.expect(b"kept", retain=True)
    other.publish(topic, b"", 1, retain=True)
    client.close()
    other.close()


def shared_subscription():
    topic = f"{PREFIX}/shared"
    workers = [Client(), Client()]
    for worker in workers:
        worker.subscribe(f"$share/group/{topic}", 1)
        worker.subscribe(f"{topic}/fence", 1)
    payloads = {b"%d" % number for number in range(20)}
    for payload in payloads:
        workers[0].publish(topic, payload, 1)
    workers[0].publish(f"{topic}/fence", b"fence", 1)
    received = []
    for worker in workers:
        while (message := worker.next()).payload != b"fence":
            received.append(message.payload)
        worker.close()
    assert len(received) == len(payloads) and set(received) == payloads, f"each once: found {sorted(received)}"


CHECKS = [
    each_quality_of_service,
    order_and_size,
    wildcards_and_unsubscribe,
    retained_messages,
    will_messages,
    session_resumption,
    takeover,
    keep_alive,
]
CHECKS_OF_5 = [publish_properties, assigned_client_identifier, topic_alias, subscription_options, shared_subscription]

if __name__ == "__main__":
    for check in CHECKS + (CHECKS_OF_5 if V5 else []):
        print(f"  {check.__name__.replace('_', ' ')}", flush=True)
        check()
