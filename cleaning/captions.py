"""Captions: what a page says of its pictures belongs to them and not to the text.

They are known by their mark, by the frame that they share with a picture, or by how a line right behind one is set
(`caption_lines`).
"""

import re
from collections.abc import Collection, Iterator
from itertools import islice

from lxml.html import HtmlElement

from cleaning.caption_lines import take_caption_lines
from cleaning.credits import CREDIT_CHARS, plain_credit, split_credit
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.page import Page
from cleaning.pictures import Picture
from cleaning.tables import cell_of
from cleaning.text import words

_CAPTION_MARK = re.compile(
    r"[\s_-](?!media-text)(?:(?:image|img|photo|pic\w*|figure?|media|wp|thumb)[\s_-]?(?:caption|cap|desc(?:ription)?|title|text|note|legend)(?:-text)?"
    r"|caption(?:[\s_-]?text)?|figcaption|pcaption|PhotoCMS_Caption|chu-?thich(?:-?anh)?|ImageCaption)[\s_]",
    re.IGNORECASE,
)
_SAYS_CAPTION = re.compile(r"caption|cation|thich", re.IGNORECASE)  # other marks stand at columns of text as well
_CREDIT_MARK = re.compile(
    r"[\s_-](?:credits?|copyright|photographer"
    r"|(?:image|img|photo|pic\w*|figure|media|caption)[\s_-]{0,2}(?:source|author|owner|byline|by))[\s_]",
    re.IGNORECASE,
)
_FRAME_MARK = re.compile(
    r"\s(?:(?:article|post|entry|detail|body|inline|story|wp-block)[_-])?"
    r"(?:img|image|photo|picture|pic|figure|anh|hinh|hinh-?anh|wp-caption|tplCaption)s?"
    r"(?:[_-](?:box|wrap|wrapper|frame|container|holder|block|full|center|left|right|inline|item|inner))?\s",
    re.IGNORECASE,
)
_CAPTION_TAGS = frozenset({
    "figcaption", "td", "div", "p", "span", "em", "figure", "a", "h2", "h3", "h6", "center", "dd", "small",
})  # fmt: skip
_CREDIT_TAGS = frozenset({"span", "p", "div", "small", "em", "i", "cite", "footer"})
_FRAME_TAGS = frozenset({"figure", "div", "p", "dl"})
_NO_CAPTION = frozenset({
    "blockquote", "q", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "form", "button", "iframe", "video",
    "audio", "pre", "hr", "aside",
})  # fmt: skip
"""What stands in no frame that a picture shares with its caption only."""
_CAPTION_CHARS = 400
_FRAME_CHARS = 250
_FRAME_LINES = 2
_MOST_PICTURES = 6
_MOST_INSIDE = 200  # elements: more do not frame a picture
_MOST_EMPTY = 20  # so many elements that show nothing may stand between a picture and its caption


def take_captions(page: Page, lead: Collection[Line] = ()) -> list[Picture]:
    """The pictures around the text in order; their captions, and alternative texts printed again, are taken off the
    page. The lines of the `lead` are none."""
    pictures = [Picture(element) for element in page.surroundings.iter("img")]
    by_element = {picture.element: picture for picture in pictures}
    if not by_element:
        _take_marked(page, by_element)
        return pictures
    _take_credits(page, by_element)
    _take_marked(page, by_element)
    _take_tables(page, by_element, lead)
    _take_frames(page, by_element, lead)
    take_caption_lines(page, by_element, lead)
    return pictures


def _take_credits(page: Page, by_element: dict[HtmlElement, Picture]) -> None:
    """The elements that are marked as a picture's credit."""
    ledger = page.ledger
    marked = page.marks_with(_CREDIT_MARK)
    found = {one for one, marks in page.marks.items() if marks in marked and one.tag in _CREDIT_TAGS}
    around = {outer for one in found for outer in islice(one.iterancestors(*_CREDIT_TAGS), _MOST_EMPTY)}
    for element in [one for one in page.marks if one in found and one not in around]:
        if element.find(".//img") is not None:
            continue
        text = ledger.text_under(element)
        if not text or len(text) > CREDIT_CHARS or split_credit(text)[0] not in ("", text):
            continue
        picture = None
        if (figure := next(element.iterancestors("figure"), None)) is not None:
            picture = _picture_in(figure, element, by_element)
        elif "credit" in page.marks[element].lower():
            picture = _picture_near(element, by_element, ledger)
        if picture is not None:
            if named := plain_credit(text):
                picture.credit = f"{picture.credit} {named}" if picture.credit else named
            ledger.take(element, "caption")


