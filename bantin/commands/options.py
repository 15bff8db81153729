"""What every command takes, and where its output goes."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bantin.completion import complete_languages, complete_runs, complete_sources
from bantin.settings import Settings
from browse.history.moments import InvalidTime, Moment, parse_moment

if TYPE_CHECKING:
    from rich.console import Console

Command = TypeVar("Command", bound=Callable[..., Any])

MISTAKE = 2
"""Exit code where what the user wrote is wrong; click's own for wrong arguments."""


class Day(click.ParamType[date]):
    """A day: 2026-11-22."""

    name = "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Fails with what was expected."""
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()
        except ValueError:
            self.fail(f"{value!r}: expected a day like 2026-11-22", param, ctx)


class Run(click.ParamType[str]):
    """A run's id: 20261122T000000Z."""

    name = "RUN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Fails with what was expected."""
        from storage.errors import InvalidKey
        from storage.keys import run_time

        try:
            run_time(value)
        except InvalidKey as err:
            self.fail(str(err), param, ctx)
        return str(value)


def with_archive(command: Command) -> Command:
    """Adds --archive and --sources, which every command takes."""
    archive = click.option("--archive", metavar="URL", help="Directory or s3://bucket/prefix. [ARCHIVE_URL, ./archive]")
    sources = click.option(
        "--sources", metavar="DIR", type=click.Path(path_type=Path), help="Folder of source files. [BANTIN_SOURCES]"
    )
    return archive(sources(command))


sources_argument = click.argument("ids", metavar="[SOURCE…]", nargs=-1, shell_complete=complete_sources)
"""Sources by their ids."""

source_argument = click.argument("source_id", metavar="ID", shell_complete=complete_sources)
"""One source by its id."""

sources_option = click.option(
    "--source",
    "ids",
    metavar="ID",
    multiple=True,
    shell_complete=complete_sources,
    help="Of this source; may be repeated. [all]",
)
json_option = click.option("--json", "json_", is_flag=True, help="One JSON object.")
runs_since = click.option("--since", type=Day(), help="Runs of this day (UTC) and later, e.g. 2026-11-22.")
run_option = click.option(
    "--run", type=Run(), shell_complete=complete_runs, help="This run only, e.g. 20261122T000000Z."
)


def with_filters(command: Command) -> Command:
    """Options `--source`, `--language`, `--since` and `--until` for a command on articles."""
    languages = click.option(
        "--language",
        "languages",
        metavar="CODE",
        multiple=True,
        shell_complete=complete_languages,
        help="In this language; may be repeated.",
    )
    since = click.option("--since", type=Day(), help="Published on this day or later, e.g. 2026-11-22.")
    until = click.option("--until", type=Day(), help="Published on this day or earlier.")
    return sources_option(languages(since(until(command))))


_BARE_VALUE = re.compile(r'(-?(?:title|author|section|place|locality|province|tag):)([^":]*\s[^":]*)')


def query_of(words: Sequence[str]) -> str:
    """The query that a command's words are. Of `tôm place:"kim sơn"` the shell takes the quotes away: they are put
    back. A single word is a query as it stands: `'place:kim tôm'`."""
    if len(words) == 1:
        return words[0]
    return " ".join(f'{found[1]}"{found[2]}"' if (found := _BARE_VALUE.fullmatch(word)) else word for word in words)


def settings_of(archive: str | None, sources: Path | None) -> Settings:
    """The environment's settings with what the command line says."""
    return Settings.from_environment().override(archive=archive, sources=sources)


def console(*, stderr: bool = False) -> "Console":
    """Where output goes. Not on a terminal, lines are never folded."""
    from rich.console import Console

    out = Console(stderr=stderr, highlight=False)
    if not out.is_terminal:
        out.width = 10_000
    return out


class Time(click.ParamType[Moment]):
    """A time as a user writes it."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        """Fails with what was expected."""
        try:
            return parse_moment(value)
        except InvalidTime as err:
            self.fail(str(err), param, ctx)
