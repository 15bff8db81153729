"""Text typed for the fonts of the time before Unicode comes out as Vietnamese, and nothing else is touched."""

import shutil
import subprocess
import unicodedata

import pytest

from cleaning.legacy_fonts import detect, has_signs, restore
from cleaning.legacy_tables import TCVN5712, VISCII, VNI, convert, legacy_name, read
from cleaning.page import Page, parse
from cleaning.syllables import is_syllable
from tests.cleaning.markup import SENTENCES, TITLE, URL, cleaned, page

TEXT = " ".join(SENTENCES)
VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
LETTERS = [unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES] + ["đ"]


def typed(text: str, name: str) -> str:
    """`text` as somebody typed it for a font of encoding `name`, read as Latin-1."""
    if name == "vni":
        codes = {letter: code for code, letter in VNI.items() if code[0] not in "iI" or len(code) == 1}
        for code, letter in VNI.items():
            if code.isupper() and letter.isupper():
                codes[letter] = code
        codes |= {"ỵ": "î", "Ỵ": "Î"}
        return "".join(codes.get(letter, letter) for letter in text)
    table = VISCII if name == "viscii" else TCVN5712
    codes = {letter: chr(byte) for byte, letter in table.items()}
    if name == "tcvn3":  # the font has no capitals with a tone: people typed the small letter
        text = "".join(one if one in "ĂÂÊÔƠƯĐ" or not one.isupper() or one.isascii() else one.lower() for one in text)
    return "".join(codes.get(letter, letter) for letter in text)


def restored(markup: str) -> tuple[str, str]:
    """What stands in the page after its restoration, and the encodings found."""
    found = parse(markup, URL)
    assert isinstance(found, Page)
    names = restore(found.tree, markup)
    return " ".join(found.tree.text_content().split()), names


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("tcvn3", "Céng hoµ x· héi chñ nghÜa ViÖt Nam", "Cộng hoà xã hội chủ nghĩa Việt Nam"),
        ("tcvn3", "§éc lËp - Tù do - H¹nh phóc", "Độc lập - Tự do - Hạnh phúc"),
        ("tcvn3", "tr\xadêng häc, giÕng n\xadíc, ¨n ë", "trường học, giếng nước, ăn ở"),
        ("vni", "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
        ("vni", "Ñoäc laäp - Töï do - Haïnh phuùc", "Độc lập - Tự do - Hạnh phúc"),
        ("vni", "tröôøng hoïc, gieáng nöôùc, aên ôû", "trường học, giếng nước, ăn ở"),
        ("vni", "kyõ, tyû, lî, sæ, mó, thò, saün", "kỹ, tỷ, lỵ, sỉ, mĩ, thị, sẵn"),
        ("vni", "ÑAÏI HOÄI ÑAÕ BAÀU", "ĐẠI HỘI ĐÃ BẦU"),
        ("viscii", "C\xb5ng hòa xã h\xb5i ch\xfc ngh\xeea Vi\xaet Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
    ],
)  # fmt: skip
def test_known_spellings(name, old, new):
    assert convert(old, name) == new


@pytest.mark.parametrize("name", ["tcvn3", "vni", "viscii", "tcvn5712"])
def test_every_small_letter_has_a_code_of_its_own(name):
    codes = [typed(letter, name) for letter in LETTERS]
    assert len(set(codes)) == len(LETTERS)
    assert [convert(code, name) for code in codes] == LETTERS


@pytest.mark.parametrize("name", ["vni", "viscii", "tcvn5712"])
def test_every_capital_has_a_code_of_its_own(name):
    capitals = [letter.upper() for letter in LETTERS]
    assert [convert(typed(letter, name), name) for letter in capitals] == capitals


@pytest.mark.parametrize(("charset", "table"), [("TCVN5712-1", TCVN5712), ("VISCII", VISCII)])
def test_the_tables_agree_with_the_systems_iconv(charset, table):
    if shutil.which("iconv") is None:
        pytest.skip("this system has no iconv")
    if subprocess.run(["iconv", "-f", charset, "-t", "UTF-8"], input=b"", capture_output=True).returncode:
        pytest.skip(f"this system's iconv does not know {charset}")
    body = b"".join(b"[%c]" % byte for byte in sorted(table))
    theirs = subprocess.run(["iconv", "-f", charset, "-t", "UTF-8"], input=body, capture_output=True, check=True)
    assert theirs.stdout.decode() == "".join(f"[{table[byte]}]" for byte in sorted(table))
    others = bytes(byte for byte in range(0x80, 0x100) if byte not in table and byte != 0xA0)
    assert others == b""  # no letter of theirs is missing here


