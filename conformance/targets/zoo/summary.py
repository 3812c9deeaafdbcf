"""What the reports of a run come to: the table of the README, and the `KNOWN.md` of a target."""

import json
from dataclasses import dataclass
from pathlib import Path

_COUNTED = ("pass", "fail", "warn", "not-applicable", "inconclusive", "error")
_END = "<!-- end of what is made -->"
_ARROWS = {"sent": "→", "received": "←", "opened": "+", "closed": "✕", "waited": "…"}
# Enough to see what was asked and what came.
_LAST = 4


@dataclass(frozen=True)
class Report:
    """The report of one endpoint."""

    target: str
    endpoint: str
    version: str
    content: dict


def reports(out, targets):
    """The reports that a run left behind, in the order of the targets and their endpoints."""
    found = []
    for target in targets:
        for endpoint in target.endpoints:
            path = out / f"{target.name}.{endpoint.name}.json"
            if path.is_file():
                version = _first_line(out / f"{target.name}.version")
                content = json.loads(path.read_text(encoding="utf-8"))
                found.append(Report(target.name, endpoint.name, version, content))
    return found


def table(found):
    """A row for each endpoint and version of the protocol."""
    lines = [
        "| target | over | MQTT | pass | fail | warn | not applicable | inconclusive | error | all of it, s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for report in found:
        seconds = _seconds(report)
        spoken = {version for endpoint in report.content["target"]["endpoints"] for version in endpoint["protocols"]}
        for version in sorted(spoken):
            verdicts = [case["verdict"] for case in report.content["cases"] if case["protocol"] == version]
            counts = " | ".join(str(verdicts.count(verdict)) for verdict in _COUNTED)
            lines.append(f"| {report.version} | {report.endpoint} | {version} | {counts} | {seconds} |")
            seconds = ""
    return "\n".join(lines)


def event_servers(found, quiet):
    """A row for each endpoint; `quiet` are the reports of runs without a way to cause events."""
    lines = [
        "| server | endpoint | pass | fail | warn | not applicable | inconclusive | error | all of it, s | without a stimulus, s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    # A server may not answer before there is an event.
    alone = {(report.target, report.endpoint): _seconds(report) if report.content["cases"] else "no response" for report in quiet}
    for report in found:
        verdicts = [case["verdict"] for case in report.content["cases"]]
        counts = " | ".join(str(verdicts.count(verdict)) for verdict in _COUNTED)
        without = alone.get((report.target, report.endpoint), "")
        lines.append(f"| {report.target}: {report.version} | {report.endpoint} | {counts} | {_seconds(report)} | {without} |")
    return "\n".join(lines)


def with_table(text, of, made):
    """The text with what is between the marks of a table replaced."""
    begin = f"<!-- {of}: made by conformance/targets/table -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(_END)
    if not (found and closed):
        raise ValueError(f"the marks {begin!r} and {_END!r} are missing")
    return f"{before}{begin}\n{made}\n{_END}{after}"


def _seconds(report):
    return f"{report.content['duration_ms'] / 1000:.0f}"


def known(title, found):
    """Every failure with its requirements, what was found and the end of its trace."""
    lines = [f"# What {title} is known to do otherwise than its specification says", ""]
    versions = ", ".join(dict.fromkeys(report.version for report in found))
    lines += [f"Version: {versions}. Written by `conformance/targets/known` from the reports of a run.", ""]
    for case, places in _failures(found).items():
        first = places[0][1]
        where = ", ".join(dict.fromkeys(f"{entry['protocol']} over {endpoint}" for endpoint, entry in places))
        cited = ", ".join(dict.fromkeys(id for _, entry in places for id in entry["requirements"]))
        lines += [f"## {case}", "", f"MQTT {where}. {cited}", "", f"- expected: {first.get('expected')}", f"- found: {first.get('found')}", ""]
        lines += ["```", *_trace(first.get("trace", [])), "```", ""]
    return "\n".join(lines)


def _failures(found):
    failures = {}
    for report in found:
        for case in report.content["cases"]:
            if case["verdict"] == "fail":
                failures.setdefault(case["id"], []).append((report.endpoint, case))
    return dict(sorted(failures.items()))


def _trace(entries):
    shown = [entry for entry in entries if entry["kind"] in _ARROWS][-_LAST:]
    return [f"{entry['connection']} {_ARROWS[entry['kind']]} {entry['summary'][:150]}" for entry in shown]


def _first_line(path):
    return path.read_text(encoding="utf-8").strip() if path.is_file() else path.stem


def default_out(root):
    """Where `run` puts its reports by default."""
    return Path(root) / "out" / "zoo"
