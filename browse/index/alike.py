"""Values that are spelt like one that somebody typed."""

from collections.abc import Iterable
from difflib import get_close_matches

from browse.words import spell_and_fold

_LEAST_ALIKE = 0.7
_MOST_LOOKED_AT = 20  # several values may have the same words in them


def nearest(typed: str, values: Iterable[str], limit: int) -> list[str]:
    """Those of `values` that are spelt most like `typed`, as a whole or by as many words in a row, the best first;
    accents, case and spaces do not count."""
    wanted = spell_and_fold(typed)[1]
    parts: dict[str, set[str]] = {}
    for value in values:
        words = spell_and_fold(value)[1]
        for start in range(len(words) - len(wanted) + 1):
            parts.setdefault("".join(words[start : start + len(wanted)]), set()).add(value)
        parts.setdefault("".join(words), set()).add(value)
    close = get_close_matches("".join(wanted), parts, _MOST_LOOKED_AT, _LEAST_ALIKE)
    shortest_first = (sorted(parts[part], key=lambda one: (len(one), one)) for part in close)
    return list(dict.fromkeys(value for same in shortest_first for value in same))[:limit]