@pytest.mark.parametrize(
    "word",
    ["nghiêng", "giết", "gì", "quyển", "Yên", "ở", "khuya", "uống", "hoà", "hòa", "thuyền", "ĐƯỜNG", "nước", "xoong"],
)
def test_syllables(word):
    assert is_syllable(word)


@pytest.mark.parametrize(
    "word", ["café", "Müller", "Tür", "køb", "qhá", "cê", "hàt", "nghan", "viÖt", "héi", "été", "ngườii", "áá", "wá"]
)
def test_no_syllables(word):
    assert not is_syllable(word)


@pytest.mark.parametrize("name", ["tcvn3", "vni", "viscii"])
def test_a_text_proves_its_encoding(name):
    assert detect(typed(TEXT, name)) == name


STRANGERS = {
    "Vietnamese": TEXT,
    "plain Vietnamese": "Xin chào, có gì là lý do mà và cô giáo hát hò, thành phố cá, giá vàng, con bò.",
    "French": "L'été où la fenêtre était déjà fermée, l'élève naïf a reçu de la mère âgée un gâteau "
    "près du maïs, à côté.",
    "German": "Für die schönen Mädchen über den Hügeln grüßen die müden Bären, während Köche süße "
    "Äpfel schälen, töten, nähen.",
    "Portuguese": "Não há razão para que o coração não esteja são: os irmãos já são avós e têm pão, "
    "maçã, café e atenção à mão.",
    "Danish": "På gården så vi små køer gå på græs; når året går på hæld, får både børn og høns "
    "æbler, øl, kål og brød, må så nå.",
    "Spanish": "Mañana el niño comerá piñón; sí, él irá allá y después vendrá aquí con más años, "
    "según dirá mamá, qué sé yo.",
    "Swedish": "Då går små råa får på ån, så å så får två på gång nå få år åt ett hål, där är också "
    "märr och böckling på ön.",
    "Finnish": "Tämä päivä on hyvä, sää on lämmin ja järvellä näkyy ääriään myöten täysi söpö pieni "
    "vene, jossa yöllä syötiin.",
    "Turkish in Latin-1": "Gün doðdu, þehir uyandý; çocuklar kýr çiçeði topladý, öðle üzeri köyün çýnarýnda "
    "türkü söylediler.",
}


@pytest.mark.parametrize("text", STRANGERS.values(), ids=STRANGERS.keys())
def test_other_languages_are_left_alone(text):
    markup = f"<html><body><p>{text}</p><p>{text[: len(text) // 2]}</p><h1>{text[:30]}</h1></body></html>"
    assert restored(markup)[1] == ""
    in_old_font = markup.replace("<p>", '<p style="font-family:.VnTime">')
    assert restored(in_old_font)[1] == ""  # editors leave a font's name around text that is Unicode long since
    assert restored(in_old_font.replace(".VnTime", "VNI-Times"))[1] == ""


@pytest.mark.parametrize("name", ["tcvn3", "vni"])
@pytest.mark.parametrize("charset", ["utf-8", "windows-1252"])
def test_a_page_typed_for_a_font_becomes_an_article(name, charset):
    markup = typed(page(), name).replace('"utf-8"', f'"{charset}"')
    article = cleaned(markup.encode(charset), charset=charset)
    assert article.title == TITLE
    assert article.text.split("\n") == list(SENTENCES)
    assert article.origins["text"] == name
    assert article.language == "vi"


def test_a_page_that_names_no_charset_or_a_false_one():
    markup = typed(page(), "tcvn3").replace('<meta charset="utf-8">', "")
    for charset in (None, "utf-8", "windows-1258", "x-user-defined"):
        assert cleaned(markup.encode("latin-1"), charset=charset).text.split("\n") == list(SENTENCES)


def test_an_ordinary_article_has_no_such_origin():
    assert "text" not in cleaned(page()).origins


def test_letters_given_as_references_count():
    body = typed(page(), "tcvn3").encode("ascii", "xmlcharrefreplace")
    assert cleaned(body).text.split("\n") == list(SENTENCES)


def test_a_unicode_navigation_beside_a_typed_body_stays():
    nav = "<ul><li>Giá cả</li><li>Có gì mới</li><li>Văn hoá và xã hội</li><li>Vidéo</li></ul>"
    text, names = restored(
        f"<html><body>{nav}<h2>{typed('Giới thiệu', 'tcvn3')}</h2>{typed(TEXT, 'tcvn3')}</body></html>"
    )
    assert names == "tcvn3"
    assert text.startswith("Giá cảCó gì mớiVăn hoá và xã hộiVidéo")
    assert "Giới thiệu" in text
    assert TEXT in text


