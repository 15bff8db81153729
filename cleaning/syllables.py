"""Syllables: whether a word can be Vietnamese at all.

Vietnamese writes each syllable apart: an onset, a rime and at most one tone, by firm rules of spelling (c before a, k
before e; only the acute tone and the dot before a final c, ch, p or t). So nearly every word of a Vietnamese text
passes, and hardly a word with an accent passes that is none.
"""

import re
import unicodedata
from functools import lru_cache

_ONSETS = ("", *re.findall(r"\w+", "b ch c d đ gh gi g h kh k l m ngh ng nh n ph p qu r s th tr t v x"))
_RIMES = frozenset(
    re.findall(
        r"\w+",
        "a ac ach ai am an ang anh ao ap at au ay ă ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây "
        "e ec em en eng eo ep et ê êch êm ên ênh êp êt êu êng "
        "i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu y ych ynh yt yên yêm yêng yêt yêu "
        "o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăp oăt oc oe oen oeo oet oi om on ong "
        "ooc oong op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt "
        "u ua uân uâng uât uây uc uê uêch uênh ui um un ung uơ up ut uy uya uych uynh uyt uyu uyn uyp uyên uyêt "
        "uôc uôi uôm uôn uông uôt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu",
    )
)
_FRONT = frozenset("eêiy")  # before these, c is written k, g is gh and ng is ngh
_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
_STOPPED = re.compile(r"(?:c|ch|p|t)$")
_LONGEST = 7  # nghiêng


@lru_cache(maxsize=8192)
def is_syllable(word: str) -> bool:
    """Whether `word`, of any case and with no punctuation, is spelt as a Vietnamese syllable."""
    if not word or len(word) > _LONGEST + 1:
        return False
    marked = unicodedata.normalize("NFD", word.lower())
    plain = unicodedata.normalize("NFC", marked.translate(_TONES))
    tones = [mark for mark in marked if ord(mark) in _TONES]
    if len(tones) > 1 or (_STOPPED.search(plain) and tones not in (["\u0301"], ["\u0323"])):
        return False
    return any(plain.startswith(onset) and _spelt(onset, plain[len(onset) :]) for onset in _ONSETS)


def _spelt(onset: str, rime: str) -> bool:
    if rime not in _RIMES:
        return onset == "gi" and rime == ""
    front = rime[0] in _FRONT
    if onset in ("k", "gh", "ngh"):
        return front
    if onset in ("c", "ng"):
        return not front
    if onset == "g":
        return not front or rime[0] == "i"  # gì, gìn, giết
    return True
