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
_DAY = r"(?:thứ\s+(?:hai|ba|tư|năm|sáu|bảy|bẩy)|chủ\s*nhật|t[2-7]|cn)"
_DATE = r"(?:ngày\s+)?\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*\d{4}"

RULES: tuple[Rule, ...] = (
    # Visit counters
    Rule("counter", "mark", (), r"(?:^|[\s_-])(?:visit(?:or)?s?-?(?:counter|stat\w*|count)|counter(?:-?box)?|thong-?ke-?(?:truy-?cap)?|hit-?counter|luot-?truy-?cap|site-?stat\w*)(?:$|[\s_-])", "widget thongke"),
    Rule("counter", "line", ("vi",), rf"(?:tổng\s+|số\s+)?(?:lượt|lần)\s+(?:truy\s+cập|xem|đọc)\s*:?\s*{_N}", "Lượt truy cập: 1.234.567"),
    Rule("counter", "line", ("vi",), rf"{_N}\s+(?:lượt\s+(?:xem|đọc|truy\s+cập)|người\s+đang\s+xem)", "512 lượt xem"),
    Rule("counter", "line", ("vi",), rf"(?:đang\s+)?(?:trực\s+tuyến|online|hôm\s+nay|hôm\s+qua|tuần\s+này|tháng\s+này|trong\s+(?:ngày|tuần|tháng)|tất\s+cả|tổng\s+(?:số|cộng)|khách|thành\s+viên)\s*:?\s*{_N}", "Trực tuyến: 17"),
    Rule("counter", "line", ("vi",), r"thống\s+kê\s+(?:lượt\s+)?truy\s+cập|lượt\s+truy\s+cập\s*:|(?:đang\s+)?trực\s+tuyến\s*:|hôm\s+nay\s*:", "Thống kê truy cập"),
    Rule("counter", "line", ("en",), rf"(?:view\s*count|views?|page\s*views?|hits|visits|visitors(?:\s+(?:online|today))?|online(?:\s+now)?)\s*:\s*{_N}", "View count: 536"),
    Rule("counter", "line", ("en",), rf"{_N}\s*(?:views|page\s*views|visits|hits)", "1,024 views"),
    Rule("counter", "line", ("id",), rf"(?:dilihat|dibaca|jumlah\s+(?:pengunjung|pembaca)|pengunjung(?:\s+hari\s+ini)?)\s*:?\s*{_N}(?:\s*kali)?", "Dibaca: 87 kali"),
    # The date of today in a header
    Rule("today", "mark", (), r"^(?:today|current-?date|date-?now|clock|dong-?ho|ngay-?hien-?tai|date-?time-?now|header-?date|lblDate)(?:$|\s)", "today"),
    Rule("today", "line", ("vi",), rf"hôm\s+nay\s*,?\s*(?:là\s+)?(?:{_DAY}\s*,?\s*)?{_DATE}.{{0,20}}", "Hôm nay, thứ tư 03/07/2024"),
    # Comments
    Rule("comments", "mark", (), r"(?:^|\s)(?:comments?(?:-?(?:box|form|area|section|list|wrap(?:per)?|respond))?|box-?comment|fb-comments|disqus_thread|respond|binh-?luan|komentar)(?:$|\s)", "comment-box"),
    Rule("comments", "heading", ("vi",), r"(?:ý\s+kiến|bình\s+luận|phản\s+hồi)(?:\s+(?:bạn\s+đọc|của\s+bạn|độc\s+giả))?\s*(?:\(\s*\d*\s*\))?\s*:?", "Bình luận (0)"),
    Rule("comments", "heading", ("en",), r"(?:leave\s+a\s+(?:comment|reply)|(?:post|add|write)\s+a\s+comment|comments?\s*\(\s*\d*\s*\)|\d+\s+comments?)\s*:?", "Comment (0)"),
    Rule("comments", "heading", ("id",), r"(?:komentar|tanggapan)\s*(?:\(\s*\d*\s*\))?\s*:?|(?:tulis|beri|tinggalkan)(?:kan)?\s+komentar(?:\s+anda)?", "Komentar (0)"),
    Rule("comments", "line", ("vi", "en", "id"), r"please\s+leave\s+a\s+comment\s.{3,60}|silakan\s+tinggalkan\s+komentar\s.{3,80}|(?:vui\s+lòng|hãy)\s+để\s+lại\s+bình\s+luận.{0,60}|(?:xin\s+)?mời\s+bạn\s+(?:nhập|gửi)\s+bình\s+luận.{0,60}", "Please leave a comment to tell us what you think!"),
    # Ratings
    Rule("rating", "mark", (), r"(?:^|\s)(?:rating(?:s|-?box|-?stars?)?|star-?rating|danh-?gia|vote-?(?:star|rating)\w*|kk-star-ratings)(?:$|\s)", "rating"),
    Rule("rating", "line", ("vi",), r"đánh\s+giá\s+(?:cho\s+)?bài\s+viết(?:\s+này)?\s*:?|click\s+để\s+đánh\s+giá\s+bài\s+viết|xếp\s+hạng\s+bài\s+viết\s*:?", "Đánh giá cho bài viết:"),
    Rule("rating", "line", ("vi",), rf"{_N}\s*(?:điểm|sao)\s*\(?\s*{_N}\s+đánh\s+giá\s*\)?|tổng\s+số\s+điểm\s+của\s+bài\s+viết\s+là\s*:?.{{0,60}}", "4 điểm ( 2 đánh giá )"),
    Rule("rating", "line", ("en", "id"), rf"(?:rate\s+this\s+(?:article|post)|beri\s+(?:nilai|rating)(?:\s+artikel\s+ini)?)\s*:?|{_N}\s*(?:/\s*5)?\s*\(?\s*{_N}\s+(?:ratings?|votes?)\s*\)?", "Rate this article:"),
    # Polls
    Rule("poll", "mark", (), r"(?:^|\s)(?:poll(?:-?(?:box|widget))?|binh-?chon|survey-?box|tham-?do(?:-?y-?kien)?)(?:$|\s)", "box poll"),
    Rule("poll", "heading", ("vi", "en", "id"), r"(?:bình\s+chọn|thăm\s+dò\s+(?:ý\s+kiến|dư\s+luận)|opinion\s+poll|jajak\s+pendapat)\s*:?", "Thăm dò ý kiến"),
    # Lists of other articles
    Rule("related", "mark", (), r"(?:^|\s)(?:(?:box-?)?(?:tin-?)?(?:lien-?quan|cung-?chuyen-?muc)|related-?(?:news|posts?|articles?|stories|content|box|links)|tin-?khac|cac-?tin-?khac|other-?news|same-?category|news-?other|box-?tinlienquan\w*|VCSortableInPreviewMode-related|jeg_post_related|yarpp-related|berita-?terkait|baca-?juga)(?:$|\s)", "related-news"),
    Rule("related", "heading", ("vi",), r"(?:các\s+)?(?:tin|bài)(?:\s+(?:tức|viết|bài))?\s+(?:có\s+)?(?:liên\s+quan|cùng\s+(?:chuyên\s+mục|chủ\s+đề|tác\s+giả|loại|sự\s+kiện)|khác|mới(?:\s+(?:hơn|nhất))?|cũ(?:\s+hơn)?|đã\s+đưa|đọc\s+nhiều|nổi\s+bật|xem\s+nhiều)(?:\s+nhất)?\s*:?", "Các tin khác"),
    Rule("related", "heading", ("vi",), r"(?:cùng\s+(?:chuyên\s+mục|chủ\s+đề|tác\s+giả|thẻ)|đọc\s+(?:tiếp|thêm|nhiều(?:\s+nhất)?)|xem\s+(?:tiếp|thêm|nhiều(?:\s+nhất)?)|có\s+thể\s+bạn\s+quan\s+tâm|bạn\s+có\s+thể\s+quan\s+tâm|tin\s+liên\s+quan|dòng\s+sự\s+kiện|văn\s+bản\s+(?:mới|liên\s+quan)|đừng\s+bỏ\s+lỡ|mới\s+nhất|tin\s+tài\s+trợ)\s*:?", "Cùng chuyên mục"),
    Rule("related", "heading", ("en",), r"(?:same\s+(?:tags?|category|author|topic)|related\s+(?:news|stories|story|articles?|posts?|topics?|content|links)|(?:other|more|latest)\s+(?:news|stories|articles)|more\s+(?:from|on|in)\s+.{2,40}|you\s+(?:may|might)\s+(?:also\s+)?(?:like|be\s+interested\s+in)|recommended(?:\s+for\s+you|\s+stories)?|read\s+next|most\s+(?:read|popular|viewed)|trending(?:\s+now)?)\s*:?", "Same category"),
    Rule("related", "heading", ("id",), r"(?:(?:tag|kategori|penulis|topik)\s+yang\s+sama|(?:berita|artikel)\s+(?:terkait|lainnya|terbaru|terpopuler|populer)|baca\s+juga|terkait|lihat\s+juga)\s*:?", "Kategori yang sama"),
    Rule("related-link", "linked", ("vi", "en", "id"), r"(?:>+|»|→|\*|•|-)?\s*(?:xem\s+thêm|đọc\s+thêm|đọc\s+tiếp|mời\s+(?:quý\s+vị|độc\s+giả|bạn\s+đọc).{0,30}|tin\s+liên\s+quan|read\s+(?:more|also|next)|see\s+also|related|baca\s+juga|lihat\s+juga|simak\s+juga)\s*[:>»-].{5,250}", ">> Xem thêm: Hai xã cùng mở hội xuân"),
    # What a reader can do with the page
    Rule("action", "line", ("vi",), r"(?:in\s+(?:bài|trang|tin)(?:\s+(?:viết|này))?|bản\s+in|chia\s+sẻ(?:\s+(?:bài\s+viết|lên\s+\w+|facebook|zalo))*|(?:copy|sao\s+chép)\s+(?:link|liên\s+kết)|theo\s+dõi(?:\s+\S+\s+trên\s+google\s+news)?|tặng\s+sao|lên\s+đầu(?:\s+trang)?|quay\s+lại|về\s+trang\s+chủ|trở\s+(?:về|lại)(?:\s+đầu\s+trang)?|gửi\s+(?:email|bài\s+viết|bình\s+luận|cho\s+bạn\s+bè)|lưu\s+(?:bài|tin)(?:\s+viết)?|cỡ\s+chữ|nghe\s+(?:đọc\s+)?bài(?:\s+viết)?|thích|đăng\s+nhập|đăng\s+ký|tìm\s+kiếm|xem\s+(?:chi\s+tiết|toàn\s+bộ)|giấy\s+phép|bản\s+quyền)\s*:?", "Sao chép liên kết"),
    Rule("action", "line", ("en",), r"(?:print(?:\s+(?:this\s+)?(?:article|page))?|share(?:\s+(?:this(?:\s+\w+)?|on\s+(?:facebook|twitter|x|linkedin|whatsapp)|via\s+email))?|copy\s+link|(?:back\s+to\s+)?top|go\s+back|e-?mail(?:\s+this)?|tweet|pin\s+it|listen(?:\s+to\s+(?:this\s+)?article)?|log\s*in|sign\s+(?:in|up)|subscribe(?:\s+now)?|skip\s+to\s+(?:main\s+)?content|advertisement|sponsored)", "Copy link"),
    Rule("action", "line", ("id",), r"(?:cetak|bagikan(?:\s+(?:ke|di|artikel).{0,30})?|salin\s+(?:tautan|link)|kembali(?:\s+ke\s+atas)?|ke\s+atas|simpan|masuk|daftar|iklan)", "Salin tautan"),
    Rule("action", "line", ("vi",), r"(?:quý\s+vị|bạn|độc\s+giả)\s+(?:có\s+thể\s+)?(?:đón\s+đọc|theo\s+dõi)\s.{0,80}\s(?:trên|tại)\s+(?:google\s+news|zalo|facebook|fanpage).{0,30}", "Bạn có thể theo dõi báo trên Google News"),
    Rule("app-banner", "mark", (), r"(?:^|\s)(?:smart-?banner|app-?banner|download-?app(?:-?\w+)?|popup-?app|install-?app|banner-?app|box-?app)(?:$|\s)", "app-banner"),
    Rule("app-banner", "line", ("vi", "en", "id"), r"tải\s+(?:ứng\s+dụng|app)(?:\s+.{2,30})?\s*:?|download\s+(?:the|our)\s+app\s*:?|unduh\s+aplikasi(?:\s+.{2,30})?", "Tải ứng dụng:"),
    # Boxes of a portal
    Rule("portal-box", "line", ("vi",), r"một\s+cửa\s+điện\s+tử|văn\s+bản\s+điện\s+tử|liên\s+kết\s+(?:website|web|trang)|thời\s+tiết|tỷ\s+giá|giá\s+vàng|hỏi\s+đáp|góp\s+ý|sơ\s+đồ\s+(?:website|cổng)|thư\s+điện\s+tử(?:\s+công\s+vụ)?|lịch\s+công\s+tác", "Một cửa điện tử"),
    Rule("portal-box", "line", ("vi",), r"chào\s+mừng\s+(?:bạn|quý\s+vị)\s+đến\s+với\s.{3,120}", "Chào mừng bạn đến với cổng thông tin điện tử"),
    Rule("copyright", "line", (), r"(?:©|\(c\)|copyright|bản\s+quyền\s+(?:thuộc|©)|hak\s+cipta)\s?.{0,120}", "© 2024 Báo Ví Dụ"),
)
