"""Attachments: the documents that an article links to, or that its page lists beside it as attached."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml.html import HtmlElement

from cleaning.ledger import Ledger
from cleaning.links import absolute, is_document
from cleaning.page import Page, attribute_text
from cleaning.rules import marks_of, rule_for
from cleaning.text import shorten, tidy
from model.article import Attachment

_LABEL = re.compile(
    r"[\W_]*(?:(?:các|danh sách|những)\s+)?"
    r"(?:(?:tệp|tập|file|tài\s+liệu|văn\s+bản|hồ\s+sơ|phụ\s+lục|biểu\s+mẫu)(?:\s+(?:tin|văn\s+bản|dữ\s+liệu|tài\s+liệu))?"
    r"\s+)?(?:đính|gửi|kèm)\s*(?:kèm|theo)(?:\s+(?:bài\s+viết|văn\s+bản|theo))?"
    r"|[\W_]*(?:attachments?|attached\s+(?:files?|documents?)|files?\s+attached)"
    r"|[\W_]*(?:(?:file|berkas|dokumen)\s+)?lampiran",
    re.IGNORECASE,
)
_BEHIND_LABEL = re.compile(r"\s*(?:[(\[]\s*\d+\s*[)\]])?\s*(?:$|[:：–-])")
_MARK = re.compile(
    r"dinh[\s_-]?kem|kem[\s_-]?theo|(?<![a-z])attach(?:ment|ed|s?[\s_-]?file|s\b)|file[\s_-]?attach", re.IGNORECASE
)
_OTHERS = frozenset({
    "related", "advertisement", "navigation", "footer", "header", "sidebar", "comments",
    "breadcrumb", "pagination", "popup", "tags", "language-switch", "login", "search",
})  # fmt: skip
"""Rules of what stands around an article: documents there are not its own. A link that is merely as long as a headline
(`teaser`) may be."""

_LINES_BETWEEN = 8  # so many lines may stand between the article and what is attached to it
_MAX_ATTACHMENTS = 200
_NAME_CHARS = 300


def find_attachments(page: Page, container: HtmlElement) -> list[Attachment]:
    """The documents that the article's own part of the page, `container`, links to, and those of a box right before or
    behind it that says to hold what is attached."""
    ledger = page.ledger
    found: dict[str, str] = {}
    for anchor in [*container.iter("a"), *_attached(page, container)]:
        url = absolute(page.base, anchor.get("href"))
        if url is None or not is_document(url) or _is_others(anchor, ledger):
            continue
        said = ledger.all_text_under(anchor) or tidy(anchor.get("title") or "")
        found[url] = found.get(url) or said  # an icon may lead there before the name does
    listed = list(found.items())[:_MAX_ATTACHMENTS]
    return [Attachment(url=url, name=shorten(name or _file_name(url), _NAME_CHARS)) for url, name in listed]


def _attached(page: Page, container: HtmlElement) -> Iterator[HtmlElement]:
    """The links to documents, outside of `container`, that are labelled as attached."""
    documents = [anchor for anchor, href in page.addresses.items() if is_document(href)]
    if not documents:
        return
    ledger = page.ledger
    around = {container, *container.iterancestors()}
    for anchor in documents:
        path = [anchor]
        for element in anchor.iterancestors():
            if element in around:
                break
            path.append(element)
        else:
            continue  # taken off the page
        if element is container or any(rule_for("reason", marks_of(one)) in _OTHERS for one in path):
            continue
        if _is_near(path[-1], container, ledger) and _is_labelled(anchor, path, ledger):
            yield anchor


def _is_near(box: HtmlElement, container: HtmlElement, ledger: Ledger) -> bool:
    """Whether `box` stands right before or behind `container`, and no list of other articles between them."""
    start, end = ledger.span(container)
    first, last = ledger.span(box)
    between = ledger.pieces[end:first] if first >= end else ledger.pieces[last:start]
    texts = [text for piece in between if (text := tidy(piece.text))]
    return len(texts) <= _LINES_BETWEEN and not any(rule_for("heading", text) for text in texts)


def _is_labelled(anchor: HtmlElement, path: list[HtmlElement], ledger: Ledger) -> bool:
    """Whether the link's box, or the text before the link in it, or right before the box, says that it is attached."""
    if any(_MARK.search(attribute_text(element)) for element in path):
        return True
    first, _ = ledger.span(path[-1])
    last, _ = ledger.span(anchor)
    texts = (tidy(piece.text) for piece in ledger.pieces[max(0, first - 1) : last][:_LINES_BETWEEN])
    return any((label := _LABEL.match(text)) and _BEHIND_LABEL.match(text, label.end()) for text in texts)


def _is_others(anchor: HtmlElement, ledger: Ledger) -> bool:
    """Whether the link was taken for one of other articles, or of the site."""
    rules = [piece.rule for piece in ledger.pieces_under(anchor) if piece.text.strip()]
    return bool(rules) and all(rule in _OTHERS for rule in rules)


def _file_name(url: str) -> str:
    parts = urlsplit(url)
    names = [*unquote(parts.path).split("/"), *(value for _, value in parse_qsl(parts.query, max_num_fields=20))]
    written = [name for name in names if name]
    return next((name for name in reversed(written) if is_document(name)), written[-1] if written else url)
