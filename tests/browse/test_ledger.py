"""The ledger: every row of some articles, and what these tell together."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from browse.index.ledger import History, Ledger, Row, Seen, Table, columns_of
from storage.history import versions
from tests.browse.rows import history_rows

TABLES = [Table("20261120T000000Z", "hoa-lu"), Table("20261120T000000Z", "kimson"), Table("20261121T000000Z", "hoa-lu")]

rows = st.lists(
    st.builds(
        Row,
        st.sampled_from(["a", "b", "c"]),
        st.builds(Seen, st.sampled_from(TABLES), st.integers(0, 4), st.sampled_from(["x", "y"])),
    ),
    unique_by=lambda row: (row.id, row.seen.table),
)


@settings(deadline=None)
@given(rows)
def test_each_article_is_told_as_its_history_is(found: list[Row]) -> None:
    ledger = Ledger(columns_of(found, {table: place for place, table in enumerate(TABLES)}), TABLES)
    told = {}
    for place, table in enumerate(TABLES):
        articles = ledger.newest_in(place)
        for article, one in zip(articles, ledger.ids(articles), strict=True):
            told[one] = history = ledger.history(article)
            assert history.rows[-1].table == table
            assert history.versions == len(versions(history_rows(found, one)))
            assert [row.table for row in history.rows] == [
                Table(row.run, row.source) for version in versions(history_rows(found, one)) for row in version.rows
            ]
    assert len(ledger) == len(told) == len({row.id for row in found})


def test_a_text_that_comes_back_is_a_change() -> None:
    seen = [Seen(TABLES[0], at_us, text) for at_us, text in [(1, "x"), (2, "y"), (3, "y"), (4, "x"), (5, "x")]]
    assert History(tuple(seen)).versions == 3
    assert History(tuple(seen)).changed_at == datetime(1970, 1, 1, 0, 0, 0, 4, tzinfo=UTC)
    assert History(tuple(seen[:1])).changed_at is History(tuple(seen[1:3])).changed_at is None
