"""Paragraphs: sentences, lists and headings that editors set by other elements than `p`, in boxes of any name."""

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
