"""Runs of which new rules reject every article: emptied where that is plausible or asked for, else left as they are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bantin.recleaning.emptied import FEW, may_all_be_emptied
from bantin.recleaning.reclean import Preview, Rules, Selection, choose, preview
from bantin.recleaning.rewrite import forget, write
from bantin.recleaning.show_changes import summary
from bantin.rerun import rerun
from bantin.settings import Settings
from bantin.verifying.verify import verify
from model.article import Article
from model.source import Source, dump_source
from storage import keys
from storage.inventory import inventory
from storage.replaced import names_in
from storage.reports import read_report, write_report
from storage.store import open_store
from storage.tables import read
from tests.bantin.test_cli import bantin
from tests.bantin.test_verify import repaired
from tests.servers.site import PAGE
from tests.stored import a_source, publish_run

RUNS = [f"202611{day:02}T000000Z" for day in range(1, 12)]
ONE = {"rule": "gallery", "selector": "body:has(h1:contains('Ảnh')) p"}
"""It takes the text of the first run's page."""
ALL = {"rule": "gallery", "text": ".*"}


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Settings:
    """Eleven runs of a page each: the first is one of pictures."""
    for number, run in enumerate(RUNS):
        title = f"Hội làng {number}" if number else "Ảnh"
        publish_run(settings, a_source(), run, {f"/tin-{number}": PAGE.format(title=title)}, tmp_path / "parts")
    return register(replace(settings, sources=tmp_path / "sources"), a_source(remove=[ONE]))


def register(settings: Settings, source: Source) -> Settings:
    settings.sources.mkdir(exist_ok=True)
    (settings.sources / "kimson.yaml").write_text(dump_source(source), "utf-8")
    return settings


def reclean(settings: Settings, *, allow_empty: bool = False, **selection: Any) -> Preview:
    chosen = choose(settings, Selection(**selection))
    made = preview(chosen, Rules.CURRENT, settings, allow_empty=allow_empty)
    made.problems += write(made, settings)
    forget(made, chosen, settings)
    return made


def counts(settings: Settings) -> list[int]:
    store = open_store(settings.archive)
    return [len(read(store, keys.articles("kimson", run), Article)) for run in RUNS]


def test_a_small_run_among_many_is_emptied_and_its_table_kept(archive: Settings) -> None:
    made = reclean(archive)
    assert (made.problems, made.emptied, made.changes.vanished.total()) == ([], 1, 1)
    assert "1 of the runs lose every article" in summary(made)
    assert counts(archive) == [0] + [1] * 10
    assert len(names_in(open_store(archive.archive), "kimson", RUNS[0])) == 2, "the table and the rules from before"
    report = read_report(open_store(archive.archive), "kimson", RUNS[0])
    assert report is not None
    assert (report.state, sum(report.rejected.values())) == ("published", 1)
    assert [one for one in verify(archive) if not one.harmless] == []
    assert not reclean(archive).changes, "nothing is left to do"


def test_looked_at_alone_it_is_taken_for_a_mistake_unless_somebody_says_so(archive: Settings) -> None:
    (problem,) = reclean(archive, run=RUNS[0]).problems
    assert "every one of its 1 articles would be rejected" in problem.message
    assert "--allow-empty, or may_be_empty: true" in problem.message
    assert counts(archive) == [1] * 11
    assert reclean(archive, run=RUNS[0], allow_empty=True).problems == []
    assert counts(archive) == [0] + [1] * 10


def test_the_registrys_word_counts_that_a_run_may_be_empty(archive: Settings) -> None:
    register(archive, a_source(remove=[ONE]).model_copy(update={"may_be_empty": True}))
    made = reclean(archive, run=RUNS[0])
    assert (made.problems, made.emptied) == ([], 1)
    assert counts(archive)[0] == 0


def test_a_rule_that_rejects_everything_empties_nothing(archive: Settings) -> None:
    register(archive, a_source(remove=[ALL]))
    assert [one.run for one in reclean(archive).problems] == RUNS
    assert counts(archive) == [1] * 11


@pytest.mark.parametrize(
    ("emptied", "rows", "allowed"),
    [
        ([], 0, True),
        ([1], 10, True),
        ([1], 9, False),
        ([1, 1], 19, False),
        ([FEW], 10 * FEW, True),
        ([FEW + 1], 1000, False),
    ],
)
def test_few_articles_of_many_may_go(emptied: list[int], rows: int, allowed: bool) -> None:
    assert may_all_be_emptied(emptied, rows) is allowed


def test_the_command_tells_of_it_and_takes_the_word(archive: Settings) -> None:
    words = ["reclean", "--archive", archive.archive, "--sources", str(archive.sources), "--run", RUNS[0]]
    looked = bantin(*words, "--dry-run")
    assert (looked.returncode, "--allow-empty" in looked.stderr) == (1, True), looked.stderr
    looked = bantin(*words, "--dry-run", "--allow-empty")
    assert (looked.returncode, "1 of the runs lose every article" in looked.stdout) == (0, True), looked.stdout
    assert counts(archive)[0] == 1
    assert bantin(*words, "--yes", "--allow-empty").returncode == 0
    assert counts(archive)[0] == 0


def test_the_table_of_an_emptied_run_is_made_anew_where_it_is_lost(archive: Settings) -> None:
    assert reclean(archive, run=RUNS[0], allow_empty=True).emptied == 1
    store = open_store(archive.archive)
    table = store.get(keys.articles("kimson", RUNS[0]))
    rerun("kimson", RUNS[0], archive, clean=True)
    assert store.get(keys.articles("kimson", RUNS[0])) == table, "nor does a re-run call it a failure"
    report = store.get(keys.report("kimson", RUNS[0]))
    store.delete([keys.articles("kimson", RUNS[0])])
    code, said = repaired(archive)
    assert (code, "all is as it was stored" in said) == (0, True), said
    assert (store.get(keys.articles("kimson", RUNS[0])), store.get(keys.report("kimson", RUNS[0]))) == (table, report)


def test_a_repair_that_todays_cleaner_fails_leaves_the_report_that_tells_of_the_loss(archive: Settings) -> None:
    store = open_store(archive.archive)
    store.put(keys.run_source("kimson", RUNS[1]), dump_source(a_source(remove=[ALL])).encode())
    described = read_report(store, "kimson", RUNS[1])
    assert described is not None
    objects = inventory(store, "kimson", RUNS[1], described.objects)
    write_report(store, replace(described, objects=objects))
    report = store.get(keys.report("kimson", RUNS[1]))
    store.delete([keys.articles("kimson", RUNS[1])])
    for _ in range(2):
        code, said = repaired(archive)
        assert (code, "every one of 1 article pages was rejected" in said) == (1, True), said
        assert store.get(keys.report("kimson", RUNS[1])) == report
