"""The archive on the command line: one query language for search, list, export, show, open; what a shell offers."""

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete
from rich.console import Console

from bantin.cli import main
from bantin.found import show_hits
from bantin.settings import Settings
from browse.index.seam import Hit, Marked
from model.url import article_id
from tests.bantin.test_cli import BANTIN, bantin
from tests.records import AT
from tests.sample_archive import MARKET, SECOND

Ask = Callable[..., subprocess.CompletedProcess[str]]
SCRIPTS = Path(sys.executable).parent
MARKET_ID = article_id(MARKET)


@pytest.fixture
def ask(indexed: Settings, tmp_path: Path) -> Ask:
    """Runs a command on the sample archive."""
    environment = {**os.environ, **indexed.environment()}
    return lambda *words: bantin(*words, env=environment, cwd=tmp_path)


def test_search_prints_a_line_an_article_where_there_is_no_terminal(ask: Ask) -> None:
    found = ask("search", "cho", "phien")
    assert found.stdout == f"{MARKET_ID}\t2026-11-21\tkimson\tvi\tChợ phiên dời ngày\n"
    nothing = ask("search", '"cho phien"', "--source", "kimson")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "no article fits\n")
    mistyped = ask("search", "phien", "--source", "kim-son")
    assert mistyped.stderr == 'no article fits\nno article has source:"kim-son"; there are source:"kimson"\n'


def test_search_as_json_and_by_facets(ask: Ask) -> None:
    found = json.loads(ask("search", "phien", "--json", "--since", "2026-11-21", "--language", "vi").stdout)
    assert found["total"] == 1
    assert found["hits"][0]["title"] == {"text": "Chợ phiên dời ngày", "start": 0, "marks": [[4, 9]]}
    assert {"value": "kimson", "count": 1} in found["facets"]["source"]
    assert "source\tkimson\t2" in ask("search", "--facets").stdout.splitlines()
    assert "lang\tvi\t2" in ask("search", "--facets").stdout.splitlines()
    assert ask("search", "phien", "--place", "kim son").stderr == "no article fits\n"


def test_what_is_wrong_with_a_query_is_said_with_exit_code_2(ask: Ask) -> None:
    wrong = ask("search", "is:nothing")
    assert (wrong.returncode, wrong.stderr.startswith("bantin: is:nothing: expected is:changed")) == (2, True)
    assert ask("list", "cho phien", "--as-of", "2026-11-21").returncode == 2
    assert "write is:quarantined in it" in ask("export", "-", "cho", "--quarantined").stderr


def test_a_value_that_the_shell_unquoted_is_one_value(ask: Ask) -> None:
    assert ask("search", "cho", "title:phiên chợ").stderr == ask("search", 'cho title:"phiên chợ"').stderr
    assert ask("search", "cho", "title:phiên dời").stdout == ask("search", 'cho title:"phiên dời"').stdout != ""
    assert ask("search", "title:phiên chợ").stdout.startswith(MARKET_ID)  # alone it is the whole query


def test_list_takes_a_source_or_a_query(ask: Ask) -> None:
    assert len(ask("list", "kimson").stdout.splitlines()) == 3
    assert ask("list", "title:phiên").stdout.startswith(MARKET_ID)
    assert len(ask("list", "source:kimson", "-n", "1").stdout.splitlines()) == 1


def test_export_takes_a_query_beside_its_options(ask: Ask) -> None:
    found = ask("export", "-", "cho", "phien", "--fields", "title", "--all-versions")
    assert [json.loads(line)["title"] for line in found.stdout.splitlines()] == ["Chợ phiên", "Chợ phiên dời ngày"]
    assert found.stderr.endswith("2 articles\n")


def test_an_article_is_named_by_a_query_that_it_alone_fits(ask: Ask) -> None:
    assert ask("cite", "cho phien").stdout.startswith(f"{MARKET_ID}@2026-11-22T")
    assert "{+dời ngày+}" in ask("diff", "cho phien").stdout
    several = ask("show", "source:kimson")
    assert several.returncode == 1
    assert "2 articles fit: give an id, or more words:" in several.stderr
    assert f"\n  {MARKET_ID}  2026-11-21  Chợ phiên dời ngày\n" in several.stderr
    assert "no article fits" in ask("history", "khong co").stderr


def test_without_an_index_queries_alone_are_refused(tmp_path: Path, indexed: Settings) -> None:
    bare = tmp_path / "archive"
    shutil.copytree(indexed.archive, bare, ignore=shutil.ignore_patterns("index"))
    where = ("--archive", bare)
    assert len(bantin("list", "kimson", *where).stdout.splitlines()) == 3
    assert len(bantin("export", "-", *where).stdout.splitlines()) == 2
    for words in (("list", "vung vang"), ("search", "hoi"), ("export", "-", "hoi")):
        refused = bantin(*words, *where)
        assert (refused.returncode, "`bantin index` makes one" in refused.stderr) == (1, True)


