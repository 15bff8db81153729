"""The command open: a page of the archive in the user's browser."""

import json
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import click

from bantin.commands.asking import index_of, is_id
from bantin.commands.options import console, query_of, settings_of, with_archive
from bantin.completion import complete_words
from bantin.settings import Settings

if TYPE_CHECKING:
    from browse.history.moments import Moment

READY_S = 60
"""So long is a server waited for that was started."""

ASKED_S = 10


@click.command("open", short_help="Open an article's page in the browser.")
@with_archive
@click.argument("words", metavar="ID[@TIME] | QUERY…", nargs=-1, required=True, shell_complete=complete_words)
@click.option(
    "--port", type=click.IntRange(1, 65_535), default=8000, show_default=True, help="That of `bantin browse`."
)
@click.option("--print", "only_print", is_flag=True, help="Print the address, and open nothing.")
def open_(archive: str | None, sources: Path | None, words: tuple[str, ...], port: int, only_print: bool) -> None:
    """Open the page of an article in the browser: of this id, or the only one that fits the query; where several fit,
    the page of the search.

    Where no `bantin browse` runs on this machine, one is started, until Ctrl-C.
    """
    from bantin.browse import Serving, serve

    settings = settings_of(archive, sources)
    path = _path(settings, query_of(words))
    address = f"http://127.0.0.1:{port}{path}"
    if only_print:
        click.echo(address)
    elif _is_served(port):
        _show(address)
    else:
        threading.Thread(target=_show_when_served, args=(port, address), daemon=True).start()
        serve(settings, Serving(port=port), console())


def _path(settings: Settings, text: str) -> str:
    """The page's path. Raises `NoSuchArticle`, `InvalidQuery`, `StorageError`."""
    from browse.errors import NoIndex
    from browse.query import parse_query

    if is_id(text.partition("@")[0]):
        return f"/articles/{_reference(settings, text)}"
    query = parse_query(text)
    try:
        hits = index_of(settings).search(query, limit=2).hits
    except NoIndex:  # the page says so, and how to get one
        hits = []
    return f"/articles/{hits[0].id}" if len(hits) == 1 else f"/search?{urlencode({'q': text})}"


def _reference(settings: Settings, text: str) -> str:
    """The whole id, and the time of the row that is meant, where one was given. Raises `NoSuchArticle`."""
    from browse.history.citations import find
    from browse.history.moments import InvalidTime, parse_reference
    from storage.store import open_store

    moment: Moment | None
    try:
        wanted, moment = parse_reference(text)
    except InvalidTime as err:
        raise click.BadParameter(str(err), param_hint="ID[@TIME]") from err
    found = find(open_store(settings.archive), wanted, moment)
    return found.citation if moment else found.article.id


def _is_served(port: int) -> bool:
    """Whether the pages of an archive are served there. Behind a token they are, too."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=ASKED_S) as answer:
            return bool(json.load(answer)["info"]["title"] == "bantin")
    except urllib.error.HTTPError as err:
        with err:
            return err.code == 401
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _show(address: str) -> None:
    told = address if webbrowser.open(address) else f"{address}\nNo browser could be started: open it yourself."
    click.echo(told)


def _show_when_served(port: int, address: str) -> None:
    """Waits for the server that the main thread starts. Where that cannot start it says why, and the thread ends."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if _is_served(port):
            _show(address)
            return
        time.sleep(0.2)
