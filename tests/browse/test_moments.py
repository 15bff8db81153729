"""Times as people write them, and citations."""

from datetime import UTC, datetime, timedelta

import pytest

from browse.history.moments import InvalidTime, citation, parse_moment, parse_reference

NIGHT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "length"),
    [
        ("2026-11-22", NIGHT, timedelta(days=1)),
        ("2026-11-22T07:30", NIGHT + timedelta(hours=7, minutes=30), timedelta(minutes=1)),
        ("2026-11-22 07:30:05", NIGHT + timedelta(hours=7, minutes=30, seconds=5), timedelta(seconds=1)),
        ("2026-11-22T07:30:05Z", NIGHT + timedelta(hours=7, minutes=30, seconds=5), timedelta(seconds=1)),
        ("2026-11-22T07:30:05+07:00", NIGHT + timedelta(minutes=30, seconds=5), timedelta(seconds=1)),
        ("2026-11-22T07:30+07", NIGHT + timedelta(minutes=30), timedelta(minutes=1)),
        ("20261122T000005Z", NIGHT + timedelta(seconds=5), timedelta(seconds=1)),
        ("2026-11-22T00:00:05.25", NIGHT + timedelta(seconds=5.25), timedelta(milliseconds=10)),
        ("2026-11-22T00:00:05.250001Z", NIGHT + timedelta(seconds=5.250001), timedelta(microseconds=1)),
    ],
)
def test_a_time_stands_for_all_of_the_day_minute_or_second_it_names(
    text: str, start: datetime, length: timedelta
) -> None:
    moment = parse_moment(text)
    assert moment.start == start
    assert start + length - moment.end == timedelta(microseconds=1)
    assert moment.exact is (length <= timedelta(seconds=1))


@pytest.mark.parametrize(
    "text",
    [
        *("", "gestern", "22.11.2026", "2026-11", "2026-13-01", "2026-11-31", "2026-W47-7", "2026-11-22Z"),
        *("2026-11-22T07", "2026-11-22T25:00", "2026-11-22T07:00 Europe/Berlin"),
        *("0001-01-01T00:00+07:00", "9999-12-31T23:59-12:00"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(InvalidTime, match=r"expected a day \(2026-11-22\).*without a zone it is UTC"):
        parse_moment(text)


def test_a_citation_names_the_second_in_utc_and_is_read_back() -> None:
    at = datetime.fromisoformat("2026-11-22T07:00:05.250+07:00")
    cited = citation("0123456789abcdef", at)
    assert cited == "0123456789abcdef@2026-11-22T00:00:05Z"
    wanted, moment = parse_reference(cited)
    assert wanted == "0123456789abcdef"
    assert moment is not None
    assert at in moment
    assert moment.exact


def test_an_id_alone_is_a_reference_to_the_newest() -> None:
    assert parse_reference("01AB") == ("01ab", None)
    with pytest.raises(InvalidTime):
        parse_reference("01ab@")
