"""A DAG that looks after the archive once a day: it sweeps what runs left behind."""

from airflow.sdk import DAG, get_parsing_context, task

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
        schedule="@daily",
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["archive"],
    ) as dag:
        sweep()
    return dag


if get_parsing_context().dag_id in (None, DAG_ID):
    globals()[DAG_ID] = audit_dag()
