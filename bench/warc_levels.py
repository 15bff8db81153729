"""What compressing WARC records costs: CPU and bytes a page, by library and level.

    uv run python bench/warc_levels.py [--pages 300]

The pages are made here: text of Vietnamese syllables in the markup of a portal, about 48 kB each. The last line is
warcio's own setting, zlib at level 9.
"""

import argparse
import random
import sys
import time
import zlib
from collections.abc import Callable

from isal import isal_zlib

SYLLABLES = ("xã", "làng", "sông", "đồng", "chợ", "cầu", "đình", "hội", "mùa", "lúa", "thuyền", "bến", "trường", "thôn")


def main() -> int:
    """Makes the pages, compresses them each way, prints a line a way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=300)
    pages = [page(random.Random(number)) for number in range(parser.parse_args().pages)]
    print(f"{len(pages)} pages of {sum(map(len, pages)) / len(pages) / 1000:.0f} kB")
    for level in (0, 1, 2, 3):
        report(f"isal {level}", pages, lambda: isal_zlib.compressobj(level, isal_zlib.DEFLATED, 31))  # noqa: B023
    for level in (1, 3, 6, 9):
        report(f"zlib {level}", pages, lambda: zlib.compressobj(level, zlib.DEFLATED, 31))  # noqa: B023
    return 0


def report(name: str, pages: list[bytes], press: Callable[[], "zlib._Compress"]) -> None:
    """Compresses each page as a member of its own and prints what that took."""
    start, size = time.process_time(), 0
    for body in pages:
        member = press()
        size += len(member.compress(body)) + len(member.flush())
    spent = time.process_time() - start
    print(f"{name}: {1000 * spent / len(pages):.3f} ms CPU, {size / len(pages) / 1000:.1f} kB a page")


def page(rng: random.Random) -> bytes:
    """A page of about 48 kB."""
    text = [" ".join(rng.choices(SYLLABLES, k=rng.randint(40, 120))) for _ in range(60)]
    menu = "".join(f'<li class="item-{n}"><a href="/muc/{n}">{rng.choice(SYLLABLES)} {n}</a></li>' for n in range(220))
    body = "".join(f'<p style="text-align: justify">{line}</p>' for line in text)
    return f"<!DOCTYPE html><html><body><ul>{menu}</ul>{body}</body></html>".encode()


if __name__ == "__main__":
    sys.exit(main())
