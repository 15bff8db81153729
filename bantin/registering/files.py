"""Source files as people wrote them, changed in a line: comments, order and quotes stay.

What is written was read back before: it must say what the file said, but for the one field. It appears whole or not at
all, for Airflow reads the folder at any moment.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from model.errors import SourceError
from model.source import Source, parse_source

NOTE = re.compile(r"^# (?:paused|retired) \d{4}-\d\d-\d\d[^\r\n]*\r?\n", re.MULTILINE)
"""The line of comment that says since when a source rests, and why."""

_ADDED = re.compile(rf"{NOTE.pattern}enabled: false\r?\n\Z", re.MULTILINE)


def note_of(path: Path) -> str | None:
    """Since when the source in this file is paused or retired, and why; None where its file has no note of that."""
    found = NOTE.search(read(path))
    return found[0].removeprefix("# ").strip() if found else None


def note(what: str, since: date, until: date | None, reason: str | None) -> str:
    """A note that `note_of` finds: `paused 2026-11-27 until 2026-12-24: the site moves`."""
    said = f"{what} {since}" + (f" until {until}" if until else "")
    return said + (f": {' '.join(reason.split())}" if reason else "")


def with_enabled(text: str, enabled: bool, said: str | None) -> str:
    """The file's text with `enabled` so, and the note `said` above it in the place of any other. The lines that were
    added to a file go again."""
    text = NOTE.sub("", _ADDED.sub("", text))
    end = "\r\n" if "\r\n" in text else "\n"
    found = _field(text, "enabled")
    if found is None:
        if enabled:
            return text
        text += "" if text.endswith("\n") else end
        return text + (f"# {said}{end}" if said else "") + f"enabled: false{end}"
    line = f"{found['name']}{'true' if enabled else 'false'}{found['rest']}"
    return text[: found.start()] + (f"# {said}{end}" if said else "") + line + text[found.end() :]


def with_id(text: str, new: str) -> str:
    """The file's text with the id `new`, quoted as the old one was."""
    found = _field(text, "id")
    if found is None:
        return text
    quote = found["value"][0] if found["value"][0] in "\"'" else ""
    return text[: found.start()] + f"{found['name']}{quote}{new}{quote}{found['rest']}" + text[found.end() :]


def expect_says(text: str, path: Path, folder: Path, source: Source) -> None:
    """Raises `SourceError` unless the text, which is to be the file at `path`, says what `source` is; a certificate
    that it names lies in `folder`."""
    try:
        same = parse_source(text, str(path), folder) == source
    except SourceError:
        same = False
    if not same:
        raise SourceError([f"{path}: its lines cannot be changed safely as they stand: change the file by hand"])


def read(path: Path) -> str:
    """The file's text, line ends as they are. Raises `SourceError`."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise SourceError([f"{path}: the file: {err}: expected a readable UTF-8 file"]) from err


def expect_writable(folder: Path) -> None:
    """Raises `SourceError` where nothing can be written in the folder: asked before what is hard to take back."""
    with _writing(folder), tempfile.TemporaryFile(dir=folder):
        pass


def write(path: Path, text: str, like: Path | None = None) -> None:
    """Puts the text at `path`, whole and durably, with the permissions of `like` or of the file that stands there.
    Raises `SourceError` where that cannot be written."""
    with _writing(path):
        path.parent.mkdir(exist_ok=True)
        mode = (like or path).stat().st_mode & 0o7777
        file, made = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".new", dir=path.parent)
        new = Path(made)
        try:
            with os.fdopen(file, "wb") as out:
                out.write(text.encode())
                out.flush()
                os.fchmod(out.fileno(), mode)
                os.fsync(out.fileno())
            new.replace(path)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
        _sync(path.parent)


def remove(path: Path) -> None:
    """Removes the file durably; that it is gone already is no error. Raises `SourceError`."""
    with _writing(path):
        path.unlink(missing_ok=True)
        _sync(path.parent)


def move(path: Path, to: Path, text: str) -> None:
    """Makes `text` the file at `to`, and removes the one at `path`. Killed in between, both are there. Raises
    `SourceError`."""
    write(to, text, like=path)
    remove(path)


def _field(text: str, name: str) -> re.Match[str] | None:
    """The line of a field of the file's first level."""
    pattern = rf"""^(?P<name>(["']?){name}\2[ \t]*:[ \t]+)(?P<value>[^\s#]+)(?P<rest>[ \t]*(?:[ \t]#[^\r\n]*)?\r?)$"""
    return re.search(pattern, text, re.MULTILINE)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        expected = "expected a folder that may be written; else change the file where it comes from, and deploy it"
        raise SourceError([f"{path}: cannot be written: {err.strerror or err}: {expected}"]) from err


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
