"""What the three sites publish: ways in, articles, furniture."""

import gzip
import json
import unicodedata
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import lxml.etree
import lxml.html
import pytest

from demo import DemoWeb, aggregator, media, paper, portal, truth
from demo.handler import Question

TRUTH = truth()
SITES = ("portal.example", "aggregator.example", "paper.example")


def links(get, url):
    page = lxml.html.document_fromstring(get(url).text)
    return [urljoin(url, href) for href in page.xpath("//a/@href")]


def document(get, url):
    encoding = paper.articles()[urlsplit(url).path].encoding if "paper.example" in url else "utf-8"
    return lxml.html.document_fromstring(unicodedata.normalize("NFC", get(url).body.decode(encoding)))


def lines(page):
    """The page's text, element by element, in order."""
    return [" ".join(e.text_content().split()) for e in page.iter() if isinstance(e.tag, str)]


def on(site):
    return {url for url in TRUTH if urlsplit(url).hostname == site}


def test_the_portal_lists_all_its_articles_over_three_pages(get):
    pages = [links(get, f"http://portal.example/tin-tuc/{query}") for query in ("", "?page=2", "?page=3", "?page=4")]
    listed = [{url for url in page if url in TRUTH} for page in pages]
    assert [len(page) for page in listed] == [3, 3, 2, 0]
    assert set.union(*listed) == on("portal.example")


def test_the_aggregator_lists_each_edition_and_feeds_the_vietnamese_one(get):
    listed = [set(links(get, f"http://aggregator.example{path}")) & set(TRUTH) for path in ("/", "/en/", "/id/")]
    assert [len(page) for page in listed] == [4, 4, 4]
    assert set.union(*listed) == on("aggregator.example")
    feed = lxml.etree.fromstring(get("http://aggregator.example/feed.xml").body)
    assert set(feed.xpath("//item/link/text()")) == listed[0]


def test_the_paper_feeds_its_newest_and_maps_all_its_articles(get):
    feed = lxml.etree.fromstring(get("http://paper.example/rss/home.rss").body)
    newest = sorted(on("paper.example"), key=lambda url: TRUTH[url].published_at, reverse=True)[:5]
    assert feed.xpath("//item/link/text()") == newest
    index = lxml.etree.fromstring(get("http://paper.example/sitemap.xml").body)
    [sitemap] = index.xpath("//*[local-name()='loc']/text()")
    urls = lxml.etree.fromstring(gzip.decompress(get(sitemap).body)).xpath("//*[local-name()='loc']/text()")
    assert set(urls) == on("paper.example")


@pytest.mark.parametrize("url", sorted(TRUTH))
def test_an_article_page_holds_the_truth_in_order_amid_its_furniture(url, get):
    page, want = document(get, url), TRUTH[url]
    seen = lines(page)
    assert want.title in seen
    places = [seen.index(block) for block in want.text]
    assert places == sorted(places)
    for expected in (*want.captions, *want.drop, want.author or ""):
        assert any(expected in line for line in seen), expected
    for credit in filter(None, want.credits):
        assert any(line.endswith(f": {credit}") for line in seen)
    assert set(want.spam) | set(want.attachments) <= {urljoin(url, href) for href in page.xpath("//a/@href")}


@pytest.mark.parametrize("url", sorted(TRUTH))
def test_furniture_is_part_of_no_line_of_the_text(url):
    want = TRUTH[url]
    assert not [(drop, line) for drop in want.drop for line in want.text if drop in line]
    assert want.text == tuple(unicodedata.normalize("NFC", line) for line in want.text)


@pytest.mark.parametrize("site", ["aggregator.example", "paper.example"])
def test_the_newer_sites_state_title_and_moment_in_json_ld(site, get):
    for url in on(site):
        stated = json.loads(document(get, url).xpath("//script[@type='application/ld+json']/text()")[0])
        assert stated["headline"] == TRUTH[url].title
        assert stated["datePublished"] == TRUTH[url].published_at.isoformat()


def test_the_portal_gives_a_day_and_prints_todays_first(get):
    text = get("http://portal.example" + next(iter(portal.articles()))).text
    assert text.index("Chủ nhật, 22/11/2026") < text.index('<span class="PostDate">Thứ năm, 26/06/2025</span>')


def test_counters_differ_at_each_request_and_nothing_else_does(get):
    url = "http://portal.example" + next(iter(portal.articles()))
    first, second = get(url).text.split("\n"), get(url).text.split("\n")
    differing = [a for a, b in zip(first, second, strict=True) if a != b]
    assert len(differing) == 2
    assert "lượt xem" in differing[0]
    assert "Thống kê truy cập" in differing[1]


def test_pages_of_other_sites_are_the_same_at_each_request(get):
    for url in on("aggregator.example") | on("paper.example"):
        assert get(url).body == get(url).body


def test_editions_name_each_other_and_the_source(get):
    for url in on("aggregator.example"):
        page, want = document(get, url), TRUTH[url]
        assert tuple(page.xpath("//link[@hreflang]/@href")) == want.alternates
        assert url in want.alternates
        assert page.xpath("//p[@class='source-link']/a/@href") == [want.via_url]
        assert want.via_url in TRUTH


