"""Endings: what stands behind an article's last sentence: a list, which stays; who wrote it; the end's own sign."""

import re
from dataclasses import dataclass
from itertools import takewhile

from lxml.html import HtmlElement

from cleaning.last_lines import has_bullet, is_sentence
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.names import distinct
from cleaning.page import attribute_text
from cleaning.signatures import SIGNATURE_CHARS, begins_with_name
from cleaning.tail import Tail

# How officials end what they write: `…/.`, mostly behind the sentence's own full stop.
_BODY_END = re.compile(r"(?P<stop> ?\.)?(?P<end> ?/ ?\.)$")
_LISTS = frozenset({"ul", "ol", "table"})


@dataclass(frozen=True, slots=True)
class Ending:
    """What an article's end says: `author` signed it, `via_name` and `via_url` published it first."""

    author: str | None = None
    via_name: str | None = None
    via_url: str | None = None


def keep_last_list(ledger: Ledger, region: HtmlElement) -> None:
    """Keep the list behind the article's last sentence in its `region`, which trafilatura leaves out where its items
    are short: right behind a kept line, under the same parent, and without links."""
    last = next((line for line in reversed(ledger.lines) if line.kept and not line.gone and _may_announce(line)), None)
    behind = None
    for line in ledger.lines[last.index + 1 :] if last is not None else ():
        if line.kept and not line.gone:
            last = line
        elif not line.gone:
            behind = line
            break
    if last is None or behind is None:
        return
    home = last.block.getparent()
    around = (behind.block, *behind.block.iterancestors())
    found = next((one for one in around if one.getparent() is home), None)
    if found is None or region not in found.iterancestors():
        return
    announced = last.text.endswith(":")
    if found.tag in _LISTS or (announced and len(ledger.under(found)) > 1):
        lines = ledger.under(found)
        if attribute_text(found) and not announced:
            return
    elif announced:
        following = (line for line in ledger.lines[behind.index :] if not line.gone)
        lines = list(takewhile(lambda line: line.block.getparent() is home and _is_entry(line), following))
    else:
        return
    if not any(line.link_chars or line.kept for line in lines):
        for line in lines:
            line.kept = True


def leave_out_signature(
    ledger: Ledger, region: HtmlElement, outlets: frozenset[str], vietnamese: bool
) -> tuple[str | None, str | None]:
    """Leave out the signature behind the article's last sentence in its `region`, or right behind that; who signed, and
    the paper or agency beside the name. Lines with no more than the outlet's name go, too."""
    tail = Tail(ledger, region, outlets, vietnamese)
    names: list[str] = []
    via = None
    for line in tail.outlet_lines():
        ledger.leave_out([line], "outlet", line.block)
    for line, signature in tail.signatures() or tail.behind_region():
        names += signature.names
        via = via or signature.via
        ledger.leave_out([line], "signature", line.block)
    if not names and (found := tail.signature_in_sentence()):
        line, signed, rest, signature = found
        names, via = [*signature.names], signature.via
        ledger.cut(line, signed, rest, "signature")
    for line in tail.helpers():
        ledger.leave_out([line], "signature", line.block)
    return "; ".join(distinct(names)) or None, via


def cut_body_end(ledger: Ledger, line: Line) -> None:
    """Cut the `/.` that ends a body off `line`, the article's last; a sentence keeps its full stop."""
    if found := _BODY_END.search(line.text):
        rest = line.text[: found.start()] + (found["stop"] or "").strip()
        ledger.cut(line, found["end"].strip(), rest, "body-end")


def _is_entry(line: Line) -> bool:
    """Whether the line is one of a list's by its beginning."""
    short = len(line.text) <= SIGNATURE_CHARS
    return short and (begins_with_name(line.text) or has_bullet(line))


def _may_announce(line: Line) -> bool:
    return is_sentence(line) or line.text.endswith(":")
