"""Text from pages, as it may be shown."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def safe(value: object) -> str:
    """`value` without control characters: an escape sequence in a title must not reach the terminal, nor may what a
    browser shows run from right to left where it should not."""
    return _CONTROL.sub("�", str(value))
