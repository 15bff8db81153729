"""Endings: which short line behind the last sentence signs an article, and which is a list's, a poem's, a reader's."""

import re

import pytest

from cleaning.signatures import Signature, read_signature
from tests.cleaning.markup import SENTENCES, TITLE, cleaned, paragraphs, rules, source

ANNOUNCED = "Ủy ban nhân dân xã tặng giấy khen cho các cá nhân có nhiều đóng góp cho hội đua thuyền năm nay, gồm:"
SAID = "Ủy ban nhân dân xã tặng giấy khen cho hai cá nhân có nhiều đóng góp cho hội đua thuyền năm nay."
SIGNED = '<p style="text-align:right"><strong>Hà Thu</strong></p>'
NAMES = ["Nguyễn Văn An", "Trần Thị Bình"]


def page(ending: str, *, after: str = "", text: str = "") -> str:
    """A page whose text ends with `ending`; `after` stands behind the element that holds the text."""
    return (
        f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{TITLE}</title></head><body>'
        f'<h1>{TITLE}</h1><div class="c">{text or paragraphs()}{ending}</div>{after}</body></html>'
    )


# --- lists -----------------------------------------------------------------------
@pytest.mark.parametrize("signature", ["", SIGNED, "<p><em>Hà Thu (tổng hợp)</em></p>"])
@pytest.mark.parametrize(
    "names",
    [
        "<p>{0}</p><ul><li>{1}</li><li>{2}</li></ul>",
        "<p>{0}</p><ol><li>{1}</li><li>{2}</li></ol>",
        "<p>{0}</p><p>{1}</p><p>{2}</p>",
        "<p>{0}</p><p><b>{1}</b></p><p><b>{2}</b></p>",
        "<p>{0}<br>{1}<br>{2}</p>",
        "<p>{0}</p><table><tr><td>{1}</td></tr><tr><td>{2}</td></tr></table>",
        '<p>{0}</p><table><tr><td align="right">{1}</td></tr><tr><td align="right">{2}</td></tr></table>',
    ],
)
@pytest.mark.parametrize("announced", [ANNOUNCED, SAID])
def test_who_is_honoured_in_a_list_is_no_author(announced, names, signature):
    article = cleaned(page(names.format(announced, *NAMES) + signature))
    assert article.author == ("Hà Thu" if signature else None)
    assert article.text.split("\n") == [*SENTENCES, announced, *NAMES]
    assert set(rules(article)) <= {"headline", "signature"}


def test_names_in_a_box_that_a_colon_announces_are_text():
    article = cleaned(page(f"<p>{ANNOUNCED}</p><div><div>{NAMES[0]}</div><div>{NAMES[1]}</div></div>"))
    assert article.text.split("\n") == [*SENTENCES, ANNOUNCED, *NAMES]


@pytest.mark.parametrize(
    "ending",
    [
        "<p>{ANNOUNCED}</p><p>Nguyễn Văn An</p>",
        "<p>{ANNOUNCED}</p><p>- Nguyễn Văn An</p>",
        "<p>{ANNOUNCED}</p><p>1. Nguyễn Văn An</p><p>2. Trần Thị Bình</p>",
        "<p>{ANNOUNCED}</p><p>Nguyễn Văn An, thôn Thượng</p><p>Trần Thị Bình</p>",
        "<p>{ANNOUNCED}</p><ul><li>Nguyễn Văn An</li></ul>",
        '<p>{ANNOUNCED}</p><p align="right">Nguyễn Văn An</p><p align="right">Trần Thị Bình</p>',
        "<p><b>Giải Nhất</b></p><p>Nguyễn Văn An</p>",
        "<p>Thôn Thượng</p><p>Thôn Hạ</p>",
        "<p>Thôn Thượng</p>",
        "<ul><li>Thôn Thượng</li><li>Thôn Hạ</li></ul>",
        "<p><b>Mùa Thu Về</b></p><p>Lá vàng rơi đầy ngõ</p><p>Gió heo may lạnh lùng</p><p>Em về qua bến đò</p>",
        '<p align="right">TM. ỦY BAN NHÂN DÂN</p><p align="right">CHỦ TỊCH</p><p align="right">Nguyễn Văn An</p>',
    ],
)
def test_lines_that_are_no_signature_stay(ending):
    article = cleaned(page(ending.replace("{ANNOUNCED}", ANNOUNCED)))
    assert article.author is None
    assert set(rules(article)) <= {"headline"}


