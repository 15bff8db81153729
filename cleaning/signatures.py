"""Signatures: what a line that signs an article says: who wrote it, and sometimes for which paper or agency."""

import re
from dataclasses import dataclass

from cleaning.last_lines import ends_sentence
from cleaning.names import is_agency, is_name, is_outlet, is_vietnamese_name, person
from cleaning.organisations import is_media, is_office, is_place_or_office
from cleaning.syllables import is_syllable
from cleaning.text import words

SIGNATURE_CHARS = 80
_NAMES = 4
_INITIAL_CHARS = 4
_BRACKETED = re.compile(r"[(\[（] ?(?P<inner>[^()\[\]（）]+?) ?[)\]）]\.?")
_SENT_IN = re.compile(
    r"(?:c\.?t\.?v|cộng tác viên)\b\.? ?[:：–-]? ?|tin(?:,| và| -)? ?bài(?:(?:,| và| -)? ?ảnh)? ?[:：] ?", re.IGNORECASE
)
# Nobody's name: that a reporter, an editor or the readers' desk wrote it.
_NOBODY = re.compile(
    r"(?:nhóm )?(?:p\.? ?v\.?|c\.?t\.?v\.?|b\.?t\.?v\.?|b\.?b\.?t\.?|phóng viên|cộng tác viên|biên tập viên"
    r"|ban biên tập|tổng hợp)"
    r"(?: ?\(?(?:tổng hợp|t/h|th)\)?)?",
    re.IGNORECASE,
)
# What the signer did, and what with: `Hà Thu tổng hợp từ TTXVN`.
_DEED = r"(?:tổng hợp|lược dịch|biên dịch|dịch|lược thuật|tổng thuật|biên soạn|sưu tầm|thực hiện|ghi)"
_DID = re.compile(
    rf"(?P<names>[^/()]{{3,40}}?),? ?[(\[ ] ?{_DEED}(?:(?:,| và| [–-]) {_DEED})?"
    r"(?: (?:theo|từ) (?P<via>[^()]{2,60}?))? ?[)\]]?",
    re.IGNORECASE,
)
_AFTER = re.compile(r" ?[(\[] ?(?:theo|nguồn ?:?) (?P<via>[^()\[\]]{2,50}?) ?[)\]]$", re.IGNORECASE)
_AFTER_PAPER = re.compile(r"(?P<names>[^/()]{3,40}?),? theo (?P<via>[^()]{2,50})\.?", re.IGNORECASE)
_FOR = re.compile(
    r"(?P<names>[^/()]{3,40}?)(?: ?/ ?(?P<via>[^/()]{2,60})| [–-] (?P<of>[^()]{2,60})| ?\((?P<at>[^()]{2,40})\))"
)
_OFFICE = re.compile(
    r"(?:trung tâm|tt|ttvh\S*|vp|cc|công chức|cán bộ|ubnd|[uủ][yỷ] ban|ub|văn phòng|đài|cổng|trang|phòng|ban|sở|hội"
    r"|đoàn|công an|trường|trạm"
    r"|bộ|chi cục|cục|báo|tạp chí|mttq|bchqs|bộ chqs|chi bộ|đảng [uủ][yỷ]|huyện [uủ][yỷ])\b",
    re.IGNORECASE,
)
# Who edited or illustrated it, or took its pictures: `Biên tập: Thu Hằng`, `Photos by Ann Example`.
_HELPED = re.compile(
    r"[(\[（]? ?(?:(?:biên tập(?: viên)?|btv|hiệu đính|trình bày|thiết kế|đồ họa|minh họa|kỹ thuật"
    r"|(?:ảnh|clip|video)(?:(?:,| và| -|/) ?(?:ảnh|clip|video))?|photos?|foto|graphics?|editors?|redaktur|penyunting"
    r"|编辑|編輯|責任編輯|责任编辑|责编) ?[:：]|(?:photos?|edited|editing|illustrat(?:ed|ions?)) by\b) ?"
    r"(?P<names>[^:：()（）\[\]]{2,60}?) ?[)\]）]?\.?",
    re.IGNORECASE,
)
_END = re.compile(r" ?\.? ?/ ?\.$")
# Agencies and initials, as papers end an article: `(dpa/jk)`, `(sd/bs)`, `(Reuters)`.
_SHORT = re.compile(r"[(\[](?P<parts>[^\W\d_]{2,12}(?:[/,;-] ?[^\W\d_]{2,12}){0,3})[)\]]\.?")
_KOREAN = re.compile(r"(?P<name>[\uac00-\ud7af]{2,4}) (?:기자|특파원)(?: ?[=|]? ?\S+@\S+)?")
# A pen name of initials: `M.T`, `M. Tuấn`.
_INITIALS = re.compile(r"[A-ZĐ]\. ?[A-ZĐ](?:\.|[a-zà-ỹ]{1,6})?")
_PARTS = re.compile(r" ?(?:,|-|–|;|/|&) ?| và ")
_ONLY_NAME_FORMS = re.compile(r"[\w .,&;/–-]+")


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, in order; nobody where a line says no more than *reporter*. `via` is the paper or agency that stands
    behind the name. `explicit`: the line's form, not only its place, says that it is a signature."""

    names: tuple[str, ...]
    via: str | None = None
    explicit: bool = False


