"""One crawl of one source, in a process of its own: `python -m spiders.crawl`.

Twisted's reactor cannot start twice, so bantin starts this module as a child (bantin/child.py). Log lines go to
standard error, events (spiders/progress.py) to standard output, and the exit code is a `CrawlExit`. The rules come from
the archive, where the attempt has left them. With `--with-parent` the process ends when its standard input does:
however the parent dies, the pipe closes.
"""

import argparse
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from model.capture import LISTS, Kind
from model.errors import BantinError, SourceError
from model.logs import JSON, VARIABLE, JsonLines
from model.scope import AS_USUAL, Scope
from model.source import Source, load_source, parse_source
from spiders import tls
from spiders.attempts import Attempts, captures_so_far
from spiders.progress import emit
from spiders.recorder import Recorder
from spiders.secrets import RedactingFormatter, redact
from spiders.selection import Selection
from spiders.settings import crawl_settings
from spiders.spider import SourceSpider
from spiders.verdict import CrawlExit, Verdict, count_captures, judge, last_answers, vanished
from storage import keys
from storage.commit import Commit
from storage.errors import LeaseHeld, LeaseLost, StorageError
from storage.frontier import fold
from storage.lease import Lease
from storage.store import ObjectStore, open_store
from storage.without_pandas import block_pandas

logger = logging.getLogger("spiders")

OVER_BUDGET = "a later run: over the budget"

LISTED = 100
"""So many errors and the like are written out in a report."""

INTERRUPTED = "interrupted; a further attempt goes on from what is stored"

GRACE_S = 3.0
"""From an interrupt to the end of the process at the latest: Airflow kills a task 5 s after asking it to stop."""

STALE_S = 24 * 3600
"""A working folder that nobody touched for so long is a dead crawl's."""


def main(argv: list[str] | None = None) -> int:
    """Crawls, stores, says how it ended; returns the exit code."""
    args = _arguments(argv)
    _log_to_stderr(args)
    block_pandas()
    try:
        verdict = crawl(args)
    except SourceError as err:
        verdict = Verdict(CrawlExit.USAGE, str(err))
        emit("end", reason=verdict.reason)
    except (LeaseHeld, LeaseLost) as err:
        verdict = Verdict(CrawlExit.HELD, str(err))
        emit("end", reason=verdict.reason)
    except StorageError as err:
        verdict = Verdict(CrawlExit.STORAGE, str(err))
        emit("end", reason=verdict.reason)
    return verdict.exit


def crawl(args: argparse.Namespace) -> Verdict:
    """Runs the crawl that the arguments describe, while no other crawl of its source does. With `--rules` it only
    looks, beside any other.

    Raises `SourceError` and `StorageError`.
    """
    store = open_store(args.archive)
    if args.rules:
        source = load_source(args.rules)
        return _Crawl(args, store, source, b"").run()
    rules = store.get(keys.attempt_rules(args.source, args.run, args.attempt))
    source = parse_source(rules.decode(), f"the rules of {args.source}, run {args.run}")
    with Lease.acquire(store, source.id, group=source.fetch.group, run=args.run, attempt=args.attempt) as lease:
        return _Crawl(args, store, source, rules, lease).run()


