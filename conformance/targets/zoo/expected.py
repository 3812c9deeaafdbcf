"""Known departures of a target: what `expected.toml` lists, compared with what a report found."""

import tomllib
from dataclasses import dataclass

# Verdicts that no one needs to explain. A case that does not apply is listed only to pin that down.
_UNREMARKABLE = {"pass", "not-applicable"}
_KEYS = {"case", "protocol", "verdict", "or", "endpoint", "why"}
_VERDICTS = {"fail", "warn", "not-applicable", "inconclusive", "error"}


class ExpectedError(Exception):
    """The list of expected verdicts is wrong."""


@dataclass(frozen=True, order=True)
class Expectation:
    """A case known not to pass on a target. Without an endpoint it holds on all of them.

    `other` is a second verdict that it may have, where the target itself does not behave the same each time.
    """

    case: str
    protocol: str
    verdict: str
    endpoint: str | None
    why: str
    other: str | None = None


@dataclass(frozen=True, order=True)
class Difference:
    """A verdict that is not the expected one. `expected` or `found` is None where there is none."""

    case: str
    protocol: str
    expected: str | None
    found: str | None

    def __str__(self):
        where = f"{self.case} ({self.protocol})"
        if self.expected is None:
            return f"{where}: unexpected {self.found}"
        return f"{where}: expected {self.expected}, found {self.found or 'no such case in the report'}"


def parse(text):
    """Reads a list of expectations, or says what is wrong with it."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExpectedError(str(error)) from error
    unknown = sorted(set(table) - {"expected"})
    if unknown:
        raise ExpectedError(f"unknown {', '.join(unknown)}; entries are written as [[expected]]")
    expectations = [_expectation(entry) for entry in table.get("expected", [])]
    seen = set()
    for expectation in expectations:
        key = (expectation.case, expectation.protocol, expectation.endpoint)
        if key in seen:
            raise ExpectedError(f"{expectation.case} ({expectation.protocol}) is listed twice")
        seen.add(key)
    return expectations


def differences(expectations, endpoint, report):
    """What in the report of one endpoint is not as expected, in the order of the case ids.

    An entry for this very endpoint outranks an entry for all of them.
    """
    expected = {}
    for entry in sorted(expectations, key=lambda entry: entry.endpoint is not None):
        if entry.endpoint in (None, endpoint):
            expected[entry.case, entry.protocol] = entry
    found = {(case["id"], case["protocol"]): case["verdict"] for case in report["cases"]}
    different = []
    for key in sorted(expected.keys() | found.keys()):
        entry, have = expected.get(key), found.get(key)
        if have in ((entry.verdict, entry.other) if entry else _UNREMARKABLE) and have is not None:
            continue
        different.append(Difference(*key, entry and entry.verdict, have))
    return different


def listing(endpoint, different):
    """The entries that would make the found verdicts the expected ones, for a person to judge and complete."""
    entries = []
    for difference in different:
        if difference.found is None or difference.found in _UNREMARKABLE:
            continue
        fields = {
            "case": difference.case,
            "protocol": difference.protocol,
            "verdict": difference.found,
            "endpoint": endpoint,
            "why": "",
        }
        lines = [f'{key} = "{value}"' for key, value in fields.items()]
        entries.append("\n".join(["[[expected]]", *lines, ""]))
    return "\n".join(entries)


def _expectation(entry):
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise ExpectedError(f"unknown {', '.join(unknown)} in {entry}")
    for key in ("case", "protocol", "verdict", "why"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise ExpectedError(f"an entry needs the text {key!r}: {entry}")
    for verdict in (entry["verdict"], entry.get("or", entry["verdict"])):
        if verdict not in _VERDICTS:
            raise ExpectedError(f"{verdict!r} is none of {', '.join(sorted(_VERDICTS))}: {entry}")
    return Expectation(
        entry["case"], entry["protocol"], entry["verdict"], entry.get("endpoint"), entry["why"], entry.get("or")
    )
