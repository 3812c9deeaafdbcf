// A small event server as a user of Express and better-sse would write it.
const cors = require("cors");
const express = require("express");
const { createChannel, createSession } = require("better-sse");

const HISTORY = 1000;

const channel = createChannel();
// better-sse hands over the client's last event ID and leaves the replay to the application.
const history = [];
let published = 0;

function remember(event) {
  history.push(event);
  if (history.length > HISTORY) history.shift();
}

/** The events after `lastId`; none where the id is absent or no longer known. */
function missed(lastId) {
  const position = history.findLastIndex((event) => event.id === lastId);
  return position === -1 ? [] : history.slice(position + 1);
}

const app = express();
app.use(cors());

app.get("/events", async (request, response) => {
  // The library's default serializer would turn text into a JSON string.
  const session = await createSession(request, response, { serializer: String });
  // Replay and registration happen in one turn, so that no event falls between them.
  for (const { data, event, id } of missed(session.lastId)) session.push(data, event, id);
  channel.register(session);
});

app.post("/publish", express.json({ limit: "16mb" }), express.text({ type: "*/*", limit: "16mb" }), (request, response) => {
  const body = typeof request.body === "string" ? { data: request.body } : (request.body ?? {});
  const event = { data: body.data ?? "", event: body.event ?? "message", id: body.id ?? String(++published) };
  remember(event);
  channel.broadcast(event.data, event.event, { eventId: event.id });
  response.status(202).json({ id: event.id });
});

app.get("/ready", (_request, response) => response.sendStatus(204));

app.listen(Number(process.env.PORT), "127.0.0.1", (error) => {
  if (error) throw error;
});
