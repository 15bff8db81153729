"""Injected links are taken and reported, also where only the text beside them or nothing at all is seen; news about
gambling, and what honest templates hide, is not."""

import pytest

from tests.cleaning.markup import SENTENCES, TITLE, URL, cleaned, page, paragraphs, rules

ADDRESS = '<a href="https://139.99.113.80/">https://139.99.113.80/</a>'
SEED = f"W88 113.80 - {ADDRESS}"
SEED_TEXT = "W88 113.80 - https://139.99.113.80/"


@pytest.mark.parametrize(
    ("markup", "rule", "hidden"),
    [
        ('<a href="https://8.8.4.4/">W88 8.8 - https://8.8.4.4/</a>', "bare-ip-link", False),
        ('<div style="display:none"><a href="https://nha-cai.example/">nhà cái uy tín</a></div>', "hidden-link", True),
        ('<p style="font-size:0"><a href="https://x.example/">tài xỉu online</a></p>', "hidden-link", True),
        (
            '<div style="position:absolute;left:-9999px"><a href="https://x.example/">Mua hàng rẻ</a></div>',
            "off-screen-link",
            True,
        ),
        ('<a href="https://fb88.example/">Đăng ký FB88</a>', "gambling-link", False),
        ('<a href="https://x.example/">game bài đổi thưởng</a>', "gambling-link", False),
        ('<div style="display:none"><a href="https://x.example/">Mua thuốc giảm cân</a></div>', "concealed-link", True),
        ('<marquee width="1" height="1"><a href="https://x.example/">Mua thuốc</a></marquee>', "concealed-link", True),
    ],
)
@pytest.mark.parametrize("place", ["inside", "behind"])
def test_injected_links(markup, rule, hidden, place):
    article = cleaned(page(paragraphs(markup)) if place == "inside" else page(after=markup))
    (link,) = article.spam
    assert (link.rule, link.hidden) == (rule, hidden)
    assert link.url.startswith("https://")
    assert article.text.split("\n") == list(SENTENCES)
    assert any(removal.rule == rule and removal.text == link.text for removal in article.removed)
    assert not article.quarantined


def test_a_link_says_where_it_stood():
    article = cleaned(page(after='<div id="footer"><p><a href="https://fb88.example/">FB88</a></p></div>'))
    assert [link.path for link in article.spam] == ["div#bottom/div#footer/p/a"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Công an huyện vừa triệt phá đường dây cá cược bóng đá W88 và FB88 với số tiền lên tới hàng tỷ đồng.",
        (
            'Theo <a href="https://bao.example/w88">điều tra của báo bạn về đường dây cá độ W88 ở ba tỉnh miền Bắc</a>,'
            " nhóm này đã hoạt động từ hai năm nay và lôi kéo hàng trăm người tham gia."
        ),
        'Nhà cái và người chơi đều bị xử phạt, theo <a href="/ca-do">thông báo của xã</a> gửi tới từng hộ trong tuần.',
        'Hệ thống chạy tại <a href="https://8.8.8.8/">máy chủ dùng chung</a> của tỉnh, nơi các xã gửi báo cáo tháng.',
        (
            "Công an xã khuyến cáo người dân không truy cập trang <a "
            'href="https://congan.example/canh-bao-w88">W88</a>,'
            " một trang cá độ lập ở nước ngoài để lừa tiền của người chơi."
        ),
        (
            'Cả xóm đều nghe nói về trang <a href="https://bao.example/trang-w88">W88</a>, một trang lập ở nước ngoài '
            "mà nhiều thanh niên trong làng từng vào."
        ),
        (
            'Theo bài <a href="https://bao.example/w88">Triệt phá nhà cái W88</a> trên báo bạn, nhóm này đã hoạt động '
            "từ hai năm nay ở ba tỉnh miền Bắc."
        ),
        (
            'Kết quả <a href="https://soicau.example/">điều tra</a> cho thấy nhóm này đã hoạt động từ hai năm nay ở ba'
            " tỉnh và lôi kéo hàng trăm người."
        ),
        'Người dân tuyệt đối không vào trang <a href="https://w88.example/">W88</a>.',
        'Bà con gọi đó là trang <a href="https://bao.example/w88">W88</a>.',
    ],
)
def test_news_about_gambling_stays(sentence):
    article = cleaned(page(paragraphs(f"<p>{sentence}</p>", f"<p>{SENTENCES[1]}</p>")))
    assert article.spam == []
    words = sentence.replace("</a>", "<a").split("<a")
    assert all(part.split(">")[-1] in article.text for part in words)


@pytest.mark.parametrize(
    "text", ["Người hùng giữa đời thường", "Cả cuộc đời vì dân", "Lộ đề thi lớp mười", "Lo để con học"]
)
def test_ordinary_vietnamese_is_no_name(text):
    sentence = (
        f'Trên báo bạn, <a href="https://bao.example/d1.htm">{text}</a> là bài được nhiều người trong xã tìm đọc.'
    )
    article = cleaned(page(paragraphs(f"<p>{sentence}</p>", f'<p><a href="https://bao.example/d2.htm">{text}</a></p>')))
    assert article.spam == []
    assert text in article.text