def read_signature(
    text: str, outlets: frozenset[str], *, vietnamese: bool, apart: bool, pen_names: bool = False
) -> Signature | None:
    """What the line says, if it can be a signature; None where it cannot.

    `vietnamese`: Vietnamese names are looked for; `apart`: it stands on the right or is marked as an author's, so any
    name is one; `pen_names`: even one of a single word.
    """
    if len(text) > SIGNATURE_CHARS:
        return None
    plain, via = _END.sub("", text.strip()), None
    explicit = False
    if bracketed := _BRACKETED.fullmatch(plain):
        plain, explicit = bracketed["inner"], True
    if _NOBODY.fullmatch(plain):
        return Signature((), explicit=explicit)
    if korean := _KOREAN.fullmatch(plain):
        return Signature((korean["name"],), explicit=True)
    if (short := _SHORT.fullmatch(text.strip())) and (end := _read_short(short["parts"])):
        return end
    if sent := _SENT_IN.match(plain):
        plain, explicit = plain[sent.end() :], True
    if after := _AFTER.search(plain):
        plain, via, explicit = plain[: after.start()], after["via"], True
    elif did := _DID.fullmatch(plain):
        plain, via, explicit = did["names"], did["via"], True
    elif (paper := _AFTER_PAPER.fullmatch(plain)) and (is_media(paper["via"]) or is_outlet(paper["via"], outlets)):
        plain, via, explicit = paper["names"], paper["via"], True
    elif (found := _FOR.fullmatch(plain)) and _is_for(found, outlets, apart=apart):
        plain, explicit = found["names"], True
        behind = found["via"] or found["of"] or found["at"]
        via = behind if is_media(behind) and not _NOBODY.fullmatch(behind) else None
    if vietnamese and _INITIALS.fullmatch(plain):
        return Signature((plain,), via, explicit)
    name = person(plain, outlets)
    if name is None:
        return None
    explicit = explicit or (words(name) != words(plain) and _ONLY_NAME_FORMS.fullmatch(plain) is None)
    parts = [part for part in _PARTS.split(name) if part]
    if not parts or len(parts) > _NAMES or any(is_place_or_office(part) for part in parts):
        return None
    if not (
        ((vietnamese or apart) and all(is_vietnamese_name(part) for part in parts))
        or (apart and all(is_name(part) for part in parts))
    ):
        if not (pen_names and name.isalpha() and name[0].isupper() and not name.isupper()):
            return None
        parts = [name]
    return Signature(tuple(parts), None if via is None or is_outlet(via, outlets) else via, explicit)


def credits_helpers(text: str, outlets: frozenset[str]) -> bool:
    """Whether the line says who helped: edited the article, drew for it, took its pictures."""
    found = _HELPED.fullmatch(text) if len(text) <= SIGNATURE_CHARS else None
    if found is None:
        return False
    parts = [part for part in _PARTS.split(found["names"]) if part]
    return 0 < len(parts) <= _NAMES and all(
        is_name(part)
        or is_vietnamese_name(part)
        or is_media(part)
        or is_outlet(part, outlets)
        or _NOBODY.fullmatch(part) is not None
        for part in parts
    )


def is_spelt_vietnamese(text: str) -> bool:
    """Whether the words of a short text, one with diacritics among them, are all spelt as Vietnamese syllables."""
    if text.isascii() or len(text) > SIGNATURE_CHARS:
        return False
    return all(map(is_syllable, re.findall(r"\w+", text)))


def signs_as_office(text: str) -> bool:
    """Whether the line is the office of who signed a document: `CHỦ TỊCH`."""
    return len(text) <= SIGNATURE_CHARS and not ends_sentence(text) and is_office(text)


def begins_with_name(text: str) -> bool:
    """Whether the line is like one of a list of persons or places: it begins with such a name, behind its bullet."""
    tokens = re.sub(r"^[\W\d_]+", "", text).split()[:2]
    if not tokens or tokens[0].endswith(":"):
        return False
    return len(tokens) == 2 and is_vietnamese_name(" ".join(token.strip(",.:;()") for token in tokens))


def _read_short(text: str) -> Signature | None:
    """What agencies and initials in brackets say: who published it first, and nobody's name."""
    parts = re.split(r"[/,;-] ?", text)
    agencies = [part for part in parts if is_agency(part) and (len(part) > 2 or part == "AP")]
    if not agencies and (len(parts) < 2 or "," in text):
        return None
    if not all(part in agencies or (part.islower() and len(part) <= _INITIAL_CHARS) for part in parts):
        return None
    return Signature((), "/".join(agencies) or None, explicit=True)


def _is_for(found: re.Match[str], outlets: frozenset[str], *, apart: bool) -> bool:
    """Whether behind the names stands who they wrote for."""
    behind = found["via"] or found["of"] or found["at"]
    if is_media(behind) or is_outlet(behind, outlets) or _NOBODY.fullmatch(behind):
        return True
    # In brackets also where somebody in a list is from.
    return (found["at"] is None or apart) and _OFFICE.match(behind) is not None and not is_vietnamese_name(behind)
