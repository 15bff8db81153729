"""webforms.example: a portal built with ASP.NET WebForms, whose list has one address for all its pages.

The pager under the list is a GridView's: its links call `__doPostBack`, which sends the page's form again with the name
of the control and what it is told. The hidden `__VIEWSTATE` says on which page of the list the reader is, and
`__EVENTVALIDATION` which events that page has offered; ASP.NET answers anything else with 500. The form holds a search
field and its button too: sent with the form, the button searches and leads back to the first page.

Each article has a PDF and a DOCX under its text, and a picture in it. Today's date and a counter change every answer.
"""

import base64
import hashlib
from functools import lru_cache

from demo import media
from demo.exchange import Answer, Request, not_found, page, robots
from demo.markup import attribute, slashed, text, weekday
from demo.stories import Story, stories
from demo.wire import body, document

HOST = "webforms.example"
NAME = "Cổng thông tin điện tử xã Bến Gạo"
LISTING = "/danh-sach.aspx"
GRID = "ctl00$Main$grid"
SEARCH = "ctl00$Main$btnSearch"
PAGES, PER_PAGE, PER_GROUP = 5, 3, 3
SEAL_BYTES = 12


def answer(request: Request) -> Answer:
    """The portal's answer."""
    if story := _stories().get(request.path):
        return page(_frame(request, story.title, _article(story)))
    match request.path:
        case "/":
            return page(_frame(request, "Trang chủ", f'<p><a href="{LISTING}">Tin tức - Sự kiện</a></p>'))
        case path if path == LISTING:
            return _listing(request)
        case "/robots.txt":
            return robots("/quan-tri/")
    return media.file(request.path) or not_found(request)


def articles() -> dict[str, str]:
    """The titles of the portal's articles by path, newest first: three to a page of the list."""
    return {path: story.title for path, story in _stories().items()}


def attachments(path: str) -> tuple[str, str]:
    """The addresses of the files under the article at `path`."""
    name = path.rpartition("/")[2].removesuffix(".aspx")
    return f"http://{HOST}/uploads/{name}.pdf", f"http://{HOST}/uploads/{name}.docx"


@lru_cache
def _stories() -> dict[str, Story]:
    return {f"/tin/{story.slug}-{story.number}.aspx": story for story in stories("notes")}


def _article(story: Story) -> str:
    files = attachments(f"{story.slug}-{story.number}.aspx")
    links = "".join(f'<li><a href="{url.partition(HOST)[2]}">{url.rpartition("/")[2]}</a></li>' for url in files)
    pictures = "" if story.pictures else f'<p><img src="/media/{story.slug}.png" alt="{attribute(story.title)}"></p>'
    return f"""<h1 class="title">{text(story.title)}</h1><span class="date">{slashed(story.published_on)}</span>
<div class="content">{body(story)}{pictures}</div><ul class="files">{links}</ul>"""


def _listing(request: Request) -> Answer:
    number = 1
    if request.method == "POST":
        form = request.form or {}
        on_page = _opened(form.get("__VIEWSTATE", ""))
        if on_page is None or form.get("__EVENTVALIDATION") != _validation(form["__VIEWSTATE"]):
            return _server_error("Validation of viewstate MAC failed.")
        if SEARCH not in form:
            asked = form.get("__EVENTARGUMENT", "")
            if form.get("__EVENTTARGET") != GRID or asked not in _offered(on_page):
                return _server_error("Invalid postback or callback argument.")
            number = int(asked.removeprefix("Page$"))
    shown = list(_stories().items())[(number - 1) * PER_PAGE : number * PER_PAGE]
    rows = "".join(
        f'<tr><td><a href="{path}">{text(story.title)}</a> ({slashed(story.published_on)})</td></tr>'
        for path, story in shown
    )
    grid = f'<table id="ctl00_Main_grid">{rows}<tr class="pager"><td>{_pager(number)}</td></tr></table>'
    search = (
        '<input type="text" name="ctl00$Main$txtSearch" value="">'
        f'<input type="submit" name="{SEARCH}" value="Tìm kiếm">'
    )
    return page(_frame(request, "Tin tức - Sự kiện", search + grid, state=_state(number, request.number)))


def _pager(number: int) -> str:
    """The pages of the group that `number` is in, and `...` on both sides for the next group and the one before."""
    first = (number - 1) // PER_GROUP * PER_GROUP + 1
    labels = {n: str(n) for n in range(first, min(first + PER_GROUP, PAGES + 1))}
    if first > 1:
        labels = {first - 1: "...", **labels}
    if first + PER_GROUP <= PAGES:
        labels[first + PER_GROUP] = "..."
    return " ".join(
        f"<span>{label}</span>"
        if n == number
        else f'<a href="javascript:__doPostBack(&#39;{GRID}&#39;,&#39;Page${n}&#39;)">{label}</a>'
        for n, label in labels.items()
    )


def _offered(number: int) -> set[str]:
    """The arguments in the links of page `number`."""
    return {part.partition("&#39;")[0] for part in _pager(number).split("&#39;,&#39;")[1:]}


def _state(number: int, salt: int) -> str:
    """A ViewState that says page `number`, sealed so that nobody else can write one; new with each `salt`."""
    content = f"grid:{number}:{salt}".encode()
    return base64.b64encode(_seal(content) + content).decode()


def _opened(state: str) -> int | None:
    """The page that `state` says; None where the seal is broken."""
    try:
        packed = base64.b64decode(state, validate=True)
    except ValueError:
        return None
    seal, content = packed[:SEAL_BYTES], packed[SEAL_BYTES:]
    return int(content.split(b":")[1]) if seal == _seal(content) else None


def _validation(state: str) -> str:
    """The `__EVENTVALIDATION` that goes with `state`."""
    return base64.b64encode(_seal(b"events" + state.encode())).decode()


def _seal(content: bytes) -> bytes:
    return hashlib.blake2b(content, key=HOST.encode(), digest_size=SEAL_BYTES).digest()


def _server_error(what: str) -> Answer:
    return page(
        f"<!DOCTYPE html><title>{what}</title><h1>Server Error in '/' Application.</h1><i>{what}</i>", status=500
    )


def _frame(request: Request, title: str, main: str, state: str | None = None) -> str:
    """A whole page around `main`, which stands in the form that every page of a WebForms site is."""
    state = state or _state(1, request.number)
    hidden = {
        "__EVENTTARGET": "",
        "__EVENTARGUMENT": "",
        "__VIEWSTATE": state,
        "__VIEWSTATEGENERATOR": "CA0B0334",
        "__EVENTVALIDATION": _validation(state),
    }
    fields = "".join(
        f'<input type="hidden" name="{name}" id="{name}" value="{value}">' for name, value in hidden.items()
    )
    return document(
        f"{title} - {NAME}",
        f"""<form method="post" action="{request.path}" id="aspnetForm">{fields}
<div id="banner"><img src="/media/logo.png" width="40" alt="">{NAME}</div>
<div class="today">{weekday(request.today)}</div>
{main}
<div id="footer">Lượt truy cập: {88_000 + request.number}</div></form>
<script>function __doPostBack(target, argument) {{
var form = document.getElementById('aspnetForm');
form.__EVENTTARGET.value = target; form.__EVENTARGUMENT.value = argument; form.submit(); }}</script>""",
    )
