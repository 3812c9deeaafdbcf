// The same as the target express, but that the application compresses its responses.
const compression = require("compression");
const express = require("express");

const app = express();
const clients = new Set();
let published = 0;

app.use(compression());

app.get("/events", (request, response) => {
  response.set({ "Content-Type": "text/event-stream", "Cache-Control": "no-cache", Connection: "keep-alive" });
  response.flushHeaders();
  clients.add(response);
  request.on("close", () => clients.delete(response));
});

app.post("/publish", express.text({ type: "*/*", limit: "16mb" }), (request, response) => {
  published += 1;
  // What is missing here is response.flush(), which the compressor needs and tutorials do not know.
  for (const client of clients) client.write(`id: ${published}\ndata: ${request.body}\n\n`);
  response.sendStatus(204);
});

app.get("/ready", (_request, response) => response.sendStatus(204));

app.listen(Number(process.env.PORT), "127.0.0.1", (error) => {
  if (error) throw error;
});
