"""Source stubs: the lines at an article's end that say who published it first: `Nguồn: …`, `Theo …`, a lone `Source`.

The same words stand under tables and charts in an article's midst, and there name where its figures are from.
"""

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from lxml.html import HtmlElement

from cleaning.last_lines import ends_sentence, is_marked, is_sentence, lines_at_end, lines_behind
from cleaning.lines import Line
from cleaning.links import absolute, same_site
from cleaning.names import is_outlet, is_vietnamese_name
from cleaning.organisations import is_media, is_place_or_office
from cleaning.page import Page
from cleaning.text import tidy, words
from model.url import host_of

# What stands before the name of the first publisher, or is all of the link to it.
_SOURCE_LABELS = (
    "(?:(?:trích|link|theo) )?nguồn(?: tin| bài| trích)?",
    "source", "sumber(?: berita)?", "fuente", "fonte", "quelle", "bron", "källa",
    "kilde", "lähde", "źródło", "zdroj", "forrás", "sursa", "kaynak", "pinagmulan", "πηγή", "источник", "джерело",
    "източник", "извор", "эх сурвалж", "المصدر", "مصدر", "منبع", "מקור", "स्रोत", "উৎস", "সূত্র", "ที่มา",
    "แหล่งที่มา", "แหล่งข่าว", "แหล่งข้อมูล", "ແຫຼ່ງຂໍ້ມູນ", "ແຫຼ່ງທີ່ມາ", "ແຫຼ່ງຂ່າວ", "ທີ່ມາ", "ប្រភព", "အရင်းအမြစ်",
    "(?:文章|信息|新闻|消息|资料|資料|新聞)?(?:来源|來源)", "稿源", "出典", "引用元", "ソース", "출처",
)  # fmt: skip
_LABEL = rf"(?:{'|'.join(_SOURCE_LABELS)})"
_SOURCE = re.compile(
    rf"[(\[（【]? ?{_LABEL}"
    r"(?:(?: ?[:：] ?| [–-] ?|[–-] )(?P<name>[^\n]{2,400}?)| ?[:：])? ?[)\]）】]?[.。]?",
    re.IGNORECASE,
)
_BEFORE_LINK = re.compile(rf"[(\[（【]? ?{_LABEL} ?[:：–-]?", re.IGNORECASE)
# Without a colon only where the rest is surely a paper's name.
_BARE = re.compile(r"[(\[]? ?nguồn (?P<name>[^\n]{2,60}?) ?[)\]]?\.?", re.IGNORECASE)
# Where the original stands, as a link or written out for copying: `Link bài gốc https://…`.
_ORIGINAL = re.compile(
    r"(?:(?:link|đường dẫn)(?: (?:bài|tin))?|bài|bản tin|tin) gốc\b[^\n/]{0,40}?(?P<url>https?://\S{4,400})?",
    re.IGNORECASE,
)
_AFTER_WORD = r"(?:theo|according to|menurut|d['’]après|selon|según|segundo|secondo|laut)"  # in translations, too
_AFTER = re.compile(
    rf"{_AFTER_WORD}(?: ?: ?| )(?P<name>[^\n]{{2,60}}?)\.?"
    rf"|[(\[] ?{_AFTER_WORD}(?: ?: ?| )(?P<inner>[^()\[\]\n]{{2,60}}?) ?[)\]]\.?",
    re.IGNORECASE,
)
# At the end of the last sentence's own line: `… gia đình./. Theo TTXVN`, `… gia đình (Theo TTXVN).`
_AT_ITS_END = re.compile(
    rf"(?:[(\[] ?(?P<said>(?:theo|{_LABEL}) ?[:：]? ?)?(?P<inner>[^()\[\]]{{2,50}}?) ?[)\]]"
    rf"|(?<!\w)(?:theo|{_LABEL} ?[:：]) ?(?P<name>[^()\[\].!?]{{2,50}}(?:\.\w+)*))\.?$",
    re.IGNORECASE,
)
_BEHIND_ITS_END = re.compile(r"(?<=/\.) ?(?P<name>[^()\[\].!?/]{2,40})$")  # `… gia đình./. TTXVN`
_PERSON_OF = re.compile(r"(?P<person>[^()/]{3,40}?) ?(?:\((?P<at>[^()]{2,50})\)|/ ?(?P<via>[^()/]{2,50}))")
_BUTTON = re.compile(r"\b(?:link|copy|url)\b", re.IGNORECASE)
_URL = re.compile(r"https?://\S+")
_SOURCE_MARK = re.compile(r"(?:^|[\s_-])(?:source(?:-?name)?|(?:pn)?nguon-?tin)(?:$|[\s_-])", re.IGNORECASE)
_SOURCE_PART = re.compile(r"\s(?:\S*_)?(?:pnl?|lbl|div|sp)?nguon-?tin\s", re.IGNORECASE)
_LINE_CHARS, _LINKED_CHARS = 120, 500
_STUB_CHARS = 60
_LINES_BEHIND, _LINKED_BEHIND = 15, 60
_CLOSE = 3
_SHORT_LINES_BEHIND = 2


