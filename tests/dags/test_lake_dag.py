"""The DAG of the lake, and of the index after it, as `bantin demo` runs DAGs."""

from pathlib import Path

from bantin.engine import run_dags
from bantin.settings import Settings
from model.article import Article
from storage import keys
from storage.store import open_store
from storage.tables import encode, read
from tests.records import article


def test_it_builds_what_is_missing(settings: Settings, migrated: None, tmp_path: Path) -> None:
    store = open_store(settings.archive)
    run = "20200131T000000Z"
    store.put(keys.articles("kimson", run), encode([article(run=run)], Article))
    states = list(run_dags(["lake", "index"], settings, tmp_path / "log"))
    assert states == [("lake", "success"), ("index", "success")], (tmp_path / "log").read_text()
    assert read(store, keys.lake("kimson", "2020-01"), Article) == [article(run=run)]
    assert store.head(keys.index_manifest())
