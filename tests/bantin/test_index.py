"""`bantin index`: whatever happens to runs, the index says what one says that is made from nothing."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import bantin.index
from bantin.cli import main
from bantin.index import LeftOut, NothingThere, bring_up_to_date, refresh
from bantin.lake import refresh as build_lake
from bantin.settings import Settings
from browse.errors import NoIndex
from browse.index.manifest import File
from browse.index.publishing import put_manifest
from browse.query import parse_query
from model.article import Article, SpamLink
from model.report import RunReport, State
from model.source import dump_source
from storage import keys
from storage.reports import write_report
from storage.store import ObjectStore, open_store
from storage.tables import encode, schema_of
from tests.browse.indexed import RUNS, SOURCES, delete, opened, publish, rebuilt, row, told
from tests.stored import a_source

TEXTS = ("một", "hai", "ba")
SPAM = [SpamLink(text="x", url="http://x.example/", rule="bet", hidden=True)]


def some_rows(dice: Random, source: str, run: str) -> list[Article]:
    """Rows of a few of five articles, which both sources may have found; the first may be a spam page."""
    return [
        row(source, run, number, dice.choice(TEXTS), spam=SPAM * dice.randrange(2), quarantined=not dice.randrange(9))
        for number in dice.sample(range(5), dice.randrange(5))
    ]


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_it_is_as_if_made_from_nothing(settings: Settings, seed: int) -> None:
    """Runs come late and anew, lose rows, are damaged and go; the index is brought up to date in between."""
    dice = Random(seed)
    for step in range(14):
        source, run = dice.choice(SOURCES), dice.choice(RUNS)
        match dice.randrange(10):
            case 0:
                delete(settings, source, run)
            case 1:
                open_store(settings.archive).put(keys.articles(source, run), b"PAR1 no more")
            case _:
                publish(settings, source, run, some_rows(dice, source, run))
        if dice.randrange(3):
            bring_up_to_date(settings)
        elif step and not dice.randrange(3):
            with suppress(NothingThere):
                bring_up_to_date(settings, [source])
        if step % 7 == 6:
            bring_up_to_date(settings)
            assert told(opened(settings)) == rebuilt(settings)


def test_a_run_that_is_cleaned_anew_loses_rows_gains_others_and_changes_ids(settings: Settings) -> None:
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một"), row("kimson", RUNS[0], 2, "hai")])
    publish(settings, "kimson", RUNS[1], [row("kimson", RUNS[1], 2, "ba"), row("kimson", RUNS[1], 3, "ba")])
    bring_up_to_date(settings)
    publish(settings, "kimson", RUNS[1], [row("kimson", RUNS[1], 4, "ba")])
    done = bring_up_to_date(settings, ["kimson"])
    assert (done.runs, done.gone, done.articles) == (1, 0, 3)
    index = opened(settings)
    assert [(hit.id[-1], hit.text) for hit in found(index, "hai")] == [("2", "hai")]
    assert [hit.id[-1] for hit in found(index, "ba")] == ["4"]
    assert index.get([f"{2:016x}"])[0].versions == 1


def test_the_newest_row_counts_however_late_its_run_comes(settings: Settings) -> None:
    for run, text in ((RUNS[2], "ba"), (RUNS[0], "một"), (RUNS[1], "hai")):
        publish(settings, "kimson", run, [row("kimson", run, 1, text)])
        bring_up_to_date(settings)
    index = opened(settings)
    (hit,) = found(index, "tin")
    assert (hit.text, hit.run, hit.versions) == ("ba", RUNS[2], 3)
    assert index.runs_of(hit.id) == [("kimson", run) for run in RUNS]
    delete(settings, "kimson", RUNS[2])
    bring_up_to_date(settings)
    assert index.refresh()
    assert [(hit.text, hit.versions) for hit in found(index, "tin")] == [("hai", 2)]


def test_what_changed_last_comes_first(settings: Settings) -> None:
    first = [row("kimson", RUNS[0], number, "một") for number in range(3)]
    publish(settings, "kimson", RUNS[0], first)
    publish(settings, "kimson", RUNS[1], [row("kimson", RUNS[1], 2, "hai"), row("kimson", RUNS[1], 0, "một")])
    publish(settings, "kimson", RUNS[2], [row("kimson", RUNS[2], 1, "hai"), row("kimson", RUNS[2], 2, "hai")])
    bring_up_to_date(settings)
    assert [hit.id[-1] for hit in opened(settings).changed()] == ["1", "2"]


def test_nothing_new_makes_no_generation(settings: Settings) -> None:
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một")])
    assert bring_up_to_date(settings).generation == bring_up_to_date(settings, ["kimson"]).generation == 1
    assert bring_up_to_date(settings, rebuild=True).generation == 2


def test_an_archive_without_runs_has_an_index_of_nothing(settings: Settings) -> None:
    with pytest.raises(NoIndex, match="`bantin index` makes one"):
        opened(settings)
    assert bring_up_to_date(settings).articles == 0
    assert found(opened(settings), "") == opened(settings).catalog.runs() == []


def test_a_source_without_runs_is_a_mistake(settings: Settings) -> None:
    publish(settings, "kimson", RUNS[0], [])
    bring_up_to_date(settings)
    with pytest.raises(NothingThere, match="kimsno: no runs of this source"):
        bring_up_to_date(settings, ["kimson", "kimsno"])


def test_sources_that_are_named_are_the_only_ones_looked_at_within_a_day(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in SOURCES:
        publish(settings, source, RUNS[0], [])
    bring_up_to_date(settings)
    for source in SOURCES:
        publish(settings, source, RUNS[1], [row(source, RUNS[1], 1, "một")])
    assert bring_up_to_date(settings, ["kimson"]).runs == 1
    monkeypatch.setattr(bantin.index, "ALL_AGE", timedelta(0))
    assert bring_up_to_date(settings, ["kimson"]).runs == 1
    assert [entry.rows for entry in opened(settings).catalog.runs(limit=2)] == [1, 1]


def test_a_table_that_cannot_be_read_leaves_the_others_and_is_tried_again(settings: Settings) -> None:
    store = open_store(settings.archive)
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một")])
    publish(settings, "hoa-lu", RUNS[0], [row("hoa-lu", RUNS[0], 2, "hai")])
    whole = store.get(keys.articles("kimson", RUNS[0]))
    store.put(keys.articles("kimson", RUNS[0]), whole[:-20])
    with pytest.raises(LeftOut, match=r"1 tables could not be indexed: articles/src=kimson/.*expected a Parquet table"):
        refresh(settings)
    index = opened(settings)
    assert [hit.id[-1] for hit in found(index, "tin")] == ["2"]
    entry = index.catalog.run("kimson", RUNS[0])
    assert entry
    assert entry.problem
    assert entry.rows == 0
    assert len(bring_up_to_date(settings).problems) == 1
    store.put(keys.articles("kimson", RUNS[0]), whole)
    assert bring_up_to_date(settings).problems == ()
    assert opened(settings).articles == 2


def test_an_id_that_is_none_is_damage(settings: Settings) -> None:
    open_store(settings.archive).put(keys.articles("kimson", RUNS[0]), encode([row_with_id("../../x")], Article))
    assert "rows without id" in bring_up_to_date(settings).problems[0]


def test_a_report_that_cannot_be_read_is_told_and_its_articles_are_there(settings: Settings) -> None:
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một")])
    open_store(settings.archive).put(keys.report("kimson", RUNS[0]), b"{")
    bring_up_to_date(settings)
    index = opened(settings)
    entry = index.catalog.run("kimson", RUNS[0])
    assert entry
    assert (entry.state, entry.rows, index.articles) == ("unreadable", 1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"captures": {"article 200": "many"}},
        {"vanished": [{}]},
        {"waiting": 10**30},
        {"attempts": None},
        {"reason": "\ud800"},
        {"recleaned_at": "9999-12-31T23:59:59-12:00"},
        None,
    ],
)
def test_a_report_of_wrong_values_keeps_no_run_out_of_the_index(
    settings: Settings, wrong: dict[str, Any] | None
) -> None:
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một")])
    store, key = open_store(settings.archive), keys.report("kimson", RUNS[0])
    whole = store.get(key)
    nested = b"[" * 100_000
    store.put(key, json.dumps({**json.loads(whole), **wrong}).encode() if wrong else nested)
    assert bring_up_to_date(settings).articles == 1
    entry = opened(settings).catalog.run("kimson", RUNS[0])
    assert entry
    assert (entry.state, entry.rows, key in (entry.reason or "")) == ("unreadable", 1, True)
    store.put(key, whole)
    bring_up_to_date(settings)
    assert [entry.state for entry in opened(settings).catalog.runs()] == ["published"]


def test_rules_that_no_catalog_can_hold_are_as_those_that_cannot_be_read(settings: Settings) -> None:
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một")])
    rules = dump_source(a_source()).replace("name: Kim Sơn", 'name: "Kim \\ud800"')
    open_store(settings.archive).put(keys.run_source("kimson", RUNS[0]), rules.encode())
    assert bring_up_to_date(settings).articles == 1
    assert [entry.name for entry in opened(settings).catalog.sources()] == ["kimson"]


def test_the_catalog_has_what_reports_rules_and_tables_say(settings: Settings) -> None:
    store = open_store(settings.archive)
    publish(
        settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một"), row("kimson", RUNS[0], 2, "a", author=None)]
    )
    at = keys.run_time(RUNS[1])
    report = RunReport(
        source="kimson",
        run=RUNS[1],
        state=State.FAILED,
        reason="nothing answered",
        started_at=at,
        finished_at=at,
        captures={"article 200": 3, "listing error": 2, "article blocked": 1},
        vanished=[{"url": "http://kimson.example/a", "how": "410"}],
    )
    write_report(store, report)
    store.put(keys.run_source("kimson", RUNS[1]), dump_source(a_source()).encode())
    bring_up_to_date(settings)
    catalog = opened(settings).catalog
    failed, published = catalog.runs("kimson")
    assert (failed.state, failed.reason, failed.captures, failed.errors) == ("failed", "nothing answered", 6, 3)
    assert (published.new, published.rows, published.coverage["author"]) == (2, 2, 0.5)
    assert [(page.url, page.how) for page in catalog.vanished()] == [("http://kimson.example/a", "410")]
    source = catalog.source("kimson")
    assert source
    assert (source.name, source.kind, source.runs) == ("Kim Sơn", "portal", 2)
    delete(settings, "kimson", RUNS[1])
    bring_up_to_date(settings)
    source = opened(settings).catalog.source("kimson")
    assert source
    assert (source.name, source.runs) == ("kimson", 1)


def test_what_the_lake_holds_is_read_from_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    months = ["20200131T000000Z", "20200130T000000Z", "20200229T000000Z"]
    for run in months:
        publish(settings, "kimson", run, [row("kimson", run, number, "một") for number in range(3)])
    build_lake(settings)
    publish(settings, "kimson", months[2], [row("kimson", months[2], 7, "hai")])
    monkeypatch.setattr("browse.index.building.LAKE_FROM", 1)
    read: list[str] = []
    from browse.index import indexing

    monkeypatch.setattr(indexing, "read_part", noted(indexing.read_part, read))
    bring_up_to_date(settings)
    assert sorted(read) == [keys.articles("kimson", months[2]), keys.lake("kimson", "2020-01")]
    from_lake = told(opened(settings))
    monkeypatch.setattr("browse.index.building.LAKE_FROM", 1000)
    assert from_lake == rebuilt(settings)


def test_an_object_of_the_lake_that_is_damaged_is_passed_over(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(
        settings, "kimson", "20200131T000000Z", [row("kimson", "20200131T000000Z", n, "một " * 99) for n in range(9)]
    )
    build_lake(settings)
    path = Path(settings.archive, keys.lake("kimson", "2020-01"))
    data = bytearray(path.read_bytes())
    data[200:1200] = bytes(1000)
    path.write_bytes(data)
    monkeypatch.setattr("browse.index.building.LAKE_FROM", 1)
    assert bring_up_to_date(settings).problems == ()
    assert opened(settings).articles == 9


@pytest.mark.parametrize("processes", [1, 2])
def test_a_table_whose_texts_turn_out_damaged_leaves_everything_as_it_was(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr("browse.index.building.CHUNK", 1)
    monkeypatch.setattr("browse.index.building.SHARED_FROM", 1)
    settings = replace(settings, processes=processes)
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], number, "một") for number in range(5)])
    bring_up_to_date(settings)
    publish(settings, "hoa-lu", RUNS[1], [row("hoa-lu", RUNS[1], 7, "ba")])
    publish(settings, "kimson", RUNS[1], [row("kimson", RUNS[1], number, "hai") for number in range(3, 7)])
    path = Path(settings.archive, keys.articles("kimson", RUNS[1]))
    texts = pq.read_metadata(path).row_group(0).column(schema_of(Article).names.index("text"))
    data = bytearray(path.read_bytes())
    until = texts.data_page_offset + texts.total_compressed_size
    data[until - 4 : until] = b"oops"
    path.write_bytes(data)
    assert "CRC" in bring_up_to_date(settings).problems[0]
    index = opened(settings)
    assert (index.articles, len(found(index, "một")), len(found(index, "ba"))) == (6, 5, 1)
    assert told(index) == rebuilt(settings)


def test_several_processes_make_the_same(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for source in SOURCES:
        for run in RUNS:
            publish(settings, source, run, [row(source, run, number, TEXTS[number % 3]) for number in range(30)])
    bring_up_to_date(settings)
    alone = told(opened(settings))
    monkeypatch.setattr("browse.index.building.CHUNK", 5)
    bring_up_to_date(replace(settings, processes=2), rebuild=True)
    assert told(opened(settings)) == alone
    monkeypatch.setattr("browse.index.building.SHARED_FROM", 1)
    monkeypatch.setattr("browse.index.indexing._TABLES", 2)
    bring_up_to_date(replace(settings, processes=2), rebuild=True)
    assert told(opened(settings)) == alone
    delete(settings, "kimson", RUNS[2])
    bring_up_to_date(replace(settings, processes=2))
    assert told(opened(settings)) == rebuilt(settings)


def found(index: Any, text: str) -> list[Any]:
    """Hits by relevance, with the text of each."""

    class WithText:
        def __init__(self, hit: Any) -> None:
            self.hit = hit
            self.text = hit.snippet.text if hit.snippet else ""

        def __getattr__(self, name: str) -> Any:
            return getattr(self.hit, name)

    return [WithText(hit) for hit in index.search(parse_query(text)).hits]


def row_with_id(article_id: str) -> Article:
    return replace(row("kimson", RUNS[0], 1, "một"), id=article_id)


def noted(read: Callable[..., Any], keys_read: list[str]) -> Callable[..., Any]:
    """`read_part`, with the key of each part noted."""

    def reading(store: ObjectStore, part: Any) -> Any:
        keys_read.append(part.key)
        return read(store, part)

    return reading


def test_a_catalog_that_is_what_was_stored_and_cannot_be_read_is_named(settings: Settings) -> None:
    def says(*words: str) -> tuple[int, str]:
        command = ["index", "--archive", settings.archive, *words]
        done = CliRunner().invoke(main, command, env={"BANTIN_CACHE": str(settings.cache), "BANTIN_PROCESSES": "1"})
        return done.exit_code, done.output

    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một")])
    bring_up_to_date(settings)
    store, manifest, data = open_store(settings.archive), opened(settings).manifest, b"PAR1 nonsense"
    strange = File(hashlib.sha256(data).hexdigest(), len(data))
    store.put(key := keys.index_catalog(strange.sha256), data)
    put_manifest(store, replace(manifest, catalog=strange), manifest.etag)
    for words, before in ((("--check",), "damaged: "), ((), "bantin: ")):
        code, told = says(*words)
        assert (code, f"{before}{key}: " in told) == (1, True), told
        assert "expected a catalog of runs: `bantin index --rebuild` makes it anew" in told
    assert says("--rebuild")[0] == 0
    assert says("--check")[0] == 0


def test_the_command_says_what_it_did_and_what_is_wrong(settings: Settings) -> None:
    def says(*words: str, code: int = 0) -> str:
        command = ["index", "--archive", settings.archive, *words]
        done = CliRunner().invoke(main, command, env={"BANTIN_CACHE": str(settings.cache), "BANTIN_PROCESSES": "1"})
        assert done.exit_code == code, done.output
        return done.output

    assert "has no index yet: `bantin index` makes one" in says("--check", code=1)
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một")])
    assert "1 runs indexed, 0 taken out: 1 articles, 0.0 MB, generation 1" in says()
    assert "nothing to do: 1 articles" in says("kimson")
    assert "whole and up to date: generation 1" in says("--check")
    publish(settings, "kimson", RUNS[1], [row("kimson", RUNS[1], 1, "hai")])
    delete(settings, "kimson", RUNS[0])
    outdated = says("--check", code=1)
    assert f"not indexed as it is now: run {RUNS[1]} of kimson\ngone, and still indexed: run {RUNS[0]}" in outdated
    assert "`bantin index` brings it up to date" in outdated
    assert "1 runs indexed, 1 taken out: 1 articles" in says()
    meta = next(file for name, file in opened(settings).manifest.files.items() if name == "meta.json")
    open_store(settings.archive).delete([keys.index_file(meta.sha256)])
    assert "damaged: index/files/" in (damaged := says("--check", code=1))
    assert "`bantin index --rebuild` makes it anew" in damaged
    assert "generation 3" in says("--rebuild")
    assert "kimsno: no runs" in says("kimsno", code=1)
    assert "expected no other option" in says("--check", "--rebuild", code=2)
