"""Tables and lists made of reports."""

import json
import tempfile
import unittest
from pathlib import Path

from zoo import descriptor, summary

TARGET = descriptor.parse("t", Path("t"), '[[endpoint]]\nname = "tcp"\nurl = "mqtt://127.0.0.1:{port}"\n')
FAILURE = {
    "id": "mqtt/a",
    "protocol": "5.0",
    "verdict": "fail",
    "requirements": ["MQTT-1.2.3-4"],
    "expected": "this",
    "found": "that",
    "trace": [
        {"kind": "sent", "connection": 1, "summary": "PINGREQ"},
        {"kind": "note", "summary": "judged"},
        {"kind": "received", "connection": 1, "summary": "PUBACK id=1"},
    ],
}
REPORT = {
    "target": {"endpoints": [{"protocols": ["5.0", "3.1.1"]}]},
    "duration_ms": 12400,
    "cases": [FAILURE, {"id": "mqtt/b", "protocol": "3.1.1", "verdict": "pass"}, {"id": "mqtt/b", "protocol": "3.1", "verdict": "not-applicable"}],
}


class Summary(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        out = Path(directory.name)
        (out / "t.tcp.json").write_text(json.dumps(REPORT), encoding="utf-8")
        (out / "t.version").write_text("broker 1.2\n", encoding="utf-8")
        self.found = summary.reports(out, [TARGET])

    def test_a_row_for_each_version_that_is_spoken(self):
        rows = summary.table(self.found).splitlines()[2:]
        self.assertEqual(
            rows,
            ["| broker 1.2 | tcp | 3.1.1 | 1 | 0 | 0 | 0 | 0 | 0 | 12 |", "| broker 1.2 | tcp | 5.0 | 0 | 1 | 0 | 0 | 0 | 0 |  |"],
        )

    def test_a_row_for_each_event_server_with_both_times(self):
        for cases, without in (([FAILURE], "3"), ([], "no response")):
            quiet = [summary.Report("t", "tcp", "", {"duration_ms": 3000, "cases": cases})]
            row = summary.event_servers(self.found, quiet).splitlines()[2]
            self.assertEqual(row, f"| t: broker 1.2 | tcp | 1 | 1 | 0 | 1 | 0 | 0 | 12 | {without} |")

    def test_a_table_stands_between_its_marks(self):
        marks = [f"<!-- {of}: made by conformance/targets/table -->{summary._END}" for of in ("one", "other")]
        text = "before\n" + summary.with_table("\n".join(marks), "other", "first") + "\nafter"
        again = summary.with_table(text, "other", "second")
        self.assertIn("second", again)
        self.assertNotIn("first", again)
        self.assertTrue(again.startswith("before") and again.endswith("after"))
        self.assertIn(marks[0], again)
        with self.assertRaises(ValueError):
            summary.with_table("no marks", "one", "x")

    def test_failures_are_told_with_requirement_and_trace(self):
        text = summary.known("A broker", self.found)
        for part in ("broker 1.2", "## mqtt/a", "5.0 over tcp", "MQTT-1.2.3-4", "- found: that", "1 → PINGREQ\n1 ← PUBACK id=1"):
            self.assertIn(part, text)
        self.assertNotIn("mqtt/b", text)
