"""The sites with other ways in: each list, form, endpoint and trap does what a client has to cope with."""

import gzip
import io
import re
import urllib.request
import zipfile
from datetime import date, timedelta
from urllib.parse import urljoin, urlsplit

import lxml.etree
import lxml.html
import pytest

from demo import DemoWeb, editions, hacked, loadmore, nomap, webforms

LISTING = "http://webforms.example/danh-sach.aspx"
LOAD = f"http://loadmore.example{loadmore.ENDPOINT}"
FORM = {"article_category_id": "7", "site_id": "12", "page": "2", "page_size": "3", "lang": "vi-VN"}
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"
ROBOT = "Mozilla/5.0 (compatible; bantin)"
SITEMAP_NS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "n": "http://www.google.com/schemas/sitemap-news/0.9"}


def paths(markup):
    return re.findall(r'href="(/(?:tin|bai|sk)/[^"]+)"', markup)


def hidden(markup):
    return {one.name: one.value for one in lxml.html.document_fromstring(markup).cssselect("input[type=hidden]")}


def events(markup):
    return dict(re.findall(r"__doPostBack\(&#39;[^&]+&#39;,&#39;([^&]+)&#39;\)\">([^<]+)<", markup))


def turn(get, markup, argument, **more):
    return get(LISTING, form={**hidden(markup), "__EVENTTARGET": webforms.GRID, "__EVENTARGUMENT": argument, **more})


# webforms.example


def test_the_pager_leads_through_all_pages_and_into_the_next_group_by_three_dots(get):
    page = get(LISTING).text
    assert events(page) == {"Page$2": "2", "Page$3": "3", "Page$4": "..."}
    found = paths(page)
    for number in range(2, webforms.PAGES + 1):
        page = turn(get, page, f"Page${number}").text
        found += paths(page)
    assert found == list(webforms.articles())
    assert events(page) == {"Page$3": "...", "Page$4": "4"}


def test_a_postback_that_the_page_has_not_offered_is_a_server_error(get):
    first = get(LISTING).text
    assert turn(get, first, "Page$5").status == 500
    assert turn(get, first, "Page$1").status == 500
    fourth = turn(get, first, "Page$4").text
    assert turn(get, fourth, "Page$5").status == 200
    assert turn(get, fourth, "Page$2").status == 500


@pytest.mark.parametrize("field", ["__VIEWSTATE", "__EVENTVALIDATION"])
def test_hidden_fields_have_to_be_those_of_one_answer(field, get):
    first, again = get(LISTING).text, get(LISTING).text
    assert hidden(first)[field] != hidden(again)[field]
    assert turn(get, first, "Page$2", **{field: hidden(again)[field]}).status == 500
    assert turn(get, first, "Page$2", **{field: ""}).status == 500
    assert turn(get, first, "Page$2", **{field: "AAAA"}).status == 500


def test_a_button_that_is_sent_along_searches_instead(get):
    searched = turn(get, get(LISTING).text, "Page$2", **{webforms.SEARCH: "Tìm kiếm"})
    assert paths(searched.text) == list(webforms.articles())[:3]


def test_articles_have_files_and_pictures_that_are_real(get):
    for path in webforms.articles():
        page = lxml.html.document_fromstring(get(f"http://webforms.example{path}").text)
        page.make_links_absolute(f"http://webforms.example{path}")
        files = page.xpath("//ul[@class='files']//a/@href")
        assert tuple(files) == webforms.attachments(path)
        assert page.xpath("//div[@class='content']//img/@src")
    pdf, docx = (get(url) for url in files)
    assert pdf.body.startswith(b"%PDF-")
    with zipfile.ZipFile(io.BytesIO(docx.body)) as package:
        assert package.testzip() is None
        document = lxml.etree.fromstring(package.read("word/document.xml"))
    assert "".join(document.itertext()) == files[1].rpartition("/")[2].removesuffix(".docx")
    assert docx.body == get(files[1]).body
    assert get(page.xpath("//div[@class='content']//img/@src")[0]).body.startswith(b"\x89PNG")


def test_no_answer_of_a_portal_is_like_the_one_before(get):
    for url in (LISTING, "http://loadmore.example/tin-tuc", "http://nomap.example/", "http://hacked.example/"):
        first, second = get(url), get(url)
        assert first.body != second.body
        assert "ETag" not in first.headers
        assert "22/11/2026" in first.text


# loadmore.example


def test_the_form_gets_further_pieces_of_the_first_list(get):
    page = get("http://loadmore.example/tin-tuc").text
    assert "var categoryId = 7; var siteId = 12;" in page
    found = paths(page)
    for number in ("2", "3"):
        piece = get(LOAD, form={**FORM, "page": number}).text
        assert "<html" not in piece
        found += paths(piece)
    assert found == list(loadmore.listed("/tin-tuc"))
    assert get(LOAD, form={**FORM, "page": "4"}).body == b""


