"""Event streams with FastAPI and sse-starlette: a queue for each client."""

import asyncio
import itertools

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from sse_starlette import EventSourceResponse, ServerSentEvent

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])

listeners = set()
ids = itertools.count(1)


async def stream():
    messages = asyncio.Queue()
    listeners.add(messages)
    try:
        while True:
            yield await messages.get()
    finally:
        listeners.discard(messages)


@app.get("/events")
async def events():
    return EventSourceResponse(stream())


@app.post("/publish", status_code=204)
async def publish(request: Request):
    event = ServerSentEvent(data=(await request.body()).decode(), id=str(next(ids)))
    for messages in listeners:
        messages.put_nowait(event)
    return Response(status_code=204)


@app.get("/ready", status_code=204)
async def ready():
    return Response(status_code=204)
