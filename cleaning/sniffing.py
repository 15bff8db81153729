"""Sniffing: what kind of document some bytes are, whatever the server called them."""

import json
import re

_MAGIC = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP, or an office document"),
    (b"\xd0\xcf\x11\xe0", "office document"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG image"),
    (b"GIF8", "GIF image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"RIFF", "RIFF media"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"OggS", "Ogg media"),
    (b"ID3", "MP3 audio"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x7fELF", "program"),
    (b"MZ\x90", "program"),
    (b"wOF", "font"),
)
_XML_KINDS = re.compile(r"<(?:\w+:)?(rss|feed|urlset|sitemapindex|rdf|svg|opml|wsdl)[\s>]", re.IGNORECASE)
_HTML_TAG = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|div|p|table|article|main|section|span|a|ul|h[1-6]|form|center|font|br)\b",
    re.IGNORECASE,
)
_CONTROLS = bytes([*range(9), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_HEAD = 4_096


def binary_kind(body: bytes) -> str | None:
    """What binary document `body` is; None where it looks like text. UTF-16 text counts as text."""
    head = body[:_HEAD]
    start = head.lstrip(b" \t\r\n")
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    if head[4:8] == b"ftyp":
        return "MP4 media"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _is_wide(head):
        return None
    return "binary data" if len(head) - len(head.translate(None, _CONTROLS)) > max(8, len(head) // 50) else None


def _is_wide(head: bytes) -> bool:
    odd, even = head[1::2].count(0), head[0::2].count(0)
    return max(odd, even) > len(head) * 0.35 and min(odd, even) < len(head) * 0.05


def text_kind(text: str) -> str | None:
    """What document that is not HTML `text` is (JSON, a feed, plain text …); None where it has HTML's tags."""
    start = text[:_HEAD].lstrip("\ufeff \t\r\n")
    tagged = _HTML_TAG.search(text)
    if start[:1] in ("{", "["):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return "JSON"
    if (
        start.startswith("<")
        and (kind := _XML_KINDS.search(start))
        and not re.search(r"<html[\s>]", start, re.IGNORECASE)
    ):
        return f"XML ({kind.group(1).lower()})"
    return None if tagged else "plain text"
