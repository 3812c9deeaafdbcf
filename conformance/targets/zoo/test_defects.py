"""Known defects are found where they are, and nowhere else."""

import unittest

from zoo import defects
from zoo.summary import Report

KNOWN = defects.parse('[[defect]]\ntitle = "late"\ncases = ["sse/a", "sse/b"]\nfound = "with the first"\non = ["one", "two"]\n')


def report(target, *cases):
    return Report(target, "events", "1", {"cases": [{"id": case, "verdict": verdict, "found": found} for case, verdict, found in cases]})


class Defects(unittest.TestCase):
    def test_a_defect_is_found_by_any_of_its_cases_in_its_own_words(self):
        found = [
            report("one", ("sse/a", "pass", None), ("sse/b", "warn", "they came with the first event")),
            report("two", ("sse/a", "warn", "they came with the first event")),
            report("three", ("sse/a", "warn", "something else")),
            report("four", ("sse/a", "inconclusive", "they came with the first event")),
            report("five", ("sse/c", "warn", "they came with the first event")),
        ]
        self.assertEqual(defects.places(KNOWN[0], found), ({"one", "two"}, {"three"}))
        self.assertEqual(defects.surprises(KNOWN, found), [])
        self.assertEqual(defects.table(KNOWN, found).splitlines()[2], "| late | `sse/a`, `sse/b` | one, two | three |")

    def test_what_differs_from_what_is_known_is_told(self):
        found = [report("one", ("sse/a", "pass", None)), report("three", ("sse/a", "fail", "with the first"))]
        self.assertEqual(defects.surprises(KNOWN, found), ["not found on one: late", "found on three: late"])
