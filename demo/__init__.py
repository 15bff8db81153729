"""A small web on loopback that behaves well and badly: shown by `bantin demo`, used by the tests.

`DemoWeb` serves it, `SOURCES` is the folder of files that describe its sites to bantin, and `truth()` says what a clean
article of each of its pages is.
"""

from pathlib import Path

from demo.expected import Truth, truth
from demo.web import DemoWeb, Seen

SOURCES: Path = Path(__file__).parent / "sources"

__all__ = ["SOURCES", "DemoWeb", "Seen", "Truth", "truth"]
