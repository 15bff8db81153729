"""What differs between two versions of an article, word by word.

White space, Unicode form, quotation marks, dashes and where a tone mark stands (òa, oà) are no difference; letter case
is. Words are runs of letters and digits, as Vietnamese writes its syllables; each sign of punctuation is a word.

Paragraphs are compared first, then the words of those that differ, each with the one that is most like it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import chain, groupby

from browse.history.alignment import Block, aligned
from browse.history.moments import stamp
from model.article import Article

FIELDS = ("title", "lead", "author", "published_on", "published_at", "modified_on", "modified_at", "section")
"""What is compared besides the text, in this order."""

_DATES = ("published_on", "published_at", "modified_on", "modified_at")

FEW = 2
"""So many equal words between two longer changes are told as changed, too: they are equal by chance."""

LIKE = 0.5
"""From this on two paragraphs are versions of one: twice the words they share, of all their words."""

MOST_LIKES = 2_500
"""At most so many pairs of paragraphs are asked for their likeness at a time."""

SLACK = 1
"""So many words more than in one text may change in a paragraph that is compared with its like."""

_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"(\w+|[^\w\s])(\s*)")
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»″〝〞＂"), '"') | dict.fromkeys(map(ord, "‘’‚‛‹›′`´ʼ＇"), "'")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－"), "-")
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_SAME = {**_QUOTES, **_DASHES, **_UNSEEN}
# Old spelling puts the tone on the first vowel of oa, oe and uy, new spelling on the second.
_TONE = re.compile("([oO])([\u0300\u0301\u0303\u0309\u0323])([aAeE])|([uU])([\u0300\u0301\u0303\u0309\u0323])([yY])")


class Change(StrEnum):
    """What became of a piece of text."""

    KEPT = "="
    DELETED = "-"
    INSERTED = "+"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text and what became of it; what is kept is spelt as the newer version has it."""

    change: Change
    text: str


