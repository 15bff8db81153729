"""nomap.example: a site with neither feed nor sitemap nor numbered lists. Its articles lie three links from home.

Home leads to sections, these to subsections, these to articles. On the way there are traps, in which a crawler without
limits stays for ever:

    /lich?thang=7&nam=2031   a calendar that always has a next month
    ?sort=…&order=…          every list leads to itself, sorted once more
    /en/vi/en/…              every page leads to itself under one more language
    ;jsessionid=…            addresses that are new in each answer, all of the same pages
    /print/…                 each page once more, for the printer
"""

import re
from functools import lru_cache
from itertools import islice

from demo import media
from demo.exchange import Answer, Request, not_found, page, robots
from demo.markup import attribute, slashed, text, weekday
from demo.stories import Story
from demo.wire import body, document, items, wire

HOST = "nomap.example"
NAME = "Bản tin sông Lau"
CALENDAR = "/lich"
PER_SUBSECTION = 3

SECTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "/kinh-te/": ("Kinh tế", {"nong-nghiep": "Nông nghiệp", "cho-phien": "Chợ phiên"}),
    "/van-hoa/": ("Văn hóa", {"le-hoi": "Lễ hội", "thu-vien": "Thư viện"}),
    "/doi-song/": ("Đời sống", {"suc-khoe": "Sức khỏe", "moi-truong": "Môi trường"}),
}
"""Sections by path, and their subsections by the last part of theirs."""

_LANGUAGES = re.compile(r"^(?:/(?:en|vi)(?=/))+")
_SESSION = re.compile(r";jsessionid=\w+")


def answer(request: Request) -> Answer:
    """The site's answer: languages, sessions and orders change nothing about what a page is."""
    path = _SESSION.sub("", _LANGUAGES.sub("", request.path))
    plain, printed = path.removeprefix("/print"), path.startswith("/print/")
    if story := _stories().get(plain):
        main = f'<h1>{text(story.title)}</h1><p class="date">{slashed(story.published_on)}</p>{body(story)}'
        return page(_twin(plain, story.title, main) if printed else _frame(request, plain, story.title, main))
    if plain == "/":
        main = f"<ul>{items({section: name for section, (name, _) in SECTIONS.items()})}</ul>"
    elif plain in SECTIONS:
        main = f"<ul>{items({f'{plain}{last}/': name for last, name in SECTIONS[plain][1].items()})}</ul>"
    elif plain in _subsections():
        main = f"<ul>{items({at: title for at, title in articles().items() if at.startswith(plain)})}</ul>"
    elif plain == CALENDAR:
        main = _calendar(request)
    elif plain == "/robots.txt":
        return robots("/quan-tri/")
    else:
        return media.file(plain) or not_found(request)
    return page(_twin(plain, NAME, main) if printed else _frame(request, plain, NAME, main + _orders(request)))


@lru_cache
def articles() -> dict[str, str]:
    """The titles of the site's eighteen articles by path, three to a subsection."""
    return {path: story.title for path, story in _stories().items()}


@lru_cache
def _subsections() -> tuple[str, ...]:
    return tuple(f"{section}{last}/" for section, (_, parts) in SECTIONS.items() for last in parts)


@lru_cache
def _stories() -> dict[str, Story]:
    left = iter(enumerate(wire(), 701))
    return {
        f"{subsection}{story.slug}-{number}.html": story
        for subsection in _subsections()
        for number, story in islice(left, PER_SUBSECTION)
    }


def _calendar(request: Request) -> str:
    """A month without events, the one before and the one after."""
    asked = request.query
    month, year = (asked.get(name, "") for name in ("thang", "nam"))
    usual = month.isdecimal() and year.isdecimal() and len(year) < 9
    at = int(year) * 12 + int(month[:2]) - 1 if usual else request.today.year * 12 + request.today.month - 1
    ways = {
        f"{CALENDAR}?thang={n % 12 + 1}&nam={n // 12}": label for n, label in ((at - 1, "«"), (at + 1, "Tháng sau"))
    }
    return f"<h1>Tháng {at % 12 + 1}/{at // 12}</h1><p>Chưa có sự kiện.</p><ul>{items(ways)}</ul>"


def _orders(request: Request) -> str:
    """Links to the list itself, sorted, on top of how it is sorted already."""
    query = request.target.partition("?")[2]
    so_far = f"{query}&" if query else ""
    orders = ("sort=ngay", "sort=luot-xem", "order=tang", "order=giam")
    links = (f'<a href="?{attribute(so_far + order)}">{order.partition("=")[2]}</a>' for order in orders)
    return f'<div class="orders">{" ".join(links)}</div>'


def _frame(request: Request, path: str, title: str, main: str) -> str:
    """A whole page around `main`: the menu of sections, and the ways into all traps."""
    here = _SESSION.sub("", request.path)
    session = f";jsessionid={0xC0FFEE + 7919 * request.number:012X}"
    menu = items({section: name for section, (name, _) in SECTIONS.items()})
    traps = {
        CALENDAR: "Lịch",
        **{f"/{language}{here}": language.upper() for language in ("en", "vi")},
        **{f"{section}{session}": f"Lên đầu: {name}" for section, (name, _) in SECTIONS.items()},
        f"/print{path}": "In trang",
    }
    return document(
        f"{title} - {NAME}",
        f"<ul>{menu}</ul><div>{weekday(request.today)}</div>{main}<ul>{items(traps)}</ul>"
        f"<footer>Số người đang đọc: {2 + request.number % 9}</footer>",
    )


def _twin(path: str, title: str, main: str) -> str:
    return document(title, main, head=f'<link rel="canonical" href="http://{HOST}{path}">')
