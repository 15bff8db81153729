"""What tests of lists are made of: feeds, names of entries, a bomb, and damage."""

import random
from collections.abc import Iterator

from spiders.discovery import Entry

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY h0 "https://a.example/">'
    + b"".join(b'<!ENTITY h%d "%s">' % (level, b"&h%d;" % (level - 1) * 10) for level in range(1, 10))
    + b"]>"
)
"""The billion laughs: a document's head, whose entity `h9` would grow to a billion of addresses."""


def rss(items: str) -> bytes:
    """A feed of `items`."""
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Tin Kim Sơn</title>{items}</channel></rss>'.encode()
    )


def urls(entries: list[Entry]) -> list[str]:
    """The addresses of `entries`."""
    return [entry.url for entry in entries]


def damaged(whole: list[bytes], seed: int, rounds: int) -> Iterator[bytes]:
    """One of `whole`, with up to seven places overwritten, cut or lengthened: `rounds` times."""
    chance = random.Random(seed)
    for _ in range(rounds):
        body = bytearray(chance.choice(whole))
        for _ in range(chance.randrange(8)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
        yield bytes(body)