class _Crawl:
    """One crawl, from what is known to what is committed. Without a lease it only looks: it asks for lists alone, says
    what it would ask for besides, and stores nothing."""

    def __init__(
        self, args: argparse.Namespace, store: ObjectStore, source: Source, rules: bytes, lease: Lease | None = None
    ) -> None:
        self._args = args
        self._store = store
        self._source = source
        self._rules = rules
        self._lease = lease
        self._stop: _Interrupt | None = None
        if lease:
            lease.keep_alive(self._lose)  # from now on: what is known of a large site takes long to read
        self._commit = Commit(store, lease) if lease else None
        self._attempts = Attempts(captures_so_far(store, source, args.run), source)
        fetch = source.fetch
        self._frontier = fold(
            store,
            source.id,
            leave_out=args.run,
            min_h=fetch.revisit_min_h,
            max_h=fetch.revisit_max_h,
            save=lease is not None,
        )
        if lease is None:
            logging.getLogger("spiders.recorder").setLevel(logging.WARNING)  # what it stores goes with the folder
        self._recorder = Recorder(
            store=store if lease else open_store(str(args.work / "looked-at")),
            source=source.id,
            run=args.run,
            attempt=args.attempt,
            folder=working_folder(args.work, source.id, args.run, args.attempt),
            part_bytes=args.part_bytes,
            max_body_bytes=fetch.max_body_bytes,
            software=args.user_agent,
        )

    def run(self) -> Verdict:
        """Crawls, commits, and tells the parent how it went. Raises `StorageError`."""
        args, source = self._args, self._source
        scope = Scope(full=args.full, since=args.since, pages=args.pages)
        asked = f", as asked: {scope}" if scope != AS_USUAL else ""
        known = len(self._frontier)
        logger.info("crawling %s, run %s, attempt %d; %d URLs known%s", source.id, args.run, args.attempt, known, asked)
        if self._attempts.captures:
            done, again = len(self._attempts.done), len(self._attempts.again)
            logger.info(
                "stored by earlier attempts: %d pages, not asked for again; %d are asked for again", done, again
            )
        process = AsyncCrawlerProcess(_settings(source, args))
        crawler = process.create_crawler(SourceSpider)
        stop = _Interrupt(self._recorder, crawler.stop_async)
        stop.listen(with_parent=args.with_parent)
        self._stop = stop
        if self._lease and self._lease.lost:
            raise self._lease.lost
        process.crawl(
            crawler,
            source=source,
            frontier=self._frontier,
            selection=Selection(source, self._frontier, self._attempts.done, args.run, keys.run_time(args.run), scope),
            attempts=self._attempts,
            recorder=self._recorder,
            store=self._store,
            look=self._lease is None,
        )
        process.start(install_signal_handlers=False)
        spider: SourceSpider = crawler.spider  # type: ignore[assignment]
        self._recorder.close()
        return self._finish(spider, interrupted=stop.asked)

    def _lose(self, err: LeaseLost) -> None:
        if self._stop:
            self._stop.ask()

    def _finish(self, spider: SourceSpider, *, interrupted: bool) -> Verdict:
        """Judges the crawl, commits its captures with those of earlier attempts when the verdict is OK."""
        captures = self._attempts.table(spider.recorder.captures, list(spider.selection.left.values()))
        spider.tally.found = spider.selection.found
        left = [c for c in captures if c.waiting]
        plan = [*spider.plan, *({"kind": c.kind, "url": c.url, "why": OVER_BUDGET, "via": c.via} for c in left)]
        if self._lease is None:
            verdict = Verdict(CrawlExit.OK, "looked, and stored nothing")
            if not any(c.kind in LISTS and not c.failed and not c.waiting for c in captures):
                verdict = judge(captures, self._source, spider.tally, self._frontier)
        elif self._lease.lost:
            verdict = Verdict(CrawlExit.HELD, str(self._lease.lost))
        elif interrupted:
            verdict = Verdict(CrawlExit.INTERRUPTED, INTERRUPTED)
        else:
            verdict = judge(captures, self._source, spider.tally, self._frontier)
        if verdict.exit == CrawlExit.OK and self._commit:
            self._commit.write(self._rules, captures)
            pages = [c for c in captures if c.is_page]
            reused = sum(keys.attempt_of(c.warc_key or "") < self._args.attempt for c in pages)
            if reused:
                logger.info("%d of %d pages were taken from earlier attempts", reused, len(pages))
        errors = [c for c in last_answers(captures) if c.failed and c.kind != Kind.ROBOTS]
        errors.sort(key=lambda c: c.kind == Kind.ASSET)  # those that matter first
        emit(
            "end",
            reason=verdict.reason,
            captures=count_captures(captures),
            skipped=spider.selection.skipped,
            errors=[{"url": c.url, "error": c.problem} for c in errors[:LISTED]],
            waiting=len(left),
            vanished=vanished(captures, self._frontier)[:LISTED] if verdict.exit == CrawlExit.OK else [],
            cloaked=spider.cloaked[:LISTED],
            warnings=[*tls.warnings(self._source), *spider.tally.warnings],
            wait_until=spider.wait_until,
            plan=[] if self._lease else plan,
        )
        return verdict


