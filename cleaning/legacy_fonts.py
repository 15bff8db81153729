"""Legacy fonts: pages whose text was typed for a Vietnamese font of the time before Unicode, made readable.

Such a page says `Céng hoµ` and names a font, `.VnTime`, that draws it as *Cộng hoà*; see `legacy_tables` for what there
is. Its navigation may be Unicode beside it, and the font may be named around text that is Unicode long since. So each
run of text is judged by itself: by how many of its words become Vietnamese syllables that were none before. A font's
name, and proof elsewhere on the page, lower what is asked of a short run; they never suffice alone.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from cleaning.legacy_tables import convert, has_modern_letters
from cleaning.lines import BLOCKS
from cleaning.syllables import is_syllable

_FONTS = ("tcvn3", "vni")
# Without any of these no text of some length is TCVN3 or VNI.
_LETTERS = (
    re.compile(rb"\xc2[\xa8\xaa\xac\xad\xb5\xb6\xb8\xb9\xbc-\xbe]"),
    re.compile(rb"\xc3[\xa4\xaf\xb1\xb8\xbb]"),  # ä ï ñ ø û
)
# After a letter, the first kind are letters of TCVN3 and of no language at all; after an a, the second are VNI's marks.
# In UTF-8, where the first byte of such a pattern is looked for by memchr.
_AFTER_LETTER = re.compile(rb"\xc2[\xa8\xaa-\xad\xb5\xb6\xb8\xb9\xbc-\xbe](?<=[A-Za-z]\xc2[\x80-\xbf])")
_AFTER_A = re.compile(rb"\xc3[\xa0-\xa5\xa8-\xaa\xb5\xb8-\xbc](?<=[Aa]\xc3[\x80-\xbf])")
_REFERENCED = re.compile(rb"&(?:micro|cedil|sup1|ordf|para|oslash|ntilde|#1(?:70|8[1245])|#24[18]);")
_FAMILY = re.compile(r"(?:^|[\s\"',:;])(?:(\.vn[a-z0-9][a-z0-9 -]*)|vni[ -][a-z])", re.IGNORECASE)
_STYLED = re.compile(r"font(?:-family)?\s*:([^;{}]*)", re.IGNORECASE)
_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?(?:\.([\w-]+))?$", re.IGNORECASE)
_WORD = re.compile("[^\x00-@\\[-`{-\xa0\u2000-\u206f]{2,}")
# Editors made a plain hyphen of the soft one that TCVN3 has for ư: n-íc is nước.
_HYPHENED = re.compile(r"(?<![\w-])([^\W\d_]{0,3})-([^\W\d_]{0,5})(?![\w-])")
_SAMPLE_CHARS = 20_000  # of one text: enough to judge it, whatever its length
_ATTRIBUTES = ("alt", "title", "content")
_WORDLESS = frozenset({"script", "style"})

Font = tuple[
    str, bool
]  # the encoding ("" for that of an ordinary font), and whether it shows small letters as capitals


@dataclass(frozen=True, slots=True)
class Weight:
    """What reading a text by an encoding does to its words that are not ASCII: `gains` become syllables (of them
    `distinct` different ones), `losses` cease to be one or were none and stay none, `undecided` are one either way."""

    gains: int
    distinct: int
    losses: int
    undecided: int

    @property
    def proves(self) -> bool:
        """Whether the text is in that encoding, whatever else is known."""
        return (
            self.gains >= 5
            and self.distinct >= 4
            and self.gains >= 4 * self.losses
            and self.gains >= self.undecided // 2
        )


@dataclass(slots=True)
class _Piece:
    """A text in the tree: an element's `text` or `tail`, or an attribute, under a font."""

    element: HtmlElement
    place: str
    text: str

    def write(self, text: str) -> None:
        if self.place in _ATTRIBUTES:
            self.element.set(self.place, text)
        else:
            setattr(self.element, self.place, text)


@dataclass(slots=True)
class _Run:
    """The pieces of one block that are set in one font."""

    font: Font
    pieces: list[_Piece] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(("\n" if _breaks(piece) else "") + piece.text for piece in self.pieces)


def weigh(text: str, name: str) -> Weight:
    """The evidence that `text`, of which the beginning is looked at, is written in the encoding `name`."""
    gained: list[str] = []
    losses = undecided = 0
    for word in _WORD.findall(text[:_SAMPLE_CHARS]):
        if word.isascii():
            continue
        after = convert(word, name)
        before_is, after_is = is_syllable(word), is_syllable(after)
        if after_is and not before_is:
            gained.append(after.lower())
        elif not after_is:
            losses += 1
        elif after != word:
            undecided += 1
    return Weight(len(gained), len(set(gained)), losses, undecided)


def detect(text: str, names: Sequence[str] = (*_FONTS, "viscii")) -> str | None:
    """The one of `names` that the whole of `text` proves itself to be written in, if any."""
    if has_modern_letters(text):
        return None
    weights = {name: weigh(text, name) for name in names}
    best = max(names, key=lambda name: weights[name].gains - weights[name].losses)
    return best if weights[best].proves else None


def has_signs(markup: str, data: bytes | None = None) -> bool:
    """Whether a page may hold text for legacy fonts: their letters stand in words. Cheap, and at times wrong. `data` is
    the markup in UTF-8, if known."""
    data = data or markup.encode("utf-8", "replace")
    if not markup.isascii():
        told = _AFTER_LETTER.search(data) or _AFTER_A.search(data)
        if told and any(letter.search(data) for letter in _LETTERS):
            return True
    return b"&#" in data and _REFERENCED.search(data) is not None


