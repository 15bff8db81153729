"""Credits: who took a picture, as captions say it."""

import pytest

from cleaning.credits import is_credit, split_credit
from tests.cleaning.markup import SENTENCES, cleaned, page


@pytest.mark.parametrize(
    ("caption", "parts"),
    [
        ("Cổng chào. Ảnh: Hà Thu", ("Cổng chào.", "Hà Thu")),
        ("Cổng chào (Ảnh: Hà Thu)", ("Cổng chào", "Hà Thu")),
        ("The gate. Photo: Ha Thu/VNA", ("The gate.", "Ha Thu/VNA")),
        ("Gerbang desa - Foto: Ha Thu", ("Gerbang desa", "Ha Thu")),
        ("Cổng chào. Nguồn ảnh: TTXVN.", ("Cổng chào.", "TTXVN")),
        ("Ảnh: Hà Thu", ("", "Hà Thu")),
        ("Hai đội tranh giải: Thượng và Hạ", ("Hai đội tranh giải: Thượng và Hạ", None)),
        ("Cổng chào (Nguồn: TTXVN)", ("Cổng chào", "TTXVN")),
        ("Cổng chào. Nguồn: Báo Ví Dụ", ("Cổng chào.", "Báo Ví Dụ")),
        ("Cổng chào Ảnh: Tư liệu/TTXVN phát", ("Cổng chào", "Tư liệu/TTXVN phát")),
        ("Cổng chào - ẢNH: HÀ THU", ("Cổng chào", "HÀ THU")),
        ("Ảnh minh họa (Nguồn: Internet)", ("Ảnh minh họa", "Internet")),
        ("Cổng chào. Ảnh minh hoạ: Internet", ("Cổng chào.", "Internet")),
        ("Ảnh: nhân vật cung cấp", ("", "nhân vật cung cấp")),
        ("The gate.Credit: Ha Thu", ("The gate.", "Ha Thu")),
        ("The gate. Photograph by Ha Thu", ("The gate.", "Ha Thu")),
        ("Das Tor. Foto: Ha Thu (Getty)", ("Das Tor.", "Ha Thu (Getty)")),
        ("Das Tor. © Ha Thu/dpa", ("Das Tor.", "Ha Thu/dpa")),
        ("Gerbang desa. Sumber: Antara", ("Gerbang desa.", "Antara")),
        ("Cổng chào. Ảnh Hà Thu", ("Cổng chào.", "Hà Thu")),
        ("Cổng chào (Ảnh TTXVN)", ("Cổng chào", "TTXVN")),
        ("The gate. (AP)", ("The gate.", "AP")),
        ("The gate (Ha Thu/Getty Images)", ("The gate", "Ha Thu/Getty Images")),
    ],
)
def test_credit(caption, parts):
    assert split_credit(caption) == parts


@pytest.mark.parametrize(
    "text",
    [
        "Bà Mẫu giơ ra một tấm ảnh: ông nhà thời còn trẻ",
        "Bài, ảnh: Hà Thu",
        "Tin và ảnh: Hà Thu",
        "© 2026 Báo Ví Dụ",
        "Every photo by the pupils hangs in the hall.",
        "Cổng chào. Ảnh chụp từ trên cao",
        "Cổng chào của xã (ảnh tư liệu)",
        "Họp Đại hội đồng (LHQ)",
    ],
)
def test_what_only_looks_like_a_credit_is_none(text):
    assert split_credit(text) == (text, None)
    assert not is_credit(text)


def test_what_is_said_of_a_picture_is_no_credit():
    assert split_credit("Ảnh: Quang cảnh buổi sơ kết") == ("Quang cảnh buổi sơ kết", None)


@pytest.mark.parametrize("line", ["Bài, ảnh: Hà Thu", "Tin và ảnh: Hà Thu"])
def test_who_wrote_and_took_the_pictures_is_the_author(line):
    article = cleaned(page("".join(f"<p>{one}</p>" for one in SENTENCES) + f'<p><img src="/1.jpg"></p><p>{line}</p>'))
    assert article.author == "Hà Thu"
    assert [image.credit for image in article.images] == [None]


@pytest.mark.parametrize("line", ["Ảnh minh họa.", "Ảnh minh hoạ - Internet", "Hình 2. Sơ đồ bến sông"])
def test_a_line_that_speaks_of_the_picture_is_its_caption(line):
    one, two, *rest = (f"<p>{sentence}</p>" for sentence in SENTENCES)
    article = cleaned(page(f'{one}{two}<p><img src="/1.jpg"></p><p>{line}</p>{"".join(rest)}'))
    assert article.text.split("\n") == list(SENTENCES)
    assert [image.caption for image in article.images] == [line]


def test_a_sentence_about_a_picture_stays():
    one, two, *rest = (f"<p>{sentence}</p>" for sentence in SENTENCES)
    said = "Bà Mẫu giơ ra một tấm ảnh: ông nhà thời còn trẻ."
    article = cleaned(page(f'{one}{two}<p><img src="/1.jpg"></p><p>{said}</p>{"".join(rest)}'))
    assert said in article.text.split("\n")