def working_folder(work: Path | None, source: str, run: str, attempt: int) -> Path:
    """A folder of this process's own below `work` (default: the user's, in the system's temporary folder). Dead
    crawls' are swept."""
    root = work or Path(tempfile.gettempdir()) / f"bantin-{os.getuid()}"
    for folder in root.glob("*-attempt-*"):
        with suppress(FileNotFoundError):  # its own crawl has just swept it
            if time.time() - max(path.stat().st_mtime for path in (folder, *folder.iterdir())) > STALE_S:
                shutil.rmtree(folder, ignore_errors=True)
    return root / f"{source}-{run}-attempt-{attempt}-{os.getpid()}"


class _Interrupt:
    """Ends the crawl when asked from outside: closes and stores the open part first, then stops Scrapy, and does not
    wait for slow servers."""

    def __init__(self, recorder: Recorder, stop: Callable[[], Any]) -> None:
        self.asked = False
        self._recorder = recorder
        self._stop = stop

    def listen(self, *, with_parent: bool) -> None:
        """Watches for SIGTERM and SIGINT and, `with_parent`, for the end of standard input."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.ask())
        if with_parent:
            threading.Thread(target=self._watch_parent, daemon=True).start()

    def _watch_parent(self) -> None:
        while os.read(0, 1024):
            pass
        self.ask()

    def ask(self) -> None:
        """Asks for the end; may be called from any thread."""
        from twisted.internet import reactor

        if not self.asked:
            self.asked = True
            threading.Thread(target=self._give_up, daemon=True).start()
            reactor.callFromThread(self._end)

    def _end(self) -> None:
        import asyncio

        logger.warning("asked to stop: storing what was fetched")
        try:
            self._recorder.close()
        except BantinError:
            logger.exception("the open part could not be stored")
        asyncio.ensure_future(self._stop())  # noqa: RUF006 - the process ends with it

    def _give_up(self) -> None:
        time.sleep(GRACE_S)
        emit("end", reason=INTERRUPTED)
        os._exit(CrawlExit.INTERRUPTED)


def _log_to_stderr(args: argparse.Namespace) -> None:
    """Our own lines, and of Scrapy's and Twisted's those that warn. (Scrapy sets its loggers' levels when it starts, so
    a filter is what lasts.)"""
    handler = logging.StreamHandler(sys.stderr)
    if os.environ.get(VARIABLE) == JSON:
        handler.setFormatter(JsonLines(lambda: {"source": args.source, "run": args.run}, redact))
    else:
        handler.setFormatter(RedactingFormatter("%(message)s"))
    handler.addFilter(_is_worth_a_line)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """What Scrapy says of an answer that could not be read, or of one that never came, `spiders.losses` says as well,
    in plain words."""
    if record.name == "scrapy.core.scraper" and record.getMessage().startswith("Spider error processing"):
        return False
    if record.name == "scrapy.downloadermiddlewares.retry" and "twisted." in record.getMessage():
        return False
    return record.levelno >= logging.WARNING or record.name.startswith("spiders")


def _settings(source: Source, args: argparse.Namespace) -> Settings:
    settings = Settings()
    settings.setmodule("spiders.settings", priority="project")
    settings.update({**crawl_settings(source, args.user_agent), "WAIT_UNTIL": args.wait_until}, priority="cmdline")
    if args.rules:  # somebody looks, and waits for the answer
        settings.set("HOLD_MAX_S", 0, priority="cmdline")
    return settings


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m spiders.crawl", description=__doc__)
    parser.add_argument("--archive", required=True, help="directory or s3:// address")
    parser.add_argument("--source", required=True)
    parser.add_argument("--run", required=True, help="like 20261122T000000Z")
    parser.add_argument("--attempt", type=int, required=True, help="the attempt whose rules lie in work/")
    parser.add_argument("--user-agent", required=True)
    parser.add_argument("--work", type=Path, help="folder for open WARC parts")
    parser.add_argument("--part-bytes", type=int, default=64_000_000)
    parser.add_argument(
        "--rules", type=Path, help="look only: ask for the lists of this file's source, store nothing outside --work"
    )
    parser.add_argument("--full", action="store_true", help="ask for every known article again, without validators")
    parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="no article of before this day")
    parser.add_argument("--pages", type=int, help="in the place of fetch.max_pages")
    parser.add_argument(
        "--wait-until",
        type=json.loads,
        default={},
        help="hosts that an earlier run was told to wait for: a JSON object",
    )
    parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
    args = parser.parse_args(argv)
    if args.rules and not args.work:
        parser.error("--rules: expected --work too")
    return args


if __name__ == "__main__":
    sys.exit(main())
