"""Organisations: which strings name a paper or agency, an office or a place, where a person might be expected."""

import re

from cleaning.names import EXTENSION, is_agency

_DOMAIN = re.compile(rf"(?:[\w-]+\.){{1,4}}{EXTENSION}", re.IGNORECASE)
# What papers, news agencies and broadcasters are called, where a name behind that of a person says whom they wrote for.
_MEDIA = re.compile(
    r"(?:báo|thời báo|nhật báo|tuần báo|tạp chí|bản tin|đài (?:pt|tt|phát thanh|truyền|tiếng nói)|truyền hình|kênh"
    r"|thông tấn xã|cổng (?:thông tin|ttđt)|trang (?:thông tin|tin)|tin tức|dân trí|tuổi trẻ|thanh niên|lao động"
    r"|người lao động|tiền phong|nhân dân|quân đội nhân dân|công an nhân dân|sài gòn giải phóng|hà nội ?mới"
    r"|đại đoàn kết|pháp luật|nông thôn ngày nay|nông nghiệp|sức khỏe|giáo dục)\b.*",
    re.IGNORECASE,
)
_MEDIA_SPELLING = re.compile(r"(?:[A-ZĐ]{2,}\d*|[A-Z][a-z]*[A-Z]\w*\+?|[A-Z]\w+\+)(?: online)?")
# As papers sign the first sentence.
_ABBREVIATED = re.compile(
    r"nlđo?|tto|tno|lđo|lđtđ|plo|pl&?xh|vov|vtv|vtc(?: news)?|vnexpress|vietnamnet|vietnam ?(?:plus|\+)|hnmo?|sggpo?"
    r"|cand|anttđ|qđnd|gd&tđ|tn&mt|vnews|zing(?:news)?|znews|bnews|ktđt|ttxvn",
    re.IGNORECASE,
)
# What no person's name begins with: offices, and places and forms of address.
_OFFICE = re.compile(
    r"(?:chủ tịch|phó (?:chủ|giám|bí|trưởng|ban|hiệu)|trưởng|giám đốc|bí thư|chánh|hiệu trưởng|t\.?m|k\.?t|t\.?l"
    r"|t\.?u\.?q|[uủ][yỷ] (?:ban|viên)|ubnd|hội đồng|phòng|sở|chi (?:bộ|hội|đoàn)|đảng [uủ][yỷ]|trung tâm|công ty"
    r"|hợp tác xã|htx|ban (?:giám|chỉ|chấp|tổ|biên|quản|thường|dân|tuyên|thi)"
    r"|trường (?:tiểu|trung|mầm|thcs|thpt|th|đại|cao|mẫu))(?:[\s.]|$)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"(?:thôn|xã|huyện|tỉnh|phường|quận|xóm|bản|ấp|làng|khu|tổ|thị (?:trấn|xã)|thành phố|đội|nhà|giải|ông|bà|chị|cháu"
    r"|thầy|cô|đồng chí|đ/c)(?:\s|$)",
    re.IGNORECASE,
)


def is_domain(name: str) -> bool:
    """Whether `name` is a host's, like `baoninhbinh.org.vn`."""
    return _DOMAIN.fullmatch(name) is not None


def is_media(name: str) -> bool:
    """Whether `name` is that of a paper, news agency or broadcaster, by its words or its spelling (`VnExpress`)."""
    return is_agency(name) or is_domain(name) or any(one.fullmatch(name) for one in (_MEDIA, _MEDIA_SPELLING))


def is_paper(name: str) -> bool:
    """Whether `name` is that of a paper or broadcaster by its words or its domain: a dateline's place may be spelled as
    some are (`TPHCM`)."""
    return is_domain(name) or _MEDIA.fullmatch(name) is not None or _ABBREVIATED.fullmatch(name) is not None


def is_place_or_office(name: str) -> bool:
    """Whether `name` begins as those of places and offices do, or with a form of address: `Thôn Thượng`, `CHỦ TỊCH`."""
    return is_office(name) or _PLACE.match(name) is not None


def is_office(name: str) -> bool:
    """Whether `name` begins as that of an office or authority does: `CHỦ TỊCH`, `TM. UBND xã`."""
    return _OFFICE.match(name) is not None
