"""Starts a process in a group of its own, knows which ports it holds, and ends the whole group."""

import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

# Below the range from which Linux and others take the ports of outgoing connections.
_PORTS = range(20000, 32000)
_LISTEN = "0A"


class NotReady(Exception):
    """A process did not become ready, and why."""


def free_ports(count):
    """Distinct ports on the loopback address that nothing holds at this moment."""
    chosen = []
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
        chosen.append(port)
        if len(chosen) == count:
            return chosen
    raise NotReady(f"no {count} free ports between {_PORTS.start} and {_PORTS.stop}")


class Process:
    """A child in its own process group."""

    _running = set()

    def __init__(self, command, *, env, cwd, log):
        self.log = log
        with log.open("wb") as output:
            self._child = subprocess.Popen(
                command,
                env={**os.environ, **env},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.add(self)

    @classmethod
    def stop_all(cls):
        """Ends every process that was started and not stopped yet."""
        for process in list(cls._running):
            process.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def status(self):
        """The exit status, or None while it runs."""
        return self._child.poll()

    def wait_until_listening(self, ports, timeout):
        """Waits until this process, not some other, answers on every port."""
        deadline = time.monotonic() + timeout
        for port in ports:
            while not (self._holds(port) and _connects(port)):
                self._pause(deadline, f"port {port} is not served")

    def wait_until(self, condition, timeout, otherwise):
        """Waits until a condition holds while the process lives."""
        deadline = time.monotonic() + timeout
        while not condition():
            self._pause(deadline, otherwise)

    def wait(self, timeout):
        """The exit status once it ended by itself, or None when it did not in time."""
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, patience=10):
        """Asks the group to end, waits for its leader, then forces whatever is left of it."""
        if self._signal(signal.SIGTERM):
            self.wait(patience)
            self._signal(signal.SIGKILL)
        self._child.wait()
        # What the leader left behind ends in its own time, and holds its ports until then.
        deadline = time.monotonic() + patience
        while self._signal(0) and time.monotonic() < deadline:
            time.sleep(0.01)
        self._running.discard(self)

    def _signal(self, number):
        """Sends a signal to the group; false when nothing is left of it."""
        try:
            os.killpg(self._child.pid, number)
        except ProcessLookupError:
            return False
        return True

    def last_lines(self, count=15):
        """The end of what the process printed."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join("    " + line for line in lines[-count:])

    def _pause(self, deadline, otherwise):
        if self.status is not None:
            raise NotReady(f"it ended with status {self.status} before it was ready")
        if time.monotonic() > deadline:
            raise NotReady(otherwise)
        time.sleep(0.02)

    def _holds(self, port):
        inodes = listening_inodes(_read("/proc/net/tcp") + _read("/proc/net/tcp6"), port)
        if not Path("/proc/net/tcp").exists():
            # Elsewhere than on Linux, that the port was free before and answers now must do.
            return True
        return bool(inodes & _sockets_of_group(self._child.pid))


def listening_inodes(table, port):
    """The socket inodes that listen on a port, from the text of /proc/net/tcp or tcp6."""
    inodes = set()
    for line in table.splitlines():
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTEN and fields[1].endswith(f":{port:04X}"):
            inodes.add(fields[9])
    return inodes


def group_of(stat):
    """The process group in the text of /proc/PID/stat. The name in it may hold blanks and brackets."""
    return int(stat.rpartition(")")[2].split()[2])


def _sockets_of_group(group):
    inodes = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if group_of((process / "stat").read_text(errors="replace")) != group:
                continue
            for descriptor in (process / "fd").iterdir():
                link = os.readlink(descriptor)
                if link.startswith("socket:["):
                    inodes.add(link[8:-1])
        except OSError:
            # The process ended while it was looked at.
            continue
    return inodes


def _read(path):
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return ""


def _connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
