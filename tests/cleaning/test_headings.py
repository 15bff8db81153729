"""Headings: those of the article stay, however a page makes them: as links, in boxes of their own, with any id."""

import pytest

from tests.cleaning.markup import SENTENCES, TITLE, cleaned, rules

HEADINGS = ("Lễ rước nước", "Vòng chung kết", "Phần thi nấu cơm")


def page(heading: str, *, around: str = "{}") -> str:
    """A page whose sentences have a heading each; `heading` is filled with its number and text."""
    body = "".join(
        around.format(heading.format(number=number, text=text)) + f"<p>{sentence}</p>"
        for number, (text, sentence) in enumerate(zip(HEADINGS, SENTENCES, strict=False))
    )
    return (
        f'<html lang="vi"><head><meta charset="utf-8"><title>{TITLE}</title></head><body>'
        f'<ul class="menu"><li><a href="/">Trang chủ</a></li></ul><article><h1>{TITLE}</h1>'
        f'<div class="noi-dung"><p>{SENTENCES[-1]}</p>{body}</div></article></body></html>'
    )


def kept(markup: str) -> list[str]:
    text = cleaned(markup).text.split("\n")
    return [heading for heading in HEADINGS if heading in text]


@pytest.mark.parametrize(
    "heading",
    [
        '<h2 id="muc-{number}"><a href="#muc-{number}">{text}</a></h2>',
        '<h3><a id="muc-{number}"></a><a href="#muc-{number}"><span>{text}</span><img src="/link.svg"></a></h3>',
        '<h2><a href=" #muc-{number}"><!--[-->{text}<!--]--></a></h2>',
        '<h3><a href="https://doi-{number}.example/">{text}</a></h3>',
        '<h3><a href="/doi/{number}.html">{text}</a></h3>',
        '<h4><strong><a href="https://doi-{number}.example/">{text}</a></strong></h4>',
    ],
)
def test_headings_that_are_links_stay_in_the_text(heading: str) -> None:
    assert kept(page(heading)) == list(HEADINGS)


@pytest.mark.parametrize("around", ["<div>{}</div>", '<div class="w-embed">{}</div>', "<div><div>{}</div></div>"])
def test_headings_in_boxes_of_their_own_stay(around: str) -> None:
    assert kept(page("<h3>{text}</h3>", around=around)) == list(HEADINGS)


@pytest.mark.parametrize("name", ["comments", "related-links", "share", "author-bio"])
def test_what_a_headings_id_says_is_no_mark(name: str) -> None:
    assert kept(page(f'<h2 id="{name}">{{text}}</h2>')) == list(HEADINGS)


@pytest.mark.parametrize("sign", ["#", "¶", "🔗"])
def test_a_sign_that_links_to_its_heading_is_no_part_of_it(sign: str) -> None:
    markup = page(f'<h2 id="muc-{{number}}">{{text}} <a href="#muc-{{number}}">{sign}</a></h2>')
    assert kept(markup) == list(HEADINGS)
    assert rules(cleaned(markup))["permalink"] == sign


def test_the_headline_of_another_article_between_paragraphs_goes() -> None:
    teaser = '<h3><a href="/tin/42.html">Xã Ví Dụ mở hội đua thuyền lần thứ chín trên sông Mẫu</a></h3>'
    markup = page("<h2>{text}</h2>").replace(f"<p>{SENTENCES[1]}", f"{teaser}<p>{SENTENCES[1]}")
    assert kept(markup) == list(HEADINGS)
    assert "lần thứ chín" not in cleaned(markup).text
    assert "lần thứ chín" in "".join(rules(cleaned(markup)).values())
