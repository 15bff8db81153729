"""Gambling names as they are written, and what tells news of it."""

import pytest

from cleaning.gambling import names_gambling, names_gambling_host, reads_as_news


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