@pytest.mark.parametrize(
    "box",
    [
        "<div><b>Nguyễn Văn Bình</b><p>Bài viết hay quá</p></div>",
        "<div><div>Nguyễn Văn Bình</div><div>Bài viết hay quá</div></div>",
        '<div><div class="author">Nguyễn Văn Bình</div><div>Bài viết hay quá</div></div>',
        '<div><div class="author">Nguyễn Văn Bình</div><a href="/x">Xã bên cạnh cũng vừa mở hội xuân</a></div>',
    ],
)
def test_a_reader_who_comments_is_no_author_nor_is_a_teasers(box):
    assert cleaned(page(box)).author is None


# --- signatures ------------------------------------------------------------------
@pytest.mark.parametrize("markup", ["<p>{}</p>", '<p class="author">{}</p>', '<p align="right"><b>{}</b></p>'])
@pytest.mark.parametrize(
    ("signature", "author", "via"),
    [
        ("Hà Thu", "Hà Thu", None),
        ("(Hà Thu)", "Hà Thu", None),
        ("CTV Hà Thu", "Hà Thu", None),
        ("Hà Thu/TTXVN", "Hà Thu", "TTXVN"),
        ("Hà Thu/Báo Ví Dụ", "Hà Thu", "Báo Ví Dụ"),
        ("Hà Thu (theo VnExpress)", "Hà Thu", "VnExpress"),
        ("Hà Thu/Lan Anh", "Hà Thu; Lan Anh", None),
        ("Hà Thu – Trung tâm VH-TT-TT huyện", "Hà Thu", None),
        ("Hà Thu – VP HĐND&UBND xã", "Hà Thu", None),
        ("Hà Thu - CC Văn hóa xã", "Hà Thu", None),
        ("M.Thu", "M.Thu", None),
        ("Tin, bài: Hà Thu – Lan Anh", "Hà Thu; Lan Anh", None),
    ],
)
def test_forms_of_signatures(markup, signature, author, via):
    article = cleaned(page(markup.format(signature)))
    assert (article.author, article.via_name) == (author, via)
    assert article.text.split("\n") == list(SENTENCES)
    assert rules(article)["signature"] == signature


@pytest.mark.parametrize(
    ("end", "via"),
    [("(dpa/jk)", "dpa"), ("(sd/bs)", None), ("(Reuters)", "Reuters"), ("[sid/dpa]", "sid/dpa"), ("(hn-tt)", None)],
)
def test_agencies_and_initials_in_brackets_end_an_article(end, via):
    article = cleaned(page(f"<p>{end}</p>"))
    assert (article.author, article.via_name) == (None, via)
    assert article.text.split("\n") == list(SENTENCES)


@pytest.mark.parametrize("end", ["(còn nữa)", "(Hạ)", "(Thượng/Hạ)", "(một, hai)"])
def test_other_words_in_brackets_stay(end):
    assert cleaned(page(f"<p>{end}</p>")).text.split("\n") == [*SENTENCES, end]


def test_an_office_in_brackets_only_where_the_line_stands_apart():
    text = "Hà Thu (Trung tâm VH-TT huyện)"
    assert cleaned(page(f'<p align="right">{text}</p>')).author == "Hà Thu"
    article = cleaned(page(f"<p>{text}</p>"))
    assert (article.author, article.text.split("\n")[-1]) == (None, text)


@pytest.mark.parametrize("line", ["홍길동 기자", "홍길동 기자 hong@vi-du.example"])
def test_a_korean_reporter_signs_with_the_address(line):
    article = cleaned(page(f"<p>{line}</p>").replace('lang="vi"', 'lang="ko"'), of=source(languages=["ko"]))
    assert (article.author, article.text.split("\n")) == ("홍길동", list(SENTENCES))


def test_a_signature_before_the_ends_own_sign():
    article = cleaned(page("<p>Hà Thu./.</p>"))
    assert (article.author, article.text.split("\n")) == ("Hà Thu", list(SENTENCES))
    assert cleaned(page("<p>Bà con rất vui./.</p>")).text.split("\n")[-1] == "Bà con rất vui."


