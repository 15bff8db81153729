"""Names: which strings are persons' names, and how a byline's text is taken apart into them."""

import re
from collections.abc import Iterable

from cleaning.dates import is_month
from cleaning.text import fold, tidy, words

# What stands before a name in a byline.
PREFIX = re.compile(
    r"^(?:(?:text|article|story|words) (?:and|&) (?:photos?|pictures?|images?) ?[:：] ?|(?:"
    r"(?:(?:article|story|words|text|report|reporting|blog|post|photography|analysis|opinion|column) "
    r"|(?:written|reported|posted|published|authored|compiled|contributed|submitted|created) )?by|authors?|reporters?"
    r"|(?:(?:geschrieben|verfasst|(?:ein |eine )?(?:bericht|analyse|kommentar|gastbeitrag|interview|essay"
    r"|reportage)) )?von"
    r"|(?:(?:écrit|publié|rédigé|propos recueillis) )?par|auteure?s?|autor(?:in(?:nen)?|en|a|es|as|ka|zy|e|i)?|por|di"
    r"|a cura di"
    r"|door|auteurs?|(?:skrevet )?av|af|przez|opr\.?|tekst|texte?|автор(?:ы)?|текст|yazan|yazar|haber"
    r"|tác giả(?: bài viết)?|(?:được )?(?:đăng|viết|gửi) bởi|người (?:viết|đăng|gửi)|phóng viên|pv|bài viết|thực hiện"
    r"|oleh|penulis|pewarta|reporter|laporan"
    r"|作者|记者|記者|取材・文|文|글)\b ?[:：\-–=＝]? "
    r"|(?:(?:bài|tin)(?:,| và| ?-)? ảnh|bài|tin|tác giả(?: bài viết)?|pv|author|by|von|text|autor(?:in)?"
    r"|auteur|автор|penulis|oleh"
    r"|作者|记者|記者|取材・文|文) ?[:：/=＝] ?"
    r"|(?:bài|tin)(?:,| và| ?-)? ảnh\b ?[:\-–]? "
    r"|(?:teks|artikel|berita|naskah|tulisan)(?: (?:dan|&) (?:foto|gambar))? ?[:：] ?)",
    re.IGNORECASE,
)
_ALSO_IN_NAMES = re.compile(r"(?:von|di|por|af|av|par|door|haber|text|reporter|pv|文|글) $", re.IGNORECASE)
_GLUED = re.compile(r"^(?:By|BY|Von)(?=[A-Z][a-z])")
_ROLE = re.compile(
    r" ?[\[(](?:tổng hợp|t/h|th|lược dịch|biên dịch|dịch|ghi|sưu tầm|tổng thuật|theo [^)]*)[\])] ?$"
    r"| ?(?:기자|記者|记者|특파원)$",
    re.IGNORECASE,
)
EXTENSION = r"(?:com|net|org|info|vn|de|at|ch|fr|it|es|nl|be|pl|ru|uk|us|ca|au|in|id|jp|kr|cn|tw|io|co|gov|edu|eu)"
_NOT_A_NAME = re.compile(
    rf"https?:|www\.|@|\b[\w-]{{2,}}\.{EXTENSION}\b|\d{{2,}}|[:<>{{}}\[\]=_]|^\w+(?:\.\w+){{2,}}$"
    r"|^(?:admin(?:istrator)?|editor|staff|webmaster|ban biên tập|bbt|root|guest|unknown|anonymous|null|none"
    r"|undefined"
    r"|redaktion|redaksi|super ?user|user|author|authors|written by|by|team|newsroom|contributor"
    r"|editorials?|staff reports?|about\b.*|more\b.*"
    r"|quản trị(?: viên)?|tổng hợp|theo\b.*|nguồn\b.*|cổng (?:thông tin|ttđt).*|báo\s.*|trang\s.*)$",
    re.IGNORECASE,
)
# What outlets are called, where their name is built like a person's.
_COMPANY = re.compile(
    r"\b(?:news|times?|post|daily|herald|tribune|gazette|journal|magazine|online|media|press|zeitung|presse|blatt|nachrichten|radio"
    r"|tv|echos?|care|services?|group|studio|inc|llc|gmbh|ltd|blog|team|lab|works|digital|tech|company|agency|academy|institute"
    r"|university|college|school|hub|guide|review|reviews|world|network|the|business|club|shop|store|health|home|house|street|city|editor)\b",
    re.IGNORECASE,
)
# `Theo …` (after …) names a source, where an author is declared also a person; papers have names like persons'.
_AFTER = re.compile(r"theo (?P<name>.+)", re.IGNORECASE)
_PAPERS = re.compile(
    r"(?:dân trí|tuổi trẻ|thanh niên|lao động|tiền phong|nhân dân|quân đội|công an|sài gòn|hà nội|người|đầu tư"
    r"|pháp luật|phụ nữ|nông|giao thông|xây dựng|công thương|việt nam|tổ quốc|kinh tế|đời sống|trí thức|doanh"
    r"|an ninh|thời|nhịp|đại|giáo dục|sức khỏe|văn hóa|thể thao|khoa học|gia đình|thương|tài chính"
    r"|thị trường|đất việt|bảo vệ)\b",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"[a-z0-9._-]*[a-z][a-z0-9._-]*")