def test_hits_on_a_terminal_show_what_was_found_and_no_escape_sequence_of_a_page() -> None:
    title = "Chợ \x1b[2Jphiên"
    hit = Hit(
        id="0123456789abcdef",
        source="kimson",
        run=SECOND,
        url="http://portal.example/",
        title=Marked(title, 0, ((8, 13),)),
        snippet=Marked("một\nchợ", 40, ((44, 47),)),
        lead=None,
        author="Lan\x07",
        section=None,
        language="vi",
        locality="Kim Sơn",
        province=None,
        tags=(),
        published_on=date(2026, 11, 21),
        published_at=None,
        fetched_at=AT,
        image_url=None,
        words=2,
        versions=2,
        removed=0,
        spam=1,
        quarantined=False,
    )
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=100)
    show_hits(console, [hit])
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "Chợ \ufffd[2Jphiên"
    assert (
        lines[1] == "0123456789abcdef  2026-11-21 · kimson · Kim Sơn · Lan\ufffd · vi · 2 versions · injected links: 1"
    )
    assert lines[2] == "một chợ"


@pytest.fixture
def browsing() -> Iterator[int]:
    """A port at which the pages of an archive seem to be served."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"info": {"title": "bantin"}}')

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_open_names_the_page_of_the_one_article_or_of_the_search(ask: Ask) -> None:
    assert ask("open", "--print", "cho", "phien").stdout == f"http://127.0.0.1:8000/articles/{MARKET_ID}\n"
    assert ask("open", "--print", f"{MARKET_ID[:6]}@2026-11-21").stdout.endswith(
        f"/articles/{MARKET_ID}@2026-11-21T00:00:05Z\n"
    )
    assert ask("open", "--print", "source:kimson").stdout == "http://127.0.0.1:8000/search?q=source%3Akimson\n"
    assert ask("open", "--print", "abcdef").returncode == 1


def test_open_hands_the_address_to_the_users_browser(indexed: Settings, browsing: int, tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {shown}\n')
    browser.chmod(0o700)
    environment = {**os.environ, **indexed.environment(), "BROWSER": f"{browser} %s"}
    opened = bantin("open", MARKET_ID, "--port", browsing, env=environment)
    address = f"http://127.0.0.1:{browsing}/articles/{MARKET_ID}\n"
    assert (opened.stdout, shown.read_text()) == (address, address)


def test_open_serves_the_pages_where_nobody_does_until_it_is_interrupted(indexed: Settings, tmp_path: Path) -> None:
    shown, browser = tmp_path / "shown", tmp_path / "browser"
    os.mkfifo(shown)
    browser.write_text(f'#!/bin/sh\necho "$1" > {shown}\n')
    browser.chmod(0o700)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, **indexed.environment(), "BROWSER": f"{browser} %s"}
    command = [*BANTIN, "open", "cho", "phien", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as opened:
        with urllib.request.urlopen(shown.read_text().strip()) as page:
            assert "Chợ phiên dời ngày" in page.read().decode()
        opened.send_signal(signal.SIGINT)
        printed = opened.communicate()[0]
    assert opened.returncode == 0
    assert f"http://127.0.0.1:{port}/articles/{MARKET_ID}" in printed


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        (["rerun"], "kim", ["kimson"]),
        (["crawl"], "demo-p", ["demo-paper", "demo-portal"]),
        (["rerun", "kimson"], "2026", [SECOND, "20261121T000000Z"]),
        (["export", "x.csv", "--source", "kimson", "--run"], SECOND[:8], [SECOND]),
        (["search", "--language"], "", ["vi"]),
        (["search"], "source:k", ["source:kimson"]),
        (["search", "source", ":"], "k", ["kimson"]),
        (["search", "is"], ":", ["changed", "injected", "quarantined", "undated"]),
        (["search", "--"], "-is:q", ["-is:quarantined"]),
        (["search"], "auth", ["author:"]),
        (["search", "author", ":"], "", []),
        (["list"], "kim", ["kimson"]),
        (["search"], "url:x", []),
    ],
)  # fmt: skip
def test_what_a_shell_offers(
    indexed: Settings, monkeypatch: pytest.MonkeyPatch, words: list[str], begun: str, offered: list[str]
) -> None:
    for name, value in indexed.environment().items():
        monkeypatch.setenv(name, value)
    found = ShellComplete(main, {}, "bantin", "_BANTIN_COMPLETE").get_completions(words, begun)
    assert [item.value for item in found] == offered


def test_what_no_archive_can_answer_is_not_offered_and_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ARCHIVE_URL", str(tmp_path))
    monkeypatch.setenv("BANTIN_SOURCES", str(tmp_path / "nothing"))
    complete = ShellComplete(main, {}, "bantin", "_BANTIN_COMPLETE")
    assert complete.get_completions(["search"], "source:") == []
    assert complete.get_completions(["rerun"], "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_a_shell(shell: str) -> None:
    printed = bantin("completion", shell)
    assert printed.returncode == 0
    assert f"_BANTIN_COMPLETE={shell}_complete" in printed.stdout


def test_bash_completes_with_the_script(indexed: Settings) -> None:
    typed = (
        "source <(bantin completion bash); COMP_WORDS=(bantin search source : kim); COMP_CWORD=4; COMP_LINE=x; "
        '_bantin_completion bantin; echo "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, **indexed.environment(), "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", typed], env=environment, capture_output=True, text=True)
    assert done.stdout == "kimson\n", done.stderr
