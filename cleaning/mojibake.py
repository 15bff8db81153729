"""Mojibake: parts of a page that were UTF-8, and that somebody stored as windows-1252 or Latin-1 before they came here,
made readable: `Viá»‡t Nam` is *Việt Nam*, `lâ€™an` is *l’an*.

Whole pages are no matter of this module: `decoding` finds the right encoding for them. Here a title or a box is wrong
within a page that is right, so each run of text between tags is judged by itself, and right text is never touched.
General repairers (ftfy) take the capitals of `“XÃ”` and of `XÃ HỘI` with a hard space for mojibake, so what counts here
is stricter: a run, or a word, counts only where *all* of its letters that are not ASCII turn into UTF-8, and where what
comes out are Vietnamese syllables, or there are several different such sequences on the page.
"""

import re
import unicodedata

from cleaning.syllables import is_syllable

# windows-1252, with Latin-1's controls where it has nothing, and Ă, which windows-1258 has for Ã.
_BYTES = {char: code for code in range(0x80, 0x100) for char in {chr(code), bytes([code]).decode("cp1252", "ignore")}}
_BYTES.pop("", None)
_BYTES["Ă"] = 0xC3
_TABLE = {ord(char): chr(code) for char, code in _BYTES.items()}
_TAIL = re.escape("".join(char for char, code in _BYTES.items() if 0x80 <= code < 0xC0))
_SEQUENCE = re.compile(f"[ÂÃĂÄÅÆÐÑ][{_TAIL}]|[à-ï][{_TAIL}]{{2}}|[ðñòó][{_TAIL}]{{3}}")
# A capital Ã before one of these is Vietnamese with a hard space, a closing quote or another sign behind it; an á
# before two of them may end a quotation.
_SIGNS = "\xa0»«”“’‘™…–—·•°®©¡¿"
_WEAK = re.compile(f"[ÂÃĂ][{_SIGNS}]|[à-ï][{_SIGNS}]{{2}}")
_LOWER_BEFORE = re.compile(f"(?<=[a-z])Ã[{_SIGNS}]")
# The same in UTF-8, less Ă: its first byte is looked for by memchr, which costs a tenth of what _SEQUENCE does.
_HINT = re.compile(
    rb"\xc3[\x82-\x86\x90\x91\xa0-\xb3]"
    rb"(?:\xc2[\x80-\xbf]|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe]|\xc6\x92|\xcb[\x86\x9c]|\xe2[\x80\x82\x84])"
)
_RUN = re.compile(r"[^<>\"\r\n]+")
_WORD = re.compile(r"[^\W\d_]+")
_PROOF = 3
_LONGEST = 5_000_000  # characters: longer pages are no articles


def mend(text: str, data: bytes | None = None) -> str:
    """`text` with its mojibake made readable; the same string where there is none. `data` is it in UTF-8, if known."""
    if text.isascii() or len(text) > _LONGEST or not _HINT.search(data or text.encode("utf-8", "replace")):
        return text
    # A page proves itself by several different sequences in runs that are mojibake throughout.
    found = {one for run in _RUN.findall(text) if _read(run) is not None for one in _strong(run)}
    proven = len(found) >= _PROOF
    return _RUN.sub(lambda run: _mended(run.group(), proven=proven), text)


def _mended(run: str, *, proven: bool) -> str:
    if run.isascii() or not _SEQUENCE.search(run):
        return run
    after = _read(run)
    if after is not None and (strong := _strong(run)) and (proven or len(strong) > 1 or _is_right(after)):
        return after
    return " ".join(_mended_word(word) for word in run.split(" "))


def _mended_word(word: str) -> str:
    if word.isascii() or not _strong(word):
        return word
    after = _read(word)
    return after if after is not None and _is_right(after) else word


def _strong(run: str) -> set[str]:
    """The different sequences in `run` that right text hardly has."""
    found = {one[0] for one in _SEQUENCE.finditer(run) if not _WEAK.fullmatch(one[0]) or _goes_on(run, one)}
    return found | set(_LOWER_BEFORE.findall(run))


def _goes_on(run: str, sequence: re.Match[str]) -> bool:
    """Whether a sequence of three stands within a word: no sentence goes on like that after a closing quote."""
    return len(sequence[0]) > 2 and run[sequence.end() : sequence.end() + 1].islower()


def _read(run: str) -> str | None:
    """`run` read as UTF-8; None where it is none throughout, or is ASCII."""
    if run.isascii():
        return None
    try:
        read = run.translate(_TABLE).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None
    return unicodedata.normalize("NFC", read)


def _is_right(text: str) -> bool:
    """Whether every word of `text` that is not ASCII is a Vietnamese syllable."""
    return all(word.isascii() or is_syllable(word) for word in _WORD.findall(text))
