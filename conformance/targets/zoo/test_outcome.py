import json
import tempfile
import unittest
from pathlib import Path

from zoo import outcome
from zoo.outcome import Outcome, ReportError, State

TOTALS = {"pass": 7, "fail": 1, "warn": 2, "not_applicable": 3, "inconclusive": 0, "error": 0}
CASE = {"id": "mqtt/a", "protocol": "5.0", "verdict": "pass"}


class Lines(unittest.TestCase):
    def test_tells_every_count(self):
        (line,) = Outcome("mosquitto/tcp", State.AS_EXPECTED, totals=TOTALS, seconds=1.25).lines()
        for part in ("mosquitto/tcp", "7 pass, 1 fail, 2 warn, 3 not applicable", "as expected"):
            self.assertIn(part, line)

    def test_a_skip_is_loud_and_has_its_reason(self):
        self.assertEqual(Outcome("nchan", State.SKIPPED, "not Debian").lines(), ["SKIPPED nchan: not Debian"])


class ExitStatus(unittest.TestCase):
    def test_follows_the_worst(self):
        good, unjudged = Outcome("a", State.AS_EXPECTED), Outcome("b", State.NOT_JUDGED)
        skipped = Outcome("c", State.SKIPPED)
        self.assertEqual(outcome.exit_status([good, unjudged, skipped]), 0)
        self.assertEqual(outcome.exit_status([good, Outcome("d", State.UNEXPECTED), skipped]), 1)
        self.assertEqual(outcome.exit_status([Outcome("d", State.ERROR)]), 1)

    def test_nothing_tested_is_not_success(self):
        self.assertEqual(outcome.exit_status([Outcome("a", State.SKIPPED)]), outcome.NOTHING_RUN)
        self.assertEqual(outcome.exit_status([]), outcome.NOTHING_RUN)

    def test_closing_lines_tell_what_failed_and_count(self):
        states = [State.AS_EXPECTED, State.NOT_JUDGED, State.ERROR, State.UNEXPECTED, State.SKIPPED]
        *again, count = outcome.closing_lines([Outcome(s.name, s, "why", TOTALS, 1, ["this"]) for s in states])
        self.assertEqual(count, "2 passed, 2 failed, 1 skipped")
        self.assertEqual([line.split()[0] for line in again], ["ERROR", "this", "UNEXPECTED", "this"])
        self.assertEqual(len(outcome.closing_lines([Outcome("a", State.ERROR, "told above")])), 1)


class ReadReport(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "report.json"
            if text is not None:
                path.write_text(text, encoding="utf-8")
            return outcome.read_report(path)

    def test_takes_a_good_one(self):
        self.assertEqual(self.read(json.dumps({"totals": TOTALS, "cases": [CASE]}))["cases"], [CASE])

    def test_refuses_what_proves_nothing(self):
        short = {key: value for key, value in TOTALS.items() if key != "warn"}
        for text, complaint in [
            (None, "no readable report"),
            ("{", "no readable report"),
            ("[]", "not an object"),
            (json.dumps({"cases": [CASE]}), "totals"),
            (json.dumps({"totals": short, "cases": [CASE]}), "totals"),
            (json.dumps({"totals": TOTALS, "cases": []}), "no case"),
            (json.dumps({"totals": TOTALS, "cases": [{"id": "a"}]}), "lacks"),
        ]:
            with self.subTest(text), self.assertRaisesRegex(ReportError, complaint):
                self.read(text)


class Differences(unittest.TestCase):
    def test_what_is_known_is_none(self):
        known = {**CASE, "verdict": "fail", "baseline": {"standing": "known", "signature": "fail"}}
        self.assertEqual(outcome.differences({"cases": [CASE, known], "baseline": {"file": "b"}}), [])

    def test_everything_else_is_told(self):
        changed = {**CASE, "baseline": {"standing": "changed", "signature": "fail: x"}}
        seen = {"requirement": "R", "protocol": "5.0", "baseline": {"standing": "unlisted", "signature": "fail R"}}
        stale = {"line": 3, "case": "mqtt/b", "protocol": "3.1.1", "said": "pass at tcp"}
        left = {"url": "mqtt://h", "left": {"sessions": ["a", "b"], "retained": []}}
        report = {
            "target": {"endpoints": [left, {"url": "http://h/"}]},
            "cases": [changed],
            "violations": [seen],
            "baseline": {"stale": [stale]},
            "interrupted": "Ctrl-C",
        }
        self.assertEqual(
            outcome.differences(report),
            [
                "mqtt/a (5.0): changed: fail: x",
                "monitor/R (5.0): unlisted: fail R",
                "mqtt/b (3.1.1): listed in line 3: pass at tcp",
                "ended early: Ctrl-C",
                "left behind: Sessions, see the report",
            ],
        )


if __name__ == "__main__":
    unittest.main()
