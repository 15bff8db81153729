"""Writing an index: what stands after what, and which files it is."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from browse.errors import SearchFailed
from browse.index.document import Document
from browse.index.engine import FolderIndex
from browse.index.schema import BREAK
from browse.index.writer import META, IndexWriter, files_of
from browse.words import spell
from tests.browse.documents import document, found, indexed, numbers


def test_a_document_takes_the_place_of_that_of_its_id(tmp_path: Path) -> None:
    with IndexWriter(tmp_path) as writer:
        writer.add([document(1, text="một"), document(1, text="hai"), document(2, text="hai")])
    with IndexWriter(tmp_path) as writer:
        assert writer.add([document(2, text="ba"), document(3, text="ba")]) == 2
        writer.remove([f"{3:016x}", f"{9:016x}"])
    index = FolderIndex(tmp_path)
    assert [numbers(index, text) for text in ("một", "hai", "ba")] == [[], [1], [2]]
    assert index.articles == 2
    assert index.begins_with("0") == [f"{1:016x}", f"{2:016x}"]
    assert index.suggest("mua", limit=1) == ["mùa"]


def test_an_error_leaves_the_last_commit(tmp_path: Path) -> None:
    indexed(tmp_path, [document(1)])
    before = files_of(tmp_path)

    def broken() -> Iterator[Document]:
        yield document(2)
        raise KeyError

    with pytest.raises(KeyError), IndexWriter(tmp_path) as writer:
        writer.add(broken())
    assert files_of(tmp_path) == before
    assert numbers(FolderIndex(tmp_path), "") == [1]


def test_a_writer_that_is_killed_leaves_the_last_commit(tmp_path: Path) -> None:
    indexed(tmp_path, [document(1)])
    before = files_of(tmp_path)
    code = (
        "import sys; from pathlib import Path; from browse.index.writer import IndexWriter;"
        "from tests.browse.documents import document;"
        "writer = IndexWriter(Path(sys.argv[1]), threads=1, memory_mb=16);"
        "writer.add(document(number, text='mưa ' * 1000) for number in range(2, 400)); print(flush=True);"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"\n"
        with pytest.raises(SearchFailed, match="another process writes"):
            IndexWriter(tmp_path)
        os.kill(child.pid, signal.SIGKILL)
    assert files_of(tmp_path) == before
    assert numbers(FolderIndex(tmp_path), "") == [1]
    with IndexWriter(tmp_path) as writer:
        writer.add([document(2)])
    assert FolderIndex(tmp_path).articles == 2
    lying_about = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert lying_about == set(files_of(tmp_path))


def test_the_named_files_are_all_of_the_index(tmp_path: Path) -> None:
    assert files_of(tmp_path) == []
    first = tmp_path / "first"
    with IndexWriter(first) as writer:
        writer.add(document(number) for number in range(20))
        writer.commit()
        writer.remove([f"{3:016x}"])
    names = files_of(first)
    assert names[-1] == META
    assert any(name.endswith(".del") for name in names)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in names:
        shutil.copy(first / name, copy)
    assert found(FolderIndex(copy), "hội").total == 19


def test_many_small_commits_end_in_few_segments(tmp_path: Path) -> None:
    for number in range(12):
        with IndexWriter(tmp_path, threads=1, memory_mb=16) as writer:
            writer.add([document(number)])
    segments = {name.partition(".")[0] for name in files_of(tmp_path)} - {"meta"}
    assert len(segments) < 8
    assert FolderIndex(tmp_path).articles == 12


def test_another_versions_index_is_refused(tmp_path: Path) -> None:
    indexed(tmp_path, [document()])
    meta = (tmp_path / META).read_text()
    (tmp_path / META).write_text(meta.replace('"text_spelt"', '"text_other"'))
    with pytest.raises(SearchFailed, match="bantin index --rebuild"):
        IndexWriter(tmp_path)


def test_no_word_is_spelt_like_a_break() -> None:
    assert spell(f"a {BREAK} b{BREAK}") == ("a", "b")
