"""The form by which a crawl's DAG is started by hand, and what its fields mean. A scheduled run has none of it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from airflow.sdk import Param

from model.errors import SourceError
from model.scope import Scope


class _Field(Param):
    """A field whose default need not be checked again: Airflow does so a dozen times for each DAG that it parses, and a
    thousand DAGs took three times as long. What somebody fills in is checked."""

    def resolve(self, *value: Any, **options: Any) -> Any:
        """The value, which is what was filled in, or the default."""
        return super().resolve(*value, **options) if value or "value" in options else self.value


# By these Airflow knows a field when it writes a DAG down; it keeps no other class of them.
_Field.__module__, _Field.__name__ = Param.__module__, Param.__name__


def crawl_form() -> dict[str, Param]:
    """The fields, as Airflow shows and checks them."""
    return {
        "full": _Field(
            False,
            type="boolean",
            title="Full recrawl",
            description="Ask for every known article again, whether due or not, and in full; read lists to their end. "
            "The budget of pages holds. What is the same as what is stored is kept once.",
        ),
        "since": _Field(
            None,
            type=["null", "string"],
            format="date",
            title="Since",
            description="No article that its list dates before this day, or that was found before it.",
        ),
        "pages": _Field(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Page budget",
            description="So many pages of articles at most, in the place of fetch.max_pages. What is new beyond that "
            "waits for the next run.",
        ),
        "rules_only": _Field(
            False,
            type="boolean",
            title="Rules only",
            description="Ask no server: clean what is stored of the source again, by its file as it is now, and write "
            "the runs that change. With since: only runs of that day (UTC) and later.",
        ),
    }


def scope_of(params: Mapping[str, Any]) -> Scope:
    """How far the crawl goes that somebody asked for with `params`."""
    since = params.get("since")
    pages = params.get("pages")
    return Scope(full=bool(params.get("full")), since=date.fromisoformat(since) if since else None, pages=pages)


def is_rules_only(params: Mapping[str, Any]) -> bool:
    """Whether no server is to be asked. Raises `SourceError` where something of a crawl is asked for as well."""
    if not params.get("rules_only"):
        return False
    if params.get("full") or params.get("pages"):
        expected = "expected neither full nor pages with it, since they are about what servers are asked for"
        raise SourceError([f"the form: rules_only: {expected}"])
    return True
