"""Endings: what stands behind an article's last sentence and is not text: who wrote it, and who published it first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cleaning.author import is_name, is_vietnamese_name, person
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.links import absolute, same_site
from cleaning.page import Page, attribute_text
from cleaning.text import tidy, words
from model.url import host_of

# What stands before the name of the first publisher, or is all of the link to it.
_SOURCE_LABELS = (
    "nguồn(?: tin)?", "source", "sumber", "fuente", "fonte", "quelle", "bron", "källa", "kilde", "lähde", "źródło",
    "zdroj", "forrás", "sursa", "kaynak", "pinagmulan", "πηγή", "источник", "джерело", "източник", "извор",
    "эх сурвалж", "المصدر", "مصدر", "منبع", "מקור", "स्रोत", "উৎস", "সূত্র", "ที่มา", "แหล่งที่มา", "แหล่งข่าว",
    "แหล่งข้อมูล", "ແຫຼ່ງຂໍ້ມູນ", "ແຫຼ່ງທີ່ມາ", "ແຫຼ່ງຂ່າວ", "ທີ່ມາ", "ប្រភព", "အရင်းအမြစ်", "(?:文章|信息)?(?:来源|來源)", "稿源",
    "出典", "引用元", "ソース", "출처",
)  # fmt: skip
_SOURCE = re.compile(
    rf"[(\[（【]? ?(?:{'|'.join(_SOURCE_LABELS)})"
    r"(?:(?: ?[:：] ?| [–-] ?|[–-] )(?P<name>[^\n]{2,80}?)| ?[:：])? ?[)\]）】]?[.。]?",
    re.IGNORECASE,
)
# Where the original stands, as a link or written out for copying: `Link bài gốc https://…`.
_ORIGINAL = re.compile(
    r"(?:(?:link|đường dẫn)(?: (?:bài|tin))?|bài|bản tin|tin) gốc\b[^\n/]{0,40}?(?P<url>https?://\S{4,400})?",
    re.IGNORECASE,
)
_AFTER = re.compile(r"[(\[]? ?theo (?P<name>[^\n]{2,60}?) ?[)\]]?\.?", re.IGNORECASE)
_SIGNATURE_MARK = re.compile(
    r"(?:^|[\s_-])(?:author|signature|tac-?gia|detail-author|pAuthor|nguoi-?viet|byline)(?:$|[\s_-])", re.IGNORECASE
)
_SOURCE_MARK = re.compile(r"(?:^|[\s_-])(?:source(?:-?name)?|(?:pn)?nguon-?tin)(?:$|[\s_-])", re.IGNORECASE)
# How officials end what they write: `…/.`, mostly behind the sentence's own full stop.
_BODY_END = re.compile(r"(?P<stop> ?\.)?(?P<end> ?/ ?\.)$")
_RIGHT = re.compile(r"text-align ?: ?(?:right|end)", re.IGNORECASE)
_SIGNATURE_CHARS = 60
_TAIL_LINES = 4


@dataclass(frozen=True, slots=True)
class Ending:
    """What an article's end says: `author` signed it, `via_name` and `via_url` published it first."""

    author: str | None = None
    via_name: str | None = None
    via_url: str | None = None


def take_source_stub(page: Page, outlets: frozenset[str]) -> Ending:
    """Take off the page's lines that name the source it was taken from (`Nguồn: …`, a lone `Source` with its link)."""
    lines = page.ledger.lines
    prose = [index for index, line in enumerate(lines) if line.prose]
    start = prose[len(prose) // 2] if prose else 0
    for line in lines[start:]:
        if len(line.text) > 120 or not (found := _SOURCE.fullmatch(line.text)):
            continue
        href = next((anchor.get("href") for anchor in line.links if anchor.get("href")), None)
        url, name = absolute(page.base, href), found["name"]
        if (url is None and name is None) or line.gone:
            continue
        if name and (name.startswith("http") or words(name) in outlets):
            url, name = url or absolute(page.base, name), None
        page.ledger.take_line(line, "source-stub")
        return Ending(via_name=tidy(name) if name else None, via_url=url)
    return Ending()


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


def leave_out_signature(ledger: Ledger, tail: Sequence[Line], outlets: frozenset[str], vietnamese: bool) -> Ending:
    """Leave out the signature behind the article's last sentence, and a last `Theo …`.

    `tail` are the lines behind that sentence in the article's part of the page.
    """
    author = via = None
    for line in tail[:_TAIL_LINES]:
        if len(line.text) > _SIGNATURE_CHARS or line.text[-1] in ":?!":
            break
        if via is None and (found := _AFTER.fullmatch(line.text)) and found["name"][0].isupper():
            via = found["name"]
            ledger.leave_out([line], "source-stub", line.block)
        elif via is None and _is_marked(line, _SOURCE_MARK) and line.text[0].isupper():
            via = line.text
            ledger.leave_out([line], "source-stub", line.block)
        elif words(line.text) in outlets:
            ledger.leave_out([line], "outlet", line.block)
        elif author is None and (name := _signature(line, outlets, vietnamese)):
            author = name
            ledger.leave_out([line], "signature", line.block)
        elif not line.linked:  # links to documents stand between the text and its signature
            break
    return Ending(author=author, via_name=via)


def cut_body_end(ledger: Ledger, line: Line) -> None:
    """Cut the `/.` that ends a body off `line`, the article's last; a sentence keeps its full stop."""
    if found := _BODY_END.search(line.text):
        rest = line.text[: found.start()] + (found["stop"] or "").strip()
        ledger.cut(line, found["end"].strip(), rest, "body-end")


def _signature(line: Line, outlets: frozenset[str], vietnamese: bool) -> str | None:
    """The name, where the line is a signature: a name that stands apart (right, bold, italic, or marked as such)."""
    if line.linked and not _is_marked(line):
        return None
    name = person(line.text, outlets)
    if name is None:
        return None
    parts = [part for part in re.split(r" ?(?:,|-|–|;|/|&) ?", name) if part]
    apart = _is_right(line) or line.emphasised or _is_marked(line)
    if all(is_vietnamese_name(part) for part in parts) and len(parts) <= 4 and (vietnamese or apart):
        return "; ".join(parts)
    if (_is_right(line) or _is_marked(line)) and all(is_name(part) for part in parts) and len(parts) <= 4:
        return "; ".join(parts)
    # A pen name of one word: only where it stands on the right.
    return (
        name
        if vietnamese and _is_right(line) and len(name.split()) == 1 and name[0].isupper() and name.isalpha()
        else None
    )


def _is_right(line: Line) -> bool:
    return any(
        element.get("align") == "right"
        or _RIGHT.search(element.get("style") or "")
        or "text-right" in (element.get("class") or "")
        for element in (line.block, *list(line.block.iterancestors())[:1])
    )


def _is_marked(line: Line, mark: re.Pattern[str] = _SIGNATURE_MARK) -> bool:
    elements = [line.block, *(piece.element for piece in line.pieces if not piece.is_tail)]
    return any(mark.search(attribute_text(element)) for element in elements)
