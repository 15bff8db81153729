"""Bylines: the lines of a page that say who wrote its article."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from lxml.html import HtmlElement

from cleaning.lines import Line
from cleaning.names import PREFIX, distinct, is_desk, is_name, is_vietnamese_name, names_in_byline, person
from cleaning.page import attribute_text
from cleaning.text import tidy, words

_MARK = re.compile(
    r"(?:^|[\s_-])(?:by-?line\w*|authors?(?:-?(?:names?|info|link|line|meta|block|\d))?|author-?\w{0,8}"
    r"|article-?authors?"
    r"|creator|autor(?:en|in|es)?|auteurs?|(?:pnl?|lbl|div|sp|txt)?tac-?gia|nguoi-?viet|penulis|redakteur|journalist|reporter|writer"
    r"|contributor"
    r"|written-?by)(?:$|[\s_-])|[a-z](?:Author|Byline)[A-Za-z]*(?:$|[\s_-])",
    re.IGNORECASE,
)
_NOT_ITS_AUTHOR = re.compile(
    r"comment|related|teaser|recommend|popular|most-?read|widget|sidebar|reply|disqus|carousel|listing|footer|photo"
    r"|image"
    r"|caption|social|share|avatar|bio\b|bio-|biograph|description|position|job|title\b|nav\b|menu|date",
    re.IGNORECASE,
)
_PROFILE = re.compile(
    r"/(?:authors?|autor(?:en|es|in)?|auteurs?|journalists?|redakteure?|profile?|profil|people|staff|contributors?"
    r"|writers?|reporters?|tac-gia|author-\w+|by|team|penulis|person|personen|experts?)/(?P<slug>[^/?#]{3,})",
    re.IGNORECASE,
)
_OTHER_ROLE = re.compile(
    r"^(?:(?:medically |expert |fact )?(?:reviewed|checked|edited|translated|approved)\b|photos?\b|photographs?\b"
    r"|foto|ảnh"
    r"|image|illustration|video|editor:|fact[- ]check|credit|copyright|©|more (?:from|by)|contribut\w+ (?:from|by)"
    r"|with contributions|about|read more|follow)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"(?:(?:article|story|words|text|written|posted|reported|published) )?by:?|authors?:?|von:?|par:?|por:?|di:?"
    r"|oleh:?"
    r"|penulis:?|autor(?:in)?:?|auteurs?:?|tác giả:?|автор:?",
    re.IGNORECASE,
)
_EDITORS = re.compile(r"[（(]?\s*(?:责任编辑|责编|編輯|作者|记者|記者)\s*[：:]\s*(?P<names>[^）)]{2,30})[）)]?")
# Within a line that also gives the day: `2024年6月2日 作者：王小明`, `홍길동 기자 입력 2024.06.02`.
_WRITTEN_BY = re.compile(
    r"(?:作者|记者|記者|撰文) ?[:：] ?(?P<zh>[\u3400-\u9fff·]{2,6})(?=$|[\s|｜，,；;）)])"
    r"|(?:^|[\s|])(?P<ko>[\uac00-\ud7af]{2,4}) (?:기자|특파원)(?=$|[\s|=])"
)
_ASIDE = frozenset({"aside", "footer", "nav", "figcaption", "figure"})
_BEFORE_TITLE, _BEHIND_TITLE = 4, 25
_CLOSE = 3
_PROSE_LINES = 3
_BYLINE_CHARS = 160
_NAMES = 12


@dataclass(frozen=True, slots=True)
class Byline:
    """Who signed an article, in order; `lines` are where the page says so. `sure`: right at
    its title."""

    names: tuple[str, ...]
    lines: tuple[Line, ...]
    sure: bool = True


def find_byline(lines: Sequence[Line], start: int | None, outlets: frozenset[str]) -> Byline | None:
    """The byline near the line `start`, which prints the title; else the only one on the page."""
    if start is not None and (near := _near(lines, start, outlets) or _above_text(lines, start, outlets)):
        return near
    return _only(lines, outlets)


def is_byline(line: Line, names: Sequence[str]) -> bool:
    """Whether `line` does little more than name the authors `names`: a word like `by`, a role, a day may go with it."""
    text = words(line.text)
    held = [plain for name in names if (plain := words(name)) and plain in text]
    return bool(held) and len(text) - sum(map(len, held)) <= 60 and not line.prose


def mark_of_byline(block: HtmlElement, box: HtmlElement | None) -> str:
    """What `block` and what is around it within `box` are marked as: `author`; `other`, what names persons that did not
    write the article; or nothing."""
    marked = ""
    for element in (block, *block.iterancestors()):
        marks = attribute_text(element)
        if element.tag in _ASIDE or _NOT_ITS_AUTHOR.search(marks):
            return "other"
        if _kind_of_marks(marks) == "author" or "author" in (element.get("itemprop") or "").split():
            marked = "author"
        if box is None or element is box:
            break
    return marked


def is_marked_author(element: HtmlElement) -> bool:
    """Whether `element` is marked as one that says who wrote the article."""
    return _kind_of_marks(attribute_text(element)) == "author"


def _near(lines: Sequence[Line], start: int, outlets: frozenset[str]) -> Byline | None:
    found: list[tuple[list[str], Line, bool]] = []
    for group in (_behind(lines, start), _before(start)):
        for index in group:
            names, sure = _names_of(lines, index, outlets)
            if names:
                found.append((names, lines[index], sure))
            elif found and not _continues(lines[index]):
                break
        if found:
            break
    if not found:
        return None
    sure = any(one[2] for one in found)
    names = distinct(name for names, _, firm in found for name in names if firm or not sure)
    close = abs(lines.index(found[0][1]) - start) <= _CLOSE
    return Byline(tuple(names[:_NAMES]), tuple(line for _, line, _ in found), sure=close)


def _above_text(lines: Sequence[Line], start: int, outlets: frozenset[str]) -> Byline | None:
    """A name alone in bold, a paragraph right above the first sentence. Vietnamese papers sign at the end, and print
    places so."""
    for index in range(start + 1, min(len(lines) - 1, start + 1 + _BEHIND_TITLE)):
        line = lines[index]
        if line.prose:
            break
        if not (line.emphasised and lines[index + 1].prose and line.block.tag == "p") or line.linked:
            continue
        if len(line.text.split()) in (2, 3) and is_name(line.text) and not is_vietnamese_name(line.text):
            name = person(line.text, outlets)
            return Byline((name,), (line,), sure=False) if name else None
    return None


def _behind(lines: Sequence[Line], start: int) -> Iterator[int]:
    prose = 0
    for index in range(start + 1, min(len(lines), start + 1 + _BEHIND_TITLE)):
        prose += lines[index].prose
        if prose >= _PROSE_LINES:
            return
        if lines[index].block.tag == "h1" and lines[index].block is not lines[start].block:
            continue
        yield index


def _before(start: int) -> Iterator[int]:
    return iter(range(start - 1, max(-1, start - 1 - _BEFORE_TITLE), -1))


def _continues(line: Line) -> bool:
    """Whether a byline may go on behind `line`: between two of its names stand commas, roles and portraits."""
    return len(line.text) <= 40 and line.block.tag not in ("h1", "h2", "h3")


def _names_of(lines: Sequence[Line], index: int, outlets: frozenset[str]) -> tuple[list[str], bool]:
    """The persons whom the line names as authors, and whether it does so beyond doubt."""
    line = lines[index]
    text = line.text
    if len(text) > _BYLINE_CHARS or _OTHER_ROLE.match(text):
        return [], False
    before = lines[index - 1].text if index else ""
    if len(before) <= 30 and before.endswith((":", "by")) and _OTHER_ROLE.match(before):
        return [], False
    names = _profile_names(line, outlets) or names_in_byline(text, outlets, marked=False)
    if not names and len(before) <= 20 and _ALONE.fullmatch(before):
        names = names_in_byline(text, outlets, marked=True)
    if not names and not text.isascii() and (written := _WRITTEN_BY.search(text)):
        names = [written["zh"] or written["ko"]]
    if names:
        return names, True
    if (mark := _mark(_elements(line))) is None:
        return [], False
    exact = mark == "exact"
    for piece in _chunks(line):
        more = names_in_byline(piece, outlets, marked=True)
        if names and not more and len(words(piece)) > 3:
            break  # a role or an office follows
        names += more
    return (distinct(names) if names else names_in_byline(text, outlets, marked=True)), exact


def _profile_names(line: Line, outlets: frozenset[str]) -> list[str]:
    """The names of links that lead to an author's page or are marked as such."""
    found: list[str] = []
    for anchor in line.links:
        rel = (anchor.get("rel") or "").lower().split()
        profile = _PROFILE.search(anchor.get("href") or "")
        if "author" not in rel and profile is None:
            continue
        text = next((plain for one in anchor.itertext() if (plain := tidy(one)) and not _ALONE.fullmatch(plain)), "")
        slug = words(unquote(profile["slug"]).replace("-", " ")) if profile else ""
        rest = line.text.removeprefix(text)
        whole = line.text if rest.isalpha() and rest.islower() else text  # a link that misses the last letters
        names = names_in_byline(whole, outlets, marked=True)
        if names and "author" not in rel and not set(words(names[0]).split()) & set(slug.split()):
            names = []
        if names:
            found += names
        elif 2 <= len(text) <= 40 and ("author" in rel or words(text).split()[:1] == slug.split()[:1]):
            name = None if _ALONE.fullmatch(text) else person(text, outlets)
            found += [name] if name and len(name.split()) <= 4 else []
    return distinct(found)


