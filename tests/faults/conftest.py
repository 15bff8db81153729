"""The site that the runs of these tests crawl, and settings for them."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import pytest

from bantin.settings import Settings
from model.source import Source, dump_source
from tests.faults.archives import RUN
from tests.faults.doomed import Death, Running, start
from tests.servers.s3 import S3Server
from tests.servers.scripted import ScriptedSite, scripted, source_of
from tests.settings import settings_in

PAGES = [f"/a{n}" for n in range(4)]
PART_BYTES = 3_000
"""A part holds two or three exchanges, so a crawl of `PAGES` makes two or three."""


TODAY = int(os.environ.get("BANTIN_TEST_DAY") or date.today().toordinal())
"""Which of many points a test takes that cannot take all: others each day, and the same again with this number."""

EACH = bool(os.environ.get("BANTIN_TEST_EACH"))
"""Whether tests take all points after all, which takes minutes more."""

Thing = TypeVar("Thing")


def todays(points: Sequence[int], one_in: int) -> Sequence[int]:
    """One in so many of the points, so that all have had their turn after as many days."""
    return points if EACH else points[TODAY % one_in :: one_in]


def turn(things: Sequence[Thing], number: int, one_in: int) -> Thing:
    """Which of `things` it is the turn of at the point `number`, one of `todays`: at the next of them the next, and
    when the point has its turn again, the next."""
    return things[(number // one_in + TODAY // one_in) % len(things)]


@pytest.fixture(scope="module")
def site() -> Iterator[ScriptedSite]:
    """A site with a list of four articles."""
    with scripted() as site:
        site.listing("/list", *PAGES)
        site.pages(*PAGES)
        yield site


@dataclass(slots=True)
class Crawled:
    """A source and its pages, and fresh archives to crawl it into."""

    source: Source
    pages: list[str]
    folder: Path
    environment: dict[str, str]
    bucket: Callable[[], str] | None = None
    part_bytes: int = PART_BYTES
    _made: int = 0

    def archive(self) -> Settings:
        """Settings with a new archive."""
        self._made += 1
        folder = self.folder / str(self._made)
        folder.mkdir()
        settings = settings_in(folder, sources=folder, part_bytes=self.part_bytes, processes=1)
        return settings.override(archive=f"s3://{self.bucket()}/news") if self.bucket else settings

    def log(self, settings: Settings) -> Path:
        """Where the calls of the first run into an archive are noted."""
        return settings.sources / "calls"

    def start(
        self, settings: Settings, death: Death | None = None, verb: str = "run", run: str = RUN, clock_h: float = 0
    ) -> Running:
        """Starts a run in a process of its own, whose clock is `clock_h` hours ahead."""
        log = self.log(settings) if death else settings.sources / "later calls"
        environment = {**self.environment, "CLOCK_H": str(clock_h or "")}
        return start(verb, dump_source(self.source), run, settings, log, death, **environment)

    def calls(self) -> list[str]:
        """The calls of a run that nothing happens to, in their order."""
        settings = self.archive()
        self.start(settings, Death(before=0)).wait()
        return self.log(settings).read_text().splitlines()


@pytest.fixture
def crawled(site: ScriptedSite, tmp_path: Path) -> Crawled:
    """The site, to be crawled into folders."""
    source = source_of(f"{site.base}/list", concurrency=1)
    return Crawled(source, [site.base + path for path in PAGES], tmp_path, {})


@pytest.fixture
def crawled_s3(crawled: Crawled, moto_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Crawled:
    """The site, to be crawled into buckets."""
    crawled.environment = moto_s3.environment()
    crawled.bucket = moto_s3.make_bucket
    for name, value in crawled.environment.items():
        monkeypatch.setenv(name, value)
    return crawled


def at_each(points: Sequence[int], mend: Callable[[int], str], record_property: Callable[[str, object], None]) -> None:
    """Tries all `points` and says how many there were."""
    died = []
    for point in points:
        try:
            died.append(mend(point))
        except BaseException as err:
            err.add_note(f"at point {point}, after {died[-1:]}")
            raise
    tried = len([call for call in died if call])
    record_property("points", tried)
    print(f"{tried} points of {len(points)}; BANTIN_TEST_DAY={TODAY}")
    assert tried > len(points) * 0.9, "the calls of a run are the same each time, but for a few"
