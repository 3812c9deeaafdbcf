import contextlib
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from zoo import cli, descriptor
from zoo.process import Process


class Choice(unittest.TestCase):
    def names(self, *arguments):
        return [target.name for target in cli.load_targets(cli.parse_arguments(list(arguments)))]

    def test_short_leaves_out_what_is_slow_to_install(self):
        every = self.names("--all")
        self.assertEqual(every, descriptor.names(cli.TARGETS))
        slow = [name for name in every if descriptor.load(cli.TARGETS / name).slow]
        self.assertEqual(self.names("--short"), [name for name in every if name not in slow])
        self.assertTrue(slow)

    def test_names_or_a_kind_but_not_both(self):
        for wrong in ([], ["nchan", "--all"], ["--all", "--parallel", "0"], ["--all", "--no-stimulus"]):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(None):
                cli.parse_arguments(wrong)


class SideBySide(unittest.TestCase):
    def test_all_of_them_are_told(self):
        chosen = [(name, None) for name in "abc"]
        with mock.patch.object(cli, "test_target", lambda target, *_: [target.upper()]):
            told = list(cli.as_they_end(chosen, None, 2))
        self.assertEqual(sorted(told), [["A"], ["B"], ["C"]])

    def test_an_interruption_ends_what_runs(self):
        log = Path(self.enterContext(tempfile.TemporaryDirectory())) / "log"

        def runs_long(target, *_):
            if target == "quick":
                return ["quick"]
            with Process(["sleep", "600"], env={}, cwd=log.parent, log=log) as process:
                return [process.wait(600)]

        started = time.monotonic()
        with mock.patch.object(cli, "test_target", runs_long):
            with contextlib.closing(cli.as_they_end([("quick", None), ("long", None)], None, 2)) as ending:
                self.assertEqual(next(ending), ["quick"])
        self.assertLess(time.monotonic() - started, 300)
