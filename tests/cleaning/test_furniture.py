"""What the rules take, and what they leave although it looks alike."""

import pytest

from tests.cleaning.markup import SENTENCES, cleaned, page, paragraphs, rules, source

PLAIN = list(SENTENCES)


@pytest.mark.parametrize(
    ("furniture", "rule"),
    [
        ("<p>Lượt truy cập: 1.234.567</p>", "counter"),
        ("<div>Trực tuyến: 12<br>Hôm nay: 345<br>Tất cả: 67890</div>", "counter"),
        ("<p>512 lượt xem</p>", "counter"),
        ("<p>(Lượt xem: 1.234)</p>", "counter"),
        ("<p>Số người online: 12</p>", "counter"),
        ("<p>Visits today: 13</p>", "counter"),
        ("<p>In bài | Chia sẻ | Quay lại | Lên đầu trang</p>", "action"),
        ("<div><span>In bài</span> <span>Chia sẻ</span> <span>Copy link</span></div>", "action"),
        ("<p>>> Xem thêm: Xã bên làm cầu mới qua sông</p>", "related-link"),
        ("<h4>Các tin khác</h4><ul><li>Xã bên làm cầu mới qua sông</li><li>Chợ phiên dời ngày</li></ul>", "related"),
        (f"<h3>Bình luận (2)</h3><p>{PLAIN[0].replace('hội', 'cuộc')}</p><p>Hay quá!</p>", "comments"),
        ("<p>View count: 412</p>", "counter"),
        ("<p>Dibaca: 87 kali</p>", "counter"),
        ('<div class="comment-box"><p>Hay lắm, xã tôi cũng có hội như thế!</p></div>', "comments"),
        ("<div><h4>Bình luận (0)</h4></div>", "comments"),
        ('<ul class="rating"><li>Đánh giá cho bài viết:</li><li>0 điểm ( 0 đánh giá )</li></ul>', "rating"),
        ("<p>0 điểm ( 0 đánh giá )</p>", "rating"),
        ('<div class="poll"><h4>Bình chọn</h4><p>Bạn thích đội nào nhất trong ngày hội?</p></div>', "poll"),
        ('<h4>Tin liên quan</h4><ul><li><a href="/a">Xã bên làm cầu mới qua sông</a></li></ul>', "related"),
        ('<p><b>Các tin khác:</b></p><p><a href="/a">Xã bên làm cầu mới qua sông</a> (12/11)</p>', "related"),
        ('<h4>Same category</h4><div><a href="/a">A new bridge over the river</a></div>', "related"),
        ('<h4>Kategori yang sama</h4><div><a href="/a">Jembatan baru di sungai</a></div>', "related"),
        ('<p>>> Xem thêm: <a href="/a">Xã bên làm cầu mới qua sông</a></p>', "related-link"),
        ("<p>Chia sẻ</p>", "action"),
        ("<p>Copy link</p>", "action"),
        ("<p>Salin tautan</p>", "action"),
        ("<p>Tải ứng dụng:</p>", "app-banner"),
        ("<p>Một cửa điện tử</p>", "portal-box"),
        ("<p>© 2026 Xã Ví Dụ</p>", "copyright"),
        (f"<p>{'Cổng thông tin điện tử xã Ví Dụ'}</p>", "masthead"),
    ],
)
@pytest.mark.parametrize("place", ["inside", "behind"])
def test_furniture_goes_and_is_recorded(furniture, rule, place):
    markup = page(paragraphs(furniture)) if place == "inside" else page(after=furniture)
    article = cleaned(markup)
    assert article.text.split("\n") == PLAIN
    taken = [removal for removal in article.removed if removal.rule == rule]
    assert taken, article.removed
    assert all(removal.path.startswith("div#main" if place == "inside" else "div#bottom") for removal in taken)


