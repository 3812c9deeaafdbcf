import tomllib
import unittest

from zoo import expected
from zoo.expected import Difference, ExpectedError


def entry(case, protocol, verdict, endpoint=None):
    where = f'endpoint = "{endpoint}"\n' if endpoint else ""
    return f'[[expected]]\ncase = "{case}"\nprotocol = "{protocol}"\nverdict = "{verdict}"\n{where}why = "known"\n'


def report(*cases):
    return {"cases": [{"id": case, "protocol": protocol, "verdict": verdict} for case, protocol, verdict in cases]}


def differences(text, *cases, endpoint="tcp"):
    return expected.differences(expected.parse(text), endpoint, report(*cases))


class Differences(unittest.TestCase):
    def test_none_when_all_pass_and_nothing_is_listed(self):
        self.assertEqual(differences("", ("a", "5.0", "pass"), ("b", "5.0", "not-applicable")), [])

    def test_none_when_the_listed_verdict_is_found(self):
        self.assertEqual(differences(entry("a", "5.0", "fail"), ("a", "5.0", "fail"), ("a", "3.1.1", "pass")), [])

    def test_every_unlisted_departure(self):
        for verdict in ("fail", "warn", "inconclusive", "error"):
            self.assertEqual(differences("", ("a", "5.0", verdict)), [Difference("a", "5.0", None, verdict)])

    def test_a_departure_in_another_version(self):
        found = differences(entry("a", "5.0", "fail"), ("a", "5.0", "fail"), ("a", "3.1.1", "fail"))
        self.assertEqual(found, [Difference("a", "3.1.1", None, "fail")])

    def test_a_listed_failure_that_passes(self):
        found = differences(entry("a", "5.0", "fail"), ("a", "5.0", "pass"))
        self.assertEqual(found, [Difference("a", "5.0", "fail", "pass")])
        self.assertEqual(str(found[0]), "a (5.0): expected fail, found pass")

    def test_a_listed_failure_that_became_something_else(self):
        for verdict in ("warn", "not-applicable", "inconclusive"):
            self.assertEqual(
                differences(entry("a", "5.0", "fail"), ("a", "5.0", verdict)), [Difference("a", "5.0", "fail", verdict)]
            )

    def test_one_of_two_verdicts(self):
        text = entry("a", "5.0", "warn") + 'or = "inconclusive"\n'
        for verdict in ("warn", "inconclusive"):
            self.assertEqual(differences(text, ("a", "5.0", verdict)), [])
        for verdict in ("fail", "pass"):
            self.assertEqual(differences(text, ("a", "5.0", verdict)), [Difference("a", "5.0", "warn", verdict)])
        self.assertEqual(differences(text), [Difference("a", "5.0", "warn", None)])
        with self.assertRaises(ExpectedError):
            expected.parse(text.replace("inconclusive", "perhaps"))

    def test_a_listed_case_that_was_not_run(self):
        found = differences(entry("a", "5.0", "fail"), ("b", "5.0", "pass"))
        self.assertEqual(found, [Difference("a", "5.0", "fail", None)])
        self.assertIn("no such case", str(found[0]))

    def test_an_entry_for_one_endpoint_outranks_the_general_one(self):
        text = entry("a", "5.0", "fail", "ws") + entry("a", "5.0", "warn")
        self.assertEqual(differences(text, ("a", "5.0", "warn"), endpoint="tcp"), [])
        self.assertEqual(differences(text, ("a", "5.0", "fail"), endpoint="ws"), [])
        self.assertEqual(differences(text, ("a", "5.0", "fail"), endpoint="tcp"), [Difference("a", "5.0", "warn", "fail")])

    def test_an_entry_for_another_endpoint_says_nothing(self):
        self.assertEqual(differences(entry("a", "5.0", "fail", "ws"), ("a", "5.0", "pass"), endpoint="tcp"), [])


class Listing(unittest.TestCase):
    def test_listed_differences_are_expected_afterwards(self):
        cases = [("a", "5.0", "fail"), ("b", "3.1.1", "warn"), ("c", "5.0", "pass")]
        text = expected.listing("tcp", differences("", *cases))
        # The reason is left for a person, and no entry is taken without one.
        with self.assertRaisesRegex(ExpectedError, "'why'"):
            expected.parse(text)
        self.assertEqual(differences(text.replace('why = ""', 'why = "known"'), *cases), [])

    def test_is_toml_even_when_empty(self):
        self.assertEqual(tomllib.loads(expected.listing("tcp", [])), {})


class Parse(unittest.TestCase):
    def test_refuses_what_is_wrong(self):
        for text, complaint in [
            ("[[expect]]", "unknown expect"),
            (entry("a", "5.0", "pass"), "'pass' is none of"),
            (entry("a", "5.0", "fail").replace("why", "because"), "unknown because"),
            (entry("a", "5.0", "fail").replace('"known"', '""'), "'why'"),
            (entry("a", "5.0", "fail") * 2, "listed twice"),
            ("[[", ""),
        ]:
            with self.subTest(complaint), self.assertRaisesRegex(ExpectedError, complaint):
                expected.parse(text)


if __name__ == "__main__":
    unittest.main()