@dataclass(frozen=True, slots=True)
class FirstPublisher:
    """Who published the article first: its `name`, and the original's `url`; `author` is whom it names beside. All
    empty where the page names itself."""

    name: str | None = None
    url: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class _Site:
    """What is the page's own: the address that its links are relative to, its hosts, and its names."""

    base: str
    hosts: Set[str]
    outlets: frozenset[str]

    def is_own(self, name: str) -> bool:
        return words(name) in self.outlets or is_outlet(name, self.outlets)

    def address(self, line: Line) -> str | None:
        """Where the line's first link leads."""
        return absolute(self.base, next((href for anchor in line.links if (href := anchor.get("href"))), None))

    def elsewhere(self, url: str | None) -> str | None:
        """`url`, where it is on another site."""
        if url is None or any(same_site(host_of(url), host) for host in self.hosts):
            return None
        return url


def leave_out_stubs(page: Page, region: HtmlElement, outlets: frozenset[str], hosts: Set[str]) -> FirstPublisher:
    """Leave out the lines behind the article's text, kept or in its `region` of the page or near it, that name who
    published it first."""
    site = _Site(page.base, hosts, outlets)
    labelled = _labelled(page, site)
    marked = None if labelled else _marked(page, region, site)
    after = None if marked else _after(page, region, site)
    glued = None if labelled or marked or after else _in_sentence(page, region, site)
    said = [one for one in (labelled, marked, after, glued) if one]
    return FirstPublisher(
        next((one.name for one in said if one.name), None),
        next((one.url for one in said if one.url), None),
        next((one.author for one in said if one.author), None),
    )


def leave_out_original(page: Page) -> str | None:
    """Leave out the line that gives the original's address, on another site; that address."""
    for line in page.ledger.left:
        if not (found := _ORIGINAL.fullmatch(line.text)):
            continue
        url = absolute(page.base, found["url"] or next((anchor.get("href") for anchor in line.links), None))
        if url and not same_site(host_of(url), host_of(page.url)):
            page.ledger.leave_out([line], "source-stub", line.block)
            return url
    return None


def _labelled(page: Page, site: _Site) -> FirstPublisher | None:
    ledger = page.ledger
    left = ledger.left
    prose = _last(left, lambda line: line.prose)
    sentence = _last(left, lambda line: is_sentence(line) and not _reads_as_stub(line))
    end = _last(left, lambda line: True)
    last = end + _LINKED_BEHIND
    for place in range(prose + 1, min(len(left), last + 1)):
        line = left[place]
        found = _source(line)
        if found is None:
            continue
        behind = left[place + 1] if place + 1 < len(left) else None
        name, url = found, site.address(line)
        lines = [line]
        if not name and url is None:
            if behind is None or not (url := _next_address(behind, site)):
                if behind is None or not line.text.endswith((":", "：")) or not _is_name_alone(behind):
                    continue
                name = behind.text
            elif not _URL.match(behind.text) and len(behind.text) <= _STUB_CHARS:
                name = behind.text
            lines.append(behind)
        other = site.elsewhere(url)
        if other is None and (place < sentence or place > end + _LINES_BEHIND):
            continue
        known = bool(name) and (_are_media(name) or site.is_own(name))
        if name[:1].islower() and other is None and not known and not _URL.match(name):
            continue
        if other is None and not known and _belongs_to_figure(line, left[place - 1] if place else None):
            continue
        if name and (_URL.match(name) or site.is_own(name)):
            if _URL.match(name):
                other = other or site.elsewhere(absolute(site.base, name))
            name = ""
        ledger.leave_out(lines, "source-stub", line.block)
        return FirstPublisher(tidy(name) or None, other)
    return None


def _last(lines: Sequence[Line], is_wanted: Callable[[Line], bool]) -> int:
    """The place of the last kept line that `is_wanted` holds for; -1 where there is none."""
    return next((place for place in range(len(lines) - 1, -1, -1) if lines[place].kept and is_wanted(lines[place])), -1)


def _are_media(name: str) -> bool:
    """Whether `name` is that of a paper or agency, or of several: `sid/dpa`."""
    return all(is_media(part) for part in re.split(r" ?[/,;+] ?", name))


