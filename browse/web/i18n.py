"""The interface's languages: which one a request wants, its messages, and how it writes days, times and numbers.

Messages are English in the code. The catalogs are gettext's .po files, read as they are: there is nothing to build.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from starlette.requests import Request

LANGUAGES = {"en": "English", "vi": "Tiếng Việt"}
PARAMETER = "hl"
"""The parameter of an address, and the cookie, that choose a language."""

_FOLDER = Path(__file__).parent / "locale"


@lru_cache
def translations(language: str) -> NullTranslations:
    """The messages of a language."""
    file = _FOLDER / language / "LC_MESSAGES" / "bantin.po"
    if not file.exists():
        return NullTranslations()
    compiled = BytesIO()
    with file.open("rb") as po:
        write_mo(compiled, read_po(po, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def language_of(request: Request) -> str:
    """The language a request asks for: by its address, its cookie, or what its browser prefers."""
    for chosen in (request.query_params.get(PARAMETER), request.cookies.get(PARAMETER)):
        if chosen in LANGUAGES:
            return chosen
    wished = [part.partition(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")[:10]]
    return negotiate_locale([one for one in wished if one], list(LANGUAGES), sep="-") or "en"


@dataclass(frozen=True, slots=True)
class Words:
    """How one language writes things; `_` and `n_` are its messages."""

    language: str
    timezone: ZoneInfo

    def gettext(self, message: str, **values: object) -> str:
        """The message, with values in its `%(name)s`."""
        return translations(self.language).gettext(message) % values

    def ngettext(self, one: str, many: str, count: int, **values: object) -> str:
        """The message for so many; `%(count)s` is written as the language writes numbers."""
        found = translations(self.language).ngettext(one, many, count)
        return found % {"count": self.number(count), **values}

    def number(self, value: float) -> str:
        """12,345 or 12.345."""
        return str(format_decimal(value, locale=self.language))

    def percent(self, value: float) -> str:
        """A share of 1 as per cent."""
        return str(format_percent(value, locale=self.language))

    def day(self, value: date, form: str = "d MMM y") -> str:
        """A day; `form` is Babel's."""
        return str(format_date(value, format=form, locale=self.language))

    def time(self, value: datetime, *, seconds: bool = False) -> str:
        """An instant, to the minute or the second, where the reader is."""
        form = "HH:mm:ss, d MMM y" if seconds else "HH:mm, d MMM y"
        return str(format_datetime(value, format=form, tzinfo=self.timezone, locale=self.language))

    def duration(self, seconds: float) -> str:
        """How long, in the greatest unit that tells it: 3 hours."""
        return str(format_timedelta(timedelta(seconds=seconds), granularity="minute", locale=self.language))

    def language_name(self, code: str) -> str:
        """What a language is called in this one; the code itself where nobody knows it."""
        try:
            return Locale.parse(code.replace("-", "_")).get_display_name(self.language) or code
        except (ValueError, LookupError, UnknownLocaleError):  # the last is neither of the others
            return code
