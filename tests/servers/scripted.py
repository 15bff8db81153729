"""Sites on several loopback addresses that answer by a script: so often this, then that, and how fast. A crawl sees
hosts of its own in 127.0.0.1, 127.0.0.2 and localhost."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from itertools import pairwise
from typing import Any

from bantin.errors import FetchFailed
from bantin.fetch import Fetch
from bantin.settings import Settings
from model.source import Source
from model.url import host_of
from tests.servers.answering import Answering, running
from tests.servers.site import PAGE, Answer


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came in, `at` an instant of `time.monotonic()`."""

    path: str
    at: float


@dataclass(slots=True)
class ScriptedSite:
    """What a site answers, and what it was asked for. Of the answers to a path the last is repeated."""

    base: str
    scripts: dict[str, list[Answer]] = field(default_factory=dict)
    delays_s: dict[str, float] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def script(self, path: str, *answers: Answer) -> None:
        """The first request for `path` gets the first answer, and so on."""
        self.scripts[path] = list(answers)

    def pages(self, *paths: str) -> list[str]:
        """Puts articles at `paths`, and returns their addresses."""
        for path in paths:
            self.script(path, Answer(PAGE.format(title=path)))
        return [self.base + path for path in paths]

    def robots(self, *lines: str) -> None:
        """Puts a robots.txt there."""
        self.script("/robots.txt", Answer("\n".join(lines), headers={"Content-Type": "text/plain"}))

    def listing(self, path: str, *links: str) -> str:
        """Puts a listing of `links` there, and returns its address."""
        self.script(path, Answer("<!DOCTYPE html><ul>" + "".join(f'<li><a href="{link}">x</a></li>' for link in links)))
        return self.base + path

    def times(self, prefix: str = "/") -> list[float]:
        """When paths that begin with `prefix` were asked for."""
        return sorted(seen.at for seen in self.seen if seen.path.startswith(prefix))

    def gaps(self, prefix: str = "/") -> list[float]:
        """Seconds between those requests."""
        return [after - before for before, after in pairwise(self.times(prefix))]

    def asked(self, path: str) -> int:
        """How often `path` was asked for."""
        return sum(seen.path == path for seen in self.seen)


@contextmanager
def scripted(host: str = "127.0.0.1") -> Iterator[ScriptedSite]:
    """A site on a port of its own, served until the block ends."""

    class Handler(Answering):
        def do_GET(self) -> None:  # noqa: N802 - what http.server calls
            at = time.monotonic()
            site.seen.append(Seen(self.path, at))
            script = site.scripts.get(self.path, [Answer("<h1>404</h1>", 404)])
            answer = script.pop(0) if len(script) > 1 else script[0]
            time.sleep(site.delays_s.get(self.path, 0))
            self.answer(answer.status, answer.body, answer.headers)

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            """The crawl has hung up: it waits no longer than its time-out."""

    server = Server(("127.0.0.1" if host == "localhost" else host, 0), Handler)
    site = ScriptedSite(f"http://{host}:{server.server_port}")
    with running(server):
        yield site


def source_of(*listings: str, hosts: tuple[str, ...] = (), **fetch: Any) -> Source:
    """A source with these listings, whose articles are at /a… on their hosts and `hosts`."""
    return Source.model_validate(
        {
            "id": "scripted",
            "name": "Scripted",
            "url": listings[0],
            "kind": "newspaper",
            "languages": ["vi"],
            "hosts": sorted({*map(host_of, listings), *hosts}),
            "schedule": "0 0 * * *",
            "discovery": {"listings": [{"url": url} for url in listings]},
            "articles": {"allow": ["^/a"]},
            "fetch": {
                "delay_s": 0,
                "concurrency": 8,
                "retries": 0,
                "timeout_s": 5,
                "error_tolerance": 1,
                "revisit_min_h": 0,
                "allow_private": True,
                "cloaking_probes": 0,
                **fetch,
            },
        }
    )


def crawl(source: Source, settings: Settings, run: str = "20261122T000000Z", *, may_fail: bool = False) -> list[str]:
    """Fetches `source`; returns the crawl's log lines. Raises `FetchFailed` unless it `may_fail`."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler, levels = Lines(), {name: logging.getLogger(name).level for name in ("bantin.fetch", "spiders")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).addHandler(handler)
    try:
        Fetch(source, run, settings).run()
    except FetchFailed:
        if not may_fail:
            raise
    finally:
        for name, level in levels.items():
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(level)
    return lines
