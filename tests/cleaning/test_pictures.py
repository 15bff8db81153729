"""Captions belong to pictures."""

import pytest

from tests.cleaning.markup import SENTENCES, cleaned, page

CAPTION = "Đội nữ thôn Thượng về đích"


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
    ],
)
def test_a_caption_goes_to_its_picture(frame):
    one, two, *rest = SENTENCES
    body = f"<p>{one}</p><p>{two}</p>{frame.format(CAPTION)}" + "".join(f"<p>{line}</p>" for line in rest)
    article = cleaned(page(body))
    assert article.text.split("\n") == list(SENTENCES)
    (image,) = article.images
    assert (image.url, image.caption) == ("https://xa-vi-du.example/1.jpg", CAPTION)
    assert "caption" in {removal.rule for removal in article.removed}


def test_the_alternative_text_printed_again_goes():
    frame = '<p><img src="/1.jpg" alt="Đua thuyền trên sông quê"></p><p>Đua thuyền trên sông quê</p>'
    article = cleaned(page(f"<p>{SENTENCES[0]}</p>{frame}" + "".join(f"<p>{one}</p>" for one in SENTENCES[1:])))
    assert article.text.split("\n") == list(SENTENCES)
    assert "alt-text" in {removal.rule for removal in article.removed}


def test_a_paragraph_behind_a_picture_stays():
    body = f'<p>{SENTENCES[0]}</p><p><img src="/1.jpg"></p>' + "".join(f"<p>{one}</p>" for one in SENTENCES[1:])
    assert cleaned(page(body)).text.split("\n") == list(SENTENCES)


def test_pictures_outside_the_article_and_icons_are_left_out():
    outside = '<div><a href="/x"><img src="/ad.jpg"></a></div>'
    icon = '<img src="/icon.gif" width="16" height="16">'
    body = f'<p>{SENTENCES[0]}</p><p><img src="/1.jpg">{icon}</p>' + "".join(f"<p>{one}</p>" for one in SENTENCES[1:])
    article = cleaned(page(body, before=outside, after=outside))
    assert [image.url for image in article.images] == ["https://xa-vi-du.example/1.jpg"]


def test_addresses_are_relative_to_the_pages_base():
    body = f'<p>{SENTENCES[0]}</p><p><img src="1.jpg"></p>' + "".join(f"<p>{one}</p>" for one in SENTENCES[1:])
    article = cleaned(page(body, head='<base href="https://cdn.example/media/">'))
    assert [image.url for image in article.images] == ["https://cdn.example/media/1.jpg"]


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ('<img src="s.jpg" srcset="a.jpg 320w, b.jpg 1280w, c.jpg 640w">', "b.jpg"),
        ('<img src="s.jpg" srcset="a.jpg 150w, b.jpg 300w">', "s.jpg"),
        ('<img src="s.jpg" srcset="a.jpg 600w, b.jpg 800w" width="900">', "s.jpg"),
        ('<img src="s.jpg" srcset="a.jpg, b.jpg 2x" width="900">', "b.jpg"),
        ('<img src="s.jpg" srcset="w_9,h_6/a.jpg 900w">', "w_9,h_6/a.jpg"),
        ('<img src="blank.gif" data-src="s.jpg">', "s.jpg"),
        ('<img src="blank.gif" data-srcset="a.jpg 320w, b.jpg 480w">', "b.jpg"),
        ('<img src="data:image/gif;base64,R0" srcset="a.jpg 100w">', "a.jpg"),
        ('<picture><source srcset="a.jpg 320w, b.jpg 900w"><img src="data:image/gif;base64,R0"></picture>', "b.jpg"),
        ('<img src="s.jpg" srcset=" , ,, ">', "s.jpg"),
        ('<amp-img src="s.jpg" width="800" height="450"></amp-img>', "s.jpg"),
    ],
)
def test_of_a_pictures_addresses_the_largest_counts(markup, name):
    body = f"<p>{SENTENCES[0]}</p><p>{markup}</p>" + "".join(f"<p>{one}</p>" for one in SENTENCES[1:])
    (image,) = cleaned(page(body)).images
    assert image.url == f"https://xa-vi-du.example/{name}"
