"""The pictures of an article, and their addresses."""

import pytest

from tests.cleaning.markup import SENTENCES, TITLE, cleaned, page, paragraphs


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


def test_a_captioned_picture_between_headline_and_text_is_the_articles():
    lead = '<figure><img src="/lead.jpg"><figcaption>Đội thôn Thượng về đích. Ảnh: Hà Thu</figcaption></figure>'
    body = f'<div class="article-body">{paragraphs()}<p><img src="/2.jpg"></p></div>'
    portrait = '<div class="author"><img src="/portrait.jpg"></div>'
    other = lead.replace("lead", "other").replace("Thượng", "Hạ")
    markup = f"{other}<h1>{TITLE}</h1>{portrait}{lead}{body}{other.replace('other', 'behind')}"
    article = cleaned(f'<html lang="vi"><body>{markup}</body></html>')
    assert [(image.url.rpartition("/")[2], image.caption, image.credit) for image in article.images] == [
        ("lead.jpg", "Đội thôn Thượng về đích.", "Hà Thu"),
        ("2.jpg", None, None),
    ]
    assert article.text.split("\n") == list(SENTENCES)


@pytest.mark.parametrize("mark", ["author-box", "article-author", "byline"])
@pytest.mark.parametrize("inside", [False, True])
def test_the_portrait_of_who_wrote_it_is_none_of_the_articles_pictures(mark, inside):
    said = "<figcaption>Hà Thu viết về sông nước và mùa màng.</figcaption>"
    box = f'<div class="{mark}"><figure><img src="/portrait.jpg">{said}</figure></div>'
    lead = '<figure><img src="/lead.jpg"><figcaption>Đội thôn Thượng về đích.</figcaption></figure>'
    body = f'<div class="article-body">{box * inside}{paragraphs()}</div>'
    article = cleaned(f'<html lang="vi"><body><h1>{TITLE}</h1>{box * (not inside)}{lead}{body}</body></html>')
    assert [image.url.rpartition("/")[2] for image in article.images] == ["lead.jpg"]
    assert article.text.split("\n") == list(SENTENCES)
