"""paper.example: a provincial newspaper with feed, sitemap, JSON-LD and compression.

Of its articles one is served as windows-1258, said rightly, and one in UTF-8 whose header says ISO-8859-1.
"""

import gzip
from functools import lru_cache

from demo import media
from demo.exchange import XML, Answer, Request, not_found, page, robots
from demo.markup import attribute, encoded, json_ld, rss, text, weekday
from demo.stories import Bullets, Document, Heading, Paragraph, Picture, Story, stories

HOST = "paper.example"
NAME = "Báo Lam Châu"
FEED = "/rss/home.rss"
SITEMAP_INDEX = "/sitemap.xml"
SITEMAP = "/sitemaps/news.xml.gz"
IN_FEED = 5
DISALLOWED = "/ban-nhap/lich-phat-hanh-bao-tet-post40999.html"
"""A draft: its address looks like an article's, and robots.txt closes it."""

MENU = ("Kinh tế", "Văn hóa", "Giáo dục", "Pháp luật", "Thể thao", "Đời sống")
TOOLS = ("Chia sẻ Facebook", "Sao chép liên kết", "Tặng sao cho tác giả")
RELATED = "Tin liên quan"
READ_ON = "Đọc tiếp"
SUBSCRIBE = "Theo dõi Báo Lam Châu trên các nền tảng để không bỏ lỡ tin mới"
IMPRINT = "Cơ quan của Đảng bộ và tiếng nói của nhân dân tỉnh Lam Châu. Bản quyền thuộc Báo Lam Châu."

STYLE = """
body{font:17px/1.6 "Times New Roman",serif;margin:0;color:#1d1d1d} a{color:#14532d;text-decoration:none}
header{background:#14532d;padding:16px 60px} header a{color:#fff;font-size:28px;font-weight:bold}
nav{background:#eef3ee;padding:9px 60px} nav a{margin-right:22px;font-family:Arial,sans-serif;font-size:14px}
main{max-width:720px;margin:24px auto} h1{font-size:32px;line-height:1.25} .detail-sapo{font-size:19px;color:#444}
.detail-meta{color:#888;font:13px Arial,sans-serif} figure{margin:18px 0} figure img{width:100%}
figcaption{font:italic 14px Arial,sans-serif;color:#666;text-align:center} .detail-author{text-align:right}
.tools span,.detail-tags a{border:1px solid #bbb;border-radius:3px;padding:2px 8px;margin-right:8px;font-size:13px}
.related{border-top:2px solid #14532d;margin-top:20px} footer{background:#eee;padding:18px 60px;font-size:14px}
"""


def answer(request: Request) -> Answer:
    """The paper's answer."""
    if story := articles().get(request.path):
        return Answer(
            body=encoded(_page(story), story.encoding),
            content_type=f"text/html; charset={story.charset}",
            encoding=story.encoding,
            validators=True,
            modified=story.published_at,
            gzips=True,
        )
    match request.path:
        case "/":
            return Answer(body=_home().encode(), validators=True, gzips=True)
        case "/robots.txt":
            return robots("/ban-nhap/", sitemap=f"http://{HOST}{SITEMAP_INDEX}")
        case path if path == FEED:
            return Answer(body=_feed(), content_type="application/rss+xml; charset=utf-8", validators=True, gzips=True)
        case path if path == SITEMAP_INDEX:
            return Answer(body=_sitemap_index(), content_type=XML, validators=True, gzips=True)
        case path if path == SITEMAP:
            return Answer(body=gzip.compress(_sitemap(), mtime=0), content_type="application/gzip", validators=True)
        case path if path == DISALLOWED:
            return page("<!DOCTYPE html><title>Bản nháp</title><p>Bản nháp của tòa soạn, chưa xuất bản.</p>")
    return media.file(request.path) or not_found(request)


@lru_cache
def articles() -> dict[str, Story]:
    """The paper's articles by path, newest first."""
    return {f"/{story.slug}-post{story.number}.html": story for story in stories("paper")}


def furniture(story: Story) -> tuple[str, ...]:
    """The lines of `story`'s page that are no part of it."""
    others = tuple(other.title for _, other in _related(story))
    signature = (story.author,) if story.author else ()
    return (*TOOLS, RELATED, READ_ON, SUBSCRIBE, IMPRINT, *others, *signature)


