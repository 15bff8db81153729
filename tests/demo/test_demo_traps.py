"""trouble.example's traps: what a server does on purpose is what its path says."""

import re
import time
import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from demo import traps, trouble

HOST = "http://trouble.example"


def test_each_trap_is_described_and_no_link_of_the_list_leads_to_one():
    described = set(re.findall(r"(?<![`\w])(/[a-z][^\s`]*)", traps.__doc__))
    concrete = {re.sub(r"<\w+>", "1", path) for path in described}
    patterns = [pattern for pattern, _ in traps.PATHS]
    assert all(any(re.fullmatch(pattern, path) for path in concrete) for pattern in patterns)
    assert len(described) == len(patterns)
    assert not any(re.fullmatch(pattern, link) for pattern in patterns for link in trouble.LINKS)


@pytest.mark.parametrize("path", ["/sitemap-bomb.xml", "/feed-bomb.xml"])
def test_an_xml_bomb_is_a_thousand_million_times_itself(path, get):
    reply = get(f"{HOST}{path}")
    assert reply.headers.get_content_type() in ("application/xml", "application/rss+xml")
    assert len(reply.body) < 3_000
    sizes = [len(body) // 4 for body in re.findall(r'<!ENTITY c[1-9] "([^"]+)">', reply.text)]
    assert sizes == [10] * 9
    assert "&c9;" in reply.text.split("]>")[1]


def test_the_sitemap_bomb_is_small_until_it_is_unpacked(get):
    reply = get(f"{HOST}/gzip-sitemap-bomb.xml.gz")
    assert len(reply.body) < 300_000
    assert "Content-Encoding" not in reply.headers
    assert zlib.decompressobj(wbits=31).decompress(reply.body, 100).startswith(b"<urlset ")
    size_bytes = int.from_bytes(reply.body[-4:], "little")  # RFC 1952: ISIZE
    assert size_bytes > 0.99 * traps.BOMB_MB * 1_000_000


def test_the_challenge_is_403_with_a_script(get):
    reply = get(f"{HOST}/challenge")
    assert (reply.status, reply.headers["cf-mitigated"]) == (403, "challenge")
    assert "/cdn-cgi/challenge-platform/" in reply.text
    assert traps.TITLE not in reply.text


def test_the_cookie_page_is_a_script_and_nothing_else(get):
    reply = get(f"{HOST}/js-cookie")
    assert reply.status == 200
    assert "document.cookie=" in reply.text
    assert "location.reload()" in reply.text
    assert re.sub(r"<script>.*?</script>|<[^>]+>", "", reply.text) == ""


def test_retry_after_may_be_a_date(get):
    first, second, third = (get(f"{HOST}/retry-date/30") for _ in range(3))
    assert [first.status, second.status, third.status] == [503, 200, 503]
    until = parsedate_to_datetime(first.headers["Retry-After"])
    assert 20 < (until - datetime.now(UTC)).total_seconds() <= 31
    assert traps.TITLE in second.text


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/to-home", f"{HOST}/"),
        ("/to-private", "http://169.254.169.254/latest/"),
        ("/to-file", "file:///etc/passwd"),
    ],
)
def test_redirects_lead_where_they_should_not(path, location, get):
    reply = get(f"{HOST}{path}")
    assert (reply.status, reply.headers["Location"]) == (302, location)


def test_whoever_follows_a_redirect_to_a_private_address_is_seen(web, get):
    assert get("http://169.254.169.254/latest/").status == 502
    assert [seen.host for seen in web.requests] == ["169.254.169.254"]


def test_an_article_goes_after_it_was_read(get):
    assert [get(f"{HOST}/gone-after/2").status for _ in range(4)] == [200, 200, 410, 410]
    assert get(f"{HOST}/gone-after/0").status == 410


def test_the_same_page_is_the_same_and_says_so_nowhere(get):
    first, second = get(f"{HOST}/same"), get(f"{HOST}/same")
    assert first.body == second.body
    assert traps.TITLE in first.text
    assert not {"etag", "last-modified"} & {name.lower() for name in first.headers}


def test_the_counter_changes_the_page_and_not_the_article(get):
    first, second = get(f"{HOST}/counter").text, get(f"{HOST}/counter").text
    assert first.split("<article>")[0] != second.split("<article>")[0]
    assert first.split("<article>")[1] == second.split("<article>")[1]
    assert ("22/11/2026" in first, "23/11/2026" in second) == (True, True)


def test_the_type_is_wrong_and_the_page_is_right(get):
    reply = get(f"{HOST}/wrong-type")
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert traps.TITLE in reply.text


def test_a_page_can_be_told_to_do_what_a_trap_does(web, get):
    url = "http://paper.example/"
    web.fail(url, times=1, like="/challenge")
    assert [get(url).status, get(url).status] == [403, 200]


def test_traps_cost_the_server_little(get):
    began = time.monotonic()
    assert all(get(HOST + path).body for path in ("/sitemap-bomb.xml", "/feed-bomb.xml", "/gzip-sitemap-bomb.xml.gz"))
    assert time.monotonic() - began < 10
