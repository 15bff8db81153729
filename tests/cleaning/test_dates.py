"""Days and instants: every form the pages print, and none that they do not say."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cleaning.dates import parse_machine, parse_visible
from cleaning.publication import find_publication
from tests.cleaning.markup import FETCHED_AT, SENTENCES, TITLE, cleaned, page, paragraphs, source
from tests.cleaning.opened import opened

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
        ("07/03/2026 3:15:00 CH", "2026-03-07", "2026-03-07T08:15"),  # as ASP.NET prints it in Vietnamese
        ("07/03/2026 12:30 SA", "2026-03-07", "2026-03-06T17:30"),
        ("07/03/2026 12:30 CH", "2026-03-07", "2026-03-07T05:30"),
        ("07/03/2026, 3 giờ 15 chiều", "2026-03-07", "2026-03-07T08:15"),
        ("9h sáng 07/03/2026", "2026-03-07", "2026-03-07T02:00"),
        ("07/03/2026 08:15 tối", "2026-03-07", "2026-03-07T13:15"),
        ("1h30 trưa 07/03/2026", "2026-03-07", "2026-03-07T06:30"),
        ("11:30 trưa 07/03/2026", "2026-03-07", "2026-03-07T04:30"),
        ("07/03/2026 09:15 Sa Pa", "2026-03-07", "2026-03-07T02:15"),
        ("7 Maret 2026 3:15 sore", "2026-03-07", "2026-03-07T08:15"),
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
        # the aggregator's editions and other languages
        ("Dienstag, 12. März 2024, 14.30 Uhr", "2024-03-12", "2024-03-12T07:30"),
        ("3. Mai 2024 um 15:47 Uhr", "2024-05-03", "2024-05-03T08:47"),
        ("Publié le 1er janvier 2024 à 14h30", "2024-01-01", "2024-01-01T07:30"),
        ("le 2 août 2024", "2024-08-02", None),
        ("5 de mayo de 2024", "2024-05-05", None),
        ("5 de mayo del 2024, 09:15 h", "2024-05-05", "2024-05-05T02:15"),
        ("1º de março de 2024 às 10h05", "2024-03-01", "2024-03-01T03:05"),
        ("3 maggio 2024 alle 14.30", "2024-05-03", "2024-05-03T07:30"),
        ("3 mei 2024 om 14:30", "2024-05-03", "2024-05-03T07:30"),
        ("5 stycznia 2024, 8:05", "2024-01-05", "2024-01-05T01:05"),
        ("3 мая 2024, 15:47", "2024-05-03", "2024-05-03T08:47"),
        ("3 травня 2024", "2024-05-03", None),
        ("5. května 2024", "2024-05-05", None),
        ("5 Mayıs 2024 - 09:00", "2024-05-05", "2024-05-05T02:00"),
        ("den 5 maj 2024 kl. 14.30", "2024-05-05", "2024-05-05T07:30"),
        ("2024年5月3日 下午3:05", "2024-05-03", "2024-05-03T08:05"),
        ("2024年5月3日 15時05分", "2024-05-03", "2024-05-03T08:05"),
        ("2026년 3월 7일 오후 3:05", "2026-03-07", "2026-03-07T08:05"),
        ("2026. 3. 7. 09:15", "2026-03-07", "2026-03-07T02:15"),
        ("7 กุมภาพันธ์ 2569", "2026-02-07", None),  # of the Buddhist era
        ("28 ธ.ค. 2566", "2023-12-28", None),
        ("วันที่ 7 มี.ค. 2569 เวลา 09:15", "2026-03-07", "2026-03-07T02:15"),
        ("28 ທັນວາ 2023", "2023-12-28", None),
        ("ວັນທີ 7 ເດືອນ ມີນາ ປີ 2026", "2026-03-07", None),
        ("ថ្ងៃទី 28 ខែធ្នូ ឆ្នាំ2023", "2023-12-28", None),
        ("7 មីនា 2026 09:15", "2026-03-07", "2026-03-07T02:15"),
        ("Selasa, 6 Agustus 2024 pukul 18.20 WIB", "2024-08-06", "2024-08-06T11:20"),
        ("19 Dec, 2025", "2025-12-19", None),
        ("Dec. 19, 2025 at 5:00 p.m. EST", "2025-12-19", "2025-12-19T22:00"),
        ("March 2026", None, None),  # no day
        ("12.03", None, None),
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
        ("20231102233000", "2023-11-02", "2023-11-02T16:30"),
        ("2023-11-02 23:30:00 +01:00", "2023-11-02", "2023-11-02T22:30"),
        ("Thu Nov 02 2023 23:30:00 GMT+0700 (Indochina Time)", "2023-11-02", "2023-11-02T16:30"),
        ("1698942600", "2023-11-02", "2023-11-02T16:30"),
        ("1698942600000", "2023-11-02", "2023-11-02T16:30"),
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
        '<div class="header-date">Chủ nhật, 22/11/2026</div>',
        "<div>Chủ nhật, 22/11/2026 09:15</div>",
        '<div id="clock" class="date">22/11/2026</div>',
    ],
)
def test_the_header_prints_today_and_not_the_articles_day(header):
    assert cleaned(page(before=header)).published_on is None
    line = '<div class="info"><span class="date">03/11/2026</span></div>'
    assert cleaned(page(f"{line}{paragraphs()}", before=header)).published_on == date(2026, 11, 3)


@pytest.mark.parametrize(
    "header",
    [
        '<div id="header"><span class="date">22/11/2026</span></div>',
        "<div><span>Hôm nay, 22/11/2026</span></div>",
        "<p>Today: November 22, 2026</p>",
    ],
)
def test_the_header_prints_today_behind_the_title_too(header):
    assert cleaned(page(after=header)).published_on is None
    assert cleaned(page().replace("</h1>", f"</h1>{header}")).published_on is None


def test_an_article_of_today_has_its_day_in_its_own_header():
    line = '<div class="header"><h1>{}</h1><span class="date">22/11/2026</span></div>'
    markup = page().replace(f"<h1>{TITLE}</h1>", line.format(TITLE))
    assert cleaned(markup).published_on == date(2026, 11, 22)


def test_the_time_of_an_entry_of_a_list_is_another_articles():
    entry = '<ul><li><time datetime="2026-02-01">1/2</time> <a href="/b">Xã bên mở hội bơi thuyền đầu năm</a></li></ul>'
    assert cleaned(page(after=entry)).published_on is None


@pytest.mark.parametrize(
    ("printed", "day", "instant"),
    [
        ("23/11/2026 23:59", None, None),
        ("23/11/2026", None, None),
        ("22/11/2026 23:59", date(2026, 11, 22), None),  # begun, and not over
        ("22/11/2026 07:05", date(2026, 11, 22), datetime(2026, 11, 22, 0, 5, tzinfo=UTC)),  # a clock that is fast
        ("22/11/2026 06:59", date(2026, 11, 22), datetime(2026, 11, 21, 23, 59, tzinfo=UTC)),
    ],
)
def test_nothing_is_published_later_than_it_was_fetched(printed, day, instant):
    article = cleaned(below(f'<p class="date">{printed}</p>'))
    assert (article.published_on, article.published_at) == (day, instant)


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


# --- which day it is -----------------------------------------------------------
ENGLISH = source(languages=["en"], url="https://town.example/")


def english(content: str, **options: str) -> str:
    """An English page with `content` below its title."""
    return page(content + paragraphs(), **options).replace('lang="vi"', 'lang="en-US"')


def test_month_and_day_as_the_pages_other_dates_have_them():
    american = '<div class="list"><span>12/25/2025</span></div>'
    day = cleaned(english("<p>Posted on 3/4/2026</p>", after=american), of=ENGLISH).published_on
    assert day == date(2026, 3, 4)
    european = '<div class="list"><span>25/12/2025</span></div>'
    assert cleaned(english("<p>Posted on 3/4/2026</p>", after=european), of=ENGLISH).published_on == date(2026, 4, 3)


@pytest.mark.parametrize(
    ("url", "locale", "day"),
    [
        ("https://town.com/a", "en-US", date(2026, 3, 4)),
        ("https://town.com/a", "en-GB", date(2026, 4, 3)),
        ("https://town.com/a", "en", date(2026, 4, 3)),
        ("https://town.com.vn/a", "en-US", date(2026, 4, 3)),  # a system's default, left as it was
    ],
)
def test_month_and_day_as_the_pages_locale_has_them(url, locale, day):
    markup = page(f"<p>Posted on 3/4/2026</p>{paragraphs()}").replace('lang="vi"', f'lang="{locale}"')
    assert cleaned(markup, of=source(languages=["en"]), url=url).published_on == day


def test_a_vietnamese_source_never_puts_the_month_first():
    markup = below('<p class="date">3/4/2026</p>').replace('lang="vi"', 'lang="en-US"')
    assert cleaned(markup, url="https://xa-vi-du.com/a").published_on == date(2026, 4, 3)


def test_the_day_readers_see_where_the_page_stores_utc():
    shown = '<time datetime="2026-11-02T18:30:00Z">03/11/2026</time>'
    article = cleaned(below(f'<p class="date">{shown}</p>'))
    assert article.published_on == date(2026, 11, 3)
    assert article.published_at == datetime(2026, 11, 2, 18, 30, tzinfo=UTC)
    article = cleaned(
        page(f'<p class="date">03/11/2026</p>{paragraphs()}', head=ld(datePublished="2026-11-02T18:30:00Z"))
    )
    assert (article.published_on, article.published_at) == (
        date(2026, 11, 3),
        datetime(2026, 11, 2, 18, 30, tzinfo=UTC),
    )


def test_another_times_day_does_not_move_the_stored_one():
    ticker = '<p><time datetime="2026-11-03T04:46:00Z">11:46</time> Tin nhanh</p>'
    article = cleaned(page(f"{ticker}{paragraphs()}", head=ld(datePublished="2026-11-02T10:29:00Z")))
    assert article.published_on == date(2026, 11, 2)


# --- what is no publication ------------------------------------------------------
@pytest.mark.parametrize(
    "line",
    [
        '<p class="date">Ngày sinh: 05/03/1990</p>',
        '<p class="event-date">20/11/2026</p>',
        "<p>Khai mạc: 20/11/2026</p>",
        "<p>Hạn cuối: 20/11/2026</p>",
        "<p>Ngày ban hành 12/10/2026</p>",
        "<p>© 2020 - 01/02/2026</p>",
        '<p class="copyright">01/02/2026</p>',
        "<p>Địa điểm: nhà văn hóa, 20/11/2026</p>",
    ],
)
def test_days_of_other_things(line):
    assert cleaned(below(line)).published_on is None


@pytest.mark.parametrize(
    "line",
    [
        "<p>Thời gian: 7 giờ 30, ngày 20/11/2026</p>",
        "<p>20/11/2026: khai mạc hội.</p>",
        "<ul><li>Ngày 20/11/2026: khai mạc</li><li>Ngày 21/11/2026: chung kết</li></ul>",
    ],
)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_programme_is_text_and_not_the_publication(line, place):
    body = [f"<p>{one}</p>" for one in SENTENCES]
    article = cleaned(page("".join([*body[:place], line, *body[place:]])))
    assert article.published_on is None
    assert all(said in article.text for said in re.findall(r">([^<]+)<", line))


def test_a_day_that_heads_a_part_of_the_article_is_not_the_publication():
    body = [f"<p>{one}</p>" for one in SENTENCES]
    article = cleaned(page("".join([*body[:2], "<p>Ngày 20/11/2026</p>", *body[2:]])))
    assert article.published_on is None
    assert "Ngày 20/11/2026" in article.text


@pytest.mark.parametrize("name", ["date", "dc.date"])
def test_a_meta_element_with_the_day_of_the_visit_gives_way_to_what_is_printed(name):
    markup = page(f'<p class="date">03/11/2026</p>{paragraphs()}', head=f'<meta name="{name}" content="2026-11-22">')
    assert cleaned(markup).published_on == date(2026, 11, 3)


@pytest.mark.parametrize(
    "line",
    [
        "<p>By Ann Example 3 November 2026</p>",
        "<p>Posted on November 3, 2026 Posted by Ann Example 59 Comments</p>",
        '<div class="header-date">3 Nov, 2026</div>',
        '<p class="date"><a href="/2026/11/03">November 3, 2026</a></p>',
        "<p>November 3, 2026</p>",
        "<p>Updated November 5, 2026 | Published November 3, 2026</p>",
        "<p>Published November 3, 2026 | Updated November 5, 2026</p>",
        '<p><abbr class="published" title="2026-11-03T08:00:00+07:00">last week</abbr></p>',
        '<div id="ctl00_g_5d1f_pnHide"><i>03/11/2026 - Lượt xem: 231</i> <a href="#">In trang</a></div>',
        "<p>03/11/2026 08:20 | Số lượt xem: 1.024 | Cỡ chữ A A+ A-</p>",
        "<p>03/11/2026 | View count: 412</p>",
        "<p>Stand: 03.11.2026, 09:15 Uhr</p>",
        "<p>03/11/2026 | Tác giả: Minh Tuấn | 120 lượt xem</p>",
        "<p>Đăng bởi: Minh Tuấn - 03/11/2026 08:15</p>",
    ],
)
def test_datelines(line):
    assert cleaned(below(line)).published_on == date(2026, 11, 3)


def test_a_date_right_above_the_title():
    above = page().replace("<h1>", "<div><p>03/11/2026</p></div><h1>")
    assert cleaned(above).published_on == date(2026, 11, 3)
    today = page().replace("<h1>", "<div><p>22/11/2026</p></div><h1>")
    assert cleaned(today).published_on is None


def test_the_only_line_that_says_when_it_was_published_wherever_it_stands():
    assert cleaned(page(after="<div>Published On: 3 November 2026</div>")).published_on == date(2026, 11, 3)
    two = "<div>Published On: 3 November 2026</div><div>Published On: 4 November 2026</div>"
    assert cleaned(page(after=two)).published_on is None


def test_the_printed_change():
    lines = '<p class="date">Ngày đăng 03/11/2026</p><p class="date">Cập nhật 05/11/2026 09:00</p>'
    article = cleaned(below(lines))
    assert (article.published_on, article.modified_on) == (date(2026, 11, 3), date(2026, 11, 5))
    assert article.origins["published_on"] == "visible"


@pytest.mark.parametrize(
    "line",
    [
        "Đăng ngày 03/11/2026 08:00 | Cập nhật 05/11/2026 09:00",
        "Cập nhật 05/11/2026 09:00 - Đăng lúc 08:00 03/11/2026",
        "Published 3 November 2026 8:00 am; updated 5 November 2026 9:00 am",
    ],
)
def test_both_days_in_one_line(line):
    article = cleaned(below(f'<p class="date">{line}</p>'))
    assert (article.published_on, article.modified_on) == (date(2026, 11, 3), date(2026, 11, 5))
    assert article.modified_at == datetime(2026, 11, 5, 2, tzinfo=UTC)
    assert article.published_at == datetime(2026, 11, 3, 1, tzinfo=UTC)


def test_the_change_that_is_told_behind_the_article():
    published = ld(datePublished="2026-11-03")
    told = "<p>Cập nhật lần cuối: 05/11/2026 09:00</p>"
    assert cleaned(page(after=told, head=published)).modified_on == date(2026, 11, 5)
    assert cleaned(page(after=told)).modified_on is None
    assert cleaned(page(after=f"<footer>{told}</footer>", head=published)).modified_on is None
    assert cleaned(page(after=told.replace("05/", "22/"), head=published)).modified_on is None  # the site's, of today
    assert cleaned(page(after=told + told.replace("05/", "06/"), head=published)).modified_on is None


def test_a_page_object_tells_the_day_where_the_articles_does_not():
    graph = (
        '<script type="application/ld+json">{"@graph": [{"@type": "Article", "headline": "x"},'
        '{"@type": "WebPage", "datePublished": "2026-11-03T08:00:00+07:00"}]}</script>'
    )
    assert cleaned(page(head=graph)).published_on == date(2026, 11, 3)


def test_json_ld_that_cannot_be_read_as_a_whole_still_tells_its_day():
    broken = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Nói "không"", '
    markup = page(head=broken + '"datePublished": "2026-11-03T08:00:00+07:00"}</script>')
    assert cleaned(markup).published_on == date(2026, 11, 3)


def test_the_lines_that_print_the_day_are_named():
    found = opened(below('<p class="date">Thứ ba, 03/11/2026 271 lượt xem</p>'))
    dates = find_publication(found.page, found.head, found.source, found.lines, found.title, FETCHED_AT)
    assert [line.text for line in dates.lines] == ["Thứ ba, 03/11/2026 271 lượt xem"]


@pytest.mark.parametrize("count", [1, 2])
def test_the_day_beside_a_headline_of_another_article_is_not_the_articles(count):
    entry = '<div><time>12/11/2026</time><p><a href="/t1.html">Xã bên làm cầu mới qua con sông Nhỏ</a></p></div>'
    article = cleaned(page(after=entry * count))
    assert article.published_on is None
    assert "published_on" not in article.origins