@pytest.mark.parametrize(
    "sentence",
    [
        "Lượt truy cập cổng thông tin của xã tăng gấp ba lần so với cùng kỳ năm ngoái, theo báo cáo của văn phòng.",
        "Bình chọn của khán giả năm nay thuộc về đội thôn Trung, đội có số tuổi trung bình cao nhất trong các đội.",
        "Nguồn: theo ban tổ chức, tiền thưởng năm nay do các hộ kinh doanh ở chợ trung tâm góp từ đầu mùa hè.",
        "Source of the river lies in the northern hills, some forty kilometres away from the village and its old pier.",
        "Bình luận về kết quả, huấn luyện viên đội thôn Hạ nói các em đã chèo hết sức trong điều kiện nước ngược.",
        "Hôm nay: ngày hội của cả xã, từ em nhỏ cho tới cụ già, ai cũng có mặt ở bến sông từ lúc trời còn chưa sáng.",
        "Xem thêm một vòng đua nữa, khán giả mới chịu về, và bến sông chỉ vắng người khi trời đã sẩm tối hẳn.",
        "Chia sẻ với phóng viên, đội trưởng đội nữ thôn Thượng cho biết chị em đã tập luyện suốt ba tháng liền.",
        "Share prices did not matter here: on the river only the drums, the oars and the current decide who wins.",
        "Komentar para penonton ramai sekali, tetapi perahu dari dusun atas tetap yang pertama sampai di garis akhir.",
    ],
)
def test_sentences_that_begin_like_furniture_stay(sentence):
    article = cleaned(page(paragraphs(f"<p>{sentence}</p><p>{SENTENCES[0][:-1]}, ai cũng vui.</p>")))
    assert sentence in article.text.split("\n")


def test_a_table_of_the_article_keeps_its_cells():
    table = (
        "<table><tr><th>Mục</th><th>Hôm nay</th><th>Lượt truy cập</th></tr>"
        "<tr><td>Trang chủ</td><td>12</td><td>345 lượt xem</td></tr></table>"
    )
    text = cleaned(page(paragraphs(table))).text
    assert "Mục | Hôm nay | Lượt truy cập" in text
    assert "Trang chủ | 12 | 345 lượt xem" in text


def test_a_mark_on_the_element_that_holds_the_article_is_not_believed():
    article = cleaned(page(f'<div class="comments related-news rating">{paragraphs()}</div>'))
    assert len(article.text) > 300


@pytest.mark.parametrize("mark", ["rating", "comments"])
def test_a_mark_on_the_element_that_holds_a_poem_is_not_believed(mark):
    verses = [f"Câu thơ thứ {number} về bến sông quê" for number in range(24)]
    article = cleaned(page(f'<div class="{mark}">' + "".join(f"<p>{verse}</p>" for verse in verses) + "</div>"))
    assert article.text.split("\n") == verses


def test_a_related_list_within_the_article_ends_where_the_article_goes_on():
    inset = '<p><strong>Tin liên quan</strong></p><ul><li><a href="/a">Xã bên làm cầu mới qua sông</a></li></ul>'
    body = f"<p>{PLAIN[0]}</p><p>{PLAIN[1]}</p>{inset}<p>{PLAIN[2]}</p><p>{PLAIN[3]}</p>"
    assert cleaned(page(body)).text.split("\n") == PLAIN


def test_headlines_of_other_articles_below_the_lead_go():
    links = "".join(f'<p><a href="/{n}">Một tin khác của xã Ví Dụ, số {n}, đăng tuần trước</a></p>' for n in range(3))
    article = cleaned(page(f"<p>{PLAIN[0]}</p>{links}" + "".join(f"<p>{s}</p>" for s in PLAIN[1:])))
    assert article.text.split("\n") == PLAIN
    assert sum(removal.rule == "related-link" for removal in article.removed) == 3 or "số 1" not in article.text


def test_a_repeated_headline_goes():
    article = cleaned(page(f"<p>Xã Ví Dụ mở hội đua thuyền mùa thu</p>{paragraphs()}"))
    assert article.text.split("\n") == PLAIN


def test_the_line_above_the_headline_goes_where_it_is_marked_so():
    kicker = '<p class="dachzeile">Lễ hội</p>'
    inside = f"<article>{kicker}<h1>Xã Ví Dụ mở hội đua thuyền mùa thu</h1>{paragraphs()}</article>"
    article = cleaned(f'<html lang="vi"><body>{inside}</body></html>')
    assert article.text.split("\n") == PLAIN
    assert cleaned(page(f"<p class='kicker'>Lễ hội</p>{paragraphs()}")).text.split("\n") == ["Lễ hội", *PLAIN]