@pytest.mark.parametrize("nobody", ["PV", "P.V", "Nhóm PV", "BBT", "Ban Biên tập"])
def test_that_a_reporter_wrote_it_names_nobody(nobody):
    article = cleaned(page(f'<p align="right"><b>{nobody}</b></p>'))
    assert article.author is None
    assert article.text.split("\n") == list(SENTENCES)


@pytest.mark.parametrize(
    "signature",
    [
        '<div class="author">Hà Thu</div>',
        '<p class="author">(Hà Thu)</p>',
        '<div class="tac-gia">CTV Hà Thu</div>',
        '<div id="ctl00_g_5d1f_pnTacgia">Hà Thu</div>',
        SIGNED,
    ],
)
def test_a_signature_right_behind_the_element_that_holds_the_text(signature):
    article = cleaned(page("", after=signature))
    assert article.author == "Hà Thu"
    assert article.origins["author"] == "signature"
    assert "signature" in rules(article)


@pytest.mark.parametrize(
    "behind",
    [
        '<footer><p align="right"><b>Nguyễn Văn Giám</b></p></footer>',
        '<div id="footer"><p align="right"><b>Nguyễn Văn Giám</b></p></div>',
        '<div class="comments"><div class="author">Nguyễn Văn Bình</div><div>Hay quá</div></div>',
        '<div class="khac"><h4>Các tin khác</h4></div><div class="author">Nguyễn Văn Bình</div>',
        '<h3>Tin đọc nhiều</h3><div class="author">Nguyễn Văn Bình</div>',
    ],
)
def test_who_is_named_farther_behind_the_text_did_not_sign_it(behind):
    assert cleaned(page("", after=behind)).author is None


@pytest.mark.parametrize(
    "between",
    [
        '<div class="tags">Từ khóa: <a href="/tag/a">đua thuyền</a>, <a href="/tag/b">lễ hội</a></div>',
        "<ul><li>Giải nhất: thôn Thượng</li><li>Giải nhì: thôn Hạ</li></ul>",
        "<p>Kết quả như sau</p><ul><li>Giải nhất: thôn Thượng</li><li>Giải nhì: thôn Hạ</li></ul>",
        "<p>Ảnh: Minh Khôi</p>",
    ],
)
def test_what_may_stand_between_the_text_and_its_signature(between):
    article = cleaned(page(f"{between}<p>Hà Thu</p>"))
    assert article.author == "Hà Thu"
    assert "Hà Thu" not in article.text


@pytest.mark.parametrize("behind", ["<p>Ảnh: Minh Khôi</p>", '<p>Xem kèm: <a href="/a.pdf">Kế hoạch</a></p>'])
def test_what_may_stand_behind_a_signature(behind):
    assert cleaned(page(f"<p>Hà Thu</p>{behind}")).author == "Hà Thu"


@pytest.mark.parametrize(
    "helper",
    [
        "Biên tập: Minh Khôi",
        "Editor: Minh Khôi",
        "Edited by Ann Example",
        "Ảnh: Minh Khôi",
        "Ảnh: CTV",
        "Ảnh, clip: Minh Khôi - Lan Anh",
        "Thiết kế: Minh Khôi",
    ],
)
@pytest.mark.parametrize("order", ["<p>{helper}</p>", "<p>{helper}</p><p>Hà Thu</p>", "<p>Hà Thu</p><p>{helper}</p>"])
def test_who_edited_it_or_took_its_pictures_is_no_text(order, helper):
    article = cleaned(page(order.format(helper=helper)))
    assert article.author == ("Hà Thu" if "Hà Thu" in order else None)
    assert article.text.split("\n") == list(SENTENCES)


@pytest.mark.parametrize(
    "lines",
    [
        f"<p>{ANNOUNCED}</p><p>Ảnh: Nguyễn Văn An</p>",
        "<p>Thơ: Trần Thị Bình</p><p>Ảnh: Nguyễn Văn An</p>",
        "<ul><li>Thơ: Trần Thị Bình</li><li>Ảnh: Nguyễn Văn An</li></ul>",
        "<p>Ảnh: quang cảnh ngày hội</p>",
        "<p>Thiết kế: ba tầng</p>",
    ],
)
def test_what_only_looks_like_a_helpers_line_stays(lines):
    said = re.findall(r">([^<]+)<", lines)
    assert cleaned(page(lines)).text.split("\n") == [*SENTENCES, *said]


