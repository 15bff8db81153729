"""`bantin export`: which rows come, in which order, and that each format says what the archive holds."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from bantin.settings import CHECKOUT, Settings
from browse.errors import ExportError
from browse.exporting.export import FORMATS, export, target
from model.article import Alternate, Article, SpamLink
from storage import keys
from storage.errors import Corrupt, KeyNotFound, StoreUnavailable
from storage.selection import Selection, choose, read_chosen
from storage.store import open_store
from storage.tables import encode, schema_of
from tests.forked import run_command
from tests.records import article

OLD, NEW = "20261121T000000Z", "20261122T000000Z"
BANTIN = [sys.executable, "-c", "from bantin.cli import main; main()"]


def at(run: str) -> datetime:
    return keys.run_time(run).astimezone(UTC)


def row(number: int, run: str = NEW, source: str = "kimson", **changes: Any) -> Article:
    """The article of that number as a run found it."""
    values = {"id": f"{number:016x}", "url": f"http://portal.example/{number}", "fetched_at": at(run)}
    return article(**{**values, "source": source, "run": run, **changes})


def publish(settings: Settings, *rows: Article) -> None:
    """Puts the rows into the tables of their runs."""
    tables: dict[tuple[str, str], list[Article]] = {}
    for one in rows:
        tables.setdefault((one.source, one.run), []).append(one)
    for (source, run), of_run in tables.items():
        open_store(settings.archive).put(keys.articles(source, run), encode(of_run, Article))


def exported(settings: Settings, fields: str = "id run", **selection: Any) -> list[tuple[Any, ...]]:
    """What an export as JSON lines has in these fields."""
    out = io.BytesIO()
    export(Selection(**selection), target(None, "jsonl", fields.split()), open_store(settings.archive), out)
    found = [json.loads(line) for line in out.getvalue().decode().splitlines()]
    return [tuple(one[field] for field in fields.split()) for one in found]


def numbers(settings: Settings, **selection: Any) -> list[int]:
    """The numbers of the articles in an export."""
    return [int(id_, 16) for (id_,) in exported(settings, "id", **selection)]


def write(path: Path, settings: Settings, format_: str | None = None, *, force: bool = False, **selection: Any) -> Path:
    export(Selection(**selection), target(path, format_), open_store(settings.archive), io.BytesIO(), force=force)
    return path


# Which rows


def test_of_an_article_the_newest_row_is_exported_and_with_all_versions_each(settings: Settings) -> None:
    publish(settings, row(1, OLD), row(2, OLD), row(2, NEW, text="Mới."), row(3, NEW))
    assert exported(settings) == [(f"{1:016x}", OLD), (f"{2:016x}", NEW), (f"{3:016x}", NEW)]
    assert numbers(settings, all_versions=True) == [1, 2, 2, 3]
    assert exported(settings, run=OLD) == [(f"{1:016x}", OLD), (f"{2:016x}", OLD)]


def test_rows_come_by_source_run_and_place_in_the_table_whatever_was_written_first(settings: Settings) -> None:
    publish(settings, row(9, NEW, "vung"), row(8, OLD, "vung"), row(3, NEW), row(5, NEW), row(4, OLD))
    assert numbers(settings) == [4, 3, 5, 8, 9]
    assert numbers(settings, sources=("vung", "kimson", "vung")) == [4, 3, 5, 8, 9]
    assert numbers(settings, sources=("vung",)) == [8, 9]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"since": date(2026, 11, 20)}, [2, 3]),
        ({"until": date(2026, 11, 20)}, [1, 2]),
        ({"since": date(2026, 11, 20), "until": date(2026, 11, 20)}, [2]),
        ({"languages": ("vi",)}, [1, 2]),
        ({"languages": ("zh", "VI")}, [1, 2, 3]),
        ({"languages": ("zh-Hans",)}, []),
        ({"quarantined": True}, [1, 2, 3, 4, 5]),
    ],
)
def test_what_a_row_says_decides(settings: Settings, selection: dict[str, Any], expected: list[int]) -> None:
    publish(
        settings,
        row(1, published_on=date(2026, 11, 19)),
        row(2, published_on=date(2026, 11, 20)),
        row(3, published_on=date(2026, 11, 21), language="zh-Hant"),
        row(4, published_on=None, language=None),
        row(5, published_on=None, language=None, quarantined=True),
    )
    assert numbers(settings, **selection) == expected


def test_the_newest_row_is_looked_at_and_no_older_one_in_its_place(settings: Settings) -> None:
    publish(settings, row(1, OLD), row(1, NEW, quarantined=True), row(2, OLD, language="en"), row(2, NEW))
    assert numbers(settings, languages=("en",)) == []
    assert numbers(settings) == [2]


@pytest.mark.parametrize("selection", [{"sources": ("kimsom",)}, {"run": "20261123T000000Z"}])
def test_a_source_or_run_that_is_not_there_is_an_error(settings: Settings, selection: dict[str, Any]) -> None:
    publish(settings, row(1))
    with pytest.raises(KeyNotFound, match="correct the source or run"):
        exported(settings, **selection)


def test_columns_that_an_earlier_version_did_not_write_have_their_defaults(settings: Settings) -> None:
    table = pq.read_table(io.BytesIO(encode([row(1)], Article))).drop(["spam", "section", "quarantined", "origins"])
    out = io.BytesIO()
    pq.write_table(table, out)
    open_store(settings.archive).put(keys.articles("kimson", NEW), out.getvalue())
    assert exported(settings, "spam section quarantined origins") == [([], None, False, {})]


def test_a_table_that_is_replaced_meanwhile_is_never_taken_for_the_one_that_was_looked_at(settings: Settings) -> None:
    publish(settings, row(1), row(2))
    store = open_store(settings.archive)
    chosen = choose(store, Selection())
    publish(settings, row(2), row(3))
    with pytest.raises(StoreUnavailable, match=r"20261122T000000Z\.parquet: it was replaced"):
        list(read_chosen(store, chosen, ["title"]))


def test_a_damaged_table_is_named(settings: Settings, tmp_path: Path) -> None:
    publish(settings, row(1))
    open_store(settings.archive).put(keys.articles("kimson", OLD), b"PAR1 and no more")
    with pytest.raises(Corrupt, match=r"20261121T000000Z\.parquet"):
        write(tmp_path / "a.jsonl", settings)
    assert not list(tmp_path.glob("*a.jsonl*"))


# Formats


FULL = {
    "title": '=HYPERLINK("http://x")',
    "tags": ["lễ hội", "a,b"],
    "alternates": [Alternate(language="en", url="http://portal.example/en/1")],
    "spam": [SpamLink(text="nhà cái", url="http://192.0.2.1/", rule="bare-ip", hidden=True)],
    "published_at": datetime(2026, 11, 20, 23, 30, tzinfo=UTC),
}


def test_json_lines_hold_the_row(settings: Settings, tmp_path: Path) -> None:
    publish(settings, row(1, **FULL))
    (line,) = write(tmp_path / "a.jsonl", settings).read_text("utf-8").splitlines()
    found = json.loads(line)
    assert list(found) == schema_of(Article).names
    assert found["fetched_at"] == "2026-11-22T00:00:00+00:00"
    assert (found["published_on"], found["published_at"]) == ("2026-11-21", "2026-11-20T23:30:00+00:00")
    assert found["origins"] == {"title": "selector", "author": "signature"}
    assert found["spam"] == [
        {"text": "nhà cái", "url": "http://192.0.2.1/", "rule": "bare-ip", "hidden": True, "path": None}
    ]
    assert "lễ hội" in line, "as it is read, not escaped"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_a_csv_is_a_formula(settings: Settings, begin: str, tmp_path: Path) -> None:
    publish(settings, row(1, title=f"{begin}cmd|' /C calc'!A0", author="a-b=c"))
    rows = csv.DictReader(io.StringIO(write(tmp_path / "a.csv", settings).read_bytes().decode(), newline=""))
    (found,) = rows
    assert found["title"] == f"'{begin}cmd|' /C calc'!A0"
    assert found["author"] == "a-b=c"


def test_csv_cells_hold_lists_as_json_and_lines_as_they_are(settings: Settings, tmp_path: Path) -> None:
    publish(settings, row(1, **FULL, lead=None))
    (found,) = csv.DictReader(io.StringIO(write(tmp_path / "a.csv", settings).read_bytes().decode(), newline=""))
    assert json.loads(found["tags"]) == ["lễ hội", "a,b"]
    assert found["text"] == "Sáng nay xã mở hội.\nHai đội đua thuyền."
    assert (found["lead"], found["warc_offset"], found["quarantined"]) == ("", "100", "False")
    assert (found["published_on"], found["fetched_at"]) == ("2026-11-21", "2026-11-22T00:00:00+00:00")


def test_parquet_has_the_archives_own_schema_and_few_row_groups(settings: Settings, tmp_path: Path) -> None:
    for day in range(1, 21):
        publish(settings, row(day, f"202611{day:02}T000000Z", **FULL))
    file = pq.ParquetFile(write(tmp_path / "a.parquet", settings))
    assert file.schema_arrow.equals(schema_of(Article))
    assert (file.metadata.num_rows, file.metadata.num_row_groups) == (20, 1)


def test_a_hugging_face_folder_is_loaded_with_its_features(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(settings, row(1, OLD, language="en"), row(2, **FULL), row(3, language=None))
    monkeypatch.setattr("browse.exporting.formats.SHARD_BYTES", 1_000)
    monkeypatch.setattr("browse.exporting.formats.ROW_GROUP_ROWS", 1)
    folder = write(tmp_path / "set", settings, "hf")
    assert [path.name for path in sorted((folder / "data").iterdir())] == [
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import load_dataset

    loaded = load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    assert [one["id"][-1] for one in loaded] == ["1", "2", "3"]
    assert loaded[1]["published_at"] == FULL["published_at"]
    assert loaded[1]["origins"] == [
        {"field": "title", "value": "selector"},
        {"field": "author", "value": "signature"},
    ]
    assert loaded[1]["spam"][0]["hidden"] is True
    card = (folder / "README.md").read_text("utf-8")
    head = yaml.safe_load(card.split("---\n")[1])
    assert head["language"] == ["en", "vi"]
    assert head["dataset_info"]["features"] == loaded.features._to_yaml_list()


def test_a_text_is_a_file_that_says_what_it_is(settings: Settings, tmp_path: Path) -> None:
    publish(settings, row(1, title="Lễ\nhội"), row(2, published_on=None))
    folder = write(tmp_path / "texts", settings, "text")
    first, second = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.txt"))
    assert first == f"kimson/2026-11/2026-11-21-{1:016x}.txt"
    assert second == f"kimson/undated/undated-{2:016x}.txt"
    head, _, text = (folder / first).read_text("utf-8").partition("\n\n")
    assert {"Title: Lễ hội", "Source: kimson", "URL: http://portal.example/1"} <= set(head.splitlines())
    assert "Fetched: 2026-11-22T00:00:00+00:00" in head
    assert text == "Sáng nay xã mở hội.\nHai đội đua thuyền.\n"


def test_no_row_can_leave_the_folder_or_take_anothers_file(settings: Settings, tmp_path: Path) -> None:
    publish(settings, row(1, id="../../x"), row(2, id="../../x"), row(3, id="..\\..\\x"))
    folder = write(tmp_path / "texts", settings, "text", all_versions=True)
    assert len(list(folder.rglob("*.txt"))) == 3
    assert [path.name for path in tmp_path.glob("*x*")] == ["texts"]


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_the_ending_tells_the_compression_and_the_same_rows_give_the_same_bytes(
    settings: Settings, tmp_path: Path, ending: str
) -> None:
    publish(settings, row(1), row(2))
    one, other = (write(tmp_path / f"{name}.jsonl.{ending}", settings) for name in "ab")
    assert one.read_bytes() == other.read_bytes()
    plain = write(tmp_path / "a.jsonl", settings).read_bytes()
    assert pa.input_stream(str(one), compression={"gz": "gzip", "zst": "zstd"}[ending]).read() == plain
    if ending == "gz":
        assert gzip.decompress(one.read_bytes()) == plain


@pytest.mark.parametrize("format_", ["jsonl", "csv", "parquet", "hf"])
def test_whatever_fields_are_asked_for_it_is_told_whose_they_are(
    settings: Settings, tmp_path: Path, format_: str
) -> None:
    assert target(tmp_path, format_, ["title", "url"]).columns == ("title", "url", "source", "fetched_at")


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_selected_is_an_empty_export(settings: Settings, tmp_path: Path, format_: str) -> None:
    publish(settings, row(1))
    out = write(tmp_path / f"x.{format_}", settings, format_, languages=("fr",))
    assert out.exists()
    if format_ == "csv":
        assert out.read_text().startswith("id,source,run,url,")
    if format_ == "parquet":
        assert pq.read_table(out).schema.equals(schema_of(Article))


# Where it goes


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_there_is_replaced_only_when_told_so(settings: Settings, tmp_path: Path, format_: str) -> None:
    publish(settings, row(1))
    out = write(tmp_path / "out", settings, format_)
    publish(settings, row(2))
    with pytest.raises(ExportError, match="--force"):
        write(out, settings, format_)
    before = _content(out)
    write(out, settings, format_, force=True)
    assert _content(out) != before
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == ["out"]


def test_force_spares_a_folder_that_holds_anything_else(settings: Settings, tmp_path: Path) -> None:
    publish(settings, row(1))
    out = write(tmp_path / "out", settings, "hf")
    (out / "data" / "notes.md").write_text("mine")
    with pytest.raises(ExportError, match=r"holds data/notes\.md, which no such export has"):
        write(out, settings, "hf", force=True)
    with pytest.raises(ExportError, match="is there already"):
        write(out, settings, "jsonl", force=True)


@pytest.mark.parametrize(("format_", "name"), [("jsonl", "a.jsonl.gz"), ("parquet", "a.parquet"), ("text", "out")])
def test_an_export_that_fails_leaves_what_was_there(
    settings: Settings, tmp_path: Path, format_: str, name: str
) -> None:
    publish(settings, row(1))
    out = write(tmp_path / name, settings, format_)
    before = _content(out)

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(
            Selection(), target(out, format_), open_store(settings.archive), io.BytesIO(), force=True, on_rows=interrupt
        )
    assert _content(out) == before
    assert [path.name for path in tmp_path.iterdir() if name in path.name] == [name]


def test_a_place_that_cannot_be_written_is_named(settings: Settings, tmp_path: Path) -> None:
    publish(settings, row(1))
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match=r"file/a\.csv: cannot be written: File exists"):
        write(tmp_path / "file" / "a.csv", settings)
    with pytest.raises(ExportError, match="/dev/full: is there already"):
        write(Path("/dev/full"), settings, "jsonl")


@pytest.mark.parametrize("words", [("a.csv.gz",), ("a.parquet",), ("a", "--format", "hf")], ids=lambda words: words[0])
def test_a_full_disk_is_told_of_and_nothing_is_left(settings: Settings, tmp_path: Path, words: tuple[str, ...]) -> None:
    publish(settings, *(row(number, html=os.urandom(5_000).hex()) for number in range(40)))
    (out := tmp_path / "out").mkdir()
    limited = ["bash", "-c", 'ulimit -f 64; exec "$@"', "-", *BANTIN, "export", *words]
    environment = {**os.environ, **settings.environment(), "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(limited, capture_output=True, text=True, timeout=120, cwd=out, env=environment)
    assert (done.returncode, list(out.iterdir())) == (1, [])
    assert f"bantin: {words[0]}: cannot be written: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("path", "format_", "fields", "told"),
    [
        ("a.txt", None, "", r"a\.txt: name a format, or a file that ends in \.jsonl"),
        ("a.gz", None, "", "name a format"),
        (None, "parquet", "", "cannot go to standard output: name a file"),
        (None, "text", "", "cannot go to standard output: name a folder"),
        ("a.parquet.gz", None, "", "leave the ending out"),
        ("a.csv", None, "tittle", "tittle: no such column: expected some of id, source"),
        ("a", "text", "title", "leave the fields out"),
    ],
)
def test_what_does_not_go_together_is_said_before_anything_is_read(
    path: str | None, format_: str | None, fields: str, told: str
) -> None:
    with pytest.raises(ExportError, match=told):
        target(Path(path) if path else None, format_, fields.split())


# The command


def bantin(settings: Settings, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    return run_command([*map(str, words)], env={**os.environ, **settings.environment()})


def test_the_command_writes_rows_to_standard_output_and_the_rest_to_the_other(settings: Settings) -> None:
    publish(settings, row(1, OLD), row(2), row(3, source="vung"))
    words = ("--source", "kimson", "--since", "2026-11-21", "--language", "vi", "--fields", "title, id")
    done = bantin(settings, "export", "-", *words)
    assert (done.returncode, done.stderr) == (0, "2 articles\n")
    assert [json.loads(line)["id"][-1] for line in done.stdout.splitlines()] == ["1", "2"]
    assert list(json.loads(done.stdout.splitlines()[0])) == ["title", "id", "source", "url", "fetched_at"]


def test_the_command_says_what_is_wrong(settings: Settings, tmp_path: Path) -> None:
    publish(settings, row(1))
    done = bantin(settings, "export", tmp_path / "a.csv", "--source", "kimsom")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no run at all is published there" in done.stderr
    assert bantin(settings, "export", "-", "--since", "hôm qua").returncode == 2


def test_a_reader_that_goes_away_ends_the_export_quietly(settings: Settings) -> None:
    publish(settings, *(row(number, text="x" * 10_000) for number in range(600)))
    command = f"'{sys.executable}' -c 'from bantin.cli import main; main()' export - | head -c 100"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **settings.environment()},
    )
    assert len(done.stdout) == 100
    assert done.stderr == ""


MANY = """
import resource, sys
from browse.exporting.export import export, target
from bantin.settings import CHECKOUT, Settings
from pathlib import Path
from storage.selection import Selection
from storage.store import open_store
settings = Settings.from_environment()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
export(Selection(), target(Path(sys.argv[1]), None), open_store(settings.archive), sys.stdout.buffer)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_archive(settings: Settings, tmp_path: Path) -> None:
    texts = [os.urandom(10_000).hex() for _ in range(10)]
    grown = []
    for size, days in (("small", 2), ("large", 12)):
        archive = settings.override(archive=str(tmp_path / size))
        for day in range(1, days + 1):
            run = f"202611{day:02}T000000Z"
            publish(archive, *(row(day * 1000 + n, run, html=f"{n}{texts[n % 10]}") for n in range(500)))
        command = [sys.executable, "-c", MANY, str(tmp_path / f"{size}.jsonl")]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **archive.environment()})
        grown.append(int(done.stdout))
    assert (tmp_path / "large.jsonl").stat().st_size > 120_000_000
    assert grown[1] - grown[0] < 30_000, "kilobytes: a quarter of what is written"


def _content(path: Path) -> list[bytes]:
    return (
        [file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()]
        if path.is_dir()
        else [path.read_bytes()]
    )
