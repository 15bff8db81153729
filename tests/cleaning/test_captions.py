"""Captions belong to pictures, and body paragraphs behind pictures to the text."""

import pytest

from tests.cleaning.markup import SENTENCES, cleaned, page, rules

CAPTION = "Đội nữ thôn Thượng về đích"
IMAGE = '<img src="/1.jpg">'
MORE = (
    "Bến sông đã được kè lại từ mùa xuân, đường xuống bến trải bê tông, đủ chỗ cho hàng nghìn người đứng xem.",
    "Sang năm, xã dự kiến mời thêm các đội ở những huyện lân cận để ngày hội của quê hương thêm đông vui hơn.",
)
BODY = (*SENTENCES, *MORE)
CENTRED_IMAGE = f'<p style="text-align:center">{IMAGE}</p>'


def paragraphs(sentences):
    return "".join(f"<p>{one}</p>" for one in sentences)


def around(frame, *, first=2, **parts):
    """The article on a page with the markup `frame` behind the `first` of its sentences."""
    return cleaned(page(paragraphs(BODY[:first]) + frame + paragraphs(BODY[first:]), **parts))


def added(article):
    """The lines of the text that are none of the article's sentences, which all must be there."""
    lines = article.text.split("\n")
    assert [one for one in BODY if one not in lines] == []
    return [line for line in lines if line not in BODY]


@pytest.mark.parametrize(
    "frame",
    [
        '<figure><img src="/1.jpg"><figcaption>{}</figcaption></figure>',
        '<table><tr><td><img src="/1.jpg"></td></tr><tr><td>{}</td></tr></table>',
        '<p style="text-align:center"><img src="/1.jpg"></p><p style="text-align:center"><em>{}</em></p>',
        '<div><img src="/1.jpg"><p class="caption">{}</p></div>',
        '<div class="photo"><div><img src="/1.jpg"></div><div class="PhotoCMS_Caption"><p>{}</p></div></div>',
        '<div align="center"><img src="/1.jpg"><br><i>{}</i></div>',
        '<p><img data-src="/1.jpg" src="data:image/gif;base64,R0"></p><p><i>{} Ảnh: Lan Chi</i></p>',
        # centred, and nothing else
        '<p style="text-align:center"><img src="/1.jpg"></p><p style="text-align:center">{}</p>',
        '<p style="text-align:center"><b><img src="/1.jpg"></b></p><p>&nbsp;</p><p style="text-align:center">{}</p>',
        '<p class="text-center"><img src="/1.jpg"></p><p class="text-center">{}</p>',
        '<p class="has-text-align-center"><img src="/1.jpg"></p><p class="has-text-align-center">{}</p>',
        '<p ALIGN="CENTER"><img src="/1.jpg"></p><p ALIGN="CENTER">{}</p>',
        '<div align="center"><img src="/1.jpg"></div><div align="center">{}</div>',
        '<center><img src="/1.jpg"></center><center>{}</center>',
        '<center><img src="/1.jpg"><br>{}</center>',
        '<p align="center"><img src="/1.jpg"><br>{}</p>',
        '<p align="center"><img src="/1.jpg"><img src="/p.gif" width="1" height="1"></p><p align="center">{}</p>',
        '<p><img src="/1.jpg"></p><p style="text-align:center"><strong>{}</strong></p>',
        # in italics, and nothing else
        '<p><img src="/1.jpg"><br><em>{}</em></p>',
        '<p><img src="/1.jpg"></p><p><em>{}</em></p>',
        '<p><img src="/1.jpg"></p><p><span style="font-style: italic">{}</span></p>',
        '<div><img src="/1.jpg"></div><div><i>{}</i></div>',
        # in one frame with the picture
        '<figure><figcaption>{}</figcaption><a href="/1.jpg"><img src="/1.jpg"></a></figure>',
        '<figure><img src="/1.jpg"><p>{}</p></figure>',
        '<div class="img"><img src="/1.jpg"><span>{}</span></div>',
        '<div class="image-wrapper"><img src="/1.jpg"><p>{}</p></div>',
        '<div class="article-photo"><div><img src="/1.jpg"></div><div>{}</div></div>',
        '<div><img src="/1.jpg"><p class="img-note">{}</p></div>',
        '<dl class="gallery-item"><dt><img src="/1.jpg"></dt><dd class="gallery-caption">{}</dd></dl>',
        '<table><tr><td><img src="/1.jpg"><br>{}</td></tr></table>',
        '<table><tr><td>{}</td></tr><tr><td><img src="/1.jpg"></td></tr></table>',
    ],
)
@pytest.mark.parametrize("stop", ["", "."])
def test_a_caption_goes_to_its_picture(frame, stop):
    article = around(frame.format(CAPTION + stop))
    assert added(article) == []
    image = article.images[0]
    assert (image.url, image.caption) == ("https://xa-vi-du.example/1.jpg", CAPTION + stop)
    assert "caption" in {removal.rule for removal in article.removed}


