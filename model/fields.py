"""The kinds of values that a source's file is made of, each with what is expected in its place."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an absolute http(s) address, like https://example.org/news/")
    return value


def _regular_expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as err:
        raise ValueError(f"expected a regular expression: {err}") from err
    return value


def _css_selector(value: str) -> str:
    from cssselect import GenericTranslator, SelectorError

    try:
        GenericTranslator().css_to_xpath(value)
    except SelectorError as err:
        raise ValueError(f"expected a CSS selector: {err}") from err
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Regex = Annotated[str, AfterValidator(_regular_expression)]
Selector = Annotated[str, AfterValidator(_css_selector)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class Section(BaseModel):
    """A part of the file: nothing but its own fields, and not changed once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
