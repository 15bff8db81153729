"""A source is paused, resumed, retired and brought back: in its file as somebody wrote it, and for readers."""

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from bantin.cli import main
from bantin.errors import NotReady
from bantin.registering import files
from bantin.registering.changes import pause, resume, retire
from bantin.registry import find_source, load_registry, load_retired
from bantin.settings import Settings
from model.errors import SourceError
from model.report import RunReport, State
from model.source import load_source
from storage import keys, reports
from storage.errors import LeaseHeld
from storage.lease import Lease
from storage.notices import read_notice
from storage.store import open_store
from tests.records import AT, RUN

WRITTEN = """# Kim Sơn: its own words, and its own order
schedule: '0 5 * * *'   # before work
id: "kimson"
kind: portal
url: http://portal.example/
name: Kim Sơn
languages: [vi]
discovery: {listings: [{url: http://portal.example/}]}
articles:
  allow:
    - ^/.   # all of it
"""


WRITTEN_IN_ONE_LINE = (
    *("id: kimson", "name: a", "url: 'http://a.example/'", "kind: portal", "languages: [vi]", "schedule: 0 0 * * *"),
    *("discovery: {feeds: ['http://a.example/f']}", "articles: {allow: [x]}"),
)


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "kimson.yaml").write_text(WRITTEN, "utf-8")
    return settings.override(sources=tmp_path / "sources")


@pytest.fixture
def path(settings: Settings) -> Path:
    return settings.sources / "kimson.yaml"


# Pausing and resuming: one line of the file


def test_pausing_adds_a_line_with_a_note_above_and_leaves_all_else(settings: Settings, path: Path) -> None:
    told = pause(settings.sources, "kimson", until=date(2026, 12, 24), reason="the site\nmoves: ask Mai")
    text = path.read_text("utf-8")
    assert text.startswith(WRITTEN)
    note = files.note_of(path)
    assert note is not None
    assert note.endswith(" until 2026-12-24: the site moves: ask Mai")
    assert text.removeprefix(WRITTEN) == f"# {note}\nenabled: false\n"
    assert note in told
    assert not load_source(path).enabled
    assert resume(settings, "kimson") == "kimson is crawled again"
    assert path.read_text("utf-8") == WRITTEN


def test_pausing_a_paused_source_says_so_and_changes_nothing(settings: Settings, path: Path) -> None:
    pause(settings.sources, "kimson", reason="moves")
    before = path.read_text("utf-8")
    assert pause(settings.sources, "kimson").startswith("kimson is paused already: paused ")
    assert path.read_text("utf-8") == before
    pause(settings.sources, "kimson", reason="another reason")
    (note,) = [line for line in path.read_text("utf-8").splitlines() if "paused" in line]
    assert note.endswith(": another reason")


@pytest.mark.parametrize(
    "line",
    ["enabled: true", "enabled: true  # till the merger", "'enabled':   yes", "enabled: on\r", "enabled: true # a"],
)
def test_resuming_gives_back_the_line_that_stood_there(settings: Settings, path: Path, line: str) -> None:
    written = WRITTEN.replace("kind:", f"{line}\nkind:")
    path.write_bytes(written.encode())
    pause(settings.sources, "kimson", reason="moves")
    assert resume(settings, "kimson") == "kimson is crawled again"
    for word in ("yes", "on"):
        written = written.replace(f" {word}\n", " true\n").replace(f" {word}\r", " true\r")
    assert path.read_bytes().decode() == written
    assert resume(settings, "kimson") == "kimson is not paused"