# A newsroom that signs together. It is named as the author, and is not the outlet as a whole.
_DESK = re.compile(
    r"\b(?:redaktion|newsroom|news ?desk|editorial (?:team|staff|board)|staff (?:writers?|reporters?)|team|rédaction"
    r"|redacción|redazione|redação|redactie|redaksjonen|redaktionen|redakcja|редакция|tim redaksi)\b|編集部|編集局"
    r"|편집국|编辑部",
    re.IGNORECASE,
)
_AGENCY = re.compile(
    r"(?:dpa|afp|ap|apa|sda|sid|rtr|reuters|ansa|efe|lusa|belga|anp|ntb|tt|stt|ritzau|pap|tass|aap|pti|ani|ians|upi"
    r"|(?:the )?associated press|agence france-?presse|deutsche presse-?agentur|press association"
    r"|pa media"
    r"|bloomberg|xinhua|yonhap|kyodo|jiji|antara|bernama|anadolu(?: ajansı| agency)?|ttxvn|vna|keystone-sda"
    r"|europa press"
    r"|新华社|共同通信|時事通信|연합뉴스|인민망|antara ?news)",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    re.findall(
        r"\S+",
        "de da do di du dos das del della dei degli van von vom der den dem des ter ten te la le les lo el al bin ibn"
        " bint zu zur y e af of st. ben ap mac mc",
    )
)
# Capitalised words behind a name that no longer belong to it.
_BEHIND = re.compile(
    r"^(?:updated|published|posted|modified|photos?|photography|senior|staff|contribut\w+|editors?|reporters?"
    r"|writers?"
    r"|correspondents?|journalists?|follow|share|comments?|special|guest|chief|head|director|manager|freelance"
    r"|columnist"
    r"|via|for|in|aktualisiert|veröffentlicht|stand|publié|mis|publicado|actualizado|pubblicato|gepubliceerd|reviewed"
    r"|edited|fact|medically|min|read|view|more|see|sponsored|advertisement|recent|latest|posts?|last"
    r"|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)$",
    re.IGNORECASE,
)
_AND = re.compile(
    r"\s+(?:and|und|et|y|e|en|og|och|oraz|i|и|và|dan|with|mit|avec|con|&|\+)\s+|\s*[,;/|、，]\s*|\s+[-–]\s+"
)
_CUT = re.compile(
    r"\s*[|•·⋅●∙—–(\[<>»→]|\s-\s|\d|\.\s(?i:ngày|đăng|cập nhật|(?:số )?lượt|ảnh|nguồn|published|updated)\b"
)
_LEADING_DATE = re.compile(
    r"^\W*(?:(?:posted|published|created|updated|veröffentlicht|publié|publicado|đăng)\s(?:on|am|le|el|lúc"
    r"|ngày)?\s*)?"
    r"(?:[^\W\d]{3,10},? )?"
    r"(?:(?:[^\W\d]{3,10}\.? )?\d{1,2}(?:st|nd|rd|th|\.)?,?(?: (?:de )?[^\W\d]{3,10}\.?,?)? (?:de )?(?:19|20)\d\d"
    r"|\d{1,4}[./-]\d{1,2}[./-]\d{2,4})(?:,? \d{1,2}[:.h]\d\d(?: ?[ap]\.?m\.?)?)?\W*",
    re.IGNORECASE,
)
_NAME_CHARS = 80
_FIELD_CHARS = 1_000
_CAPITALISED = re.compile(r"[^\W\d_](?:[\w'’.\-]*)$")
_CAMEL = re.compile(r"[a-zà-ÿ][A-ZÀ-Þ][a-zà-ÿ]+[A-ZÀ-Þ]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CASELESS = re.compile(r"[\u0590-\u10ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# One Vietnamese syllable without its diacritics; a name of such syllables is Vietnamese in every edition of a site.
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|th|tr|ch|kh|ph|gh|gi|qu|[bcdghklmnprstvx])?"
    r"(?:uye|uya|uyu|oai|oay|oeo|uay|uoi|uou|ieu|yeu|uu|uy|ue|uo|ua|ui|oa|oe|oi|oo|ia|ie|iu|io|ya|ye|eo|eu|ai|ao|au"
    r"|ay"
    r"|[aeiouy])"
    r"(?:ng|nh|ch|[cmnpt])?"
)


