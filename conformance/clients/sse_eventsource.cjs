// Round trips of the npm package eventsource with an event server: sse_eventsource.cjs URL PUBLISH-URL.
const assert = require("node:assert/strict");
const { randomBytes } = require("node:crypto");
const { once } = require("node:events");
const net = require("node:net");
const { EventSource } = require("eventsource");

const [eventsUrl, publishUrl] = process.argv.slice(2);
const PATIENCE = 20_000;
const TOKEN = randomBytes(4).toString("hex");

async function publish(data, fields = {}) {
  const answer = await fetch(publishUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ data: `${TOKEN} ${data}`, ...fields }),
  });
  assert.ok([200, 202].includes(answer.status), `publish was answered with ${answer.status}`);
  await answer.text();
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in time`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** An EventSource whose events, those of this run, can be waited for one after the other. */
class Source {
  #messages = [];
  #waiting = [];

  static async open(url, ...names) {
    const made = new Source();
    made.source = new EventSource(url);
    for (const name of ["message", ...names]) {
      made.source.addEventListener(name, (event) => {
        if (!event.data.startsWith(TOKEN)) return;
        const waiting = made.#waiting.shift();
        if (waiting) waiting(event);
        else made.#messages.push(event);
      });
    }
    await made.opened();
    return made;
  }

  opened() {
    return within(
      new Promise((resolve, reject) => {
        this.source.addEventListener("open", resolve, { once: true });
        this.source.addEventListener("error", (event) => {
          if (this.source.readyState === EventSource.CLOSED) reject(new Error(`closed: ${event.message}`));
        });
      }),
      "open",
    );
  }

  async expect(data, type = "message") {
    const ready = this.#messages.shift();
    const event = ready ?? (await within(new Promise((resolve) => this.#waiting.push(resolve)), `the event ${data}`));
    assert.equal(event.data, `${TOKEN} ${data}`);
    assert.equal(event.type, type);
    assert.notEqual(event.lastEventId, "", "an event without id cannot be resumed from");
    return event;
  }

  close() {
    this.source.close();
  }
}

/** Stands between client and server, and can cut the connections. */
async function cutter() {
  const target = new URL(eventsUrl);
  const sockets = new Set();
  const requests = [];
  let refusing = false;
  const server = net.createServer((client) => {
    if (refusing) return client.destroy();
    const upstream = net.connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    client.once("data", (chunk) => requests.push(chunk.toString("latin1")));
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}${target.pathname}${target.search}`,
    requests,
    cut() {
      refusing = true;
      for (const socket of sockets) socket.destroy();
    },
    restore() {
      refusing = false;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const checks = {
  async "opens before the first event"() {
    const source = await Source.open(eventsUrl);
    assert.equal(source.source.readyState, EventSource.OPEN);
    source.close();
  },

  async "events and their names"() {
    const source = await Source.open(eventsUrl, "update");
    await publish("plain");
    await publish("two\nlines");
    await publish("named", { event: "update" });
    await publish("ünï©ødé \u{1f680}");
    await source.expect("plain");
    await source.expect("two\nlines");
    await source.expect("named", "update");
    await source.expect("ünï©ødé \u{1f680}");
    source.close();
  },

  async "reconnects and misses nothing"() {
    const between = await cutter();
    const source = await Source.open(between.url);
    await publish("before");
    const before = await source.expect("before");
    const reopened = source.opened();
    between.cut();
    await publish("meanwhile, one");
    await publish("meanwhile, two");
    between.restore();
    await reopened;
    await publish("afterwards");
    for (const data of ["meanwhile, one", "meanwhile, two", "afterwards"]) await source.expect(data);
    const header = /^last-event-id: *(.*?)\r$/im.exec(between.requests.at(-1));
    assert.equal(header?.[1], before.lastEventId, "Last-Event-ID of the new request");
    source.close();
    between.close();
  },
};

async function main() {
  for (const [name, check] of Object.entries(checks)) {
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
