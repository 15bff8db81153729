"""trouble.example: whatever a server can do wrong, by path. `/` lists it all.

    /status/<code>       that status, with a page            /redirect/<n>     n redirects, then a page
    /429/<seconds>       429 with Retry-After, then a page   /redirect-circle  redirects that never end
    /slow/<seconds>      waits, then answers                 /redirect-off     a redirect to another host
    /drip                a body, a byte at a time            /wrong-charset    UTF-8 that is said to be ISO-8859-1
    /endless             a body that never ends              /broken-gzip      said to be gzip, and breaks off
    /big/<megabytes>     a page of that size                 /gzip-bomb        64 kB that become 64 MB
    /reset               breaks off in the middle            /binary           a picture that is said to be HTML
    /not-modified        304 that nobody asked for           /pdf              a document
    /etag                200, then 304 for its ETag          /empty            200 and nothing
    /captcha             a block page, with status 200       /odd-header       a header that is none

`/429/<seconds>` refuses every other request, so each crawl that comes back once meets both answers.
What servers do on purpose is in `demo.traps`.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from http import HTTPStatus

from demo import aggregator, media, traps
from demo.exchange import HTML, Answer, Hangup, Request, Stream, not_found, page, redirect, robots

HOST = "trouble.example"
ELSEWHERE = f"http://{aggregator.HOST}/"
BOMB_MB = 64

LINKS = (
    "/status/404",
    "/status/410",
    "/status/500",
    "/status/503",
    "/429/1",
    "/slow/0.2",
    "/drip",
    "/endless",
    "/big/12",
    "/reset",
    "/redirect/2",
    "/redirect-circle",
    "/redirect-off",
    "/wrong-charset",
    "/broken-gzip",
    "/gzip-bomb",
    "/binary",
    "/pdf",
    "/empty",
    "/not-modified",
    "/etag",
    "/captcha",
    "/odd-header",
)
"""What the list at `/` leads to. All of it is harmless to a client that has a time-out and a limit of size."""

TITLE = "Trạm bơm Cồn Trà chạy lại sau chín ngày sửa chữa"
PARAGRAPHS = (
    "Trưa 12/10, tổ máy số hai của trạm bơm Cồn Trà đã chạy thử thành công, kịp tiêu nước cho hơn 300 ha rau màu.",
    "Trạm hỏng từ đêm 03/10 do sét đánh vào tủ điện. Trong chín ngày, xã phải mượn bốn máy bơm dã chiến chạy thay.",
    "Theo kỹ sư Kha Văn Bách, tủ điện mới có bộ chống sét hai tầng và được đặt cao hơn mực nước lũ lịch sử nửa mét.",
)
"""The article behind every address here that ends well."""


def answer(request: Request) -> Answer:
    """The answer to `request`, which is trouble."""
    for pattern, make in (*_PATHS, *traps.PATHS):
        if match := re.fullmatch(pattern, request.path):
            return make(request, match.group(1) if match.groups() else "")
    return not_found(request)


def _article() -> str:
    paragraphs = "".join(f"<p>{line}</p>" for line in PARAGRAPHS)
    return (
        f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{TITLE}</title></head><body><article>'
        f'<h1>{TITLE}</h1><p class="date">13/10/2026</p>{paragraphs}</article></body></html>'
    )


def _index(_: Request, __: str) -> Answer:
    links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in LINKS)
    return page(f"<!DOCTYPE html><title>trouble.example</title><h1>trouble.example</h1><ul>{links}</ul>")


def _status(_: Request, code: str) -> Answer:
    names = {status.value: status.phrase for status in HTTPStatus}
    return page(f"<!DOCTYPE html><title>{code}</title><h1>{code} {names.get(int(code), '')}</h1>", status=int(code))


def _too_many(request: Request, seconds: str) -> Answer:
    if request.seen % 2:
        return page(_article())
    return Answer(status=429, body=b"<h1>429 Too Many Requests</h1>", headers=(("Retry-After", seconds),))


def _slow(_: Request, seconds: str) -> Answer:
    return Answer(body=_article().encode(), delay_s=float(seconds))


def _drip(_: Request, __: str) -> Answer:
    body = _article().encode()
    drops = (body[at : at + 1] for at in range(len(body)))
    return Answer(body=Stream(chunks=drops, size_bytes=len(body), pause_s=0.5))


def _endless(_: Request, __: str) -> Answer:
    def more() -> Iterator[bytes]:
        yield b"<!DOCTYPE html><title>endless</title>"
        while True:
            yield b"<p>" + b"Trang sau. " * 6_000 + b"</p>\n"

    return Answer(body=Stream(chunks=more(), pause_s=0.005))


def _big(_: Request, megabytes: str) -> Answer:
    size_bytes = int(megabytes) * 1_000_000
    line = b"<p>Trang rat dai, dong nao cung nhu dong nao, doc mai khong het.</p>\n"
    block = (line * 1_000)[:50_000]
    return Answer(body=Stream(chunks=(block for _ in range(size_bytes // len(block))), size_bytes=size_bytes))


def _reset(_: Request, __: str) -> Answer:
    body = _article().encode()

    def half() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        raise Hangup

    return Answer(body=Stream(chunks=half(), size_bytes=len(body)))


def _redirect(_: Request, left: str) -> Answer:
    return redirect(f"http://{HOST}/redirect/{int(left) - 1}") if int(left) else page(_article())


def _circle(_: Request, step: str) -> Answer:
    return redirect(f"http://{HOST}/redirect-circle{'' if step else '/back'}")


def _wrong_charset(_: Request, __: str) -> Answer:
    return Answer(body=_article().encode(), content_type="text/html; charset=iso-8859-1")


def _broken_gzip(_: Request, __: str) -> Answer:
    packed = _packed(_article().encode())
    return Answer(body=packed[: len(packed) // 2] + b"\xff" * 40, headers=(("Content-Encoding", "gzip"),))


def _gzip_bomb(_: Request, __: str) -> Answer:
    return Answer(body=_bomb(), headers=(("Content-Encoding", "gzip"),))


def _not_modified(_: Request, __: str) -> Answer:
    return Answer(status=304, content_type=None)


def _captcha(_: Request, __: str) -> Answer:
    return page(
        '<!DOCTYPE html><html lang="vi"><head><title>Xác minh truy cập</title></head><body><div id="challenge">'
        "<h1>Xác minh bạn không phải là robot</h1><p>Hệ thống phát hiện lưu lượng bất thường từ mạng của bạn. "
        "Vui lòng bật JavaScript và cookie, sau đó nhập mã trong hình để tiếp tục.</p>"
        '<form><div class="g-recaptcha"></div><input name="captcha"><button>Tiếp tục</button></form>'
        "<p>Please complete the captcha to continue. Ray ID: 00000000demo</p></div></body></html>"
    )


def _odd_header(_: Request, __: str) -> Answer:
    return Answer(body=_article().encode(), headers=(("X Máy chủ", "Mộc Giang"),))


def _packed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(data) + packer.flush()


@lru_cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    megabyte = b" " * 1_000_000
    return b"".join([packer.compress(megabyte) for _ in range(BOMB_MB)]) + packer.flush()


_PATHS: tuple[tuple[str, Callable[[Request, str], Answer]], ...] = (
    (r"/", _index),
    (r"/robots\.txt", lambda *_: robots("/private/")),
    (r"/status/([2-5]\d\d)", _status),
    (r"/429/(\d+)", _too_many),
    (r"/slow/(\d+(?:\.\d+)?)", _slow),
    (r"/drip", _drip),
    (r"/endless", _endless),
    (r"/big/(\d{1,4})", _big),
    (r"/reset", _reset),
    (r"/redirect/(\d{1,3})", _redirect),
    (r"/redirect-circle(/back)?", _circle),
    (r"/redirect-off", lambda *_: redirect(ELSEWHERE)),
    (r"/wrong-charset", _wrong_charset),
    (r"/broken-gzip", _broken_gzip),
    (r"/gzip-bomb", _gzip_bomb),
    (r"/binary", lambda *_: Answer(body=media.png("binary"), content_type=HTML)),
    (r"/pdf", lambda *_: Answer(body=media.pdf("bantin demo"), content_type="application/pdf")),
    (r"/empty", lambda *_: Answer()),
    (r"/not-modified", _not_modified),
    (r"/etag", lambda *_: Answer(body=_article().encode(), validators=True)),
    (r"/captcha", _captcha),
    (r"/odd-header", _odd_header),
)