@pytest.mark.parametrize(
    "text",
    [
        "{" + ", ".join(WRITTEN_IN_ONE_LINE) + "}\n",
        "".join(f"  {line}\n" for line in WRITTEN.splitlines()),
        WRITTEN + "...\n",
    ],
)
def test_a_file_whose_lines_cannot_be_changed_safely_stays_as_it_is(settings: Settings, path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    with pytest.raises(SourceError, match="change the file by hand"):
        pause(settings.sources, "kimson")
    assert path.read_text("utf-8") == text


def test_a_folder_that_cannot_be_written_is_told(settings: Settings, path: Path, disk: Path) -> None:
    """On a file system that is full."""
    crowded = disk / "kimson.yaml"
    crowded.write_text(WRITTEN, "utf-8")
    with (disk / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(4096))
    with pytest.raises(SourceError, match=r"kimson.yaml: cannot be written: No space left .* expected a folder that"):
        pause(disk, "kimson")
    assert sorted(file.name for file in disk.iterdir()) == ["ballast", "kimson.yaml"]
    assert crowded.read_text("utf-8") == WRITTEN


# Retiring


def test_a_retired_source_leaves_the_registry_and_comes_back_as_it_was(settings: Settings, path: Path) -> None:
    store = open_store(settings.archive)
    store.put(keys.captures("kimson", RUN), b"")
    assert "retired" in retire(settings, "kimson", reason="the district is no more")
    assert load_registry(settings.sources) == []
    assert [source.id for source in load_retired(settings.sources)] == ["kimson"]
    with pytest.raises(SourceError, match="it is retired: `bantin source resume kimson` brings it back"):
        find_source(settings.sources, "kimson")
    notice = read_notice(store, "kimson")
    assert notice is not None
    assert (notice.reason, notice.renamed_to) == ("the district is no more", None)
    assert retire(settings, "kimson").startswith("kimson is retired already: retired 2")
    assert resume(settings, "kimson") == "kimson is crawled again"
    assert path.read_text("utf-8") == WRITTEN
    assert read_notice(store, "kimson") is None
    assert not list(store.list(keys.leases_prefix()))


def test_a_source_retires_neither_in_a_crawl_nor_before_its_run_is_published(settings: Settings, path: Path) -> None:
    store = open_store(settings.archive)
    report = RunReport(source="kimson", run=RUN, state=State.FETCHED, started_at=AT, finished_at=AT)
    reports.write_report(store, report)
    with Lease.acquire(store, "kimson", run=RUN, attempt=1), pytest.raises(LeaseHeld):
        retire(settings, "kimson")
    with pytest.raises(NotReady, match=f"run {RUN} of kimson is fetched and not published yet: .*rerun kimson {RUN}"):
        retire(settings, "kimson")
    assert path.read_text("utf-8") == WRITTEN


def test_a_certificate_beside_the_registrys_files_is_still_found(settings: Settings, path: Path) -> None:
    (settings.sources / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    path.write_text(WRITTEN + "fetch: {tls: {ca: ca.pem}}\n", "utf-8")
    retire(settings, "kimson")
    assert load_retired(settings.sources)[0].fetch.tls.ca is not None
    resume(settings, "kimson")
    assert load_source(path).fetch.tls.ca is not None


def test_the_list_says_who_rests_since_when_and_why(settings: Settings, path: Path) -> None:
    for name in ("hoalu", "giavien"):
        text = WRITTEN.replace('"kimson"', name).replace("Kim Sơn\n", f"{name}\n")
        (settings.sources / f"{name}.yaml").write_text(text, "utf-8")
    named = ["--archive", settings.archive, "--sources", str(settings.sources)]

    def said(*words: str) -> str:
        done = CliRunner().invoke(main, ["source", *words, *named], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    said("pause", "hoalu", "--until", "2026-12-24", "--reason", "moves")
    said("retire", "giavien", "--reason", "merged")
    lines = said("list").splitlines()
    assert [line.split("\t")[0] for line in lines] == ["hoalu", "kimson"]
    assert " until 2026-12-24: moves)" in lines[0]
    assert lines[1].endswith("\tKim Sơn")
    last = said("list", "--all").splitlines()[-1]
    assert last.startswith("giavien\t")
    assert last.endswith(": merged)")


def test_who_was_killed_between_the_two_files_is_followed_by_who_keeps_one(
    settings: Settings, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retired = settings.sources / "retired" / "kimson.yaml"

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    for verb, left in ((retire, retired), (resume, path)):
        with monkeypatch.context() as patch:
            patch.setattr(files, "remove", killed)
            with pytest.raises(KeyboardInterrupt):
                verb(settings, "kimson")
        assert path.is_file()
        assert retired.is_file()
        verb(settings, "kimson")
        assert [one for one in (path, retired) if one.is_file()] == [left]
    assert path.read_text("utf-8") == WRITTEN


def test_two_files_that_say_different_things_are_both_left(settings: Settings, path: Path) -> None:
    retired = settings.sources / "retired" / "kimson.yaml"
    retire(settings, "kimson")
    path.write_text(WRITTEN.replace("Kim Sơn\n", "Kim Sơn mới\n"), "utf-8")
    before = path.read_bytes(), retired.read_bytes()
    for verb in (resume, retire):
        with pytest.raises(SourceError, match=r"retired/kimson\.yaml: is there besides .*: remove the one that"):
            verb(settings, "kimson")
    assert (path.read_bytes(), retired.read_bytes()) == before


def test_mistakes_in_files_of_retired_sources_are_named_together(settings: Settings) -> None:
    retire(settings, "kimson")
    (settings.sources / "retired" / "hoalu.yaml").write_bytes(b"\xff")
    (settings.sources / "retired" / "giavien.yaml").write_text("[", "utf-8")
    with pytest.raises(SourceError, match="expected YAML") as caught:
        load_retired(settings.sources)
    assert [mistake.split(":")[0].rpartition("/")[2] for mistake in caught.value.mistakes] == [
        "giavien.yaml",
        "hoalu.yaml",
    ]


def test_a_source_without_an_archive_leaves_none_behind(settings: Settings) -> None:
    retire(settings, "kimson")
    resume(settings, "kimson")
    assert not Path(settings.archive).exists()