@pytest.mark.parametrize(
    "wrong", [{"article_category_id": "8"}, {"site_id": ""}, {"page": "1"}, {"page": "x"}, {"page_size": "15"}]
)
def test_a_form_with_other_fields_is_refused(wrong, get):
    assert get(LOAD, form={**FORM, **wrong}).status == 400
    assert get(LOAD).status == 405


def test_offsets_get_objects_without_addresses(get):
    found = paths(get("http://loadmore.example/thong-bao").text)
    for offset in (3, 6):
        reply = get(f"http://loadmore.example/api/news?offset={offset}&limit=3")
        assert reply.headers.get_content_type() == "application/json"
        assert "href" not in reply.text
        found += [f"/bai/{one['slug']}-{one['id']}.html" for one in reply.json["items"]]
    assert found == list(loadmore.listed("/thong-bao"))
    assert get("http://loadmore.example/api/news?offset=9&limit=3").json["items"] == []
    assert get("http://loadmore.example/api/news?offset=3").status == 400


def test_cursors_lead_from_answer_to_answer(get):
    page = get("http://loadmore.example/su-kien").text
    found, following = paths(page), re.search(r'"next": "([^"]+)"', page)[1]
    while following:
        reply = get(f"http://loadmore.example/api/events?cursor={following}").json
        found += paths(reply["d"])
        following = reply["next"]
    assert found == list(loadmore.listed("/su-kien"))
    assert get("http://loadmore.example/api/events?cursor=2").status == 400


def test_the_three_lists_share_no_article_and_all_are_there(get):
    assert len(loadmore.articles()) == 27
    for path, title in loadmore.articles().items():
        assert lxml.html.document_fromstring(get(f"http://loadmore.example{path}").text).findtext(".//h1") == title


# nomap.example


def named_links(get, url):
    page = lxml.html.document_fromstring(get(url).text)
    return {link.text: urljoin(url, link.get("href")) for link in page.iter("a")}


def links(get, url):
    return list(named_links(get, url).values())


def test_articles_are_three_links_from_the_home_page(get):
    clean = re.compile(r"^http://nomap\.example(?!/en/|/vi/|/print/)/[a-z0-9./-]+$")
    seen, layer = set(), ["http://nomap.example/"]
    found_at = {}
    for depth in range(1, 4):
        layer = [
            link
            for url in layer
            for link in links(get, url)
            if clean.match(link) and not (link in seen or seen.add(link))
        ]
        found_at |= {urlsplit(link).path: depth for link in layer if link.endswith(".html")}
    assert found_at == dict.fromkeys(nomap.articles(), 3)
    assert len(found_at) == 18


def test_the_calendar_always_has_a_next_month(get):
    url = "http://nomap.example/lich?thang=11&nam=2031"
    for _ in range(14):
        url = named_links(get, url)["Tháng sau"]
    assert url == "http://nomap.example/lich?thang=1&nam=2033"
    assert get("http://nomap.example/lich?thang=12&nam=99999999").status == 200
    assert get("http://nomap.example/lich?thang=%C2%B2&nam=x").status == 200


def test_orders_languages_and_printers_versions_have_no_end(get):
    sort = next(link for link in links(get, "http://nomap.example/kinh-te/?sort=ngay") if "order=" in link)
    assert sort == "http://nomap.example/kinh-te/?sort=ngay&order=tang"
    deep = "http://nomap.example/en/vi/en/kinh-te/"
    assert "http://nomap.example/vi/en/vi/en/kinh-te/" in links(get, deep)
    assert "http://nomap.example/print/kinh-te/" in links(get, deep)
    article = next(iter(nomap.articles()))
    assert (
        get(f"http://nomap.example/en/vi{article}").status == get(f"http://nomap.example/print{article}").status == 200
    )
    assert get("http://nomap.example/id/kinh-te/").status == 404


def test_sessions_are_new_in_each_answer_and_the_page_behind_them_is_the_same(get):
    first, second = ([link for link in links(get, "http://nomap.example/") if ";jsessionid=" in link] for _ in range(2))
    assert len(first) == 3
    assert not set(first) & set(second)
    assert "Nông nghiệp" in get(first[0]).text


# editions.example


def locations(body, path="//s:loc/text()"):
    return [urlsplit(one).path for one in lxml.etree.fromstring(body).xpath(path, namespaces=SITEMAP_NS)]