def test_a_translation_is_signed_as_the_original_was():
    markup = page("<p>Hà Trang</p>").replace('lang="vi"', 'lang="id"')
    assert cleaned(markup, of=source(languages=["id"])).author == "Hà Trang"
    markup = page("<p>Hanoi Trade</p>").replace('lang="vi"', 'lang="id"')
    assert cleaned(markup, of=source(languages=["id"])).author is None


@pytest.mark.parametrize(
    ("end", "author", "kept"),
    [
        ("muộn./. <strong>Hà Thu</strong>", "Hà Thu", "muộn."),
        ("muộn. <strong>Hà Thu</strong>", "Hà Thu", "muộn."),
        ("muộn./. Hà Thu", "Hà Thu", "muộn."),
        ("muộn./. (Hà Thu/TTXVN)", "Hà Thu", "muộn."),
        ("muộn. Giải nhất: <b>Nguyễn Văn An</b>", None, "muộn. Giải nhất: Nguyễn Văn An"),
        ("muộn. Nguyễn Văn An", None, "muộn. Nguyễn Văn An"),
    ],
)
def test_a_signature_at_the_end_of_the_last_paragraph(end, author, kept):
    begin = f"{SENTENCES[0]} Hội tan lúc"
    article = cleaned(page(f"<p>{begin} {end}</p>"))
    assert article.author == author
    assert article.text.split("\n")[-1] == f"{begin} {kept}"


def test_the_sites_own_paper_beside_the_name_did_not_publish_it_first():
    article = cleaned(page("<p>Hà Thu/Báo Ví Dụ</p>"), of=source(name="Báo Ví Dụ"))
    assert (article.author, article.via_name) == ("Hà Thu", None)


def test_pictures_that_a_colon_announces_come_before_the_signature():
    pictures = "".join(
        f'<p style="text-align:center"><img src="/{name}.jpg"></p><p style="text-align:center"><em>{said}</em></p>'
        for name, said in (("a", "Đội thôn Thượng về đích"), ("b", "Người dân reo hò bên bến sông"))
    )
    article = cleaned(page(f"<p>Một số hình ảnh tại hội:</p>{pictures}{SIGNED}"))
    assert article.author == "Hà Thu"
    assert article.text.split("\n") == [*SENTENCES, "Một số hình ảnh tại hội:"]
    assert cleaned(page(f"<p>{ANNOUNCED}</p>{SIGNED}")).author is None


@pytest.mark.parametrize(
    ("text", "via"),
    [
        ("Hà Thu tổng hợp", None),
        ("Hà Thu lược dịch", None),
        ("Hà Thu (dịch)", None),
        ("Hà Thu, biên dịch", None),
        ("Hà Thu tổng hợp từ TTXVN, Reuters", "TTXVN, Reuters"),
        ("Hà Thu (dịch theo BBC)", "BBC"),
        ("Hà Thu sưu tầm và biên soạn", None),
        ("Hà Thu theo TTXVN", "TTXVN"),
        ("Hà Thu, theo Báo Nhân Dân", "Báo Nhân Dân"),
    ],
)
def test_signatures_that_say_what_the_signer_did(text, via):
    read = read_signature(text, frozenset(), vietnamese=True, apart=False)
    assert read == Signature(("Hà Thu",), via, explicit=True)
    article = cleaned(page(f"<p>{text}</p>"))
    assert (article.author, article.via_name) == ("Hà Thu", via)
    assert article.text.split("\n") == list(SENTENCES)


@pytest.mark.parametrize(
    "text",
    [
        "Bà con thực hiện",
        "Thôn Thượng thực hiện",
        "Cả xã tổng hợp",
        "Hà Thu theo mẹ",
        "Hà Thu theo Thôn Thượng",
        "Thôn Thượng",
        "CHỦ TỊCH",
        "Kết thúc",
        "Bà con vui",
        "Giải Nhất",
        "Hà Nội 2024",
    ],
)
def test_no_signatures(text):
    assert read_signature(text, frozenset(), vietnamese=True, apart=False) is None


def test_signatures_in_other_languages_only_where_they_stand_apart():
    assert read_signature("Ann Example", frozenset(), vietnamese=False, apart=True) == Signature(("Ann Example",))
    assert read_signature("Ann Example", frozenset(), vietnamese=False, apart=False) is None
