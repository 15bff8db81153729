"""What is lost with a damaged WARC part, and with a run's report: as far as what is left tells."""

from collections.abc import Mapping, Sequence

from bantin.verifying.findings import MADE_ANEW, Trouble, some
from model.capture import Capture
from model.report import RunReport, State
from storage import keys, lake
from storage.members import Member
from storage.store import ObjectStore


def damage(broken: Sequence[Member], named: Mapping[int, tuple[int, str]], size_bytes: int) -> tuple[Trouble, str]:
    """What is wrong with a part of that size whose `broken` records are damaged, and which captures are lost with them:
    `named` are those that lie there, by offset, with length and address."""
    first, last = broken[0], broken[-1]
    lost = [
        url
        for offset, (_, url) in sorted(named.items())
        if any(m.offset <= offset < m.offset + max(m.length, 1) for m in broken)
    ]
    is_cut = len(broken) == 1 and last.offset + last.length == size_bytes and last.problem == "it is cut off"
    detail = f"{len(broken)} damaged records, the first at {first.offset}: {first.problem}"
    detail += f"; lost: {some(lost)}" if lost else "; no capture lies there"
    return Trouble.TRUNCATED if is_cut else Trouble.ROT, f"{detail}; the others can be read"


def missing_articles(
    store: ObjectStore, source: str, run: str, captures: Sequence[Capture], report: RunReport | None
) -> str | None:
    """Why a run that has these captures and no articles table should have one; None where it was never published, or
    nothing was fetched that could be. A report that was lost, and made anew, knows no more than none."""
    if report and report.state == State.PUBLISHED:
        return "its report says that the run is published"
    if report and not any(warning.startswith(MADE_ANEW) for warning in report.warnings):
        return None
    if report and report.state == State.FAILED:
        return None
    pages = sum(c.is_page for c in captures)
    return f"{pages} pages were fetched, and {_was_published(store, source, run)}" if pages else None


def _was_published(store: ObjectStore, source: str, run: str) -> str:
    """What tells that the run was published, where its report does not."""
    for info in store.list(keys.superseded_prefix(source, run)):
        if info.key.endswith(".parquet"):
            return f"were published: an articles table of the run was replaced once ({info.key})"
    month = store.head(keys.lake(source, keys.month_of(run)))
    if month and keys.articles(source, run) in lake.made_of(store, month):
        return f"were published: {month.key} was made of them, too"
    return "nothing says whether the run was published"
