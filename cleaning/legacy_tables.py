"""The tables of Vietnam's encodings before Unicode that Python has no codec for, and the reading of text by them.

* `tcvn3`: what fonts named `.VnTime`, `.VnArial` … show (also called ABC): the part VN3 of TCVN 5712:1993. It has no
  capitals with a tone; headings are set in a second font (`.VnTimeH`), which shows small letters as capitals.
* `tcvn5712`: the whole standard, VN1, as a byte charset; its capitals stand on control codes, too.
* `vni`: what fonts named `VNI-Times` … show (VNI-Windows): a vowel and a second character for its marks.
* `viscii`: RFC 1456, a byte charset with six capitals on control codes.

Text written for a font claims to be Latin-1 or windows-1252, so its letters may come as either's characters for the
same byte, and in UTF-8 pages too. The tests check the tables for TCVN and VISCII against the system's iconv, VNI's
against how it is made.
"""

import re
import unicodedata
from html import unescape

LEGACY = ("tcvn3", "tcvn5712", "vni", "viscii")
_LABELS = {
    "tcvn": "tcvn5712",
    "tcvn-5712": "tcvn5712",
    "tcvn5712-1": "tcvn5712",
    "tcvn5712-1:1993": "tcvn5712",
    "x-viet-tcvn": "tcvn5712",
    "x-viet-tcvn5712": "tcvn5712",
    "x-viet-tcvn-5712": "tcvn5712",
    "abc": "tcvn3",
    "x-viet-abc": "tcvn3",
    "x-viet-tcvn3": "tcvn3",
    "x-viet-vni": "vni",
    "vni-win": "vni",
    "x-viet-viscii": "viscii",
    "viscii1.1-1": "viscii",
    "csviscii": "viscii",
    **{name: name for name in LEGACY},
}

# From byte 80 on, sixteen to a line; a dot is a byte that is no letter.
_TCVN_HIGH = (
    "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨ"  # 80
    "ÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ"  # 90
    ".ĂÂÊÔƠƯĐăâêôơưđẰ"  # A0
    ".....àảãáạẲằẳẵắẴ"  # B0: five combining tones, below
    "ẮẦẨẪẤỀặầẩẫấậèỂẻẽ"  # C0
    "éẹềểễếệìỉỄẾỒĩíịò"  # D0
    "Ổỏõóọồổỗốộờởỡớợù"  # E0
    "ỖủũúụừửữứựỳỷỹýỵỐ"  # F0
)
_TCVN_LOW = {0x01: "Ú", 0x02: "Ụ", 0x04: "Ừ", 0x05: "Ử", 0x06: "Ữ", 0x11: "Ứ", 0x12: "Ự"} | {
    0x13: "Ỳ", 0x14: "Ỷ", 0x15: "Ỹ", 0x16: "Ý", 0x17: "Ỵ",
}  # fmt: skip
_TCVN_TONES = dict(zip(range(0xB0, 0xB5), "\u0300\u0309\u0303\u0301\u0323", strict=True))
_VISCII_HIGH = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐ"  # 80
    "ỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"  # 90
    "Õắằặấầẩậẽẹếềểễệố"  # A0
    "ồổỗỠƠộờởịỰỨỪỬơớƯ"  # B0
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳ"  # C0
    "ĐứÒÓÔạỷừửÙÚỹỵÝỡư"  # D0
    "àáâãảăữẫèéêẻìíĩỉ"  # E0
    "đựòóôõỏọụùúũủýợỮ"  # F0
)
_VISCII_LOW = {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}

