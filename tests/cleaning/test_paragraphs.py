"""Paragraphs: sentences, lists and headings that editors set by other elements than `p`, in boxes of any name."""

import re

import pytest

from tests.cleaning.markup import SENTENCES, TITLE, cleaned, rules

MORE = (
    "Từ sáng sớm, các đò ngang đã chở khách từ bên kia sông sang, người già được dành chỗ ngồi dưới rặng nhãn ven bờ.",
    "Trạm y tế xã cử bốn người trực suốt buổi, chuẩn bị sẵn nước mát và thuốc cho các tay chèo say nắng khi về đích.",
)
TEXT = (*SENTENCES, *MORE)
LIST = ("Thôn Thượng: giải nhất", "Thôn Hạ: giải nhì", "Thôn Trung: giải ba")
ITEMS = "".join(f"<li>{one}</li>" for one in LIST)


def page(content: str, tag: str = "div", name: str = "noi-dung") -> str:
    return (
        f'<html lang="vi"><head><meta charset="utf-8"><title>{TITLE}</title></head><body>'
        f'<div class="menu"><a href="/">Trang chủ</a></div><h1>{TITLE}</h1>'
        f'<{tag} class="{name}">{content}</{tag}><div class="footer">Bản quyền thuộc xã Ví Dụ</div></body></html>'
    )


def lines(content: str, tag: str = "div", name: str = "noi-dung") -> list[str]:
    return cleaned(page(content, tag, name)).text.split("\n")


@pytest.mark.parametrize("name", ["noi-dung", "article-body", "entry-content"])
@pytest.mark.parametrize("place", range(len(TEXT)))
@pytest.mark.parametrize(
    "other",
    [
        "<div>{}</div>",
        '<div style="text-align: justify;">{}</div>',
        '<div dir="ltr"><span>{}</span></div>',
        "<section>{}</section>",
        "{}",
        "<span>{}</span>",
        "<blockquote>{}</blockquote>",
    ],
)
def test_a_sentence_that_is_set_otherwise_than_its_neighbours_stays(other, place, name):
    content = "".join((other if number == place else "<p>{}</p>").format(one) for number, one in enumerate(TEXT))
    assert lines(content, name=name) == list(TEXT)


def test_paragraphs_in_boxes_without_a_name_stay_beside_those_of_line_breaks():
    outer = "".join(f"<div>{one}</div>" for one in TEXT[:2])
    inner = f"<div>{TEXT[2]}</div><div>&nbsp;</div><div>{TEXT[3]}<br></div><div><br>{TEXT[4]} {TEXT[5]}</div>"
    content = f"{outer}<div><div>{inner}<div>Ảnh chụp tại hội.</div></div></div>"
    said = [*TEXT[:4], f"{TEXT[4]} {TEXT[5]}", "Ảnh chụp tại hội."]
    assert lines(content) == said
    assert lines(f"<span>{content}</span>") == said


@pytest.mark.parametrize("box", ["<div><blockquote>{}</blockquote></div>", '<div class="k"><p>{}</p></div>'])
def test_quotations_in_boxes_of_their_own_stay(box):
    quoted = "Năm nào tôi cũng về xem hội, mà chưa năm nào thấy sông đông thuyền và bờ đông người như năm nay."
    said = [f"<p>{one}</p>" for one in TEXT]
    said.insert(3, box.format(quoted))
    assert lines("".join(said)) == [*TEXT[:3], quoted, *TEXT[3:]]


def test_what_a_plan_says_of_each_day_again_stays():
    day = "<p>Sáu giờ sáng: các đội nhận thuyền và bơi thử một vòng quanh bến.</p><p>Bảy giờ: khai mạc, rước nước.</p>"
    day += "<p>Chín giờ: vòng loại của các đội nam, mỗi lượt bốn thuyền, hai thuyền về đầu vào vòng trong.</p>"
    content = f"<p>{TEXT[0]}</p><h3>Thứ bảy</h3>{day}<p>{TEXT[1]}</p><h3>Chủ nhật</h3>{day}"
    content += "".join(f"<p>{one}</p>" for one in TEXT[2:])
    assert "\n".join(lines(content)).count("Bảy giờ: khai mạc") == 2


