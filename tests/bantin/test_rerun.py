"""A run that died anywhere, run again: from its last good step, and nothing of today in a run of the past."""

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bantin.clean import clean_part
from bantin.cli import main
from bantin.crawl_all import crawl_all
from bantin.errors import FetchFailed, NoSuchRun, NothingStored, NotReady, PastRun
from bantin.fetch import Fetch, committed_captures
from bantin.publish import publish
from bantin.rerun import choose, complete, rerun
from bantin.run import run_source
from bantin.settings import Settings
from model.article import Article
from model.report import State
from model.source import Source, dump_source
from storage import keys, reports
from storage.directory import DirectoryStore
from storage.errors import LeaseHeld
from storage.lease import Lease
from storage.store import ObjectStore, open_store
from storage.tables import read
from tests.bantin.test_cli import BANTIN, bantin
from tests.servers.scripted import ScriptedSite, scripted, source_of
from tests.servers.site import PAGE, Answer
from tests.waiting import wait_until

OLD, NEW, NEWEST = "20200101T000000Z", "20200102T000000Z", "20200103T000000Z"
FUTURE = "29991231T000000Z"
PAGES = ("/a1", "/a2", "/a3", "/a4")
GONE_WRONG = Answer("", 500)


@pytest.fixture
def site() -> Iterator[ScriptedSite]:
    """A list of four articles."""
    with scripted() as site:
        site.listing("/list", *PAGES)
        site.pages(*PAGES)
        yield site


@pytest.fixture
def source(site: ScriptedSite, settings: Settings, tmp_path: Path) -> Source:
    """The site as a source of the registry: a failed page is one too many."""
    return registered(source_of(f"{site.base}/list", error_tolerance=0), tmp_path)


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, sources=tmp_path / "sources", processes=1)


@pytest.fixture
def store(settings: Settings) -> ObjectStore:
    return open_store(settings.archive)


def registered(source: Source, folder: Path) -> Source:
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources" / f"{source.id}.yaml").write_text(dump_source(source), "utf-8")
    return source


def heal(site: ScriptedSite, *paths: str) -> None:
    for path in paths:
        site.script(path, Answer(PAGE.format(title=path)))


def rows(store: ObjectStore, source: Source, run: str) -> list[str]:
    """The paths of the run's articles, a row each."""
    return [article.url.rpartition("/")[2] for article in read(store, keys.articles(source.id, run), Article)]


def fail(site: ScriptedSite, source: Source, settings: Settings, run: str, *paths: str) -> None:
    """A fetch that is not committed, since it did not get these."""
    for path in paths:
        site.script(path, GONE_WRONG)
    with pytest.raises(FetchFailed):
        Fetch(source, run, settings).run()
    assert committed_captures(open_store(settings.archive), source.id, run) is None


# The newest run: from its last good step


def test_a_fetch_that_was_not_committed_goes_on_with_what_failed_and_says_what_it_had(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore, caplog: pytest.LogCaptureFixture
) -> None:
    fail(site, source, settings, OLD, "/a3")
    heal(site, "/a3")
    outcome = rerun(source.id, None, settings)
    assert (outcome.report.run, outcome.report.state, outcome.report.attempts) == (OLD, State.PUBLISHED, 2)
    assert outcome.done[0] == "a further attempt was crawled"
    assert rows(store, source, OLD) == ["a1", "a2", "a3", "a4"]
    assert [site.asked(path) for path in PAGES] == [1, 1, 2, 1]
    assert "stored by earlier attempts: 3 pages, not asked for again; 1 are asked for again" in caplog.text
    assert "3 of 4 pages were taken from earlier attempts" in caplog.text


