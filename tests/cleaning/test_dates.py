"""Days and instants: every form the pages print, and none that they do not say."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cleaning.dates import parse_machine, parse_visible
from tests.cleaning.markup import TITLE, cleaned, page, paragraphs

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("text", "day", "utc"),
    [
        ("Thứ ba, 31/10/2023 271 lượt xem", "2023-10-31", None),
        ("Thứ bảy, 7/3/2026, 00:05 (GMT+7)", "2026-03-07", "2026-03-06T17:05"),
        ("07/03/2026 08:01 GMT+7", "2026-03-07", "2026-03-07T01:01"),
        ("07-03-2026 - 00:01 AM", "2026-03-07", "2026-03-06T17:01"),
        ("07-03-2026 - 15:30 PM", "2026-03-07", "2026-03-07T08:30"),
        ("Thứ Bảy, 07/03/2026 - 08:52", "2026-03-07", "2026-03-07T01:52"),
        ("Ngày đăng 18/03/2019 | 04:01 PM | View count: 412", "2019-03-18", "2019-03-18T09:01"),
        ("Thứ năm: 17:49 ngày 07/05/2020", "2020-05-07", "2020-05-07T10:49"),
        ("Cập nhật lúc 14h30, ngày 05/07/2021", "2021-07-05", "2021-07-05T07:30"),
        ("21 tháng 09 năm 2025", "2025-09-21", None),
        ("Ngày 2 tháng 9, 2025 lúc 7 giờ 05", "2025-09-02", "2025-09-02T00:05"),
        ("Việt NamViệt Nam28/12/2023", "2023-12-28", None),
        ("Sabtu, 6 Januari 2024 18:20 WIB", "2024-01-06", "2024-01-06T11:20"),
        ("6 Agustus 2024", "2024-08-06", None),
        ("January 6, 2024 at 6:20 pm", "2024-01-06", "2024-01-06T11:20"),
        ("6th of January, 2024", "2024-01-06", None),
        ("Sat, 06 Jan 2024 18:20 UTC", "2024-01-06", "2024-01-06T18:20"),
        ("2024-01-06", "2024-01-06", None),
        ("2026年3月7日 10:00", "2026-03-07", "2026-03-07T03:00"),
        ("Mai 5/3/2026", "2026-03-05", None),
        ("09:18 12/10", None, None),  # no year
        ("31/02/2026", None, None),  # no such day
        ("Tel. 0229/3.862.001", None, None),
        ("Nghị quyết 12/2026/NQ-HĐND", None, None),
        ("còn 3 tháng nữa", None, None),
    ],
)
def test_dates_as_people_read_them(text, day, utc):
    found = parse_visible(text, ZONE)
    assert (found and str(found.day)) == day
    assert (found and found.instant and f"{found.instant:%Y-%m-%dT%H:%M}") == utc


@pytest.mark.parametrize(
    ("value", "day", "utc"),
    [
        ("2023-11-02T23:30:00+07:00", "2023-11-02", "2023-11-02T16:30"),
        ("2023-11-02T23:30:00Z", "2023-11-02", "2023-11-02T23:30"),
        ("2023-11-02T23:30:00.123+0700", "2023-11-02", "2023-11-02T16:30"),
        ("2023-11-02T23:30:00", "2023-11-02", "2023-11-02T16:30"),  # no offset: the source's zone
        ("2023-11-02 23:30", "2023-11-02", "2023-11-02T16:30"),
        ("20231102T2330", "2023-11-02", "2023-11-02T16:30"),
        ("2023-11-02", "2023-11-02", None),
        ("Thu, 02 Nov 2023 23:30:00 GMT", "2023-11-02", "2023-11-02T23:30"),
        ("02/11/2023", "2023-11-02", None),
        ("2023-13-45T00:00:00", None, None),
        ("vừa xong", None, None),
        ("", None, None),
    ],
)
def test_dates_as_machines_read_them(value, day, utc):
    found = parse_machine(value, ZONE)
    assert (found and str(found.day)) == day
    assert (found and found.instant and f"{found.instant:%Y-%m-%dT%H:%M}") == utc


def ld(**fields: str) -> str:
    pairs = ", ".join(f'"{key}": "{value}"' for key, value in fields.items())
    return f'<script type="application/ld+json">{{"@type": "NewsArticle", {pairs}}}</script>'


def below(line: str) -> str:
    """A page with `line` between its title and its text."""
    return page(f"{line}{paragraphs()}")


def test_structured_data_beats_what_is_printed():
    markup = page(f"<p>Thứ ba, 03/11/2026</p>{paragraphs()}", head=ld(datePublished="2026-11-02T20:00:00+07:00"))
    article = cleaned(markup)
    assert (article.published_on, article.published_at) == (date(2026, 11, 2), datetime(2026, 11, 2, 13, tzinfo=UTC))
    assert article.origins["published_on"] == "json-ld"


def test_the_day_is_the_pages_own_and_not_that_of_utc():
    article = cleaned(page(head=ld(datePublished="2026-11-02T00:30:00+07:00")))
    assert article.published_on == date(2026, 11, 2)
    assert article.published_at == datetime(2026, 11, 1, 17, 30, tzinfo=UTC)


def test_a_day_without_time_gives_no_instant():
    article = cleaned(below('<span class="PostDate">Thứ ba, 03/11/2026</span>'))
    assert (article.published_on, article.published_at) == (date(2026, 11, 3), None)
    assert article.origins["published_on"] == "visible"


@pytest.mark.parametrize(
    "header",
    [
        '<div id="today">Chủ nhật, 22/11/2026</div>',
        '<div class="header-top">Hôm nay, 22/11/2026</div>',
        "<div>Chủ nhật, 22/11/2026 09:15</div>",
        '<div id="clock" class="date">22/11/2026</div>',
    ],
)
def test_the_header_prints_today_and_not_the_articles_day(header):
    assert cleaned(page(before=header)).published_on is None
    line = '<div class="info"><span class="date">03/11/2026</span></div>'
    assert cleaned(page(f"{line}{paragraphs()}", before=header)).published_on == date(2026, 11, 3)


@pytest.mark.parametrize("future", ["2026-11-24T08:00:00+07:00", "2062-01-01"])
def test_a_day_to_come_is_no_publication(future):
    assert cleaned(page(head=ld(datePublished=future))).published_on is None
    both = page(f'<p class="date">03/11/2026</p>{paragraphs()}', head=ld(datePublished=future))
    assert cleaned(both).published_on == date(2026, 11, 3)


def test_a_date_in_a_sentence_is_not_the_publication():
    article = cleaned(page(f"<p>Ngày 02/09/2026, xã {TITLE} kỷ niệm ngày thành lập.</p>{paragraphs()}"))
    assert article.published_on is None


def test_dates_of_related_articles_are_not_the_publication():
    related = '<div class="related"><a href="/a">Tin khác</a> <span class="date">01/01/2025</span></div>' * 3
    assert cleaned(page(after=related)).published_on is None


def test_modified_is_kept_apart():
    head = ld(datePublished="2026-11-02", dateModified="2026-11-05T09:00:00+07:00")
    article = cleaned(page(head=head))
    assert (article.published_on, article.modified_on) == (date(2026, 11, 2), date(2026, 11, 5))
    assert article.modified_at == datetime(2026, 11, 5, 2, tzinfo=UTC)


def test_the_date_in_the_address_is_the_last_resort():
    article = cleaned(page(), url="https://xa-vi-du.example/2026/11/03/dua-thuyen.html")
    assert (article.published_on, article.origins["published_on"]) == (date(2026, 11, 3), "url")