def test_a_page_of_links_to_stories_of_ordinary_people_is_no_spam_page():
    links = "".join(f'<p><a href="https://bao{n}.example/">Người tốt giữa đời thường {n}</a></p>' for n in range(3))
    article = cleaned(page(paragraphs(links), title="Người tốt giữa đời thường"))
    assert (article.spam, article.quarantined) == ([], False)


def test_a_report_on_gambling_is_not_quarantined_for_links_to_other_reports():
    named = ("Nhà cái W88 sụp đổ", "Trùm W88 và ba năm trốn chạy", "Cá cược ở làng quê")
    links = "".join(f'<p><a href="https://bao{n}.example/">{text}</a></p>' for n, text in enumerate(named))
    told = (
        "Công an ba tỉnh vừa triệt phá nhà cái W88, bắt giữ hai mươi người và thu giữ hàng chục tỷ đồng tiền mặt.",
        "Những người này khai đã lập trang từ năm ngoái, lôi kéo hàng nghìn người nạp tiền vào đó rồi chiếm đoạt.",
    )
    body = "".join(f"<p>{one}</p>" for one in told)
    article = cleaned(page(f"{body}<p>Xem thêm:</p>{links}", title="Triệt phá nhà cái W88 ở ba tỉnh"))
    assert (article.spam, article.quarantined) == ([], False)
    assert all(one in article.text for one in told)


@pytest.mark.parametrize(
    "markup",
    [
        page(paragraphs(f"<p>{SEED}</p>")),
        page("<div>" + "<br>".join((*SENTENCES, SEED)) + "</div>"),
        "<html><body><table>"
        + "".join(f"<tr><td>{one}</td></tr>" for one in (f"<h1>{TITLE}</h1>", *SENTENCES, SEED))
        + "</table></body></html>",
        page(after=f'<div id="footer">{SEED}</div>'),
        page(after=f"<div>Lượt truy cập: 1814223<br>{SEED}</div>"),
    ],
)
def test_the_text_beside_an_address_goes_with_it(markup):
    article = cleaned(markup)
    assert article.text.split("\n") == list(SENTENCES)
    assert [(link.rule, link.text) for link in article.spam] == [("bare-ip-link", "https://139.99.113.80/")]
    assert rules(article)["bare-ip-link"] == SEED_TEXT


def test_the_name_beside_a_written_address_counts():
    line = '<p>Nhà cái W88: <a href="https://abc.example/">https://abc.example/</a></p>'
    article = cleaned(page(paragraphs(line)))
    assert article.text.split("\n") == list(SENTENCES)
    assert rules(article)["gambling-link"] == "Nhà cái W88: https://abc.example/"


def test_in_a_line_of_honest_links_only_the_injected_one_goes():
    line = '<p>Liên kết: <a href="https://bao.example/">Báo bạn</a> <a href="https://w88.example/">W88</a></p>'
    article = cleaned(page(after=line))
    assert [removal.text for removal in article.removed if removal.rule == "gambling-link"] == ["W88"]


HIDING = [
    "display:none",
    "visibility:hidden",
    "width:0;height:0",
    "height:0;overflow:hidden",
    "max-height:1px;overflow:hidden",
    "position:absolute;width:1px;clip:rect(0,0,0,0)",
    "clip-path:inset(50%)",
    "DISPLAY : none !important",
    "opacity:0",
    "opacity: 0.01",
    "position:absolute;left:-999px",
    "position:absolute;left:-200%",
    "position:absolute;left:-100em",
    "position:absolute;bottom:-9999px",
    "font-size:0",
    "font-size:0.1px",
    "font-size:1px",
]


@pytest.mark.parametrize("attribute", ["hidden", *(f'style="{style}"' for style in HIDING)])
@pytest.mark.parametrize(
    "markup",
    [
        '<a href="https://thuoc.example/" {}>Mua thuốc giảm cân</a>',
        '<span {}><a href="https://thuoc.example/">Mua thuốc giảm cân</a></span>',
    ],
)
def test_hidden_links_within_a_paragraph_go_whatever_they_say(markup, attribute):
    hidden = markup.format(attribute)
    article = cleaned(page(f"<p>{SENTENCES[0]} {hidden} {SENTENCES[1]}</p><p>{SENTENCES[2]}</p>"))
    assert article.text == f"{SENTENCES[0]} {SENTENCES[1]}\n{SENTENCES[2]}"
    (link,) = article.spam
    assert (link.text, link.hidden) == ("Mua thuốc giảm cân", True)
    assert link.rule in ("concealed-link", "off-screen-link")


