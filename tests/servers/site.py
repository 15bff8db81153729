"""A site of a test's own making on loopback: a path is what the test says it is."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from model.source import Source
from tests.servers.answering import Answering, running

PAGE = """<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{title}</title></head><body><h1>{title}</h1>
<article><p class="date">12/10/2026</p>
<p>Sáng 12/10, {title}: tám đội thuyền về đích trên khúc sông dài hai cây số trước đình làng, giữa tiếng trống.</p>
<p>Năm nay ban tổ chức lần đầu dùng cọc tiêu nổi, nhờ đó các đội không còn tranh nhau làn nước như mọi năm.</p>
<p>Đội giáp Đông thắng với khoảng cách nửa thân thuyền và giữ cờ hội đến mùa sau, theo lệ có từ đời các cụ.</p>
</article></body></html>"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path answers. With an ETag it also answers 304; with `X-Refuse-Validators: 431` it says that to them."""

    body: str | bytes = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Site:
    """A site's answers by path (with query), which a test may change at any time, and what was asked of it."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.answers: dict[str, Answer] = {}
        self.asked: Counter[str] = Counter()

    def page(self, path: str, title: str = "Hội đua thuyền") -> None:
        """Puts an article there."""
        self.answers[path] = Answer(PAGE.format(title=title))

    def list(self, path: str, *links: str, **headers: str) -> None:
        """Puts a listing of `links` there."""
        body = "".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
        self.answers[path] = Answer(f"<!DOCTYPE html><ul>{body}</ul>", headers=headers)

    def source(self, *ways_in: str, kind: str = "listings", **fetch: Any) -> Source:
        """A source of this site whose articles are at /a…; `ways_in` are paths."""
        urls = [self.base + path for path in ways_in]
        discovery = {kind: [{"url": url} for url in urls] if kind == "listings" else urls}
        return Source.model_validate(
            {
                "id": "site",
                "name": "Site",
                "url": self.base + "/",
                "kind": "portal",
                "languages": ["vi"],
                "schedule": "0 0 * * *",
                "discovery": discovery,
                "articles": {"allow": ["^/a"]},
                "fetch": {
                    "delay_s": 0,
                    "concurrency": 8,
                    "retries": 0,
                    "timeout_s": 5,
                    "revisit_min_h": 0,
                    "allow_private": True,
                    "cloaking_probes": 0,
                    **fetch,
                },
            }
        )


@contextmanager
def serving() -> Iterator[Site]:
    """A site, served until the block ends."""

    class Handler(Answering):
        def do_GET(self) -> None:  # noqa: N802 - what http.server calls
            site.asked[self.path] += 1
            answer = site.answers.get(self.path, Answer("<h1>404</h1>", 404))
            status, body = answer.status, answer.body
            etag = answer.headers.get("ETag")
            since = answer.headers.get("Last-Modified") and self.headers.get("If-Modified-Since")
            if status == 200 and ((etag and etag == self.headers.get("If-None-Match")) or since):
                status, body = 304, b""
            if "If-None-Match" in self.headers and "X-Refuse-Validators" in answer.headers:
                status, body = int(answer.headers["X-Refuse-Validators"]), b""
            self.answer(status, body, answer.headers)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(f"http://127.0.0.1:{server.server_port}")
    with running(server):
        yield site
