"""The DAGs as Airflow parses them: one a source, and those of the archive."""

import json
from typing import Any

import pytest

from bantin.settings import CHECKOUT, Settings
from tests.dags.parsed import parse, printed, write_source
from tests.settings import settings_in

BROKEN = {
    "kind": b"id: kind\nkind: blog\n",
    "empty": b"",
    "list": b"- a\n- list\n",
    "yaml": b"id: yaml\nname: a: b\n",
    "latin": "id: latin\nname: Cô Tô\n".encode("windows-1258"),
    "nested": b"[" * 100_000,
    "other-id": b"id: another\n",
    "with space": b"id: with space\n",
    "tab": b"id: tab\n\tname: x\n",
}
"""Files with mistakes, by the name of each."""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The registry's own sources, two of a group, one with an owner, one that is paused, and broken ones."""
    settings = settings_in(tmp_path_factory.mktemp("registry"))
    folder = settings.airflow_home.parent / "sources"
    folder.mkdir()
    for path in (CHECKOUT / "sources").glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    write_source(folder, "gia-vien", "ninh-binh")
    write_source(folder, "hoa-lu", "ninh-binh", owner="Tổ dữ liệu")
    write_source(folder, "resting", None, enabled="false")
    for name, text in BROKEN.items():
        (folder / f"{name}.yaml").write_bytes(text)
    return settings.override(sources=folder)


@pytest.fixture(scope="module")
def found(registry: Settings) -> dict[str, Any]:
    """What Airflow makes of it."""
    return parse(registry, PYTHONHASHSEED="1")


def test_every_source_of_the_registry_has_its_dag(found: dict[str, Any]) -> None:
    assert found["errors"] == {}
    crawls = {name for name in found["dags"] if name.startswith("crawl-")}
    broken = {f"crawl-{name.replace(' ', '-')}" for name in BROKEN}
    ours = {f"crawl-{path.stem}" for path in (CHECKOUT / "sources").glob("*.yaml")}
    assert crawls - broken == {*ours, "crawl-gia-vien", "crawl-hoa-lu", "crawl-resting"}
    assert found["dags"]["crawl-resting"]["cron"] is None, "paused: no schedule, and its runs can be looked at"
    kimson = found["dags"]["crawl-kimson"]
    assert kimson["tasks"] == {"fetch": ["clean"], "clean": ["publish"], "publish": []}
    assert kimson["mapped"] == ["clean"]
    assert kimson["rule"]["publish"] == "none_failed"
    assert (kimson["cron"], kimson["timetable_zone"]) == ("20 5,17 * * *", "Asia/Ho_Chi_Minh")
    assert kimson["tags"] == ["Ninh Bình", "portal", "vi"]
    assert kimson["form"] == {"full": False, "since": None, "pages": None, "rules_only": False}
    assert kimson["limits_h"]["fetch"] == 5  # its four hours of budget, and one
    for part in ("Place: ", "Ways in: ", "bantin rerun kimson", "/sources/kimson"):
        assert part in kimson["doc"]


def test_the_archives_dags_have_a_task_a_verb(found: dict[str, Any]) -> None:
    dags = {name: found["dags"][name] for name in ("audit", "index", "lake", "reclean")}
    assert {name: dag["tasks"] for name, dag in dags.items()} == {
        "audit": {"verify": [], "sweep": [], "watch": ["tell"], "tell": []},
        "index": {"build": []},
        "lake": {"build": []},
        "reclean": {"choose": ["reclean"], "reclean": []},
    }
    assert dags["audit"]["cron"] == "0 0 * * *"
    assert (dags["lake"]["cron"], dags["lake"]["timetable_zone"]) == ("0 1 2 * *", "UTC"), "a month is closed then"
    assert (dags["reclean"]["cron"], dags["reclean"]["mapped"]) == (None, ["reclean"]), "it waits for a hand"


