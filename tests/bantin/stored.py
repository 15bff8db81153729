"""What tests of a stored run share: its names, its WARC parts, and how to damage them."""

from pathlib import Path

from storage import keys

SOURCE, RUN = "demo-portal", "20261122T000000Z"


def parts(archive: Path) -> list[Path]:
    """The WARC parts, in order."""
    return sorted((archive / keys.raw_prefix(SOURCE, RUN)).iterdir(), key=lambda path: (len(path.name), path.name))


def flip(path: Path, at: int) -> None:
    """Turns one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
