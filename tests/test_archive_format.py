"""The snippets of docs/archive-format.md: each is run alone, and finds what the archive holds."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bantin.settings import CHECKOUT
from storage.store import open_store
from tests.sample_archive import FESTIVAL, FIRST, MARKET, SECOND, SPAM, fill
from tests.servers.s3 import S3Server

PAGE = (CHECKOUT / "docs" / "archive-format.md").read_text("utf-8")
SNIPPETS = dict(re.findall(r"### ([^\n]+)\n(?:(?!\n#).)*?```python\n(.*?)```", PAGE, re.DOTALL))
"""The code below each heading."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an archive in it."""
    fill(open_store(str(tmp_path / "archive")), tmp_path)
    return tmp_path


def said(title: str, folder: Path, **environment: str) -> list[str]:
    """The lines that the snippet below this heading prints."""
    alone = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "hf"),
        "TZ": "Asia/Ho_Chi_Minh",
        "PYTHONIOENCODING": "utf-8",
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # it runs for seconds: compile little
    }
    done = subprocess.run(
        [sys.executable, "-c", SNIPPETS[title]],
        cwd=folder,
        env={**os.environ, **alone, **environment},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_pyarrow(folder: Path) -> None:
    assert said("PyArrow", folder) == ["kimson 2026-11-21 Chợ phiên dời ngày"]


def test_polars(folder: Path) -> None:
    assert said("Polars", folder) == ["Chợ phiên dời ngày []", "Lễ hội mùa thu ['lễ hội']"]


def test_pandas(folder: Path) -> None:
    assert said("pandas", folder) == ["Lễ hội mùa thu selector", "Chợ phiên dời ngày selector"]


def test_duckdb(folder: Path) -> None:
    counts, newest = said("DuckDB", folder)
    assert counts == "[('kimson', '2026-11-21', 2), ('kimson', '2026-11-22', 2)]"
    assert sorted(eval(newest)) == [
        ("Chợ phiên dời ngày", "selector", "Kế hoạch"),
        ("Lễ hội mùa thu", "selector", "Kế hoạch"),
    ]


def test_a_bucket(tmp_path: Path, moto_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in moto_s3.environment().items():
        monkeypatch.setenv(name, value)
    moto_s3.client().create_bucket(Bucket="my-bucket")
    fill(open_store("s3://my-bucket/archive"), tmp_path)
    assert said("S3", tmp_path) == ["[('2026-11-21', 2), ('2026-11-22', 2)]"]


def test_hugging_face(folder: Path) -> None:
    lines = said("Hugging Face datasets", folder)
    assert [line.split(" Đua thuyền ")[0] for line in lines] == [
        "Lễ hội mùa thu",
        "Chợ phiên",
        "Chợ phiên dời ngày",
        "Nhà cái",
    ]
    assert lines[0].endswith("2026-11-21 00:00:05.250000+00:00")


def test_pyspark(folder: Path) -> None:
    if shutil.which("java") is None:
        if os.environ.get("BANTIN_REQUIRE_JAVA") == "1":
            pytest.fail("BANTIN_REQUIRE_JAVA=1, and there is no java")
        pytest.skip("no java: apt-get install openjdk-17-jre-headless")
    assert sorted(said("PySpark", folder)) == [
        "kimson 2026-11-21 Chợ phiên selector 2026-11-21 00:00:05.25",
        "kimson 2026-11-21 Lễ hội mùa thu selector 2026-11-21 00:00:05.25",
        "kimson 2026-11-22 Chợ phiên dời ngày selector 2026-11-22 00:00:05.25",
    ]


def test_warcio_follows_a_revisit(folder: Path) -> None:
    assert said("WARC, with warcio", folder) == [
        f"{FIRST} 200 {MARKET} <h1>Chợ phiên</h1>",
        f"{FIRST} 200 {FESTIVAL} <h1>Lễ hội mùa thu</h1>",
        f"{SECOND} 200 {MARKET} <h1>Chợ phiên dời ngày</h1>",
        f"{SECOND} 304 {FESTIVAL} <h1>Lễ hội mùa thu</h1>",
        f"{SECOND} 200 {SPAM} <h1>Nhà cái</h1>",
    ]


def test_each_snippet_is_run() -> None:
    here = Path(__file__).read_text("utf-8")
    reading, _, further = PAGE.partition("\n## Articles\n")
    assert len(SNIPPETS) == reading.count("```python")
    assert further.count("```python") == 1  # the lake's: tests/bantin/test_lake.py runs it
    assert [title for title in SNIPPETS if f'said("{title}"' not in here] == []
