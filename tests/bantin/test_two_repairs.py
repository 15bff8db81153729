"""Two repairs of one run at once: what the one has made anew, the other takes for no damage."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import bantin.verifying.repair
from bantin.copying.copy import WRONG, copy
from bantin.settings import Settings
from bantin.verifying.displacing import Meanwhile
from bantin.verifying.repair import repair_run
from bantin.verifying.verify import check_run, verify
from storage.s3 import S3Store
from storage.store import open_store
from tests.bantin.stored import RUN, SOURCE
from tests.bantin.test_verify import ARTICLES, CAPTURES, REPORT, RULES, wrong
from tests.servers.s3 import S3Server

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


@pytest.mark.parametrize("key", [CAPTURES, ARTICLES, REPORT, RULES])
def test_without_conditional_writes_the_last_of_two_repairs_writes_what_the_first_did(
    key: str, archive: Path, settings: Settings, swift_s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in swift_s3.environment().items():
        monkeypatch.setenv(name, value)
    there = settings.override(archive=f"s3://{swift_s3.make_bucket()}/archive")
    assert not [one for one in copy(settings.archive, there.archive) if one.outcome in WRONG]
    store = open_store(there.archive)
    assert not store.conditional
    before = {info.key: store.get(info.key) for info in store.list("")}
    store.put(key, b"damaged")
    judged = [one for one in verify(there) if not one.harmless]
    real, state = S3Store._look, dict[str, bool]()

    def paused(self: S3Store, looked_at: str, if_match: str | None) -> None:
        real(self, looked_at, if_match)
        if looked_at == key and not state:  # it has found the damaged one, and is about to write
            state["begun"] = True
            whole_repair(there)

    monkeypatch.setattr(S3Store, "_look", paused)
    with suppress(Meanwhile):  # of the report, which the first has written
        list(repair_run(there, SOURCE, RUN, judged))
    assert (state, wrong(there)) == ({"begun": True}, [])
    after = {info.key: store.get(info.key) for info in store.list("")}
    tables = [key for key in before if key.startswith(("raw/", "captures/", "articles/"))]
    assert {key: after[key] for key in tables} == {key: before[key] for key in tables}
    assert not any(key.startswith("superseded/") for key in after)
