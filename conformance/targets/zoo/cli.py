"""The command line of `conformance/targets/run`."""

import argparse
import contextlib
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from . import descriptor, outcome
from .process import Process
from .session import Settings, test_target

USAGE = 2
TARGETS = Path(__file__).resolve().parent.parent
ROOT = TARGETS.parent.parent


def default_pushspec():
    """The release build, or else the debug build, of this tree."""
    builds = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    release, debug = builds / "release" / "pushspec", builds / "debug" / "pushspec"
    return release if release.exists() or not debug.exists() else debug


def cache():
    """Where what is not a system package is installed."""
    return Path(os.environ.get("PUSHSPEC_CACHE") or ROOT / "target" / "zoo").absolute()


def end_on_sigterm():
    """Lets SIGTERM unwind, so that no target outlives its run."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def parse_arguments(arguments):
    """Splits off what follows `--` for pushspec, and reads the rest."""
    extra = []
    if "--" in arguments:
        split = arguments.index("--")
        arguments, extra = arguments[:split], arguments[split + 1 :]
    parser = argparse.ArgumentParser(
        prog="conformance/targets/run",
        usage="%(prog)s [NAME…] [--all | --short] [options] [-- ARGUMENT…]",
        description="Installs real brokers and servers, starts each on free ports and tests it with pushspec.",
        epilog="What follows -- is handed to `pushspec test`. Ends with 0 when all went as expected, 1 when a verdict "
        "was unexpected or a target or pushspec failed, 2 on wrong usage, 77 when nothing could be tested.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="targets: the directories beside this program")
    parser.add_argument("--all", action="store_true", help="all targets")
    parser.add_argument("--short", action="store_true", help="all targets but those that take long")
    parser.add_argument("--parallel", type=int, metavar="N", default=1, help="test so many targets at the same time (default: 1)")
    parser.add_argument("--list", action="store_true", help="list the targets and end")
    parser.add_argument("--pushspec", type=Path, metavar="PATH", help="the program (default: the build in target/)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=ROOT / "out" / "zoo", help="where reports and logs go (default: out/zoo)")
    parser.add_argument("--endpoint", action="append", metavar="NAME", help="only endpoints of this name; may be repeated")
    parser.add_argument("--timeout", type=float, default=900, metavar="S", help="most seconds for one endpoint (default: 900)")
    parser.add_argument("--no-stimulus", action="store_true", help="event servers: without a way to cause events; goes with --no-baseline")
    judge = parser.add_mutually_exclusive_group()
    judge.add_argument("--baseline", type=Path, metavar="FILE", help="known departures (default: the target's baseline.toml, if there is one)")
    judge.add_argument("--no-baseline", action="store_true", help="report only, judge nothing")
    options = parser.parse_args(arguments)
    options.extra = tuple(extra)
    if options.list:
        return options
    if options.no_stimulus and not options.no_baseline:
        parser.error("--no-stimulus: the baselines are for runs with a stimulus; add --no-baseline")
    if (options.all or options.short) == bool(options.names):
        parser.error("give the names of targets, or --all, or --short")
    if options.parallel < 1:
        parser.error("--parallel: expected a number from 1")
    if options.baseline and len(options.names) != 1:
        parser.error("--baseline goes with exactly one target")
    return options


def load_targets(options):
    """The descriptors of the chosen targets, cut down to the chosen endpoints."""
    names = list(dict.fromkeys(options.names)) or descriptor.names(TARGETS)
    targets = [descriptor.load(TARGETS / name) for name in names]
    if options.short and not options.all:
        targets = [target for target in targets if not target.slow]
    if options.endpoint:
        targets = [descriptor.only_endpoints(target, options.endpoint) for target in targets]
        targets = [target for target in targets if target.endpoints]
        if not targets:
            raise descriptor.DescriptorError(f"no chosen target has an endpoint called {' or '.join(options.endpoint)}")
    return targets


def baseline_of(target, options):
    """The baseline that a target is judged by, or None. What is wrong with it, pushspec tells."""
    path = options.baseline or target.directory / "baseline.toml"
    if options.no_baseline or (not options.baseline and not path.exists()):
        return None
    return path.absolute()


def as_they_end(chosen, settings, parallel):
    """The outcomes of each target, so many of them tested at the same time."""
    pool = ThreadPoolExecutor(parallel)
    # Those with most endpoints take longest: begun first, none of them is left alone at the end.
    longest_first = sorted(chosen, key=lambda pair: len(pair[0].endpoints), reverse=True)
    try:
        ending = as_completed([pool.submit(test_target, target, settings, baseline) for target, baseline in longest_first])
        for future in ending:
            yield future.result()
    finally:
        # After an interruption nothing may go on, nor wait for what goes on.
        pool.shutdown(wait=False, cancel_futures=True)
        Process.stop_all()
        pool.shutdown()


def main(arguments):
    """Runs the chosen targets one after the other and tells what came of it."""
    options = parse_arguments(arguments)
    if options.list:
        print("\n".join(descriptor.names(TARGETS)))
        return 0
    end_on_sigterm()
    pushspec = (options.pushspec or default_pushspec()).absolute()
    try:
        if not os.access(pushspec, os.X_OK):
            raise descriptor.DescriptorError(f"no program at {pushspec}; build it, or name it with --pushspec")
        chosen = [(target, baseline_of(target, options)) for target in load_targets(options)]
    except descriptor.DescriptorError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    out = options.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    settings = Settings(pushspec=pushspec, out=out, cache=cache(), extra=options.extra, timeout=options.timeout, stimulus=not options.no_stimulus)

    outcomes = []
    # Closed whatever happens: an interruption ends what still runs.
    with contextlib.closing(as_they_end(chosen, settings, options.parallel)) as ending:
        for result in (result for results in ending for result in results):
            print("\n".join(result.lines()), flush=True)
            outcomes.append(result)
    print(f"reports and logs: {out}")
    print("\n".join(outcome.closing_lines(outcomes)))
    return outcome.exit_status(outcomes)
