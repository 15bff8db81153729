"""hacked.example: a portal that shows its own pages to those who type its address, and sends others to a casino.

Whoever comes from a search engine, or with a phone, is redirected to casino.example: the people who look after the
portal see nothing of it. All else is an ordinary site of five articles.
"""

import re
from functools import lru_cache

from demo import media
from demo.exchange import Answer, Request, not_found, page, redirect, robots
from demo.markup import slashed, text, weekday
from demo.stories import Story
from demo.wire import body, document, items, wire

HOST = "hacked.example"
CASINO = "casino.example"
NAME = "Trang thông tin điện tử xã Đồng Sậy"
LANDING = f"http://{CASINO}/khuyen-mai?tu=dong-say"
ARTICLES = 5

_SEARCH = re.compile(r"^https?://(?:[\w-]+\.)*(?:google|bing|coccoc|duckduckgo|yahoo)\.", re.IGNORECASE)
_PHONE = re.compile(r"iPhone|Android.+Mobile", re.IGNORECASE)


def answer(request: Request) -> Answer:
    """The portal's answer, or the intruder's."""
    if request.path == "/robots.txt":
        return robots("/quan-tri/")
    picture = media.file(request.path)
    if picture is None and _is_prey(request):
        return redirect(LANDING)
    if story := _stories().get(request.path):
        main = f'<h1>{text(story.title)}</h1><p class="date">{slashed(story.published_on)}</p>'
        return page(_frame(request, story.title, f'{main}<div class="content">{body(story)}</div>'))
    if request.path in ("/", "/tin-tuc/"):
        return page(_frame(request, "Tin tức", f"<ul>{items(articles())}</ul>"))
    return picture or not_found(request)


def casino(request: Request) -> Answer:
    """What casino.example answers: one page for every address but robots.txt."""
    if request.path == "/robots.txt":
        return robots()
    return page(
        document(
            "Nhà cái Rồng Sấm - tài xỉu, nổ hũ, tặng 88K",
            "<h1>Nhà cái Rồng Sấm</h1><p>Đăng ký hôm nay nhận ngay 88K tiền cược, nạp rút trong một phút.</p>"
            '<p><a href="/dang-ky">Chơi tài xỉu</a> <a href="/tai-ung-dung">Tải ứng dụng</a></p>',
        )
    )


@lru_cache
def articles() -> dict[str, str]:
    """The titles of the portal's articles by path."""
    return {path: story.title for path, story in _stories().items()}


@lru_cache
def _stories() -> dict[str, Story]:
    return {f"/tin-tuc/{story.slug}-{story.number}": story for story in wire()[-8 - ARTICLES : -8]}


def _is_prey(request: Request) -> bool:
    came_from, agent = (request.headers.get(name, "") for name in ("referer", "user-agent"))
    return bool(_SEARCH.search(came_from) or _PHONE.search(agent))


def _frame(request: Request, title: str, main: str) -> str:
    return document(
        f"{title} - {NAME}",
        f'<div id="top">{NAME}. {weekday(request.today)}</div>{main}'
        f"<footer>Lượt xem: {9_100 + request.number}</footer>",
    )
