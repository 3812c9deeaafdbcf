"""What came of testing one endpoint, and the lines that tell it."""

import json
from dataclasses import dataclass, field
from enum import Enum

TOTALS = ("pass", "fail", "warn", "not_applicable", "inconclusive", "error")

# What `pushspec test` ends with when it did its work: conformant, a failure, inconclusive,
# stale baseline entries. Everything else means that it could not do it.
JUDGED_STATUSES = {0, 1, 5, 6}
STATUS_MEANINGS = {2: "usage or configuration", 3: "target unreachable", 4: "nothing was run", 70: "internal error"}

# Nothing was tested at all; the customary status of a skipped test.
NOTHING_RUN = 77


class ReportError(Exception):
    """The report of pushspec is missing or is not what it should be."""


class State(Enum):
    """How an endpoint came out."""

    AS_EXPECTED = "as expected"
    NOT_JUDGED = "not judged: no baseline"
    UNEXPECTED = "UNEXPECTED"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


_FAILED = {State.UNEXPECTED, State.ERROR}


@dataclass
class Outcome:
    """The result for one endpoint, or for a whole target that could not be started."""

    name: str
    state: State
    reason: str = ""
    totals: dict = field(default_factory=dict)
    seconds: float = 0.0
    details: list = field(default_factory=list)

    def lines(self):
        """The summary line, and what was not as expected below it."""
        if self.state in (State.SKIPPED, State.ERROR):
            return [f"{self.state.value} {self.name}: {self.reason}", *self.details]
        counts = ", ".join(f"{self.totals[key]} {key.replace('_', ' ')}" for key in TOTALS)
        head = f"{self.name:<20} {counts} ({self.seconds:.1f} s): {self.state.value}"
        return [head, *("    " + detail for detail in self.details)]


def read_report(path):
    """The report, once it is sure that it has what is read from it here."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(f"no readable report: {error}") from error
    if not isinstance(report, dict):
        raise ReportError("the report is not an object")
    totals, cases = report.get("totals"), report.get("cases")
    if not isinstance(totals, dict) or any(not isinstance(totals.get(key), int) for key in TOTALS):
        raise ReportError(f"the report's totals are not {', '.join(TOTALS)}: {totals}")
    if not isinstance(cases, list) or not cases:
        raise ReportError("the report holds no case")
    for case in cases:
        if not all(isinstance(case.get(key), str) for key in ("id", "protocol", "verdict")):
            raise ReportError(f"a case of the report lacks id, protocol or verdict: {case}")
    return report


def differences(report):
    """What in a report is not as its baseline says, in a line each."""
    lines = []
    seen = [{**violation, "id": f"monitor/{violation['requirement']}"} for violation in report.get("violations", ())]
    for case in (*report["cases"], *seen):
        listed = case.get("baseline", {"standing": "known"})
        if listed["standing"] != "known":
            lines.append(f"{case['id']} ({case['protocol']}): {listed['standing']}: {listed['signature']}")
    for entry in report.get("baseline", {}).get("stale", ()):
        lines.append(f"{entry['case']} ({entry['protocol']}): listed in line {entry['line']}: {entry['said']}")
    if report.get("interrupted"):
        lines.append(f"ended early: {report['interrupted']}")
    return lines + left_behind(report)


def left_behind(report):
    """What the run left in the target, in a line for each kind that is the same for each run."""
    kinds = {"sessions": "Sessions", "retained": "retained messages", "unknown": "something, perhaps"}
    endpoints = report.get("target", {}).get("endpoints", ())
    left = [kind for endpoint in endpoints for kind in kinds if (endpoint.get("left") or {}).get(kind)]
    return [f"left behind: {kinds[kind]}, see the report" for kind in left]


def exit_status(outcomes):
    """0 all well, 1 something failed, 77 nothing was tested."""
    if any(outcome.state in _FAILED for outcome in outcomes):
        return 1
    if all(outcome.state is State.SKIPPED for outcome in outcomes):
        return NOTHING_RUN
    return 0


def closing_lines(outcomes):
    """What failed once more, since much may stand between, and the count at the end."""
    failed = [outcome for outcome in outcomes if outcome.state in _FAILED]
    again = [line for outcome in failed for line in outcome.lines()] if len(outcomes) > 1 else []
    skipped = sum(outcome.state is State.SKIPPED for outcome in outcomes)
    return [*again, f"{len(outcomes) - len(failed) - skipped} passed, {len(failed)} failed, {skipped} skipped"]
