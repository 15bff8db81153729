"""The forms in which a diff is shown: marks, a fragment of HTML, JSON."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from browse.escaping import safe
from browse.history.diff import Change, Diff, Paragraph, is_changed
from browse.history.moments import citation, stamp
from model.article import Article

NEAR = 1
"""So many paragraphs that did not change are shown before and after one that did."""

_MARKS = {Change.KEPT: "{}", Change.DELETED: "[-{}-]", Change.INSERTED: "{{+{}+}}"}
_TAGS = {Change.KEPT: "{}", Change.DELETED: "<del>{}</del>", Change.INSERTED: "<ins>{}</ins>"}


def marked(paragraph: Paragraph) -> str:
    """One line of plain text: `[-what was deleted-]{+what was inserted+}`."""
    return "".join(_MARKS[segment.change].format(safe(segment.text)) for segment in paragraph)


def shown(diff: Diff) -> Iterator[Paragraph | int]:
    """The paragraphs of the text that changed and their neighbours; of others, how many there are in a row."""
    return shortened(diff.paragraphs)


def shortened(paragraphs: Sequence[Paragraph]) -> Iterator[Paragraph | int]:
    """The same of a diff's paragraphs."""
    changed = [is_changed(paragraph) for paragraph in paragraphs]
    left_out = 0
    for place, paragraph in enumerate(paragraphs):
        if any(changed[max(0, place - NEAR) : place + NEAR + 1]):
            if left_out:
                yield left_out
            left_out = 0
            yield paragraph
        else:
            left_out += 1
    if left_out:
        yield left_out


def as_html(diff: Diff) -> str:
    """A fragment that may stand in any page: text in `ins`, `del`, `p`, `dl` and `time`, and nothing of the articles'
    own markup. The whole text is in it; a paragraph that changed is of class `changed`."""
    fields = [f"<dt>{change.name}</dt><dd>{_html(change.segments)}</dd>" for change in diff.fields]
    changed = (' class="changed"' if is_changed(paragraph) else "" for paragraph in diff.paragraphs)
    lines = [
        f'<section class="diff" lang="{escape(safe(diff.new.language or ""))}">',
        f"<p>{_time(diff.old)} → {_time(diff.new)}</p>",
        *(["<dl>", *fields, "</dl>"] if fields else []),
        *(f"<p{mark}>{_html(paragraph)}</p>" for mark, paragraph in zip(changed, diff.paragraphs, strict=True)),
        "</section>",
    ]
    return "\n".join(lines)


def _html(paragraph: Paragraph) -> str:
    return "".join(_TAGS[segment.change].format(escape(safe(segment.text))) for segment in paragraph)


def _time(article: Article) -> str:
    at = stamp(article.fetched_at)
    return f'<time datetime="{at}">{at}</time>'


def as_object(diff: Diff) -> dict[str, Any]:
    """What `bantin diff --json` prints. A piece of text is a pair: `=`, `-` or `+`, and the text."""
    return {
        "id": diff.new.id,
        "old": _side(diff.old),
        "new": _side(diff.new),
        "unchanged": diff.unchanged,
        "deleted_words": diff.count(Change.DELETED),
        "inserted_words": diff.count(Change.INSERTED),
        "fields": [
            {"name": change.name, "old": change.old, "new": change.new, "segments": _pairs(change.segments)}
            for change in diff.fields
        ],
        "paragraphs": [_pairs(paragraph) for paragraph in diff.paragraphs],
    }


def _side(article: Article) -> dict[str, str]:
    return {
        "citation": citation(article.id, article.fetched_at),
        "fetched_at": article.fetched_at.isoformat(),
        "run": article.run,
        "text_sha256": article.text_sha256,
    }


def _pairs(paragraph: Paragraph) -> list[list[str]]:
    return [[segment.change.value, segment.text] for segment in paragraph]
