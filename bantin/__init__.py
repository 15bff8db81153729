"""The verbs of bantin as plain functions, and its command line.

    import bantin
    archive = bantin.open_archive("s3://bucket/prefix")

is how programs read an archive (docs/python.md).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from browse.archive import Archive

__all__ = ["open_archive"]


def open_archive(url: "str | Path | None" = None, *, cache: "Path | None" = None) -> "Archive":
    """The archive at `url`, a folder or s3://bucket/prefix; by default what ARCHIVE_URL names, else ./archive.

    `cache` is a folder for what is fetched of the index; by default what BANTIN_CACHE names, else the user's. Nothing
    is read before something is asked of it.
    """
    from bantin.settings import Settings, absolute
    from browse.archive import Archive

    settings = Settings.from_environment()
    return Archive(absolute(str(url)) if url else settings.archive, cache or settings.cache)
