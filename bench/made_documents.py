"""Documents for the index by the million, with a vocabulary like a language's: for measures of searching.

Words are of one to three syllables that Vietnamese has or could have (6,000 of them), 120,000 words in all; the one of
rank r is drawn as often as 1 / (r + 2.7) ** 1.05 says, which is Zipf's law as Mandelbrot has it. Four in a hundred are
numbers, so that terms go on growing with the texts; one article in ten is of words that look English. So frequent words
stand in nearly every article, half of the words in fewer than one in ten thousand, and phrases have real words for
their parts. What is missing is that an article keeps to its subject: words are drawn each for itself.
"""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice, product
from random import Random

import numpy as np
from numpy.typing import NDArray

from browse.index.document import Document
from storage import keys

ONSETS = "b c ch d đ g gi h k kh l m n ng nh ph qu r s t th tr v x"
RHYMES = (
    "a ac ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăt âm ân âng âp ât âu ây e em en eo ê ên ênh êu i ia iêm "
    "iên iêng iêp iêt iêu im in inh it iu o oa oan oang oc oi om on ong op ot ô ôc ôi ôm ôn ông ôt ơ ơi ơn u ua "
    "uân uât uc ui um un ung uôc uôi uôn uông uôt uy uyên uyêt ư ưa ưc ưng ươc ươi ương ưu"
)
TONES = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
STEMS = "an ber cor den el for gar hos ing jun ker lon mar nor ort pen qui ran sol ton uld ver wis yar zen"
SYLLABLES, WORDS = 6_000, 120_000
SOURCES, PROVINCES, SECTIONS, AUTHORS, TAGS = 200, 34, 14, 20_000, 3_000
LAST_DAY, DAYS = date(2026, 11, 20), 1_000
TITLE, TEXT = 8, (160, 60)
"""A title's words, and mean and spread of a text's."""

BLOCK = 1000


@lru_cache
def lexicon(english: bool = False) -> list[str]:
    """The words, the most frequent first."""
    dice = np.random.default_rng(7)
    if english:
        stems = STEMS.split()
        pairs = ["".join(one) for one in product(stems, stems)]
        whole, lengths = [a + b for a, b in product(["", *stems, *pairs], pairs)], np.ones(WORDS, int)
    else:
        whole = [onset + _toned(rhyme, tone) for onset, rhyme, tone in product(ONSETS.split(), RHYMES.split(), TONES)]
        lengths = dice.choice([1, 2, 2, 3], WORDS)
        lengths[:300] = 1
    whole = sorted(whole, key=len)[: 4 * SYLLABLES] if english else whole
    dice.shuffle(whole)
    syllables = whole[: len(whole) if english else SYLLABLES]
    chosen = (len(syllables) * dice.power(0.6, (WORDS, 3))).astype(int)
    return [" ".join(syllables[at] for at in row[:length]) for row, length in zip(chosen, lengths, strict=True)]


def _toned(rhyme: str, tone: str) -> str:
    at = (
        3
        if rhyme.startswith("uyê")
        else 2
        if rhyme[:2] in ("iê", "oa", "ua", "uâ", "uô", "uy", "yê", "ươ") and len(rhyme) > 2
        else 1
    )
    return unicodedata.normalize("NFC", rhyme[:at] + tone + rhyme[at:])


def zipf(count: int, exponent: float = 1.05) -> NDArray[np.float64]:
    """The cumulated probabilities of ranks."""
    weights = 1 / (np.arange(count) + 2.7) ** exponent
    return np.cumsum(weights) / weights.sum()


def made_documents(count: int, seed: int = 1) -> Iterator[Document]:
    """`count` documents; the same for the same arguments."""
    drawn = np.random.default_rng(seed)
    dice = Random(seed)
    words, sections, authors, tags = (zipf(size) for size in (WORDS, SECTIONS, AUTHORS, TAGS))
    vietnamese, english = lexicon(), lexicon(english=True)
    days = [LAST_DAY - timedelta(days=back) for back in range(DAYS)]
    midnights = [datetime(day.year, day.month, day.day, 3, tzinfo=UTC) for day in days]
    runs = [keys.run_id(at) for at in midnights]
    localities = [f"{vietnamese[300 + one].title()}, Tỉnh {one % PROVINCES}" for one in range(SOURCES)]
    for begin in range(0, count, BLOCK):
        lengths = np.maximum(20, drawn.normal(*TEXT, BLOCK)).astype(int).tolist()
        ranks = iter(np.searchsorted(words, drawn.random(sum(lengths) + TITLE * BLOCK)).tolist())
        picked = [np.searchsorted(of, drawn.random(BLOCK)).tolist() for of in (sections, authors, tags, tags)]
        for number, length, section, author, *tagged in zip(
            range(begin, min(begin + BLOCK, count)), lengths, *picked, strict=False
        ):
            chosen = english if dice.random() < 0.1 else vietnamese
            said = [chosen[rank] for rank in islice(ranks, length)]
            for place in range(dice.randrange(25), length, 25):
                said[place] = str(dice.randrange(1, 100_000))
            for place in range(12, length, 12):
                said[place] += "." if place % 48 else ".\n"
            source, back = dice.randrange(SOURCES), dice.randrange(DAYS)
            url = f"https://source-{source:03}.example/tin-tuc/{runs[back][:8]}/bai-viet-{number}.html"
            yield Document(
                id=f"{dice.getrandbits(64):016x}",
                source=f"source-{source:03}",
                run=runs[back],
                url=url,
                title=" ".join([chosen[rank] for rank in islice(ranks, TITLE)]).capitalize(),
                text=" ".join(said),
                author=f"{vietnamese[400 + author].title()} {author}" if dice.random() < 0.8 else None,
                section=f"Mục {section}",
                language="vi" if chosen is vietnamese else "en",
                locality=localities[source],
                province=f"Tỉnh {source % PROVINCES}",
                tags=tuple({vietnamese[1000 + tag] for tag in tagged}),
                published_on=days[back] if dice.random() < 0.98 else None,
                fetched_at=midnights[back] + timedelta(seconds=dice.randrange(80_000)),
                image_url=f"{url}.jpg",
                removed=20,
                spam=int(dice.random() < 0.01),
                quarantined=dice.random() < 0.005,
                versions=1 + (dice.random() < 0.1),
            )
