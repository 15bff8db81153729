"""The pictures and files the demo's pages refer to, drawn from their names: nothing is kept on disk."""

import io
import math
import random
import struct
import zipfile
import zlib
from functools import lru_cache
from html import escape

from demo.exchange import Answer

WIDTH, HEIGHT, SCALE = 200, 113, 3
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@lru_cache(maxsize=64)
def png(name: str) -> bytes:
    """A landscape of sky, hills and water as a PNG of 600 × 339 pixels, the same each time for the same `name`."""
    choice = random.Random(name)  # noqa: S311 — scenery, not secrets
    hue = [choice.randrange(110, 200) for _ in range(3)]
    hills = [_hill(choice, HEIGHT * (0.4 + 0.14 * number)) for number in range(2)]
    rows = bytearray()
    for y in range(HEIGHT):
        row = bytearray()
        for x in range(WIDTH):
            depth = sum(y > hill[x] for hill in hills)
            light = 1.2 - 0.35 * depth - 0.2 * y / HEIGHT
            row += bytes(min(255, int(part * light)) for part in hue) * SCALE
        rows += (b"\0" + row) * SCALE
    header = struct.pack(">IIBBBBB", WIDTH * SCALE, HEIGHT * SCALE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def pdf(text: str) -> bytes:
    """A PDF of one page that says `text` (ASCII)."""
    drawing = f"BT /F1 18 Tf 60 760 Td ({text}) Tj ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, start = len(objects) + 1, len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(out)


def docx(text: str) -> bytes:
    """A DOCX of one paragraph that says `text`, the same bytes each time."""
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{DOCX}.main+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Target="word/document.xml" Type="http://schemas.openxmlformats.org/officeDocument/'
        '2006/relationships/officeDocument"/></Relationships>',
        "word/document.xml": '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body><w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p></w:body></w:document>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            part = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))  # not the time of day
            package.writestr(part, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + content)
    return out.getvalue()


def file(path: str) -> Answer | None:
    """The answer for a picture (`/media/<name>.png`) or document (`/uploads/<name>.pdf`, `.docx`); None for other
    paths."""
    folder, _, name = path.rpartition("/")
    stem, _, ending = name.rpartition(".")
    if folder == "/media" and ending == "png":
        return Answer(body=png(stem), content_type="image/png", validators=True)
    if folder == "/uploads" and ending == "pdf":
        return Answer(body=pdf(stem), content_type="application/pdf", validators=True)
    if folder == "/uploads" and ending == "docx":
        return Answer(body=docx(stem), content_type=DOCX, validators=True)
    return None


def _hill(choice: random.Random, height: float) -> list[float]:
    """The outline of a row of hills around `height`, one number a column."""
    size, start, width = choice.uniform(5, 15), choice.uniform(0, 6), choice.uniform(14, 34)
    return [height + size * math.sin(x / width + start) for x in range(WIDTH)]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
