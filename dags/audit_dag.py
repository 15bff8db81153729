"""The DAG that looks after the archive once a day: each task is one verb, and none waits for another but `tell`.

`verify` is red where something is damaged or missing (`bantin verify` says what), `watch` where it could not be found
out what is wrong with the sources, `tell` where somebody could not be told. What a watch finds turns nothing red.
`sweep` takes nothing of the archive. All may run beside crawls, and again.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, get_parsing_context, task

from bantin.dag_defaults import common
from bantin.operators import final_errors
from bantin.settings import Settings

DAG_ID = "audit"

VERIFIED = timedelta(days=8)
"""The runs of so many days are looked at, each day again. `bantin verify` looks at all, and reads everything."""


@task
def sweep() -> list[str]:
    """Sweeps old passing objects, abandoned uploads, ended leases and old parts of the index; returns how many, and
    their bytes."""
    from bantin.audit import audit

    with final_errors():
        return audit(Settings.from_environment()).lines


@task
def verify() -> int:
    """Compares sizes, reports and tables' footers of the last week's runs; returns the number of notes. Fails where
    something is damaged or missing."""
    from bantin.verifying.verify import expect_whole

    with final_errors():
        return expect_whole(Settings.from_environment(), datetime.now(UTC).date() - VERIFIED)


@task
def watch() -> list[str]:
    """Finds out what is wrong with the sources, against their own past, and what is over; returns the headlines of what
    stands."""
    from bantin.notifying.messages import headline
    from bantin.watching.watch import watch as find

    with final_errors():
        return [headline(alarm) for alarm in find(Settings.from_environment()).standing]


@task
def tell() -> list[str]:
    """Sends what is due to the targets in BANTIN_ALARMS; returns who was told. Repeated, it tells the others."""
    from bantin.notifying.tell import tell as deliver

    with final_errors():
        return [told.target for told in deliver(Settings.from_environment())]


def audit_dag() -> DAG:
    """The DAG that runs every day."""
    with DAG(
        dag_id=DAG_ID,
        description="what is damaged, left over, or unusual; and who is told",
        doc_md=__doc__,
        schedule="@daily",
        tags=["archive"],
        **common(),
    ) as dag:
        verify()
        sweep()
        watch() >> tell()
    return dag


if get_parsing_context().dag_id in (None, DAG_ID):
    globals()[DAG_ID] = audit_dag()
