"""Runs every client against the reference servers; the command line of `conformance/clients/run`."""

import argparse
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from zoo import outcome
from zoo.cli import ROOT, USAGE, cache, default_pushspec, end_on_sigterm
from zoo.outcome import Outcome, State
from zoo.process import NotReady, Process
from zoo.session import CANNOT_INSTALL

HERE = Path(__file__).resolve().parent
LISTENING = re.compile(r"^listening on (\S+)$", re.MULTILINE)
MQTT_VERSIONS = ("3.1", "3.1.1", "5.0")


@dataclass(frozen=True)
class Client:
    """A client library or program, and the script that drives it."""

    name: str
    script: str
    # What of `install` it needs.
    needs: str
    # What the servers' URLs it can be given begin with.
    schemes: tuple[str, ...]


CLIENTS = [
    Client("paho-mqtt", "mqtt_paho.py", "python", ("mqtt", "ws")),
    Client("MQTT.js", "mqtt_js.cjs", "node", ("mqtt", "ws")),
    Client("mosquitto_pub/sub", "mqtt_mosquitto.sh", "mosquitto", ("mqtt",)),
    Client("httpx-sse", "sse_httpx.py", "python", ("http",)),
    Client("eventsource", "sse_eventsource.cjs", "node", ("http",)),
    Client("curl", "sse_curl.sh", "curl", ("http",)),
]


def listening(text):
    """The URLs that `pushspec serve` says it listens on."""
    return LISTENING.findall(text)


def arguments_for(url):
    """What the script of a client is called with, each a run of its own, for one server URL."""
    parts = urlsplit(url)
    if parts.scheme == "http":
        base = f"http://{parts.netloc}"
        return [(base + "/events", base + "/publish")]
    return [(url, version) for version in MQTT_VERSIONS]


def main(arguments):
    """Runs the clients one after the other and tells what came of it."""
    options = _options(arguments)
    end_on_sigterm()
    out = options.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for kind, listeners, given in (
        ("mqtt", ["mqtt://127.0.0.1:0", "ws://127.0.0.1:0"], options.mqtt),
        ("sse", ["http://127.0.0.1:0"], options.sse),
    ):
        if given:
            found = _run_clients(given, out, options.timeout)
        elif options.mqtt or options.sse:
            continue
        else:
            found = _with_server(options.pushspec, kind, listeners, out, options.timeout)
        outcomes += found
    print(f"logs: {out}")
    print("\n".join(outcome.closing_lines(outcomes)))
    return outcome.exit_status(outcomes)


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="conformance/clients/run",
        description="Has independent clients do round trips with the reference servers of pushspec.",
        epilog="Ends with 0 when every client that could be installed did its round trips, 1 when one did not, "
        "2 on wrong usage, 77 when no client could be installed.",
    )
    parser.add_argument("--pushspec", type=Path, metavar="PATH", default=default_pushspec(), help="the program (default: the build in target/)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=ROOT / "out" / "clients", help="where logs go (default: out/clients)")
    parser.add_argument("--timeout", type=float, default=120, metavar="S", help="most seconds for one client (default: 120)")
    parser.add_argument("--mqtt", action="append", metavar="URL", help="a running broker to use in place of the reference")
    parser.add_argument("--sse", action="append", metavar="URL", help="a running event server with /events and /publish")
    options = parser.parse_args(arguments)
    options.pushspec = options.pushspec.absolute()
    if not (options.mqtt or options.sse or os.access(options.pushspec, os.X_OK)):
        parser.exit(USAGE, f"error: no program at {options.pushspec}; build it, or name it with --pushspec\n")
    return options


def _with_server(pushspec, kind, listeners, out, timeout):
    command = [pushspec, "serve", kind]
    for listener in listeners:
        command += ["--listen", listener]
    log = out / f"serve.{kind}.log"
    with tempfile.TemporaryDirectory(prefix="zoo-") as scratch, Process(command, env={}, cwd=scratch, log=log) as server:
        try:
            server.wait_until(
                lambda: len(listening(log.read_text(encoding="utf-8", errors="replace"))) == len(listeners),
                20,
                f"it did not say where it listens, {len(listeners)} times",
            )
        except NotReady as error:
            failure = Outcome(f"pushspec serve {kind}", State.ERROR, str(error), details=[server.last_lines()])
            return told([failure])
        outcomes = _run_clients(listening(log.read_text(encoding="utf-8", errors="replace")), out, timeout)
        if server.wait(0.1) is not None:
            reason = f"died with status {server.status} while clients used it"
            outcomes += told([Outcome(f"pushspec serve {kind}", State.ERROR, reason, details=[server.last_lines()])])
        return outcomes


def _run_clients(urls, out, timeout):
    outcomes = []
    for client in CLIENTS:
        runs = [(url, run) for url in urls if urlsplit(url).scheme in client.schemes for run in arguments_for(url)]
        if not runs:
            continue
        refusal = not_installed(client.name, HERE / "install", client.needs, out / f"install.{client.needs}.log")
        if refusal:
            outcomes += told([refusal])
            continue
        for url, run in runs:
            outcomes += told([_run(client, url, run, out, timeout)])
    return outcomes


def not_installed(name, script, needs, log):
    """Runs an install script for what is needed; what came of it, where it is not there afterwards."""
    with Process([script, needs], env={}, cwd=script.parent, log=log) as install:
        status = install.wait(600)
        if status == 0:
            return None
        if status == CANNOT_INSTALL:
            return Outcome(name, State.SKIPPED, install.last_lines(1).strip() or "no reason given")
        return Outcome(name, State.ERROR, f"install ended with status {status}", details=[install.last_lines()])


def checks(log):
    """How many checks a script has told of: it names each in a line of its own."""
    return sum(line.startswith("  ") for line in log.read_text(encoding="utf-8").splitlines())


def _run(client, url, arguments, out, timeout):
    scheme = urlsplit(url).scheme
    name = f"{client.name} {scheme}" + (f" {arguments[1]}" if scheme != "http" else "")
    interpreter = {
        ".py": [cache() / "clients-python" / "bin" / "python"],
        ".cjs": ["node"],
        ".sh": ["bash"],
    }[Path(client.script).suffix]
    env = {"NODE_PATH": str(cache() / "clients-node" / "node_modules"), "PYTHONDONTWRITEBYTECODE": "1"}
    log = out / f"{re.sub('[^0-9A-Za-z.]+', '-', name)}.log"
    start = time.monotonic()
    with Process([*interpreter, HERE / client.script, *arguments], env=env, cwd=out, log=log) as run:
        status = run.wait(timeout)
        seconds = time.monotonic() - start
        if status == 0:
            return Outcome(name, State.AS_EXPECTED, f"{checks(log)} checks", seconds=seconds)
        reason = f"no end within {timeout:g} s" if status is None else f"status {status}"
        return Outcome(name, State.ERROR, reason, seconds=seconds, details=[run.last_lines(25)])


def told(outcomes):
    """Tells each outcome as it comes, and gives them back."""
    for one in outcomes:
        if one.state is State.AS_EXPECTED:
            print(f"passed {one.name}: {one.reason} ({one.seconds:.1f} s)", flush=True)
        else:
            print("\n".join(one.lines()), flush=True)
    return outcomes
