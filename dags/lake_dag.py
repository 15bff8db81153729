"""The DAG that keeps lake/ equal to the runs: monthly, when the month before is closed, and by hand after a re-clean.

Triggered by hand it takes sources and a month. Months that are up to date are left alone, so a retry goes on with those
that are not.
"""

from airflow.sdk import DAG, CronTriggerTimetable, Param, get_current_context, get_parsing_context, task

from bantin.dag_defaults import common
from bantin.operators import final_errors
from bantin.settings import Settings

DAG_ID = "lake"


@task
def build() -> int:
    """Builds what is missing or stale; returns how many months that were. Fails where a month could not be built."""
    from bantin.lake import refresh

    params = get_current_context()["params"]
    with final_errors():
        return refresh(Settings.from_environment(), params["sources"] or (), params["month"])


def lake_dag() -> DAG:
    """Once a month, an hour after the month before counts as closed (bantin/lake.py, MARGIN)."""
    with DAG(
        dag_id=DAG_ID,
        description="articles of closed months → lake/",
        doc_md=__doc__,
        schedule=CronTriggerTimetable("0 1 2 * *", timezone="UTC"),
        params={
            "sources": Param(None, type=["null", "array"], items={"type": "string"}, description="Default: all."),
            "month": Param(
                None,
                type=["null", "string"],
                pattern=r"^\d{4}-\d{2}$",
                description="Like 2026-10. Default: every closed month.",
            ),
        },
        tags=["archive"],
        **common(),
    ) as dag:
        build()
    return dag


if get_parsing_context().dag_id in (None, DAG_ID):
    lake = lake_dag()
