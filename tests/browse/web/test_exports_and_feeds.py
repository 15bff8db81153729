"""A search as a file and as a feed, read back by those who read such things."""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import feedparser
import pyarrow.parquet as pq
import pytest
from anyio.from_thread import start_blocking_portal
from lxml import etree
from starlette.testclient import TestClient
from starlette.types import Message

from browse.exporting import found
from browse.web.app import create_app
from browse.web.pages import exports
from browse.web.settings import WebSettings
from model.article import Article
from storage.tables import schema_of
from tests.browse.library import NEW_TITLE, Library
from tests.browse.web.odd import fill

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Asks an application over odd and hostile records."""
    settings = fill(tmp_path_factory.mktemp("odd"))
    with TestClient(create_app(WebSettings(archive=settings.archive, cache=settings.cache))) as client:
        yield client


def ids_found(client: TestClient, **asked: str) -> set[str]:
    return {hit["id"] for hit in client.get("/search.json", params={"size": 100, **asked}).json()["found"]["hits"]}


def test_csv_has_a_row_an_article_and_all_columns(client: TestClient) -> None:
    answer = client.get("/export", params={"q": "thuyền", "format": "csv"})
    assert answer.content.startswith(codecs.BOM_UTF8)  # else Excel shows mojibake
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert {row["id"] for row in rows} == ids_found(client, q="thuyền") != set()
    assert list(rows[0]) == schema_of(Article).names


def test_csv_runs_no_formula_in_a_spreadsheet(odd: TestClient) -> None:
    text = odd.get("/export?q=hội&format=csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["title"][:3] for row in rows if row["id"].endswith("bb")] == ["'=1"]


def test_jsonl_has_the_newest_text_of_each(client: TestClient, library: Library) -> None:
    lines = client.get("/export", params={"source": "demo-paper", "format": "jsonl"}).text.splitlines()
    rows = {row["id"]: row for row in map(json.loads, lines)}
    assert rows.keys() == ids_found(client, source="demo-paper")
    assert rows[library.edited]["title"] == NEW_TITLE
    assert rows[library.edited]["removed"][0].keys() == {"text", "rule", "path"}


def test_parquet_has_the_archives_own_schema(client: TestClient) -> None:
    data = client.get("/export", params={"lang": "vi", "format": "parquet"}).content
    table = pq.read_table(io.BytesIO(data))
    assert table.schema.remove_metadata() == schema_of(Article).remove_metadata()
    assert set(table["id"].to_pylist()) == ids_found(client, lang="vi")


def test_text_has_head_and_text_of_each_with_a_form_feed_between(client: TestClient) -> None:
    text = client.get("/export", params={"source": "demo-paper", "format": "txt"}).text
    articles = text.split("\f\n")
    assert len(articles) == len(ids_found(client, source="demo-paper"))
    assert all(one.startswith("Title: ") and "\nId: " in one for one in articles)


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet", "txt"])
def test_nothing_found_is_a_whole_file_all_the_same(client: TestClient, format_: str) -> None:
    answer = client.get("/export", params={"q": "nowheretobefound", "format": format_})
    assert answer.status_code == 200
    if format_ == "parquet":
        assert pq.read_table(io.BytesIO(answer.content)).num_rows == 0
    else:
        assert len(answer.text.splitlines()) == (1 if format_ == "csv" else 0)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"q": "Lễ hội Đền", "source": "demo-paper"}, "bantin-le-hoi-den-demo-paper.csv"),
        ({"q": 'x"; filename=evil.exe\r\nSet-Cookie: a=b'}, "bantin-x-filename-evil-exe-set-cookie-a-b.csv"),
        ({"q": "../../etc/passwd"}, "bantin-etc-passwd.csv"),
        ({}, "bantin.csv"),
    ],
)
def test_the_files_name_says_what_was_asked_for(client: TestClient, asked: dict[str, str], name: str) -> None:
    assert (
        exports.filename(asked.get("q", ""), {"source": [asked["source"]]} if "source" in asked else {}, "csv") == name
    )
    if "\r" not in asked.get("q", ""):
        answer = client.get("/export", params=asked)
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


def test_more_than_fits_is_refused_with_advice(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found.stream, "__defaults__", (3,))
    answer = client.get("/export")
    assert answer.status_code == 413
    assert "more than 3 articles" in answer.text
    assert "bantin export" in answer.text


def test_a_query_that_is_none_is_an_error_and_no_file(client: TestClient) -> None:
    answer = client.get("/export", params={"q": '"open'})
    assert answer.status_code == 400
    assert "content-disposition" not in answer.headers
    assert client.get("/export", params={"format": "exe"}).status_code == 422


def test_only_so_many_are_written_at_once(client: TestClient) -> None:
    for _ in range(exports.AT_ONCE):
        assert exports._under_way.acquire(blocking=False)
    try:
        busy = client.get("/export")
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "60")
    finally:
        for _ in range(exports.AT_ONCE):
            exports._under_way.release()
    for _ in range(exports.AT_ONCE + 1):  # each gives its place back, refused ones too
        assert client.get("/export", params={"q": '"open'}).status_code == 400
        assert client.get("/export").status_code == 200


def test_an_export_that_nobody_waits_for_gives_its_place_back(odd: TestClient) -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        """Nobody is there."""

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "GET",
        "path": "/export",
        "query_string": b"",
        "headers": [],
        "client": None,
    }
    for _ in range(exports.AT_ONCE):
        with start_blocking_portal() as portal, suppress(RuntimeError):  # no answer
            portal.call(odd.app, dict(scope), gone, send)
    assert odd.get("/export").status_code == 200


def test_a_feed_is_what_feed_readers_read(client: TestClient, library: Library) -> None:
    feed = feedparser.parse(client.get("/feed.atom", params={"source": "demo-paper"}).content)
    assert not feed.bozo
    assert feed.version == "atom10"
    assert {entry.link.rpartition("/")[2] for entry in feed.entries} == ids_found(client, source="demo-paper")
    edited = next(entry for entry in feed.entries if entry.link.endswith(library.edited))
    assert edited.title == NEW_TITLE
    assert edited.title_detail.language == "vi"
    assert feed.feed.links[0].href == "http://127.0.0.1/feed.atom?source=demo-paper"


def test_ids_of_a_feed_hold_for_ever_and_wherever_it_is_served(client: TestClient) -> None:
    here = etree.fromstring(client.get("/feed.atom").content)
    there = etree.fromstring(client.get("/feed.atom", headers={"Host": "elsewhere.example:81"}).content)
    ids = [[one.text for one in feed.iter(f"{ATOM}id")] for feed in (here, there)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])
    assert all(one.startswith("urn:uuid:") for one in ids[0])
    other = etree.fromstring(client.get("/feed.atom?q=thuyền").content)
    assert other.findtext(f"{ATOM}id") != ids[0][0]


def test_a_feed_has_what_rfc_4287_requires(client: TestClient) -> None:
    root = etree.fromstring(client.get("/feed.atom").content)
    for one in (root, *root.iter(f"{ATOM}entry")):
        assert one.findtext(f"{ATOM}id")
        assert one.findtext(f"{ATOM}title")
        assert datetime.fromisoformat(one.findtext(f"{ATOM}updated") or "").tzinfo
        assert one.findtext(f"{ATOM}author/{ATOM}name")
    assert root.find(f"{ATOM}link[@rel='self']") is not None


def test_what_titles_hold_is_text_in_a_feed(odd: TestClient) -> None:
    answer = odd.get("/feed.atom")
    feed = feedparser.parse(answer.content, sanitize_html=False)
    assert not feed.bozo
    entry = next(one for one in feed.entries if one.link.endswith("bb"))
    assert "<script>alert(1)</script>" in entry.title
    assert "\x1b" not in answer.text
    assert 'xml:lang="vi&quot;' not in answer.text


def test_a_browser_learns_how_to_search_here(client: TestClient) -> None:
    root = etree.fromstring(client.get("/opensearch.xml").content)
    urls = {one.get("type"): one.get("template") for one in root.iter("{*}Url")}
    assert urls["text/html"] == "http://127.0.0.1/search?q={searchTerms}"
    assert 'rel="search"' in client.get("/").text
