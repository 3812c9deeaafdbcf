"""tshark dissects the captures as MQTT and HTTP, and shows what decides as packet comments."""

import json
import subprocess
import sys
from pathlib import Path

out = Path(sys.argv[1])
report = json.loads((out / "report.json").read_text(encoding="utf-8"))


FIELDS = ("frame.protocols", "tcp.len", "tcp.analysis.flags", "ip.checksum.status", "tcp.checksum.status", "mqtt.msgtype", "http.request.method", "http.response.code", "frame.comment")


def packets(path):
    """The fields of all packets, each a list: a packet may hold several messages and comments."""
    # The response to a request for events has no end, for which Wireshark would wait.
    command = ["tshark", "-r", path, "-o", "http.desegment_body:FALSE", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]
    command += ["-T", "fields", "-E", "separator=/t", "-E", "aggregator=|", *(part for field in FIELDS for part in ("-e", field))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return [dict(zip(FIELDS, line.split("\t"))) for line in done.stdout.splitlines()]


traced = [case for case in report["cases"] if case["trace"]]
files = sorted((out / "packets").glob("*.pcapng"))
assert len(files) == len(traced) > 0, (len(files), len(traced))
requests = responses = 0
mqtt = []
for case in traced:
    path = out / "packets" / f"{case['protocol']}-{case['id'].replace('/', '_')}.pcapng"
    shown = packets(path)
    assert not any(packet["tcp.analysis.flags"] for packet in shown), path
    assert {packet["ip.checksum.status"] for packet in shown} == {"1"}, path
    assert {packet["tcp.checksum.status"] for packet in shown} == {"1"}, path
    carried = sum(int(packet["tcp.len"]) for packet in shown)
    moved = sum(entry.get("length", 0) for entry in case["trace"] if entry["kind"] in ("sent", "received"))
    assert carried == moved, (path, carried, moved)
    if case["protocol"] == "sse":
        requests += sum(bool(packet["http.request.method"]) for packet in shown)
        responses += sum(bool(packet["http.response.code"]) for packet in shown)
    else:
        mqtt.append([kind for packet in shown for kind in packet["mqtt.msgtype"].split("|") if kind])
        assert mqtt[-1][:2] == ["1", "2"], (path, mqtt[-1])
    comments = " ".join(packet["frame.comment"] for packet in shown)
    for entry in case["trace"]:
        for mark in entry.get("marks", []):
            assert mark["note"] in comments, (path, mark, comments)
assert requests > 0 and responses > 0, (requests, responses)
assert mqtt, "the report is meant to have a failure of MQTT"
print(f"  {len(files)} captures: {sum(map(len, mqtt))} MQTT Control Packets, CONNECT and CONNACK first; {requests} requests and {responses} responses of HTTP")
print("  no trouble with TCP, every byte counted, every deciding byte commented")
