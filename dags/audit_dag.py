"""The DAG that looks after the archive once a day: it sweeps what runs left behind.

Nothing of the archive goes, and it may run beside crawls; cleared or run by hand it sweeps again. Its log tells counts
and bytes.
"""

from airflow.sdk import DAG, get_parsing_context, task

from bantin.dag_defaults import common
from bantin.operators import final_errors
from bantin.settings import Settings

DAG_ID = "audit"


@task
def sweep() -> list[str]:
    """Sweeps old passing objects, abandoned uploads, ended leases and old parts of the index; returns how many, and
    their bytes."""
    from bantin.audit import audit

    with final_errors():
        return audit(Settings.from_environment()).lines


def audit_dag() -> DAG:
    """The DAG that runs every day."""
    with DAG(
        dag_id=DAG_ID,
        description="sweeps what runs left behind",
        doc_md=__doc__,
        schedule="@daily",
        tags=["archive"],
        **common(),
    ) as dag:
        sweep()
    return dag


if get_parsing_context().dag_id in (None, DAG_ID):
    globals()[DAG_ID] = audit_dag()
