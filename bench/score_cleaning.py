"""How good the cleaner is, against trafilatura by its defaults, on pages with known answers.

    uv run python bench/score_cleaning.py                # aeb, fundus, wcxb
    uv run python bench/score_cleaning.py aeb --turns 10000
    uv run python bench/score_cleaning.py --worst 20     # and our worst pages of the tuned part

For all pages of a set, for the third that was held out while rules were tuned, and for the rest: F1 over 4-token
shingles with the difference and its 95 % interval (a paired bootstrap over pages), then title, authors and day. The
pages lie outside of this repository (bench/shared_pages.py); trafilatura's answers are kept in the temporary folder.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import shared_pages

Answers = dict[str, dict[str, Any]]
Counts = tuple[float, float, float]


def main() -> int:
    """Scores each set and prints three lines of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", help="of aeb, fundus, wcxb (default: all)")
    parser.add_argument("--turns", type=int, default=2_000, help="resamplings")
    parser.add_argument(
        "--worst", type=int, default=0, metavar="N", help="name our N worst pages that were not held out"
    )
    args = parser.parse_args()
    module = shared_pages.scoring()
    if module is None:
        return 0
    from bench.extractor import extract

    for name in args.sets or shared_pages.SETS:
        truth = shared_pages.truths(module, name)
        if not truth:
            continue
        ours = answers(module, name, truth, extract)
        theirs = cached(module, name, truth)
        print(f"{name}: {len(truth)} pages")
        print(f"  {'':9} pages  F1 ours  trafil.  difference, 95 %            title          authors        day")
        for part, wanted in (("all", None), ("held out", True), ("tuned", False)):
            keys = [key for key in truth if wanted is None or shared_pages.held_out(key) is wanted]
            print(f"  {part:9} {line(module, {key: truth[key] for key in keys}, ours, theirs, args.turns)}", flush=True)
        if args.worst:
            print_worst(module, truth, ours, args.worst)
    return 0


def answers(module: ModuleType, name: str, truth: Answers, extract: Callable[[bytes, str], dict[str, Any]]) -> Answers:
    """What `extract` makes of each page. An exception is a miss, and is told."""
    found: Answers = {}
    for key, want in truth.items():
        try:
            answer = extract(shared_pages.page(module, name, key), want.get("url") or "")
        except Exception as err:  # noqa: BLE001 - the other pages are scored all the same
            print(f"{name} {key}: {type(err).__name__}: {err}", file=sys.stderr)
            answer = {}
        found[key] = {what: module.plain(value) for what, value in answer.items() if value}
    return found


def cached(module: ModuleType, name: str, truth: Answers) -> Answers:
    """trafilatura's answers: they change with its version alone."""
    place = Path(tempfile.gettempdir()) / f"bantin-trafilatura-{version('trafilatura')}-{name}-{len(truth)}.json"
    if place.is_file():
        kept: Answers = json.loads(place.read_text("utf-8"))
        return kept
    found = answers(module, name, truth, shared_pages.by_trafilatura)
    place.write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    return found


def line(module: ModuleType, truth: Answers, ours: Answers, theirs: Answers, turns: int) -> str:
    """The scores of some pages."""
    texts = {key: want["text"] for key, want in truth.items() if "text" in want}
    pairs = [
        (
            module.match(text, ours[key].get("text") or ""),
            module.match(text, theirs[key].get("text") or ""),
        )
        for key, text in texts.items()
    ]
    mine, other, (low, high) = compare(module, pairs, turns)
    cells = [f"{len(truth):5}  {mine:.4f}   {other:.4f}   {mine - other:+.4f} ({low:+.4f} … {high:+.4f})"]
    scores = [module.score(truth, {key: one[key] for key in truth}, 1) for one in (ours, theirs)]
    for what in ("title", "author", "date"):
        cells.append(f"{scores[0][what]:.3f} / {scores[1][what]:.3f}" if what in scores[0] else f"{'-':13}")
    return "  ".join(cells)


def compare(
    module: ModuleType, pairs: list[tuple[Counts, Counts]], turns: int
) -> tuple[float, float, tuple[float, float]]:
    """Both F1 and the interval of their difference: the same pages are drawn for both."""

    def f1(drawn: list[tuple[Counts, Counts]], which: int) -> float:
        value: float = module.text_scores([pair[which] for pair in drawn])[0]
        return value

    rng = random.Random(7)
    differences = sorted(
        f1(drawn, 0) - f1(drawn, 1) for drawn in (rng.choices(pairs, k=len(pairs)) for _ in range(turns))
    )
    edge = round(0.025 * turns)
    return f1(pairs, 0), f1(pairs, 1), (differences[edge], differences[-1 - edge])


def print_worst(module: ModuleType, truth: Answers, ours: Answers, count: int) -> None:
    """The pages of the tuned part on which we are worst, by F1 of the page."""
    rows = []
    for key, want in truth.items():
        if "text" in want and not shared_pages.held_out(key):
            hit, over, miss = module.match(want["text"], ours[key].get("text") or "")
            rows.append((2 * hit / (2 * hit + over + miss) if hit else 0.0, over, miss, key))
    for value, over, miss, key in sorted(rows)[:count]:
        print(f"    {value:.3f} too much {over:.3f} missed {miss:.3f} {key} {truth[key].get('url') or ''}")


if __name__ == "__main__":
    sys.exit(main())
