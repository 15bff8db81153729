"""Credits: who took a picture, as captions say it behind their own words (`Ảnh: Hà Thu`, `(Nguồn: TTXVN)`)."""

import re
from dataclasses import dataclass

from cleaning.names import is_agency, is_vietnamese_name

CREDIT_CHARS = 120

_PHOTO = (
    r"nguồn\s+(?:ảnh|hình)|(?:ảnh|hình)\s+minh\s+(?:họa|hoạ)|ảnh|hình"
    r"|(?:photo|image)(?:graph)?s?(?:\s+(?:credits?|by|courtesy|source))?|picture|foto(?:\s+oleh)?|sumber\s+foto|dok\.?"
)
_SOURCE = r"nguồn|sources?|credits?|sumber|kredit|crédits?(?:\s+photos?)?|quelle|bild|fuente|фото"
_LABEL = re.compile(
    rf"(?<!\w)(?:(?P<photo>(?:{_PHOTO})\s*:|(?:photo(?:graph)?s?|foto)\s+(?:by|oleh|courtesy\s+of)\b)"
    rf"|(?P<source>(?:{_SOURCE})\s*:)|(?P<sign>©)(?!\s*(?:\d|copyright)))\s*",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(?P<credit>[^()\[\]:]{2,80}(?:\([^()\[\]:]{2,40}\))?)[)\]\s.;]*")
_LABELS = re.compile(
    rf"(?:[\s(\[–—-]*(?:©|copyright\b(?!\s*\d)|(?:{_PHOTO}|{_SOURCE})\s*:|(?:photo(?:graph)?s?|foto)\s+(?:by|oleh)\b))+\s*",
    re.IGNORECASE,
)
_WITHOUT_COLON = re.compile(
    r"(?:[(\[]|[.!?…–—-] )\s*(?P<label>Ảnh|ẢNH|Photo|Foto) (?P<credit>[^.,:;()\[\]]{2,40}?)[)\]\s.]*$"
)
_BRACKETED = re.compile(r"\((?P<credit>[^():]{2,60})\)[\s.]*$")
_STOCK = re.compile(r"\b(?:Getty|AFP|AP Photo|Shutterstock|iStock|IMAGO)\b")
# A signature names the writer by the same words: `Bài, ảnh: Hà Thu`.
_WRITTEN = re.compile(
    r"(?:^|[\s.(])(?:tin|bài|bài viết|clip|video|text|words|story|teks|naskah)\s*(?:,|;|và|&|\+|-|–|/|and|dan)?\s*$",
    re.IGNORECASE,
)
_OPENING = '([.,;|/–—-…!?"”»’'
_BETWEEN = " ([-–—|/,;"
# Said by those who give no name: of four words or more, only the first begins with a capital.
_GIVEN = re.compile(r"cung cấp|tư liệu|sưu tầm|chụp|màn hình|courtesy|supplied|handout|archive", re.IGNORECASE)
_SENTENCE_WORDS = 4
# That a picture only illustrates: `(Ảnh minh họa)`.
_ILLUSTRATES = re.compile(
    r"(?:.*\()?\s*(?:ảnh|hình)(?:\s+chỉ\s+có\s+tính(?:\s+chất)?)?\s+minh\s+(?:họa|hoạ)\s*"
    r"(?:\([^()]*\)|[-–—/]\s*[^()]{2,40})?[)\s.]*",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:ảnh|hình|photo|foto|image|figure|fig\.?|gambar)\s*\d{1,3}(?:\.\d{1,2})?\s*[:.–—-]\s", re.IGNORECASE
)
_ONLY_LABEL = re.compile(r"(?:image|photo)?\s*(?:copyright|credits?|source|caption|ảnh|nguồn)\s*:?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Credit:
    """What ends a text: the credit `named`, whose label starts at `start`. `is_source`: it only names a source."""

    start: int
    named: str
    is_source: bool = False


def split_credit(caption: str) -> tuple[str, str | None]:
    """A caption without its credit, and the credit: `Cổng chào. Ảnh: Hà Thu` → (`Cổng chào.`, `Hà Thu`).

    What is said of the picture is no credit, though a label stands before it: `Ảnh: Quang cảnh hội nghị`.
    """
    found = _find(caption)
    if found is None:
        return caption, None
    rest = caption[: found.start].rstrip(_BETWEEN)
    if _is_said(found.named):
        return (caption, None) if rest else (found.named, None)
    return rest if any(map(str.isalnum, rest)) else "", found.named


def plain_credit(text: str) -> str | None:
    """What an element that is marked as a credit names: without the label before it and the brackets around it."""
    labels = _LABELS.match(text)
    named = text[labels.end() if labels else 0 :].strip(" .;:|–—-")
    if named.startswith("(") and named.endswith(")"):
        named = named[1:-1].strip()
    return named.removesuffix(")").strip() if named.count(")") > named.count("(") else named or None


def is_label(text: str) -> bool:
    """Whether it only says that a credit follows."""
    return _ONLY_LABEL.fullmatch(text) is not None


def speaks_of_picture(text: str) -> bool:
    """Whether the end of the line says who took a picture, or that it only illustrates: then it is a caption."""
    if _NUMBERED.match(text) or ("minh" in text.casefold() and _ILLUSTRATES.fullmatch(text)):
        return True
    found = _find(text)
    return found is not None and not found.is_source


def ends_with_source(text: str) -> bool:
    """Whether the end of the line names a source in brackets: `Cổng chào (Nguồn: TTXVN)`."""
    found = _find(text)
    return found is not None and found.is_source and text[: found.start].rstrip()[-1:] in ("(", "[")


def is_credit(text: str) -> bool:
    """Whether the line is a credit and nothing else."""
    rest, credit = split_credit(text)
    return credit is not None and not rest


def _find(text: str) -> _Credit | None:
    """The credit that ends `text`."""
    for label in _LABEL.finditer(text):
        named = _NAMED.fullmatch(text, label.end())
        if named is None:
            continue
        before = text[: label.start()].rstrip()
        if before and before[-1] not in _OPENING and not text[label.start()].isupper() and not label["sign"]:
            continue  # a word of the sentence: `anh giơ tấm ảnh: …`
        if _WRITTEN.search(before):
            return None
        credit = named["credit"].strip(" .;")
        return _Credit(label.start(), credit, label["source"] is not None) if len(credit) > 1 else None
    if (found := _WITHOUT_COLON.search(text)) and (is_agency(found["credit"]) or is_vietnamese_name(found["credit"])):
        return _Credit(found.start("label"), found["credit"])
    if (found := _BRACKETED.search(text)) and any(map(_is_known, found["credit"].split("/"))):
        return _Credit(found.start(), found["credit"], is_source=True)
    return None


def _is_known(name: str) -> bool:
    """Whether `name` is an agency's that sells pictures: no label need say so."""
    return is_agency(name.strip()) or _STOCK.search(name) is not None


def _is_said(credit: str) -> bool:
    """Whether it reads like words about the picture and not like names."""
    said = credit.split()
    return (
        len(said) >= _SENTENCE_WORDS
        and said[0][0].isupper()
        and not any(word[0].isupper() for word in said[1:])
        and _GIVEN.search(credit) is None
    )
