// Round trips of MQTT.js with an MQTT server: mqtt_js.cjs URL VERSION.
const assert = require("node:assert/strict");
const { randomBytes } = require("node:crypto");
const mqtt = require("mqtt");

const [url, version] = process.argv.slice(2);
const V5 = version === "5.0";
const LEVEL = {
  "3.1": { protocolId: "MQIsdp", protocolVersion: 3 },
  "3.1.1": { protocolVersion: 4 },
  "5.0": { protocolVersion: 5 },
}[version];
const PATIENCE = 10_000;
const PREFIX = `pushspec/${randomBytes(4).toString("hex")}`;

const unique = (name) => `${name}-${randomBytes(4).toString("hex")}`;

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in time`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A connection whose messages can be waited for one after the other. */
class Client {
  #client;
  #messages = [];
  #waiting = [];

  static async connect(options = {}) {
    const made = new Client();
    const client = mqtt.connect(url, { clientId: unique("js"), reconnectPeriod: 0, ...LEVEL, ...options });
    made.#client = client;
    made.closed = new Promise((resolve) => client.once("close", resolve));
    made.disconnect = new Promise((resolve) => client.once("disconnect", resolve));
    client.on("message", (topic, payload, packet) => {
      const message = { ...packet, topic, payload: payload.toString(), bytes: payload };
      const waiting = made.#waiting.shift();
      if (waiting) waiting(message);
      else made.#messages.push(message);
    });
    made.connack = await within(
      new Promise((resolve, reject) => {
        client.once("connect", resolve);
        client.once("error", reject);
      }),
      "CONNACK",
    );
    return made;
  }

  async subscribe(topic, qos = 0, options = {}) {
    const [granted] = await within(this.#client.subscribeAsync(topic, { qos, ...options }), "SUBACK");
    assert.equal(granted.qos, qos, "granted QoS");
  }

  unsubscribe(topic) {
    return within(this.#client.unsubscribeAsync(topic), "UNSUBACK");
  }

  publish(topic, payload, qos = 0, options = {}) {
    return within(this.#client.publishAsync(topic, payload, { qos, ...options }), `end of the QoS ${qos} publish`);
  }

  next() {
    const ready = this.#messages.shift();
    return ready ? Promise.resolve(ready) : within(new Promise((resolve) => this.#waiting.push(resolve)), "a message");
  }

  async expect(expected) {
    const message = await this.next();
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(message[key], value, `${key} on ${message.topic}`);
    return message;
  }

  /** Ends the network connection without a DISCONNECT. */
  drop() {
    this.#client.stream.destroy();
    return within(this.closed, "the end of the connection");
  }

  close() {
    return within(this.#client.endAsync(), "the end of the connection");
  }
}

const persistent = (clientId) => ({ clientId, clean: false, ...(V5 && { properties: { sessionExpiryInterval: 60 } }) });

const checks = {
  async "each quality of service"() {
    for (const granted of [0, 1, 2]) {
      for (const sent of [0, 1, 2]) {
        const topic = `${PREFIX}/qos/${granted}${sent}`;
        const subscriber = await Client.connect();
        const publisher = await Client.connect();
        await subscriber.subscribe(topic, granted);
        const bytes = Buffer.from([granted, sent, 0, 255]);
        await publisher.publish(topic, bytes, sent);
        await subscriber.expect({ topic, bytes, qos: Math.min(granted, sent), retain: false });
        await publisher.close();
        await subscriber.close();
      }
    }
  },

  async "order and size"() {
    const client = await Client.connect();
    const topic = `${PREFIX}/many`;
    await client.subscribe(topic, 1);
    const payloads = Array.from({ length: 20 }, (_, number) => `${number} ${"x".repeat(number * 1500)}`);
    await Promise.all(payloads.map((payload) => client.publish(topic, payload, 1)));
    for (const payload of payloads) await client.expect({ payload });
    await client.close();
  },

  async "wildcards and unsubscribe"() {
    const client = await Client.connect();
    await client.subscribe(`${PREFIX}/wild/+/end`);
    await client.subscribe(`${PREFIX}/deep/#`);
    await client.publish(`${PREFIX}/wild/a/b/end`, "must not match");
    await client.publish(`${PREFIX}/wild/ä/end`, "one level");
    await client.expect({ payload: "one level", topic: `${PREFIX}/wild/ä/end` });
    await client.publish(`${PREFIX}/deep`, "parent");
    await client.expect({ payload: "parent" });
    await client.unsubscribe(`${PREFIX}/deep/#`);
    await client.publish(`${PREFIX}/deep/a`, "must not match any more");
    await client.publish(`${PREFIX}/wild/b/end`, "fence");
    await client.expect({ payload: "fence" });
    await client.close();
  },

  async "retained messages"() {
    const topic = `${PREFIX}/lamp`;
    const live = await Client.connect();
    await live.subscribe(topic, 1);
    await live.publish(topic, "on", 1, { retain: true });
    await live.expect({ payload: "on", retain: false });
    const late = await Client.connect();
    await late.subscribe(topic, 1);
    await late.expect({ payload: "on", retain: true, qos: 1 });
    await late.publish(topic, "", 1, { retain: true });
    await live.expect({ payload: "", retain: false });
    const later = await Client.connect();
    await later.subscribe(topic, 1);
    await later.publish(topic, "fence", 1);
    await later.expect({ payload: "fence", retain: false });
    for (const client of [live, late, later]) await client.close();
  },

  async "will messages"() {
    const topic = `${PREFIX}/will`;
    const watcher = await Client.connect();
    await watcher.subscribe(topic, 1);
    const will = (payload) => ({ will: { topic, payload: Buffer.from(payload), qos: 1, retain: false } });
    await (await Client.connect(will("gone"))).drop();
    await watcher.expect({ payload: "gone", qos: 1 });
    await (await Client.connect(will("must not be sent"))).close();
    await watcher.publish(topic, "fence", 1);
    await watcher.expect({ payload: "fence" });
    await watcher.close();
  },

  async "session resumption"() {
    const topic = `${PREFIX}/session`;
    const name = unique("s");
    const first = await Client.connect(persistent(name));
    assert.equal(first.connack.sessionPresent, false, "a new session is reported as present");
    await first.subscribe(topic, 2);
    await first.drop();
    const publisher = await Client.connect();
    const sent = [["one", 1], ["two", 2], ["three", 1], ["four", 2]];
    for (const [payload, qos] of sent) await publisher.publish(topic, payload, qos);
    await publisher.close();
    const second = await Client.connect(persistent(name));
    // CONNACK has no Session Present flag in MQTT 3.1.
    if (version !== "3.1") assert.equal(second.connack.sessionPresent, true, "the session is not reported as present");
    const received = [];
    for (const _ of sent) received.push(await second.next());
    for (const qos of [1, 2]) {
      // The client may hand out QoS 2 messages at their PUBREL, so order holds only within a QoS.
      const expected = sent.filter(([, sentQos]) => sentQos === qos).map(([payload]) => payload);
      assert.deepEqual(received.filter((message) => message.qos === qos).map(({ payload }) => payload), expected);
    }
    await second.close();
    const clean = await Client.connect({ clientId: name });
    assert.equal(clean.connack.sessionPresent, false, "a clean start is reported as a present session");
    await clean.close();
  },

  async takeover() {
    const clientId = unique("t");
    const first = await Client.connect({ clientId });
    const second = await Client.connect({ clientId });
    await within(first.closed, "the end of the first connection");
    await second.close();
  },

  async "keep alive"() {
    const client = await Client.connect({ keepalive: 1 });
    const ended = await Promise.race([client.closed.then(() => true), new Promise((resolve) => setTimeout(resolve, 3000, false))]);
    assert.equal(ended, false, "the connection ended in spite of pings");
    await client.close();
  },
};