@pytest.mark.parametrize(
    "frame",
    [
        '<p align="center"><img src="/1.jpg"></p><p align="center">{} (Nguồn: TTXVN)</p>',
        '<p><img src="/1.jpg"></p><p>{} (Nguồn: TTXVN)</p>',
        '<p align="center"><img src="/1.jpg"></p><p align="center">{}</p><p align="right"><em>Ảnh: TTXVN</em></p>',
        '<p align="center"><img src="/1.jpg"></p><p align="center">{} <span class="credit">TTXVN</span></p>',
        '<figure><img src="/1.jpg"><figcaption>{} <span class="credit">Photo: TTXVN</span></figcaption></figure>',
        '<figure><img src="/1.jpg"><figcaption>{}<small class="copyright">© TTXVN</small></figcaption></figure>',
        '<figure><img src="/1.jpg"><figcaption>{}</figcaption><div class="image-credit">TTXVN</div></figure>',
        '<figure><img src="/1.jpg"><span class="credit">(TTXVN)</span><figcaption>{}</figcaption></figure>',
        '<figure><img src="/1.jpg"><figcaption>{}</figcaption></figure><p>Ảnh: TTXVN</p>',
    ],
)
def test_the_credit_is_no_part_of_the_caption(frame):
    article = around(frame.format(CAPTION))
    assert added(article) == []
    (image,) = article.images
    assert (image.caption, image.credit) == (CAPTION, "TTXVN")


def test_each_picture_of_a_table_gets_its_caption():
    row = '<tr><td><img src="/1.jpg"></td><td><img src="/2.jpg"></td></tr>'
    article = around(f"<table>{row}<tr><td>{CAPTION}</td><td>Bến sông sáng sớm</td></tr></table>")
    assert [image.caption for image in article.images] == [CAPTION, "Bến sông sáng sớm"]
    assert added(article) == []


def test_a_caption_behind_several_pictures_belongs_to_the_last():
    article = around(f'{CENTRED_IMAGE}<p align="center"><img src="/2.jpg"></p><p align="center">{CAPTION}</p>')
    assert [image.caption for image in article.images] == [None, CAPTION]
    assert added(article) == []


@pytest.mark.parametrize(
    "frame",
    [
        '<p><img src="/1.jpg" alt="Đua thuyền trên sông quê"></p><p>Đua thuyền trên sông quê</p>',
        '<p><img src="/1.jpg" alt="Dua thuyen tren song que"></p><p>Đua thuyền trên sông quê.</p>',
        '<p>Đua thuyền trên sông quê</p><p><img src="/1.jpg" alt="Đua thuyền trên sông quê"></p>',
    ],
)
def test_the_alternative_text_printed_again_goes(frame):
    article = around(frame)
    assert added(article) == []
    assert "alt-text" in rules(article)


@pytest.mark.parametrize(
    "behind",
    [
        "<p>{}.</p>",
        "<p>{}, hãng tin của nhà nước cho biết (TTXVN).</p>",
        '<p style="text-align:center">{}:</p>',
        '<h3 style="text-align:center">{}</h3>',
        '<p style="text-align:center"><strong>1. {}</strong></p>',
        '<p style="text-align:center">- {}.</p>',
        '<hr><p style="text-align:center">{}.</p>',
        '<blockquote style="text-align:center"><p><em>{}.</em></p></blockquote>',
        "<p><em>“{}.”</em></p>",
        "<p><em>{}?</em></p>",
        "<ul><li><em>{}.</em></li></ul>",
        "<p><em>{}.</em></p><p><em>Người trong ảnh xin được giấu tên.</em></p>",
        '<p style="text-align:center">{}</p><p style="text-align:center"><b>Chủ tịch hội phụ nữ</b></p>',
    ],
)
def test_what_stands_behind_a_picture_and_is_no_caption_stays(behind):
    article = around(CENTRED_IMAGE + behind.format(CAPTION))
    assert CAPTION in "\n".join(added(article))
    assert [image.caption for image in article.images] == [None]


def test_a_single_paragraph_tells_how_the_body_is_set():
    body = f"<p>{' '.join(BODY)}</p>"
    article = cleaned(page(f'{body}{CENTRED_IMAGE}<p align="center">{CAPTION}</p>'))
    assert article.text == " ".join(BODY)
    assert [image.caption for image in article.images] == [CAPTION]