def _take_marked(page: Page, by_element: dict[HtmlElement, Picture]) -> None:
    captions = page.marks_with(_CAPTION_MARK)
    marked = [element for element, marks in page.marks.items() if marks in captions and element.tag in _CAPTION_TAGS]
    marked += [element for element in page.surroundings.iter("figcaption") if page.marks.get(element) not in captions]
    for element in marked:
        if element.find(".//img") is not None:
            continue
        text = page.ledger.text_under(element)
        says = element.tag == "figcaption" or _SAYS_CAPTION.search(page.marks[element])
        if not text or len(text) > (2 * _CAPTION_CHARS if says else _FRAME_CHARS) or element.getparent() is None:
            continue
        picture = _picture_near(element, by_element, page.ledger)
        if picture is None and element.tag == "figcaption":
            figure = next(element.iterancestors("figure"), None)
            picture = _picture_in(figure, element, by_element) if figure is not None else None
        if picture is None and element.tag != "figcaption":
            continue
        if picture is not None and (picture.credit or words(text) != words(picture.element.get("alt") or "")):
            if not picture.caption:
                picture.describe(text)
            page.ledger.take(element, "caption")
        else:
            if picture is not None and element.tag == "figcaption" and not picture.caption:
                picture.describe(text)
            page.ledger.take(element, "caption" if element.tag == "figcaption" else "alt-text")


def _picture_near(element: HtmlElement, by_element: dict[HtmlElement, Picture], ledger: Ledger) -> Picture | None:
    """The picture an element marked as caption belongs to: in the same frame, or right before it."""
    frame = element
    for _ in range(4):
        near = islice(frame.itersiblings(preceding=True), _MOST_EMPTY)
        previous = next((one for one in near if one.tag == "img" or not ledger.is_empty(one)), None)
        if previous is not None:
            images = [previous] if previous.tag == "img" else list(previous.iter("img"))
            return by_element.get(images[-1]) if images else None
        parent = frame.getparent()
        if parent is None or parent.tag in ("body", "html", "article", "main"):
            return None
        frame = parent
    return None


def _picture_in(figure: HtmlElement, element: HtmlElement, by_element: dict[HtmlElement, Picture]) -> Picture | None:
    """The picture in a `figure` that `element` in it speaks of: the last one before it, or else the first behind."""
    found = None
    behind = False
    for one in islice(figure.iter(), _MOST_INSIDE):
        if one is element:
            behind = True
            if found is not None:
                break
        elif one.tag == "blockquote":
            return None  # it is shown beside the one who said it
        elif (picture := by_element.get(one)) is not None and not picture.is_tiny:
            found = picture
            if behind:
                break
    return found


def _take_tables(page: Page, by_element: dict[HtmlElement, Picture], lead: Collection[Line]) -> None:
    """Tables that only frame a picture: the text in them is its caption."""
    ledger = page.ledger
    for table in list(page.surroundings.iter("table")):
        pictures = [by_element[image] for image in islice(table.iter("img"), _MOST_PICTURES + 1)]
        if not 0 < len(pictures) <= _MOST_PICTURES or table.find(".//table") is not None:
            continue
        lines = ledger.under(table)
        if not lines or len(lines) > 3 or sum(len(line.text) for line in lines) > _CAPTION_CHARS:
            continue
        cells = [cell for cell in table.iter("td", "th") if not ledger.is_empty(cell)]
        if len(cells) > 2 * _MOST_PICTURES or sum(1 for _ in table.iter("tr")) > 4:
            continue
        if any(line in lead or line.block.tag in _NO_CAPTION for line in lines):
            continue
        if len({cell_of(line.block) for line in lines}) < len(pictures):
            pictures = pictures[-1:]
        for place, line in enumerate(lines):
            pictures[min(place, len(pictures) - 1)].describe(line.text)
            ledger.take_line(line, "caption")


def _take_frames(page: Page, by_element: dict[HtmlElement, Picture], lead: Collection[Line]) -> None:
    """Figures, and elements marked as a picture's frame, with a picture and a line or two behind it."""
    ledger = page.ledger
    for frame in _frames(page):
        lines = ledger.under(frame)
        if (
            not 0 < len(lines) <= _FRAME_LINES
            or sum(len(line.text) for line in lines) > _FRAME_CHARS
            or any(line.linked or line in lead for line in lines)
        ):
            continue
        first, last = ledger.span(frame)
        if any(line.pieces[0].index < first or line.pieces[-1].index >= last for line in lines):
            continue
        picture = by_element.get(lines[0].image) if lines[0].image is not None else None
        if picture is None or picture.caption or picture.is_tiny or frame not in picture.element.iterancestors():
            continue
        if any(one.tag in _NO_CAPTION for one in islice(frame.iter(), _MOST_INSIDE)):
            continue
        for line in lines:
            picture.describe(line.text)
            ledger.take_line(line, "caption")


def _frames(page: Page) -> Iterator[HtmlElement]:
    frames = page.marks_with(_FRAME_MARK)
    yield from [one for one, marks in page.marks.items() if marks in frames and one.tag in _FRAME_TAGS]
    yield from [one for one in page.surroundings.iter("figure") if page.marks.get(one) not in frames]
