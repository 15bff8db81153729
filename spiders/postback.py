"""ASP.NET WebForms, where the next page of a list is the page's own form sent again: with its hidden state, and with
the control that a click names by `__doPostBack`. UpdatePanels answer in pieces, the new state among them.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlencode, urljoin

from parsel import Selector
from scrapy.http import HtmlResponse
from scrapy.utils.response import get_base_url

from model.discovery import Postback
from spiders.discovery import DiscoveryError

_POSTBACK = re.compile(
    r"""(?:__doPostBack|WebForm_PostBackOptions)\(\s?(["'])((?:\\.|(?!\1).){0,500})\1\s?,\s?(["'])((?:\\.|(?!\3).){0,500})\3"""
)
_PAGE_NUMBER = re.compile(r"\W*(?:trang|page)?\W*0*([0-9]{1,7})\W*", re.IGNORECASE)

_NEXT = ("›", ">", "next", "sau", "trang sau", "tiếp", "tiếp theo", "kế tiếp", "...", "…", "»", ">>")
"""What the link to the next page, or to the next group of numbers, reads; the surest first."""

_DELTA = re.compile(r"[0-9]{1,9}\|[#\w]{1,40}\|")


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it is to be posted to `url`. `fields` are its own, to be given to the next `filled_form`."""

    url: str
    body: str
    fields: dict[str, str]


def filled_form(page: HtmlResponse, text: str, way: Postback, number: int, variables: dict[str, str]) -> Form | None:
    """The form that asks for page `number`, from `page`, whose content is `text`; None where no link leads there.

    `variables` are the fields of the form that asked for `page`: an UpdatePanel's answer has only those that changed.
    Raises `DiscoveryError`.
    """
    if is_delta(text):
        parts = _read_delta(text)
        root = Selector(text=_updated(parts) or "<p/>", type="html")
        hidden = {name: content for kind, name, content in parts if kind == "hiddenField"}
        fields = list((variables | hidden).items())
        actions = [content for kind, _, content in parts if kind == "formAction"]
        url, encoding = urljoin(page.url, html.unescape(actions[-1]) if actions else ""), "utf-8"
    else:
        root, encoding = page.selector, page.encoding
        form = _form(page)
        fields = [(name, value) for name, value in form.form_values() if name]
        url = urljoin(get_base_url(page), (form.get("action") or "").strip() or page.url)
    if way.target is None and way.argument is None:
        found = _pager_call(root, number)
        if found is None:
            return None
        target, argument = found
    else:
        target = (way.target or "").replace("{n}", str(number))
        argument = (way.argument or "").replace("{n}", str(number))
    event = {"__EVENTTARGET": target, "__EVENTARGUMENT": argument}
    fields = [(name, value) for name, value in fields if name not in event]
    # A character that the page's encoding lacks goes as browsers send it: `&#7879;`.
    body = urlencode(
        [
            (name.encode(encoding, "xmlcharrefreplace"), value.encode(encoding, "xmlcharrefreplace"))
            for name, value in [*event.items(), *fields]
        ]
    )
    return Form(url, body, dict(fields))


def is_delta(text: str) -> bool:
    """Whether `text` is an UpdatePanel's answer."""
    return bool(_DELTA.match(text))


def delta_markup(text: str) -> str:
    """The markup in an UpdatePanel's answer. Raises `DiscoveryError` where it is an error, or leads elsewhere."""
    return _updated(_read_delta(text))


def _form(page: HtmlResponse) -> Any:
    """The form that WebForms puts around the whole page."""
    forms = page.xpath('//form[.//input[@name="__VIEWSTATE" or @name="__EVENTTARGET"]]') or page.xpath("//form")
    if not forms:
        raise DiscoveryError("postback: expected a page with a form and its __VIEWSTATE, found none")
    return forms[0].root


def _pager_call(root: Selector, number: int) -> tuple[str, str] | None:
    """Target and argument of the link to page `number`, or to the next group of numbers."""
    calls = list(islice(_calls(root), 2_000))
    numbers = [int(found[1]) if (found := _PAGE_NUMBER.fullmatch(label)) else None for label, _, _ in calls]

    def likelihood(call: tuple[str, str, str]) -> int:
        _, target, argument = call
        if argument in (f"Page${number}", str(number)):
            return 0
        return 1 if "pag" in target.lower() else 2

    if numbered := [call for call, one in zip(calls, numbers, strict=True) if one == number]:
        return min(numbered, key=likelihood)[1:]
    for word in _NEXT:
        for place in reversed([at for at, (label, _, _) in enumerate(calls) if label == word]):
            _, target, argument = calls[place]
            told = re.search(r"\$([0-9]{1,7})$", argument)
            # The dots before `11 12 13` lead back.
            back = any(numbers[place + 1 :]) if word in ("...", "…") else False
            if not back and not (told and int(told[1]) < number):
                return target, argument
    return None


def _calls(root: Selector) -> Iterator[tuple[str, str, str]]:
    """The links that post back: label, target, argument. The days of asp:Calendar look like pages, and are left out."""
    for link in root.xpath("//*[contains(@href, 'PostBack') or contains(@onclick, 'PostBack')]"):
        for script in (link.root.get("href", ""), link.root.get("onclick", "")):
            found = _POSTBACK.search(html.unescape(unquote(script) if "%27" in script else script))
            if found and "calendar" not in found[2].lower():
                yield _label(link), re.sub(r"\\(.)", r"\1", found[2]), re.sub(r"\\(.)", r"\1", found[4])
                break


def _label(link: Selector) -> str:
    text = "".join(islice(link.root.itertext(), 20))
    if not text.strip():
        text = link.root.get("title") or link.root.get("value") or link.xpath(".//img/@alt").get() or ""
    label = " ".join(unicodedata.normalize("NFC", text[:100]).casefold().split())
    return label.strip(" ›»>") or label


def _read_delta(text: str) -> list[tuple[str, str, str]]:
    """The parts of an UpdatePanel's answer, `length|type|id|content|…`, as (type, id, content). Lengths count UTF-16
    units, as .NET does. A part that is cut short ends it."""
    wide = text.encode("utf-16-le", "surrogatepass")
    bar, place = "|".encode("utf-16-le"), 0
    parts: list[tuple[str, str, str]] = []
    while place < len(wide) and len(parts) < 10_000:
        head: list[str] = []
        while len(head) < 3:
            end = wide.find(bar, place)
            while end > 0 and end % 2:  # found across two characters
                end = wide.find(bar, end + 1)
            if end < 0:
                return parts
            head.append(wide[place:end].decode("utf-16-le", "replace"))
            place = end + 2
        if not (head[0].isascii() and head[0].isdigit() and len(head[0]) < 10):
            return parts
        end = place + 2 * int(head[0])
        parts.append((head[1], head[2], wide[place:end].decode("utf-16-le", "replace")))
        place = end + 2
    return parts


def _updated(parts: list[tuple[str, str, str]]) -> str:
    """The markup among the parts of an UpdatePanel's answer."""
    for kind, name, content in parts:
        if kind in ("error", "pageRedirect"):
            raise DiscoveryError(f"expected a page, found the server's {kind}: {(content or name)[:200]}")
    return "\n".join(content for kind, _, content in parts if kind == "updatePanel")
