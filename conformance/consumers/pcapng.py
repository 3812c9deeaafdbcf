"""tshark dissects the captures as MQTT and HTTP, and shows what decides as packet comments."""

import json
import subprocess
import sys
from pathlib import Path

out = Path(sys.argv[1])
report = json.loads((out / "report.json").read_text(encoding="utf-8"))


def tshark(path, *fields, only=None):
    """The fields of all packets, or of those that a filter lets through."""
    command = ["tshark", "-r", path, "-T", "fields", "-E", "separator=/t"]
    command += [part for field in fields for part in ("-e", field)]
    command += ["-Y", only] if only else []
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return [line.split("\t") for line in done.stdout.splitlines()]


traced = [case for case in report["cases"] if case["trace"]]
files = sorted((out / "packets").glob("*.pcapng"))
assert len(files) == len(traced) > 0, (len(files), len(traced))
dissected = {"mqtt": 0, "http": 0}
for case in traced:
    path = out / "packets" / f"{case['protocol']}-{case['id'].replace('/', '_')}.pcapng"
    kind = "http" if case["protocol"] == "sse" else "mqtt"
    assert not tshark(path, "frame.number", only="tcp.analysis.flags || ip.checksum.status == 0"), path
    dissected[kind] += len(tshark(path, "frame.number", only=kind))
    carried = [int(length) for (length,) in tshark(path, "tcp.len", only="tcp.len > 0")]
    moved = [entry["length"] for entry in case["trace"] if entry["kind"] in ("sent", "received") and entry.get("length")]
    assert sum(carried) == sum(moved), (path, carried, moved)
    comments = " ".join(part for row in tshark(path, "frame.comment") for part in row)
    for entry in case["trace"]:
        for mark in entry.get("marks", []):
            assert mark["note"] in comments, (path, mark, comments)
assert dissected["mqtt"] > 0 and dissected["http"] > 0, dissected
print(f"  {len(files)} captures: {dissected['mqtt']} packets dissected as MQTT, {dissected['http']} as HTTP")

fault = out / "packets" / "5.0-mqtt_malformed_pingreq-flags.pcapng"
names = [row[0] for row in tshark(fault, "mqtt.msgtype", only="mqtt")]
assert names[:2] == ["1", "2"], names
print("  CONNECT, CONNACK and what follows")