const checksOf5 = {
  async "publish properties"() {
    const topic = `${PREFIX}/properties`;
    const client = await Client.connect();
    await client.subscribe(topic, 1, { properties: { subscriptionIdentifier: 4711 } });
    const properties = {
      userProperties: { key: ["value", "again"], ключ: "значение" },
      contentType: "text/plain",
      responseTopic: `${topic}/answer`,
      correlationData: Buffer.from([0, 255]),
      payloadFormatIndicator: true,
    };
    await client.publish(topic, "text", 1, { properties });
    const found = (await client.expect({ payload: "text" })).properties;
    const plain = { ...found, userProperties: { ...found.userProperties } };
    assert.deepEqual(plain, { ...properties, subscriptionIdentifier: 4711 });
    await client.close();
  },

  async "topic aliases both ways"() {
    const topic = `${PREFIX}/alias`;
    const client = await Client.connect({ properties: { topicAliasMaximum: 10 }, autoAssignTopicAlias: true });
    await client.subscribe(topic);
    for (const payload of ["sets it", "uses it", "and again"]) {
      await client.publish(topic, payload);
      await client.expect({ payload, topic });
    }
    await client.close();
  },

  async "subscription options"() {
    const topic = `${PREFIX}/options`;
    const client = await Client.connect();
    const other = await Client.connect();
    await client.subscribe(topic, 1, { nl: true, rap: true });
    await client.publish(topic, "own, must not come back", 1);
    await other.publish(topic, "kept", 1, { retain: true });
    await client.expect({ payload: "kept", retain: true });
    await other.publish(topic, "", 1, { retain: true });
    await client.close();
    await other.close();
  },

  async "will properties"() {
    const topic = `${PREFIX}/will-properties`;
    const watcher = await Client.connect();
    await watcher.subscribe(topic, 1);
    const properties = { contentType: "text/plain", userProperties: { why: "dropped" } };
    const will = { topic, payload: Buffer.from("gone"), qos: 1, retain: false, properties };
    await (await Client.connect({ will })).drop();
    const found = (await watcher.expect({ payload: "gone" })).properties;
    assert.equal(found.contentType, "text/plain");
    assert.equal(found.userProperties.why, "dropped");
    await watcher.close();
  },
};

async function main() {
  for (const [name, check] of Object.entries({ ...checks, ...(V5 && checksOf5) })) {
    console.log(`  ${name}`);
    await check();
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