Paragraph = list[Segment]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field whose value changed: both values as text, None where there is none, and their words compared."""

    name: str
    old: str | None
    new: str | None
    segments: Paragraph


@dataclass(frozen=True, slots=True)
class Diff:
    """What became of one version of an article in another. `paragraphs` are those of both texts."""

    old: Article
    new: Article
    fields: list[FieldChange]
    paragraphs: list[Paragraph]

    @property
    def unchanged(self) -> bool:
        """Whether nothing differs that a reader would call a change."""
        return not self.fields and not any(is_changed(paragraph) for paragraph in self.paragraphs)

    def count(self, change: Change) -> int:
        """How many words of the text were kept, deleted or inserted."""
        return sum(len(_WORD.findall(s.text)) for paragraph in self.paragraphs for s in paragraph if s.change == change)


def is_changed(paragraph: Paragraph) -> bool:
    """Whether anything in it was deleted or inserted."""
    return any(segment.change != Change.KEPT for segment in paragraph)


def diff(old: Article, new: Article) -> Diff:
    """What became of `old` in `new`."""
    changes = []
    for name in FIELDS:
        before, after = _value(old, name), _value(new, name)
        if name in _DATES:
            segments = [Segment(Change.DELETED, before or ""), Segment(Change.INSERTED, after or "")]
            segments = [segment for segment in segments if segment.text] if before != after else []
        else:
            segments = [segment for paragraph in compare(before or "", after or "") for segment in paragraph]
        if is_changed(segments):
            changes.append(FieldChange(name, before, after, segments))
    return Diff(old, new, changes, compare(old.text, new.text))


def compare(old: str, new: str) -> list[Paragraph]:
    """The paragraphs (lines) of two texts as pieces that were kept, deleted and inserted."""
    return _paragraphs(_script(tokens(old), tokens(new)))


@dataclass(frozen=True, slots=True)
class Token:
    """A word: `form` is what it is compared by, `text` as it is spelt, `space` what follows: a space, a line's end or
    nothing."""

    form: str
    text: str
    space: str


_GAPS = ("", " ", "\n")


def tokens(text: str) -> list[Token]:
    """The words of `text` and its signs of punctuation."""
    found: list[Token] = []
    for word, space in _TOKEN.findall(unicodedata.normalize("NFC", text)):
        if found and not found[-1].space and _continues(found[-1].text, word):
            word = found.pop().text + word  # noqa: PLW2901 - the signs of Thai and Hindi words are no \w
        found.append(Token(form(word), word, "\n" if "\n" in space else space[:1] and " "))
    return [token for token in found if token.form]


def _continues(before: str, word: str) -> bool:
    return unicodedata.category(word[0]) in ("Mn", "Mc", "Me", "Cf") or (
        word[0].isalnum() and unicodedata.category(before[-1]) in ("Mn", "Mc", "Cf")
    )


@lru_cache(maxsize=65_536)
def form(word: str) -> str:
    """What is the same of all spellings of `word` that differ by no more than style."""
    if word.isascii():
        return "'" if word == "`" else word
    marked = unicodedata.normalize("NFD", unicodedata.normalize("NFC", word).translate(_SAME))
    return unicodedata.normalize("NFC", _TONE.sub(r"\1\3\2\4\6\5", marked))


Step = tuple[Change, list[tuple[Token | None, Token | None]]]
"""Words that were kept, deleted or inserted: the older and the newer of each."""


_BREAK: Step = (Change.KEPT, [(None, None)])


def _script(before: list[Token], after: list[Token]) -> Iterator[Step]:
    """Paragraphs first, then the words of those that differ; islands of chance are drowned."""
    old, new = _lines(before), _lines(after)
    for equal, (a, b), (c, d) in aligned([key for key, _ in old], [key for key, _ in new]):
        ours, theirs = [line for _, line in old[a:b]], [line for _, line in new[c:d]]
        if equal:
            yield Change.KEPT, list(zip(chain(*ours), chain(*theirs), strict=True))
        else:
            yield from _between(ours, theirs)


def _between(old: list[list[Token]], new: list[list[Token]]) -> list[Step]:
    """Paragraphs that differ: each compared with its like, unless a comparison as one text finds much less to change,
    as it does where a paragraph was split."""
    whole = list(_words(list(chain(*old)), list(chain(*new))))
    least = _cost(whole)
    if not least or max(len(old), len(new)) == 1 or not 0 < len(old) * len(new) <= MOST_LIKES:
        return whole
    paired: list[Step] = []
    for ours, theirs in _likes(old, new):
        paired += [*_words(ours, theirs), _BREAK]
    return paired if _cost(paired) <= least + SLACK * (len(old) + len(new)) else whole


def _cost(steps: Iterable[Step]) -> int:
    return sum(len(words) for change, words in steps if change != Change.KEPT)


def _likes(old: list[list[Token]], new: list[list[Token]]) -> list[tuple[list[Token], list[Token]]]:
    """Paragraphs in pairs, in their order, so that likeness is greatest in all; one without its like is alone."""
    ours, theirs = ([Counter(token.form for token in line) for line in lines] for lines in (old, new))
    like = [[2 * (one & other).total() / (one.total() + other.total()) for other in theirs] for one in ours]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            pair = like[i][j] + best[i + 1][j + 1] if like[i][j] >= LIKE else 0
            best[i][j] = max(pair, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[list[Token], list[Token]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and (j == len(new) or best[i][j] == best[i + 1][j]):
            pairs.append((old[i], []))
            i += 1
        elif i == len(old) or best[i][j] == best[i][j + 1]:
            pairs.append(([], new[j]))
            j += 1
        else:
            pairs.append((old[i], new[j]))
            i, j = i + 1, j + 1
    return pairs


def _lines(words: list[Token]) -> list[tuple[Hashable, list[Token]]]:
    lines: list[list[Token]] = [[]]
    for token in words:
        lines[-1].append(token)
        if token.space == "\n":
            lines.append([])
    return [(tuple(token.form for token in line), line) for line in lines if line]


def _words(before: list[Token], after: list[Token]) -> Iterator[Step]:
    blocks = _drowned(list(aligned([token.form for token in before], [token.form for token in after])))
    for equal, (a, b), (c, d) in blocks:
        if equal:
            yield Change.KEPT, list(zip(before[a:b], after[c:d], strict=True))
            continue
        if a < b:
            yield Change.DELETED, [(token, None) for token in before[a:b]]
        if c < d:
            yield Change.INSERTED, [(None, token) for token in after[c:d]]


def _drowned(blocks: list[Block]) -> list[Block]:
    """A few equal words between two longer changes become part of these."""
    kept: list[Block] = []
    for place, block in enumerate(blocks):
        equal, old, new = block
        few = equal and old[1] - old[0] <= FEW and 0 < place < len(blocks) - 1
        if few and min(_size(blocks[place - 1]), _size(blocks[place + 1])) > 2 * (old[1] - old[0]):
            block = (False, old, new)  # noqa: PLW2901
        if kept and not kept[-1][0] and not block[0]:
            kept[-1] = (False, (kept[-1][1][0], old[1]), (kept[-1][2][0], new[1]))
        else:
            kept.append(block)
    return kept


def _size(block: Block) -> int:
    return max(block[1][1] - block[1][0], block[2][1] - block[2][0])


def _paragraphs(steps: Iterable[Step]) -> list[Paragraph]:
    """The words put together: pieces of one change, and lines where one of the texts has a line's end."""
    words = [(change, old, new) for change, pairs in steps for old, new in pairs]
    lines: list[list[tuple[Change, str]]] = [[]]
    left = ""  # what the newer text has behind the last word that was kept
    for place, (change, old, new) in enumerate(words):
        token = new or old
        if token is None:  # a paragraph ends
            lines.append([])
            continue
        following = words[place + 1][0] if place + 1 < len(words) else change
        left = token.space if change == Change.KEPT else left
        gap = token.space
        if change == Change.DELETED and following != Change.DELETED:
            gap = "" if following == Change.INSERTED else max(gap, left, key=_GAPS.index)
        elif change == Change.KEPT and following == Change.DELETED and _deletes_only(words, place + 1):
            gap = (old or token).space
        lines[-1].append((change, token.text))
        if gap == "\n":
            lines.append([])
        elif gap:
            lines[-1].append((change if following == change else Change.KEPT, gap))
    return [
        [Segment(change, "".join(text for _, text in same)) for change, same in groupby(line, key=lambda one: one[0])]
        for line in lines
        if line
    ]


def _deletes_only(words: Sequence[tuple[Change, Token | None, Token | None]], place: int) -> bool:
    """Whether nothing is inserted where the words from `place` on are deleted."""
    after = next((change for change, _, _ in words[place:] if change != Change.DELETED), Change.KEPT)
    return after == Change.KEPT


def _value(article: Article, name: str) -> str | None:
    value = getattr(article, name)
    if isinstance(value, datetime):
        return stamp(value)
    return str(value) if value is not None else None