def test_a_picture_within_a_line_has_no_caption():
    article = around(f'<p>{BODY[2]} <img src="/smile.png"></p><p><em>{CAPTION}.</em></p>')
    assert f"{CAPTION}." in added(article)


@pytest.mark.parametrize(("begin", "end"), [('<p align="center">', "</p>"), ("<p><em>", "</em></p>")])
def test_where_the_body_is_set_like_captions_it_stays(begin, end):
    sentences = [f"{begin}{one}{end}" for one in BODY]
    sentences.insert(2, f"<p>{IMAGE}</p>{begin}{CAPTION}.{end}")
    assert added(cleaned(page("".join(sentences)))) == [f"{CAPTION}."]


@pytest.mark.parametrize("between", ["</em></p><p align='center'><em>", "<br>"])
def test_a_poem_behind_a_picture_stays(between):
    lines = ["Thuyền ai đậu bến đợi trăng lên", "Nước chảy đôi bờ lúa biếc xanh", "Tiếng trống xuân về rộn mái đình"]
    lines.append("Người đi xa nhớ bến sông quanh")
    article = around(f"{CENTRED_IMAGE}<p align='center'><em>{between.join(lines)}</em></p>")
    assert added(article) == lines


@pytest.mark.parametrize("lead", ["<p><em>{}</em></p>", '<p align="center"><b>{}</b></p>', '<p class="sapo">{}</p>'])
def test_the_lead_below_a_picture_stays(lead):
    first, *rest = BODY
    image = f'<p><img src="/1.jpg" alt="{first if "sapo" in lead else ""}"></p>'
    assert added(cleaned(page(image + lead.format(first) + paragraphs(rest)))) == []


def test_a_paragraph_that_describes_the_page_stays_though_a_picture_repeats_it():
    first, *rest = BODY
    head = f'<meta name="description" content="{first}">'
    image = f'<p><img src="/1.jpg" alt="{first}"></p>'
    assert added(cleaned(page(image + paragraphs([first, *rest]), head=head))) == []


@pytest.mark.parametrize(
    ("line", "author", "via"),
    [
        ('<p align="center"><em>Nguyễn Lan Chi</em></p>', "Nguyễn Lan Chi", None),
        ('<p align="right"><em>Nguyễn Lan Chi</em></p>', "Nguyễn Lan Chi", None),
        ('<p align="center"><em>Theo Báo Nhân Dân</em></p>', None, "Báo Nhân Dân"),
        ("<p><em>(Nguồn: Báo Nhân Dân)</em></p>", None, "Báo Nhân Dân"),
        (f'<p align="center">{CAPTION}</p><p>Nguồn: Báo Nhân Dân</p>', None, "Báo Nhân Dân"),
    ],
)
def test_a_signature_behind_the_last_picture_is_no_caption(line, author, via):
    article = around(CENTRED_IMAGE + line, first=len(BODY))
    assert (article.author, article.via_name) == (author, via)


def test_a_note_behind_the_last_picture_stays():
    note = "Tên nhân vật trong bài đã được thay đổi."
    assert added(around(f"<p>{IMAGE}</p><p><em>{note}</em></p>", first=len(BODY))) == [note]


def test_a_heading_that_a_picture_repeats_stays():
    heading = "Chùa cổ bên bến sông quê"
    image = f'<p><img src="/1.jpg" alt="{heading}"></p>'
    assert added(around(f"<p><b>{heading}</b></p>{image}")) == [heading]


def test_a_quotation_in_a_figure_is_no_caption():
    quote = (
        f'<figure><blockquote><p>{BODY[2]}</p></blockquote><figcaption>Bà Mẫu <img src="/a.jpg"></figcaption></figure>'
    )
    article = cleaned(page(paragraphs(BODY[:2]) + quote + paragraphs(BODY[3:])))
    assert [image.caption for image in article.images] == [None]


@pytest.mark.parametrize(
    "said",
    ["“Chúng tôi sẽ đón khách cả mùa hội”, ông nói.", "“Năm nay đông hơn năm ngoái”", '"Cả làng cùng vui', "«Hội vui»"],
)
def test_a_quotation_in_italics_behind_a_picture_is_no_caption(said):
    assert added(around(f"<p>{IMAGE}</p><p><em>{said}</em></p>")) == [said]


def test_a_column_of_text_beside_a_picture_stays():
    media = f'<figure class="wp-block-media-text__media">{IMAGE}</figure>'
    said = f'<div class="wp-block-media-text__content"><p>{BODY[2]}</p></div>'
    article = cleaned(
        page(paragraphs(BODY[:2]) + f'<div class="wp-block-media-text">{media}{said}</div>' + paragraphs(BODY[3:]))
    )
    assert added(article) == []
