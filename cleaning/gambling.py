"""Gambling: the trade's names and catchwords in texts and hosts, and what tells news of it from its own pages."""

import re
from functools import lru_cache

# Brands: no word looks like them. They are written one way, with or without the trade's usual endings.
_BRANDS = (
    r"w88|fb88|789\s?club|789\s?bet|8xbet|kubet(?:88)?|ku\s?casino|bk8|m88|188\s?bet|vn88|sv88|new88|shbet|jun88|f8bet|"
    r"hi88|go88|sunwin|b52\s?club|rikvip|iwin|v9bet|fun88|12bet|dafabet|bong88"
)
# With their tone marks, as Vietnamese writes them: without, `đổi thưởng` is `đời thường`, and `cá cược` is `cả cuộc`.
_VIETNAMESE = (
    r"nhà\s?cái(?!\s(?:gì|này|ấy|đó|kia|tết)\b)|tài\s?xỉu|soi\s?cầu(?!\s(?:thủ|thang|lông|treo|vượt)\b)|soi\s?kèo|"
    r"game\s?bài(?!\s(?:học|tập|hát|giảng|thi|bản)\b)|(?<!điểm\s)đổi\s?thưởng|"
    r"lô\s?đề(?!\s(?:nghị|xuất|án|tài|thi|cử|cập)\b)|xổ\s?số\s?(?:online|trực\s?tuyến)|cá\s?cược|cá\s?độ\s?bóng\s?đá|"
    r"đánh\s?bạc\s?(?:online|trực\s?tuyến)|(?:game|slot|quay)\s?nổ\s?hũ|nổ\s?hũ\s?(?:online|đổi|uy\s?tín|club|\d)|"
    r"xóc\s?đĩa\s?(?:online|đổi)|casino\s?trực\s?tuyến"
)
# Without any: only what no other words look like. In a host hyphens stand for the spaces, or nothing.
_TONELESS = (
    r"nha\s?cai(?!\s?(?:tao|tien|thien|luong|bien|cach|dat|gi|nay)\b)|tai\s?xiu|soi\s?keo|soi\s?cau(?!\s?(?:thu|thang|long)\b)|"
    r"game\s?bai(?!\s?(?:hoc|tap|hat|giang|thi|ban)\b)|(?:game|bai|the|ca|hu|club)\s?doi\s?thuong|lo\s?de\s?online|"
    r"xo\s?so\s?online|ca\s?cuoc\s?(?:bong\s?da|online|the\s?thao|truc\s?tuyen)|ca\s?do\s?bong\s?da|"
    r"danh\s?bac\s?(?:online|truc\s?tuyen)|game\s?no\s?hu|no\s?hu\s?(?:online|club)|ban\s?ca\s?doi\s?thuong|casino\s?truc\s?tuyen"
)
_OTHERS = (
    r"slot\s?gacor|judi\s?(?:online|bola|slot)|togel|situs\s?slot|bandar\s?(?:bola|togel)|online\s?casino|casino\s?online|"
    r"sports?book"
)
_NAMES = re.compile(rf"\b(?:{_BRANDS}|{_VIETNAMESE}|{_TONELESS}|{_OTHERS})\b")
# A host's words run together: `nhacai247`, `taixiuvip`.
_HOSTS = re.compile(
    rf"\b(?:{_BRANDS}|{_TONELESS}|{_OTHERS})\b|\bnhacai(?!tao|tien|thien|luong|bien|cach)\w+|\b(?:taixiu|soikeo)\w+|\bkeonhacai\w*"
)
_TIPS = re.compile(r"\b(?:soi\s?kèo|kèo\s?nhà\s?cái|nhận\s?định)\b")  # sports pages have such columns
_NEWS = re.compile(
    r"\b(?:công\s?an|cảnh\s?sát|triệt\s?(?:phá|xóa|xoá)|đánh\s?sập|(?:bị|vây|truy)\s?bắt|"
    r"bắt\s?(?:giữ|giam|quả|tạm|khẩn|nhóm|ổ|đối\s?tượng|nghi|trùm|\d+)|khởi\s?tố|truy\s?(?:tố|nã)|tạm\s?gi(?:ữ|am)|"
    r"xử\s?phạt|xét\s?xử|tuyên\s?(?:án|phạt|truyền)|lĩnh\s?án|(?:hầu|ra)\s?to?[àòa]a?|t(?:òa|oà)\s?án|viện\s?kiểm\s?sát|"
    r"điều\s?tra|cảnh\s?(?:báo|giác)|khuyến\s?cáo|(?<!không\s)(?<!có\s)lừa\s?đảo|sập\s?bẫy|trá\s?hình|trái\s?phép|"
    r"đường\s?dây(?!\s?nóng)|tội\s?phạm|bị\s?(?:can|cáo)|nghi\s?phạm|tệ\s?nạn|nạn\s?nhân|nợ\s?nần|vỡ\s?nợ|vay\s?nặng|tự\s?tử|phòng,?\s?chống|"
    r"không\s?(?:truy\s?cập|vào|tham\s?gia|bấm|nhấp)(?!\s?được)|tránh\s?xa|dự\s?thảo|nghị\s?định|thí\s?điểm|quốc\s?hội|"
    r"đại\s?biểu|bộ\s?(?:tài\s?chính|công\s?an)|hợp\s?pháp\s?hóa|"
    r"police|arrest(?:s|ed)?|raid(?:s|ed)?|charged|prosecut\w+|jailed|sentenced|fined|crackdown|busted|illegal|lawsuit|"
    r"court|regulators?|watchdog|lawmakers?|ban(?:s|ned)|scam|"
    r"polisi|polda|polres|ditangkap|menangkap|tangkap|tersangka|kejaksaan|pengadilan|ilegal|gerebek|digerebek|berantas|"
    r"pemberantasan|memblokir|pemblokiran|korban)\b"
)
_ON_IT = re.compile(r"\b(?:cờ\s?bạc|đánh\s?bạc|cá\s?độ|sòng\s?bạc|gambling|betting|casinos?|judi|perjudian)\b")
# What such pages promise and ask for; the second are words of any advertisement.
_SELLING = re.compile(
    r"\b(?:nạp\s?(?:tiền|rút)|rút\s?tiền|link\s?(?:vào|mới|alternatif)|tải\s?(?:app|game)|tỷ\s?lệ\s?cược|kho\s?game|"
    r"hoàn\s?(?:trả|tiền)|(?:đăng\s?ký|tạo)\s?(?:ngay|tài\s?khoản)|đăng\s?nhập|tân\s?thủ|thành\s?viên\s?mới|hội\s?viên|"
    r"nhận\s?(?:thưởng|ngay)|cược\s?thủ|nap\s?(?:tien|rut)|link\s?vao|dang\s?ky|tai\s?app|nhan\s?thuong|"
    r"deposits?|withdrawals?|sign\s?up|free\s?spins?|best\s?odds|"
    r"daftar|gacor|terpercaya|maxwin|rtp|withdraw|bocoran)\b"
)
_PRAISING = re.compile(
    r"\b(?:uy\s?tín|khuyến\s?mãi|trải\s?nghiệm|hấp\s?dẫn|hàng\s?đầu|người\s?mới|cao\s?thủ|miễn\s?phí|đỉnh\s?cao|bảo\s?mật|"
    r"nhanh\s?chóng|tiền\s?thưởng|uy\s?tin|khuyen\s?mai|hap\s?dan|bonus(?:es)?|jackpots?|register|resmi|menang)\b"
)
_LINKS_TO_QUARANTINE = 3
_HEAD_CHARS = 600  # the first sentences: news says there whose news it is
_TEXT_CHARS = 6_000
_LEAST_NAMES = 4
_CHARS_A_NAME = 350
_LEAST_SELLING = 2
_LEAST_PRAISING = 3
_LEAST_NEWS = 2


