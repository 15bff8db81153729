"""aggregator.example: carries what the paper wrote, in Vietnamese and two machine-translated editions.

The slug is the same in all editions, the markup that of a current WordPress theme: JSON-LD, hreflang, comment box,
lists of related articles, side columns. Where the author should stand, the site prints its own name twice with the day
glued on. Pages carry ETag and Last-Modified.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from demo import media, paper
from demo.exchange import HTML, XML, Answer, Request, not_found, page, robots
from demo.markup import attribute, json_ld, rss, slashed, text
from demo.stories import Bullets, Document, Heading, Language, Paragraph, Picture, Story, stories

HOST = "aggregator.example"
NAME = "Gương Việt"
FEED = "/feed.xml"
DISALLOWED = "/ban-in-cho-noi-ben-gao-ban-hang-qua-dien-thoai"
"""A printer's version: its address looks like an article's, and robots.txt closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One language of the site: where it begins, and its words for the furniture."""

    prefix: str
    source: str
    photo: str
    comments: str
    invitation: str
    same_tag: str
    same_category: str
    menu: tuple[str, ...]
    slogan: str
    aside: str


EDITIONS: dict[Language, Edition] = {
    "vi": Edition(
        prefix="/",
        source="Nguồn",
        photo="Ảnh",
        comments="Bình luận (0)",
        invitation="Hãy để lại bình luận để chia sẻ cảm nghĩ của bạn!",
        same_tag="Cùng thẻ",
        same_category="Cùng chuyên mục",
        menu=("Thời sự", "Di sản", "Nhân vật", "Doanh nghiệp", "Điểm đến", "Quà quê"),
        slogan="Gương Việt - Những miền quê kể chuyện",
        aside="Mùa hoa cải trên triền đê cửa Lau đang vào độ đẹp nhất, khách chụp ảnh đến từ tờ mờ sáng.",
    ),
    "en": Edition(
        prefix="/en/",
        source="Source",
        photo="Photo",
        comments="Comment (0)",
        invitation="Please leave a comment to tell us how you feel!",
        same_tag="Same tag",
        same_category="Same category",
        menu=("News", "Heritage", "Figures", "Business", "Destinations", "Products"),
        slogan="Gương Việt - The countryside tells its stories",
        aside="Mustard is in full bloom on the dykes at the mouth of the Lau, and photographers arrive before dawn.",
    ),
    "id": Edition(
        prefix="/id/",
        source="Sumber",
        photo="Foto",
        comments="Komentar (0)",
        invitation="Silakan tinggalkan komentar untuk membagikan perasaan Anda!",
        same_tag="Tag yang sama",
        same_category="Kategori yang sama",
        menu=("Berita", "Warisan", "Tokoh", "Bisnis", "Tujuan wisata", "Produk"),
        slogan="Gương Việt - Cerita dari pedesaan",
        aside="Bunga sawi bermekaran di tanggul muara Lau, dan para pemotret datang sebelum fajar.",
    ),
}

STYLE = """
body{font:16px/1.55 Georgia,serif;margin:0;color:#222} a{color:#8a1c1c;text-decoration:none} h1{line-height:1.2}
#masthead{border-bottom:3px solid #8a1c1c;padding:14px 40px;font-family:Helvetica,sans-serif}
#masthead .logo{font-weight:bold;font-size:20px} .main-nav a{margin-right:18px;font-size:14px}
.container{display:flex;gap:40px;max-width:1100px;margin:20px auto} .col-left{flex:3} .col-right{flex:1;font-size:14px}
.entry-meta{color:#777;font-size:13px} .entry-content img{width:100%} .img-title,.img-caption{text-align:center}
.img-title{font-size:12px;color:#999} .comment-box{background:#f4f1ea;padding:12px;margin:20px 0}
.card h3{font-size:15px;margin:4px 0} footer{background:#222;color:#ccc;padding:20px 40px} footer a{color:#ccc}
"""


def answer(request: Request) -> Answer:
    """The aggregator's answer."""
    if story := articles().get(request.path):
        modified = story.published_at
        return Answer(body=_page(story).encode(), content_type=HTML, validators=True, modified=modified)
    for language, edition in EDITIONS.items():
        if request.path == edition.prefix:
            return Answer(body=_listing(language).encode(), validators=True)
    match request.path:
        case path if path == FEED:
            return Answer(body=_feed(), content_type=XML, validators=True)
        case "/robots.txt":
            return robots("/ban-in-")
        case path if path == DISALLOWED:
            return page("<!DOCTYPE html><title>Bản in</title><p>Bản in của bài viết, không dành cho máy tìm kiếm.</p>")
    return media.file(request.path) or not_found(request)


@lru_cache
def articles() -> dict[str, Story]:
    """The articles of all editions by path: four stories in three languages, newest first in each.

    The Vietnamese ones are the paper's own, signed where the translations are.
    """
    translations = stories("translations")
    signed = {story.slug for story in translations if story.author}
    carried = {story.slug for story in translations}
    originals = [
        replace(story, author=story.author if story.slug in signed else None)
        for story in stories("paper")
        if story.slug in carried
    ]
    return {EDITIONS[story.language].prefix + story.slug: story for story in (*originals, *translations)}


def alternates(story: Story) -> dict[Language, str]:
    """The addresses of `story` in all languages, its own among them."""
    return {language: f"http://{HOST}{edition.prefix}{story.slug}" for language, edition in EDITIONS.items()}


def source_url(story: Story) -> str:
    """Where the paper published `story` first."""
    return next(f"http://{paper.HOST}{path}" for path, other in paper.articles().items() if other.slug == story.slug)


def furniture(story: Story) -> tuple[str, ...]:
    """The lines of `story`'s page that are no part of it."""
    words = EDITIONS[story.language]
    boxes = (words.comments, words.invitation, words.same_tag, words.same_category, words.aside, words.slogan)
    others = tuple(other.title for _, other in _others(story))
    meta = (f"{NAME}{NAME}{slashed(story.published_on)}", NAME, slashed(story.published_on))
    signature = (story.author,) if story.author else ()
    return (words.source, *boxes, *words.menu, *others, *meta, *signature)


def _page(story: Story) -> str:
    words, path = EDITIONS[story.language], EDITIONS[story.language].prefix + story.slug
    stated = json_ld(
        {
            "@type": "NewsArticle",
            "headline": story.title,
            "inLanguage": story.language,
            "datePublished": story.published_at.isoformat(),
            "articleSection": story.section,
            "author": {"@type": "Organization", "name": NAME},
            "publisher": {"@type": "Organization", "name": NAME},
        }
    )
    links = "".join(f'<link rel="alternate" hreflang="{lang}" href="{url}">' for lang, url in alternates(story).items())
    head = f"""<link rel="canonical" href="http://{HOST}{path}">{links}
<meta property="og:title" content="{attribute(story.title)}"><meta property="og:type" content="article">
<meta property="og:site_name" content="{NAME}">{stated}"""
    cards = "".join(f'<div class="card"><a href="{at}"><h3>{text(s.title)}</h3></a></div>' for at, s in _others(story))
    sign = f'<p style="text-align:right"><strong>{text(story.author)}</strong></p>' if story.author else ""
    main = f"""<h1 class="entry-title">{text(story.title)}</h1>
<div class="entry-meta"><span class="author-avatar">{NAME}</span><span class="author">{NAME}</span><span class="date">\
{slashed(story.published_on)}</span></div>
<div class="entry-content"><p><b>{text(story.lead)}</b></p>
{_body(story)}
{sign}<p class="source-link"><a rel="nofollow" href="{source_url(story)}">{words.source}</a></p></div>
<div id="comments" class="comment-box"><h4>{words.comments}</h4><div>{words.invitation}</div></div>
<section class="same"><h4>{words.same_tag}</h4>{cards}</section>
<section class="same"><h4>{words.same_category}</h4>{cards}</section>"""
    return _frame(story.language, story.title, head, main)


def _body(story: Story) -> str:
    out = []
    for block in story.blocks:
        match block:
            case Paragraph(line):
                out.append(f"<p>{text(line)}</p>")
            case Heading(line):
                out.append(f"<h3>{text(line)}</h3>")
            case Bullets(items):
                out.append("<ul>" + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul>")
            case Picture(name, caption, credit, _):
                # The theme repeats the article's title under every image, as the aggregator's own pages do.
                by = f" <em>{EDITIONS[story.language].photo}: {text(credit)}</em>" if credit else ""
                out.append(
                    f'<p><img src="/media/{name}.png" alt="{attribute(story.title)}" loading="lazy"></p>'
                    f'<p class="img-title">{text(story.title)}</p>'
                    f'<p class="img-caption"><em>{text(caption)}</em>{by}</p>'
                )
            case Document():
                pass  # the aggregator leaves files out
    return "\n".join(out)


def _others(story: Story) -> list[tuple[str, Story]]:
    same_edition = [(path, other) for path, other in articles().items() if other.language == story.language]
    return [(path, other) for path, other in same_edition if other != story]


def _listing(language: Language) -> str:
    words = EDITIONS[language]
    cards = "".join(
        f'<div class="card"><a href="{path}"><img src="/media/{story.pictures[0].name}.png" width="200" alt="">'
        f"<h3>{text(story.title)}</h3></a><span>{slashed(story.published_on)}</span></div>"
        for path, story in articles().items()
        if story.language == language
    )
    if language == "vi":
        cards += f'<div class="card"><a rel="nofollow" href="{DISALLOWED}">Bản in</a></div>'
    head = f'<link rel="alternate" type="application/rss+xml" href="{FEED}">'
    return _frame(language, words.slogan, head, f"<h1>{words.menu[0]}</h1>{cards}")


def _frame(language: Language, title: str, head: str, main: str) -> str:
    words = EDITIONS[language]
    nav = "".join(f'<a href="{words.prefix}">{label}</a> ' for label in words.menu)
    switch = " ".join(f'<a href="{edition.prefix}">{other}</a>' for other, edition in EDITIONS.items())
    columns = "".join(f"<h4>{label}</h4>" for label in words.menu[1:])
    return f"""<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><title>{text(title)} - {NAME}</title><style>{STYLE}</style>
{head}</head>
<body class="single"><header id="masthead"><a href="{words.prefix}" class="logo">{words.slogan}</a>
<nav class="main-nav">{nav} {switch}</nav></header>
<div class="container"><main class="col-left">{main}</main>
<aside class="col-right">{columns}<p>{words.aside}</p></aside></div>
<footer><nav>{nav}</nav><p>© {NAME}</p></footer></body></html>
"""


def _feed() -> bytes:
    items = [
        (story.title, f"http://{HOST}{path}", story.lead, story.published_at)
        for path, story in articles().items()
        if story.language == "vi"
    ]
    return rss(NAME, f"http://{HOST}/", items)
