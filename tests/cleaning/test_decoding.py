"""Bytes become NFC text by what they are, not by what the server calls them."""

import json
import unicodedata
from pathlib import Path

import pytest

from cleaning.decoding import decode
from cleaning.mojibake import mend
from tests.cleaning.markup import SENTENCES, TITLE, cleaned, page
from tests.cleaning.test_legacy_fonts import typed

TEXT = f"<html><body><p>{TITLE}: đội nữ thắng lớn, người dân phấn khởi, giải thưởng trị giá tám triệu</p></body></html>"
FRENCH = (
    "<html><head><meta charset='iso-8859-1'></head><body><p>Élève, forêt, où, çà et là, l'été dernier</p></body></html>"
)


def cp1258(text: str) -> bytes:
    """`text` as windows-1258 has it: vowels with their circumflex or horn, tone marks apart."""
    out = []
    for char in text:
        try:
            out.append(char.encode("cp1258"))
        except UnicodeEncodeError:
            base, tone = unicodedata.normalize("NFD", char)[:-1], unicodedata.normalize("NFD", char)[-1]
            marks = unicodedata.normalize("NFD", char)
            tone = next(mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323")
            base = unicodedata.normalize("NFC", marks.replace(tone, ""))
            out.append(base.encode("cp1258") + tone.encode("cp1258"))
    return b"".join(out)


@pytest.mark.parametrize(
    ("body", "charset", "encoding"),
    [
        pytest.param(TEXT.encode(), None, "utf-8", id="plain UTF-8"),
        pytest.param(TEXT.encode(), "iso-8859-1", "utf-8", id="UTF-8 called latin-1"),
        pytest.param(TEXT.encode(), "windows-1258", "utf-8", id="UTF-8 called windows-1258"),
        pytest.param(b"\xef\xbb\xbf" + TEXT.encode(), "windows-1252", "utf-8", id="UTF-8 with a mark"),
        pytest.param(b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-8", "utf-16-le", id="UTF-16 with a mark"),
        pytest.param(TEXT.encode("utf-16-be"), None, "utf-16-be", id="UTF-16 without a mark"),
        pytest.param(cp1258(TEXT), "windows-1258", "cp1258", id="windows-1258"),
        pytest.param(cp1258(TEXT), "windows-1252", "cp1258", id="windows-1258 called windows-1252"),
        pytest.param(cp1258(TEXT), None, "cp1258", id="windows-1258 called nothing"),
        pytest.param(unicodedata.normalize("NFD", TEXT).encode(), "utf-8", "utf-8", id="combining marks"),
    ],
)
def test_vietnamese_comes_out_composed(body, charset, encoding):
    decoded = decode(body, charset)
    assert decoded.text == TEXT
    assert decoded.encoding == encoding


def test_a_true_latin_page_stays_latin():
    decoded = decode(FRENCH.encode("iso-8859-1"))
    assert decoded.text == FRENCH
    assert decoded.origin == "meta"


def test_a_declared_charset_that_does_not_decode_does_not_win():
    russian = (
        "<html><body><p>Сегодня утром на берегу реки собрались тысячи жителей, чтобы увидеть лодочные гонки.</p>"
        "<p>Шестнадцать команд из разных деревень прошли два километра под барабаны и крики зрителей.</p></body></html>"
    )
    assert decode(russian.encode("windows-1251"), "utf-8").text == russian


def test_a_few_broken_bytes_do_not_turn_utf8_into_something_else():
    broken = TEXT.encode().replace("thắng".encode(), b"th\xe1\xbang")
    text = decode(broken, "utf-8").text
    assert "người dân phấn khởi" in text
    assert text.count("\ufffd") in (1, 2)
    assert "Ä" not in decode(broken).text


def test_the_source_may_force_an_encoding():
    assert decode("café".encode("cp1252"), "utf-8", "cp1252").origin == "source"
    assert decode(TEXT.encode("utf-8"), None, "ascii").text == TEXT  # where the bytes are not that, it does not hold


def test_windows_1258_page_becomes_an_article():
    article = cleaned(cp1258(page().replace('charset="utf-8"', 'charset="windows-1258"')), charset=None)
    assert article.title == TITLE
    assert article.text.split("\n") == list(SENTENCES)


LONG = f"<html><body><p>{TITLE}</p><p>{' '.join(SENTENCES)}</p></body></html>"


@pytest.mark.parametrize(
    ("charset", "meta", "origin"),
    [
        ("viscii", "", "http"),
        (None, "<meta http-equiv=Content-Type content='text/html; charset=VISCII'>", "meta"),
        (None, "", "detected"),
        ("iso-8859-1", "", "detected"),
        ("utf-8", "", "detected"),
    ],
)
def test_viscii_labelled_or_not(charset, meta, origin):
    markup = LONG.replace("<body>", f"{meta}<body>")
    decoded = decode(typed(markup, "viscii").encode("latin-1"), charset)
    assert (decoded.text, decoded.encoding, decoded.origin) == (markup, "viscii", origin)


@pytest.mark.parametrize("label", ["x-viet-tcvn5712", "TCVN-5712", "tcvn"])
def test_the_national_standard_has_its_capitals_too(label):
    decoded = decode(typed(LONG.upper(), "tcvn5712").encode("latin-1"), label)
    assert (decoded.text, decoded.encoding) == (LONG.upper(), "tcvn5712")


def test_a_label_of_an_old_charset_does_not_turn_utf8_into_mojibake():
    assert decode(LONG.encode(), "viscii").text == LONG
    assert decode(LONG.encode(), "x-viet-tcvn5712").encoding == "utf-8"


@pytest.mark.parametrize("name", ["tcvn3", "vni"])
@pytest.mark.parametrize("charset", [None, "windows-1258", "iso-8859-1", "utf-8"])
def test_text_typed_for_a_font_is_kept_as_typed_for_the_markup_to_judge(name, charset):
    decoded = decode(typed(LONG, name).encode("latin-1"), charset)
    assert (decoded.text, decoded.encoding) == (typed(LONG, name), "cp1252")


@pytest.mark.parametrize("name", ["tcvn3", "tcvn5712", "vni", "viscii"])
def test_the_source_may_force_an_old_encoding(name):
    decoded = decode(typed(LONG, name).encode("latin-1"), "utf-8", name)
    assert (decoded.encoding, decoded.origin) == (name, "source")
    assert decoded.text.casefold() == LONG.casefold()  # TCVN3 has no capital for the heading's first letter


def test_a_forced_old_charset_does_not_hold_for_utf8():
    assert decode(LONG.encode(), None, "viscii").encoding == "utf-8"
    assert decode(LONG.encode(), None, "tcvn5712").text == LONG


def test_a_viscii_page_becomes_an_article():
    article = cleaned(typed(page().replace(' charset="utf-8"', ""), "viscii").encode("latin-1"), charset="viscii")
    assert article.text.split("\n") == list(SENTENCES)
    assert article.origins["text"] == "viscii"


def garbled(text: str, encoding: str = "cp1252") -> str:
    """`text` as a system shows it that took its UTF-8 for `encoding` (and Latin-1, where that has nothing)."""
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize(
    "text", [TITLE, *SENTENCES, "Đảng bộ xã Ví Dụ", "Thủ tướng", "L’été, c’est déjà là…", "日本語"]
)
def test_a_part_that_was_mojibake_before_is_mended(text, encoding):
    markup = page(before=f"<p>{garbled(text, encoding)}</p>")
    decoded = decode(markup.encode(), "utf-8")
    assert decoded.text == page(before=f"<p>{text}</p>")
    assert (decoded.encoding, decoded.origin) == ("utf-8", "http")


def test_a_wrong_word_among_right_ones_is_mended():
    markup = page(before=f"<p>Hội nghị của {garbled('Việt Nam')} và bạn bè, {garbled('“tổng kết”')} – xong</p>")
    assert "Hội nghị của Việt Nam và bạn bè, “tổng kết” – xong" in decode(markup.encode()).text


@pytest.mark.parametrize(
    "text",
    [
        "HỘI ĐỒNG NHÂN DÂN “XÃ”",
        "UBND XÃ\u00a0TRUNG",
        "XÃ\u00a0HỘI HÓA",
        "«está»— dijo",
        "voilà »— «à»",
        "THỊ XÃ™ ĐÃ… QUÁ– GIÁ»”",
        "SÃO JOÃO: MÃE» ÂÔ",
        "FranÃ§ois",  # alone it may be meant: a page about mojibake
        "ÄÖÜ Ä„ĄÅ",
    ],
)
def test_right_text_that_looks_like_mojibake_stays(text):
    assert decode(page(before=f"<p>{text}</p>").encode()).text == page(before=f"<p>{text}</p>")


def test_no_true_text_is_taken_for_mojibake(shared):
    texts = [text for name in ("vi", "aeb", "fundus") for text in truths(shared / "data" / name)]
    texts += [file.read_text("utf-8") for file in (shared / "seeds").glob("*.txt")]
    assert len(texts) > 500
    for text in texts:
        for made in (text, text.upper(), text.replace(" ", "\u00a0"), text.upper().replace(" ", "\u00a0")):
            assert mend(made) == unicodedata.normalize("NFC", made)


def truths(folder: Path) -> list[str]:
    pages = json.loads((folder / "ground_truth.json").read_text("utf-8")).values()
    found = [one.get(name) or "" for one in pages for name in ("text", "title")]
    return [unicodedata.normalize("NFC", text) for text in found]
