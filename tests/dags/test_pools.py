"""The pools that bound crawls, cleaning and politeness groups, in Airflow's database."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from bantin.engine import airflow_environment
from bantin.settings import Settings
from tests.dags.parsed import printed, write_source
from tests.servers.command import free_ports
from tests.waiting import wait_for

MAKE_POOLS = """
import json, sys
from pathlib import Path
from airflow.cli.commands.pool_command import pool_import_helper
from airflow.models.pool import Pool
from bantin.pools import as_airflow_imports, make_pools
sources, more, file = map(Path, sys.argv[1:])
made = [make_pools(sources, crawls=3)]
Pool.create_or_update_pool("group-ninh-binh", 3, "an operator's", False)
(more / "moi.yaml").rename(sources / "moi.yaml")
made += [make_pools(sources), make_pools(sources)]
there = {pool.pool: pool.slots for pool in Pool.get_pools()}
file.write_text(json.dumps(as_airflow_imports(sources)))
_, failed = pool_import_helper(str(file))
imported = {pool.pool: pool.slots for pool in Pool.get_pools()}
print("\\n" + json.dumps({"made": made, "there": there, "failed": failed, "imported": imported}))
"""


def test_every_group_gets_its_pool_also_one_that_is_new_while_airflow_is_up(
    settings: Settings, migrated: None, tmp_path: Path
) -> None:
    folder, more = tmp_path / "sources", tmp_path / "more"
    write_source(folder, "kimson", "ninh-binh")
    write_source(folder, "tintuc", None)
    write_source(more, "moi", "tra-vinh")
    (folder / "broken.yaml").write_text("id: broken\nfetch: {group: x}\n")
    found = printed(MAKE_POOLS, settings.override(sources=folder), folder, more, tmp_path / "pools.json")
    assert found["made"] == [["clean", "crawl", "group-ninh-binh"], ["group-tra-vinh"], []]
    general = {"default_pool": 128, "clean": 2, "crawl": 3}
    assert found["there"] == {**general, "group-ninh-binh": 3, "group-tra-vinh": 1}
    assert found["failed"] == []
    assert found["imported"] == {**general, "crawl": 16, "group-ninh-binh": 1, "group-tra-vinh": 1}


UP = """
import bantin.engine
bantin.engine.POOLS_S = 0
bantin.engine.COMPONENTS = ()
bantin.engine._up_here()
"""


def pools_in(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {name for (name,) in connection.execute("select pool from slot_pool")}


def test_what_keeps_airflow_up_looks_for_new_groups_and_outlives_a_registry_that_goes_away(
    settings: Settings, migrated: None, tmp_path: Path
) -> None:
    folder, database = tmp_path / "sources", settings.airflow_home / "airflow.db"
    write_source(folder, "kimson", "ninh-binh")
    settings = settings.override(sources=folder)
    with (settings.airflow_home / "log").open("w") as log:
        environment = airflow_environment(settings, *free_ports(1))
        up = subprocess.Popen([sys.executable, "-c", UP], env=environment, stdout=log, stderr=log)
        try:
            wait_for(lambda: pools_in(database) == {"default_pool", "clean", "crawl", "group-ninh-binh"})
            folder.rename(tmp_path / "away")
            wait_for(lambda: "could not be looked through" in Path(log.name).read_text())
            write_source(folder, "moi", "tra-vinh")
            wait_for(lambda: "group-tra-vinh" in pools_in(database))
            assert up.poll() is None
        finally:
            up.kill()
            up.wait()
