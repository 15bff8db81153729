"""The command line. Each command imports what it needs when it runs: Airflow alone takes seconds."""

from typing import Any

import click

from bantin.commands import history
from bantin.commands.alarms import alarms, watch
from bantin.commands.audit import audit
from bantin.commands.browse import browse
from bantin.commands.clean import clean
from bantin.commands.completion import completion
from bantin.commands.crawl import crawl
from bantin.commands.export import export
from bantin.commands.health import health
from bantin.commands.index import index
from bantin.commands.lake import lake
from bantin.commands.opening import open_
from bantin.commands.options import MISTAKE
from bantin.commands.reclean import reclean
from bantin.commands.rerun import rerun
from bantin.commands.search import search
from bantin.commands.source import source
from bantin.commands.up import demo, up
from bantin.commands.verify import copy, verify
from bantin.errors import INTERRUPTED
from bantin.logs import as_json, complain, log_as_json
from bantin.settings import SettingsError
from model.errors import BantinError, SourceError
from storage.without_pandas import block_pandas


class Cli(click.Group):
    """Turns bantin's errors into one message on standard error and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command. 2: a file or setting is wrong; 75: interrupted; 1: anything else."""
        block_pandas()
        try:
            if as_json():
                log_as_json()
            return super().invoke(ctx)
        except (SourceError, SettingsError) as err:
            complain(err, by="")  # each line names its file or variable
            ctx.exit(MISTAKE)
        except BantinError as err:
            from browse.query import InvalidQuery  # it makes tables of letters, which take long at every start

            complain(err)
            ctx.exit(MISTAKE if isinstance(err, InvalidQuery) else 1)
        except KeyboardInterrupt:
            complain("interrupted")
            ctx.exit(INTERRUPTED)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bantin")
def main() -> None:
    """bantin crawls news sites on a schedule, strips each page down to the article, and keeps a readable archive."""


for command in (
    demo,
    up,
    browse,
    health,
    crawl,
    rerun,
    reclean,
    clean,
    source,
    search,
    open_,
    history.list_,
    history.show,
    history.history,
    history.diff,
    history.cite,
    export,
    index,
    lake,
    verify,
    copy,
    audit,
    watch,
    alarms,
    completion,
):
    main.add_command(command)