def _source(line: Line) -> str | None:
    """The name behind a label like *Source*, empty where only the label stands there; None where none does."""
    text = line.text
    if len(text) > (_LINKED_CHARS if line.linked else _LINE_CHARS):
        return None
    if found := _SOURCE.fullmatch(text):
        name = found["name"] or ""
        return name if len(name) <= 80 or _URL.fullmatch(name) else None
    if line.links and len(text) <= _LINE_CHARS:
        linked = tidy("".join(piece.text for piece in line.pieces if piece.link is not None))
        if linked and text.endswith(linked) and _BEFORE_LINK.fullmatch(text.removesuffix(linked).strip()):
            return linked
    if (bare := _BARE.fullmatch(text)) and is_media(bare["name"]):
        return str(bare["name"])
    return None


def _next_address(line: Line, site: _Site) -> str | None:
    """Where the line behind a label leads, if it is a link to another site."""
    return site.elsewhere(site.address(line)) if line.linked else None


def _is_name_alone(line: Line) -> bool:
    return len(line.text) <= _STUB_CHARS and not line.links and is_media(line.text)


def _reads_as_stub(line: Line) -> bool:
    if len(line.text) > _LINE_CHARS:
        return False
    return _AFTER.fullmatch(line.text) is not None or _source(line) is not None


def _belongs_to_figure(line: Line, before: Line | None) -> bool:
    """Whether a picture or a table stands right before the line: it says where that is from."""
    if line.image is not None:
        return True
    if before is None:
        return False
    table = next(before.block.iterancestors("table"), None)
    return table is not None and table not in line.block.iterancestors()


def _after(page: Page, region: HtmlElement, site: _Site) -> FirstPublisher | None:
    """What a last `Theo …` (after …) says."""
    ledger = page.ledger
    tail = [*_tail(page, region)]
    tail += [line for line in lines_behind(ledger, region, _CLOSE) if not line.kept]
    for place, line in enumerate(tail):
        if len(line.text) > _STUB_CHARS + 10 or not (found := _AFTER.fullmatch(line.text)):
            continue
        name, author = found["name"] or found["inner"], None
        if (of := _PERSON_OF.fullmatch(name)) and is_media(of["at"] or of["via"]):
            name, author = of["at"] or of["via"], of["person"]
        own, media = site.is_own(name), is_media(name)
        url = site.elsewhere(site.address(line))
        if not (name[0].isupper() or own or media) or _BUTTON.search(name):
            continue
        behind = [other for other in tail[place + 1 :] if other.kept and not other.linked]
        is_theo = line.text.lstrip("([ ").lower().startswith("theo")  # other words for it also begin headings
        if not (own or media or url) and (len(behind) > _SHORT_LINES_BEHIND or not is_theo):
            continue
        ledger.leave_out([line], "source-stub", line.block)
        return FirstPublisher(None if own else name, url, _person(author))
    return None


def _in_sentence(page: Page, region: HtmlElement, site: _Site) -> FirstPublisher | None:
    """What the end of the last sentence's own line says, where it names a paper or agency behind the full stop, or in
    brackets and with a label."""
    line, tail = lines_at_end(page.ledger, region, is_sentence)
    if line is None or sum(1 for other in tail if other.kept and not other.linked) > _SHORT_LINES_BEHIND:
        return None
    start = max(0, len(line.text) - _STUB_CHARS - 10)
    if found := _AT_ITS_END.search(line.text, start):
        name, labelled = found["inner"] or found["name"], found["said"]
    elif found := _BEHIND_ITS_END.search(line.text, start):
        name, labelled = found["name"], None
    else:
        return None
    rest = line.text[: found.start()].rstrip()
    own = site.is_own(name)
    if not (own or _are_media(name)) or not (labelled or ends_sentence(rest)):
        return None
    page.ledger.cut(line, found.group().strip(), rest if ends_sentence(rest) else f"{rest}.", "source-stub")
    return FirstPublisher(None if own else name, None)


def _person(name: str | None) -> str | None:
    return name if name and is_vietnamese_name(name) and not is_place_or_office(name) else None


def _marked(page: Page, region: HtmlElement, site: _Site) -> FirstPublisher | None:
    """What a line says that is marked as the source's name: at the article's end, or in the part of the page that
    SharePoint portals have for it."""
    parts = page.marks_with(_SOURCE_PART)
    elements = [one for one, marks in page.marks.items() if marks in parts] if parts else []
    named = [line for element in elements for line in page.ledger.under(element)]
    for line in [*(line for line in _tail(page, region) if is_marked(line, _SOURCE_MARK)), *named]:
        if len(line.text) <= _STUB_CHARS and line.text[-1] not in ":?!" and line.text[0].isupper():
            page.ledger.leave_out([line], "source-stub", line.block)
            name = None if site.is_own(line.text) else line.text
            return FirstPublisher(name, site.elsewhere(site.address(line)))
    return None


def _tail(page: Page, region: HtmlElement) -> Sequence[Line]:
    """The lines left behind the article's last sentence, kept or in its region."""
    return lines_at_end(page.ledger, region, lambda line: is_sentence(line) and not _reads_as_stub(line))[1]
