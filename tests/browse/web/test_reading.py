"""A reader at work, in a real browser: finds, opens, compares, goes back; by mouse, by keys, on a phone, without
JavaScript. Nobody's page asks anything of another site."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browse.library import NEW_TITLE, OLD_TITLE, SECOND, Library
from tests.browser import faults

WIDTHS = {"phone": 390, "wide": 1400}


def hits(page: Page) -> list[str]:
    return page.locator(".hit .headline a").all_inner_texts()


@pytest.mark.parametrize("typed", ["thuyền nan", "thuyen nan", "THUYỀN  NAN", '"thuyền nan"'])
def test_searches_with_and_without_diacritics(page: Page, server: str, typed: str) -> None:
    page.goto(server)
    page.get_by_role("searchbox").fill(typed)
    page.get_by_role("searchbox").press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q="))
    marked = page.locator(".hit mark").all_inner_texts()
    assert "thuyền nan" in " ".join(marked).lower()


def test_in_quotes_only_that_spelling_is_found(page: Page, server: str) -> None:
    page.goto(f"{server}/search?" + urlencode({"q": '"thuyen nan"'}))
    assert hits(page) == []


def test_finds_opens_and_goes_back_by_keys_alone(page: Page, server: str) -> None:
    page.goto(f"{server}/search")
    page.keyboard.press("/")
    page.keyboard.type("thuyền")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=thuy*")
    page.keyboard.press("Tab")  # leave the box: letters in it are letters
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.href")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.href") == first
    page.keyboard.press("Enter")
    page.wait_for_url(first)
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.go_back()
    page.wait_for_url("**/search?q=thuy*")


def test_narrows_by_source_and_the_address_is_the_state(page: Page, server: str) -> None:
    page.goto(f"{server}/search")
    everything = len(hits(page))
    page.locator("aside").get_by_role("link", name=re.compile("Mộc Giang")).click()
    page.wait_for_url("**source=demo-portal*")
    narrowed = hits(page)
    assert 0 < len(narrowed) < everything
    page.reload()
    assert hits(page) == narrowed
    page.get_by_role("link", name=re.compile("Source .*Mộc Giang")).click()
    page.wait_for_url(lambda url: "demo-portal" not in url)
    assert len(hits(page)) == everything


def test_new_words_keep_what_a_search_was_narrowed_by(page: Page, server: str) -> None:
    page.goto(f"{server}/search")
    page.locator("aside").get_by_role("link", name=re.compile("Mộc Giang")).click()
    page.wait_for_url("**source=demo-portal*")
    page.get_by_role("searchbox").fill("thuyền")
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**q=thuy*")
    assert "source=demo-portal" in page.url
    page.locator("aside").get_by_role("link", name=re.compile("Mộc Giang")).click()
    page.wait_for_url(lambda url: "demo-portal" not in url)
    page.locator("footer").get_by_role("link", name="Tiếng Việt").click()
    page.wait_for_url("**hl=vi*")
    assert "demo-portal" not in page.url
    assert "q=thuy" in page.url


def test_where_nothing_fits_a_click_asks_for_more(page: Page, server: str) -> None:
    page.goto(f"{server}/search?" + urlencode({"q": '"thuyen nan"', "since": "2000-01-01", "until": "2000-01-02"}))
    page.get_by_role("link", name="Without the quotes").click()
    page.wait_for_url("**q=thuyen+nan*")
    assert "since=2000-01-01" in page.url
    page.get_by_role("link", name="Without the filters").click()
    page.wait_for_url(lambda url: "since" not in url)
    assert hits(page)


def test_on_a_telephone_the_menu_is_one_line(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(server)
    links = page.locator(".masthead nav a").all()
    assert len({round((link.bounding_box() or {"y": -1})["y"]) for link in links}) == 1


def test_shows_what_was_removed_and_why(page: Page, server: str, library: Library) -> None:
    page.goto(f"{server}/search?source=demo-portal&q=is:injected")
    page.locator(".hit .headline a").first.click()
    page.get_by_role("link", name=re.compile("Removed", re.IGNORECASE)).first.click()
    page.wait_for_url("**/removed")
    expect(page.locator("main")).to_contain_text("counter")


def test_compares_two_versions_word_by_word(page: Page, server: str, library: Library) -> None:
    page.goto(f"{server}/articles/{library.edited}/history")
    page.get_by_role("link", name=re.compile("compare|diff|changed", re.IGNORECASE)).first.click()
    page.wait_for_url("**/diff*")
    assert OLD_TITLE.split()[0] in page.locator("del").all_inner_texts()[0]
    assert NEW_TITLE.split()[0] in page.locator("ins").all_inner_texts()[0]


def test_goes_from_an_edition_to_another(page: Page, server: str) -> None:
    page.goto(f"{server}/search?source=demo-aggregator&lang=en")
    page.locator(".hit .headline a").first.click()
    page.get_by_role("link", name=re.compile("Editions", re.IGNORECASE)).first.click()
    page.wait_for_url("**/editions")
    page.locator("main").get_by_role("link", name=re.compile("Vietnamese|Tiếng Việt")).first.click()
    expect(page.locator("article [lang=vi], article[lang=vi]").first).to_be_visible()


def test_saves_a_search_as_a_file(page: Page, server: str) -> None:
    page.goto(f"{server}/search?source=demo-paper")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert "title" in lines[0]
    assert len(lines) > len(hits(page))


def test_without_javascript_all_the_same(chromium: Browser, server: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server)
    page.get_by_role("searchbox").fill("thuyền")
    page.get_by_role("button", name="Search").click()
    assert hits(page)
    page.locator("aside").get_by_role("link").first.click()
    page.locator(".hit .headline a").first.click()
    expect(page.locator("h1")).to_be_visible()
    context.close()


def test_speaks_vietnamese_to_who_wishes_it(chromium: Browser, server: str) -> None:
    context = chromium.new_context(locale="vi-VN")
    page = context.new_page()
    page.goto(f"{server}/search")
    assert page.locator("html").get_attribute("lang") == "vi"
    expect(page.get_by_role("button", name="Tìm")).to_be_visible()
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto(f"{server}/sources")
    assert page.locator("html").get_attribute("lang") == "en", "the choice is remembered"
    context.close()


PAGES = ["/", "/search?q=thuy%E1%BB%81n", "/sources", "/sources/demo-portal", f"/runs/demo-portal/{SECOND}", "/help"]
PAGES += [f"/articles/{{edited}}{part}" for part in ("", "/removed", "/raw", "/history", "/editions", "/cite")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    chromium: Browser, server: str, library: Library, width: str, scheme: str
) -> None:
    context = chromium.new_context(
        viewport={"width": WIDTHS[width], "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        bypass_csp=True,  # for axe's own script
    )
    page = context.new_page()
    told = [fault for path in PAGES for fault in faults(page, server + path.format(edited=library.edited))]
    context.close()
    assert told == []


def test_pages_ask_only_their_own_server_and_break_no_rule_of_their_own(
    page: Page, server: str, library: Library
) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    for path in PAGES:
        page.goto(server + path.format(edited=library.edited))
    assert [url for url in asked if not url.startswith(server)] == []
    assert said == []