@pytest.mark.parametrize("prefix", ["(Ví Dụ Online) - ", "(Ví Dụ Online)- ", "Ví Dụ Online - "])
def test_the_outlets_name_before_the_first_sentence_goes(prefix):
    site = source(clean={"outlets": ["Ví Dụ Online"]})
    article = cleaned(page(f"<p>{prefix}{PLAIN[0]}</p>" + "".join(f"<p>{s}</p>" for s in PLAIN[1:])), of=site)
    assert article.text.split("\n") == PLAIN
    assert rules(article)["outlet"].startswith(prefix.strip()[:5])


@pytest.mark.parametrize(
    ("prefix", "url", "via"),
    [
        ("(Dân trí) - ", "https://xa-vi-du.example/a", "Dân trí"),
        ("(VTC News) – ", "https://xa-vi-du.example/a", "VTC News"),
        ("(NLĐO)- ", "https://xa-vi-du.example/a", "NLĐO"),
        ("TTXVN - ", "https://xa-vi-du.example/a", "TTXVN"),
        ("(Vietnam+) - ", "https://xa-vi-du.example/a", "Vietnam+"),
        ("(Dân trí) - ", "https://dantri.com.vn/a", None),
        ("(VTC News) – ", "https://vtc.vn/a", None),
        ("(Báo Tuổi Trẻ) - ", "https://tuoitre.vn/a", None),
        ("(TTO) - ", "https://tuoitre.vn/a", None),
        ("(LĐO) - ", "https://laodong.vn/a", None),
        ("(baoninhbinh.org.vn) - ", "https://www.baoninhbinh.org.vn/a", None),
    ],
)
def test_another_outlets_name_there_says_where_the_article_is_from(prefix, url, via):
    article = cleaned(page(f"<p>{prefix}{PLAIN[0]}</p>" + "".join(f"<p>{s}</p>" for s in PLAIN[1:])), url=url)
    assert article.via_name == via
    assert article.text.split("\n") == PLAIN
    assert rules(article)["outlet"] == prefix.strip()


@pytest.mark.parametrize("prefix", ["Ninh Bình - ", "(Ninh Bình) - ", "TPHCM - ", "(TP HCM) - ", "Thanh niên – "])
def test_a_place_or_a_subject_before_the_first_sentence_stays(prefix):
    article = cleaned(page(f"<p>{prefix}{PLAIN[0]}</p>" + "".join(f"<p>{s}</p>" for s in PLAIN[1:])))
    assert article.text.startswith(prefix)
    assert article.via_name is None


def test_a_source_names_furniture_of_its_own():
    site = source(
        clean={
            "remove": [
                {"rule": "ticker", "selector": ".chay"},
                {"rule": "slogan", "text": "Xã Ví Dụ - nơi đáng đến.*"},
            ]
        }
    )
    extra = '<div class="chay">Giá lúa hôm nay tăng nhẹ ở các chợ</div><p>Xã Ví Dụ - nơi đáng đến!</p>'
    article = cleaned(page(paragraphs(extra)), of=site)
    assert article.text.split("\n") == PLAIN
    assert {"ticker", "slogan"} <= set(rules(article))


def test_a_source_says_where_the_article_stands():
    site = source(
        clean={"title": [".tua"], "lead": [".tom"], "body": [".than"], "author": [".nguoi"], "published": [".luc"]}
    )
    markup = page(
        f'<div class="tua">Tựa khác</div><div class="tom">{PLAIN[3]}</div><div class="nguoi">Tác giả: Lan Chi</div>'
        f'<div class="luc">Đăng lúc 9h05 ngày 3/2/2026</div><p>{"Ngoài thân bài. " * 20}</p>'
        f'<div class="than">{paragraphs()}</div>'
    )
    article = cleaned(markup, of=site)
    assert (article.title, article.author, str(article.published_on)) == ("Tựa khác", "Lan Chi", "2026-02-03")
    assert article.lead == PLAIN[3]
    assert "Ngoài thân bài" not in article.text
    assert {article.origins[field] for field in ("title", "author", "published_on")} == {"selector"}


def test_what_the_extractor_leaves_out_is_recorded_with_what_it_stood_in():
    form = "<form><p>Mời bà con ghi tên vào danh sách chèo thuyền của thôn trước ngày rằm.</p><input></form>"
    article = cleaned(page(f"<p>{PLAIN[0]}</p>{form}" + "".join(f"<p>{one}</p>" for one in PLAIN[1:])))
    assert article.text.split("\n") == PLAIN
    assert [(one.rule, one.path) for one in article.removed] == [
        ("headline", "div#main/h1"),
        ("form", "div#main/div.article-body/form"),
    ]
    assert rules(article)["form"].startswith("Mời bà con ghi tên")


