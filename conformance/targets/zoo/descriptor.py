"""Reads `target.toml`: what a target is called, where it listens and how to see that it is ready."""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

DESCRIPTOR = "target.toml"
_KEYS = {"title", "version", "version_pattern", "protocols", "ports", "notes", "slow", "crashes", "ready", "endpoint"}
_READY_KEYS = {"http", "timeout"}
_ENDPOINT_KEYS = {"name", "url", "publish_url", "publish_format", "args"}


class DescriptorError(Exception):
    """The descriptor of a target is missing or wrong."""


@dataclass(frozen=True)
class Endpoint:
    """One address of a target, tested by one run of pushspec."""

    name: str
    url: str
    publish_url: str | None
    publish_format: str | None
    args: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """A target as its descriptor tells it; URLs still hold their placeholders."""

    name: str
    directory: Path
    title: str
    version: tuple[str, ...]
    version_pattern: str | None
    protocols: tuple[str, ...]
    ports: tuple[str, ...]
    notes: str
    slow: bool
    crashes: bool
    ready_http: str | None
    ready_timeout: float
    endpoints: tuple[Endpoint, ...]


def fill(template, values):
    """Puts values in the place of `{name}`; any other brace is left as it is."""
    for key, value in values.items():
        template = template.replace("{" + key + "}", str(value))
    return template


def parse(name, directory, text):
    """Makes a `Target` of the text of a descriptor, or says what is wrong with it."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DescriptorError(f"{name}/{DESCRIPTOR}: {error}") from error
    _only(name, table, _KEYS)
    ready = table.get("ready", {})
    _only(name, ready, _READY_KEYS)
    endpoints = tuple(_endpoint(name, entry) for entry in table.get("endpoint", []))
    if not endpoints:
        raise DescriptorError(f"{name}/{DESCRIPTOR}: needs at least one [[endpoint]]")
    if len({endpoint.name for endpoint in endpoints}) != len(endpoints):
        raise DescriptorError(f"{name}/{DESCRIPTOR}: two endpoints have the same name")
    return Target(
        name=name,
        directory=directory,
        title=table.get("title", name),
        version=tuple(table.get("version", ())),
        version_pattern=table.get("version_pattern"),
        protocols=tuple(table.get("protocols", ())),
        ports=tuple(table.get("ports", ())),
        notes=table.get("notes", ""),
        slow=table.get("slow", False) is True,
        crashes=table.get("crashes", False) is True,
        ready_http=ready.get("http"),
        ready_timeout=float(ready.get("timeout", 20)),
        endpoints=endpoints,
    )


def load(directory):
    """Reads the descriptor of the target in a directory."""
    path = directory / DESCRIPTOR
    if not path.is_file():
        raise DescriptorError(f"no target called {directory.name!r}: {path} is missing")
    return parse(directory.name, directory, path.read_text(encoding="utf-8"))


def only_endpoints(target, wanted):
    """The target with only those of its endpoints that are wanted, which may be none."""
    return replace(target, endpoints=tuple(endpoint for endpoint in target.endpoints if endpoint.name in wanted))


def names(root):
    """The names of all targets under a directory, in order."""
    return sorted(path.parent.name for path in root.glob(f"*/{DESCRIPTOR}"))


def _endpoint(name, entry):
    _only(name, entry, _ENDPOINT_KEYS)
    for key in ("name", "url"):
        if not isinstance(entry.get(key), str):
            raise DescriptorError(f"{name}/{DESCRIPTOR}: an endpoint needs the text {key!r}")
    publishing = (entry.get("publish_url"), entry.get("publish_format"))
    return Endpoint(entry["name"], entry["url"], *publishing, tuple(entry.get("args", ())))


def _only(name, table, known):
    unknown = sorted(set(table) - known)
    if unknown:
        raise DescriptorError(f"{name}/{DESCRIPTOR}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
