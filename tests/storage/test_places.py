"""What a key names: read backwards from how it is built, and nothing of anything else."""

import pytest

from storage import keys
from storage.places import Place, place_of, table_of

RUN = "20261122T000000Z"
SHA256 = "ab" * 32
PART = keys.raw_part("kimson", RUN, 2, 3)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (PART, Place("raw", "kimson", RUN)),
        (keys.captures("kimson", RUN), Place("captures", "kimson", RUN)),
        (keys.articles("vietnam-vn", RUN), Place("articles", "vietnam-vn", RUN)),
        (keys.run_source("kimson", RUN), Place("rules", "kimson", RUN)),
        (keys.report("kimson", RUN), Place("report", "kimson", RUN)),
        (keys.superseded("kimson", RUN, SHA256), Place("superseded", "kimson", RUN, sha256=SHA256)),
        (keys.superseded_rules("kimson", RUN, SHA256), Place("superseded", "kimson", RUN, sha256=SHA256)),
        (keys.superseded_note("kimson", RUN, "cd" * 32, SHA256), Place("superseded", "kimson", RUN, sha256=SHA256)),
        (keys.lake("kimson", "2026-11"), Place("lake", "kimson", month="2026-11")),
        (keys.work_articles(PART), Place("work", "kimson", RUN)),
        (keys.work_rejected(PART), Place("work", "kimson", RUN)),
        (keys.attempt_rules("kimson", RUN, 1), Place("work", "kimson", RUN)),
        ("work/probe", Place("work")),
        (keys.frontier("kimson"), Place("frontier", "kimson")),
        (keys.source_lease("kimson"), Place("leases", "kimson")),
        (keys.notice("kimson"), Place("notices", "kimson")),
        (keys.group_lease("ninh-binh"), Place("leases", group="ninh-binh")),
        (keys.index_manifest(), Place("index")),
        (keys.index_file(SHA256), Place("index", sha256=SHA256)),
        (keys.index_catalog(SHA256), Place("index", sha256=SHA256)),
        (keys.alarms(), Place("alarms")),
        (keys.damaged(PART, SHA256), Place("damaged", sha256=SHA256)),
    ],
)
def test_a_key_tells_what_it_names(key: str, place: Place) -> None:
    assert place_of(key) == place


@pytest.mark.parametrize(
    "key",
    [
        "notes.txt",
        "articles/README",
        "raw/src=A/x",
        PART + ".bak",
        PART.replace(RUN, "20261399T000000Z"),
        PART.replace(RUN, "２０２６1122T000000Z"),
        keys.articles("kimson", RUN).replace("day=2026-11-22", "day=2026-11-21"),
        keys.superseded("kimson", RUN, SHA256).replace(".parquet", ".json"),
        keys.superseded_note("kimson", RUN, "cd" * 32, SHA256).replace(".json", ".parquet"),
        "leases/src=../x.json",
        "lake/src=kimson/month=all.parquet",
        "index/files/0123.store",
        "lake/src=kimson/month=2026-13.parquet",
    ],
)
def test_another_is_none_of_the_archive(key: str) -> None:
    assert place_of(key) is None


def test_tables_are_those_of_captures_and_articles() -> None:
    assert table_of(keys.articles("kimson", RUN)) == table_of(keys.captures("kimson", RUN)) == ("kimson", RUN)
    assert table_of(keys.lake("kimson", "2026-11")) is None


def test_all_that_a_source_owns_lies_below_its_prefixes() -> None:
    owned = [PART, keys.captures("kimson", RUN), keys.articles("kimson", RUN), keys.report("kimson", RUN)]
    owned += [keys.superseded("kimson", RUN, SHA256), keys.lake("kimson", "2026-11")]
    assert all(any(key.startswith(prefix) for prefix in keys.source_prefixes("kimson")) for key in owned)