def test_two_fonts_on_one_page():
    markup = f"<html><body><p>{typed(TEXT, 'tcvn3')}</p><p>{typed(TEXT, 'vni')}</p></body></html>"
    assert restored(markup) == (TEXT + TEXT, "tcvn3 vni")


@pytest.mark.parametrize(
    "opening",
    [
        '<font face=".VnTimeH">{}</font>',
        "<span style='font-size:14pt;font-family:\".VnArialH\",sans-serif'>{}</span>",
        "<style>p.Tua, h4.Tua {{ color:red; font-family:.VnTimeH }}</style><p class='Tua x'>{}</p>",
    ],
)
def test_a_font_of_capitals_shows_capitals(opening):
    heading = opening.format(typed("xã Ví Dụ mở hội <b>nam</b>", "tcvn3"))
    text, _ = restored(f"<html><body>{heading}<p>{typed(TEXT, 'tcvn3')}</p></body></html>")
    assert "XÃ VÍ DỤ MỞ HỘI NAM" in text


def test_a_short_text_is_believed_where_its_font_is_named():
    named = '<html><body><p><font face="{}">{}</font></p></body></html>'
    assert restored(named.format(".VnTime", typed("Tin bài của trạm", "tcvn3"))) == ("Tin bài của trạm", "tcvn3")
    assert restored(named.format("VNI-Times", typed("Bản tin ngày mới", "vni"))) == ("Bản tin ngày mới", "vni")
    assert restored(named.format("Arial", typed("Bản tin", "vni")))[1] == ""


def test_an_ordinary_font_within_a_legacy_one_ends_it():
    inner = '<font face=".VnTimeH">{}<font face="Arial">Vidéo</font></font><p>{}</p>'
    text, _ = restored(f"<html><body>{inner.format(typed('tin mới ', 'tcvn3'), typed(TEXT, 'tcvn3'))}</body></html>")
    assert text.startswith("TIN MỚI Vidéo")


def test_a_hyphen_that_was_a_soft_one_is_the_letter_again():
    old = typed(TEXT + " Đầu tư nước sạch, người lái e-mail, Hà Nội - Huế, x-quang, B-52.", "tcvn3").replace(
        "\xad", "-"
    )
    text, _ = restored(f"<html><body><p>{old}</p></body></html>")
    assert text.endswith("Đầu tư nước sạch, người lái e-mail, Hà Nội - Huế, x-quang, B-52.")


def test_pictures_and_meta_elements_are_read_too():
    old = typed(f'<meta name="description" content="{TITLE}"><p>{TEXT}</p><img src="a.png" alt="Đội thắng">', "tcvn3")
    found = parse(f"<html><body>{old}</body></html>", URL)
    assert isinstance(found, Page)
    restore(found.tree, old)
    assert found.tree.xpath("//@content") == [TITLE]
    assert found.tree.xpath("//@alt") == ["Đội thắng"]


def test_scripts_are_not_text():
    script = f"var tin = '{typed(TEXT, 'tcvn3')}';"
    found = parse(f"<html><body><script>{script}</script><p>{typed(TEXT, 'tcvn3')}</p></body></html>", URL)
    assert isinstance(found, Page)
    restore(found.tree, script)
    assert found.tree.findtext(".//script") == script


def test_the_signs_are_not_in_ordinary_pages():
    assert not has_signs(page())
    assert not has_signs("<p>Không có gì quý hơn độc lập, hoà bình; bản quyền © 2024 · «Báo» ®</p>")
    assert has_signs(typed(page(), "tcvn3"))
    assert has_signs(typed(page(), "vni"))


def test_a_source_may_say_that_its_site_is_typed_so():
    mixed = f"<p>{typed(TITLE, 'tcvn3')}</p><p>Tiếng Việt</p>"
    assert read(mixed.encode(), "tcvn3") == f"<p>{TITLE}</p><p>Tiếng Việt</p>"
    assert read(typed(mixed, "vni").encode("ascii", "xmlcharrefreplace"), "viscii") is not None
    assert read("<p>Tiếng Việt</p>".encode(), "viscii") is None


@pytest.mark.parametrize(
    ("label", "name"),
    [("x-viet-tcvn5712", "tcvn5712"), ("VISCII", "viscii"), (" x_viet_vni ", "vni"), ("utf-8", None), (None, None)],
)
def test_labels(label, name):
    assert legacy_name(label) == name
