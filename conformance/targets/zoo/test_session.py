"""Whole runs with a made-up target and a made-up pushspec."""

import json
import shlex
import sys
import tempfile
import unittest
import urllib.parse
from pathlib import Path

from zoo import descriptor
from zoo.outcome import State
from zoo.session import Settings, test_target as run_target

SERVER = """
import os, socket
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = listener.accept()
    if connection.recv(1) == b"!":
        raise SystemExit(9)
"""

PUSHSPEC = """
import json, socket, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[2])
connection = socket.create_connection((url.hostname, url.port))
connection.sendall({send!r})
while {send!r} == b"!" and connection.recv(1):
    pass
totals = dict.fromkeys(["pass", "fail", "warn", "not_applicable", "inconclusive", "error"], 0)
listed = "--baseline" in sys.argv and open(sys.argv[sys.argv.index("--baseline") + 1]).read()
mark = {{}} if listed is False else dict(baseline=dict(standing=listed, signature="fail"))
cases = [dict(id="a", protocol="5.0", verdict="fail", **mark)]
import pathlib
ran = pathlib.Path("ran")
if {once} and not ran.exists():
    cases.append(dict(id="b", protocol="5.0", verdict="inconclusive", baseline=dict(standing="unlisted", signature="so")))
ran.touch()
if {report}:
    for argument in sys.argv:
        if argument.startswith("--report=json="):
            open(argument[14:], "w").write(json.dumps(dict(totals=totals, cases=cases)))
raise SystemExit({status})
"""

TELLS_ITS_ARGUMENTS = """
import json, pathlib, sys
pathlib.Path("arguments").write_text("\\0".join(sys.argv))
totals = dict.fromkeys(["pass", "fail", "warn", "not_applicable", "inconclusive", "error"], 0)
report = dict(totals=totals, cases=[dict(id="a", protocol="5.0", verdict="pass")])
for argument in sys.argv:
    if argument.startswith("--report=json="):
        pathlib.Path(argument[14:]).write_text(json.dumps(report))
"""

DESCRIPTOR = '[[endpoint]]\nname = "tcp"\nurl = "mqtt://127.0.0.1:{port}"\n'


