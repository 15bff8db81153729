"""Source stubs: who published an article first, as its end says; never the page itself, nor whose figures it prints."""

import pytest

from tests.cleaning.markup import SENTENCES, TITLE, cleaned, page, paragraphs, rules, source

ELSEWHERE = "https://bao.example/tin/dua-thuyen-77.html"
LONG = f"https://bao.example/tin/{'dua-thuyen-' * 12}77.html"
OWN = source(name="Báo Ninh Bình", url="https://baoninhbinh.org.vn/")
OWN_URL = "https://baoninhbinh.org.vn/hoi/dua-thuyen-77.html"
CHART = '<p><img src="/a.png" alt=""></p>'
TABLE = "<table><tr><td>Năm</td><td>Đội</td></tr><tr><td>2026</td><td>16</td></tr></table>"


@pytest.mark.parametrize(
    ("stub", "name", "url"),
    [
        ("<p>Theo báo Tuổi trẻ</p>", "báo Tuổi trẻ", None),
        ("<p>Theo baoninhbinh.org.vn</p>", "baoninhbinh.org.vn", None),
        ("<p>Theo TTXVN.</p>", "TTXVN", None),
        ("<p>According to Báo Ninh Bình</p>", "Báo Ninh Bình", None),
        ("<p>(Menurut VNA)</p>", "VNA", None),
        ("<p>(Theo: VnExpress)</p>", "VnExpress", None),
        (f'<p>Theo <a href="{ELSEWHERE}">Báo Ninh Bình</a></p>', "Báo Ninh Bình", ELSEWHERE),
        ("<p>Nguồn Báo Ninh Bình</p>", "Báo Ninh Bình", None),
        ("<p>Nguồn: báo Nhân Dân</p>", "báo Nhân Dân", None),
        ("<p>Nguồn: vov.vn</p>", "vov.vn", None),
        ("<p>Trích nguồn: Báo Nhân Dân</p>", "Báo Nhân Dân", None),
        (f'<p>Link nguồn: <a href="{ELSEWHERE}">{ELSEWHERE}</a></p>', None, ELSEWHERE),
        (f"<p>Nguồn: {ELSEWHERE}</p>", None, ELSEWHERE),
        (f'<p>Source <a href="{ELSEWHERE}">VOV</a></p>', "VOV", ELSEWHERE),
        (f'<p>Sumber: <a href="{LONG}">{LONG}</a></p>', None, LONG),
        (f'<p>Nguồn:</p><p><a href="{ELSEWHERE}">VOV</a></p>', "VOV", ELSEWHERE),
        (f'<div>Nguồn:</div><div><a href="{ELSEWHERE}">{ELSEWHERE}</a></div>', None, ELSEWHERE),
        (
            f'<div>Nguồn</div><div><a href="{ELSEWHERE}">{TITLE} trên bến sông lần thứ mười hai</a></div>',
            None,
            ELSEWHERE,
        ),
        ("<p>Nguồn:</p><p>Báo Nhân Dân</p>", "Báo Nhân Dân", None),
        ("<p>Source: VOV</p>", "VOV", None),
        ("<p>Sumber: VOV</p>", "VOV", None),
        ("<p>資料來源：中央社</p>", "中央社", None),
        ("<p>출처: 예시일보</p>", "예시일보", None),
        ("<p>Quelle: sid/dpa</p>", "sid/dpa", None),
        (f"{CHART}<p>Nguồn: Báo Nhân Dân</p>", "Báo Nhân Dân", None),
    ],
)
def test_forms_of_source_stubs(stub, name, url):
    article = cleaned(page(paragraphs(stub)))
    assert (article.via_name, article.via_url) == (name, url)
    assert article.text.split("\n") == list(SENTENCES)
    assert "source-stub" in rules(article)


@pytest.mark.parametrize(
    ("glued", "name"),
    [
        ("{}./. Theo TTXVN", "TTXVN"),
        ("{}. Theo Báo Nhân Dân", "Báo Nhân Dân"),
        ("{}.<b>Nguồn: VnExpress</b>", "VnExpress"),
        ("{} (Theo TTXVN).", "TTXVN"),
        ("{}. (Theo VOV)", "VOV"),
        ("{}./.(TTXVN)", "TTXVN"),
        ("{}./. TTXVN", "TTXVN"),
        ("{}./.VnExpress", "VnExpress"),
    ],
)
@pytest.mark.parametrize("behind", ["", "<p>Hà Thu</p>"])
def test_sources_at_the_end_of_the_last_sentences_line(glued, name, behind):
    *before, last = SENTENCES
    content = "".join(f"<p>{one}</p>" for one in before) + f"<p>{glued.format(last.removesuffix('.'))}</p>{behind}"
    article = cleaned(page(content))
    assert article.via_name == name
    assert article.text.split("\n") == list(SENTENCES)
    assert article.author == ("Hà Thu" if behind else None)


@pytest.mark.parametrize(
    "sentence",
    [
        "Buổi lễ được phát trên kênh của Đài Truyền hình Việt Nam (VTV).",
        "Số liệu được lấy theo TTXVN",
        "Hội sẽ mở lại vào mùa xuân. Theo ông An, năm tới có thêm đội.",
        "Hội sẽ mở lại vào mùa xuân (theo lời ông An).",
    ],
)
def test_sentences_that_end_like_a_source_stay(sentence):
    article = cleaned(page(paragraphs(f"<p>{sentence}</p>")))
    assert article.via_name is None
    assert article.text.split("\n")[-1] == sentence