def _leads_to_author(anchor: HtmlElement) -> bool:
    href = anchor.get("href") or ""
    return "auth" in href or "autor" in href or "tac-gia" in href or "author" in (anchor.get("rel") or "")


def _chunks(line: Line) -> list[str]:
    texts = [tidy(piece.text) for piece in line.pieces[:20]]
    return [plain for plain in texts if len(plain) >= 3 and not PREFIX.fullmatch(plain + " ")]


def _elements(line: Line) -> list[HtmlElement]:
    """The elements around the line's text, up to the block around its block."""
    found: dict[HtmlElement, None] = {}
    for piece in line.pieces[:8]:
        current: HtmlElement | None = piece.parent
        for _ in range(4):
            if current is None or current.tag in ("body", "html", "article", "main"):
                break
            found[current] = None
            current = current.getparent()
    return list(found)


def _mark(elements: Sequence[HtmlElement]) -> str | None:
    """How `elements` are marked as a byline: `exact` by microdata, `class` by a name; None where they are not."""
    best = None
    for element in elements:
        if "author" in (element.get("itemprop") or "").split() or element.get("rel") == "author":
            return "exact"
        kind = _kind_of_marks(attribute_text(element))
        if kind == "author":
            best = "class"
        elif kind == "comment" or (kind == "other" and element.tag in _ASIDE):
            return None
    return best


