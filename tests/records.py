"""Records for tests, with what a test does not care about filled in."""

from datetime import UTC, date, datetime
from typing import Any

from model.article import Article, Image, Removal, text_sha256
from model.capture import Capture, Kind
from storage.exchange import Exchange

RUN = "20261122T000000Z"
AT = datetime(2026, 11, 22, 0, 0, 5, 250_000, tzinfo=UTC)
URL = "http://portal.example/le-hoi-mua-thu-1204"


def capture(**changes: Any) -> Capture:
    """A page that was fetched."""
    values = {
        "source": "kimson",
        "run": RUN,
        "url": URL,
        "via": "http://portal.example/tin-tuc/",
        "kind": Kind.ARTICLE,
        "language": "vi",
        "fetched_at": AT,
        "status": 200,
        **changes,
    }
    return Capture(**{"final_url": values["url"], **values})


def article(**changes: Any) -> Article:
    """An article of that page."""
    title, text = (
        changes.get("title", "Lễ hội mùa thu"),
        changes.get("text", "Sáng nay xã mở hội.\nHai đội đua thuyền."),
    )
    values = {
        "id": "0123456789abcdef",
        "source": "kimson",
        "run": RUN,
        "url": URL,
        "canonical_url": None,
        "fetched_at": AT,
        "text_sha256": text_sha256(title, text),
        "title": title,
        "lead": None,
        "text": text,
        "html": "<p>Sáng nay xã mở hội.</p><p>Hai đội đua thuyền.</p>",
        "author": "Hoàng Mai",
        "published_on": date(2026, 11, 21),
        "published_at": None,
        "modified_on": None,
        "modified_at": None,
        "language": "vi",
        "section": None,
        "images": [Image(url="http://portal.example/1.jpg", caption="Đua thuyền")],
        "origins": {"title": "selector", "author": "signature"},
        "via_name": None,
        "via_url": None,
        "warc_key": f"raw/src=kimson/run={RUN}/attempt-1-part-1.warc.gz",
        "warc_offset": 100,
        "warc_length": 50,
        "cleaner_version": "test",
        "removed": [Removal(text="Trực tuyến: 12", rule="visit-counter", path="div#right/p")],
        **changes,
    }
    return Article(**values)


def exchange(**changes: Any) -> Exchange:
    """A request and its answer."""
    values = {
        "url": URL,
        "via": "http://portal.example/tin-tuc/",
        "kind": Kind.ARTICLE,
        "language": "vi",
        "fetched_at": AT,
        "request_line": "GET /le-hoi-mua-thu-1204 HTTP/1.1",
        "request_headers": [(b"Host", b"portal.example"), (b"User-Agent", b"bantin-test")],
        "request_body": b"",
        "protocol": "HTTP/1.1",
        "status": 200,
        "status_text": "OK",
        "headers": [(b"Content-Type", b"text/html; charset=UTF-8"), (b"ETag", b'"abc"')],
        "body": "<p>Lễ hội</p>".encode(),
        **changes,
    }
    return Exchange(**{"final_url": values["url"], **values})
