"""Event streams with Flask and nothing else: a generator that waits at a queue for each client."""

import itertools
import queue
import threading

from flask import Flask, Response, request

app = Flask(__name__)


class Announcer:
    """Hands every message to every listener."""

    def __init__(self):
        self._listeners = []
        self._lock = threading.Lock()
        self._ids = itertools.count(1)

    def listen(self):
        """The messages from now on, as a stream."""
        messages = queue.Queue(maxsize=1000)
        with self._lock:
            self._listeners.append(messages)

        def stream():
            try:
                while True:
                    yield messages.get()
            finally:
                with self._lock:
                    self._listeners.remove(messages)

        return stream()

    def announce(self, data):
        """Formats the data as an event; a listener that does not keep up misses it."""
        with self._lock:
            message = f"id: {next(self._ids)}\ndata: {data}\n\n"
            for messages in self._listeners:
                try:
                    messages.put_nowait(message)
                except queue.Full:
                    pass


announcer = Announcer()


@app.get("/events")
def events():
    return Response(announcer.listen(), mimetype="text/event-stream")


@app.post("/publish")
def publish():
    announcer.announce(request.get_data(as_text=True))
    return "", 204


@app.get("/ready")
def ready():
    return "", 204
