"""Ways in that mean harm, name what is nobody's business, or are written in no known hand; and walls before pages."""

import json
import os
import re
import subprocess
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from bantin.errors import FetchFailed
from bantin.fetch import Fetch, committed_captures
from bantin.run import run_source
from bantin.settings import Settings
from demo import DemoWeb, traps, trouble
from demo.markup import TONES
from model.article import Article
from model.capture import Kind
from model.report import RunReport
from model.source import Source, dump_source
from spiders.verdict import CrawlExit
from storage import keys, reports
from storage.store import open_store
from storage.tables import read
from tests.conftest import trouble_source
from tests.servers.site import Answer, serving
from tests.spiders.crawling import RUN, fetch, pages

SITE = "http://trouble.example"
GOOD = "/redirect/0"
AN_HOUR_LATER = "20261122T010000Z"
WALLS = ("/challenge", "/js-cookie", "/captcha")
BOMBS = ("/sitemap-bomb.xml", "/feed-bomb.xml", "/gzip-sitemap-bomb.xml.gz")

# A crawl in a process of its own, whose children are that crawl alone.
MEASURED = """
import json, logging, resource, sys
from pathlib import Path
from bantin.errors import FetchFailed
from bantin.fetch import Fetch
from bantin.settings import Settings
from model.source import parse_source
logging.basicConfig(level=logging.INFO, format="%(message)s")
told, exit_code = "", 0
try:
    Fetch(parse_source(Path(sys.argv[1]).read_text(), "x"), sys.argv[2], Settings.from_environment()).run()
except FetchFailed as err:
    told, exit_code = str(err), err.exit_code
peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps({"told": told, "exit_code": exit_code, "peak_mb": peak_mb}))
"""


def linking_to(web: DemoWeb, *links: str, **changes: Any) -> Source:
    """trouble.example with `links` on its home page, which are its articles: so many of its own go. `changes` are of
    its fetch section."""
    for old, new in zip(trouble.LINKS, links, strict=False):
        web.edit(f"{SITE}/", f'"{old}"', f'"{new}"')
    rules = [f"^{link.removeprefix(SITE)}$" for link in links]
    return Source.model_validate({**trouble_source("/", **changes).model_dump(), "articles": {"allow": rules}})


def report_of(settings: Settings, source: Source) -> RunReport:
    report = reports.read_report(open_store(settings.archive), source.id, RUN)
    assert report is not None
    return report


def measured(source: Source, settings: Settings, folder: Path) -> dict[str, Any]:
    """How a crawl in a process of its own ended: `told`, `exit_code`, `peak_mb`, `log`."""
    file = folder / "source.yaml"
    file.write_text(dump_source(source), "utf-8")
    command = [sys.executable, "-c", MEASURED, str(file), RUN]
    done = subprocess.run(command, env={**os.environ, **settings.environment()}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "log": done.stderr}


def test_bombs_among_the_ways_in_end_quickly_take_no_room_and_are_named(
    web: DemoWeb, settings: Settings, tmp_path: Path
) -> None:
    sitemap, feed, packed = (SITE + path for path in BOMBS)
    discovery = {"sitemaps": [sitemap, packed], "feeds": [feed]}
    source = Source.model_validate({**trouble_source("/").model_dump(), "discovery": discovery})
    began = time.monotonic()
    ended = measured(source, settings, tmp_path)
    assert time.monotonic() - began < 60
    assert ended["peak_mb"] < 400
    assert ended["exit_code"] == CrawlExit.ERRORS
    assert re.search(rf"1 of 3 ways in failed: {re.escape(packed)}: .*grows past 10000000 bytes", ended["told"])
    for url in (sitemap, feed):
        assert re.search(rf"^.*{re.escape(url)}: [01] article addresses", ended["log"], re.MULTILINE), url
    assert {seen.path for seen in web.requests} <= {*BOMBS, "/robots.txt", "/same"}, "what unfolds is no address"
    assert sum(info.size_bytes for info in open_store(settings.archive).list("raw/")) < 1_000_000


def test_a_bomb_that_is_all_there_is_makes_no_green_run(web: DemoWeb, settings: Settings) -> None:
    bomb = SITE + BOMBS[0]
    source = Source.model_validate({**trouble_source("/").model_dump(), "discovery": {"sitemaps": [bomb]}})
    with pytest.raises(FetchFailed, match=f"no article address was found on {re.escape(bomb)}"):
        Fetch(source, RUN, settings).run()


def test_what_leads_into_the_network_or_to_files_is_refused_and_named(web: DemoWeb, settings: Settings) -> None:
    inside = "http://10.0.0.1/tin-noi-bo"
    source = linking_to(web, "/to-private", "/to-file", inside, GOOD, error_tolerance=1)
    rules = {"allow": ["^/to-", "^/tin-noi-bo$", f"^{GOOD}$"]}
    source = Source.model_validate({**source.model_dump(), "articles": rules, "hosts": ["10.0.0.1", "169.254.169.254"]})
    captures = fetch(source, settings)
    assert pages(captures) == {SITE + GOOD}
    assert {seen.host for seen in web.requests} == {"trouble.example"}, "nothing was asked of the others"
    errors = {error["url"]: error["error"] for error in report_of(settings, source).errors}
    assert "refused: 169.254.169.254 is not a public address" in errors[f"{SITE}/to-private"]
    assert "refused: 10.0.0.1 is not a public address" in errors[inside]
    to_file = [c for c in captures if c.url == f"{SITE}/to-file"]
    assert [(c.status, c.location, c.is_page) for c in to_file] == [(302, None, False)]
    assert not [c for c in captures if c.final_url.startswith("file:")]


