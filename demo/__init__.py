"""A small web on loopback that behaves well and badly: shown by `bantin demo`, used by the tests.

`DemoWeb` serves it, `SOURCES` is the folder of files that describe its sites to bantin, and `truth()` says what a clean
article of each of their pages is. `MORE_SOURCES` describes sites that `bantin demo` leaves alone: they have the ways in
that those of `SOURCES` lack.
"""

from pathlib import Path

from demo.expected import Truth, truth
from demo.web import DemoWeb, Seen

SOURCES: Path = Path(__file__).parent / "sources"
MORE_SOURCES: Path = Path(__file__).parent / "more_sources"

__all__ = ["MORE_SOURCES", "SOURCES", "DemoWeb", "Seen", "Truth", "truth"]