@pytest.mark.parametrize("boxes", ["{0}{0}", '<div class="rong">{0}</div><div class="hep">{0}</div>'])
def test_a_text_that_stands_on_the_page_twice_stands_in_the_archive_once(boxes):
    said = "".join(f"<p>{one}</p>" for one in TEXT)
    assert lines(boxes.format(said)) == list(TEXT)


@pytest.mark.parametrize("tag", ["div", "section", "article", "main", "center"])
@pytest.mark.parametrize("sentence", ["<p>{}</p>", "<div>{}</div>"])
@pytest.mark.parametrize("place", [2, 4])
def test_a_list_of_short_items_in_the_midst_stays(tag, sentence, place):
    said = [sentence.format(one) for one in TEXT]
    said.insert(place, f"<ul>{ITEMS}</ul>")
    assert lines("".join(said), tag) == [*TEXT[:place], *LIST, *TEXT[place:]]


@pytest.mark.parametrize("tag", ["div", "td", "span"])
def test_so_it_does_in_a_short_article(tag):
    before, after = SENTENCES[0], SENTENCES[1]
    said = f"<p>{before}</p><ul>{ITEMS}</ul><div>{after}</div>"
    around = f"<table><tr><td>{said}</td></tr></table>" if tag == "td" else f"<{tag}>{said}</{tag}>"
    assert lines(around) == [before, *LIST, after]


@pytest.mark.parametrize("heading", ["<h2>{}</h2>", "<h4>{}</h4>"])
def test_a_short_heading_in_the_midst_stays(heading):
    said = [f"<p>{one}</p>" for one in TEXT]
    said.insert(3, heading.format("Niềm vui"))
    assert lines("".join(said)) == [*TEXT[:3], "Niềm vui", *TEXT[3:]]


def test_a_notice_in_a_box_of_its_own_class_is_no_paragraph():
    notice = "Đăng ký nhận bản tin của xã qua thư điện tử để không bỏ lỡ thông báo nào về các ngày hội trong năm."
    said = "".join(f"<p>{one}</p>" for one in TEXT)
    article = cleaned(page(f'{said}<div class="newsletter-signup">{notice}</div>'))
    assert article.text.split("\n") == list(TEXT)
    assert notice in {removal.text for removal in article.removed}
    assert "newsletter" in rules(article)


@pytest.mark.parametrize(
    "line",
    [
        "<div>Đội thôn Hạ chèo đều.</div>",
        "<div>Ai sẽ thắng?</div>",
        "<blockquote>Nước trong, gió nhẹ.</blockquote>",
        "<center><b>CHƯƠNG TRÌNH</b></center>",
    ],
)
def test_short_sentences_in_boxes_between_paragraphs_stay(line):
    said = re.sub("<[^>]+>", "", line)
    markup = page(
        "".join(f"<p>{one}</p>" for one in SENTENCES[:2]) + line + "".join(f"<p>{one}</p>" for one in SENTENCES[2:])
    )
    assert cleaned(markup).text.split("\n") == [*SENTENCES[:2], said, *SENTENCES[2:]]


@pytest.mark.parametrize(
    "line", ["Chia sẻ bài viết", '{"layout": 2, "text": "Mua ngay."}', "https://vi-du.example/a.b."]
)
def test_what_is_no_sentence_in_a_box_between_paragraphs_does_not_come_back(line):
    body = "".join(f"<p>{one}</p>" for one in SENTENCES[:2]) + f"<div>{line}</div>"
    assert line not in cleaned(page(body + "".join(f"<p>{one}</p>" for one in SENTENCES[2:]))).text


@pytest.mark.parametrize("box", ['<div class="quote">{}</div>', '<aside class="pullquote">{}</aside>'])
def test_what_is_said_in_a_box_between_paragraphs_stays_where_the_text_does_not_say_it(box):
    first, rest = ("".join(f"<p>{one}</p>" for one in part) for part in (SENTENCES[:2], SENTENCES[2:]))
    said = ["“Chèo thuyền là chèo cả tấm lòng.”", "Bà Lê Thị Sen"]
    own = box.format(f"<div>{said[0]}</div><div>{said[1]}</div>")
    assert lines(first + own + rest) == [*SENTENCES[:2], *said, *SENTENCES[2:]]
    again = box.format(f"<div>“{SENTENCES[0][:40]}”</div>")
    assert lines(first + again + rest) == list(SENTENCES)
