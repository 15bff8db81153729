"""Languages: which of its source's languages a page is in."""

import re
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from cleaning.head import Head
from model.capture import Capture
from model.source import Source

_SAMPLE_CHARS = 1_500
_SAMPLE_LETTERS = 200
_VIETNAMESE = re.compile("[ăđơưạ-ỹ]", re.IGNORECASE)  # a sixth of the letters of Vietnamese text, and in no other's
_HARDLY_ANY = 0.005
_MANY = 0.08
_ENOUGH_CHARS = 40  # shorter strings come out wrong


def find_language(capture: Capture, source: Source, head: Head, text: str) -> tuple[str | None, str]:
    """The page's language (ISO 639) and the origin: the edition's first, then the page's own word, then detection.

    What the page says counts only where the source has that language, and not where the letters of `text` say
    otherwise: templates claim English above Vietnamese text, and the other way round. Detection chooses among the
    source's.
    """
    if capture.language:
        return capture.language, "url"
    sample = text[:_SAMPLE_CHARS]
    edition = source.language_of(capture.final_url)
    if edition:
        return edition, "source" if len(source.languages) == 1 else "url"
    for said, origin in (
        (head.html_language, "html"),
        (head.first("og:locale", "content-language", "language", "inlanguage"), "meta"),
    ):
        code = (said or "").replace("_", "-").split("-")[0].lower()
        if code in source.languages and not _is_contradicted(code, sample, source):
            return code, origin
    if len(sample) >= _ENOUGH_CHARS:
        return detected(sample, tuple(source.languages)), "detected"
    return None, ""


def _is_contradicted(code: str, sample: str, source: Source) -> bool:
    """Whether the page calls Vietnamese what has none of its letters, or by another name what is full of them."""
    letters = sum(map(str.isalpha, sample))
    if "vi" not in source.languages or len(source.languages) == 1 or letters < _SAMPLE_LETTERS:
        return False
    share = len(_VIETNAMESE.findall(sample)) / letters
    return share < _HARDLY_ANY if code == "vi" else share > _MANY


def detected(text: str, languages: tuple[str, ...]) -> str:
    """The one of `languages` that `text` is most likely in."""
    ranked = [str(language) for language, _ in _identifier().rank(text)]
    return next((language for language in ranked if language in languages), languages[0])


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """The model, loaded once: the full one, which is never narrowed, so that no page changes it for the next."""
    return LanguageIdentifier.from_model_file(MODEL_FILE)
