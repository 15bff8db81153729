"""Pages for the tests, made up: an article with furniture around it, and what the cleaner makes of it."""

from datetime import UTC, datetime
from typing import Any

from cleaning import clean
from model.article import Article, Rejected
from model.source import Source
from tests.records import capture

URL = "https://xa-vi-du.example/le-hoi-mua-thu-1204"
FETCHED_AT = datetime(2026, 11, 22, tzinfo=UTC)

TITLE = "Xã Ví Dụ mở hội đua thuyền mùa thu"
SENTENCES = (
    "Sáng nay, hàng nghìn người dân và du khách đã về bến sông xã Ví Dụ để xem hội đua thuyền lần thứ mười hai.",
    "Mười sáu đội đến từ các thôn tranh tài trên chặng đường dài hai cây số, trong tiếng trống và tiếng reo hò.",
    "Ban tổ chức cho biết hội năm nay có thêm giải dành cho các đội nữ, và tiền bán vé được góp cho quỹ khuyến học.",
    "Kết thúc ngày hội, đội thôn Thượng giành giải nhất, đội thôn Hạ về nhì, còn đội thôn Trung được yêu thích nhất.",
)


def source(**changes: Any) -> Source:
    """A source of which nothing but the host and the language is known; `changes` are of its fields."""
    return Source.model_validate(
        {
            "id": "vi-du",
            "name": "Cổng thông tin xã Ví Dụ",
            "url": "https://xa-vi-du.example/",
            "kind": "portal",
            "languages": ["vi"],
            "schedule": "0 0 * * *",
            "discovery": {"listings": [{"url": "https://xa-vi-du.example/tin/"}]},
            "articles": {"allow": ["."]},
            **changes,
        }
    )


def paragraphs(*extra: str) -> str:
    """The article's sentences as paragraphs, and `extra` markup behind them."""
    return "".join(f"<p>{sentence}</p>" for sentence in SENTENCES) + "".join(extra)


def page(content: str = "", *, before: str = "", after: str = "", head: str = "", title: str = TITLE) -> str:
    """A page with `content` in its article (by default the sentences) and markup `before` and `after` it."""
    return (
        '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8">'
        f"<title>{title} - Cổng thông tin xã Ví Dụ</title>{head}"
        f'</head><body><div id="top">{before}</div><div id="main"><h1>{title}</h1><div class="article-body">'
        f'{content or paragraphs()}</div></div><div id="bottom">{after}</div></body></html>'
    )


def outcome(markup: str | bytes, *, of: Source | None = None, **fields: Any) -> Article | Rejected:
    """What the cleaner makes of the page; `fields` are of the capture."""
    body = markup.encode() if isinstance(markup, str) else markup
    values = {"url": URL, "fetched_at": FETCHED_AT, "language": None, **fields}
    return clean(capture(**values), body, of or source())


def cleaned(markup: str | bytes, *, of: Source | None = None, **fields: Any) -> Article:
    """The article on the page."""
    found = outcome(markup, of=of, **fields)
    assert isinstance(found, Article), found
    return found


def rules(article: Article) -> dict[str, str]:
    """The removed texts by rule; of several by one rule the last."""
    return {removal.rule: removal.text for removal in article.removed}
