"""`bantin source try`: what the next crawl would ask for, and why, without a trace of having looked."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from bantin.display import show_outlook
from bantin.look import Outlook
from bantin.run import run_source
from bantin.settings import Settings
from model.source import Source, dump_source
from tests.servers.site import Answer, Site, serving
from tests.spiders.crawling import RUN

BANTIN = [sys.executable, "-c", "from bantin.cli import main; main()"]
SECRET = "bi-mat-123"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


def try_out(source: Source, settings: Settings, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `bantin source try` on `source`, which is all that its registry holds."""
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources" / f"{source.id}.yaml").write_text(dump_source(source), "utf-8")
    variables = settings.override(sources=folder / "sources").environment()
    return subprocess.run(
        [*BANTIN, "source", "try", source.id],
        env={**os.environ, **variables, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def rows(done: subprocess.CompletedProcess[str], site: Site) -> list[tuple[str, ...]]:
    """Why, kind and path of each row, and the list that names it."""
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return [(why, kind, url.removeprefix(site.base), via) for why, kind, url, via in lines]


def tree(folder: Path) -> dict[str, bytes]:
    """All files below `folder` with what is in them."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_address_is_told_with_the_reason_and_nothing_is_stored(
    site: Site, settings: Settings, tmp_path: Path
) -> None:
    site.list("/list", "/a-good", "/a-broken", "/a-left")
    for path in ("/a-good", "/a-left", "/a-new", "/a-newer"):
        site.page(path, path)
    site.answers["/a-broken"] = Answer("sập", 500)
    source = site.source("/list", max_pages=2, error_tolerance=1)
    run_source(source, settings, RUN)
    site.list("/list", "/a-new", "/a-broken", "/a-left", "/a-good")
    archive, work = Path(settings.archive), settings.work or Path()
    before, asked = (tree(archive), tree(work)), dict(site.asked)
    done = try_out(_with(source, max_pages=10), settings, tmp_path)
    by = f"named by {site.base}/list"
    assert rows(done, site) == [
        ("new", "article", "/a-new", by),
        ("failed before", "article", "/a-broken", by),
        ("left by an earlier run", "article", "/a-left", by),
        ("due", "article", "/a-good", by),
    ]
    assert "site: the next crawl would ask for 1 article: new, 1 article: failed before, " in done.stderr
    assert "asked just now: 1 × listing 200, 1 × robots 404; nothing was stored" in done.stderr
    assert (tree(archive), tree(work)) == before
    more = {path: count - asked[path] for path, count in site.asked.items() if count != asked[path]}
    assert more == {"/list": 1, "/robots.txt": 1}, "lists alone are asked for"

    site.list("/list", "/a-new", "/a-newer", "/a-good")
    done = try_out(_with(source, max_pages=1, revisit_min_h=24 * 365 * 200), settings, tmp_path)
    assert ("a later run: over the budget", "article", "/a-newer", f"{site.base}/list") in [
        (why, kind, path, via.removeprefix("named by ")) for why, kind, path, via in rows(done, site)
    ]
    assert "not asked for: " in done.stderr
    assert "stored raw/" not in done.stderr
    assert (tree(archive), tree(work)) == before


def test_a_source_that_was_never_crawled_is_looked_at_without_making_an_archive(
    site: Site, settings: Settings, tmp_path: Path
) -> None:
    site.list("/list", "/a1", "/a2")
    source = site.source(
        "/list", headers={"X-Token": "${SITE_TOKEN}"}, cookies={"visit": "${SITE_TOKEN}"}, tls={"verify": False}
    )
    done = try_out(source, settings, tmp_path, SITE_TOKEN=SECRET)
    assert [(why, path) for why, _, path, _ in rows(done, site)] == [("new", "/a1"), ("new", "/a2")]
    assert "fetch.tls.verify: false: certificates are not checked" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert not Path(settings.archive).exists()
    assert not (settings.work or Path()).exists()


@pytest.mark.parametrize("broken", ["the only list", "all"])
def test_a_site_that_does_not_answer_is_a_failure_with_its_reason(
    site: Site, settings: Settings, tmp_path: Path, broken: str
) -> None:
    source = site.source("/list")
    if broken == "all":
        source = _with(source, proxy="${SITE_PROXY}")  # nobody listens there
    else:
        site.answers["/list"] = Answer("sập", 500)
    done = try_out(source, settings, tmp_path, SITE_PROXY=f"http://bantin:{SECRET}@127.0.0.1:9")
    assert done.returncode == 1
    reason = "HTTP 500" if broken == "the only list" else "refused"
    assert f"{site.base}/" in done.stderr
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert not Path(settings.archive).exists()


def _with(source: Source, **changes: object) -> Source:
    """The same with `changes` of its fetch section."""
    return source.model_copy(update={"fetch": source.fetch.model_copy(update=changes)})


def test_what_is_counted_is_told_in_the_right_number(capsys: pytest.CaptureFixture[str]) -> None:
    row: dict[str, str | None] = {"kind": "article", "url": "http://portal.example/a", "why": "new", "via": None}
    other = {**row, "why": "due"}
    show_outlook(Console(), "kimson", Outlook([row, row, other], {}, {}, [], []))
    assert "kimson: the next crawl would ask for 2 articles: new, 1 article: due" in capsys.readouterr().err
