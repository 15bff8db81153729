"""Languages: which of its source's languages a page is in."""

from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from cleaning.head import Head
from model.capture import Capture
from model.source import Source

_SAMPLE_CHARS = 1_500
_ENOUGH_CHARS = 40  # shorter strings come out wrong


def find_language(capture: Capture, source: Source, head: Head, text: str) -> tuple[str | None, str]:
    """The page's language (ISO 639) and the origin: the edition's first, then the page's own word, then detection.

    What the page says counts only where the source has that language; detection chooses among the source's.
    """
    if capture.language:
        return capture.language, "url"
    edition = source.language_of(capture.final_url)
    if edition:
        return edition, "source" if len(source.languages) == 1 else "url"
    for said, origin in (
        (head.html_language, "html"),
        (head.first("og:locale", "content-language", "language", "inlanguage"), "meta"),
    ):
        code = (said or "").replace("_", "-").split("-")[0].lower()
        if code in source.languages:
            return code, origin
    sample = text[:_SAMPLE_CHARS]
    if len(sample) >= _ENOUGH_CHARS:
        return detected(sample, tuple(source.languages)), "detected"
    return None, ""


def detected(text: str, languages: tuple[str, ...]) -> str:
    """The one of `languages` that `text` is most likely in."""
    ranked = [str(language) for language, _ in _identifier().rank(text)]
    return next((language for language in ranked if language in languages), languages[0])


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """The model, loaded once: the full one, which is never narrowed, so that no page changes it for the next."""
    return LanguageIdentifier.from_model_file(MODEL_FILE)