def test_columns_of_a_layout_table_are_no_data():
    menu = '<td><a href="/a">Giới thiệu</a><br><a href="/b">Văn bản của xã</a></td>'
    counters = "<td><b>Thống kê truy cập</b><br>Lượt truy cập: 12</td>"
    papers = '<tr><td colspan="3"><a href="/ke-hoach.pdf">Kế hoạch của ban tổ chức</a></td></tr>'
    article = cleaned(page(f"<table><tr>{menu}<td>{paragraphs()}</td>{counters}</tr>{papers}</table>"))
    assert article.text.split("\n")[: len(SENTENCES)] == list(SENTENCES)
    assert {"Văn bản của xã", "Lượt truy cập: 12"} & set(article.text.split("\n")) == set()
    assert "Văn bản của xã" in rules(article)["navigation"]
    assert "Kế hoạch" not in rules(article)["navigation"]


def test_readers_who_write_more_than_the_author_are_left_out_all_the_same():
    said = "Tôi đã xem hội đua thuyền từ khi còn bé, và năm nào cũng mong đội của thôn mình về đích trước tiên."
    comments = "".join(f"<div class=comment><p>{said} Lần thứ {number}.</p></div>" for number in range(60))
    article = cleaned(page(paragraphs() * 2 + f'<section id="comments"><h2>60 bình luận</h2>{comments}</section>'))
    assert article.text.split("\n")[: len(PLAIN)] == PLAIN
    assert "Tôi đã xem" not in article.text


def test_sentences_of_scripts_without_spaces_count_by_what_they_say():
    sentences = ["春天的早晨，村里的人们来到河边，观看今年的第一场龙舟比赛，鼓声传得很远，孩子们跟着船跑。"] * 1
    sentences += [
        f"第{number}队的划手们从天亮就开始练习，他们说输赢并不要紧，要紧的是大家又聚在了一起。"
        for number in "一二三四五六"
    ]
    menu = "".join(f'<li><a href="/{number}">栏目{number}</a></li>' for number in range(30))
    body = "".join(f"<div>{one}</div>" for one in sentences)
    article = cleaned(page(body, before=f"<ul>{menu}</ul>", title="龙舟比赛"))
    assert article.text.split("\n") == sentences


def test_a_lead_that_is_printed_again_stands_in_the_text_once():
    lead = "Hội đua thuyền mùa thu năm nay có thêm giải cho các đội nữ, và tiền bán vé được góp cho quỹ khuyến học."
    markup = page(f'<div class="sapo">{lead}</div><p>{lead}</p>{paragraphs()}')
    article = cleaned(markup)
    assert article.lead == lead
    assert article.text.split("\n") == [lead, *PLAIN]
    assert rules(article)["repeated"] == lead


def test_a_heading_that_counts_comments_above_the_article_takes_nothing_of_it():
    body = "".join(f"<p>{sentence}</p>" for sentence in PLAIN)
    assert cleaned(page(f"<h3>Bình luận (2)</h3>{body}")).text.split("\n")[-len(PLAIN) :] == PLAIN


@pytest.mark.parametrize(
    "line", ["<p>In bài | Chia sẻ | Đội thôn Trung về nhất</p>", "<p><b>Chia sẻ</b> với bà con vùng lũ</p>"]
)
def test_a_line_that_only_begins_like_buttons_stays(line):
    assert len(cleaned(page(paragraphs(line))).text.split("\n")) == len(PLAIN) + 1


def test_a_list_of_sentences_behind_a_heading_of_boxes_stays():
    told = "".join(f"<li>{sentence}</li>" for sentence in PLAIN[:2])
    article = cleaned(page(paragraphs(f"<h3>Tin tức khác</h3><ul>{told.replace('hội', 'ngày')}</ul>")))
    assert len(article.text.split("\n")) >= len(PLAIN) + 2


def test_a_section_of_the_article_may_be_called_like_a_box():
    said = "Trời se lạnh từ sáng sớm, gió nhẹ theo chiều bến sông, rất hợp cho các đội chèo đường dài về đến đích."
    article = cleaned(page(paragraphs(f"<h3>Bình luận</h3><p>{said}</p>")))
    assert article.text.split("\n") == [*PLAIN, "Bình luận", said]


