"""The verb demo: a small web on loopback, crawled through Airflow, and what came of it."""

import os
import shlex
from contextlib import nullcontext
from dataclasses import replace

from rich.console import Console
from rich.status import Status
from rich.text import Text

from bantin.dag_ids import crawl_dag
from bantin.display import show_article, show_report
from bantin.engine import run_dags
from bantin.registry import load_registry
from bantin.settings import CHECKOUT, Settings
from browse.reading import find_article, list_articles
from demo import SOURCES, paper
from demo.web import DemoWeb
from model.report import RunReport, State
from storage.reports import list_reports
from storage.store import check_writable, open_store

PROXY_VARIABLE = "BANTIN_DEMO_PROXY"
SHOWN_SOURCE = "demo-portal"
INDEX_DAG = "index"


def run_demo(settings: Settings, console: Console) -> int:
    """Crawls the demo's sources into the archive, each by its DAG, brings the index up to date by its own, and prints
    what was crawled, cleaned, removed and rejected, and one article. Returns 0, or 1 where a run failed. Raises
    `EngineError` and `StorageError`."""
    settings = replace(
        settings,
        sources=SOURCES,
        contact=settings.contact or "bantin-demo@localhost",
        airflow_home=settings.airflow_home / "demo",  # so that `bantin up` does not find the demo's DAGs
    )
    check_writable(open_store(settings.archive))
    log = settings.airflow_home / "demo.log"
    sources = [source.id for source in load_registry(SOURCES)]
    dag_ids = [*map(crawl_dag, sources), INDEX_DAG]
    with DemoWeb() as web:
        os.environ[PROXY_VARIABLE] = web.proxy_url
        console.print(f"A web of {len(sources)} sites is up on {web.proxy_url} (a proxy for *.example names).")
        console.print("It misbehaves a little: one page fails at first, another says 429 and Retry-After.")
        console.print(f"Airflow runs their DAGs; its log is {log}. This takes about a minute.")
        _misbehave(web)
        states = {}
        with Status("Airflow is at work", console=console) if console.is_terminal else nullcontext():
            for dag_id, state in run_dags(dag_ids, settings, log):
                states[dag_id] = state
                console.print(f"  {dag_id}: {state}")
    reports = _newest_reports(settings, set(sources))
    console.print()
    for report in reports:
        show_report(console, report)
    _show_one(console, settings)
    failed = any(state != "success" for state in states.values()) or len(states) < len(dag_ids)
    if failed or any(report.state != State.PUBLISHED for report in reports):
        console.print(Text(f"Something failed: {log} says what.", style="bold red"))
        return 1
    _say_what_next(console, settings, reports)
    return 0


def _misbehave(web: DemoWeb) -> None:
    """One page fails once, another refuses once with Retry-After: the crawl asks again, and the reports count it."""
    failing, refusing = (f"http://{paper.HOST}{path}" for path in list(paper.articles())[:2])
    web.fail(failing, status=503, times=1)
    web.fail(refusing, times=1, like="/429/1")


def _newest_reports(settings: Settings, sources: set[str]) -> list[RunReport]:
    newest = {report.source: report for report in list_reports(open_store(settings.archive))}
    return [newest[source] for source in sorted(sources & set(newest))]


def _show_one(console: Console, settings: Settings) -> None:
    entries = list_articles(open_store(settings.archive), SHOWN_SOURCE)
    if entries:
        console.print(Text(f"\nOne of the {len(entries)} articles of {SHOWN_SOURCE}:\n", style="bold"))
        show_article(console, find_article(open_store(settings.archive), entries[0].id))


def _say_what_next(console: Console, settings: Settings, reports: list[RunReport]) -> None:
    fresh = sum(report.articles.get("new", 0) + report.articles.get("changed", 0) for report in reports)
    where = settings.archive
    if "://" not in where and not os.path.relpath(where).startswith(".."):
        where = os.path.relpath(where)
    named = settings.archive != Settings.from_environment().archive  # by --archive: the next command wants it, too
    then = f"Next, each with --archive {shlex.quote(where)}:" if named else "Next:"
    console.print()
    if fresh:
        console.print(f"{fresh} new or changed texts are in {where}. {then}")
        console.print("  uv run bantin demo            again: nothing new, though the portal's counters have changed")
    else:
        console.print(f"No new text: every page was asked for again, and {where} holds what they say. {then}")
    console.print("  uv run bantin browse          the archive in a browser: read, search, compare, export")
    console.print("  uv run bantin list            the archive's articles; `bantin show ID` shows one")
    console.print("  uv run bantin source list     real sites, ready to be crawled: `bantin crawl baohatinh`")
    console.print("  uv run bantin up              Airflow with its web interface: crawls on a schedule")
    console.print(f"  {CHECKOUT / 'docs'}           add a site, read the archive with other tools")