@lru_cache(maxsize=4096)
def _kind_of_marks(marks: str) -> str:
    """What an element of this id and these classes is to bylines: `author`, `comment`, `other`, or nothing."""
    if not marks:
        return ""
    if _MARK.search(marks):
        return "author"
    if "comment" in marks:
        return "comment"
    return "other" if _NOT_ITS_AUTHOR.search(marks) else ""


def _only(lines: Sequence[Line], outlets: frozenset[str]) -> Byline | None:
    """The one author that the page names at all: several are the bylines of teasers, or a list of columnists."""
    found: dict[str, tuple[list[str], Line]] = {}
    for index, line in enumerate(lines):
        text = line.text
        if len(text) > 100 or line.prose:
            continue
        editors = _EDITORS.search(text) if text[:1] in "（(责責作记記編编" else None
        if editors:
            names = [one for one in re.split(r"[、，,/ ]", editors["names"]) if one]
        elif PREFIX.match(text) or (
            index and len(lines[index - 1].text) <= 20 and _ALONE.fullmatch(lines[index - 1].text)
        ):
            names, _ = _names_of(lines, index, outlets)
        elif line.links and len(text) <= 60 and any(_leads_to_author(anchor) for anchor in line.links):
            names = _profile_names(line, outlets)
        elif line.emphasised and len(text) <= 40 and is_desk(text):
            names = [text]
        else:
            names = []
        if names:
            found.setdefault("; ".join(names), (names, line))
    if len(found) != 1:
        return None
    names, line = next(iter(found.values()))
    return Byline(tuple(names), (line,), sure=False)