def test_a_run_that_died_after_its_fetch_is_cleaned_and_published_without_asking(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    Fetch(source, OLD, settings).run()
    asked = len(site.seen)
    outcome = rerun(source.id, OLD, settings)
    assert outcome.done == ["1 of 1 parts were cleaned, and the run published"]
    assert rows(store, source, OLD) == ["a1", "a2", "a3", "a4"]
    assert len(site.seen) == asked


def test_only_what_is_missing_or_damaged_is_cleaned_again(
    source: Source, settings: Settings, store: ObjectStore
) -> None:
    settings = replace(settings, part_bytes=1)
    parts = Fetch(source, OLD, settings).run()
    assert len(parts) == 4
    for part in parts:
        clean_part(part, settings)
    publish(source.id, OLD, settings)
    whole = store.get(keys.articles(source.id, OLD))
    store.delete([keys.articles(source.id, OLD), keys.work_articles(parts[0])])
    store.put(keys.work_articles(parts[1]), store.get(keys.work_articles(parts[1]))[:-9])
    store.put(keys.work_rejected(parts[2]), b"[{")
    kept, name = store.head(keys.work_articles(parts[3])), parts[3].rpartition("/")[2].removesuffix(".warc.gz")
    assert rerun(source.id, OLD, settings).done == [
        f"3 of 4 parts were cleaned ({name} had been cleaned already), and the run published"
    ]
    assert store.head(keys.work_articles(parts[3])) == kept
    assert store.get(keys.articles(source.id, OLD)) == whole


def test_a_run_that_died_between_its_articles_and_its_report_gets_its_report(
    source: Source, settings: Settings, store: ObjectStore
) -> None:
    report = run_source(source, settings, OLD)
    before = store.get(keys.articles(source.id, OLD))
    reports.write_report(store, replace(report, state=State.FETCHED, articles={}))
    again = rerun(source.id, OLD, settings)
    assert again.done == [
        "0 of 1 parts were cleaned (attempt-1-part-1 had been cleaned already), and the run published"
    ]
    assert (again.report.state, again.report.articles) == (State.PUBLISHED, report.articles)
    assert store.get(keys.articles(source.id, OLD)) == before


def test_a_further_attempt_that_died_after_its_commit_is_not_taken_for_published(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    published = run_source(source, settings, OLD)
    site.listing("/list", *PAGES, "/a5")
    site.pages("/a5")
    Fetch(source, OLD, settings).run()
    reports.write_report(store, published)
    assert rerun(source.id, OLD, settings).done == [
        "1 of 2 parts were cleaned (attempt-1-part-1 had been cleaned already), and the run published"
    ]
    assert rows(store, source, OLD) == ["a1", "a2", "a3", "a4", "a5"]


def test_parts_that_were_cleaned_by_the_rules_of_an_earlier_attempt_are_cleaned_by_those_of_the_run(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore, tmp_path: Path
) -> None:
    run_source(source, settings, OLD)
    assert "Đội giáp Đông" in read(store, keys.articles(source.id, OLD), Article)[0].text
    changed = source.model_dump() | {"clean": {"remove": [{"rule": "winner", "text": "Đội giáp Đông.*"}]}}
    Fetch(registered(Source.model_validate(changed), tmp_path), OLD, settings).run()
    rerun(source.id, OLD, settings)
    assert not [a.url for a in read(store, keys.articles(source.id, OLD), Article) if "Đội giáp Đông" in a.text]


def test_of_a_published_run_nothing_is_done_unless_it_is_to_be_cleaned_again(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    report = run_source(source, settings, OLD)
    before = {info.key: info for info in store.list("")}
    outcome = rerun(source.id, None, settings)
    assert (outcome.report, outcome.done) == (report, [])
    assert {info.key: info for info in store.list("")} == before
    articles = store.get(keys.articles(source.id, OLD))
    asked = len(site.seen)
    assert rerun(source.id, None, settings, clean=True).done == ["1 of 1 parts were cleaned, and the run published"]
    assert store.get(keys.articles(source.id, OLD)) == articles, "the same run: the same keys, and the same bytes"
    assert {info.key for info in store.list("")} == before.keys()
    assert len(site.seen) == asked


# A run of the past


def test_a_past_run_is_made_of_what_its_attempts_stored_and_no_server_is_asked(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    fail(site, source, settings, OLD, "/a3")
    fail(site, source, settings, NEW, "/list")
    heal(site, "/a3")
    site.listing("/list", *PAGES)
    asked = len(site.seen)
    outcome = rerun(source.id, OLD, settings)
    told = f"older than run {NEW}: what its attempts had stored was committed, and no server asked"
    assert len(site.seen) == asked
    assert outcome.done[0] == told
    assert told in outcome.report.warnings
    assert (outcome.report.state, outcome.report.captures) == (
        State.PUBLISHED,
        {"robots 404": 1, "article 200": 3, "article 500": 1},
    )
    assert rows(store, source, OLD) == ["a1", "a2", "a4"]
    assert store.get(keys.run_source(source.id, OLD)).decode() == dump_source(source)
    # Its list does not count as read, and its failure is remembered: the next run lacks nothing.
    run_source(source, settings, NEWEST)
    assert "a3" in rows(store, source, NEWEST)


def test_a_past_run_of_which_no_page_is_stored_says_so_and_is_crawled_where_that_is_asked_for(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    fail(site, source, settings, OLD, "/list")
    fail(site, source, settings, NEW, "/list")
    site.listing("/list", *PAGES)
    asked = len(site.seen)
    with pytest.raises(NothingStored, match=f"`bantin rerun {source.id} {OLD} --fetch` crawls") as caught:
        rerun(source.id, OLD, settings)
    assert not caught.value.retryable
    assert committed_captures(store, source.id, OLD) is None
    assert len(site.seen) == asked
    outcome = rerun(source.id, OLD, settings, fetch=True)
    assert outcome.done[0] == f"a further attempt was crawled, with what is there now: run {NEW} is newer"
    assert rows(store, source, OLD) == ["a1", "a2", "a3", "a4"]


def test_a_past_run_that_was_fetched_is_cleaned_and_stays_as_it_was_fetched(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    Fetch(source, OLD, settings).run()
    captures = store.get(keys.captures(source.id, OLD))
    run_source(source, settings, NEW)
    asked = len(site.seen)
    assert rerun(source.id, OLD, settings).done == ["1 of 1 parts were cleaned, and the run published"]
    assert rows(store, source, OLD) == ["a1", "a2", "a3", "a4"]
    assert store.get(keys.captures(source.id, OLD)) == captures
    assert len(site.seen) == asked


def test_where_work_has_been_emptied_a_past_run_is_committed_by_the_registrys_rules(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    fail(site, source, settings, OLD, "/a3")
    fail(site, source, settings, NEW, "/list")
    store.delete([info.key for info in store.list(keys.work_prefix())])
    with Lease.acquire(store, source.id, run=NEWEST, attempt=1), pytest.raises(LeaseHeld, match=NEWEST):
        rerun(source.id, OLD, settings)
    assert committed_captures(store, source.id, OLD) is None
    rerun(source.id, OLD, settings)
    assert rows(store, source, OLD) == ["a1", "a2", "a4"]
    assert store.get(keys.run_source(source.id, OLD)).decode() == dump_source(source)


def test_a_crawl_into_a_past_run_is_refused_before_anything_is_asked(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    run_source(source, settings, NEW)
    asked, stored = len(site.seen), [info.key for info in store.list("")]
    ((_, outcome),) = crawl_all([source], settings, OLD, 1, lambda *_: None)
    assert isinstance(outcome, PastRun)
    assert f"run {OLD} is older than run {NEW}" in str(outcome)
    assert f"`bantin rerun {source.id} {OLD}` publishes what is stored of it, with --fetch" in str(outcome)
    assert (len(site.seen), [info.key for info in store.list("")]) == (asked, stored)


def test_a_run_whose_time_is_still_to_come_makes_no_other_one_past(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    fail(site, source, settings, FUTURE, "/list")
    site.listing("/list", *PAGES)
    fail(site, source, settings, OLD, "/a3")
    heal(site, "/a3")
    assert rerun(source.id, None, settings).report.run == OLD
    assert "a3" in rows(store, source, OLD)


def test_a_run_that_does_not_exist_is_named_with_some_that_do(source: Source, settings: Settings) -> None:
    with pytest.raises(NoSuchRun, match=r"scripted has no run in .*: `bantin crawl scripted` makes one"):
        rerun(source.id, None, settings)
    Fetch(source, NEW, settings).run()
    with pytest.raises(NoSuchRun, match=f"run {OLD}: scripted has no such run: expected one like {NEW}"):
        rerun(source.id, OLD, settings)


# The runs of some days


def test_of_days_the_runs_that_are_not_published_are_repaired_and_one_that_cannot_be_keeps_none_waiting(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    fail(site, source, settings, OLD, "/list")
    site.listing("/list", *PAGES)
    Fetch(source, NEW, settings).run()
    run_source(source, settings, NEWEST)
    asked = len(site.seen)
    assert choose(settings) == [(source.id, OLD), (source.id, NEW), (source.id, NEWEST)]
    assert choose(settings, [source.id], since=date(2020, 1, 2), until=date(2020, 1, 2)) == [(source.id, NEW)]
    named = ("--archive", settings.archive, "--sources", settings.sources)
    done = bantin("rerun", *named, source.id, "--since", "2020-01-01", "--until", "2020-01-03", "--failed")
    assert done.returncode == 1
    assert f"bantin: {source.id}, run {OLD}: run {OLD} of {source.id} is older than run {NEWEST}" in done.stderr
    assert done.stderr.endswith("bantin: 1 of 2 runs are whole\n")
    assert rows(store, source, NEW) == ["a1", "a2", "a3", "a4"]
    assert len(site.seen) == asked
    looked_at: list[tuple[int, int]] = []
    found = choose(settings, failed=True, on_done=lambda done, of: looked_at.append((done, of)))
    assert (found, looked_at) == ([(source.id, OLD)], [(1, 3), (2, 3), (3, 3)])
    with pytest.raises(NoSuchRun, match="hoalu has no run"):  # mistyped: not "0 of 0 runs are whole"
        choose(settings, [source.id, "hoalu"], failed=True)


def test_a_report_that_cannot_be_read_keeps_no_other_run_waiting(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    site.listing("/list", *PAGES)
    for run in (OLD, NEW):
        run_source(source, settings, run)
    store.put(keys.report(source.id, OLD), b"{")
    store.delete([keys.articles(source.id, NEW)])
    assert choose(settings, failed=True) == [(source.id, OLD), (source.id, NEW)]
    done = bantin("rerun", "--archive", settings.archive, "--sources", settings.sources, "--failed")
    assert done.returncode == 1
    assert keys.report(source.id, OLD) in done.stderr
    assert store.head(keys.articles(source.id, NEW))


def test_where_nothing_is_missing_it_is_said_whose_runs_were_looked_at(
    site: ScriptedSite, source: Source, settings: Settings, tmp_path: Path
) -> None:
    site.listing("/list", *PAGES)
    run_source(source, settings, NEW)
    where = ("--archive", settings.archive, "--failed")
    whole = bantin("rerun", *where, "--sources", settings.sources)
    assert (whole.returncode, whole.stderr) == (0, "bantin: nothing to repair: 1 of 1 runs are whole\n")
    none = bantin("rerun", *where, "--sources", settings.sources, "--since", "2020-02-01")
    assert (none.returncode, none.stderr) == (0, "bantin: nothing to repair: there is no run of these days\n")
    elsewhere = tmp_path / "others"
    elsewhere.mkdir()
    other = bantin("rerun", *where, "--sources", elsewhere)
    assert other.returncode == 0
    assert f"since {elsewhere} has no files of them: the runs of {source.id}: name them, or give" in other.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name a source, or days"),
        (("kimson", OLD, "--since", "2020-01-01"), "name either a run, or days"),
        (("kimson", "--failed", "--fetch"), "--fetch is for one run"),
        (("kimson", "hoalu", "giavien"), "of several sources only days"),
        (("kimson", "hoalu"), "expected a run like"),
    ],
)
def test_what_could_be_meant_in_two_ways_is_refused(words: tuple[str, ...], told: str) -> None:
    done = CliRunner().invoke(main, ["rerun", *words])
    assert done.exit_code == 2
    assert told in done.output


# What Airflow's tasks do when they are cleared


def test_publish_cleared_after_its_parts_have_been_swept_cleans_them_and_writes_the_same(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    with pytest.raises(NotReady, match="expected the run to have been fetched"):
        complete(source.id, OLD, settings)
    run_source(source, settings, OLD)
    before, asked = store.get(keys.articles(source.id, OLD)), len(site.seen)
    store.delete([info.key for info in store.list(keys.work_prefix())])
    assert complete(source.id, OLD, settings).state == State.PUBLISHED
    assert store.get(keys.articles(source.id, OLD)) == before
    assert len(site.seen) == asked


def test_publishing_is_one_put_and_the_report_comes_after_it(
    source: Source, settings: Settings, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in Fetch(source, OLD, settings).run():
        clean_part(part, settings)
    written: list[str] = []
    put = DirectoryStore.put

    def noted(self: DirectoryStore, key: str, *data: Any, **conditions: Any) -> str:
        written.append(key)
        return put(self, key, *data, **conditions)

    monkeypatch.setattr(DirectoryStore, "put", noted)
    publish(source.id, OLD, settings)
    assert written == [keys.articles(source.id, OLD), keys.report(source.id, OLD)]


# The command


def test_the_command_says_what_was_done_and_when_nothing_was(
    site: ScriptedSite, source: Source, settings: Settings
) -> None:
    fail(site, source, settings, OLD, "/a3")
    heal(site, "/a3")
    run_source(source, settings, NEW)
    named = ("--archive", settings.archive, "--sources", settings.sources)
    done = bantin("rerun", *named, source.id, OLD)
    assert done.returncode == 0, done.stderr
    assert f"run {OLD}" in done.stdout
    assert f"  older than run {NEW}: what its attempts had stored was committed, and no server asked" in done.stdout
    assert "  1 of 1 parts were cleaned, and the run published" in done.stdout
    done = bantin("rerun", *named, source.id)
    assert f"nothing is missing, and nothing was done; `bantin rerun {source.id} {NEW} --clean`" in done.stdout
    done = bantin("crawl", *named, source.id, "--run", OLD)
    assert done.returncode == 1
    assert f"bantin: {source.id}: run {OLD} is older than run {NEW}" in done.stderr
    assert bantin("rerun", *named, source.id, "yesterday").returncode == 2


def test_an_interrupted_command_says_how_to_go_on(
    site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    fail(site, source, settings, OLD, "/a3")
    heal(site, "/a3")
    site.delays_s["/a3"] = 20
    named = ["--archive", settings.archive, "--sources", str(settings.sources)]
    command = [*BANTIN, "rerun", *named, source.id, "--fetch"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: process.poll() is not None or site.asked("/a3") == 2, seconds=90)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 75, told
    assert told.splitlines()[-1].endswith(f"from what is stored: bantin rerun {source.id} {OLD} --fetch")
    site.delays_s.clear()
    assert rerun(source.id, OLD, settings).report.attempts == 3
    assert rows(store, source, OLD) == ["a1", "a2", "a3", "a4"]


@pytest.mark.parametrize("past", [False, True])
def test_a_published_run_whose_captures_are_gone_is_not_fetched_into(
    past: bool, site: ScriptedSite, source: Source, settings: Settings, store: ObjectStore
) -> None:
    run_source(source, settings, NEW)
    if past:
        run_source(source, settings, NEWEST)
    articles, asked = store.get(keys.articles(source.id, NEW)), sum(map(site.asked, PAGES))
    store.delete([keys.captures(source.id, NEW)])
    for fetch in (False, True):
        with pytest.raises(NotReady, match=f"bantin verify {source.id} --run {NEW} --repair"):
            rerun(source.id, NEW, settings, fetch=fetch)
    assert (store.get(keys.articles(source.id, NEW)), sum(map(site.asked, PAGES))) == (articles, asked)
    assert CliRunner().invoke(main, ["verify", "--archive", settings.archive, "--repair"]).exit_code == 0
    assert rerun(source.id, NEW, settings).done == []
