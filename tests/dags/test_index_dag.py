"""The DAG of the index, as Airflow runs it (test_source_dags.py has what starts it)."""

from pathlib import Path
from types import SimpleNamespace

from bantin.settings import Settings
from tests.browse.indexed import RUNS, opened, publish, row
from tests.dags.ran import Airflow


def test_it_takes_the_sources_whose_assets_started_it() -> None:
    """Of a shard's asset each event names one; by hand nothing does."""
    from airflow.sdk import AssetAlias  # here, since it takes seconds

    from bantin.assets import articles_of, articles_of_shard, published

    events = [SimpleNamespace(extra=extra) for extra in ({"source": "a"}, {"source": "c"}, {"from_rest_api": True})]
    assert published({articles_of("kimson"): [], articles_of("hoa-lu"): []}) == ["hoa-lu", "kimson"]
    assert published({articles_of_shard(3): events, articles_of("b"): []}) == ["a", "b", "c"]
    for nothing in ({AssetAlias("x"): []}, {}, None):
        assert published(nothing) is None


def test_it_indexes_what_is_new_and_is_red_where_a_table_was_left_out(airflow: Airflow, settings: Settings) -> None:
    publish(settings, "kimson", RUNS[0], [row("kimson", RUNS[0], 1, "một")])
    done = airflow.run("index", settings)
    assert done["state"] == "success", done["log"]
    assert opened(settings).articles == 1
    publish(settings, "hoa-lu", RUNS[0], [row("hoa-lu", RUNS[0], 2, "hai")])
    publish(settings, "kimson", RUNS[1], [row("kimson", RUNS[1], 3, "ba")])
    table = next(Path(settings.archive, "articles/src=kimson").rglob(f"{RUNS[1]}.parquet"))
    table.write_bytes(table.read_bytes()[:-9])
    left_out = airflow.run("index", settings)
    assert left_out["state"] == "failed"
    assert "1 tables could not be indexed" in left_out["log"]
    assert opened(settings).articles == 2