@pytest.mark.parametrize(
    "markup",
    [
        '<div style="display:none"><a href="/nha-cai">W88</a><a href="https://xa-vi-du.example/x">FB88</a></div>',
        '<div id="menu-2" style="display:none"><a href="https://bao.example/">Báo bạn</a></div>',
        '<div class="popup" style="display:none"><a href="https://bao.example/">Báo bạn</a></div>',
        '<nav><div style="display:none"><a href="https://bao.example/">Báo bạn</a></div></nav>',
        '<ul><li>Liên kết<ul style="display:none"><li><a href="https://bao.example/">Báo bạn</a></li></ul></li></ul>',
        '<div style="left:-9999px"><a href="/">Trang chủ</a><a href="https://bao.example/">Báo bạn</a></div>',
        '<a href="#main" style="position:absolute;left:-9999px">Đến nội dung chính</a>',
        '<div style="display:none"><a href="https://www.facebook.com/xa">Theo dõi chúng tôi</a></div>',
        '<div style="display:none"><a href="https://play.google.com/store/apps/x">Tải ứng dụng</a></div>',
        '<div style="display:none"><a href="https://dichvucong.gov.vn/">Dịch vụ công</a></div>',
        '<div style="font-size:0"><span style="font-size:14px"><a href="https://bao.example/">Báo bạn</a></span></div>',
        '<div style="height:0;padding-bottom:56%"><a href="https://bao.example/">Báo bạn</a></div>',
        '<div style="left:-20px"><a href="https://bao.example/">Báo bạn</a></div>',
        (
            '<div style="display:none"><a href="https://bao.example/">Báo bạn</a></div>'
            '<p><a href="https://bao.example/">Báo bạn</a></p>'
        ),
        (
            f'<div style="display:none"><p>{SENTENCES[3]} {SENTENCES[2]} '
            '<a href="https://bao.example/">Báo bạn</a></p></div>'
        ),
        ('<div style="display:none"><form><a href="https://bao.example/">Báo bạn</a><input name="q"></form></div>'),
    ],
)
def test_what_honest_templates_hide_is_no_spam(markup):
    assert cleaned(page(before=markup)).spam == []


def test_hidden_links_to_a_site_of_the_same_domain_are_no_spam():
    hidden = '<div style="display:none"><a href="https://so-y-te.ninh-vi-du.gov.vn/">Sở Y tế</a></div>'
    assert cleaned(page(before=hidden), url="https://xa.ninh-vi-du.gov.vn/le-hoi-1204").spam == []


def test_a_hidden_advertisement_goes_with_its_sentences():
    told = (
        'W88 là nhà cái được nhiều người chơi lựa chọn, hãy vào <a href="https://w88.example/">W88</a> để chơi tài xỉu '
        "và cá cược bóng đá mỗi ngày cùng hàng nghìn người."
    )
    article = cleaned(page(paragraphs(f'<div style="display:none"><p>{told}</p></div>')))
    assert article.text.split("\n") == list(SENTENCES)
    assert [link.rule for link in article.spam] == ["hidden-link"]


def test_a_banner_for_gambling_is_spam_and_no_picture():
    banner = '<p><a href="https://x1.example/"><img src="/b.gif" alt="W88 nhà cái uy tín" width="700"></a></p>'
    honest = '<p><img src="/hoi.jpg" alt="Hội đua thuyền" width="700"></p>'
    article = cleaned(page(honest + banner + paragraphs()))
    assert [(link.rule, link.text) for link in article.spam] == [("gambling-link", "W88 nhà cái uy tín")]
    assert [image.url for image in article.images] == ["https://xa-vi-du.example/hoi.jpg"]


def test_a_picture_that_leads_to_a_report_on_gambling_stays():
    picture = '<p><a href="https://x1.example/"><img src="/b.jpg" alt="Triệt phá nhà cái W88" width="700"></a></p>'
    article = cleaned(page(picture + paragraphs()))
    assert (article.spam, len(article.images)) == ([], 1)


def test_a_link_that_was_not_closed_takes_nothing_along():
    article = cleaned(page(f'<p>{SENTENCES[0]}</p><p><a href="https://w88.example/">W88<p>' + paragraphs()))
    assert all(one in article.text for one in SENTENCES)


SOLD = "W88 là nhà cái hàng đầu với tỷ lệ cược hấp dẫn, nạp rút nhanh và hàng nghìn trò chơi đổi thưởng mỗi ngày. "


@pytest.mark.parametrize(
    "links",
    [
        "",
        "".join(f'<p><a href="https://w88-{n}.example/">Link vào W88 số {n}</a></p>' for n in range(2)),
        "".join(f'<p><a href="https://w88-{n}.example/">Link vào W88 số {n}</a></p>' for n in range(4)),
        "".join(f'<p><a href="{URL}/w88-{n}">Link vào W88 số {n}</a></p>' for n in range(5)),
    ],
)
def test_a_page_that_is_spam_is_quarantined(links):
    article = cleaned(page(f"<p>{SOLD * 2}</p><p>{SOLD}</p>{links}", title="W88 - link vào nhà cái mới nhất"))
    assert article.quarantined
