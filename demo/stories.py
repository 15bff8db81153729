"""The stories of the demo as data: what the sites' pages are made of, and what cleaning them should give back.

The texts lie in `texts/*.yaml`. All places, people and events in them are made up.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, assert_never

import yaml

TEXTS = Path(__file__).parent / "texts"

Language = Literal["vi", "en", "id"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the article."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading between paragraphs."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of points."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """An image by the name of its file, without ending. `alt` is None where the caption serves."""

    name: str
    caption: str
    credit: str | None = None
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A file the article links to."""

    file: str
    name: str


Block = Paragraph | Heading | Bullets | Picture | Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article. `published` is a day where the site gives no hour. `encoding` is how a page with it is written and
    `charset` what its header says; they differ where the site is to be wrong."""

    slug: str
    number: int = 0
    language: Language = "vi"
    title: str
    lead: str
    section: str
    author: str | None
    published: date | datetime
    blocks: tuple[Block, ...]
    tags: tuple[str, ...] = ()
    encoding: str = "utf-8"
    charset: str = "utf-8"

    @property
    def published_on(self) -> date:
        """The day of publication, where the site is."""
        return self.published.date() if isinstance(self.published, datetime) else self.published

    @property
    def published_at(self) -> datetime:
        """The moment of publication. Raises ValueError for a story that has only a day."""
        if not isinstance(self.published, datetime):
            raise ValueError(f"{self.slug}: expected a moment with an offset, not the day {self.published}")
        return self.published

    @property
    def text(self) -> tuple[str, ...]:
        """The article's text, block by block, beginning with the lead: no captions, no signature, no files."""
        lines = [self.lead]
        for block in self.blocks:
            match block:
                case Paragraph(text) | Heading(text):
                    lines.append(text)
                case Bullets(items):
                    lines.extend(items)
                case Picture() | Document():
                    pass
                case _:
                    assert_never(block)
        return tuple(lines)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The article's images in order."""
        return tuple(block for block in self.blocks if isinstance(block, Picture))

    @property
    def documents(self) -> tuple[Document, ...]:
        """The files the article links to, in order."""
        return tuple(block for block in self.blocks if isinstance(block, Document))


@lru_cache
def stories(name: str) -> tuple[Story, ...]:
    """The stories in `texts/<name>.yaml`, in that order."""
    entries = yaml.safe_load((TEXTS / f"{name}.yaml").read_text("utf-8"))
    return tuple(_story(entry) for entry in entries)


def _story(entry: dict[str, Any]) -> Story:
    values = dict(entry)
    blocks = tuple(_block(block) for block in values.pop("body"))
    return Story(blocks=blocks, tags=tuple(values.pop("tags", ())), **values)


def _block(entry: dict[str, Any]) -> Block:
    match entry:
        case {"p": text}:
            return Paragraph(text)
        case {"h": text}:
            return Heading(text)
        case {"list": items}:
            return Bullets(tuple(items))
        case {"image": name, "caption": caption}:
            return Picture(name, caption, entry.get("credit"), entry.get("alt"))
        case {"file": file, "name": name}:
            return Document(file, name)
    raise ValueError(f"expected p, h, list, image with caption, or file with name: {entry!r}")
