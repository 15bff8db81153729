"""Gambling names as they are written, and which pages sell gambling rather than report on it."""

import pytest

from cleaning.gambling import is_gambling_page, names_gambling, names_gambling_host, reads_as_news


@pytest.mark.parametrize(
    "text",
    [
        "Game bài đổi thưởng",
        "CÁ CƯỢC BÓNG ĐÁ",
        "Lô đề online",
        "nhà cái uy tín",
        "Kèo nhà cái hôm nay",
        "tài xỉu",
        "Soi cầu miền Bắc",
        "nổ hũ đổi thưởng",
        "Nha cai uy tin",
        "tai xiu md5",
        "game bai doi thuong",
        "ca cuoc bong da",
        "Đăng ký W88",
        "8xbet",
        "Sunwin",
        "789 Club",
        "slot gacor hari ini",
        "judi bola",
        "Online casino",
    ],
)
def test_names_of_the_trade(text: str) -> None:
    assert names_gambling(text)


@pytest.mark.parametrize(
    "text",
    [
        "Người hùng giữa đời thường",
        "ĐỜI THƯỜNG CỦA MỘT BÁC SĨ",
        "Nguoi hung giua doi thuong",
        "Dành cả cuộc đời cho cây lúa",
        "Lộ đề thi vào lớp mười",
        "Không có gì phải lo để con đi học xa",
        "Mời nộp hồ sơ lô đề nghị trúng thầu",
        "Tích điểm đổi thưởng cho khách đi xe buýt",
        "Trong nhà cái gì cũng có",
        "Soi cầu thủ trẻ trước giải",
        "Tai nghe, tài khoản, tải xỉu nhau",
        "Vietlott nổ hũ giải lớn",
        "Lo de siempre en el pueblo",
        "Nhà cải tạo xong trước Tết",
        "Nha cai tao xong truoc Tet",
    ],
)
def test_words_that_only_look_like_them(text: str) -> None:
    assert not names_gambling(text)


@pytest.mark.parametrize(
    "host", ["w88.example", "nha-cai.example", "nhacai247.net", "taixiuvip.club", "keonhacai.tv", "soicau.example"]
)
def test_hosts_of_the_trade(host: str) -> None:
    assert names_gambling_host(host)


@pytest.mark.parametrize(
    "host",
    ["doi-thuong.example", "nguoihungdoithuong.vn", "cacuocdoi.example", "ca-cuoc-doi.vn", "lode.es", "nhacaitao.vn"],
)
def test_hosts_that_only_look_like_them(host: str) -> None:
    assert not names_gambling_host(host)


@pytest.mark.parametrize(
    "text",
    [
        "Triệt phá nhà cái W88 ở ba tỉnh",
        "Bắt nhóm cá độ bóng đá",
        "Trùm nhà cái hầu tòa",
        "Cảnh báo lừa đảo từ game bài",
        "Police raid W88 offices",
        "Polisi tangkap bandar togel",
    ],
)
def test_headlines_of_news(text: str) -> None:
    assert reads_as_news(text)


@pytest.mark.parametrize("text", ["W88 có lừa đảo không", "W88 - link vào nhà cái mới nhất", "Cách bắt kèo tài xỉu"])
def test_headlines_of_the_trade_are_no_news(text: str) -> None:
    assert not reads_as_news(text)


SPAM = {
    "W88 - link vào nhà cái mới nhất": (
        "W88 là nhà cái hàng đầu với tỷ lệ cược hấp dẫn, nạp rút nhanh và hàng nghìn trò chơi đổi thưởng mỗi ngày.\n"
        "Muốn vào W88, bạn chỉ cần tạo tài khoản và chọn trò tài xỉu, cá cược bóng đá hay lô đề."
    ),
    "Nhà cái 8xbet, sân chơi cá cược uy tín hàng đầu châu Á": (
        "8xbet được nhiều cược thủ tin tưởng nhờ kho game phong phú. Người chơi đăng ký tài khoản, nạp tiền qua ngân "
        "hàng và nhận khuyến mãi cho thành viên mới. Tại 8xbet có cá cược bóng đá, tài xỉu, lô đề và game bài đổi "
        "thưởng, hoàn trả mỗi tuần. Link vào 8xbet được cập nhật mỗi ngày để anh em trải nghiệm."
    ),
    "Tải Sunwin, cổng game bài đổi thưởng số một": (
        "Sunwin là cổng game bài đổi thưởng uy tín. Tải app Sunwin về máy, đăng nhập và nhận thưởng ngay. Tài xỉu "
        "Sunwin mở suốt ngày đêm, nạp rút nhanh chóng trong một phút."
    ),
    "Fun88, nhà cái được cấp phép": (
        "Fun88 là nhà cái được chính phủ nước ngoài cấp phép và tài trợ nhiều đội bóng. Khi không vào được Fun88, hãy "
        "gọi đường dây nóng. Nhà cái xử lý lệnh rút tiền trong hai phút, khuyến mãi cho thành viên mới, tài xỉu, cá "
        "cược đủ cả."
    ),
    "Nha cai W88 - tai xiu online": (
        "Nha cai W88 uy tin so mot. Dang ky tai khoan, nap tien va nhan thuong. Tai xiu W88 khuyen mai moi ngay, link "
        "vao W88 khong bi chan."
    ),
    "Situs slot gacor terpercaya": (
        "Situs slot gacor hari ini memberi bonus besar bagi anggota baru. Daftar di situs slot resmi kami, deposit "
        "tanpa potongan, dan main slot gacor dengan RTP tinggi. Togel online dan judi bola juga tersedia."
    ),
    "Best online casino bonuses with 12bet": (
        "12bet is the best online casino. Sign up today for your bonus and free spins, and enjoy fast withdrawals. The "
        "12bet sportsbook has the best odds, and our online casino takes deposits of any kind."
    ),
}

