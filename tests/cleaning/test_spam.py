"""Injected gambling links are taken and reported; news about gambling is not."""

import pytest

from tests.cleaning.markup import SENTENCES, cleaned, page, paragraphs


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
    ],
)
def test_news_about_gambling_stays(sentence):
    article = cleaned(page(paragraphs(f"<p>{sentence}</p>", f"<p>{SENTENCES[1]}</p>")))
    assert article.spam == []
    assert sentence.split("<")[0].split(",")[0] in article.text


def test_hidden_links_to_the_own_site_are_menus():
    menu = '<div style="display:none"><a href="/nha-cai">W88</a><a href="https://xa-vi-du.example/x">FB88</a></div>'
    assert cleaned(page(before=menu)).spam == []


def test_a_page_that_is_spam_is_quarantined():
    links = "".join(f'<p><a href="https://w88-{n}.example/">Link vào W88 số {n}</a></p>' for n in range(4))
    text = "W88 là nhà cái hàng đầu với tỷ lệ cược hấp dẫn, nạp rút nhanh và hàng nghìn trò chơi đổi thưởng mỗi ngày. "
    article = cleaned(page(f"<p>{text * 2}</p><p>{text}</p>{links}", title="W88 - link vào nhà cái mới nhất"))
    assert article.quarantined
