"""loadmore.example: a portal whose lists show three articles and fetch the rest by script.

    /tin-tuc       a POSTed form with the page's number, answered by a piece of HTML; two of its fields are numbers that
                   a script in the list's page holds
    /thong-bao     a GET with an offset, answered by JSON objects without addresses
    /su-kien       a GET with a cursor that the list, and each answer, names for the next one; HTML inside JSON

Each list has nine articles of its own. Past the end answers are empty; questions that make no sense get 400.
"""

import base64
import hashlib
import json
from functools import lru_cache

from demo import media
from demo.exchange import Answer, Request, not_found, page, robots
from demo.markup import slashed, text, weekday
from demo.stories import Story
from demo.wire import body, document, items, wire

HOST = "loadmore.example"
NAME = "Cổng thông tin điện tử xã Gò Lim"
ENDPOINT = "/DesktopModule/UIArticleInMenu/ArticleInMenuPagination.aspx/LoadArticle"
OFFSETS = "/api/news"
CURSORS = "/api/events"
CATEGORY, SITE = 7, 12
PER_LIST, PER_PAGE = 9, 3

LISTINGS = ("/tin-tuc", "/thong-bao", "/su-kien")
SCRIPT = "var categoryId = {category}; var siteId = {site}; var lang = 'vi-VN';"


def answer(request: Request) -> Answer:
    """The portal's answer."""
    for listing in LISTINGS:
        if story := _stories(listing).get(request.path):
            main = f'<h1>{text(story.title)}</h1><p class="date">{slashed(story.published_on)}</p>'
            return page(_frame(request, story.title, f'{main}<div class="content">{body(story)}</div>'))
    match request.path:
        case "/":
            menu = dict(zip(LISTINGS, ("Tin tức", "Thông báo", "Sự kiện"), strict=True))
            return page(_frame(request, "Trang chủ", f"<ul>{items(menu)}</ul>"))
        case "/tin-tuc" | "/thong-bao" | "/su-kien":
            return page(_frame(request, "Danh sách", _listing(request.path)))
        case path if path == ENDPOINT:
            return _by_number(request)
        case path if path == OFFSETS:
            return _by_offset(request)
        case path if path == CURSORS:
            return _by_cursor(request)
        case "/robots.txt":
            return robots("/quan-tri/")
    return media.file(request.path) or not_found(request)


def articles() -> dict[str, str]:
    """The titles of all articles by path: nine of each list, in the lists' order."""
    return {path: title for listing in LISTINGS for path, title in listed(listing).items()}


def listed(listing: str) -> dict[str, str]:
    """The titles of the nine articles of `listing` by path, newest first."""
    return {path: story.title for path, story in _stories(listing).items()}


@lru_cache
def _stories(listing: str) -> dict[str, Story]:
    at = LISTINGS.index(listing)
    chosen = list(enumerate(wire(), 501))[at * PER_LIST : (at + 1) * PER_LIST]
    folder, ending = (("/tin/", ""), ("/bai/", ".html"), ("/sk/", ".html"))[at]
    return {f"{folder}{story.slug}-{number}{ending}": story for number, story in chosen}


def _slice(listing: str, begin: int) -> dict[str, str]:
    return dict(list(listed(listing).items())[begin : begin + PER_PAGE])


def _listing(path: str) -> str:
    """The list's page: three articles, and what its script needs to know to ask for more."""
    scripts = {
        "/tin-tuc": SCRIPT.format(category=CATEGORY, site=SITE),
        "/thong-bao": f"var api = '{OFFSETS}';",
        "/su-kien": f'var state = {{"next": "{_cursor(PER_PAGE)}"}};',
    }
    button = '<button id="more">Xem thêm</button>'
    return f'<ul class="UIListNews">{items(_slice(path, 0))}</ul>{button}<script>{scripts[path]}</script>'


def _by_number(request: Request) -> Answer:
    if request.method != "POST":
        return page("<h1>405 Method Not Allowed</h1>", status=405)
    form = request.form or {}
    known = {"article_category_id": str(CATEGORY), "site_id": str(SITE), "page_size": str(PER_PAGE), "lang": "vi-VN"}
    number = form.get("page", "")
    if any(form.get(name) != value for name, value in known.items()) or not number.isdecimal() or int(number) < 2:
        return page("<h1>400 Bad Request</h1>", status=400)
    return page(items(_slice("/tin-tuc", (int(number) - 1) * PER_PAGE)))


def _by_offset(request: Request) -> Answer:
    offset = request.query.get("offset", "")
    if not offset.isdecimal() or request.query.get("limit") != str(PER_PAGE):
        return _json({"error": "offset, limit"}, status=400)
    found = []
    for path, title in _slice("/thong-bao", int(offset)).items():
        slug, _, number = path.removeprefix("/bai/").removesuffix(".html").rpartition("-")
        found.append({"id": int(number), "slug": slug, "title": title})
    return _json({"total": PER_LIST, "items": found})


def _by_cursor(request: Request) -> Answer:
    places = {_cursor(place): place for place in range(PER_PAGE, PER_LIST, PER_PAGE)}
    place = places.get(request.query.get("cursor", ""))
    if place is None:
        return _json({"error": "cursor"}, status=400)
    after = place + PER_PAGE
    following = _cursor(after) if after < PER_LIST else None
    return _json({"d": f"<ul>{items(_slice('/su-kien', place))}</ul>", "next": following})


def _cursor(place: int) -> str:
    """The token for the articles from `place` on: nothing that a client could count up."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"{HOST}{place}".encode()).digest()[:15]).decode()


def _json(values: dict[str, object], *, status: int = 200) -> Answer:
    content = json.dumps(values, ensure_ascii=False).encode()
    return Answer(status=status, body=content, content_type="application/json; charset=utf-8")


def _frame(request: Request, title: str, main: str) -> str:
    top = f'<div id="top">{NAME}. {weekday(request.today)}</div>'
    return document(f"{title} - {NAME}", f"{top}{main}<footer>Đang truy cập: {3 + request.number % 17}</footer>")
