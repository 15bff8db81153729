"""Runs that a re-clean would leave without any article: when that is taken for right, and when for a mistake.

A rule that is broken rejects what it should keep, and most likely in many runs at once: it must not empty the archive.
But of a run of a few pages a good rule may reject every one. So a run is not judged by itself: it may be emptied where
it is small, and all that are emptied are a small part of what is cleaned again of its source. Whoever knows better says
so: `may_be_empty` in the source's file, or `--allow-empty`.
"""

from collections.abc import Sequence

FEW = 5
"""A run of more articles is not emptied unasked."""

SHARE = 0.1
"""Nor any, where those that would be have more than this part of their source's articles that are cleaned again."""

REMEDY = "expected rules that keep one; where this is right, --allow-empty, or may_be_empty: true in the source's file"


def may_all_be_emptied(emptied: Sequence[int], rows: int) -> bool:
    """Whether runs of one source, which have so many articles each, may lose all of them; of `rows` articles of the
    source that are cleaned again, theirs included."""
    return max(emptied, default=0) <= FEW and sum(emptied) <= SHARE * rows