# VNI: what follows a letter stands for a tone (here by its combining mark): alone, on a circumflex, on a breve.
_SHAPES = ("", "\u0302", "\u0306")
_VNI_TONES = {"\u0301": "ùáé", "\u0300": "øàè", "\u0309": "ûåú", "\u0303": "õãü", "\u0323": "ïäë", "": " âê"}
_VNI_MARKS = {
    mark: shape + tone for tone, marks in _VNI_TONES.items() for mark, shape in zip(marks, _SHAPES, strict=True)
}
_VNI_BEARERS = {"a": "ùøûõïâáàåãäêéèúüë"} | dict.fromkeys("eo", "ùøûõïâáàåãä") | dict.fromkeys("iuyôö", "ùøûõï")
_VNI_SINGLE = {"ô": "ơ", "ö": "ư", "ñ": "đ", "í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}

_RUN = re.compile(r"[^<>\"\r\n]+")
_MODERN = re.compile("[\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]")
_REFERENCE = re.compile(r"&(?:#\d{1,3}|#[xX][0-9a-fA-F]{1,2}|[A-Za-z]{2,6}[0-9]{0,2});")


def _both_spellings(table: dict[int, str]) -> dict[int, str]:
    """`table` from bytes to letters, for text: each byte as Latin-1's character and as windows-1252's."""
    found = dict(table)
    for byte, letter in table.items():
        if 0x80 <= byte < 0xA0:
            found.setdefault(ord(bytes([byte]).decode("cp1252", "ignore") or chr(byte)), letter)
    return found


def _high(letters: str) -> dict[int, str]:
    return {0x80 + place: letter for place, letter in enumerate(letters) if letter != "."}


def _font_letter(letter: str) -> bool:
    """Whether VN3 has it: small letters, and the seven capitals that no tone sits on."""
    return letter.islower() or letter in "ĂÂÊÔƠƯĐ"


def _vni() -> dict[str, str]:
    """VNI's letters, one or two characters long, small and capital. A capital's marks may be written small."""
    found = dict(_VNI_SINGLE)
    for bearer, marks in _VNI_BEARERS.items():
        base = _VNI_SINGLE.get(bearer, bearer)
        for mark in marks:
            letter = unicodedata.normalize("NFC", base + _VNI_MARKS[mark])
            found[bearer + mark] = letter
            found[bearer.upper() + mark] = letter.upper()
    return found | {old.upper(): new.upper() for old, new in found.items()}


TCVN5712 = _high(_TCVN_HIGH) | _TCVN_LOW | _TCVN_TONES
VISCII = _high(_VISCII_HIGH) | _VISCII_LOW
VNI = _vni()
_BY_CHARACTER = {
    "tcvn3": {byte: letter for byte, letter in _high(_TCVN_HIGH).items() if byte > 0xA0 and _font_letter(letter)},
    "tcvn5712": _both_spellings(TCVN5712),
    "viscii": _both_spellings(VISCII),
}
_VNI_LETTER = re.compile("|".join(sorted(map(re.escape, VNI), key=len, reverse=True)))


def legacy_name(label: str | None) -> str | None:
    """Which of `LEGACY` a charset label means (`x-viet-tcvn5712`, `VISCII` …), if any."""
    return _LABELS.get(label.strip().strip("'\"").lower().replace("_", "-")) if label else None


def has_modern_letters(text: str) -> bool:
    """Whether `text` has letters that only Unicode's Vietnamese has (ă đ ĩ ũ ơ ư ạ … ỹ): no font's text holds them."""
    return _MODERN.search(text) is not None


def convert(text: str, name: str) -> str:
    """`text`, in which characters stand for the letters of encoding `name` (one of `LEGACY`), as NFC Unicode.

    What the encoding has no letter for stays as it is. Raises `KeyError` for another name.
    """
    if name == "vni":
        return _VNI_LETTER.sub(lambda found: VNI[found.group()], text)
    return unicodedata.normalize("NFC", text.translate(_BY_CHARACTER[name]))


def read(body: bytes, name: str) -> str | None:
    """A page's markup, where its site says that it is written in `name`, one of `LEGACY`.

    The charsets read the bytes, and give None for those that are valid UTF-8. For a font's encoding the bytes may be
    UTF-8 or windows-1252, and numeric or named references stand for bytes, too; runs of text with modern letters stay.
    """
    wide = not body.isascii()
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        wide = False
        text = body.decode("latin-1")
    if name in ("viscii", "tcvn5712"):
        return None if wide else convert(text, name)
    text = _REFERENCE.sub(_byte_reference, text)
    return _RUN.sub(lambda run: run.group() if has_modern_letters(run.group()) else convert(run.group(), name), text)


def _byte_reference(reference: re.Match[str]) -> str:
    letter = unescape(reference.group())
    return letter if len(letter) == 1 and "\xa0" < letter <= "\xff" else reference.group()
