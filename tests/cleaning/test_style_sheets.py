"""Links that a class or id hides by the page's own style sheet: found where nothing may show them again."""

import time

import pytest

from tests.cleaning.markup import SENTENCES, cleaned, page, paragraphs

HIDING = (
    "display:none",
    "DISPLAY : none !important",
    "visibility:hidden",
    "position:absolute; left:-9999px",
    "width:0;height:0;overflow:hidden",
)
STRANGERS = '<a href="https://vay-tien.example/">vay tiền nhanh</a> <a href="https://mua-re.example/x">hàng giá rẻ</a>'


def with_sheet(css, content, script=""):
    head = f"<style>{css}</style>" + (f"<script>{script}</script>" if script else "")
    return cleaned(page(paragraphs(content), head=head))


@pytest.mark.parametrize("said", HIDING)
@pytest.mark.parametrize("css", [".zx{{{}}}", "#zx {{ color:red; {} }}", "p{{margin:0}} .yy, .zx{{{}}} /* .zx{{}} */"])
def test_links_that_the_pages_own_sheet_hides_go(css, said):
    article = with_sheet(css.format(said), f'<div class="zx" id="zx">{STRANGERS}</div>')
    assert [(one.url, one.hidden) for one in article.spam] == [
        ("https://vay-tien.example/", True),
        ("https://mua-re.example/x", True),
    ]
    assert {one.rule for one in article.spam} <= {"concealed-link", "off-screen-link"}
    assert article.text.split("\n") == list(SENTENCES)
    assert not article.quarantined


def test_a_gambling_link_that_a_class_hides_is_said_to_be_hidden():
    (link,) = with_sheet(".zx{display:none}", '<p class="zx"><a href="https://w88.example/">W88 nhà cái</a></p>').spam
    assert (link.rule, link.hidden) == ("hidden-link", True)


@pytest.mark.parametrize(
    ("css", "script"),
    [
        (".zx{display:none} .zx.open{display:block}", ""),
        (".zx{display:none} li:hover .zx{display:block}", ""),
        (".zx{display:none} @media (min-width:600px){ .zx{display:block} }", ""),
        ("@media print{ .zx{display:none} }", ""),
        (".zx{display:none} .zx{display:block}", ""),
        (".zx{display:none}", "document.querySelector('.zx').hidden = false"),
        (".zx{text-indent:-9999px}", ""),
        (".zx{margin-left:-9999px}", ""),
        (".zx{font-size:0}", ""),
        (".zx{opacity:0}", ""),
        (".other .zx{display:none}", ""),
        (".zx{color:red}", ""),
    ],
)
def test_what_a_template_may_show_again_is_no_spam(css, script):
    assert with_sheet(css, f'<div class="zx">{STRANGERS}</div>', script).spam == []


@pytest.mark.parametrize(
    "markup",
    [
        f'<div class="zx dropdown-menu">{STRANGERS}</div>',
        f'<nav><div class="zx">{STRANGERS}</div></nav>',
        f'<div class="zx" data-tab="2">{STRANGERS}</div>',
        f'<div class="zx" style="display:block">{STRANGERS}</div>',
        '<div class="zx"><a href="/tin/1">Tin trong trang</a></div>',
        '<div class="zx"><a href="https://www.facebook.com/xa">Theo dõi chúng tôi</a></div>',
    ],
)
def test_menus_and_what_is_shown_after_all_are_no_spam(markup):
    assert with_sheet(".zx{display:none}", markup).spam == []


@pytest.mark.parametrize(
    "css",
    ["{" * 200_000, "}" * 200_000, "/*" * 100_000, ".a" * 100_000 + "{display:none}", ".zx{display:none" * 10_000],
)
def test_a_broken_sheet_takes_no_time(css):
    started = time.perf_counter()
    article = with_sheet(css, f'<div class="zx">{STRANGERS}</div>')
    assert all(one in article.text for one in SENTENCES)
    assert time.perf_counter() - started < 5
