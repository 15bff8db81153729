"""Articles by the million, recombined from a few dozen sentences: for measures of the archive.

A text has some 250 words, as reports of districts and regional papers do; one in five is English. Names, places and
numbers vary within the sentences, but text made so still repeats more than people's does: the bytes an article that are
measured with it are a lower bound, and stand beside the bytes that it has uncompressed.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

from model.article import Article, Image, Removal, text_sha256
from storage import keys

VIETNAMESE = (
    "Sáng {n} tháng {m}, Ủy ban nhân dân xã {place} tổ chức hội nghị tổng kết công tác quý vừa qua.",
    "Ông {name}, Chủ tịch xã, cho biết toàn địa bàn đã thu hoạch {big} héc-ta lúa, năng suất bình quân {n} tạ.",
    "Theo bà {name}, tuyến đường nối {place} với quốc lộ dài {n} ki-lô-mét sẽ thông xe trước mùa mưa.",
    "Đến nay đã có {big} hộ dân đăng ký dùng nước sạch, tăng {n} phần trăm so với cùng kỳ năm trước.",
    "Lễ hội đền {place} năm nay đón khoảng {big} lượt khách, nhiều nhất trong vòng {m} năm trở lại đây.",
    "Công an huyện khuyến cáo người dân không bấm vào các đường dẫn lạ được gửi qua tin nhắn.",
    "Trạm y tế bố trí {m} bàn tiêm, phục vụ bà con từ bảy giờ sáng đến bốn giờ chiều các ngày trong tuần.",
    "Em {name}, học sinh lớp {m}, giành giải nhất cuộc thi kể chuyện với câu chuyện về dòng sông quê mình.",
    "Hợp tác xã {place} vừa xuất lô vải đầu tiên gồm {n} tấn sang thị trường Nhật Bản.",
    "Mực nước sông tại trạm {place} lúc sáu giờ là {n},{m} mét, dưới mức báo động một.",
    "Hàng cây sấu trên phố {place} được cắt tỉa trước mùa bão để bảo đảm an toàn cho người đi đường.",
    "Đoàn kiểm tra ghi nhận {m} cơ sở chưa niêm yết giá và yêu cầu khắc phục trong vòng {n} ngày.",
    "Anh {name} kể rằng lứa tôm này gia đình anh lãi gần {big} triệu đồng, đủ trả hết nợ ngân hàng.",
    "Thư viện lưu động mang hơn {big} đầu sách đến các điểm trường vùng cao của huyện {place}.",
    "Dự án kè bờ tả dài {big} mét có tổng mức đầu tư {n} tỷ đồng từ ngân sách tỉnh.",
    "Trận chung kết giữa {place} và đội chủ nhà khép lại với tỷ số {m} đều sau hai hiệp chính.",
    "Phát biểu tại buổi lễ, đồng chí {name} ghi nhận những nỗ lực của cán bộ và nhân dân trong xã.",
    "Người dân có thể nộp hồ sơ trực tuyến và nhận kết quả sau {m} ngày làm việc.",
    "Vườn quýt của bà {name} rộng {n} sào, mỗi vụ cho thu hơn {big} ki-lô-gam quả.",
    "Chợ phiên {place} họp vào các ngày chẵn, đông nhất là từ tờ mờ sáng đến khi nắng lên.",
    "Nghề dệt chiếu cói ở {place} từng có {big} khung, nay chỉ còn {n} hộ giữ nghề.",
    "Ban quản lý cho biết cầu mới sẽ thay chiếc cầu treo đã dùng suốt {n} năm.",
    "Các bác sĩ khám miễn phí cho {big} người cao tuổi và tặng thuốc cho những trường hợp khó khăn.",
    "Mưa lớn đêm qua làm ngập {n} héc-ta hoa màu, chủ yếu ở các thôn ven đê của xã {place}.",
)
ENGLISH = (
    "The people's committee of {place} met on the {n}th to review the plan for the coming season.",
    "{name}, who runs a small workshop by the river, sold {big} baskets last year, most of them abroad.",
    "The new bridge is {big} metres long and replaces a ferry that ran for {n} years.",
    "Some {big} visitors came to the temple fair at {place}, more than in any of the past {m} years.",
    "Teachers from {n} schools took part in the course, and each of them went home with a box of books.",
    "Water at the {place} gauge stood at {n}.{m} metres this morning, well below the first alarm.",
    "According to {name}, the cooperative will plant another {big} hectares of citrus before the rains.",
    "The clinic is open from seven in the morning, and a doctor sees about {n} patients a day.",
    "Residents may now file most papers online and collect the answer within {m} working days.",
    "The final between {place} and the visitors ended {m} all after extra time.",
    "Repairs to the dyke cost {n} billion dong, of which the province paid the larger part.",
    "Old {name} still remembers the market when {big} sampans crowded the canal before dawn.",
)
PLACES = (
    "Kim Sơn", "An Bình", "Hoa Lư", "Tân Phú", "Đông Hưng", "Phú Lộc", "Yên Mô", "Trà Cú", "Sông Cầu", "Vĩnh Thạnh",
    "Mộc Châu", "Cẩm Xuyên", "Gò Công", "Hồng Ngự", "Ba Vì", "Nho Quan", "Quế Phong", "Đầm Hà", "Lý Nhân", "Thới Bình",
)  # fmt: skip
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Lường", "Sơn", "Kim")
GIVEN = (
    "Văn Hải", "Thị Mai", "Quốc Bảo", "Thu Hà", "Minh Đức", "Ngọc Lan", "Xuân Trường", "Thanh Tâm", "Hữu Phước", "Bích"
)  # fmt: skip
FURNITURE = (
    ("navigation", "div#menu/ul/li", "{place}"),
    ("visit-counter", "div#right/p.counter", "Đang truy cập: {n}\nTổng lượt: {big}"),
    ("related", "div.tin-khac/ul/li", "{place}: {big} hộ dân được vay vốn"),
    ("share", "div.article-tools", "Chia sẻ | In bài viết"),
    ("imprint", "div#footer/p", "Cơ quan chủ quản: Ủy ban nhân dân huyện {place}. Điện thoại: 0{big} {big}"),
)
SENTENCES = 8, 18
"""A text has from so many to so many: some 250 words."""
REMOVED = 20
"""So many blocks are taken off each page, as from a portal's."""


