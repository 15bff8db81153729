"""An archive of odd and hostile records: what stands in it must be shown as text, and what is missing be told of."""

from datetime import date
from pathlib import Path

from bantin.index import bring_up_to_date
from bantin.settings import Settings
from model.article import Article, SpamLink
from model.report import RunReport, State
from model.source import dump_source
from model.url import article_id
from storage import keys
from storage.reports import write_report
from storage.store import ObjectStore, open_store
from storage.tables import encode
from tests.records import article
from tests.settings import settings_in
from tests.stored import a_source

EARLY, RUN, BROKEN = "20261120T000000Z", "20261121T000000Z", "20261122T000000Z"
PAYLOAD = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
CASINO = "http://casino.example/?x=<b>"
GONE = "http://portal.example/gone"
LOST = article_id(GONE)
TITLE = f"=1+1 {PAYLOAD} \x1b[31m\u202e hội"


def fill(folder: Path) -> Settings:
    """A source of three runs, the newest of which failed and has a report that cannot be read; one before it has
    hostile articles and found the site hacked. Returns settings with its index."""
    settings = settings_in(folder, contact=None, processes=1)
    store = open_store(settings.archive)
    source = a_source().model_copy(update={"name": f"Kim Sơn {PAYLOAD}"})
    source = source.model_copy(
        update={"fetch": source.fetch.model_copy(update={"headers": {"X-Key": "${PORTAL_KEY}"}})}
    )
    for run in (EARLY, RUN, BROKEN):
        store.put(keys.run_source("kimson", run), dump_source(source).encode())
    lost = article(id=LOST, url=GONE, run=EARLY, fetched_at=keys.run_time(EARLY), title="Bài đã mất")
    publish_rows(store, EARLY, [lost], articles={"new": 1})
    hostile = article(
        id="00000000000000bb",
        url=f"http://portal.example/{PAYLOAD}",
        run=RUN,
        fetched_at=keys.run_time(RUN),
        title=TITLE,
        lead=PAYLOAD,
        author=PAYLOAD,
        tags=[PAYLOAD],
        language='vi"><script>',
        published_on=date(2026, 11, 21),
        spam=[SpamLink(text=PAYLOAD, url=CASINO, rule="gambling", hidden=True)],
    )
    told = {"page": hostile.url, "url": CASINO, "text": PAYLOAD, "rule": "gambling"}
    publish_rows(
        store,
        RUN,
        [hostile],
        articles={"new": 1},
        captures={"article 200": 1, "listing 200": 1, "article 410": 1},
        rejected={"listing": 1},
        rejections=[{"url": f"http://portal.example/list?{PAYLOAD}", "kind": "listing", "detail": PAYLOAD}],
        removed={"navigation": 3},
        skipped={"forbidden by robots.txt": 2},
        vanished=[{"url": GONE, "how": "gone (HTTP 410)"}],
        cloaked=[{"url": GONE, "leads_to": CASINO}],
        spam=[told],
        warnings=[f"the certificate was not checked {PAYLOAD}"],
        timings_s={"fetch": 1.5},
    )
    store.put(keys.report("kimson", BROKEN), b"{")
    bring_up_to_date(settings)
    return settings


def publish_rows(store: ObjectStore, run: str, rows: list[Article], **told: object) -> None:
    """An articles table and a report that tells so."""
    at = keys.run_time(run)
    store.put(keys.articles("kimson", run), encode(rows, Article))
    report = RunReport(source="kimson", run=run, state=State.PUBLISHED, started_at=at, finished_at=at, **told)  # type: ignore[arg-type]
    write_report(store, report)