@pytest.mark.parametrize(
    "heading", ["Recommended", "Tiêu điểm", "Bình luận", "Poll", "Từ khóa", "Thời tiết", "Liên hệ"]
)
@pytest.mark.parametrize(
    "section",
    [
        "<ul><li>Mũ rộng vành</li><li>Áo phao</li></ul>",
        "<p>Có mưa rào.</p>",
        "<table><tr><td>Mũ</td><td>1</td></tr><tr><td>Áo phao</td><td>2</td></tr></table>",
    ],
)
def test_a_heading_between_the_articles_paragraphs_stays_with_what_it_heads(heading, section):
    body = f"<p>{PLAIN[0]}</p><p>{PLAIN[1]}</p><h3>{heading}</h3>{section}<p>{PLAIN[2]}</p><p>{PLAIN[3]}</p>"
    said = cleaned(page(body)).text.split("\n")
    assert heading in said
    assert {"Áo phao", "Áo phao | 2", "Có mưa rào."} & set(said)
    listed = f"<h3>{heading}</h3><ul><li><a href='/a'>Mũ rộng vành</a></li><li><a href='/b'>Áo phao</a></li></ul>"
    if heading in ("Recommended", "Tiêu điểm", "Từ khóa"):
        assert "Áo phao" not in cleaned(page(body.replace(f"<h3>{heading}</h3>{section}", listed))).text


# --- teasers and polls behind a heading ------------------------------------------------------
TEASERS = (
    ("Xã bên mở lớp dạy nghề cho phụ nữ", "Lớp học kéo dài ba tháng, học viên được hỗ trợ tiền ăn trưa và đi lại."),
    ("Hội thi cấy lúa nhanh đông người xem", "Hai mươi đội từ các thôn tranh tài trên thửa ruộng trước đình làng."),
    ("Trạm bơm mới chạy thử trước mùa mưa", "Trạm có ba máy, bơm được bốn nghìn mét khối nước mỗi giờ cho cánh đồng."),
)


@pytest.mark.parametrize(
    "after", ["", "<p>Hội năm sau sẽ mở vào rằm tháng tám, tại chính bến sông của xã Ví Dụ như năm nay.</p>"]
)
@pytest.mark.parametrize(
    "listed",
    [
        "<ul>{}</ul>|<li><a href='/{2}'>{0}</a><p>{1}</p></li>",
        "{}|<div><a href='/{2}'><h5>{0}</h5></a><p>{1}</p></div>",
        "{}|<p><a href='/{2}'>{0}</a></p><p>{1}</p>",
        "<table>{}</table>|<tr><td><img src='/{2}.jpg'></td><td><a href='/{2}'>{0}</a><br>{1}</td></tr>",
        "<div>{}</div>|<div><a href='/{2}'>{0}</a> <time>20/11/2026</time><p>{1}</p></div>",
    ],
)
def test_what_teasers_say_goes_with_their_headlines(listed, after):
    around, item = listed.split("|")
    items = "".join(item.format(*teaser, number) for number, teaser in enumerate(TEASERS))
    article = cleaned(page(paragraphs(f"<h4>Các tin khác</h4>{around.format(items)}{after}")))
    assert article.text.split("\n") == [*PLAIN, *([after[3:-4]] if after else [])]
    assert {"related"} <= set(rules(article))


def test_a_table_of_contents_with_its_sections_is_no_list_of_teasers():
    sections = "".join(f"<a href='#s{number}'>{name}</a><p>{said}</p>" for number, (name, said) in enumerate(TEASERS))
    article = cleaned(page(paragraphs(f"<h4>Các tin khác</h4>{sections}")))
    assert all(said in article.text for _, said in TEASERS)


QUESTION = "Theo bạn, ban tổ chức nên thêm giải thưởng cho những đội nào trong hội đua thuyền mùa thu năm tới?"


def test_a_polls_question_goes_where_it_can_be_answered():
    answers = "".join(f'<div><input type="radio" name="a"> {said}</div>' for said in ("Đội nữ", "Đội trẻ"))
    article = cleaned(page(paragraphs(f"<h4>Bình chọn</h4><p>{QUESTION}</p>{answers}")))
    assert article.text.split("\n") == PLAIN
    assert rules(article)["poll"]
    article = cleaned(page(paragraphs(f"<h4>Bình chọn</h4><p>{QUESTION}</p><p>{TEASERS[0][1]}</p>")))
    assert QUESTION in article.text
