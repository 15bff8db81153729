"""`bantin reclean` as a user meets it: in a process of its own."""

import os
import signal
import subprocess
from pathlib import Path
from subprocess import PIPE

import pytest

from bantin.settings import Settings
from model.article import Article
from model.source import dump_source
from storage import keys
from storage.store import open_store
from storage.tables import read
from tests.bantin.test_cli import BANTIN, bantin
from tests.servers.site import PAGE
from tests.stored import a_source, publish_run

RUNS = ("20261101T000000Z", "20261102T000000Z", "20261103T000000Z")
SLIP = {"rule": "slip", "text": "^Năm nay ban tổ chức .*"}


@pytest.fixture
def words(settings: Settings, tmp_path: Path) -> list[str]:
    """The command and where three runs lie that a new rule changes."""
    for number, run in enumerate(RUNS):
        pages = {f"/tin-{number}": PAGE.format(title=f"Hội làng {number}")}
        publish_run(settings, a_source(), run, pages, tmp_path / "parts")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "kimson.yaml").write_text(dump_source(a_source(remove=[SLIP])), "utf-8")
    return ["reclean", "--archive", settings.archive, "--sources", str(tmp_path / "sources")]


def changed(settings: Settings) -> list[str]:
    """The runs that are by the new rules."""
    store = open_store(settings.archive)
    found = {run: read(store, keys.articles("kimson", run), Article)[0].text for run in RUNS}
    return [run for run, text in found.items() if "Năm nay" not in text]


def test_it_shows_what_would_change_and_writes_with_yes(words: list[str], settings: Settings) -> None:
    shown = bantin(*words, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "3 runs cleaned again, 3 rows: 3 change, 0 appear, 0 vanish, in 3 runs" in shown.stdout
    assert "slip" in shown.stdout
    assert "  - Năm nay ban tổ chức" in shown.stdout
    assert changed(settings) == []
    done = bantin(*words, "--yes", "--source", "kimson", "--since", "2026-11-02", "--until", RUNS[1])
    assert (done.returncode, changed(settings)) == (0, [RUNS[1]]), done.stderr


def test_a_script_must_say_that_it_means_it(words: list[str], settings: Settings) -> None:
    done = bantin(*words, stdin=subprocess.DEVNULL)
    assert (done.returncode, changed(settings)) == (2, [])
    assert "give --dry-run to look, --yes to write" in done.stderr


@pytest.mark.parametrize(("answer", "code", "expected"), [("n", 1, ()), ("y", 0, RUNS)])
def test_on_a_terminal_it_asks(
    words: list[str], settings: Settings, answer: str, code: int, expected: tuple[str, ...]
) -> None:
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = bantin(*words, stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, changed(settings)) == (code, list(expected)), done.stderr
    assert "Write these 3 runs?" in done.stdout


def test_a_damaged_part_is_told_and_the_exit_code_says_so(words: list[str], settings: Settings) -> None:
    part = keys.raw_part("kimson", RUNS[1], 1, 1)
    open_store(settings.archive).put(part, b"")
    done = bantin(*words, "--yes")
    assert (done.returncode, changed(settings)) == (1, [RUNS[0], RUNS[2]])
    assert f"stays as it is: kimson, run {RUNS[1]}: {part} at " in done.stderr


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        (("--since", "yesterday"), "expected a day (2026-11-22)"),
        (("--source", "hoalu"), "'hoalu': nothing of it is published"),
    ],
)
def test_a_mistake_is_told_with_what_was_expected(words: list[str], argument: tuple[str, str], told: str) -> None:
    done = bantin(*words, "--dry-run", *argument)
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr


def test_ctrl_c_ends_it_and_what_is_done_is_kept(words: list[str], settings: Settings, tmp_path: Path) -> None:
    """The last run's page keeps its process busy for the ten seconds it is given: nothing ends before the signal."""
    hangs = {"rule": "hangs", "text": r"Sáng 12/10, Hội làng 2: (?:\w+\W*)+~"}
    (tmp_path / "sources" / "kimson.yaml").write_text(dump_source(a_source(remove=[SLIP, hangs])), "utf-8")
    store = open_store(settings.archive)
    environment = {**os.environ, "BANTIN_PAGE_LIMIT_S": "10", "BANTIN_PROCESSES": "2"}
    with subprocess.Popen([*BANTIN, *words, "--yes"], stdout=PIPE, stderr=PIPE, text=True, env=environment) as process:
        while not any(info.key.endswith(".json") for info in store.list("work/") if "/reclean-" in info.key):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 75, told
    assert "interrupted; what is cleaned is kept: the same command goes on from there" in told
    assert changed(settings) == []
    again = bantin(*words, "--yes", env={**environment, "BANTIN_PAGE_LIMIT_S": "1"})
    assert again.returncode == 1
    assert "of the runs were cleaned already, by an earlier look" in again.stdout
    assert "1 pages that are articles could not be cleaned" in again.stderr
    assert changed(settings) == list(RUNS[:2])