def test_a_source_behind_the_line_that_credits_a_photographer():
    article = cleaned(page(paragraphs("<p>Ảnh: Minh Khôi</p><p>Theo TTXVN</p>")))
    assert article.via_name == "TTXVN"
    assert "TTXVN" not in article.text


def test_a_source_behind_a_list_of_names():
    article = cleaned(page(paragraphs("<p>Nguyễn Văn An</p><p>Trần Thị Bình</p><p>Theo TTXVN</p>")))
    assert (article.author, article.via_name) == (None, "TTXVN")
    assert article.text.split("\n") == [*SENTENCES, "Nguyễn Văn An", "Trần Thị Bình"]


def test_a_person_and_the_paper_they_wrote_for():
    article = cleaned(page(paragraphs("<p>Theo Hà Thu (Báo Tuổi Trẻ)</p>")))
    assert (article.author, article.via_name) == ("Hà Thu", "Báo Tuổi Trẻ")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_source_and_a_signature_in_either_order(order):
    lines = ("<p>Nguồn: Báo Nhân Dân</p>", "<p>Hà Thu</p>")
    article = cleaned(page(paragraphs(*(lines[place] for place in order))))
    assert (article.author, article.via_name) == ("Hà Thu", "Báo Nhân Dân")
    assert article.text.split("\n") == list(SENTENCES)


@pytest.mark.parametrize("before_end", ["", "</div>"])
def test_sharepoints_part_for_the_source_may_hold_the_bare_name(before_end):
    part = '<div id="ctl00_g_5d1f_ctl00_pnNguontin">Báo Nhân Dân</div>'
    after = "" if before_end else "</div>"
    markup = (
        f'<html lang="vi"><body><h1>{TITLE}</h1><div><div id="divArticleDescription2">{paragraphs()}'
        f"{before_end}{part}{after}</div></body></html>"
    )
    article = cleaned(markup)
    assert article.via_name == "Báo Nhân Dân"
    assert article.text.split("\n") == list(SENTENCES)


# --- the page itself ---------------------------------------------------------------
@pytest.mark.parametrize(
    "stub",
    [
        "<p>Nguồn: Báo Ninh Bình</p>",
        "<p>Nguồn: baoninhbinh.org.vn</p>",
        "<p>Nguồn Báo Ninh Bình</p>",
        f'<p>Nguồn: <a href="{OWN_URL}">Báo Ninh Bình</a></p>',
        f'<p><a href="{OWN_URL}">Nguồn</a></p>',
        "<p>Theo Báo Ninh Bình</p>",
        '<p>Theo <a href="/">Báo Ninh Bình</a></p>',
        "<p>Theo baoninhbinh.org.vn</p>",
    ],
)
def test_the_page_itself_is_no_first_publisher(stub):
    article = cleaned(page(paragraphs(stub)), of=OWN, url=OWN_URL)
    assert (article.via_name, article.via_url) == (None, None)
    assert "via_url" not in article.origins
    assert article.text.split("\n") == list(SENTENCES)


def test_a_name_that_a_link_on_the_own_site_bears_is_kept_without_it():
    article = cleaned(page(paragraphs('<p>Nguồn: <a href="/nguon/vov">VOV</a></p>')))
    assert (article.via_name, article.via_url) == ("VOV", None)


def test_the_own_name_in_the_structured_data_is_no_first_publisher():
    json = (
        '{"@type": "NewsArticle", "publisher": {"@type": "Organization", "name": "Công ty In"},'
        '"copyrightHolder": {"@type": "Organization", "name": "Báo Ninh Bình"}}'
    )
    head = f'<script type="application/ld+json">{json}</script>'
    assert cleaned(page(head=head), of=OWN, url=OWN_URL).via_name is None


# --- what tables and charts are from ---------------------------------------------------
@pytest.mark.parametrize("figure", ["", CHART, TABLE])
@pytest.mark.parametrize(
    "said",
    [
        "Nguồn: Tổng cục Thống kê",
        f'Nguồn: <a href="{ELSEWHERE}">Tổng cục Thống kê</a>',
        "Source: General Statistics Office",
    ],
)
def test_a_source_in_the_articles_midst_names_no_first_publisher(figure, said):
    article = cleaned(page(paragraphs(f"{figure}<p>{said}</p><p>{SENTENCES[0]} {TITLE}.</p>")))
    assert (article.via_name, article.via_url) == (None, None)
    assert "source-stub" not in rules(article)


@pytest.mark.parametrize("figure", [CHART, TABLE])
def test_nor_does_one_right_under_a_figure_that_ends_the_article(figure):
    article = cleaned(page(paragraphs(f"{figure}<p>Nguồn: Tổng cục Thống kê</p>")))
    assert article.via_name is None
    assert "source-stub" not in rules(article)


def test_the_source_at_the_end_counts_where_another_stands_in_the_midst():
    article = cleaned(
        page(f"<p>{SENTENCES[1]} {TITLE}.</p>{TABLE}<p>Nguồn: Tổng cục Thống kê</p>{paragraphs('<p>Nguồn: VOV</p>')}")
    )
    assert article.via_name == "VOV"
    assert "Nguồn: Tổng cục Thống kê" in article.text


@pytest.mark.parametrize(
    "line",
    [
        "Nguồn Gốc Tên Gọi",
        "Nguồn: nước giếng khoan của thôn",
        "Theo chân đoàn thuyền",
        "According to Plan",
        "Laut Gedacht",
    ],
)
def test_short_lines_that_begin_like_a_source_are_text(line):
    article = cleaned(page(paragraphs(f"<p>{line}</p>")))
    assert line in article.text
    assert article.via_name is None
