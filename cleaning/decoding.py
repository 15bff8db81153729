"""Decoding: from the bytes a server sent to text, without trusting what it says about them."""

import codecs
import re
import unicodedata
from dataclasses import dataclass, field

from charset_normalizer import from_bytes
from w3lib.encoding import html_body_declared_encoding, resolve_encoding

from cleaning.legacy_fonts import detect
from cleaning.legacy_tables import LEGACY, legacy_name, read
from cleaning.mojibake import mend

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# 7-bit and double-byte encodings whose bytes may also be valid UTF-8 or ASCII: believed where they are declared.
_SEVEN_BIT = frozenset({"iso-2022-jp", "hz", "hz-gb-2312", "utf-7", "iso2022_jp"})
_WESTERN = frozenset({"cp1252", "iso8859-1", "latin-1", "iso8859-15", "ascii", "cp1258"})
_SAMPLE_BYTES = 20_000
_LEGACY_SAMPLE_BYTES = 6_000
_BROKEN_SHARE = 5  # EUC and Shift JIS bytes make valid UTF-8 sequences too, but about as many invalid ones
_META_LABEL = re.compile(
    rb"<(?:meta|\?xml)[^<>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE
)
_VIETNAMESE = re.compile("[\u1ea0-\u1ef9]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page's text in NFC. `encoding` is the codec used, or one of `legacy_tables.LEGACY`; `origin` who named it
    (`source`, `bom`, `http`, `meta`, `detected`). `data` is the text in UTF-8, which several steps search: faster than
    text, and often it is what the server sent."""

    text: str
    encoding: str
    origin: str
    data: bytes = field(default=b"", repr=False)


def decode(body: bytes, charset: str | None = None, forced: str | None = None) -> Decoded:
    """The text of `body`.

    `charset` is what the Content-Type header says, `forced` what the source's file says (`fetch.encoding`). A
    declared encoding counts only where the bytes decode strictly by it and it does not turn UTF-8 or windows-1258
    into mojibake. Parts that were mojibake before they were sent are mended. Never raises: bytes that fit nothing
    become U+FFFD.

    Text typed for a legacy font is left as typed, unless the source or a label names its encoding: only the markup
    tells which of a page's texts it is, see `legacy_fonts.restore`.
    """
    found = _forced(body, forced) or _marked(body) or _utf8(body, charset) or _declared(body, charset) or _guess(body)
    text = unicodedata.normalize("NFC", found.text)
    data = found.data if text is found.text and found.data else text.encode("utf-8", "replace")
    mended = mend(text, data)
    return Decoded(mended, found.encoding, found.origin, data if mended is text else mended.encode("utf-8", "replace"))


def _strict(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (LookupError, UnicodeError, ValueError):
        return None


def _forced(body: bytes, forced: str | None) -> Decoded | None:
    if not forced:
        return None
    text = read(body, forced) if forced in LEGACY else _strict(body, forced)
    return None if text is None else Decoded(text.removeprefix("\ufeff"), forced, "source")


def _marked(body: bytes) -> Decoded | None:
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return Decoded(body[len(bom) :].decode(encoding, "replace"), encoding, "bom")
    head = body[:2_000]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        # Markup is ASCII for the most part, so in UTF-16 nearly every second byte is NUL.
        zeros = head[offset::2].count(0)
        if len(head) >= 40 and zeros > len(head) * 0.35 and head.count(0) - zeros < zeros / 10:
            return Decoded(body.decode(encoding, "replace"), encoding, "detected")
    return None


def _named(body: bytes, charset: str | None) -> list[tuple[str, str]]:
    """The declared encodings as (codec, origin), in order of trust."""
    found = []
    for label, origin in ((charset, "http"), (html_body_declared_encoding(body[:8_192]), "meta")):
        codec = resolve_encoding(label) if label else None
        if codec and not codec.startswith(("utf-16", "utf-32")):  # with neither BOM nor NULs it cannot be true
            found.append((codec, origin))
    return found


def _legacy_label(body: bytes, charset: str | None) -> tuple[str, str] | None:
    """The legacy encoding that is declared, and where: such labels are unknown to Python and to browsers of today."""
    meta = _META_LABEL.search(body[:8_192])
    for label, origin in ((charset, "http"), (meta.group(1).decode("ascii") if meta else None, "meta")):
        if name := legacy_name(label):
            return name, origin
    return None


def _utf8(body: bytes, charset: str | None) -> Decoded | None:
    """UTF-8, where the bytes say so: its sequences do not come about by chance."""
    named = _named(body, charset)
    if any(codec in _SEVEN_BIT for codec, _ in named):
        return None
    origin = next((origin for codec, origin in named if codec == "utf-8"), "detected")
    strict = _strict(body, "utf-8")
    if strict is not None:
        return Decoded(strict, "utf-8", origin, body)
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for char in text if char > "\x7f") - broken
    if whole > broken * (_BROKEN_SHARE if origin != "detected" else 4 * _BROKEN_SHARE):
        return Decoded(text, "utf-8", origin)
    return None


def _declared(body: bytes, charset: str | None) -> Decoded | None:
    if (labelled := _legacy_label(body, charset)) and (text := read(body, labelled[0])) is not None:
        return Decoded(text, *labelled)
    for codec, origin in _named(body, charset):
        text = _strict(body, codec)
        if text is None:
            continue
        western = codecs.lookup(codec).name in _WESTERN
        if western and (old := _legacy(body)) is not None:
            return old
        if western and (vietnamese := _cp1258(body)) is not None:
            return Decoded(vietnamese, "cp1258", origin if codec == "cp1258" else "detected")
        return Decoded(text, codec, origin)
    return None


def _legacy(body: bytes) -> Decoded | None:
    """The text, where it proves itself to be VISCII, or to be typed for a legacy font: then as that font's bytes."""
    name = detect(_prose(body)[:_LEGACY_SAMPLE_BYTES].decode("latin-1"))
    if name == "viscii" and (text := read(body, name)) is not None:
        return Decoded(text, name, "detected")
    if name is None:
        return None
    return Decoded(_strict(body, "cp1252") or body.decode("latin-1"), "cp1252", "detected")


def _cp1258(body: bytes) -> str | None:
    """The text by windows-1258, where that gives Vietnamese: several letters that only it has, and `đ`."""
    text = unicodedata.normalize("NFC", body.decode("cp1258", "replace"))
    letters = set(_VIETNAMESE.findall(text))
    return text if len(letters) >= 5 and ("đ" in text or "Đ" in text) else None


def _guess(body: bytes) -> Decoded:
    if (old := _legacy(body)) is not None:
        return old
    if (vietnamese := _cp1258(body)) is not None:
        return Decoded(vietnamese, "cp1258", "detected")
    best = from_bytes(_prose(body)).best()
    if best is not None and (text := _strict(body, best.encoding)) is not None:
        return Decoded(text, best.encoding, "detected")
    return Decoded(body.decode("utf-8", "replace"), "utf-8", "detected")


def _prose(body: bytes) -> bytes:
    """The part of `body` that tells encodings apart: whole texts between tags that are not ASCII alone."""
    found: list[bytes] = []
    size = 0
    for piece in re.finditer(rb"[^<>]{2,}", body):
        if not piece.group().isascii():
            found.append(piece.group())
            size += len(found[-1])
            if size >= _SAMPLE_BYTES:
                break
    return b"\n".join(found)[: 2 * _SAMPLE_BYTES] or body[:_SAMPLE_BYTES]