def test_whatever_a_source_publishes_starts_the_index(found: dict[str, Any]) -> None:
    """Who is paused may be cleared, and started by hand; who has mistakes may lose them."""
    index = found["dags"]["index"]
    emitted = {uri for name, dag in found["dags"].items() if name.startswith("crawl-") for uri in dag["emits"]}
    broken = {f"x-bantin://articles/{name}" for name in BROKEN if name != "with space"}
    assert "x-bantin://articles/resting" in emitted
    assert set(index["started_by"]) == emitted | broken
    assert (index["condition"], index["form"]) == ("AssetAny", {"rebuild": False})


def test_all_dags_have_an_owner_notes_limits_and_tries_that_are_ever_further_apart(found: dict[str, Any]) -> None:
    dags = found["dags"]
    for name, dag in dags.items():
        assert (dag["runs"], dag["backoff"]) == (1, [[2.0, 1800.0]]), name
        assert all(dag["limits_h"].values()), name
        assert max(dag["limits_h"].values()) < dag["limit_h"], name
        assert dag["doc"], name
    owners = {name: dag["owners"] for name, dag in dags.items()}
    assert owners.pop("crawl-hoa-lu") == ["Tổ dữ liệu"]
    assert set(map(tuple, owners.values())) == {("bantin",)}


def test_parsing_imports_neither_scrapy_nor_trafilatura(found: dict[str, Any]) -> None:
    assert found["heavy"] == []


def test_nothing_in_a_dag_differs_from_one_parsing_to_the_next(found: dict[str, Any], registry: Settings) -> None:
    """Else each would be a new version of it."""
    again = parse(registry, PYTHONHASHSEED="2")
    assert {name: dag["hash"] for name, dag in again["dags"].items()} == {
        name: dag["hash"] for name, dag in found["dags"].items()
    }


def test_a_broken_file_is_a_red_dag_that_tells_what_is_wrong_and_leaves_the_others_alone(
    found: dict[str, Any],
) -> None:
    for name in BROKEN:
        dag = found["dags"][f"crawl-{name.replace(' ', '-')}"]
        assert (dag["tags"], dag["tasks"]) == (["broken"], {"refuse": []})
        assert "expected" in dag["doc"]
        assert f"{name}.yaml" in dag["doc"]


STARTS = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
import model.source
read, load = [], model.source.load_source
model.source.load_source = lambda path: read.append(path.stem) or load(path)
found = {}
for wanted, shards in json.loads(sys.argv[1]):
    os.environ |= {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": wanted, "BANTIN_SHARDS": shards}
    read.clear()
    bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    found[f"{wanted} {shards}"] = [sorted(bag.dags), sorted(set(read))]
print("\\n" + json.dumps(found))
"""


def test_a_task_that_starts_builds_only_its_own_dag_and_reads_no_other_sources_file(registry: Settings) -> None:
    own = {"crawl-kimson": ["kimson"], "crawl-with-space": ["with space"], "crawl-resting": ["resting"]}
    alone = {**own, "audit": [], "index": [], "lake": [], "reclean": []}
    of_shards = ("shard-001", "index", "crawl-kimson")
    found = printed(
        STARTS, registry, json.dumps([*((name, "") for name in alone), *((name, "3") for name in of_shards)])
    )
    assert found == {
        **{f"{name} ": [[name], read] for name, read in alone.items()},
        "shard-001 3": [["shard-001"], []],
        "index 3": [["index"], []],
        "crawl-kimson 3": [[], []],
    }


def test_crawls_and_cleaning_are_bound_by_pools_and_a_group_by_one_of_its_own(found: dict[str, Any]) -> None:
    dags = found["dags"]
    usual = {"fetch": "crawl", "clean": "clean", "publish": "clean"}
    assert dags["crawl-vietnam-vn"]["pools"] == usual
    assert dags["crawl-gia-vien"]["pools"] == dags["crawl-hoa-lu"]["pools"] == {**usual, "fetch": "group-ninh-binh"}
    assert dags["crawl-hoa-lu"]["limit_h"] > dags["crawl-vietnam-vn"]["limit_h"]
    assert dags["reclean"]["pools"]["reclean"] == "clean"