def person(raw: str, outlets: frozenset[str]) -> str | None:
    """The name in a byline or signature such as `Hà Thu (tổng hợp)`; None where it is no person's."""
    name = once(without_prefix(tidy(raw)).strip(" -–—|•·:,;.*"))
    name = _ROLE.sub("", name).strip(" -–—|•:,;*")
    name = name if name.endswith((" Jr.", " Sr.")) or re.search(r"\b[A-Z]\.$", name) else name.rstrip(".")
    if not name or len(name) > _NAME_CHARS or not words(name):
        return None
    if is_desk(name):
        return name
    if (after := _AFTER.fullmatch(name)) and is_vietnamese_name(after["name"]) and not _PAPERS.match(after["name"]):
        name = after["name"]
    if (_LOGIN.fullmatch(name) and not is_agency(name)) or is_outlet(name, outlets) or _NOT_A_NAME.search(name):
        return None
    return name


def without_prefix(text: str) -> str:
    """`text` without a word like `by` before it; `Von Miller` keeps what may be part of the name."""
    found = PREFIX.match(text)
    if found is None:
        return text
    rest = text[found.end() :]
    return text if _ALSO_IN_NAMES.fullmatch(found.group()) and len(rest.split()) < 2 else rest


def once(text: str) -> str:
    """`text` once, where it is printed twice, for the eye and for screen readers: `Việt NamViệt Nam`. `Linh Linh` is a
    name."""
    half = len(text) // 2
    if len(text) % 2 == 0:
        return text[:half] if half >= 3 and text[:half] == text[half:] else text
    return text[:half] if text[:half] == text[half + 1 :] and text[half] == " " and " " in text[:half] else text


def is_outlet(name: str, outlets: frozenset[str]) -> bool:
    """Whether `name` is an outlet's, spelled with or without spaces and diacritics (`Việt Nam` on vietnam.vn), or
    begins with it and is no person's (`Beispiel Nachrichten` of the Beispiel)."""
    plain = words(name)
    parts = fold(plain).split()
    if plain in outlets or "".join(parts) in outlets:
        return True
    return is_company(name) and any("".join(parts[:count]) in outlets for count in range(1, len(parts)))


def is_company(name: str) -> bool:
    """Whether `name` holds a word that outlets are called by, and persons are not."""
    return _COMPANY.search(name) is not None


def is_desk(name: str) -> bool:
    """Whether `name` is a newsroom's that signs together, like `Redaktion Beispielblatt`; the bare word is nobody."""
    found = _DESK.search(name)
    rest = words(name.replace(found.group(), "")) if found else ""
    return rest not in ("", "the", "our", "by", "unser", "die") and len(rest) >= 2 and len(name) <= 50


def is_agency(name: str) -> bool:
    """Whether `name` is a news agency's."""
    return _AGENCY.fullmatch(name) is not None


