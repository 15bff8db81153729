"""Titles: the article's headline, without the site's name.

A page says its headline up to five times: in its h1, JSON-LD, `og:title`, `twitter:title` and `title`. Newsrooms write
the machine-readable ones by hand, and readers see the h1; on other sites a plug-in fills the former in for search
engines, so the h1 is the headline wherever the two are variants of each other.
"""

import re
from collections.abc import Iterable, Sequence, Set

from lxml.html import HtmlElement

from cleaning.dates import has_date
from cleaning.furniture import first_match
from cleaning.head import Head
from cleaning.lines import Line
from cleaning.page import Page, attribute_text
from cleaning.structured import is_article_thing, is_news_thing, string_of
from cleaning.text import fold, tidy, words
from model.source import Source
from model.url import host_of

_SEPARATOR = re.compile(r"\s+[-–—|»·•:]+\s+|\s*\|\s*|\s+::\s+|\s*»\s*|\s*--\s*")
# Chinese, Japanese and Korean pages put section and site behind the headline without a space.
_CLOSE_TAIL = re.compile(r"[-_|ㅣ｜–—]+(?P<part>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,12})$")
_SECTION_CHARS = 4
_TITLE_MARK = re.compile(
    r"(?:^|[\s_-])(?:(?:article|post|entry|news|detail|story|asset|page|content)[\s_-]?(?:title|header|headline|heading)"
    r"|title[\s_-]?(?:detail|news|post|article)|tieu-?de(?:-?\w+)?|headline|ArticleHeader|divArticleDescription3)(?:$|[\s_])",
    re.IGNORECASE,
)
# The line above a headline, printed within it: Dachzeile, antetítulo, chapeau.
_KICKER = re.compile(
    r"(?:^|[\s_-])(?:kicker|over-?line|roof-?line|eyebrow|dachzeile|spitzmarke|surtitle|antetitulo|pre-?title|supertitle)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
# Portals head a section, a box or the site so, and not the article.
_SECTION_MARK = re.compile(
    r"(?:^|[\s_-])(?:portlet|site|section|category|widget|block|box|module|sidebar)[\s_-]?(?:title|name|heading)(?:$|[\s_-])",
    re.IGNORECASE,
)
_PLAIN_TITLE_MARK = re.compile(r"(?:^|\s)(?:\w*title|\w*tieu-?de\w*)(?:$|\s)", re.IGNORECASE)
_PORTAL = re.compile(r"(?:cổng|trang) (?:thông tin|ttđt)\b.*")  # what Vietnamese authorities call their sites
_CUT_SHORT = re.compile(r"\s*(?:…|\.\.\.)$")
_HEADINGS = frozenset({"h1", "h2", "h3"})
_TITLE_CHARS = 400
_SECTION_WORDS = 4  # the most that names of sections have
_HEADLINE_WORDS = 4
_ABOVE_TEXT = 8  # lines
_BOLD_CHARS = 200  # a longer one is a lead
_ALIKE = 0.5  # the share of words that variants of a headline have in common


def find_title(page: Page, head: Head, source: Source, lines: Sequence[Line]) -> tuple[str, str]:
    """The title and its origin; ("", "") where the page has none."""
    site = site_words(head, source)
    host = host_of(page.url)
    chosen = first_match(page, source.clean.title)
    if chosen is not None and (text := tidy(chosen.text_content())):
        return text, "selector"
    headlines = _headlines(lines, words(head.title))
    seen = frozenset(words(text) for text in headlines)
    parted = _SEPARATOR.search(head.title) is not None
    printed = frozenset(line.text for line in lines if not line.linked) if parted else frozenset()
    claims: list[tuple[str, str]] = []
    for value, origin in _claims(head):
        title = strip_site(value, site, seen, host, printed if value == head.title else frozenset())
        if title and words(title) not in site:
            claims.append((title, origin))
    shown = _shown(headlines, [title for title, _ in claims], site)
    if claims and (headline := _unlike(claims, lines, site)):
        return headline, "visible"
    if claims:
        return _decided(head, claims, shown)
    if shown:
        return shown, "visible"
    for heading in (*_other_headings(lines), *_bold_headlines(lines)):
        if words(heading) and words(heading) not in site:
            return heading, "visible"
    return head.title, "meta" if head.title else ""


def site_words(head: Head, source: Source) -> frozenset[str]:
    """The names of the site, as `words`."""
    return frozenset(words(name) for name in (*head.site_names, source.name, *source.clean.outlets)) - {""}


def title_index(lines: Sequence[Line], title: str) -> int | None:
    """The index of the line that prints `title`: as a first heading rather than elsewhere, and not as a link; that of
    the first h1, where none does."""
    at = [index for index, line in enumerate(lines) if line.text == title] if title else []
    wanted = words(title)
    if not at and wanted:
        size = len(title)
        at = [
            index
            for index, line in enumerate(lines)
            if -12 <= len(line.text) - size <= 12 and words(line.text) == wanted
        ]
    if at:
        headings = [index for index in at if lines[index].block.tag == "h1"]
        plain = [index for index in at if not lines[index].linked]
        return next(iter(headings or plain or at))
    firsts = [index for index, line in enumerate(lines) if line.block.tag == "h1"]
    alike = [index for index in firsts if _likeness(words(lines[index].text), wanted) >= _ALIKE]
    return next(iter(alike or firsts), None)


def strip_site(
    title: str, site: Iterable[str], seen: frozenset[str], host: str = "", printed: Set[str] = frozenset()
) -> str:
    """`title` without the site's name before or behind it.

    A part is the site's where it is one of its names or spells its `host`, or where what is left stands alone on the
    page. `site` and `seen` are the site's names and the page's headings, as `words`; `printed` its lines as they are.
    Where `printed` is given, what is left may stand behind the site's name too.
    """
    if words(title) in seen:
        return title
    names = set(site)
    cuts = list(_SEPARATOR.finditer(title))
    for cut in reversed(cuts):  # the longest title first
        before = title[: cut.start()].strip()
        if len(before) >= 8 and words(before) not in names and (words(before) in seen or before in printed):
            return before
    for cut in cuts if printed else []:
        before, after = title[: cut.start()], title[cut.end() :].strip()
        if len(after) >= max(8, len(before)) and words(after) in seen - names:
            return after
    while cuts:
        before, after = title[: cuts[-1].start()].strip(), title[cuts[-1].end() :].strip()
        if not before or not _is_site(after, names, host):
            break
        title, cuts = before, list(_SEPARATOR.finditer(before))
    if cuts and _is_site(title[: cuts[0].start()], names, host):
        title = title[cuts[0].end() :].strip()
    title = _without_close_tail(title, names)
    before, _, after = title.partition(": ")
    return after.strip() if len(after) >= 8 and words(before) in names else title


def _without_close_tail(title: str, names: set[str]) -> str:
    """`title` without the site's name and the sections before it, where no space parts them from the headline."""
    tail = _CLOSE_TAIL.search(title)
    if tail is None or words(tail["part"]) not in names:
        return title
    title = title[: tail.start()]
    while (tail := _CLOSE_TAIL.search(title)) and len(tail["part"]) <= _SECTION_CHARS:
        title = title[: tail.start()]
    return title.strip()


def _is_site(part: str, names: set[str], host: str) -> bool:
    found = words(part)
    if not found or found in names or _PORTAL.fullmatch(found):
        return True
    if any(found in name.split(" - ") or (len(found) > 5 and found in name) for name in names):
        return True
    return spells_host(found, host)


def spells_host(name: str, host: str) -> bool:
    """Whether `name`, as `words`, is what `host` is called after: `Rust Blog` on blog.rust-lang.org."""
    parts = fold(name).split()
    labels = host.removeprefix("www.").split(".")[:-1]
    whole = "".join(labels).replace("-", "")
    initials = "".join(part[0] for part in parts)
    return bool(parts and whole) and (
        (all(part in whole for part in parts) and sum(map(len, parts)) >= 0.6 * len(whole))
        or (len(initials) >= 3 and initials in labels)
    )


def _claims(head: Head) -> list[tuple[str, str]]:
    found: list[tuple[str | None, str]] = []
    if is_article_thing(head.article):
        found.append((string_of(head.article.get("headline")) or string_of(head.article.get("name")), "json-ld"))
    found += [(value, "open-graph") for value in head.all("og:title")[:3]]
    found.append((head.first("twitter:title", "dc.title", "dcterms.title", "headline", "title"), "meta"))
    found.append((head.title, "meta"))
    return [(value, origin) for value, origin in found if value and len(value) <= _TITLE_CHARS]


def _decided(head: Head, claims: list[tuple[str, str]], shown: str) -> tuple[str, str]:
    """The best of what the page claims and what it shows (empty: nothing like it)."""
    best = claims[0]
    if not shown:
        return best
    wanted = words(shown)
    for title, origin in claims:
        if words(title) == wanted:
            agreed = title, origin
            break
    else:
        agreed = (shown, "visible")
    if _CUT_SHORT.search(best[0]) or not _is_newsroom(head):
        return agreed
    if {words(title) for title, _ in claims} == {words(best[0])} and wanted not in words(best[0]):
        return agreed  # one text for all machines, and another for readers
    if best[1] == "json-ld":
        # `headline` filled in from the title for search engines, while og:title is what readers see.
        printed = any(origin == "open-graph" for title, origin in claims if words(title) == wanted)
        in_title = words(best[0]) in words(head.title)
        return agreed if printed and in_title and wanted not in words(head.title) else best
    return best


def _is_newsroom(head: Head) -> bool:
    """Whether the page is made for news readers' engines: its headlines are an editor's work."""
    return is_news_thing(head.article) or bool(head.first("news_keywords", "googlebot-news", "article:opinion"))


def _unlike(claims: Sequence[tuple[str, str]], lines: Sequence[Line], site: frozenset[str]) -> str:
    """The page's headline where the one title that the page claims says nothing: `Chi tiết tin`, or the section's name.
    It is short, and printed nowhere but above sections and in menus."""
    title = words(claims[0][0])
    if len(title.split()) > _SECTION_WORDS or any(words(claim) != title for claim, _ in claims):
        return ""
    plain = [line for line in lines if not line.linked and not _heads_section(line)]
    if any(len(line.text) <= _TITLE_CHARS and words(line.text) == title for line in plain):
        return ""
    for text in (*_headlines(plain, title), *_bold_headlines(plain)):
        if len(text) > len(title) and len(text.split()) >= _HEADLINE_WORDS and words(text) not in site:
            return text
    return ""


def _heads_section(line: Line) -> bool:
    return _SECTION_MARK.search(attribute_text(line.block)) is not None


def _headlines(lines: Sequence[Line], title: str) -> list[str]:
    """What stands on the page as its headline: the h1, and elements marked as title where none or several are there.
    `title` is the page's, as `words`."""
    first: dict[object, list[str]] = {}
    for line in lines:
        if line.block.tag == "h1" and (text := _without_kicker(line)):
            first.setdefault(line.block, []).append(text)
    found = [" ".join(parts) for parts in first.values()]
    if len(found) == 1 and len(found[0].split()) >= 3 and _likeness(words(found[0]), title) >= _ALIKE:
        return found
    marked = [
        line.text
        for line in lines
        if 8 <= len(line.text) <= _TITLE_CHARS
        and (marks := attribute_text(line.block))
        and _TITLE_MARK.search(marks)
        and not line.linked
        and line.block.tag != "h1"
    ]
    return [*found, *marked[:5]]


def is_kicker(line: Line) -> bool:
    """Whether the line is marked as the one above a headline."""
    return _KICKER.search(attribute_text(line.block)) is not None or any(
        _KICKER.search(attribute_text(piece.parent)) for piece in line.pieces[:2]
    )


def _without_kicker(line: Line) -> str:
    """The text of a heading's line without the kicker that stands in an element of its own."""
    kickers: set[HtmlElement] = set()
    if len(line.text) <= _TITLE_CHARS:
        for child in line.block.iterdescendants():
            marks = attribute_text(child)
            if child.getparent() in kickers or (marks and _KICKER.search(marks)):
                kickers.add(child)
    if not kickers:
        return line.text
    texts = [piece.text for piece in line.pieces if piece.parent not in kickers]
    return tidy("".join(texts)).strip(" -–—|•:") or line.text


def _other_headings(lines: Sequence[Line]) -> list[str]:
    return [line.text for line in lines if line.block.tag in _HEADINGS and len(line.text) <= _TITLE_CHARS]


def _bold_headlines(lines: Sequence[Line]) -> list[str]:
    """Lines right above the text that are set as headlines are, in bold or by their element's name: older portals know
    no headings."""
    first = next((index for index, line in enumerate(lines) if line.prose and not line.emphasised), 0)
    return [
        line.text
        for line in lines[max(0, first - _ABOVE_TEXT) : first]
        if not line.linked
        and len(line.text) <= _BOLD_CHARS
        and len(line.text.split()) >= _HEADLINE_WORDS
        and line.text[-1] not in ".:)"
        and (line.emphasised or _PLAIN_TITLE_MARK.search(attribute_text(line.block)))
        and not has_date(line.text)
    ]


def _shown(headlines: Sequence[str], claims: Sequence[str], site: frozenset[str]) -> str:
    """The headline among `headlines`: the one most like what the page claims; the first, where it claims nothing."""
    best, most = "", 0.0
    wanted = [words(claim) for claim in claims]
    for text in headlines:
        found = words(text)
        if not found or found in site or len(text) > _TITLE_CHARS:
            continue
        if not wanted:
            return text
        likeness = max(_likeness(found, claim) for claim in wanted)
        if likeness >= _ALIKE and likeness > most:
            best, most = text, likeness
    for claim, plain in zip(claims, wanted, strict=True):
        if best and len(plain) >= 12 and len(words(best).removesuffix(plain)) > 4 and words(best).endswith(" " + plain):
            return claim  # a kicker or a date stands before it, not just an article
    if best.isupper():
        return next((claim for claim, plain in zip(claims, wanted, strict=True) if plain == words(best)), best)
    return best


def _likeness(one: str, other: str) -> float:
    """How many words of the shorter of two texts, given as `words`, the other has: 0 to 1."""
    if one == other:
        return 1.0
    first, second = set(one.split()), set(other.split())
    shorter = min(len(first), len(second))
    if shorter < 2:
        return 0.99 if one and other and (one in other or other in one) and min(len(one), len(other)) >= 6 else 0.0
    return min(0.99, len(first & second) / shorter)
