"""Which parts of two sequences are equal, in time that does not grow by their square.

difflib takes that and worse, so it is given little at a time. What stands once in both sequences, in one order, is
fixed first (Bram Cohen's patience diff), then what stands once between these, and so on. What is left between two of
them and is still too much counts as wholly different.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher

MOST_PAIRS = 40_000
"""At most so many pairs are left to difflib at a time."""

Block = tuple[bool, tuple[int, int], tuple[int, int]]
"""Whether two ranges are equal, and which they are: in the older sequence and in the newer one."""


def aligned(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[Block]:
    """Ranges that are equal and ranges that are not, in turn, from beginning to end."""
    end = i = j = 0
    for a, b, size in [*_matches(old, new), (len(old), len(new), 0)]:
        if (a, b) != (i, j):
            if end < i:
                yield True, (end, i), (j - (i - end), j)
            yield False, (i, a), (j, b)
            end = a
        i, j = a + size, b + size
    if end < i:
        yield True, (end, i), (j - (i - end), j)


def _matches(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[int, int, int]]:
    """Equal runs: where they begin in each sequence, and how long they are; in order. Some may touch."""
    waiting = [(0, len(old), 0, len(new))]
    while waiting:
        a, b, c, d = waiting.pop()
        head = _common(zip(range(a, b), range(c, d), strict=False), old, new)
        if head:
            yield a, c, head
        a, c = a + head, c + head
        tail = _common(zip(range(b - 1, a - 1, -1), range(d - 1, c - 1, -1), strict=False), old, new)
        if tail:
            waiting.append((b - tail, b, d - tail, d))
        b, d = b - tail, d - tail
        if a == b or c == d:
            continue
        anchors = _anchors(old, new, (a, b), (c, d))
        if anchors:
            starts = [(a, c), *((x + 1, y + 1) for x, y in anchors)]
            ends = [*anchors, (b, d)]
            between: list[tuple[int, int, int, int]] = []
            for n, ((x, y), (x2, y2)) in enumerate(zip(starts, ends, strict=True)):
                between.append((x, x2, y, y2))
                if n < len(anchors):
                    between.append((x2, x2 + 1, y2, y2 + 1))
            waiting.extend(reversed(between))
        elif (b - a) * (d - c) <= MOST_PAIRS:
            matcher = SequenceMatcher(None, old[a:b], new[c:d], autojunk=False)
            yield from ((a + x, c + y, size) for x, y, size in matcher.get_matching_blocks() if size)


def _common(pairs: Iterable[tuple[int, int]], old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    count = 0
    for i, j in pairs:
        if old[i] != new[j]:
            break
        count += 1
    return count


def _anchors(
    old: Sequence[Hashable], new: Sequence[Hashable], ours: tuple[int, int], theirs: tuple[int, int]
) -> list[tuple[int, int]]:
    """What stands once in each range: the longest series of such that has the same order in both."""
    here, there = Counter(old[slice(*ours)]), Counter(new[slice(*theirs)])
    at = {new[j]: j for j in range(*theirs) if there[new[j]] == 1}
    pairs = [(i, at[old[i]]) for i in range(*ours) if here[old[i]] == 1 and old[i] in at]
    tops: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for n, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        before.append(ends[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [j]
        ends[pile : pile + 1] = [n]
    series: list[tuple[int, int]] = []
    n = ends[-1] if ends else -1
    while n >= 0:
        series.append(pairs[n])
        n = before[n]
    return series[::-1]