def source_id(number: int) -> str:
    """The id of a source: `source-007`."""
    return f"source-{number:03}"


def made(source: str, began: datetime, count: int, seed: int) -> Iterator[Article]:
    """`count` articles of the run of `source` that began then; the same for the same arguments."""
    dice = Random(seed)
    run = keys.run_id(began)
    place = dice.choice(PLACES)
    for number in range(count):
        language, sentences = ("en", ENGLISH) if dice.random() < 0.2 else ("vi", VIETNAMESE)
        lines = [_filled(dice, dice.choice(sentences)) for _ in range(dice.randint(*SENTENCES))]
        blocks = [" ".join(lines[start : start + 3]) for start in range(0, len(lines), 3)]
        title, text = lines[-1].partition(",")[0], "\n".join(blocks)
        url = f"https://{source}.example/tin-tuc/{began:%Y%m%d}/bai-viet-{dice.getrandbits(40)}.html"
        fetched_at = began + timedelta(seconds=2 * number, microseconds=dice.randrange(1_000_000))
        day = date(began.year, began.month, began.day)
        yield Article(
            id=hashlib.sha256(url.encode()).hexdigest()[:16],
            source=source,
            run=run,
            url=url,
            canonical_url=url,
            fetched_at=fetched_at,
            text_sha256=text_sha256(title, text),
            title=title,
            lead=blocks[0],
            text=text,
            html="".join(f"<p>{block}</p>" for block in blocks),
            author=_name(dice),
            published_on=day - timedelta(days=dice.randrange(2)),
            published_at=datetime(day.year, day.month, day.day, dice.randrange(24), dice.randrange(60), tzinfo=UTC),
            modified_on=None,
            modified_at=None,
            language=language,
            section=dice.choice(("Tin tức", "Kinh tế", "Văn hóa", "Giáo dục")),
            tags=[dice.choice(PLACES)],
            locality=place,
            images=[Image(url=f"{url}.jpg", caption=lines[0])] * dice.randrange(3),
            origins={"title": "selector", "author": "signature", "published_on": "json-ld", "section": "visible"},
            via_name=None,
            via_url=None,
            warc_key=keys.raw_part(source, run, 1, 1),
            warc_offset=20_000 * number,
            warc_length=19_000 + dice.randrange(1000),
            cleaner_version="bantin 0.1.0 trafilatura 2.3.1 lxml 6.0.2",
            removed=[
                Removal(rule=rule, path=path, text=_filled(dice, text))
                for rule, path, text in dice.choices(FURNITURE, k=REMOVED)
            ],
        )


def _filled(dice: Random, sentence: str) -> str:
    return sentence.format(
        n=dice.randrange(2, 90),
        m=dice.randrange(2, 9),
        big=dice.randrange(100, 9_000),
        place=dice.choice(PLACES),
        name=_name(dice),
    )


def _name(dice: Random) -> str:
    return f"{dice.choice(FAMILIES)} {dice.choice(GIVEN)}"
