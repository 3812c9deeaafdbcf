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


def target(name, endpoints):
    urls = [f'[[endpoint]]\nname = "{number}"\nurl = "mqtt://127.0.0.1:{{port}}"\n' for number in range(endpoints)]
    return descriptor.parse(name, Path(), "".join(urls))


class SideBySide(unittest.TestCase):
    def test_all_of_them_are_told_and_the_longest_begins(self):
        chosen = [(target("a", 1), None), (target("b", 3), None), (target("c", 1), None)]
        with mock.patch.object(cli, "test_target", lambda target, *_: begun.append(target.name) or [target.name]):
            for parallel in (1, 2):
                begun = []
                told = list(cli.as_they_end(chosen, None, parallel))
                self.assertEqual(sorted(told), [["a"], ["b"], ["c"]])
                if parallel == 1:
                    self.assertEqual(begun, ["b", "a", "c"])

    def test_an_interruption_ends_what_runs(self):
        log = Path(self.enterContext(tempfile.TemporaryDirectory())) / "log"

        def runs_long(target, *_):
            if target.name == "quick":
                return ["quick"]
            with Process(["sleep", "600"], env={}, cwd=log.parent, log=log) as process:
                return [process.wait(600)]

        started = time.monotonic()
        with mock.patch.object(cli, "test_target", runs_long):
            with contextlib.closing(cli.as_they_end([(target("quick", 1), None), (target("long", 1), None)], None, 2)) as ending:
                self.assertEqual(next(ending), ["quick"])
        self.assertLess(time.monotonic() - started, 300)
