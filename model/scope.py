"""How far one crawl goes, where somebody wants other than what the source's file and the archive say."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What was asked of one crawl; by default nothing beside the source's file.

    `full`: every known article is asked for again, whenever it is due, nothing by its validators, and listings are read
    to their end. `since`: no article of before that day (of the source's time zone), new ones by the date that their
    list gives, known ones by when they were found; what no list dates is asked for. `pages` takes the place of
    `fetch.max_pages`.
    """

    full: bool = False
    since: date | None = None
    pages: int | None = None

    @property
    def arguments(self) -> list[str]:
        """The same as words of a command line: of `bantin crawl` as of `python -m spiders.crawl`."""
        full = ["--full"] if self.full else []
        since = ["--since", self.since.isoformat()] if self.since else []
        return [*full, *since, *(["--pages", str(self.pages)] if self.pages else [])]

    def __str__(self) -> str:
        return " ".join(self.arguments)


AS_USUAL = Scope()
"""Nothing was asked."""
