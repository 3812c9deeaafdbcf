"""Event streams with FastAPI and sse-starlette: a queue for each client."""

import asyncio
import itertools
import json

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from sse_starlette import EventSourceResponse, ServerSentEvent

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])

listeners = set()
ids = itertools.count(1)


async def stream(messages):
    try:
        while True:
            yield await messages.get()
    finally:
        listeners.discard(messages)


@app.get("/events")
async def events():
    # Before the response begins: a client that has its head counts on every event from then on.
    messages = asyncio.Queue()
    listeners.add(messages)
    return EventSourceResponse(stream(messages))


@app.post("/publish", status_code=204)
async def publish(request: Request):
    fields = {"data": (await request.body()).decode()}
    if request.headers.get("content-type", "").startswith("application/json"):
        fields = json.loads(fields["data"])
    fields.setdefault("id", str(next(ids)))
    event = ServerSentEvent(**fields)
    for messages in listeners:
        messages.put_nowait(event)
    return Response(status_code=204)


@app.get("/ready", status_code=204)
async def ready():
    return Response(status_code=204)