def with_tones_apart(text: str) -> str:
    """`text` with its tone marks as characters of their own, which is how windows-1258 writes them."""
    spelled = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(mark for mark in parts if mark in TONES)
        spelled.append(unicodedata.normalize("NFC", "".join(part for part in parts if part not in TONES)) + tone)
    return "".join(spelled)


def asked_for(settings: Settings, *lists: tuple[str, str, str]) -> list[str]:
    """The paths of articles that were asked for and captured, each as often as it was asked for.

    Each list has a link, an encoding and a Content-Type. Whatever a list is written in, its links are asked for in
    UTF-8, as https://url.spec.whatwg.org/#url-parsing has it of paths.
    """
    with serving() as site:
        for number, (link, encoding, content_type) in enumerate(lists):
            # What windows-1258 cannot say in one character it says in two, and readers' browsers ask for that.
            spelled = with_tones_apart(link) if encoding == "windows-1258" else link
            body = f'<!DOCTYPE html><html lang="vi"><body><p>Bến Gạo</p><a href="{spelled}">x</a></body></html>'
            body = with_tones_apart(body) if encoding == "windows-1258" else body
            site.answers[f"/list{number}"] = Answer(body.encode(encoding), headers={"Content-Type": content_type})
            for spelling in {quote(link), quote(spelled)}:
                site.page(spelling, link)
        captures = fetch(site.source(*(f"/list{number}" for number in range(len(lists))), error_tolerance=1), settings)
        kept = {url.removeprefix(site.base) for url in pages(captures)}
        asked = [path for path in site.asked.elements() if path.startswith("/a/")]
        return sorted(unicodedata.normalize("NFC", unquote(path)) for path in asked if path in kept)


def test_lists_in_another_encoding_or_in_one_nobody_named_yield_their_vietnamese_links(settings: Settings) -> None:
    festival = ("/a/lễ-hội-đua-thuyền", "windows-1258", "text/html; charset=windows-1258")
    road = ("/a/đường-về-bến-gạo", "utf-8", "text/html")
    assert asked_for(settings, festival, road) == sorted([festival[0], road[0]])


def test_a_list_in_utf_8_that_is_said_to_be_latin_1_yields_its_links(settings: Settings) -> None:
    pump = "/a/trạm-bơm-chống-úng"
    assert asked_for(settings, (pump, "utf-8", "text/html; charset=iso-8859-1")) == [pump]


def test_a_list_in_utf_16_yields_its_links(settings: Settings) -> None:
    sauce = "/a/nước-mắm-cổ-truyền"
    assert asked_for(settings, (sauce, "utf-16", "text/html")) == [sauce]


def test_an_article_that_is_said_to_be_a_file_is_an_article(web: DemoWeb, settings: Settings) -> None:
    source = linking_to(web, "/wrong-type")
    report = run_source(source, settings, RUN)
    assert (report.errors, report.rejections) == ([], [])
    (article,) = read(open_store(settings.archive), keys.articles(source.id, RUN), Article)
    assert (article.title, article.text) == (traps.TITLE, "\n".join(traps.PARAGRAPHS))
    captures = committed_captures(open_store(settings.archive), source.id, RUN) or []
    assert [c.content_type for c in captures if c.is_page] == ["application/octet-stream"]


def test_a_header_that_is_none_costs_no_article(web: DemoWeb, settings: Settings) -> None:
    report = run_source(linking_to(web, "/odd-header"), settings, RUN)
    assert (report.errors, report.articles["new"]) == ([], 1)


def test_walls_are_no_articles_and_are_asked_for_again(web: DemoWeb, settings: Settings) -> None:
    source = linking_to(web, *WALLS, GOOD, error_tolerance=1, revisit_min_h=24)
    report = run_source(source, settings, RUN)
    assert report.captures["article blocked"] == report.blocked == len(WALLS)
    errors = {error["url"].removeprefix(SITE): error["error"] for error in report.errors}
    assert set(errors) == set(WALLS)
    assert all(error.startswith("blocked: ") for error in errors.values())
    assert report.articles["new"] == 1
    with pytest.raises(FetchFailed, match=r"none of 3 article pages is there: .*: blocked: "):
        run_source(source, settings, AN_HOUR_LATER)
    assert {path: web.count(SITE + path) for path in (*WALLS, GOOD)} == {**dict.fromkeys(WALLS, 2), GOOD: 1}


def test_walls_before_lists_are_failures_of_ways_in(web: DemoWeb, settings: Settings) -> None:
    source = trouble_source(*WALLS, GOOD)
    with pytest.raises(FetchFailed, match=r"3 of 4 ways in failed: .*/challenge: blocked: ") as caught:
        Fetch(source, RUN, settings).run()
    assert caught.value.exit_code == CrawlExit.ERRORS
    assert committed_captures(open_store(settings.archive), source.id, RUN) is None
    report = report_of(settings, source)
    assert (report.captures["listing blocked"], report.blocked) == (3, 3)
    assert not [name for name in report.captures if name.startswith(Kind.ARTICLE)]
