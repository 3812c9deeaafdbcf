"""Makes reports of runs with failures and has each consumer read them; the command line of `conformance/consumers/run`."""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from driver import checks, listening, not_installed, told
from zoo import outcome
from zoo.cli import ROOT, USAGE, cache, default_pushspec, end_on_sigterm
from zoo.outcome import Outcome, State
from zoo.process import NotReady, Process

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Consumer:
    """A tool that reads a report, and the script that has it do so."""

    name: str
    script: str
    # What of `install` it needs.
    needs: str
    # The directories whose reports it reads, one after the other: those of the run, and the same judged by a baseline.
    reads: tuple[str, ...] = (".", "known")


CONSUMERS = [
    Consumer("JUnit: junitparser", "junit_parser.py", "python"),
    Consumer("JUnit: junit2json", "junit.mjs", "node"),
    Consumer("CTRF: ctrf", "ctrf_check.mjs", "node"),
    Consumer("TAP: tap-parser", "tap.mjs", "node"),
    Consumer("SARIF: sarif-tools", "sarif_tools.py", "python"),
    Consumer("Markdown: markdown-it", "markdown_reader.py", "python"),
    Consumer("pcapng: tshark", "pcapng.py", "tshark", (".",)),
    Consumer("HTML: Chromium", "page.mjs", "chromium", (".",)),
]
# What is wrong with the servers whose reports are read, and the cases that find it in little time.
FAULTS = {"mqtt": "accepts-pingreq-flags", "sse": "content-type-plain"}
CASES = ["mqtt/malformed/*", "mqtt/connect/*", "mqtt/publish/*", "sse/response/*", "sse/stream/*"]
FORMATS = {
    "json": "report.json",
    "ndjson": "events.ndjson",
    "html": "report.html",
    "junit": "report.xml",
    "markdown": "report.md",
    "ctrf": "report.ctrf.json",
    "tap": "report.tap",
    "sarif": "report.sarif",
    "pcapng": "packets",
}


def main(arguments):
    """Makes the reports, has them read, and tells what came of it."""
    options = _options(arguments)
    end_on_sigterm()
    out = options.out.absolute()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    try:
        _make_reports(options.pushspec, out)
    except (NotReady, RuntimeError) as error:
        outcomes = told([Outcome("reports", State.ERROR, str(error))])
    else:
        chosen = [one for one in CONSUMERS if not options.names or any(name.lower() in one.name.lower() for name in options.names)]
        outcomes = [each for one in chosen for each in told([_consume(one, out, options.timeout)])]
    print(f"reports and logs: {out}")
    print("\n".join(outcome.closing_lines(outcomes)))
    return outcome.exit_status(outcomes)


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="conformance/consumers/run",
        description="Has the tools that people use read the reports of pushspec.",
        epilog="Ends with 0 when every consumer that could be installed accepts its report, 1 when one does not, "
        "2 on wrong usage, 77 when no consumer could be installed.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only consumers whose name holds this, such as junit")
    parser.add_argument("--pushspec", type=Path, metavar="PATH", default=default_pushspec(), help="the program (default: the build in target/)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=ROOT / "out" / "consumers", help="where reports and logs go (default: out/consumers)")
    parser.add_argument("--timeout", type=float, default=240, metavar="S", help="most seconds for one consumer (default: 240)")
    options = parser.parse_args(arguments)
    options.pushspec = options.pushspec.absolute()
    if not os.access(options.pushspec, os.X_OK):
        parser.exit(USAGE, f"error: no program at {options.pushspec}; build it, or name it with --pushspec\n")
    return options


def _make_reports(pushspec, out):
    with tempfile.TemporaryDirectory(prefix="consumers-") as scratch, ExitStack() as servers:
        urls = {fault: _serve(servers, pushspec, kind, fault, out, scratch) for kind, fault in [("mqtt", None), *FAULTS.items()]}
        for name, served in (("report", [urls[fault] for fault in FAULTS.values()]), ("right", [urls[None]])):
            reports = FORMATS if name == "report" else {"json": "right.json"}
            command = [pushspec, "test", *served, "--timeout", "1"]
            command += [f"--report={kind}={out / file}" for kind, file in reports.items()]
            _run([*command, "--case", *CASES], out / f"{name}.log", {0, 1})
    events = (out / "events.ndjson").read_bytes()
    # In the middle of a line, as a run that was killed leaves it.
    (out / "cut.ndjson").write_bytes(events[: len(events) // 2])
    _run([pushspec, "report", out / "cut.ndjson", "--html", out / "cut.html"], out / "cut.log", {0})
    # The same run, all of whose failures are known.
    known = out / "known"
    known.mkdir()
    _run([pushspec, "baseline", "init", known / "baseline.toml", "--from", out / "report.json"], out / "baseline.log", {0})
    reports = [f"--report={kind}={known / file}" for kind, file in FORMATS.items() if kind != "ndjson"]
    _run([pushspec, "report", out / "events.ndjson", "--baseline", known / "baseline.toml", *reports], out / "known.log", {0})
    matrix = [f"right={out / 'right.json'}", f"faulty={out / 'report.json'}", f"known={known / 'report.json'}", "--html", out / "matrix.html"]
    _run([pushspec, "report", *matrix], out / "matrix.log", {0})


def _serve(servers, pushspec, kind, fault, out, scratch):
    """Starts a reference server and tells its URL."""
    log = out / f"serve.{fault or 'right'}.log"
    scheme = {"mqtt": "mqtt", "sse": "http"}[kind]
    command = [pushspec, "serve", kind, "--listen", f"{scheme}://127.0.0.1:0", *(["--fault", fault] if fault else [])]
    server = servers.enter_context(Process(command, env={}, cwd=scratch, log=log))
    server.wait_until(lambda: listening(log.read_text(encoding="utf-8", errors="replace")), 20, "it did not say where it listens")
    return listening(log.read_text(encoding="utf-8", errors="replace"))[0]


def _run(command, log, statuses):
    with log.open("wb") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, timeout=300, check=False)
    if done.returncode not in statuses:
        raise RuntimeError(f"status {done.returncode} of {' '.join(map(str, command[1:]))}, see {log}")


def _consume(consumer, out, limit):
    log = out / f"{re.sub('[^0-9A-Za-z]+', '-', consumer.name)}.log"
    refusal = not_installed(consumer.name, HERE / "install", consumer.needs, log)
    if refusal:
        return refusal
    interpreter = "node"
    script = HERE / consumer.script
    if script.suffix == ".py":
        python = cache() / "consumers-python" / "bin" / "python"
        interpreter = python if consumer.needs == "python" else "python3"
    else:
        # Modules are looked up beside the script that imports them.
        for module in HERE.glob("*.mjs"):
            shutil.copy(module, cache() / "consumers-node" / module.name)
        script = cache() / "consumers-node" / script.name
    start = time.monotonic()
    done = 0
    browser = [shutil.which("chromium") or "chromium"] if consumer.needs == "chromium" else []
    for reports in consumer.reads:
        arguments = [out / reports, *browser]
        with Process([interpreter, script, *arguments], env={"PYTHONDONTWRITEBYTECODE": "1"}, cwd=out, log=log) as run:
            status = run.wait(limit)
            if status != 0:
                reason = f"no end within {limit:g} s" if status is None else f"status {status}"
                reason += "" if reports == "." else f" on the reports in {reports}"
                return Outcome(consumer.name, State.ERROR, reason, seconds=time.monotonic() - start, details=[run.last_lines(25)])
        done += checks(log)
    return Outcome(consumer.name, State.AS_EXPECTED, f"{done} checks", seconds=time.monotonic() - start)
