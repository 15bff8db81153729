"""A sealed Parquet file is the same to its readers, and any bit that turns in it is found."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.sealing import is_unbroken, seal

ROWS = pa.table({"id": list(range(300)), "title": [f"Tin {n}" for n in range(300)]})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    pq.write_table(ROWS, tmp_path / "plain.parquet", write_page_checksum=True)
    shutil.copyfile(tmp_path / "plain.parquet", tmp_path / "sealed.parquet")
    seal(tmp_path / "sealed.parquet")
    return tmp_path / "sealed.parquet"


def test_readers_pass_over_the_seal(file: Path) -> None:
    plain = file.with_name("plain.parquet")
    assert pq.read_table(file, page_checksum_verification=True).equals(ROWS)
    assert pq.read_metadata(file).to_dict() == pq.read_metadata(plain).to_dict()
    assert file.stat().st_size == plain.stat().st_size + 48


def test_what_is_sealed_is_unbroken_and_what_has_no_seal_is_unknown(file: Path) -> None:
    assert is_unbroken(file.read_bytes()) is True
    assert is_unbroken(file.with_name("plain.parquet").read_bytes()) is None
    assert is_unbroken(b"") is None
    assert is_unbroken(b"\xff" * 100) is None


def test_a_bit_that_turns_is_found_wherever_it_is(file: Path) -> None:
    data = file.read_bytes()
    for at in range(len(data) - 4):  # of the last four, which are PAR1, readers complain
        turned = bytearray(data)
        turned[at] ^= 4
        assert is_unbroken(bytes(turned)) is not True, at
