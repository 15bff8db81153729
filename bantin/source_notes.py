"""What Airflow shows about a source's DAG: what it crawls, how to run it again, where its articles are.

It says nothing that changes from run to run: each change of a DAG makes a new version of it.
"""

from collections.abc import Iterator

from model.source import Source

PAGES = "plugin/bantin/bantin"
"""The archive's pages in Airflow's menu (bantin/tab.py), below the address of its interface."""

RUNNING = """\
**Run it again.** *Clear* a failed task, with what comes after it: what is stored is not fetched again. A run that is
older than the newest asks no server. Of one part that could not be cleaned clear that mapped task, and `publish`.
`bantin rerun {id}` does the same.

**Run it now.** *Trigger* has a form: a full recrawl, only what is new since a day, another budget of pages, or only the
rules of the file over what is stored.

**When it is red** the last lines of the task's log say why, and so does the run's report."""


def notes_on(source: Source) -> str:
    """The notes, in Markdown."""
    about = "\n".join(f"* {line}" for line in _facts(source))
    return (
        f"`{source.id}`: a {source.kind} at <{source.url}>, described in `sources/{source.id}.yaml`.\n\n{about}\n\n"
        f"{RUNNING.format(id=source.id)}\n\n"
        f"**What it found:** [articles and runs]({PAGES}/sources/{source.id})."
    )


def _facts(source: Source) -> Iterator[str]:
    if source.locality:
        yield f"Place: {source.locality.name}"
    yield f"Languages: {', '.join(source.languages)}"
    yield f"Ways in: {', '.join(_ways_in(source))}"
    yield f"Schedule: `{source.schedule}`, {source.timezone}"
    fetch = source.fetch
    yield f"Budget of a run: {fetch.max_pages:,} pages, {fetch.max_minutes:g} minutes"
    yield f"Pause between requests: {fetch.delay_s:g} s"
    if fetch.group:
        yield f"Politeness group: `{fetch.group}`, one crawl at a time"


def _ways_in(source: Source) -> Iterator[str]:
    discovery = source.discovery
    for what in ("feeds", "sitemaps", "listings"):
        if count := len(getattr(discovery, what)):
            yield f"{count} {what if count > 1 else what[:-1]}"
    yield from (f"announced {what}" for what in discovery.announced)
    if discovery.crawl:
        yield f"a bounded crawl, {discovery.crawl.depth} deep"
