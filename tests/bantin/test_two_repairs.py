"""Two repairs of one run at once: what the one has made anew, the other takes for no damage."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bantin.verifying.repair
from bantin.settings import Settings
from bantin.verifying.displacing import Meanwhile
from bantin.verifying.repair import repair_run
from bantin.verifying.verify import check_run, verify
from storage.store import open_store
from tests.bantin.stored import RUN, SOURCE
from tests.bantin.test_verify import ARTICLES, CAPTURES, REPORT, RULES, wrong

DAMAGED = pytest.mark.parametrize(
    "damaged", [(CAPTURES,), (ARTICLES,), (REPORT,), (RULES,), (CAPTURES, ARTICLES)], ids=len
)
HOW = pytest.mark.parametrize("gone", [False, True])


def damage(archive: Path, names: tuple[str, ...], gone: bool) -> None:
    for key in names:
        (archive / key).unlink() if gone else (archive / key).write_bytes(b"damaged " + key.encode())


def whole_repair(settings: Settings) -> None:
    findings = [one for one in verify(settings) if not one.harmless]
    list(repair_run(settings, SOURCE, RUN, findings))
    assert wrong(settings) == []


def objects(archive: Path) -> dict[str, bytes]:
    """All but what is passing."""
    files = (path for path in archive.rglob("*") if path.is_file())
    found = {str(path.relative_to(archive)): path.read_bytes() for path in files}
    return {key: data for key, data in found.items() if not key.startswith(("work/", ".tmp/"))}


@HOW
@DAMAGED
def test_a_repair_that_comes_second_displaces_nothing(
    damaged: tuple[str, ...], gone: bool, archive: Path, settings: Settings
) -> None:
    damage(archive, damaged, gone)
    judged = [one for one in verify(settings) if not one.harmless]
    whole_repair(settings)
    after = objects(archive)
    (told,) = repair_run(settings, SOURCE, RUN, judged)
    assert ("somebody else has repaired it" in told.text, told.differs) == (True, True)
    assert objects(archive) == after


@HOW
@DAMAGED
def test_a_repair_that_stood_still_between_judging_and_acting_displaces_nothing(
    damaged: tuple[str, ...], gone: bool, archive: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(archive, damaged, gone)
    judged = [one for one in verify(settings) if not one.harmless]
    after: dict[str, bytes] = {}

    def paused(*given: Any, **named: Any) -> Any:
        found = check_run(*given, **named)
        if not after:
            after["begun"] = b""
            whole_repair(settings)  # while this one stands still
            after.update(objects(archive))
        return found

    monkeypatch.setattr(bantin.verifying.repair, "check_run", paused)
    with pytest.raises(Meanwhile, match="was written by somebody else meanwhile, and stays as it is"):
        list(repair_run(settings, SOURCE, RUN, judged))
    del after["begun"]
    assert objects(archive) == after
    assert wrong(settings) == []


@pytest.mark.parametrize("step", ["salvage", "clean_part"])
def test_nor_does_one_that_stood_still_while_it_made_a_table(
    step: str, archive: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(archive, (CAPTURES, ARTICLES), gone=False)
    judged = [one for one in verify(settings) if not one.harmless]
    real: Callable[..., Any] = getattr(bantin.verifying.repair, step)
    state: dict[str, Any] = {}

    def paused(*given: Any) -> Any:
        made = real(*given)
        if not state:
            state["begun"] = True
            whole_repair(settings)
            state["after"] = objects(archive)
        return made

    monkeypatch.setattr(bantin.verifying.repair, step, paused)
    with pytest.raises(Meanwhile):
        list(repair_run(settings, SOURCE, RUN, judged))
    assert objects(archive) == state["after"]
    assert [info.key for info in open_store(settings.archive).list("damaged/")] == sorted(
        key for key in state["after"] if key.startswith("damaged/")
    )
    assert wrong(settings) == []
