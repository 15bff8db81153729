"""Runs for tests that lie in an archive without having been crawled: WARC part, captures, rules, and what follows."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from bantin.clean import clean_part
from bantin.publish import publish
from bantin.settings import Settings
from model.capture import Capture
from model.source import Source, dump_source
from storage import keys
from storage.store import open_store
from storage.tables import encode
from storage.warc import PartWriter
from tests.records import exchange

HOST = "http://portal.example"


def a_source(**clean: Any) -> Source:
    """The source of those runs, with `clean` as its rules for the cleaner."""
    return Source.model_validate(
        {
            "id": "kimson",
            "name": "Kim Sơn",
            "url": f"{HOST}/",
            "kind": "portal",
            "languages": ["vi"],
            "schedule": "0 0 * * *",
            "discovery": {"listings": [{"url": f"{HOST}/"}]},
            "articles": {"allow": ["^/."]},
            "clean": clean,
        }
    )


def fetch_run(settings: Settings, source: Source, run: str, pages: dict[str, str], folder: Path) -> str:
    """Stores a run as fetch would have: `pages` are markup by path. Returns the key of its part."""
    store = open_store(settings.archive)
    part = keys.raw_part(source.id, run, 1, 1)
    folder.mkdir(exist_ok=True)
    writer = PartWriter(folder / f"{source.id}-{run}.warc.gz", part, "test", 10_000_000)
    begin = keys.run_time(run)
    captures = [
        writer.write(
            exchange(
                url=HOST + path, body=markup.encode(), fetched_at=begin + timedelta(seconds=number, microseconds=7)
            )
        )
        for number, (path, markup) in enumerate(pages.items(), 1)
    ]
    writer.close()
    store.put(part, writer.path)
    store.put(keys.captures(source.id, run), encode(captures, Capture))
    store.put(keys.run_source(source.id, run), dump_source(source).encode())
    return part


def publish_run(settings: Settings, source: Source, run: str, pages: dict[str, str], folder: Path) -> str:
    """The same, cleaned and published."""
    part = fetch_run(settings, source, run, pages, folder)
    clean_part(part, settings)
    publish(source.id, run, settings)
    return part