def test_the_aggregator_prints_its_name_twice_where_an_author_should_stand(get):
    for url in on("aggregator.example"):
        [meta] = document(get, url).xpath("//div[@class='entry-meta']")
        assert meta.text_content().strip() == f"Gương ViệtGương Việt{TRUTH[url].published_on:%d/%m/%Y}"


def test_one_page_of_the_portal_has_a_hidden_link_and_all_have_a_visible_one(get):
    hacked = [url for url in on("portal.example") if portal.HIDDEN_SPAM in TRUTH[url].spam]
    [url] = hacked
    [link] = document(get, url).xpath(f"//a[@href='{portal.HIDDEN_SPAM}']")
    assert link.getparent().get("style") == "display:none"
    assert all(portal.VISIBLE_SPAM in TRUTH[url].spam for url in on("portal.example"))
    assert not any(TRUTH[url].spam for url in on("paper.example"))  # though one reports on gambling


def test_a_listed_article_that_is_gone_answers_200_all_the_same(get):
    url = f"http://portal.example{portal.SOFT_404}"
    assert url in links(get, "http://portal.example/tin-tuc/")
    reply = get(url)
    assert reply.status == 200
    assert "Không tìm thấy nội dung" in reply.text
    assert url not in TRUTH


@pytest.mark.parametrize(
    ("site", "listing"), [(portal, "/tin-tuc/"), (aggregator, "/"), (paper, "/")], ids=["portal", "aggregator", "paper"]
)
def test_robots_txt_closes_an_address_that_is_linked(site, listing, get):
    robots = RobotFileParser()
    robots.parse(get(f"http://{site.HOST}/robots.txt").text.splitlines())
    closed = f"http://{site.HOST}{site.DISALLOWED}"
    assert closed in links(get, f"http://{site.HOST}{listing}")
    assert not robots.can_fetch("bantin", closed)
    assert get(closed).status == 200  # who asks all the same is seen in the log
    assert all(robots.can_fetch("bantin", url) for url in on(site.HOST))
    assert robots.site_maps() == (["http://paper.example/sitemap.xml"] if site is paper else None)


@pytest.mark.parametrize("site", ["aggregator.example", "paper.example"])
def test_a_page_is_not_sent_again_to_who_has_it(site, get):
    url = min(on(site))
    first = get(url)
    assert first.headers["Last-Modified"].endswith("GMT")
    again = get(url, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert get(url, If_Modified_Since=first.headers["Last-Modified"]).status == 304
    assert get(url, If_Modified_Since="Thu, 01 Jan 2026 00:00:00 GMT").status == 200
    # RFC 9110, 13.2.2: where both are given, the tag decides.
    assert get(url, If_None_Match='"other"', If_Modified_Since=first.headers["Last-Modified"]).status == 200


def test_the_portal_has_no_validators(get):
    headers = get(min(on("portal.example"))).headers
    assert headers["ETag"] is headers["Last-Modified"] is None


def test_the_paper_compresses_for_who_asks(get):
    url = min(on("paper.example"))
    plain, packed = get(url), get(url, Accept_Encoding="gzip, deflate")
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["ETag"] == plain.headers["ETag"]


def test_one_article_is_in_windows_1258_and_says_so(get):
    [url] = [url for url in on("paper.example") if "post40107" in url]
    reply = get(url)
    assert reply.headers.get_content_charset() == "windows-1258"
    assert TRUTH[url].title in unicodedata.normalize("NFC", reply.body.decode("cp1258"))
    with pytest.raises(UnicodeDecodeError):
        reply.body.decode("utf-8")


def test_one_article_lies_about_its_charset(get):
    [url] = [url for url in on("paper.example") if "post40103" in url]
    reply = get(url)
    assert reply.headers.get_content_charset() == "iso-8859-1"
    assert TRUTH[url].title in reply.text


def test_pictures_and_files_that_pages_name_are_there(get):
    for url in (portal.HOST, aggregator.HOST, paper.HOST):
        article = next(one for one in TRUTH if url in one)
        sources = [urljoin(article, src) for src in document(get, article).xpath("//img/@src")]
        assert sources
        assert all(get(src).body.startswith(b"\x89PNG") for src in sources)
    [attachment] = [url for want in TRUTH.values() for url in want.attachments]
    assert get(attachment).headers["Content-Type"] == "application/pdf"


def test_the_pdf_points_to_its_own_table_of_objects():
    data = media.pdf("hello")
    start = int(data.split(b"startxref\n")[1].split()[0])
    assert data[start:].startswith(b"xref\n0 7\n")
    first = int(data[start:].splitlines()[3][:10])
    assert data[first:].startswith(b"1 0 obj")


def test_sites_are_told_apart_by_host(get):
    titles = {site: lxml.html.document_fromstring(get(f"http://{site}/").text).findtext(".//title") for site in SITES}
    assert len(set(titles.values())) == 3
    for url in TRUTH:
        for site in SITES:
            elsewhere = url.replace(urlsplit(url).hostname, site)
            assert get(elsewhere).status == (200 if elsewhere in TRUTH else 404)


def test_two_webs_of_one_day_say_the_same(web, get):
    url = "http://portal.example/tin-tuc/"
    with DemoWeb(today=web._today) as other:
        question = Question(method="GET", host="portal.example", target="/tin-tuc/", headers={}, body=b"")
        assert other._server.answerer(question).body == get(url).body