def restore(tree: HtmlElement, markup: str, data: bytes | None = None) -> str:
    """Rewrite the texts of `tree`, parsed from `markup`, that are written for legacy fonts as Unicode. `data` is the
    markup in UTF-8, if known.

    Returns the encodings found, like `tcvn3` or `tcvn3 vni`; empty where nothing was changed.
    """
    if not has_signs(markup, data):
        return ""
    runs = list(_runs(tree))
    proven = _proven(runs)
    found: set[str] = set()
    for run in runs:
        if name := _verdict(run, proven):
            found.add(name)
            for piece in run.pieces:
                piece.write(_rewritten(piece.text, name, capitals=run.font[1]))
        elif run.font[1] and "tcvn3" in proven:
            for piece in run.pieces:
                if piece.text.isascii():
                    piece.write(piece.text.upper())
    return " ".join(sorted(found))


def _rewritten(text: str, name: str, *, capitals: bool) -> str:
    text = convert(text, name)
    if name == "tcvn3":
        text = _HYPHENED.sub(_horned, text)
    return text.upper() if capitals else text


def _horned(found: re.Match[str]) -> str:
    """The word with ư for its hyphen, where that makes a syllable and its parts are none."""
    left, right = found.groups()
    whole = f"{left}ư{right}"
    lonely = len(left) < 2 and not left.islower() and not right
    if not (left or right) or lonely or is_syllable(left) or (not left and is_syllable(right)):
        return found.group()
    return whole if is_syllable(whole) else found.group()


def _proven(runs: Sequence[_Run]) -> frozenset[str]:
    """The encodings that some run, or all of them together, proves."""
    texts = [run.text for run in runs]
    found = {name for text in texts if not text.isascii() and (name := detect(text, _FONTS))}
    if not found and (name := detect("\n".join(texts), _FONTS)):
        found.add(name)
    return frozenset(found)


def _verdict(run: _Run, proven: frozenset[str]) -> str | None:
    text = run.text
    if text.isascii():
        return None
    hinted = run.font[0]
    names = [hinted] if hinted else sorted(proven)
    weights = {name: weigh(text, name) for name in names}
    best = max(names, key=lambda name: weights[name].gains - weights[name].losses, default=None)
    if best is None:
        return None
    weight = weights[best]
    if weight.proves or (weight.gains and weight.gains > 2 * weight.losses):
        return best
    sure = bool(hinted) and hinted in proven and not weight.losses
    return best if sure and weight.undecided else None


def _runs(tree: HtmlElement) -> Iterator[_Run]:
    """The texts that may be a font's: those without letters of modern Vietnamese, block by block and font by font."""
    rules = _style_rules(tree)
    fonts: list[Font] = [("", False)]
    blocks: list[HtmlElement] = [tree]
    runs: dict[tuple[HtmlElement, Font], _Run] = {}

    def note(element: HtmlElement, place: str, text: str | None) -> None:
        if text and not text.isspace() and not has_modern_letters(text):
            runs.setdefault((blocks[-1], fonts[-1]), _Run(fonts[-1])).pieces.append(_Piece(element, place, text))

    for event, element in iterwalk(tree, events=("start", "end")):
        if event == "start":
            fonts.append(_font_of(element, rules) or fonts[-1])
            blocks.append(element if element.tag in BLOCKS or element.tag == "title" else blocks[-1])
            for name in _ATTRIBUTES:
                value = element.get(name)
                if value and not value.isascii() and not has_modern_letters(value):
                    yield _Run(fonts[-1], [_Piece(element, name, value)])
            if element.tag not in _WORDLESS:
                note(element, "text", element.text)
        else:
            fonts.pop()
            blocks.pop()
            note(element, "tail", element.tail)
    yield from runs.values()


def _breaks(piece: _Piece) -> bool:
    return piece.place == "tail" and (piece.element.tag in BLOCKS or piece.element.tag == "br")


def _font_of(element: HtmlElement, rules: dict[tuple[str, str], Font]) -> Font | None:
    """The font that `element` names itself: by its style, its face, or the page's rules for its class or tag."""
    for styled in _STYLED.findall(element.get("style") or ""):
        return _font_named(styled)
    if face := element.get("face"):
        return _font_named(face)
    if not rules:
        return None
    for name in (element.get("class") or "").split():
        if font := rules.get((element.tag, name)) or rules.get(("", name)):
            return font
    return rules.get((element.tag, ""))


def _font_named(value: str) -> Font:
    found = _FAMILY.search(value)
    if found is None:
        return "", False
    if found.group(1) is None:
        return "vni", False
    return "tcvn3", found.group(1).rstrip().lower().endswith("h")


def _style_rules(tree: HtmlElement) -> dict[tuple[str, str], Font]:
    """The legacy fonts that the page's style sheets name, by (tag, class); either may be empty, as in `p.MsoNormal`."""
    found: dict[tuple[str, str], Font] = {}
    for sheet in tree.iter("style"):
        for rule in (sheet.text or "").split("}"):
            selectors, _, declarations = rule.rpartition("{")
            for styled in _STYLED.findall(declarations):
                font = _font_named(styled)
                if not font[0]:
                    continue
                for selector in selectors.split(",")[:100]:
                    last = (selector.split() or [""])[-1]
                    if (named := _SELECTOR.fullmatch(last)) and last:
                        found[((named.group(1) or "").lower(), named.group(2) or "")] = font
    return found
