"""Installs a target, starts it, has pushspec test each of its endpoints, and stops it."""

import re
import shlex
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path

from . import outcome
from .descriptor import fill
from .outcome import Outcome, State
from .process import NotReady, Process, free_ports

CANNOT_INSTALL = 77


@dataclass(frozen=True)
class Settings:
    """What holds for all targets of one run."""

    pushspec: Path
    out: Path
    cache: Path
    extra: tuple[str, ...]
    timeout: float
    stimulus: bool = True
    install_timeout: float = 600


def test_target(target, settings, baseline):
    """The outcome of every endpoint of a target. `baseline` is None where there is none."""
    refusal = _install(target, settings)
    if refusal:
        return [refusal]
    # A short path: the name of a unix socket has room for about a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="zoo-") as scratch:
        try:
            return _started(target, settings, baseline, Path(scratch))
        except NotReady as error:
            return [Outcome(target.name, State.ERROR, f"installed, but not started: {error}")]


def _install(target, settings):
    log = settings.out / f"{target.name}.install.log"
    with Process([target.directory / "install"], env={}, cwd=target.directory, log=log) as install:
        status = install.wait(settings.install_timeout)
        if status == 0:
            return None
        if status == CANNOT_INSTALL:
            reason = (install.last_lines(1).strip() or "no reason given").removeprefix("cannot install: ")
            return Outcome(target.name, State.SKIPPED, reason)
        reason = "install did not end in time" if status is None else f"install ended with status {status}"
        return Outcome(target.name, State.ERROR, reason, details=[install.last_lines()])


def _started(target, settings, baseline, scratch):
    ports = free_ports(1 + len(target.ports))
    values = {"port": ports[0], "dir": scratch, "cache": settings.cache}
    env = {"PORT": str(ports[0]), "PUSHSPEC_DIR": str(scratch)}
    for name, port in zip(target.ports, ports[1:]):
        values[f"port_{name}"] = port
        env[f"PORT_{name.upper()}"] = str(port)
    version = _version(target, values)
    (settings.out / f"{target.name}.version").write_text(version + "\n", encoding="utf-8")
    print(f"{target.name}: {target.title}, {version}", flush=True)
    if target.crashes:
        endpoints = [_started_by_pushspec(target, endpoint, env) for endpoint in target.endpoints]
        return [_confirmed(target, endpoint, values, settings, baseline) for endpoint in endpoints]

    log = settings.out / f"{target.name}.log"
    with Process([target.directory / "start"], env=env, cwd=scratch, log=log) as server:
        try:
            server.wait_until_listening(ports, target.ready_timeout)
            if target.ready_http:
                url = fill(target.ready_http, values)
                server.wait_until(lambda: _answers(url), target.ready_timeout, f"no good answer from {url}")
        except NotReady as error:
            reason = f"installed, but not started: {error}"
            return [Outcome(target.name, State.ERROR, reason, details=[server.last_lines()])]
        outcomes = []
        for endpoint in target.endpoints:
            outcomes.append(_confirmed(target, endpoint, values, settings, baseline))
            # A connection is seen to close a moment before the process is seen to have ended.
            if server.wait(0.1) is not None:
                last = outcomes[-1]
                last.state = State.ERROR
                last.reason = f"the target died while it was tested, with status {server.status}; {last.reason}"
                last.details = [server.last_lines()]
                break
        return outcomes


def _started_by_pushspec(target, endpoint, env):
    """The endpoint of a target that pushspec starts, and starts again when it has crashed."""
    command = shlex.join(["exec", "env", *(f"{name}={value}" for name, value in env.items()), str(target.directory / "start")])
    return replace(endpoint, args=(*endpoint.args, "--exec", command, "--exec-timeout", f"{target.ready_timeout:.0f}"))


def _confirmed(target, endpoint, values, settings, baseline):
    """An endpoint that is not as expected is tested again: what is told as unexpected was so twice.

    What was so only once is told as unstable, since a verdict that changes is worth a look of its own.
    """
    aside = _aside(target, endpoint, settings)
    for path in aside.values():
        path.unlink(missing_ok=True)
    first = _test(target, endpoint, values, settings, baseline)
    if first.state is not State.UNEXPECTED:
        return first
    for written, path in aside.items():
        if written.exists():
            path.parent.mkdir(exist_ok=True)
            written.replace(path)
    second = _test(target, endpoint, values, settings, baseline)
    if second.state not in (State.UNEXPECTED, State.AS_EXPECTED):
        return second
    lasting = [line for line in second.details if line in first.details]
    second.state = State.UNEXPECTED if lasting else State.AS_EXPECTED
    changing = [line for line in (*first.details, *second.details) if line not in lasting]
    second.details = [*lasting, *(f"UNSTABLE, once in two runs: {line}" for line in changing)]
    return second


def _aside(target, endpoint, settings):
    """Where what a run writes is kept, so that the second one does not take its place."""
    names = [f"{target.name}.{endpoint.name}.{suffix}" for suffix in ("json", "xml", "txt")]
    return {settings.out / name: settings.out / "first" / name for name in names}


def _test(target, endpoint, values, settings, baseline):
    name = f"{target.name}/{endpoint.name}"
    stem = settings.out / f"{target.name}.{endpoint.name}"
    # A report of an earlier run must not be taken for this one's.
    report_path, junit_path = stem.with_name(stem.name + ".json"), stem.with_name(stem.name + ".xml")
    for path in (report_path, junit_path):
        path.unlink(missing_ok=True)
    command = [settings.pushspec, "test", fill(endpoint.url, values)]
    command += [f"--report=json={report_path}", f"--report=junit={junit_path}"]
    if endpoint.publish_url and settings.stimulus:
        command += ["--publish-url", fill(endpoint.publish_url, values)]
        command += ["--publish-format", endpoint.publish_format] if endpoint.publish_format else []
    if baseline:
        command += ["--baseline", baseline]
    command += [*(fill(argument, values) for argument in endpoint.args), *settings.extra]

    start = time.monotonic()
    with Process(command, env={}, cwd=settings.out, log=stem.with_name(stem.name + ".txt")) as run:
        status = run.wait(settings.timeout)
        seconds = time.monotonic() - start
        tail = run.last_lines()
    if status not in outcome.JUDGED_STATUSES:
        if status is None:
            reason = f"pushspec did not end within {settings.timeout:g} s"
        else:
            reason = f"pushspec ended with status {status} ({outcome.STATUS_MEANINGS.get(status, 'crashed')})"
        return Outcome(name, State.ERROR, reason, seconds=seconds, details=[tail])
    try:
        report = outcome.read_report(report_path)
    except outcome.ReportError as error:
        return Outcome(name, State.ERROR, str(error), seconds=seconds, details=[tail])
    if baseline is None:
        return Outcome(name, State.NOT_JUDGED, totals=report["totals"], seconds=seconds)
    different = outcome.differences(report)
    if status != 0 and not different:
        different = [f"pushspec ended with status {status}, see {stem.name}.txt"]
    state = State.UNEXPECTED if different else State.AS_EXPECTED
    return Outcome(name, state, totals=report["totals"], seconds=seconds, details=different)


def _version(target, values):
    command = [fill(part, values) for part in target.version]
    if not command:
        return "version unknown"
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"version unknown: {error}"
    # Some tools tell their version with a status other than 0, or on the other stream.
    text = result.stdout or result.stderr
    found = re.findall(target.version_pattern, text) if target.version_pattern else text.split("\n")
    return ", ".join(dict.fromkeys(line.strip() for line in found if line.strip())) or "version unknown"


def _answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status < 300
    except (urllib.error.URLError, OSError):
        return False
