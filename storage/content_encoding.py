"""Undoing a Content-Encoding: gzip and deflate, which are all bantin asks servers for."""

import zlib

from isal import isal_zlib

ACCEPTED = "gzip, deflate"
"""The Accept-Encoding a crawl sends."""

CODINGS = frozenset(
    {"aes128gcm", "br", "bzip2", "compress", "dcb", "dcz", "exi", "pack200-gzip", "x-bzip2", "x-compress", "zstd"}
)
"""What else a body may be encoded in (IANA's registry of HTTP content codings, and what browsers once took). Any other
word says nothing of the body: misconfigured servers write its charset here, `none` or `8bit`."""

MAX_LAYERS = 5
MAX_MEMBERS = 500
"""Honest servers apply one encoding (curl takes five at most) and send one gzip member. A body of empty members, or one
that decompresses to itself under a header that names gzip a thousand times, would keep a crawl busy for minutes."""


class ContentEncodingError(ValueError):
    """A body is not what its Content-Encoding says, or grows past the limit."""


def decode_body(body: bytes, encoding: str, limit: int) -> bytes:
    """`body` without its content encodings, at most `limit` bytes (a bomb raises instead).

    `encoding` is the header's value, several in the order they were applied. A body that is cut short gives what is
    there; one that is not compressed at all although the header says so is returned as it is, as browsers do, and so is
    one whose header names no coding (`utf-8`).
    Raises `ContentEncodingError`.
    """
    names = [part.strip().lower() for part in encoding.split(",")]
    if len(names) > MAX_LAYERS:
        raise ContentEncodingError(f"{len(names)} content encodings: expected {MAX_LAYERS} at most")
    for name in reversed(names):
        match name:
            case "" | "identity":
                continue
            case "gzip" | "x-gzip":
                body = _gunzip(body, limit)
            case "deflate":
                body = _inflate(body, limit)
            case _ if name in CODINGS:
                raise ContentEncodingError(f"Content-Encoding {name!r}: expected one of {ACCEPTED}")
    return body


def is_cut_short(sent: bytes, encoding: str, body: bytes) -> bool:
    """Whether the page `body`, which `sent` was decoded to, surely lacks its end: the compressed stream stops in the
    middle, as where a server hangs up that has not said how long its answer is.

    A page that has come to its `</html>` is whole, and so is a stream that lacks no more than its check sum.
    """
    if encoding.strip().lower() not in ("gzip", "x-gzip") or not sent.startswith(b"\x1f\x8b"):
        return False
    if int.from_bytes(sent[-4:], "little") == len(body) % 2**32 or b"</html" in body[-2_000:].lower():
        return False
    stream = isal_zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        stream.decompress(sent, len(body) + 1)
        if stream.eof or sent[3:4] != b"\0":  # a header of more than its ten bytes
            return not stream.eof
        stream = isal_zlib.decompressobj(-zlib.MAX_WBITS)
        stream.decompress(sent[10:], len(body) + 1)
    except isal_zlib.error:  # type: ignore[misc]
        return False  # damaged, which is another matter
    return not stream.eof


def _gunzip(body: bytes, limit: int) -> bytes:
    return _decompress(body, 16 + zlib.MAX_WBITS, limit) if body.startswith(b"\x1f\x8b") else body


def _inflate(body: bytes, limit: int) -> bytes:
    """zlib's framing, as RFC 9110 wants it, or the raw stream that some servers send."""
    try:
        return _decompress(body, zlib.MAX_WBITS, limit)
    except ContentEncodingError:
        return _decompress(body, -zlib.MAX_WBITS, limit)


def _decompress(body: bytes, window_bits: int, limit: int) -> bytes:
    out, rest = b"", body
    for _ in range(MAX_MEMBERS):
        stream = isal_zlib.decompressobj(window_bits)
        try:
            out += stream.decompress(rest, limit + 1 - len(out))
        except isal_zlib.error as err:  # type: ignore[misc]
            if out:
                return out  # a member was whole; what follows is padding or damage
            raise ContentEncodingError(f"the body cannot be decompressed: {err}") from err
        if len(out) > limit:
            raise ContentEncodingError(f"the body grows past {limit} bytes when decompressed")
        rest = stream.unused_data
        if not stream.eof or not rest:
            return out
    raise ContentEncodingError(f"the body has more than {MAX_MEMBERS} gzip members")
