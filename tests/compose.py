"""Compose files as `docker compose` reads them, as far as ours go: parsed, then interpolated in every string."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).parent.parent
FILE = CHECKOUT / "docker-compose.yml"

# https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<kind>:?[-?])(?P<rest>[^}]*))?\})")


class Required(Exception):  # noqa: N818
    """A variable has no value, and the file says that there must be one."""


def read(path: Path = FILE) -> dict[str, Any]:
    """The file as it is written, with anchors and merges resolved."""
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


def services(environment: Mapping[str, str], path: Path = FILE) -> dict[str, Any]:
    """The services with the values of `environment` in them. Raises `Required`."""
    found: dict[str, Any] = interpolate(read(path)["services"], environment)
    return found


def interpolate(value: Any, environment: Mapping[str, str]) -> Any:
    """`value` with the variables in its strings replaced. Raises `Required`."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _value(found, environment), value)
    if isinstance(value, dict):
        return {key: interpolate(one, environment) for key, one in value.items()}
    return [interpolate(one, environment) for one in value] if isinstance(value, list) else value


def variables(value: Any) -> Iterator[tuple[str, str, str]]:
    """Each variable in the strings of `value`: its name, how it is named (`:-`, `:?` …) and what stands behind that."""
    if isinstance(value, str):
        for found in _VARIABLE.finditer(value):
            if not found["escaped"]:
                yield found["name"], found["kind"] or "", found["rest"] or ""
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from variables(one)


def _value(found: re.Match[str], environment: Mapping[str, str]) -> str:
    if found["escaped"]:
        return "$"
    name, kind = found["name"], found["kind"] or ""
    value = environment.get(name)
    if value or (value is not None and ":" not in kind):
        return value
    if "?" in kind:
        raise Required(f"{name}: {found['rest']}")
    return found["rest"] or ""
