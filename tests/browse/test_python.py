"""The archive from Python: `bantin.open_archive`."""

import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import bantin
from bantin.settings import Settings
from browse.archive import Archive
from browse.errors import MissingLibrary, NoIndex, NoSuchColumn
from browse.reading import NoSuchArticle
from model.article import Article
from model.url import article_id
from storage import keys
from storage.errors import Corrupt
from storage.store import open_store
from tests.sample_archive import FESTIVAL, FIRST, MARKET, SECOND, at, fill

OLD, NEW = "Chợ phiên", "Chợ phiên dời ngày"


@pytest.fixture
def archive(indexed: Settings) -> Archive:
    """The sample, as programs open it."""
    return bantin.open_archive(indexed.archive, cache=indexed.cache)


def titles(articles: object) -> list[str]:
    return [article.title for article in articles]  # type: ignore[attr-defined]


def test_articles_are_the_newest_rows_as_records(archive: Archive) -> None:
    found = list(archive.articles())
    assert all(isinstance(article, Article) for article in found)
    assert titles(found) == ["Lễ hội mùa thu", NEW]
    assert found[0] == archive.article(found[0].id)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"all_versions": True}, ["Lễ hội mùa thu", OLD, NEW]),
        ({"run": FIRST}, ["Lễ hội mùa thu", OLD]),
        ({"quarantined": True}, ["Lễ hội mùa thu", NEW, "Nhà cái"]),
        ({"source": "vung"}, []),
        ({"source": ["kimson", "vung"], "language": "vi", "since": "2026-11-21", "until": date(2026, 11, 21)}, None),
        ({"since": date(2026, 11, 22)}, []),
        ({"language": ["en", "fr"]}, []),
    ],
)
def test_what_is_selected(archive: Archive, chosen: dict[str, object], expected: list[str] | None) -> None:
    wanted = ["Lễ hội mùa thu", NEW] if expected is None else expected
    assert sorted(titles(archive.articles(**chosen))) == sorted(wanted)  # type: ignore[arg-type]


def test_a_query_selects_without_bound_by_its_words_or_fields(archive: Archive) -> None:
    assert titles(archive.articles("cho phien")) == [NEW]
    assert sorted(titles(archive.articles("cho phien", all_versions=True))) == [OLD, NEW]
    assert titles(archive.articles("cho phien", run=FIRST)) == [OLD]
    assert titles(archive.articles("is:quarantined")) == ["Nhà cái"]
    assert titles(archive.articles("thuyen", source="vung")) == []


def test_a_table_has_the_columns_that_are_asked_for(archive: Archive) -> None:
    table = archive.articles(columns=["title", "published_on"]).to_arrow()
    assert table.to_pydict() == {"title": ["Lễ hội mùa thu", NEW], "published_on": [date(2026, 11, 21)] * 2}
    assert archive.articles().to_arrow().schema.names == archive.articles().schema.names
    assert archive.articles(source="vung", columns=["title"]).to_arrow().schema.names == ["title"]
    with pytest.raises(NoSuchColumn, match="titel: no such column: expected some of id, source"):
        archive.articles(columns=["titel"])


def test_polars_pandas_and_dicts_say_the_same(archive: Archive) -> None:
    chosen = archive.articles(columns=["title", "origins", "fetched_at"])
    dicts = list(chosen.to_dicts())
    assert dicts[0]["origins"] == {"title": "selector", "author": "signature"}
    assert dicts[0]["fetched_at"] == at(FIRST)
    assert chosen.to_polars()["title"].to_list() == [row["title"] for row in dicts]
    assert chosen.to_pandas()["fetched_at"].dt.to_pydatetime().tolist() == [row["fetched_at"] for row in dicts]


def test_a_missing_library_is_named_and_so_is_how_to_get_it(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("polars", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingLibrary, match="polars is not installed: `pip install polars`"):
        archive.articles().to_polars()
    with pytest.raises(MissingLibrary, match="pandas is not installed"):
        archive.articles().to_pandas()


def test_a_search_gives_articles_in_its_order_and_what_was_found_in_each(archive: Archive) -> None:
    found = archive.search("hội OR phien", order="newest")
    assert found.total == 2
    assert titles(found) == [NEW, "Lễ hội mùa thu"]
    assert titles(archive.search("hội OR phien", order="oldest")) == ["Lễ hội mùa thu", NEW]
    assert len(archive.search("hội OR phien", limit=1, columns=["id"]).to_arrow()) == 1
    first = next(iter(archive.search("mùa thu").hits()))
    assert first.title.pieces == [("Lễ hội ", False), ("mùa", True), (" ", False), ("thu", True)]


def test_an_article_by_reference_its_history_its_changes_and_its_page(archive: Archive) -> None:
    market = article_id(MARKET)
    assert archive.article(market).title == NEW
    assert archive.article(f"{market}@2026-11-21").title == OLD
    assert [version.newest.title for version in archive.history(market).versions] == [OLD, NEW]
    by_time = archive.diff(market, date(2026, 11, 21), datetime(2026, 11, 23, tzinfo=UTC))
    assert (archive.diff(market).old.title, by_time.new.title) == (OLD, NEW)
    page = archive.raw(archive.article(article_id(FESTIVAL)))
    assert (page.url, page.body.decode()) == (FESTIVAL, "<h1>Lễ hội mùa thu</h1>")
    assert archive.raw(f"{market}@2026-11-21").body.decode() == f"<h1>{OLD}</h1>"
    with pytest.raises(NoSuchArticle):
        archive.article("ffff")


def test_an_open_index_says_in_which_tables_an_article_is(
    indexed: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(indexed.archive, tmp_path / "archive")
    other = keys.articles("kimson", SECOND)  # has no row of the festival
    (tmp_path / "archive" / other).write_bytes(b"rotten")
    archive = bantin.open_archive(tmp_path / "archive", cache=tmp_path / "cache")
    with pytest.raises(Corrupt, match=other):
        archive.history(article_id(FESTIVAL))
    assert archive.article(article_id(FESTIVAL)).title == "Lễ hội mùa thu"
    assert f"{other}: it is damaged or gone, and might say more" in caplog.text
    caplog.clear()
    assert archive.search("mùa thu").total == 1
    assert archive.article(article_id(FESTIVAL)).title == "Lễ hội mùa thu"
    assert caplog.text == ""
    assert len(archive.history(article_id(FESTIVAL)).versions) == 1


def test_sources_and_runs(archive: Archive) -> None:
    assert [(source.id, source.runs) for source in archive.sources()] == [("kimson", 2), ("vung", 1)]
    assert [run.run for run in archive.runs("kimson")] == [SECOND, FIRST]
    assert len(archive.runs()) == 3


def test_only_a_query_needs_an_index(tmp_path: Path) -> None:
    fill(open_store(str(tmp_path / "archive")), tmp_path)
    archive = bantin.open_archive(tmp_path / "archive")
    assert len(archive.articles().to_arrow()) == 2
    with pytest.raises(NoIndex, match="`bantin index` makes one"):
        archive.search("hội")
    with pytest.raises(NoIndex):
        archive.articles("hội").to_arrow()


def test_the_archive_is_the_environments_and_nothing_heavy_is_loaded(tmp_path: Path) -> None:
    code = (
        "import bantin, sys; archive = bantin.open_archive(); print(archive.url);"
        "print([name for name in ('polars', 'pandas', 'scrapy', 'airflow', 'tantivy', 'trafilatura', 'boto3')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.splitlines() == [str(tmp_path / "archive"), "[]"]