def test_robots_txt_names_an_index_of_sitemaps_each_with_articles_of_its_own(get):
    index_url = re.search(r"Sitemap: (\S+)", get("http://editions.example/robots.txt").text)[1]
    index = get(index_url)
    assert locations(index.body) == [editions.NEWS, editions.ARTICLES, editions.OLD_YEAR]
    assert all(lxml.etree.fromstring(index.body).xpath("//s:sitemap/s:lastmod/text()", namespaces=SITEMAP_NS))
    news, packed, old = (get(f"http://editions.example{path}") for path in locations(index.body))
    assert packed.headers["Content-Type"] == "application/gzip"
    vietnamese = [path for path in editions.articles() if not path.startswith(("/en/", "/id/"))]
    assert locations(news.body) + locations(gzip.decompress(packed.body)) + locations(old.body) == vietnamese
    assert tuple(locations(old.body)) == editions.old()
    dates = lxml.etree.fromstring(news.body).xpath("//n:publication_date/text()", namespaces=SITEMAP_NS)
    assert [one[:10] for one in dates] == ["2026-11-21", "2026-11-20", "2026-11-19", "2026-11-18"]
    assert get(f"http://editions.example{editions.NEWS}", If_None_Match=news.headers["ETag"]).status == 304


def test_the_sitemap_of_an_old_year_never_changes():
    answers = []
    for day in (date(2026, 11, 22), date(2027, 2, 1)):
        with DemoWeb(today=day) as web:
            proxy = urllib.request.ProxyHandler({"http": web.proxy_url})
            url = f"http://editions.example{editions.OLD_YEAR}"
            with urllib.request.build_opener(proxy).open(url, timeout=5) as answer:
                answers.append((answer.read(), answer.headers["ETag"], answer.headers["Last-Modified"]))
    assert answers[0] == answers[1]
    assert b"2019-" in answers[0][0]
    assert answers[0][2] == "Sun, 05 Jan 2020 02:00:00 GMT"


def test_the_home_page_announces_a_feed_of_new_and_old(get):
    home = lxml.html.document_fromstring(get("http://editions.example/").text)
    [feed] = home.xpath("//link[@rel='alternate'][@type='application/rss+xml']/@href")
    channel = lxml.etree.fromstring(get(urljoin("http://editions.example/", feed)).body)
    days = [one[5:16] for one in channel.xpath("//item/pubDate/text()")]
    assert days[0] == f"{date(2026, 11, 22) - timedelta(days=1):%d %b %Y}"
    assert [day[-4:] for day in days] == ["2026"] * 4 + ["2019"] * 2
    assert [urlsplit(link).path for link in channel.xpath("//item/link/text()")][4:] == list(editions.old())[:2]


def test_lists_lead_to_vietnamese_and_pages_to_the_other_languages(get):
    home = lxml.html.document_fromstring(get("http://editions.example/").text)
    linked = home.xpath("//a/@href")
    assert linked == list(editions.articles())[:2]
    page = lxml.html.document_fromstring(get(f"http://editions.example{linked[0]}").text)
    named = dict(zip(page.xpath("//link/@hreflang"), page.xpath("//link[@hreflang]/@href"), strict=True))
    assert set(named) == {"vi", "en", "id", "x-default"}
    assert urlsplit(named["id"]).path == f"/id{linked[0]}"
    assert all(get(url).status == 200 for url in named.values())
    assert get("http://editions.example/en/").status == 404


def test_one_article_keeps_its_translations_to_itself(get):
    silent = get(f"http://editions.example{editions.SILENT}")
    assert "hreflang" not in silent.text
    assert get(f"http://editions.example/en{editions.SILENT}").status == 200
    only = list(editions.articles())[4]
    assert get(f"http://editions.example/en{only}").status == 404


# hacked.example


@pytest.mark.parametrize(
    ("headers", "preyed"),
    [
        ({"Referer": "https://www.google.com.vn/"}, True),
        ({"Referer": "https://coccoc.com/search?query=dong+say"}, True),
        ({"User_Agent": PHONE}, True),
        ({"User_Agent": ROBOT}, False),
        ({"Referer": "http://hacked.example/", "User_Agent": ROBOT}, False),
        ({"Referer": "https://notgoogle.example/?q=https://www.google.com/"}, False),
    ],
)
def test_who_comes_from_a_search_engine_is_sent_to_the_casino(headers, preyed, get):
    for path in ("/", *hacked.articles()):
        reply = get(f"http://hacked.example{path}", **headers)
        assert reply.status == (302 if preyed else 200)
        assert reply.headers["Location"] == (hacked.LANDING if preyed else None)
        assert "tài xỉu" not in reply.text


def test_the_casino_is_there(get):
    reply = get(hacked.LANDING)
    assert (reply.status, "tài xỉu" in reply.text) == (200, True)
    assert "Disallow: /" not in get(f"http://{hacked.CASINO}/robots.txt").text
