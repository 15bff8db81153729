"""Re-clean: present rules over stored captures, looked at before it is written, and gone on with where it broke off."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bantin.clean import clean_part
from bantin.cli import main
from bantin.copying.copy import Outcome, copy
from bantin.publish import publish
from bantin.recleaning.reclean import PRESENT, Preview, Rules, Selection, choose, preview
from bantin.recleaning.rewrite import forget, write
from bantin.settings import CHECKOUT, Settings
from bantin.verifying.findings import Trouble
from bantin.verifying.verify import verify
from model.article import Article
from model.errors import SourceError
from model.report import RunReport
from model.source import Source, dump_source, parse_source
from storage import keys
from storage.directory import DirectoryStore
from storage.reports import read_report
from storage.store import open_store
from storage.tables import encode, read
from tests.servers.site import PAGE
from tests.stored import HOST, a_source, fetch_run, publish_run

RUNS = ("20261101T000000Z", "20261102T000000Z", "20261103T000000Z")
SECOND_SENTENCE = {"rule": "slip", "text": "^Năm nay ban tổ chức .*"}
OLD, NEW = a_source(), a_source(remove=[SECOND_SENTENCE])


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Settings:
    """Three runs of two pages each, published by OLD; the registry says NEW."""
    for number, run in enumerate(RUNS):
        pages = {f"/tin-{n}": PAGE.format(title=f"Hội làng {n}") for n in (number, number + 1)}
        publish_run(settings, OLD, run, pages, tmp_path / "parts")
    return register(replace(settings, sources=tmp_path / "sources"), NEW)


def register(settings: Settings, source: Source) -> Settings:
    settings.sources.mkdir(exist_ok=True)
    (settings.sources / f"{source.id}.yaml").write_text(dump_source(source), "utf-8")
    return settings


def look(settings: Settings, rules: Rules = Rules.CURRENT, **selection: Any) -> Preview:
    return preview(choose(settings, Selection(**selection)), rules, settings)


def reclean(settings: Settings) -> Preview:
    """All of it, as the command does."""
    chosen = choose(settings, Selection())
    made = preview(chosen, Rules.CURRENT, settings)
    made.problems += write(made, settings)
    forget(made, chosen, settings)
    return made


def rows(settings: Settings, run: str = RUNS[0]) -> list[Article]:
    return read(open_store(settings.archive), keys.articles("kimson", run), Article)


def report(settings: Settings, run: str = RUNS[0]) -> RunReport:
    found = read_report(open_store(settings.archive), "kimson", run)
    assert found is not None
    return found


def objects(settings: Settings, *but: str) -> dict[str, bytes]:
    store = open_store(settings.archive)
    return {info.key: store.get(info.key) for info in store.list("") if not info.key.startswith(but or "/")}


def test_what_would_change_is_counted_by_field_and_by_rule_and_nothing_is_written(archive: Settings) -> None:
    before = objects(archive)
    made = look(archive)
    changes = made.changes
    assert (made.runs, len(made.to_write), changes.rows, changes.changed) == (3, 3, 6, 6)
    assert changes.fields == {"text": 6, "html": 6, "removed": 6}
    assert changes.blocks_by_rule() == [("slip", 0, 6)]
    texts = [sample for sample in changes.samples if sample.field == "text"]
    assert [("Năm nay" in one.before, "Năm nay" in one.after) for one in texts] == [(True, False)] * 3
    assert objects(archive, "work/") == {key: data for key, data in before.items() if not key.startswith("work/")}


def test_a_written_run_is_as_if_it_had_been_cleaned_so_from_the_start(archive: Settings) -> None:
    first = report(archive, RUNS[1])
    assert reclean(archive).problems == []
    assert all("Năm nay" not in row.text for run in RUNS for row in rows(archive, run))
    store = open_store(archive.archive)
    written = {run: store.get(keys.articles("kimson", run)) for run in RUNS}
    told = {run: report(archive, run) for run in RUNS}
    assert told[RUNS[1]].removed["slip"] == 2
    assert (told[RUNS[1]].started_at, told[RUNS[1]].articles) == (first.started_at, first.articles)
    for run in RUNS:
        clean_part(keys.raw_part("kimson", run, 1, 1), archive)
        anew = publish("kimson", run, archive)
        assert store.get(keys.articles("kimson", run)) == written[run]
        times = {"finished_at": None, "timings_s": {}}
        assert replace(told[run], **times) == replace(anew, recleaned_at=told[run].recleaned_at, **times)


def test_the_rules_of_a_run_follow_and_the_ones_before_are_kept_with_its_table(archive: Settings) -> None:
    store = open_store(archive.archive)
    old = [store.get(key("kimson", RUNS[0])) for key in (keys.articles, keys.run_source)]
    reclean(archive)
    assert parse_source(store.get(keys.run_source("kimson", RUNS[0])).decode(), "kept") == NEW
    kept = [info.key for info in store.list(keys.superseded_prefix("kimson", RUNS[0]))]
    assert sorted(store.get(key) for key in kept if not key.endswith(".json")) == sorted(old)
    assert len(kept) == 3, "and a note of when"
    assert list(store.list(keys.recleaned_prefix("kimson", RUNS[0]))) == [], "what waited is gone"


def test_how_a_run_was_crawled_stays_as_it_was(archive: Settings) -> None:
    slow = NEW.model_copy(update={"fetch": NEW.fetch.model_copy(update={"delay_s": 30, "encoding": "utf-8"})})
    register(archive, slow.model_copy(update={"schedule": "0 5 * * *"}))
    reclean(archive)
    kept = parse_source(open_store(archive.archive).get(keys.run_source("kimson", RUNS[0])).decode(), "kept")
    assert (kept.clean, kept.fetch.encoding) == (NEW.clean, "utf-8")
    assert (kept.schedule, kept.fetch.delay_s) == (OLD.schedule, OLD.fetch.delay_s)


def test_all_that_the_cleaner_reads_of_a_source_is_taken_from_the_present_file() -> None:
    text = "".join(path.read_text("utf-8") for path in (CHECKOUT / "cleaning").glob("*.py"))
    read_of_it = set(re.findall(r"\bsource\.(?:fetch\.)?(\w+)", text)) - {"fetch"}
    assert {"clean", "encoding", "all_hosts", "language_of"} <= read_of_it
    made_of = {"all_hosts": {"url", "hosts"}, "language_of": {"editions", "languages"}, "encoding": set()}
    assert set().union(*(made_of.get(name, {name}) for name in read_of_it)) <= set(PRESENT)


def test_runs_that_stay_the_same_are_not_touched(archive: Settings) -> None:
    reclean(archive)
    before = objects(archive)
    assert reclean(archive).to_write == []
    assert objects(archive) == before


def test_another_version_of_the_cleaner_alone_is_no_change(archive: Settings) -> None:
    register(archive, OLD)
    older = [replace(row, cleaner_version="bantin 0.0.1") for row in rows(archive)]
    open_store(archive.archive).put(keys.articles("kimson", RUNS[0]), encode(older, Article))
    assert not look(archive).changes


@pytest.mark.parametrize("registered", [True, False])
def test_a_run_may_be_cleaned_by_the_rules_it_keeps(archive: Settings, registered: bool) -> None:
    if not registered:
        (archive.sources / "kimson.yaml").unlink()
    assert not look(archive, Rules.KEPT if registered else Rules.CURRENT).changes


def test_sources_and_times_are_chosen(archive: Settings) -> None:
    def chosen(**selection: Any) -> list[str]:
        return [run for _, run in choose(archive, Selection(**selection))]

    assert chosen(since=keys.run_time(RUNS[1])) == list(RUNS[1:])
    assert chosen(until=keys.run_time(RUNS[1])) == list(RUNS[:2])
    assert chosen(run=RUNS[2], sources=("kimson",)) == [RUNS[2]]
    with pytest.raises(SourceError, match="'hoalu': nothing of it is published: expected a source with articles in"):
        chosen(sources=("hoalu",))


def test_a_mistake_in_the_registry_shows_before_anything_is_cleaned(archive: Settings) -> None:
    (archive.sources / "kimson.yaml").write_text("id: kimson\n")
    with pytest.raises(SourceError, match="name: missing"):
        look(archive)


def test_a_run_that_is_fetched_and_not_published_is_left_alone(archive: Settings, tmp_path: Path) -> None:
    run = "20261104T000000Z"
    fetch_run(archive, OLD, run, {"/tin-9": PAGE.format(title="Mới")}, tmp_path / "parts")
    store = open_store(archive.archive)
    again = asdict(replace(report(archive), state="fetched"))  # its fetch was cleared, and is done
    store.put(keys.report("kimson", RUNS[0]), json.dumps(again, default=str).encode())
    made = look(archive)
    assert (made.unpublished, {one.run for one in made.to_write}) == (1, set(RUNS[1:]))


def flip(data: bytes) -> bytes:
    """One bit of a page's body, near the end of the first response's member."""
    members = [found.start() for found in re.finditer(b"\x1f\x8b\x08", data)]
    at = members[2] - 60
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "a bit": flip,
    "cut short": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "another file": lambda data: b"no WARC" * 1000,
    "zeros": lambda data: data[:600] + bytes(len(data) - 600),
    "gone": lambda data: None,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_run_whose_part_is_damaged_stays_as_it_is_and_the_others_go_on(archive: Settings, kind: str) -> None:
    store, part = open_store(archive.archive), keys.raw_part("kimson", RUNS[1], 1, 1)
    damaged = DAMAGE[kind](store.get(part))
    if damaged is None:
        store.delete([part])
    else:
        store.put(part, damaged)
    before = store.get(keys.articles("kimson", RUNS[1]))
    made = reclean(archive)
    (problem,) = made.problems
    assert (problem.run, part in problem.message) == (RUNS[1], True), problem
    assert store.get(keys.articles("kimson", RUNS[1])) == before
    assert {one.run for one in made.to_write} == {RUNS[0], RUNS[2]}
    assert "Năm nay" not in rows(archive, RUNS[2])[0].text


@pytest.mark.parametrize("key", [keys.captures, keys.articles, keys.run_source, keys.report])
def test_a_run_with_another_damaged_object_is_named_with_it(archive: Settings, key: Callable[[str, str], str]) -> None:
    open_store(archive.archive).put(key("kimson", RUNS[1]), b"\x00damaged")
    made = look(archive)
    (problem,) = made.problems
    assert (problem.run, key("kimson", RUNS[1]) in problem.message) == (RUNS[1], True), problem
    assert len(made.to_write) == 2


def test_rules_that_would_reject_every_article_of_a_run_are_taken_for_a_mistake(archive: Settings) -> None:
    register(archive, a_source(remove=[{"rule": "slip", "text": ".*"}]))
    before = objects(archive, "work/")
    made = reclean(archive)
    assert [one.run for one in made.problems] == list(RUNS)
    assert "every one of its 2 articles would be rejected: http://portal.example/tin-0: " in made.problems[0].message
    assert objects(archive, "work/") == before


def test_rows_that_vanish_or_appear_are_counted_with_the_reason(archive: Settings) -> None:
    only_one = a_source(remove=[{"rule": "slip", "selector": "body:has(h1:contains('Hội làng 0')) p"}])
    register(archive, only_one)
    made = reclean(archive)
    assert made.changes.vanished.total() == 1
    (gone,) = made.changes.vanished_samples
    assert (gone.url, gone.run) == (f"{HOST}/tin-0", RUNS[0])
    assert report(archive).rejections == [
        {"url": gone.url, "kind": gone.reason.split(": ")[0], "detail": gone.reason.split(": ", 1)[1]}
    ]
    register(archive, OLD)
    made = reclean(archive)
    assert (made.changes.appeared, [one.url for one in made.changes.appeared_samples]) == (1, [f"{HOST}/tin-0"])


def test_a_run_loses_no_row_to_a_page_that_hangs(archive: Settings) -> None:
    endless = {"rule": "slip", "text": r"Sáng 12/10, Hội làng 1: (?:\w+\W*)+~"}
    register(archive, a_source(remove=[endless]))
    made = look(replace(archive, page_limit_s=3))
    assert {one.run for one in made.problems} == {RUNS[0], RUNS[1]}
    assert "1 pages that are articles could not be cleaned" in made.problems[0].message


class Interrupted(BaseException):
    """What Ctrl-C or a kill is to the code it ends."""


def test_an_interrupted_re_clean_does_not_clean_again_what_is_done(archive: Settings) -> None:
    done: list[int] = []

    def interrupt(pages: int) -> None:
        done.append(pages)
        if len(done) == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        preview(choose(archive, Selection()), Rules.CURRENT, archive, interrupt)
    again = look(archive)
    assert again.reused >= 2
    assert again.changes.changed == 6
    assert look(archive).reused == 3


def test_other_rules_captures_or_another_cleaner_are_cleaned_anew(
    archive: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(archive)
    assert look(archive).reused == 3
    store, captures = open_store(archive.archive), keys.captures("kimson", RUNS[0])
    store.put(captures, store.get(captures))
    assert look(archive).reused == 2
    monkeypatch.setattr("bantin.recleaning.reclean.cleaner_sha256", lambda: "another")
    assert look(archive).reused == 0
    register(archive, OLD)
    assert look(archive).reused == 0


def test_it_may_be_killed_before_any_put_and_mends_itself(archive: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = DirectoryStore.put, [0]

    def put(self: DirectoryStore, *args: Any, **conditions: Any) -> str:
        if not left[0]:
            raise Interrupted
        left[0] -= 1
        return real(self, *args, **conditions)

    monkeypatch.setattr(DirectoryStore, "put", put)
    start = objects(archive)
    left[0] = 99
    reclean(archive)
    expected = outcome(archive)
    for killed in range(99):
        _reset(archive, start)
        left[0] = killed
        try:
            reclean(archive)
        except Interrupted:
            left[0] = 99
            reclean(archive)
            assert outcome(archive) == expected, f"killed before call {killed + 1}"
        else:
            break
    # A run: two objects in work/; then old rules, rules, report, old articles, a note of when, articles.
    assert killed == 3 * (2 + 6)


def _reset(archive: Settings, start: dict[str, bytes]) -> None:
    root = Path(archive.archive)
    for path in [one for one in root.rglob("*") if one.is_file() and ".tmp" not in one.parts]:
        path.unlink()
    for key, data in start.items():
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(data)


def outcome(archive: Settings) -> dict[str, Any]:
    """The archive, but for when it was made: of notes of when a table was put away, of which tables there are any."""
    found = objects(archive)
    notes = [key for key in found if key.startswith("superseded/") and key.endswith(".json")]
    told = {
        key: {**json.loads(data), "recleaned_at": None, "sha256": None} if key.endswith("report.json") else data
        for key, data in found.items()
        if key not in notes
    }
    return {**told, "noted": {json.loads(found[key])["table"] for key in notes}}


def test_a_run_that_was_published_meanwhile_stays_as_it_is(archive: Settings) -> None:
    made = look(archive)
    store = open_store(archive.archive)
    others = encode([replace(row, title="Của người khác") for row in rows(archive)], Article)
    store.put(keys.articles("kimson", RUNS[0]), others)
    (problem,) = write(made, archive)
    assert (problem.run, "re-clean it once more" in problem.message) == (RUNS[0], True)
    assert store.get(keys.articles("kimson", RUNS[0])) == others
    assert "Năm nay" not in rows(archive, RUNS[1])[0].text


def test_a_back_up_from_before_does_not_undo_it_and_the_next_one_follows(archive: Settings, tmp_path: Path) -> None:
    back_up = archive.override(archive=str(tmp_path / "back-up"))
    list(copy(archive.archive, back_up.archive))
    reclean(archive)
    written = objects(archive, "work/")
    refused = {one.key: one.why for one in copy(back_up.archive, archive.archive) if one.outcome == Outcome.REFUSED}
    assert objects(archive, "work/") == written
    assert {keys.articles("kimson", run) for run in RUNS} <= refused.keys()
    assert all("the target's report is newer" in why for why in refused.values())
    list(copy(archive.archive, back_up.archive))
    assert objects(back_up) == written
    assert [finding for finding in verify(back_up) if not finding.harmless] == []


def test_repair_takes_back_the_rules_of_a_re_clean_that_was_killed_before_its_table(
    archive: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(archive.archive)
    rules = keys.run_source("kimson", RUNS[0])
    before = store.get(rules)
    monkeypatch.setattr("bantin.recleaning.rewrite.describe", killed)
    with pytest.raises(KeyboardInterrupt):
        reclean(archive)
    monkeypatch.undo()
    assert store.get(rules) != before
    assert (rules, Trouble.MISMATCH) in [(finding.key, finding.trouble) for finding in verify(archive)]
    where = ["--archive", archive.archive, "--sources", str(archive.sources)]
    assert CliRunner().invoke(main, ["verify", "--repair", *where]).exit_code == 0
    assert store.get(rules) == before, "as the table that stands there was made"
    assert reclean(archive).problems == []
    assert [finding for finding in verify(archive) if not finding.harmless] == []


def killed(*_: object) -> None:
    raise KeyboardInterrupt