NEWS = {
    "Triệt phá nhà cái W88 ở ba tỉnh": (
        "Công an ba tỉnh vừa bắt giữ nhóm điều hành nhà cái W88. Trang W88 mời chào cá cược, tài xỉu, lô đề, hứa nạp "
        "rút nhanh, khuyến mãi cho thành viên mới và hoàn trả mỗi tuần."
    ),
    "Ma trận cá cược mùa bóng đá": (
        "Mùa bóng, các trang cá cược nở rộ với lời mời khuyến mãi hấp dẫn, nạp tiền nhanh chóng, đăng ký tài khoản "
        "nhận thưởng. Anh N. mất căn nhà vì cá cược, rồi tài xỉu, lô đề, nhà cái. Theo công an, cần cảnh giác."
    ),
    "Đề xuất cho cá cược bóng đá quốc tế": (
        "Theo dự thảo nghị định, người chơi cá cược phải đăng ký tài khoản, nạp tiền qua ngân hàng. Doanh nghiệp cá "
        "cược trích tiền thưởng vào quỹ. Cá cược đua ngựa giữ như cũ, cá cược bóng đá được thí điểm năm năm."
    ),
    "Tài xỉu và những phận đời": (
        "Đêm nào anh T. cũng chơi tài xỉu trên điện thoại. Tài xỉu lấy đi của anh căn nhà, rồi người vợ. Anh nói tài "
        "xỉu là con ma. Nay anh làm thuê ở bến cá, và khuyên mọi người đừng chơi tài xỉu."
    ),
    "Nhận định, soi kèo trận Thượng - Hạ: nhà cái nghiêng về chủ nhà": (
        "Nhà cái cho đội Thượng chấp nửa trái. Kèo nhà cái đêm nay hấp dẫn, tỷ lệ cược giảm dần. Soi kèo tài xỉu, nhà "
        "cái chờ ba bàn. Đội Hạ có hàng đầu của giải."
    ),
    "W88 tài trợ áo đấu một đội bóng Anh": (
        "Nhà cái W88 vừa ký với đội bóng. W88 là nhà cái hàng đầu, trả mười triệu bảng mỗi năm. Nhà cái này từng tài "
        "trợ ba đội. Hợp đồng với W88 có hiệu lực từ mùa tới."
    ),
    "Polisi tangkap bandar togel di Medan": (
        "Polisi menangkap bandar togel. Situs togel itu meminta warga daftar dan deposit, dengan bonus bagi anggota "
        "baru. Togel dan judi online merugikan warga."
    ),
    "How online casino sites win teenagers": (
        "Online casino ads offer a bonus and free spins to those who sign up. An online casino takes deposits from the "
        "age of 18. Regulators said every sportsbook and online casino had to check it; the watchdog would look at "
        "them."
    ),
    "Người tốt giữa đời thường": (
        "Giữa đời thường, cả cuộc đời bác sĩ ấy miễn phí cho người nghèo, uy tín và hàng đầu, nạp tiền vào quỹ, đăng "
        "nhập."
    ),
}


@pytest.mark.parametrize("injected", [0, 2, 5])
@pytest.mark.parametrize("title", SPAM)
def test_pages_that_sell_gambling(title: str, injected: int) -> None:
    assert is_gambling_page(title, SPAM[title], injected)


@pytest.mark.parametrize("injected", [0, 2])
@pytest.mark.parametrize("title", NEWS)
def test_pages_that_report_on_gambling(title: str, injected: int) -> None:
    assert not is_gambling_page(title, NEWS[title], injected)


def test_news_on_a_page_with_injected_links_is_no_spam_page() -> None:
    titles = [title for title in NEWS if not title.startswith("Nhận định")]
    assert [title for title in titles if is_gambling_page(title, NEWS[title], 5)] == []


def test_a_page_headed_by_a_name_that_speaks_of_something_else_is_none() -> None:
    text = "Đội M88 của xã vừa thắng trận đầu tiên, người xem đăng ký tài khoản, nạp tiền mua vé. " * 5
    assert not is_gambling_page("Đội M88 thắng trận đầu", text, 0)