class Runs(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        (self.root / "t").mkdir()
        (self.root / "out").mkdir()
        self.script("t/install", "#!/bin/sh\nexit 0\n")
        self.script("t/start", f"#!{sys.executable}\n{SERVER}")

    def script(self, name, text):
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def outcome(self, *, status=1, send=b"x", report=True, known=None, once=False):
        text = PUSHSPEC.format(send=send, report=report, status=status, once=once)
        pushspec = self.script("pushspec", f"#!{sys.executable}\n{text}")
        settings = Settings(pushspec=pushspec, out=self.root / "out", cache=self.root, extra=(), timeout=30)
        target = descriptor.parse("t", self.root / "t", DESCRIPTOR)
        baseline = None if known is None else self.script("baseline.toml", known)
        (result,) = run_target(target, settings, baseline)
        return result

    def test_a_target_that_crashes_is_started_by_pushspec(self):
        self.script("t/start", "#!/bin/sh\ntouch started-by-the-zoo\nexec sleep 30\n")
        pushspec = self.script("pushspec", f"#!{sys.executable}\n{TELLS_ITS_ARGUMENTS}")
        settings = Settings(pushspec=pushspec, out=self.root / "out", cache=self.root, extra=(), timeout=30)
        target = descriptor.parse("t", self.root / "t", "crashes = true\n" + DESCRIPTOR)
        (result,) = run_target(target, settings, None)
        self.assertIs(result.state, State.NOT_JUDGED)
        arguments = (self.root / "out" / "arguments").read_text(encoding="utf-8").split("\0")
        port = urllib.parse.urlsplit(arguments[2]).port
        words = shlex.split(arguments[arguments.index("--exec") + 1])
        self.assertEqual(words[:2], ["exec", "env"])
        self.assertIn(f"PORT={port}", words)
        self.assertEqual(words[-1], str(self.root / "t" / "start"))
        self.assertEqual(list(self.root.rglob("started-by-the-zoo")), [])

    def test_a_stimulus_is_handed_over_unless_it_is_not_wanted(self):
        pushspec = self.script("pushspec", f"#!{sys.executable}\n{TELLS_ITS_ARGUMENTS}")
        publishing = 'publish_url = "http://127.0.0.1:{port}/publish"\npublish_format = "json"\n'
        target = descriptor.parse("t", self.root / "t", DESCRIPTOR + publishing)
        told = []
        for stimulus in (True, False):
            settings = Settings(pushspec=pushspec, out=self.root / "out", cache=self.root, extra=(), timeout=30, stimulus=stimulus)
            run_target(target, settings, None)
            told.append((self.root / "out" / "arguments").read_text(encoding="utf-8").split("\0"))
        wanted, unwanted = told
        self.assertEqual(wanted[wanted.index("--publish-format") + 1], "json")
        self.assertTrue(wanted[wanted.index("--publish-url") + 1].endswith("/publish"))
        self.assertEqual([argument for argument in unwanted if "publish" in argument], [])

    def test_without_a_list_nothing_is_judged(self):
        self.assertIs(self.outcome().state, State.NOT_JUDGED)

    def test_a_known_failure_is_as_expected(self):
        self.assertIs(self.outcome(known="known", status=0).state, State.AS_EXPECTED)

    def test_a_status_without_a_reason_is_not(self):
        result = self.outcome(known="known", status=5)
        self.assertIs(result.state, State.UNEXPECTED)
        self.assertEqual(result.details, ["pushspec ended with status 5, see t.tcp.txt"])

    def test_an_unknown_failure_is_not(self):
        result = self.outcome(known="unlisted")
        self.assertIs(result.state, State.UNEXPECTED)
        self.assertEqual(result.details, ["a (5.0): unlisted: fail"])

    def test_a_verdict_that_changes_is_told_and_fails_nothing(self):
        result = self.outcome(known="known", status=0, once=True)
        self.assertIs(result.state, State.AS_EXPECTED)
        self.assertEqual(result.details, ["UNSTABLE, once in two runs: b (5.0): unlisted: so"])
        cases = [len(json.loads((self.root / "out" / place / "t.tcp.json").read_text())["cases"]) for place in ("first", ".")]
        self.assertEqual(cases, [2, 1])
        # The next time nothing changes: nothing of an earlier run is taken for this one's.
        self.assertEqual(self.outcome(known="known", status=0, once=True).details, [])
        self.assertFalse((self.root / "out" / "first" / "t.tcp.json").exists())

    def test_a_lasting_difference_is_told_beside_a_changing_one(self):
        result = self.outcome(known="changed", once=True)
        self.assertIs(result.state, State.UNEXPECTED)
        self.assertEqual(result.details, ["a (5.0): changed: fail", "UNSTABLE, once in two runs: b (5.0): unlisted: so"])

    def test_pushspec_that_could_not_test(self):
        for status, meaning in [(2, "usage"), (3, "unreachable"), (4, "nothing"), (70, "internal"), (101, "crashed")]:
            result = self.outcome(status=status, known="known")
            self.assertIs(result.state, State.ERROR)
            self.assertIn(meaning, result.reason)

    def test_no_report(self):
        (self.root / "out" / "t.tcp.json").write_text(json.dumps({"left": "over"}))
        self.assertIn("no readable report", self.outcome(report=False).reason)

    def test_target_that_dies(self):
        result = self.outcome(send=b"!", known="known")
        self.assertIs(result.state, State.ERROR)
        self.assertIn("died", result.reason)

    def test_target_that_cannot_be_installed(self):
        self.script("t/install", "#!/bin/sh\necho noise\necho 'cannot install: no such system' >&2\nexit 77\n")
        result = self.outcome()
        self.assertIs(result.state, State.SKIPPED)
        self.assertEqual(result.reason, "no such system")

    def test_install_that_fails(self):
        self.script("t/install", "#!/bin/sh\nexit 1\n")
        self.assertIs(self.outcome().state, State.ERROR)

    def test_target_that_does_not_start(self):
        self.script("t/start", "#!/bin/sh\necho no config; exit 1\n")
        result = self.outcome()
        self.assertIs(result.state, State.ERROR)
        self.assertIn("not started", result.reason)
        self.assertIn("no config", "\n".join(result.details))


if __name__ == "__main__":
    unittest.main()
