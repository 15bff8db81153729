"""Rows of articles as storage/history.py takes them."""

from datetime import UTC, datetime, timedelta

from browse.index.ledger import Row as LedgerRow
from storage.history import Row


def history_rows(found: list[LedgerRow], article_id: str) -> list[Row]:
    """The rows of one article, with what a history does not care about filled in."""
    return [
        Row(
            id=row.id,
            source=row.seen.table.source,
            run=row.seen.table.run,
            key="",
            url="",
            canonical_url=None,
            fetched_at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row.seen.at_us),
            text_sha256=row.seen.text,
            title="",
            quarantined=False,
            warc_key="",
            warc_offset=0,
            warc_length=0,
            cleaner_version="",
        )
        for row in found
        if row.id == article_id
    ]
