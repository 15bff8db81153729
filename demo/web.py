"""The demo's web: made-up sites behind one proxy on loopback, with a log, and with knobs to make them fail."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from demo import aggregator, editions, hacked, loadmore, nomap, paper, portal, trouble, webforms
from demo.exchange import Answer, Request, compressed, edited, page, revalidated
from demo.handler import ProxyServer, Question

SITES: dict[str, Callable[[Request], Answer]] = {
    portal.HOST: portal.answer,
    aggregator.HOST: aggregator.answer,
    paper.HOST: paper.answer,
    trouble.HOST: trouble.answer,
    webforms.HOST: webforms.answer,
    loadmore.HOST: loadmore.answer,
    nomap.HOST: nomap.answer,
    editions.HOST: editions.answer,
    hacked.HOST: hacked.answer,
    hacked.CASINO: hacked.casino,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A request the web has answered. `path` has the query with it; `at` is in UTC."""

    host: str
    path: str
    status: int
    user_agent: str
    at: datetime
    method: str = "GET"


@dataclass(slots=True)
class _Failure:
    status: int
    like: str | None
    left: int | None


@dataclass(slots=True)
class _Edit:
    texts: list[tuple[str, str]]
    at: datetime


class DemoWeb:
    """The sites, served on 127.0.0.1 to whoever uses `proxy_url` as proxy for http:// addresses.

    with DemoWeb() as web:
        urllib.request.ProxyHandler({"http": web.proxy_url})

    `port` 0 takes a free one; `today` is the day that pages print (default: the present day in Vietnam). The port is
    bound at once, and answers once the context is entered. Raises OSError where the port is taken.
    """

    def __init__(self, port: int = 0, today: date | None = None) -> None:
        self._today = today
        self._lock = threading.Lock()
        self._requests: list[Seen] = []
        self._asked: Counter[str] = Counter()
        self._failures: dict[str, _Failure] = {}
        self._edits: dict[str, _Edit] = {}
        self._robots: dict[str, Answer] = {}
        self._server = ProxyServer(port, self._answer)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="demo-web", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops serving and gives the port back. Answers under way are broken off. May be called twice."""
        self._server.closing.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return self._server.server_port

    @property
    def proxy_url(self) -> str:
        """What to set as HTTP proxy."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Seen]:
        """All requests so far, in the order of their answers; a copy."""
        with self._lock:
            return list(self._requests)

    def count(self, url: str) -> int:
        """How often `url` was asked for."""
        with self._lock:
            return self._asked[_key(url)]

    def fail(self, url: str, status: int = 500, times: int | None = 2, *, like: str | None = None) -> None:
        """Makes the next `times` requests for `url` fail (None: all until `heal`): with `status`, or as the path `like`
        of trouble.example does, e.g. `/reset`."""
        with self._lock:
            self._failures[_key(url)] = _Failure(status, like, times)

    def heal(self, url: str | None = None) -> None:
        """Ends the failures that `fail` began, and what `robots` put in a robots.txt's place, of `url` or of all.
        Edits stay."""
        with self._lock:
            for changes in (self._failures, self._robots):
                if url is None:
                    changes.clear()
                else:
                    changes.pop(_key(url), None)

    def robots(self, host: str, text: str | None, status: int = 200) -> None:
        """Puts `text` (None: nothing), with `status`, in the place of the robots.txt of `host` until `heal`."""
        answer = Answer(status=status, body=(text or "").encode(), content_type="text/plain; charset=utf-8")
        with self._lock:
            self._robots[_key(f"http://{host}/robots.txt")] = answer

    def edit(self, url: str, old: str, new: str) -> None:
        """Replaces the text `old` by `new` wherever it stands in the page at `url`.

        Silently, as papers do it: ETag and Last-Modified change, the dates in the page do not. Raises ValueError where
        `old` is not in the page.
        """
        now = datetime.now(UTC)
        with self._lock:
            known = self._edits.get(_key(url))
            edit = _Edit([*(known.texts if known else ()), (old, new)], now)
            host, target = _parts(url)
            request = self._request(Question(method="GET", host=host, target=target, headers={}, body=b""))
            edited(SITES[request.host](request), edit.texts, now)  # raises before anything is changed
            self._edits[_key(url)] = edit

    def _answer(self, question: Question) -> Answer:
        with self._lock:
            request = self._request(question)
            self._asked[request.url] += 1
            failure, edit = self._failing(request.url), self._edits.get(request.url)
            instead = self._robots.get(request.url)
        answer = instead if instead and failure is None else _decide(request, failure, edit)
        agent = question.headers.get("user-agent", "")
        seen = Seen(request.host, request.target, answer.status, agent, datetime.now(UTC), request.method)
        with self._lock:
            self._requests.append(seen)
        return answer

    def _request(self, question: Question) -> Request:
        url = f"http://{question.host}{question.target}"
        return Request(
            host=question.host,
            target=question.target,
            headers=question.headers,
            number=self._asked.total() + 1,
            seen=self._asked[url],
            today=self._today or datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date(),
            method=question.method,
            body=question.body,
        )

    def _failing(self, url: str) -> _Failure | None:
        failure = self._failures.get(url)
        if failure is None or failure.left == 0:
            return None
        if failure.left is not None:
            failure.left -= 1
        return failure


def _decide(request: Request, failure: _Failure | None, edit: _Edit | None) -> Answer:
    """The answer of the site, after what was done to it from outside."""
    site = SITES.get(request.host)
    if site is None:
        return page("<h1>502</h1><p>This proxy knows the demo's sites only: " + ", ".join(SITES), status=502)
    if failure is not None:
        path = failure.like or f"/status/{failure.status}"
        answer = trouble.answer(replace(request, host=trouble.HOST, target=path))
    else:
        answer = site(request)
        if edit is not None:
            answer = edited(answer, edit.texts, edit.at)
    return compressed(revalidated(answer, request), request)


def _parts(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.netloc not in SITES:
        raise ValueError(f"expected an http:// address on one of {', '.join(SITES)}: {url}")
    return parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _key(url: str) -> str:
    host, target = _parts(url)
    return f"http://{host}{target}"
