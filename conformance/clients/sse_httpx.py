"""Round trips of httpx-sse with an event server: sse_httpx.py URL PUBLISH-URL."""

import json
import secrets
import sys

import httpx
from httpx_sse import connect_sse

EVENTS, PUBLISH = sys.argv[1:3]
TOKEN = secrets.token_hex(4)

http = httpx.Client(timeout=10)


def publish(data, **fields):
    answer = http.post(PUBLISH, json={"data": f"{TOKEN} {data}", **fields})
    assert answer.status_code in (200, 202), f"publish was answered with {answer.status_code}: {answer.text}"
    return answer


class Stream:
    """An open stream, of whose events those of this run are seen."""

    def __init__(self, last_event_id=None):
        headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        self._context = connect_sse(http, "GET", EVENTS, headers=headers)

    def __enter__(self):
        source = self._context.__enter__()
        self.response = source.response
        assert self.response.status_code == 200, f"status {self.response.status_code}"
        self._events = source.iter_sse()
        return self

    def __exit__(self, *failure):
        return self._context.__exit__(*failure)

    def expect(self, data, event="message"):
        found = next(one for one in self._events if one.data.startswith(TOKEN))
        assert found.data == f"{TOKEN} {data}", f"expected {data!r}, found {found.data!r}"
        assert found.event == event, f"expected the event {event}, found {found.event}"
        assert found.id, "an event without id cannot be resumed from"
        return found


def events_in_order():
    payloads = [
        "plain",
        "two\nlines",
        " leading and trailing blanks ",
        "ünï©ødé \U0001f680",
        "no line ends: \u2028 \x0b \x85",
        "data: looks like a field",
        json.dumps({"number": 1}),
        "x" * 100_000,
    ]
    with Stream() as stream:
        kind = stream.response.headers["content-type"]
        assert kind.partition(";")[0].strip().lower() == "text/event-stream", f"content type {kind}"
        for payload in payloads:
            publish(payload)
        ids = [stream.expect(payload).id for payload in payloads]
    assert len(set(ids)) == len(ids), f"ids repeat: {ids}"


def named_events():
    with Stream() as stream:
        publish("named", event="update")
        stream.expect("named", event="update")
        publish("unnamed")
        stream.expect("unnamed")


def chosen_id():
    with Stream() as stream:
        publish("mine", id=f"id-{TOKEN}")
        assert stream.expect("mine").id == f"id-{TOKEN}"


def text_body():
    with Stream() as stream:
        text = f"{TOKEN} as text, ünïcödé"
        answer = http.post(PUBLISH, content=text.encode(), headers={"Content-Type": "text/plain"})
        assert answer.is_success, f"publish was answered with {answer.status_code}"
        stream.expect("as text, ünïcödé")


def replay_after_the_last_event_id():
    with Stream() as stream:
        publish("first")
        publish("second")
        first, second = stream.expect("first"), stream.expect("second")
    publish("third", event="update")
    with Stream(first.id) as stream:
        stream.expect("second")
        stream.expect("third", event="update")
        publish("fourth")
        stream.expect("fourth")
    with Stream(second.id) as stream:
        third = stream.expect("third", event="update")
    with Stream(third.id) as stream:
        stream.expect("fourth")


def two_subscribers():
    with Stream() as one, Stream() as other:
        for number in range(20):
            publish(str(number))
        assert [one.expect(str(number)).id for number in range(20)] == [other.expect(str(number)).id for number in range(20)]


CHECKS = [events_in_order, named_events, chosen_id, text_body, replay_after_the_last_event_id, two_subscribers]

if __name__ == "__main__":
    for check in CHECKS:
        print(f"  {check.__name__.replace('_', ' ')}", flush=True)
        check()