@lru_cache(maxsize=4_096)
def names_gambling(text: str) -> bool:
    """Whether a gambling brand or one of the trade's catchwords stands in `text`, which is NFC. Vietnamese ones count
    as they are written, with their tone marks, and only unmistakable ones without."""
    return _NAMES.search(text.casefold()) is not None


@lru_cache(maxsize=4_096)
def names_gambling_host(host: str) -> bool:
    """Whether a gambling brand or catchword stands in `host`."""
    return _HOSTS.search(re.sub(r"[-.]", " ", host)) is not None


@lru_cache(maxsize=4_096)
def reads_as_news(text: str) -> bool:
    """Whether `text` speaks of police, courts, warnings or laws, as news about gambling does."""
    return _NEWS.search(text.casefold()) is not None


def is_news_of_gambling(title: str) -> bool:
    """Whether `title` heads news about gambling."""
    return reads_as_news(title) and (names_gambling(title) or _ON_IT.search(title.casefold()) is not None)


def sells_gambling(text: str) -> bool:
    """Whether `text` names gambling more than once, and is no news of it."""
    told = text[:_TEXT_CHARS].casefold()
    return len(_NAMES.findall(told)) > 1 and not _NEWS.search(told)


def is_gambling_page(title: str, text: str, injected: int) -> bool:
    """Whether the page is itself the spam, not merely host to some: it is headed by a gambling name, and either carries
    several `injected` links and sells it, or names it again and again and sells it. News about gambling is none."""
    if not names_gambling(title) or reads_as_news(title):
        return False
    told = text[:_TEXT_CHARS].casefold()
    if _NEWS.search(told, 0, _HEAD_CHARS) or len(set(_NEWS.findall(told))) >= _LEAST_NEWS:
        return False
    selling = len(set(_SELLING.findall(told)))
    if injected >= _LINKS_TO_QUARANTINE and selling and names_gambling(text[:2_000]):
        return True
    if selling < _LEAST_SELLING or selling + len(set(_PRAISING.findall(told))) < _LEAST_PRAISING:
        return False
    if _TIPS.search(title.casefold()):
        return False
    return len(_NAMES.findall(told)) >= max(_LEAST_NAMES, len(told) / _CHARS_A_NAME)
