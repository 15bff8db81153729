"""Rules: what is furniture, as data. `furniture` applies them; docs/cleaning.md is written from this table.

A pattern is a regular expression without regard to case. What it is held against depends on `takes`:

* `mark`: searched in an element's id and classes; the element goes, unless it holds the article;
* `line`: the whole of a line; the line goes;
* `linked`: the whole of a line that is for the most part a link; the line goes;
* `heading`: the whole of a line; the line goes, and the list that follows it.

To add one: write the row, with an example that its pattern matches. The tests check every example.
"""

from dataclasses import dataclass
from typing import Literal

RULES_VERSION = 1

Takes = Literal["mark", "line", "linked", "heading"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `languages` are those its words belong to (empty: any); `example` is a line or mark it takes."""

    name: str
    takes: Takes
    languages: tuple[str, ...]
    pattern: str
    example: str


_N = r"[\d.,\s]*\d"  # a number as pages print it
_DAY = r"(?:thứ (?:hai|ba|tư|năm|sáu|bảy|bẩy)|chủ ?nhật|t[2-7]|cn)"
_DATE = r"(?:ngày )?\d{1,2} ?[/.-] ?\d{1,2} ?[/.-] ?\d{4}"

RULES: tuple[Rule, ...] = (
    # Visit counters
    Rule(
        "counter",
        "mark",
        (),
        r"(?:^|[\s_-])(?:visit(?:or)?s?-?(?:counter|stat\w*|count)|counter(?:-?box)?"
        r"|thong-?ke-?(?:truy-?cap)?|hit-?counter|luot-?truy-?cap|site-?stat\w*)(?:$|[\s_-])",
        "widget thongke",
    ),
    Rule(
        "counter",
        "line",
        ("vi",),
        rf"(?:tổng |số )?(?:lượt|lần) (?:truy cập|xem|đọc) ?:? ?{_N}",
        "Lượt truy cập: 1.234.567",
    ),
    Rule("counter", "line", ("vi",), rf"{_N} (?:lượt (?:xem|đọc|truy cập)|người đang xem)", "512 lượt xem"),
    Rule(
        "counter",
        "line",
        ("vi",),
        r"(?:đang )?(?:trực tuyến|online|hôm nay|hôm qua|tuần này|tháng này|trong (?:ngày|tuần|tháng)"
        rf"|tất cả|tổng (?:số|cộng)|khách|thành viên) ?:? ?{_N}",
        "Trực tuyến: 17",
    ),
    Rule(
        "counter",
        "line",
        ("vi",),
        r"thống kê (?:lượt )?truy cập|lượt truy cập ?:|(?:đang )?trực tuyến ?:|hôm nay ?:",
        "Thống kê truy cập",
    ),
    Rule(
        "counter",
        "line",
        ("en",),
        r"(?:view ?count|views?|page ?views?|hits|visits|visitors(?: (?:online|today))?"
        rf"|online(?: now)?) ?: ?{_N}",
        "View count: 412",
    ),
    Rule("counter", "line", ("en",), rf"{_N} ?(?:views|page ?views|visits|hits)", "1,024 views"),
    Rule(
        "counter",
        "line",
        ("id",),
        rf"(?:dilihat|dibaca|jumlah (?:pengunjung|pembaca)|pengunjung(?: hari ini)?) ?:? ?{_N}(?: ?kali)?",
        "Dibaca: 87 kali",
    ),
    # The date of today in a header
    Rule(
        "today",
        "mark",
        (),
        r"^(?:today|current-?date|date-?now|clock|dong-?ho|ngay-?hien-?tai|date-?time-?now|header-?date"
        r"|lblDate)(?:$|\s)",
        "today",
    ),
    Rule(
        "today",
        "line",
        ("vi",),
        rf"hôm nay ?,? ?(?:là )?(?:{_DAY} ?,? ?)?{_DATE}.{{0,20}}",
        "Hôm nay, thứ tư 03/07/2024",
    ),
    # Comments
    Rule(
        "comments",
        "mark",
        (),
        r"(?:^|\s)(?:comments?(?:-?(?:box|form|area|section|list|wrap(?:per)?|respond))?|box-?comment"
        r"|fb-comments|disqus_thread|respond|binh-?luan|komentar)(?:$|\s)",
        "comment-box",
    ),
    Rule(
        "comments",
        "heading",
        ("vi",),
        r"(?:ý kiến|bình luận|phản hồi)(?: (?:bạn đọc|của bạn|độc giả))? ?(?:\( ?\d* ?\))? ?:?",
        "Bình luận (0)",
    ),
    Rule(
        "comments",
        "heading",
        ("en",),
        r"(?:leave a (?:comment|reply)|(?:post|add|write) a comment|comments? ?\( ?\d* ?\)"
        r"|\d+ comments?) ?:?",
        "Comment (0)",
    ),
    Rule(
        "comments",
        "heading",
        ("id",),
        r"(?:komentar|tanggapan) ?(?:\( ?\d* ?\))? ?:?|(?:tulis|beri"
        r"|tinggalkan)(?:kan)? komentar(?: anda)?",
        "Komentar (0)",
    ),
    Rule(
        "comments",
        "line",
        ("vi", "en", "id"),
        r"please leave a comment\s.{3,60}|silakan tinggalkan komentar\s.{3,80}|(?:vui lòng"
        r"|hãy) để lại bình luận.{0,60}|(?:xin )?mời bạn (?:nhập|gửi) bình luận.{0,60}",
        "Please leave a comment to tell us what you think!",
    ),
    # Ratings
    Rule(
        "rating",
        "mark",
        (),
        r"(?:^|\s)(?:rating(?:s|-?box|-?stars?)?|star-?rating|danh-?gia|vote-?(?:star|rating)\w*"
        r"|kk-star-ratings)(?:$|\s)",
        "rating",
    ),
    Rule(
        "rating",
        "line",
        ("vi",),
        r"đánh giá (?:cho )?bài viết(?: này)? ?:?|click để đánh giá bài viết|xếp hạng bài viết ?:?",
        "Đánh giá cho bài viết:",
    ),
    Rule(
        "rating",
        "line",
        ("vi",),
        rf"{_N} ?(?:điểm|sao) ?\(? ?{_N} đánh giá ?\)?|tổng số điểm của bài viết là ?:?.{{0,60}}",
        "4 điểm ( 2 đánh giá )",
    ),
    Rule(
        "rating",
        "line",
        ("en", "id"),
        r"(?:rate this (?:article|post)|beri (?:nilai|rating)(?: artikel ini)?) ?:?"
        rf"|{_N} ?(?:/ ?5)? ?\(? ?{_N} (?:ratings?|votes?) ?\)?",
        "Rate this article:",
    ),
    # Polls
    Rule(
        "poll",
        "mark",
        (),
        r"(?:^|\s)(?:poll(?:-?(?:box|widget))?|binh-?chon|survey-?box|tham-?do(?:-?y-?kien)?)(?:$|\s)",
        "box poll",
    ),
    Rule(
        "poll",
        "heading",
        ("vi", "en", "id"),
        r"(?:bình chọn|thăm dò (?:ý kiến|dư luận)|opinion poll|jajak pendapat) ?:?",
        "Thăm dò ý kiến",
    ),
    # Lists of other articles
    Rule(
        "related",
        "mark",
        (),
        r"(?:^|\s)(?:(?:box-?)?(?:tin-?)?(?:lien-?quan|cung-?chuyen-?muc)|related-?(?:news|posts?"
        r"|articles?|stories|content|box|links)|tin-?khac|cac-?tin-?khac|other-?news|same-?category"
        r"|news-?other|box-?tinlienquan\w*|VCSortableInPreviewMode-related|jeg_post_related|yarpp-related"
        r"|berita-?terkait|baca-?juga)(?:$|\s)",
        "related-news",
    ),
    Rule(
        "related",
        "heading",
        ("vi",),
        r"(?:các )?(?:tin|bài)(?: (?:tức|viết|bài))? (?:có )?(?:liên quan|cùng (?:chuyên mục|chủ đề"
        r"|tác giả|loại|sự kiện)|khác|mới(?: (?:hơn|nhất))?|cũ(?: hơn)?|đã đưa|đọc nhiều|nổi bật"
        r"|xem nhiều)(?: nhất)? ?:?",
        "Các tin khác",
    ),
    Rule(
        "related",
        "heading",
        ("vi",),
        r"(?:cùng (?:chuyên mục|chủ đề|tác giả|thẻ)|đọc (?:tiếp|thêm|nhiều(?: nhất)?)|xem (?:tiếp|thêm"
        r"|nhiều(?: nhất)?)|có thể bạn quan tâm|bạn có thể quan tâm|tin liên quan|dòng sự kiện"
        r"|văn bản (?:mới|liên quan)|đừng bỏ lỡ|mới nhất|tin tài trợ) ?:?",
        "Cùng chuyên mục",
    ),
    Rule(
        "related",
        "heading",
        ("en",),
        r"(?:same (?:tags?|category|author|topic)|related (?:news|stories|story|articles?|posts?|topics?"
        r"|content|links)|(?:other|more|latest) (?:news|stories|articles)|more (?:from|on|in) .{2,40}"
        r"|you (?:may|might) (?:also )?(?:like|be interested in)|recommended(?: for you| stories)?"
        r"|read next|most (?:read|popular|viewed)|trending(?: now)?) ?:?",
        "Same category",
    ),
    Rule(
        "related",
        "heading",
        ("id",),
        r"(?:(?:tag|kategori|penulis|topik) yang sama|(?:berita|artikel) (?:terkait|lainnya|terbaru"
        r"|terpopuler|populer)|baca juga|terkait|lihat juga) ?:?",
        "Kategori yang sama",
    ),
    Rule(
        "related-link",
        "linked",
        ("vi", "en", "id"),
        r"(?:>+|»|→|\*|•|-)? ?(?:xem thêm|đọc thêm|đọc tiếp|mời (?:quý vị|độc giả|bạn đọc).{0,30}"
        r"|tin liên quan|read (?:more|also|next)|see also|related|baca juga|lihat juga"
        r"|simak juga) ?[:>»-].{5,250}",
        ">> Xem thêm: Hai xã cùng mở hội xuân",
    ),
    # What a reader can do with the page
    Rule(
        "action",
        "line",
        ("vi",),
        r"(?:in (?:bài|trang|tin)(?: (?:viết|này))?|bản in|chia sẻ(?: (?:bài viết|lên \w+|facebook|zalo))*"
        r"|(?:copy|sao chép) (?:link|liên kết)|theo dõi(?: \S+ trên google news)?|tặng sao"
        r"|lên đầu(?: trang)?|quay lại|về trang chủ|trở (?:về|lại)(?: đầu trang)?|gửi (?:email|bài viết"
        r"|bình luận|cho bạn bè)|lưu (?:bài|tin)(?: viết)?|cỡ chữ|nghe (?:đọc )?bài(?: viết)?|thích"
        r"|đăng nhập|đăng ký|tìm kiếm|xem (?:chi tiết|toàn bộ)|giấy phép|bản quyền) ?:?",
        "Sao chép liên kết",
    ),
    Rule(
        "action",
        "line",
        ("en",),
        r"(?:print(?: (?:this )?(?:article|page))?|share(?: (?:this(?: \w+)?|on (?:facebook|twitter|x"
        r"|linkedin|whatsapp)|via email))?|copy link|(?:back to )?top|go back|e-?mail(?: this)?|tweet"
        r"|pin it|listen(?: to (?:this )?article)?|log ?in|sign (?:in|up)|subscribe(?: now)?"
        r"|skip to (?:main )?content|advertisement|sponsored)",
        "Copy link",
    ),
    Rule(
        "action",
        "line",
        ("id",),
        r"(?:cetak|bagikan(?: (?:ke|di|artikel).{0,30})?|salin (?:tautan|link)|kembali(?: ke atas)?"
        r"|ke atas|simpan|masuk|daftar|iklan)",
        "Salin tautan",
    ),
    Rule(
        "action",
        "line",
        ("vi",),
        r"(?:quý vị|bạn|độc giả) (?:có thể )?(?:đón đọc|theo dõi)\s.{0,80}\s(?:trên|tại) (?:google news"
        r"|zalo|facebook|fanpage).{0,30}",
        "Bạn có thể theo dõi báo trên Google News",
    ),
    Rule(
        "app-banner",
        "mark",
        (),
        r"(?:^|\s)(?:smart-?banner|app-?banner|download-?app(?:-?\w+)?|popup-?app|install-?app|banner-?app"
        r"|box-?app)(?:$|\s)",
        "app-banner",
    ),
    Rule(
        "app-banner",
        "line",
        ("vi", "en", "id"),
        r"tải (?:ứng dụng|app)(?: .{2,30})? ?:?|download (?:the|our) app ?:?|unduh aplikasi(?: .{2,30})?",
        "Tải ứng dụng:",
    ),
    # Boxes of a portal
    Rule(
        "portal-box",
        "line",
        ("vi",),
        r"một cửa điện tử|văn bản điện tử|liên kết (?:website|web|trang)|thời tiết|tỷ giá|giá vàng|hỏi đáp"
        r"|góp ý|sơ đồ (?:website|cổng)|thư điện tử(?: công vụ)?|lịch công tác",
        "Một cửa điện tử",
    ),
    Rule(
        "portal-box",
        "line",
        ("vi",),
        r"chào mừng (?:bạn|quý vị) đến với\s.{3,120}",
        "Chào mừng bạn đến với cổng thông tin điện tử",
    ),
    Rule(
        "masthead",
        "line",
        ("vi",),
        r"(?:báo điện tử|(?:cổng|trang) thông tin(?: điện tử)?|trang tin(?: điện tử)?|cổng ttđt)"
        r" [^\s.,;:]+(?: [^\s.,;:]+){0,9}",
        "Cổng thông tin điện tử xã Ví Dụ",
    ),
    Rule(
        "copyright",
        "line",
        (),
        r"(?:©|\(c\)|copyright|bản quyền (?:thuộc|©)|hak cipta)\s?.{0,120}",
        "© 2024 Báo Ví Dụ",
    ),
)
