"""The processes that index: what they may take of the machine, and what becomes of them."""

from pathlib import Path

import pytest

from browse.errors import SearchFailed
from browse.index import indexing
from browse.index.indexing import Indexers
from browse.index.ledger import Table
from browse.index.parts import own_part
from storage.store import open_store


@pytest.mark.parametrize(("limit", "memory_mb"), [("1600000000", 200), ("100000000", 64)])
def test_the_processes_of_a_container_share_a_quarter_of_its_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, memory_mb: int
) -> None:
    file = tmp_path / "memory.max"
    file.write_text(f"{limit}\n")
    monkeypatch.setattr(indexing, "_CONTAINER_MEMORY", file)
    assert indexing.memory_mb(2) == memory_mb


def test_a_container_without_a_limit_has_the_machines_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "memory.max"
    file.write_text("max\n")
    monkeypatch.setattr(indexing, "_CONTAINER_MEMORY", file)
    assert indexing.memory_mb(1) >= 64


def test_a_process_that_dies_is_told_of_and_leaves_nothing(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "archive"))
    parts = [own_part(Table("20261122T000000Z", "kimson"))]
    with Indexers(store.url, tmp_path, 2) as indexers:
        assert len(indexers.read(parts, lambda done, total: None)) == 1
        for worker in indexers._workers:
            worker._process.kill()
        with pytest.raises(SearchFailed, match="died with exit code -9"):
            indexers.read(parts, lambda done, total: None)
    assert list(tmp_path.glob(".others-*")) == []