def is_vietnamese_name(name: str) -> bool:
    """Whether `name` is two to five capitalised Vietnamese syllables, with or without diacritics (`Thai Hoc`)."""
    parts = name.replace("-", " ").split()
    return 2 <= len(parts) <= 5 and all(
        part[0].isupper() and _CAPITALISED.match(part) and _SYLLABLE.fullmatch(fold(part)) is not None for part in parts
    )


def is_name(name: str) -> bool:
    """Whether `name` is built like a person's: two to six capitalised words without digits, particles between them;
    or, in scripts without capitals, a few letters."""
    if _CASELESS.search(name):
        plain = name.replace("・", "").replace("·", "").replace(" ", "")
        return plain.isalpha() and 2 <= len(plain) <= (8 if _CJK.search(name) else 30)
    parts = name.replace(" & ", " ").replace(" - ", " ").split()
    proper = [part for part in parts if part.lower() not in _PARTICLES]
    return (
        2 <= len(parts) <= 6
        and len(proper) >= 2
        and all(part[0].isupper() and _CAPITALISED.match(part) is not None for part in proper)
        and proper[0].lower() not in ("the", "a", "an")
        and not any(_BEHIND.match(part) for part in proper)
        and not _CAMEL.search(name)
    )


def split_names(raw: str, outlets: frozenset[str]) -> list[str]:
    """The names in a field that may hold several (`A, B und C`, `A; B`): those that are persons' where some are, else
    the whole as one name."""
    found: list[str] = []
    for part in raw[:_FIELD_CHARS].split(";"):
        plain = without_prefix(tidy(part))
        smaller = [one.strip() for one in _AND.split(plain) if one.strip()]
        if len(smaller) > 1 and is_name(smaller[0]):
            found += [one for one in smaller if is_name(one)]
        elif len(smaller) > 1 and all(is_name(one) or is_agency(one) or is_outlet(one, outlets) for one in smaller):
            found += smaller
        else:
            found.append(part)
    return [name for one in found if (name := person(one, outlets))]


def names_in_byline(text: str, outlets: frozenset[str], *, marked: bool) -> list[str]:
    """The persons in a byline's text such as `By Ann Ex and Bo Why, staff writers | 3 May 2024`.

    Without a word like `by` before it, only what is `marked` as a byline is taken for one.
    """
    text = once(_LEADING_DATE.sub("", text))
    found = PREFIX.match(text) or _GLUED.match(text)
    if found is None and not marked:
        return []
    rest = text[found.end() :] if found else text
    cut = _CUT.search(rest)
    ends_in_digits = cut is not None and cut.group().strip().isdigit()
    rest = rest[: cut.start()] if cut else rest
    names: list[str] = []
    for index, part in enumerate(one for one in _AND.split(rest) if one.strip()):
        name, whole = _leading_name(part, ends_in_digits)
        if index == 0 and found is None and not whole:
            return []  # a sentence that begins with a name
        if not name or not (is_name(name) or is_desk(name)) or (kept := person(name, outlets)) is None:
            if index == 0 and not (found and name and is_agency(name)):
                return []
            continue
        if index == 0 or whole:
            names.append(kept)
        if not whole:  # a role or an office follows
            break
    return names


def _leading_name(part: str, before_digits: bool) -> tuple[str, bool]:
    """The capitalised words that `part` begins with, and whether that is all of it."""
    tokens = part.strip(" .:*").split()
    kept: list[str] = []
    for token in tokens:
        particle = token.lower() in _PARTICLES
        if (not particle and not (token[0].isupper() or _CASELESS.match(token))) or _BEHIND.match(token.strip(".,:")):
            break
        kept.append(token)
    whole = len(kept) == len(tokens)
    while kept and (kept[-1] in _PARTICLES or (before_digits and len(kept) > 1 and is_month(kept[-1].strip(".,")))):
        kept.pop()
    return once(" ".join(kept).strip(" ,.-")), whole


def distinct(names: Iterable[str]) -> list[str]:
    """`names` in order, each once however it is cased."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(words(name), name)
    return list(found.values())
