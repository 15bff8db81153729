"""Lines that send readers to another article: they go where they are a link, and stay where they are a sentence."""

import pytest

from tests.cleaning.markup import SENTENCES, cleaned, page

PLAIN = list(SENTENCES)


def placed(line):
    return page("".join(f"<p>{one}</p>" for one in (*PLAIN[:2], line, *PLAIN[2:])))


@pytest.mark.parametrize(
    "line",
    [
        'Mời bạn đọc xem bài viết <a href="/t0">Hội đua thuyền năm ngoái có gì lạ</a>',
        'Mời bạn đọc xem thêm bài viết <a href="/t0">Hội đua thuyền năm ngoái có gì lạ</a> tại đây.',
        '<a href="/t0">Mời bạn đọc xem bài viết Hội đua thuyền năm ngoái có gì lạ</a>',
        'Baca juga: <a href="/t0">Lomba perahu tahun lalu di desa ini</a>.',
        '<strong>&gt;&gt; <a href="/t0">Hội đua thuyền năm ngoái có gì lạ</a></strong>',
        '<a href="/t0">» Hội đua thuyền năm ngoái có gì lạ</a>',
    ],
)
def test_a_line_that_is_a_link_and_its_label_goes(line):
    article = cleaned(placed(line))
    assert article.text.split("\n") == PLAIN
    assert any(one.rule == "related-link" for one in article.removed)


@pytest.mark.parametrize(
    ("before", "link", "behind"),
    [
        ("Mời bạn đọc xem ", "bài viết về hội đua thuyền năm ngoái", " để biết các đội đã tập luyện ra sao trước giờ."),
        (
            "Mời bạn đọc xem bài viết ",
            "Hội đua thuyền năm ngoái có gì lạ",
            ", trong đó các cụ kể về lần đầu xã mở hội, năm 1962.",
        ),
        (
            "Read more: the rowers said, in ",
            "their letter to the village",
            ", that they would have come in good weather.",
        ),
    ],
)
def test_a_sentence_of_the_article_with_a_link_in_it_stays(before, link, behind):
    article = cleaned(placed(f'{before}<a href="/t0">{link}</a>{behind}'))
    assert article.text.split("\n") == [*PLAIN[:2], before + link + behind, *PLAIN[2:]]


@pytest.mark.parametrize(
    "line",
    ['&gt;&gt; <a href="/kh.pdf">Kế hoạch tổ chức hội đua thuyền</a>', "&gt;&gt; Các đội về bến lúc mười giờ sáng"],
)
def test_an_arrow_before_a_document_or_before_words_sends_nobody_away(line):
    assert len(cleaned(placed(line)).text.split("\n")) == len(PLAIN) + 1