def _page(story: Story) -> str:
    url = next(f"http://{HOST}{path}" for path, other in articles().items() if other == story)
    stated = json_ld(
        {
            "@type": "NewsArticle",
            "headline": story.title,
            "description": story.lead,
            "datePublished": story.published_at.isoformat(),
            "mainEntityOfPage": url,
            "author": {"@type": "Person", "name": story.author},
            "publisher": {"@type": "NewsMediaOrganization", "name": NAME},
        }
    )
    head = f"""<link rel="canonical" href="{url}"><meta property="og:title" content="{attribute(story.title)}">
<meta property="og:description" content="{attribute(story.lead)}">
<meta property="article:published_time" content="{story.published_at.isoformat()}">{stated}"""
    first, *rest = _related(story)
    others = "".join(f'<li><a href="{path}">{text(other.title)}</a></li>' for path, other in rest)
    tags = "".join(f'<a rel="tag" href="/">{text(tag)}</a>' for tag in story.tags)
    tools = "".join(f"<span>{label}</span>" for label in TOOLS)
    moment = f"{weekday(story.published_on)} - {story.published_at:%H:%M}"
    main = f"""<article><div class="detail-cate"><a href="/">{text(story.section)}</a></div>
<h1 class="detail-title">{text(story.title)}</h1>
<div class="detail-meta"><time datetime="{story.published_at.isoformat()}">{moment}</time></div>
<h2 class="detail-sapo">{text(story.lead)}</h2>
<div class="detail-content">{_body(story)}</div>
<div class="detail-author"><strong>{text(story.author or "")}</strong></div></article>
<div class="tools">{tools}</div><div class="detail-tags">{tags}</div>
<div class="subscribe">{SUBSCRIBE}</div>
<div class="related"><h3>{RELATED}</h3><ul>{others}</ul>
<h3>{READ_ON}</h3><a href="{first[0]}">{text(first[1].title)}</a></div>"""
    return _frame(story.title, head, main, story.encoding)


def _body(story: Story) -> str:
    out = []
    for block in story.blocks:
        match block:
            case Paragraph(line):
                out.append(f"<p>{text(line)}</p>")
            case Heading(line):
                out.append(f"<h2>{text(line)}</h2>")
            case Bullets(items):
                out.append("<ul>" + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul>")
            case Picture(name, caption, credit, _):
                by = f' <span class="photo-credit">Ảnh: {text(credit)}</span>' if credit else ""
                image = f'<img src="/media/{name}.png" alt="{attribute(caption)}">'
                out.append(f"<figure>{image}<figcaption>{text(caption)}{by}</figcaption></figure>")
            case Document(file, name):
                out.append(f'<p class="attachment"><a href="/uploads/{file}">{text(name)}</a></p>')
    return "\n".join(out)


def _related(story: Story) -> list[tuple[str, Story]]:
    return [(path, other) for path, other in articles().items() if other != story][:4]


def _home() -> str:
    items = "".join(
        f'<div class="story"><h3><a href="{path}">{text(story.title)}</a></h3><p>{text(story.lead)}</p></div>'
        for path, story in articles().items()
    )
    draft = f'<p><a href="{DISALLOWED}">Lịch phát hành báo Tết</a></p>'
    head = f'<link rel="alternate" type="application/rss+xml" title="{NAME}" href="{FEED}">'
    return _frame("Trang nhất", head, f"<h1>Tin mới</h1>{items}{draft}", "utf-8")


def _frame(title: str, head: str, main: str, encoding: str) -> str:
    nav = "".join(f'<a href="/">{label}</a>' for label in MENU)
    return f"""<!DOCTYPE html>
<html lang="vi"><head><meta charset="{encoding}"><title>{text(title)} - {NAME}</title><style>{STYLE}</style>
{head}</head>
<body><header><a href="/">{NAME}</a></header><nav>{nav}</nav>
<main>{main}</main><footer>{IMPRINT}</footer></body></html>
"""


def _feed() -> bytes:
    items = [
        (story.title, f"http://{HOST}{path}", f"<p>{text(story.lead)}</p>", story.published_at)
        for path, story in list(articles().items())[:IN_FEED]
    ]
    return rss(NAME, f"http://{HOST}/", items)


def _sitemap_index() -> bytes:
    newest = max(story.published_at for story in articles().values())
    entry = f"<sitemap><loc>http://{HOST}{SITEMAP}</loc><lastmod>{newest.isoformat()}</lastmod></sitemap>"
    return _sitemap_document("sitemapindex", entry)


def _sitemap() -> bytes:
    entries = "".join(
        f"<url><loc>http://{HOST}{path}</loc><lastmod>{story.published_at.isoformat()}</lastmod></url>"
        for path, story in articles().items()
    )
    return _sitemap_document("urlset", entries)


def _sitemap_document(root: str, entries: str) -> bytes:
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{root} xmlns="{namespace}">{entries}</{root}>\n'.encode()
