"""Authors: who signed an article. An outlet is none, and nobody is better than somebody made up."""

import re
from collections.abc import Iterable

from cleaning.furniture import first_match
from cleaning.head import Head
from cleaning.lines import lines_of
from cleaning.page import Page, attribute_text
from cleaning.structured import lookup
from cleaning.text import fold, tidy, words
from model.source import Source
from model.url import host_of

_PREFIX = re.compile(
    r"^(?:by|written by|posted by|author|authors|reporter|story by|tác giả|người (?:viết|đăng|gửi)|phóng viên|pv|"
    r"bài(?:,| và| ?-)? ảnh|tin(?:,| và| ?-)? ảnh|bài viết|thực hiện|oleh|penulis)\b ?[:\-–]? |"
    r"^(?:bài(?:,| và| ?-)? ảnh|tin(?:,| và| ?-)? ảnh|bài|tin|tác giả|pv) ?: ?",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r" ?[\[(](?:tổng hợp|t/h|th|lược dịch|biên dịch|dịch|ghi|sưu tầm|tổng thuật|theo [^)]*)[\])] ?$", re.IGNORECASE
)
_BYLINE_MARK = re.compile(
    r"(?:^|[\s_-])(?:by-?line|author(?:-?(?:name|info|link))?|article-?author|tac-?gia|detail-author|nguoi-?viet)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(
    r"https?:|www\.|@|\.(?:com|vn|net|org)\b|\d{2,}"
    r"|^(?:admin(?:istrator)?|editor|staff|webmaster|ban biên tập|bbt|root|guest|unknown|anonymous|null|none"
    r"|redaktion|redaksi"
    r"|super ?user|user|quản trị(?: viên)?|tổng hợp|theo\b.*|nguồn\b.*|cổng (?:thông tin|ttđt).*|báo\s.*|trang\s.*)$",
    re.IGNORECASE,
)
_NAME_CHARS = 80
# One Vietnamese syllable without its diacritics; a name of such syllables is Vietnamese in every edition of a site.
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|th|tr|ch|kh|ph|gh|gi|qu|[bcdghklmnprstvx])?"
    r"(?:uye|uya|uyu|oai|oay|oeo|uay|uoi|uou|ieu|yeu|uu|uy|ue|uo|ua|ui|oa|oe|oi|oo|ia|ie|iu|io|ya|ye|eo|eu|ai|ao|au|ay|[aeiouy])"
    r"(?:ng|nh|ch|[cmnpt])?"
)
_CAPITALISED = re.compile(r"[^\W\d_](?:[\w'’.-]*)$")


def find_author(page: Page, head: Head, source: Source) -> tuple[str | None, str]:
    """The author the page names, and the origin; (None, "") where it names none."""
    outlets = outlet_words(head, source)
    chosen = first_match(page, source.clean.author)
    if chosen is not None and (name := joined([tidy(chosen.text_content())], outlets)):
        return name, "selector"
    if name := joined([n for n,o in lookup(head.things).named(head.article.get('author')) if not o], outlets):
        return name, "json-ld"
    for names, origin in (
        (("article:author", "og:article:author", "og:author"), "open-graph"),
        (
            (
                "author",
                "dc.creator",
                "dcterms.creator",
                "parsely-author",
                "sailthru.author",
                "cxenseparse:author",
                "article.author",
                "byl",
            ),
            "meta",
        ),
    ):
        for key in names:
            if name := joined(head.all(key), outlets):
                return name, origin
    return _visible(page, outlets)


def outlet_words(head: Head, source: Source) -> frozenset[str]:
    """Names under which the site signs as a whole, as `words`: never authors."""
    host = host_of(source.url).removeprefix("www.")
    names = [*head.site_names, source.name, *source.clean.outlets, host, host.split(".")[0]]
    return frozenset(words(name) for name in names) - {""}


def joined(names: Iterable[str], outlets: frozenset[str]) -> str | None:
    """The persons among `names`, separated by semicolons; None where there is none."""
    found = [name for raw in names for part in _parts(raw) if (name := person(part, outlets))]
    return "; ".join(dict.fromkeys(found)) or None


def _parts(raw: str) -> list[str]:
    """The names in one: what semicolons separate, and what dashes and commas do between Vietnamese names."""
    parts = [part for part in raw.split(";") if part.strip()]
    if len(parts) == 1:
        smaller = [part.strip() for part in re.split(r" [-–&] |,| và ", raw)]
        if len(smaller) > 1 and all(is_vietnamese_name(part) for part in smaller):
            return smaller
    return parts


def person(raw: str, outlets: frozenset[str]) -> str | None:
    """The name in a byline or signature such as `Hà Thu (tổng hợp)`; None where it is no person's."""
    name = _PREFIX.sub("", tidy(raw)).strip(" -–—|•:,;.*")
    name = _ROLE.sub("", name).strip(" -–—|•:,;.*")
    if not name or len(name) > _NAME_CHARS or _is_outlet(name, outlets) or _NOT_A_NAME.search(name) or not words(name):
        return None
    return name


def _is_outlet(name: str, outlets: frozenset[str]) -> bool:
    """Whether `name` is an outlet's, spelled with or without spaces and diacritics (`Việt Nam` on vietnam.vn)."""
    return words(name) in outlets or fold(words(name)).replace(" ", "") in outlets


def is_vietnamese_name(name: str) -> bool:
    """Whether `name` is two to five capitalised Vietnamese syllables, with or without diacritics (`Thai Hoc`)."""
    parts = name.replace("-", " ").split()
    return 2 <= len(parts) <= 5 and all(
        part[0].isupper() and _CAPITALISED.match(part) and _SYLLABLE.fullmatch(fold(part)) is not None for part in parts
    )


def is_name(name: str) -> bool:
    """Whether `name` is built like a person's: two to five capitalised words without digits."""
    parts = name.replace(" & ", " ").replace(" - ", " ").split()
    return 2 <= len(parts) <= 6 and all(part[0].isupper() and _CAPITALISED.match(part) is not None for part in parts)


def _visible(page: Page, outlets: frozenset[str]) -> tuple[str | None, str]:
    """A byline: `rel=author`, `itemprop=author`, or a short line in an element marked as author."""
    bylines: list[str] = []
    for element in page.body.iter("a", "span", "p", "div", "strong", "address", "li", "cite"):
        exact = element.get("rel") == "author" or "author" in (element.get("itemprop") or "")
        if not exact and not ((marks := attribute_text(element)) and _BYLINE_MARK.search(marks)):
            continue
        lines = lines_of(element)
        if not 1 <= len(lines) <= 3:
            continue
        name = person(lines[0].text, outlets)
        if name and is_name(name) and (exact or len(lines[0].text) <= 60):
            bylines.append(name)
    distinct = list(dict.fromkeys(bylines))
    # Several different names are the bylines of teasers, or a list of columnists.
    return (joined(distinct, outlets), "visible") if len(distinct) == 1 else (None, "")
