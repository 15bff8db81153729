"""The other half of trouble.example: what a server does on purpose. `/` does not lead here.

    /sitemap-bomb.xml          entities that unfold to gigabytes   /to-home         a redirect to the home page
    /feed-bomb.xml             the same in a feed                  /to-private      one into the network's inside
    /gzip-sitemap-bomb.xml.gz  64 MB of sitemap in 200 kB          /to-file         one to a file of the client's
    /challenge                 403, a script is to be run first    /gone-after/<n>  an article n times, then 410
    /js-cookie                 200, a script is to set a cookie    /same            the same bytes, no validators
    /retry-date/<seconds>      503 with a date in Retry-After      /counter         the same text, and a counter
    /wrong-type                an article said to be a file

`/retry-date/<seconds>` refuses every other request, as `/429/<seconds>` does.
"""

import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

from demo.exchange import XML, Answer, Request, page, redirect
from demo.markup import weekday
from demo.wire import document

BOMB_MB = 64
TITLE = "Cống Ba Cửa đóng mở tự động theo thủy triều"
PARAGRAPHS = (
    "Từ 05/11, ba cánh cống ở cửa Lau tự đóng khi nước ngoài sông cao hơn trong đồng và tự mở khi nước rút.",
    "Phao và đối trọng làm việc ấy thay cho bốn công nhân phải quay tay mỗi ngày hai lần, kể cả lúc nửa đêm.",
    "Chị Văn Thị Thoan, trạm trưởng, cho biết cống cũ vẫn được giữ để dùng khi phao kẹt rác.",
)
"""The article behind those of the addresses that show one."""


def _article(extra: str = "") -> str:
    paragraphs = "".join(f"<p>{line}</p>" for line in PARAGRAPHS)
    return document(TITLE, f'{extra}<article><h1>{TITLE}</h1><p class="date">06/11/2026</p>{paragraphs}</article>')


def _laughs() -> str:
    """Definitions of entities of which `&c9;` is a thousand million times `c0`."""
    doubled = "".join(f'<!ENTITY c{n} "{f"&c{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE bomb [<!ENTITY c0 "nước">{doubled}]>\n'


def _sitemap_bomb(*_: object) -> Answer:
    entry = "<url><loc>http://trouble.example/same?&c9;</loc></url>"
    urls = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entry}</urlset>'
    return Answer(body=(_laughs() + urls).encode(), content_type=XML)


def _feed_bomb(*_: object) -> Answer:
    item = "<item><title>&c9;</title><link>http://trouble.example/same</link><description>&c9;</description></item>"
    feed = f'<rss version="2.0"><channel><title>&c9;</title>{item}</channel></rss>'
    return Answer(body=(_laughs() + feed).encode(), content_type="application/rss+xml; charset=utf-8")


@lru_cache
def _packed_sitemap() -> bytes:
    packer = zlib.compressobj(6, wbits=31)
    entry = b"<url><loc>http://trouble.example/same</loc></url>\n"
    block = entry * (1_000_000 // len(entry))
    head = b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    parts = [packer.compress(part) for part in (head, *[block] * BOMB_MB, b"</urlset>")]
    return b"".join(parts) + packer.flush()


def _challenge(*_: object) -> Answer:
    checking = document(
        "Chờ một chút…",
        "<h1>Đang kiểm tra kết nối của bạn tới trouble.example</h1><p>Hãy bật JavaScript để tiếp tục.</p>"
        '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=0000000000demo"></script>',
        language="en",
    )
    return Answer(status=403, body=checking.encode(), headers=(("cf-mitigated", "challenge"),))


def _js_cookie(*_: object) -> Answer:
    return page('<html><body><script>document.cookie="D1N=5d2a01; path=/";location.reload();</script></body></html>')


def _retry_date(request: Request, seconds: str) -> Answer:
    if request.seen % 2:
        return page(_article())
    # HTTP dates have no fractions: rounded up, so that it is never earlier than was asked for.
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=int(seconds) + 1)
    return Answer(status=503, body=b"<h1>503</h1>", headers=(("Retry-After", format_datetime(until, usegmt=True)),))


def _gone_after(request: Request, times: str) -> Answer:
    return page(_article()) if request.seen < int(times) else page("<h1>410 Gone</h1>", status=410)


def _counter(request: Request, _: str) -> Answer:
    day = request.today + timedelta(days=request.seen)
    return page(_article(f"<div>{weekday(day)}</div><div>Lượt truy cập: {41_000 + request.number}</div>"))


def _wrong_type(*_: object) -> Answer:
    return Answer(body=_article().encode(), content_type="application/octet-stream")


PATHS: tuple[tuple[str, Callable[[Request, str], Answer]], ...] = (
    (r"/sitemap-bomb\.xml", _sitemap_bomb),
    (r"/feed-bomb\.xml", _feed_bomb),
    (r"/gzip-sitemap-bomb\.xml\.gz", lambda *_: Answer(body=_packed_sitemap(), content_type="application/gzip")),
    (r"/challenge", _challenge),
    (r"/js-cookie", _js_cookie),
    (r"/retry-date/(\d{1,4})", _retry_date),
    (r"/to-home", lambda *_: redirect("http://trouble.example/")),
    (r"/to-private", lambda *_: redirect("http://169.254.169.254/latest/")),
    (r"/to-file", lambda *_: redirect("file:///etc/passwd")),
    (r"/gone-after/(\d{1,4})", _gone_after),
    (r"/same", lambda *_: page(_article())),
    (r"/counter", _counter),
    (r"/wrong-type", _wrong_type),
)
"""What `trouble.answer` looks up besides its own, in the same form: a path's regular expression, and who answers it."""
