"""The DAG that runs new rules over stored captures: by hand, with a form, mapped over sources.

First leave *dry_run* on, and read in the log of each source what would change; then trigger it again without: nothing
is cleaned twice. Runs that cannot be cleaned stay as they are and turn their source's task red; the others are written.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Param, get_current_context, get_parsing_context, task

from bantin.dag_defaults import WAITING_LIMIT, common
from bantin.operators import final_errors
from bantin.pools import CLEAN
from bantin.settings import Settings

if TYPE_CHECKING:
    from bantin.recleaning.reclean import Selection

DAG_ID = "reclean"
BOUNDS = (("since", "00:00:00"), ("until", "23:59:59"))
"""The form names days: from which second of the one to which of the other."""

LIMIT = timedelta(days=3)
"""So long may one source take, whose runs of years are cleaned again; a further try goes on with those not done."""


def selection_of(params: Any, sources: tuple[str, ...]) -> "Selection":
    """The runs of `sources` on the form's days, in UTC."""
    from bantin.recleaning.reclean import Selection

    first, last = (params[name] and datetime.fromisoformat(f"{params[name]}T{time}Z") for name, time in BOUNDS)
    return Selection(sources=sources, since=first, until=last)


@task
def choose() -> list[str]:
    """The sources that have runs to clean again."""
    from bantin.recleaning.reclean import choose as choose_runs

    params = get_current_context()["params"]
    with final_errors():
        chosen = choose_runs(Settings.from_environment(), selection_of(params, tuple(params["sources"] or ())))
    return sorted({source for source, _ in chosen})


@task(
    pool=CLEAN,
    max_active_tis_per_dagrun=1,
    map_index_template="{{ task.op_kwargs['source_id'] }}",
    execution_timeout=LIMIT,
)
def reclean(source_id: str) -> dict[str, int]:
    """Cleans a source's runs again, logs what changes, and writes it unless `dry_run`, into the index too; returns the
    counts."""
    from bantin.index import refresh
    from bantin.recleaning.rewrite import reclean_all

    params = get_current_context()["params"]
    with final_errors():
        selection = selection_of(params, (source_id,))
        settings = Settings.from_environment()
        how = {name: params[name] for name in ("dry_run", "allow_empty")}
        counts = reclean_all(selection, params["rules"], settings, **how)
        if not params["dry_run"]:
            refresh(settings, [source_id])
    return counts


def reclean_dag() -> DAG:
    """Never scheduled: its form says what, and whether it is written."""
    day = {"type": ["null", "string"], "format": "date"}
    with DAG(
        dag_id=DAG_ID,
        description="new rules over stored captures → articles",
        doc_md=__doc__,
        schedule=None,
        params={
            "sources": Param(None, type=["null", "array"], items={"type": "string"}, description="Default: all."),
            "since": Param(None, description="Only runs of this day and later.", **day),
            "until": Param(None, description="Only runs of this day and earlier.", **day),
            "rules": Param(
                "current",
                type="string",
                enum=["current", "kept"],
                description="The registry's source files as they are now, or those that each run keeps.",
            ),
            "allow_empty": Param(
                False, type="boolean", description="Also write runs of which the rules reject every article."
            ),
            "dry_run": Param(True, type="boolean", description="Only log what would change."),
        },
        tags=["archive"],
        **common(run_limit=WAITING_LIMIT),
    ) as dag:
        reclean.expand(source_id=choose())
    return dag


if get_parsing_context().dag_id in (None, DAG_ID):
    by_hand = reclean_dag()
