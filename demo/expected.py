"""What cleaning each page of the demo should give: for tests, and for the demo to say how well it did."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from demo import aggregator, paper, portal
from demo.stories import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The article at `url`.

    `text` is its blocks in order, the lead first; each is to be a line of the cleaned text. `author` is None where the
    page names nobody but the site. `published_at` is None where the page gives only a day. `captions` are without
    credit; `credits` go with them, pair by pair. `drop` are lines of the page that must not be lines of the text: they
    are part of no line of it either. `spam` are targets of injected links, `attachments` those of files, `alternates`
    the addresses in all languages, `via_url` where it was published first.
    """

    url: str
    title: str
    text: tuple[str, ...]
    author: str | None
    published_on: date
    published_at: datetime | None
    language: str
    section: str
    captions: tuple[str, ...]
    credits: tuple[str | None, ...]
    drop: tuple[str, ...]
    spam: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    alternates: tuple[str, ...] = ()
    via_url: str | None = None


def truth() -> dict[str, Truth]:
    """The truth about every article of the three sites, by address. Edits (`DemoWeb.edit`) do not change it."""
    return {one.url: one for one in (*_portal(), *_aggregator(), *_paper())}


def _portal() -> Iterator[Truth]:
    for path, story in portal.articles().items():
        files = tuple(f"http://{portal.HOST}/uploads/{document.file}" for document in story.documents)
        url = f"http://{portal.HOST}{path}"
        yield _truth(url, story, portal.furniture(story), spam=portal.spam(story), attachments=files)


def _aggregator() -> Iterator[Truth]:
    for path, story in aggregator.articles().items():
        url = f"http://{aggregator.HOST}{path}"
        languages = tuple(aggregator.alternates(story).values())
        source = aggregator.source_url(story)
        yield _truth(url, story, aggregator.furniture(story), alternates=languages, via_url=source)


def _paper() -> Iterator[Truth]:
    for path, story in paper.articles().items():
        yield _truth(f"http://{paper.HOST}{path}", story, paper.furniture(story))


def _truth(
    url: str,
    story: Story,
    drop: tuple[str, ...],
    *,
    spam: tuple[str, ...] = (),
    attachments: tuple[str, ...] = (),
    alternates: tuple[str, ...] = (),
    via_url: str | None = None,
) -> Truth:
    return Truth(
        url=url,
        title=story.title,
        text=story.text,
        author=story.author,
        published_on=story.published_on,
        published_at=story.published if isinstance(story.published, datetime) else None,
        language=story.language,
        section=story.section,
        captions=tuple(picture.caption for picture in story.pictures),
        credits=tuple(picture.credit for picture in story.pictures),
        drop=tuple(dict.fromkeys(drop)),
        spam=spam,
        attachments=attachments,
        alternates=alternates,
        via_url=via_url,
    )
