"""Airflow on several machines, by the services of docker-compose.yml, with workers that die and servers that are away:

    uv run --extra cluster pytest -m cluster -n 0 tests/cluster

All runs end green, and the archive is that of one undisturbed machine.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.cluster.lists import Lists
from tests.cluster.machines import Cluster, missing_for_cluster
from tests.cluster.rounds import PHASES, kill_in, outages
from tests.cluster.stored import bantin, crawl_here, doubles, rows, told
from tests.servers.scripted import scripted

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

SOURCES = int(os.environ.get("BANTIN_TEST_SOURCES", "40"))
LAST = len(PHASES)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the tests of this file share."""

    cluster: Cluster
    lists: Lists
    alone: str


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    """The cluster, the small web, and the archive that one machine makes of all its rounds at once."""
    if missing := missing_for_cluster():
        pytest.skip(f"no cluster: {missing}")
    folder = tmp_path_factory.mktemp("cluster")
    with scripted() as site:
        lists = Lists(site, SOURCES)
        sources = folder / "sources"
        lists.write(sources)
        lists.turn(*range(LAST + 1))
        alone = crawl_here(sources, folder / "alone")
        with Cluster(folder, sources, lists.sources) as cluster, pytest.MonkeyPatch.context() as patch:
            for name, value in cluster.client().items():
                patch.setenv(name, value)
            yield Setting(cluster, lists, alone)


def test_the_health_checks_of_the_installation_find_nothing_wrong(setting: Setting) -> None:
    assert setting.cluster.ill() == ""


@pytest.mark.parametrize(("number", "name"), list(enumerate(PHASES)))
def test_a_worker_that_is_killed_is_stood_in_for(setting: Setting, number: int, name: str) -> None:
    killed = kill_in(setting.cluster, setting.lists, name, number)
    print(killed)
    assert killed.log, "it was in the middle of it"
    assert PHASES[name].ended not in killed.log
    assert killed.states == {"success": SOURCES}
    (first, where), *others = killed.tries
    assert (first, where) == ("failed", killed.machine), "it was that task's worker"
    assert others[-1][0] == "success"
    assert killed.immortal == 0
    found = [row for row in rows(setting.cluster.archive, setting.lists.sources) if row.run == killed.run]
    assert Counter((row.source, row.url) for row in found) == Counter(setting.lists.urls(number))


def test_scheduler_worker_database_broker_and_store_may_be_away_for_a_while(setting: Setting) -> None:
    ended = outages(setting.cluster, setting.lists, LAST)
    print(ended)
    assert ended.states == {"success": SOURCES}
    found = [row for row in rows(setting.cluster.archive, setting.lists.sources) if row.run == ended.run]
    assert Counter((row.source, row.url) for row in found) == Counter(setting.lists.urls(LAST))


def test_the_archive_is_that_of_one_undisturbed_machine(setting: Setting) -> None:
    cluster, lists = setting.cluster, setting.lists
    made = rows(cluster.archive, lists.sources)
    assert doubles(made) == []
    assert told(made) == told(rows(setting.alone, lists.sources))
    verified = bantin("verify", environment={"ARCHIVE_URL": cluster.archive})
    assert verified.returncode == 0, verified.stdout + verified.stderr
