"""Traps: addresses that a site makes up without end. Calendars, sort orders, links that lead one level deeper."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime

from model.discovery import Limits

MAX_LENGTH = 2_000
"""Characters; sitemaps.org allows addresses of 2,048, and articles have far shorter ones."""

OLDEST_YEAR = 1990
"""Nothing was published on the web before."""

CALENDAR = "trap: a calendar"

# What such a link does, not what it shows: WordPress and WooCommerce (replytocom, add-to-cart, share), forums, portals.
_ACTION = re.compile(
    r"(?:^|[&;])(?:(?:action|do|act|task|cmd)=(?:log-?(?:in|out|on|off)|sign-?(?:in|out|up)|register|print|edit"
    r"|delete|share|reply|add[_-]to[_-]cart)(?:[&;]|$)|(?:replytocom|add-to-cart|share)=|print=(?:1|true|yes)(?:[&;]|$))",
    re.IGNORECASE,
)
_MONTH = re.compile(r"(?:^|[&;])(?:month|mon|thang|mm)=[0-9]", re.IGNORECASE)
_YEAR = re.compile(r"(?:^|[&;])(?:year|nam|yyyy|yy)=([0-9]{4})(?:[&;]|$)", re.IGNORECASE)

# A whole segment or value that is a date; `/2031/07/01` too. A year or two numbers in a row may be anything: the page's
# number in /PhanTrang/1747/1/x.html.
_MONTH_DAY = r"(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01])"
_PATH_DATE = re.compile(
    rf"/(?:([0-9]{{4}})-{_MONTH_DAY}|([0-9]{{4}})-(?:0[1-9]|1[0-2])|(?:0?[1-9]|[12][0-9]|3[01])-(?:0?[1-9]|1[0-2])-([0-9]{{4}})"
    r"|([0-9]{4})/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:lich|calendar|events?|su-kien|archives?)/([0-9]{4})/(?:0?[1-9]|1[0-2]))(?=/|$)",
    re.IGNORECASE,
)
_QUERY_DATE = re.compile(
    rf"=(?:([0-9]{{4}})-{_MONTH_DAY}|([0-9]{{4}})-(?:0[1-9]|1[0-2])"
    r"|(?:0?[1-9]|[12][0-9]|3[01])(?:-|/|%2[fF])(?:0?[1-9]|1[0-2])(?:-|/|%2[fF])([0-9]{4}))(?=[&;]|$)"
)
_DIGIT_PAIR = re.compile(r"[0-9]{1,2}")


class Traps:
    """The addresses of one run, and which of them are traps by a source's `limits`.

    `languages` are the path segments that stand for a language, like `vi` and `en`: two different ones in one path are
    a language switch that leads to itself. `today` is what dates are compared with.
    """

    def __init__(self, limits: Limits, languages: Collection[str] = (), today: date | None = None) -> None:
        self._limits = limits
        self._languages = frozenset(language.lower() for language in languages)
        self._newest_year = (today or datetime.now(UTC).date()).year + 1
        self._variants: dict[str, set[int]] = {}
        self._reasons = {
            "deep": f"trap: path deeper than {limits.path_depth}",
            "parameters": f"trap: more than {limits.parameters} parameters",
            "variants": f"trap: more than {limits.variants} variants of one path",
        }

    def check(self, url: str, *, is_article: bool = False) -> str | None:
        """Why `url` is a trap; None where it is none. Never raises, whatever `url` is.

        An address that is no trap is counted as a variant of its path, except an article's: `/detail.aspx?id=…` may be
        all that a portal has.
        """
        if len(url) > MAX_LENGTH:
            return "trap: address too long"
        address, _, query = url.partition("#")[0].partition("?")
        parts = address.split("/", 3)
        path = parts[3] if len(parts) == 4 else ""
        return self._check_path(path) or (self._check_query(address, query, is_article) if query else None)

    def _check_path(self, path: str) -> str | None:
        segments = [segment for segment in path.lower().split("/") if segment]
        if len(segments) > self._limits.path_depth:
            return self._reasons["deep"]
        if len(set(segments)) < len(segments) and self._is_repetitive(segments):
            return "trap: repeated path segments"
        if not self._languages.isdisjoint(segments) and self._has_two_languages(segments):
            return "trap: two languages in one path"
        return self._check_dates(_PATH_DATE, "/" + path) if len(path) > 6 else None

    def _check_query(self, address: str, query: str, is_article: bool) -> str | None:
        if query.count("&") >= self._limits.parameters:
            return self._reasons["parameters"]
        if _ACTION.search(query):
            return "trap: an action, not a page"
        year = _YEAR.search(query)
        if year and (_MONTH.search(query) or self._is_far(year[1])):
            return CALENDAR
        if reason := self._check_dates(_QUERY_DATE, "=" + query):
            return reason
        return None if is_article else self._count_variant(address, query)

    def _count_variant(self, address: str, query: str) -> str | None:
        seen = self._variants.setdefault(address, set())
        variant = hash(query)
        if variant not in seen:
            if len(seen) >= self._limits.variants:
                return self._reasons["variants"]
            seen.add(variant)
        return None

    def _check_dates(self, pattern: re.Pattern[str], text: str) -> str | None:
        for found in pattern.finditer(text):
            if self._is_far(next(year for year in found.groups() if year)):
                return CALENDAR
        return None

    def _is_far(self, year: str) -> bool:
        return not OLDEST_YEAR <= int(year) <= self._newest_year

    def _is_repetitive(self, segments: list[str]) -> bool:
        """Whether a segment occurs too often, a sequence of them twice in a row, or `/en/vi/en/`. Numbers of one or two
        digits are days, months and pages: they may repeat."""
        words = [segment for segment in segments if not _DIGIT_PAIR.fullmatch(segment)]
        if any(words.count(word) > self._limits.repeats for word in set(words)):
            return True
        if any(
            one == three != two and len(one) == len(two) == 2
            for one, two, three in zip(words, words[1:], words[2:], strict=False)
        ):
            return True
        return any(
            words[start : start + size] == words[start + size : start + 2 * size]
            for size in range(2, len(words) // 2 + 1)
            for start in range(len(words) - 2 * size + 1)
        )

    def _has_two_languages(self, segments: list[str]) -> bool:
        """`id` is a language only where no number follows: `/vi/bai/id/5`."""
        following = [*segments[1:], ""]
        found = {
            one
            for one, after in zip(segments, following, strict=True)
            if one in self._languages and not after.isdigit()
        }
        return len(found) > 1
