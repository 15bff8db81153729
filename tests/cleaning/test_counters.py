"""Tables of visit counters go, those that only look alike stay; and the day that headers print above the title goes."""

import pytest

from tests.cleaning.markup import SENTENCES, TITLE, cleaned, page, paragraphs, rules

LAST = f"<p>{SENTENCES[0]}</p>"
COUNTER = (
    "<table><tr><td>Lượt truy cập:</td><td>1.234.567</td></tr><tr><td>Trực tuyến:</td><td>3</td></tr>"
    "<tr><td>Hôm nay</td><td>89</td></tr></table>"
)


@pytest.mark.parametrize(
    "markup",
    [
        COUNTER,
        "<table><tr><td>Lượt truy cập</td><td>123</td></tr></table>",
        (
            "<table><tr><td colspan=2>Thống kê truy cập</td></tr><tr><td>Hôm nay:</td><td>12</td></tr>"
            "<tr><td>Tháng này:</td><td>345</td></tr></table>"
        ),
        (
            "<p>Thống kê truy cập</p>"
            "<table><tr><td>Hôm nay</td><td>12</td></tr><tr><td>Hôm qua</td><td>9</td></tr></table>"
        ),
        (
            "<table><tr><td><img src='/user.png'></td><td>Đang trực tuyến</td><td>7</td></tr>"
            "<tr><td><img src='/all.png'></td><td>Tất cả</td><td>70.000</td></tr></table>"
        ),
    ],
)
def test_a_table_of_counters_goes(markup):
    article = cleaned(page(paragraphs(markup) + LAST))
    assert article.text.split("\n") == [*SENTENCES, SENTENCES[0]]
    assert {one.rule for one in article.removed} == {"counter", "headline"}


@pytest.mark.parametrize(
    ("markup", "row"),
    [
        (
            (
                "<table><tr><th>Chỉ tiêu</th><th>Số lượng</th></tr><tr><td>Lượt truy cập</td><td>123</td></tr>"
                "<tr><td>Trực tuyến</td><td>3</td></tr></table>"
            ),
            "Lượt truy cập | 123",
        ),
        (
            "<table><tr><td>Lượt truy cập</td><td>123</td></tr><tr><td>Văn bản ban hành</td><td>45</td></tr></table>",
            "Lượt truy cập | 123",
        ),
        (
            "<table><tr><td>Hôm nay</td><td>1.234</td></tr><tr><td>Hôm qua</td><td>980</td></tr></table>",
            "Hôm nay | 1.234",
        ),
        (
            "<table><tr><td>Lượt truy cập</td><td>tăng 12 %</td></tr><tr><td>Trực tuyến</td><td>3</td></tr></table>",
            "Lượt truy cập | tăng 12 %",
        ),
    ],
)
def test_a_table_of_the_article_stays(markup, row):
    assert row in cleaned(page(paragraphs(markup) + LAST)).text.split("\n")


ONE_TABLE = (
    "<html><head>{head}</head><body><table>{above}<tr><td>{title}<br>{body}<br>{below}</td></tr></table></body></html>"
)
BODY = "<br><br>".join(SENTENCES)


@pytest.mark.parametrize("title", [f"<b>{TITLE}</b>", f"<h1>{TITLE}</h1>"])
@pytest.mark.parametrize("head", ["", f"<title>{TITLE}</title>"])
def test_a_page_in_one_table_keeps_neither_todays_date_nor_the_counter(title, head):
    above = "<tr><td>Chủ nhật, 22/11/2026</td></tr>"
    article = cleaned(ONE_TABLE.format(head=head, above=above, title=title, body=BODY, below=COUNTER))
    assert article.title == TITLE
    assert [one for one in article.text.split("\n") if one != TITLE] == list(SENTENCES)
    assert rules(article)["dateline"] == "Chủ nhật, 22/11/2026"
    assert rules(article)["counter"].startswith("Lượt truy cập")
    assert article.published_on is None


def test_rows_of_counters_at_the_foot_of_a_table_that_lays_out_the_page_go():
    below = "</td></tr><tr><td>Lượt truy cập:</td><td>123</td></tr><tr><td>Trực tuyến:</td><td>3"
    article = cleaned(ONE_TABLE.format(head="", above="", title=f"<h1>{TITLE}</h1>", body=BODY, below=below))
    assert article.text.split("\n") == list(SENTENCES)


@pytest.mark.parametrize("line", ["Ngày 22/11/2026, hội đua thuyền mở ở xã", "Tuần lễ từ 22/11/2026"])
def test_a_line_above_the_title_that_says_more_than_the_day_stays(line):
    above = f"<tr><td>{line}</td></tr>"
    article = cleaned(ONE_TABLE.format(head="", above=above, title=f"<h1>{TITLE}</h1>", body=BODY, below=""))
    assert article.text.split("\n") == [line, *SENTENCES]


def test_a_day_that_heads_a_part_of_the_article_stays():
    text = cleaned(page(f"{paragraphs()}<h3>Chủ nhật, 22/11/2026</h3>{LAST}")).text
    assert "Chủ nhật, 22/11/2026" in text.split("\n")
