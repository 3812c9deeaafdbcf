"""Known defects of event servers, held against the reports of a run."""

import re
import tomllib
from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """What is known to be wrong, which cases show it, and which targets have it."""

    title: str
    cases: tuple[str, ...]
    found: str
    on: frozenset[str]

    def shown_by(self, case):
        """Whether a case's report shows the defect."""
        departs = case["verdict"] in ("fail", "warn")
        return departs and case["id"] in self.cases and re.search(self.found, case.get("found") or "") is not None


def parse(text):
    """The defects of a `defects.toml`."""
    entries = tomllib.loads(text)["defect"]
    return [Defect(entry["title"], tuple(entry["cases"]), entry.get("found", ""), frozenset(entry["on"])) for entry in entries]


def places(defect, found):
    """The targets on which a defect is found, and those on which it was judged and is not."""
    having, lacking = set(), set()
    for report in found:
        judging = [case for case in report.content["cases"] if case["id"] in defect.cases]
        if any(map(defect.shown_by, judging)):
            having.add(report.target)
        elif any(case["verdict"] in ("pass", "warn", "fail") for case in judging):
            lacking.add(report.target)
    return having, lacking - having


def table(defects, found):
    """A row for each defect."""
    lines = ["| defect | shown by | found on | judged, and not found on |", "|---|---|---|---|"]
    for defect in defects:
        having, lacking = places(defect, found)
        cases = ", ".join(f"`{case}`" for case in defect.cases)
        lines.append(f"| {defect.title} | {cases} | {', '.join(sorted(having)) or '–'} | {', '.join(sorted(lacking)) or '–'} |")
    return "\n".join(lines)


def surprises(defects, found):
    """Where a defect was not found though it is there, or found where it is not."""
    tested = {report.target for report in found}
    lines = []
    for defect in defects:
        having, _ = places(defect, found)
        lines += [f"not found on {target}: {defect.title}" for target in sorted(defect.on & tested - having)]
        lines += [f"found on {target}: {defect.title}" for target in sorted(having - defect.on)]
    return lines
