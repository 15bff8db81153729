"""Addresses that a crawl connects to, and those it does not, whatever a page, a redirect or a name server says."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.resolver import dnscache
from twisted.internet.address import IPv4Address, IPv6Address

from spiders.addresses import Resolver, is_public, refusal
from tests.servers.site import Answer, Site, serving
from tests.spiders.asking import Outcome, ask, ask_all

# Asked from a socket that is bound to loopback, a public address is out of reach at once: no packet leaves the machine.
FROM_LOOPBACK = {"DOWNLOAD_BIND_ADDRESS": "127.0.0.1"}


@pytest.mark.parametrize(
    "spelling",
    [
        *["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "0.0.0.0"],
        *["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "224.0.0.1", "255.255.255.255"],
        *["192.0.0.192", "168.63.129.16"],  # metadata services at addresses that count as public elsewhere
        *["::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"],
        *["::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::808:808", "2002:7f00:1::", "2001::1"],
    ],
)
def test_an_address_that_is_not_public_is_refused_in_any_spelling(spelling: str) -> None:
    assert str(refusal(spelling)).startswith(f"refused: {spelling}")
    assert str(refusal(spelling)).endswith("is not a public address (fetch.allow_private: true permits it)")


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST.", "a.localhost", "metadata.google.internal", "nas", "x%31.vn"]
)
def test_a_local_name_is_refused(name: str) -> None:
    assert refusal(name) == f"refused: {name} is not a public host name (fetch.allow_private: true permits it)"


@pytest.mark.parametrize(
    "host", ["kimson.ninhbinh.gov.vn", "portal.example", "8.8.8.8", "2606:4700::1111", "ninh_binh.vn"]
)
def test_a_public_host_is_not_refused(host: str) -> None:
    assert refusal(host) is None


@pytest.mark.parametrize("address", ["::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"])
def test_an_address_that_stands_for_a_public_one_is_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_the_reason_names_host_and_address() -> None:
    assert refusal("127.0.0.1") == "refused: 127.0.0.1 is not a public address (fetch.allow_private: true permits it)"
    assert str(refusal("0x7f.1")).startswith("refused: 0x7f.1 (127.0.0.1) is not")


class Servers:
    """Name servers that answer at once, and a receiver of what a resolver makes of it."""

    def __init__(self, *addresses: str) -> None:
        self.answer = [(IPv6Address if ":" in one else IPv4Address)("TCP", one, 0) for one in addresses]
        self.received: list[str] = []
        self.completed = 0

    def resolveHostName(self, receiver: Any, name: str, *_: Any) -> None:  # noqa: N802
        receiver.resolutionBegan(SimpleNamespace(name=name))
        for address in self.answer:
            receiver.addressResolved(address)
        receiver.resolutionComplete()

    def resolutionBegan(self, _: Any) -> None:  # noqa: N802
        pass

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self.received.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.completed += 1


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    dnscache.clear()
    yield
    dnscache.clear()


def resolved(servers: Servers, name: str, types: Any = None) -> tuple[list[str], str | None]:
    """What is handed on of the servers' answer, and why it is nothing."""
    resolver = Resolver(SimpleNamespace(nameResolver=servers), 100)
    resolver.resolveHostName(servers, name, 80, types)
    assert servers.completed == 1
    return servers.received, resolver.refusal(name)


def test_of_a_name_with_public_and_other_addresses_the_public_ones_are_used() -> None:
    servers = Servers("10.0.0.1", "93.184.215.14", "::1", "2606:4700::1111")
    assert resolved(servers, "mixed.example") == (["93.184.215.14", "2606:4700::1111"], None)


def test_a_name_that_has_only_others_is_refused_by_name_and_address() -> None:
    addresses, why = resolved(Servers("10.0.0.1", "fd00::1"), "intranet.example")
    assert addresses == []
    assert why == (
        "refused: intranet.example (10.0.0.1, fd00::1) is not a public address (fetch.allow_private: true permits it)"
    )


def test_a_name_that_has_no_address_is_not_called_refused() -> None:
    assert resolved(Servers(), "nowhere.example") == ([], None)


def test_what_the_cache_holds_is_judged_again() -> None:
    dnscache["cached.example"] = [IPv4Address("TCP", "127.0.0.1", 0)]
    addresses, why = resolved(Servers("93.184.215.14"), "cached.example")
    assert addresses == []
    assert "127.0.0.1" in str(why)


def test_the_cache_does_not_hand_out_addresses_of_another_family() -> None:
    dnscache["both.example"] = [IPv6Address("TCP", "2606:4700::1111", 0), IPv4Address("TCP", "93.184.215.14", 0)]
    assert resolved(Servers(), "both.example", [IPv4Address])[0] == ["93.184.215.14"]


# What is asked, by a crawl's own rules


REFUSED = ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "inside.example"]
PUBLIC = [f"http://public.example/{number}" for number in range(5)]


@dataclass
class Asked:
    """How asking ended by the rules of sources that may not ask private addresses (and what came through to the server
    inside by then), and by those of one that may."""

    proxy: Site
    through_gateway: list[Outcome]
    redirected: list[Outcome]
    rebinding: list[Outcome]
    refused: list[Outcome]
    came_through: int
    permitted: list[Outcome]


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    """All of it in two processes, as names are resolved by one rule in each."""
    with serving() as inside, serving() as proxy:
        inside.page("/a")
        inside.answers["/away"] = Answer(status=302, headers={"Location": f"{proxy.base}/a"})
        proxy.page("/a")
        proxy.answers["http://portal.example/a"] = Answer("through the proxy")
        targets = [f"{inside.base}/a", "http://localhost/a", "file:///etc/hostname", "gopher://x.vn/", "ftp://x.vn/a"]
        # Behind a proxy the first hop can be at a public name; the second is refused before the proxy is asked.
        for url, target in zip(PUBLIC, targets, strict=True):
            proxy.answers[url] = Answer(status=302, headers={"Location": target})
        port = inside.base.rpartition(":")[2]
        rebinding = [f"http://rebinding.example:{port}/a"] * 2
        gateway = proxy.base.replace("127.0.0.1", "gateway.example")
        dns = {
            "rebinding.example": ["93.184.215.14", "127.0.0.1"],
            "inside.example": ["127.0.0.1"],
            "gateway.example": ["127.0.0.1"],
            "127.0.0.1": ["127.0.0.1"],
        }
        settings = {"DNSCACHE_ENABLED": False, **FROM_LOOPBACK}
        behind_proxy, rebound, refused = ask_all(
            (proxy.source("/", allow_private=False, proxy=gateway), ["http://portal.example/a", gateway, *PUBLIC]),
            (inside.source("/", allow_private=False), rebinding),
            (inside.source("/", allow_private=False, retries=2), [f"http://{host}:{port}/a" for host in REFUSED]),
            dns=dns,
            **settings,
        )
        before = inside.asked.total()
        permitted = ask(inside.source("/"), *rebinding, f"{inside.base}/away", dns=dns, **settings)
        yield Asked(proxy, behind_proxy[:2], behind_proxy[2:], rebound, refused, before, permitted)


def test_a_name_that_rebinds_to_loopback_never_reaches_it(asked: Asked) -> None:
    first, second = asked.rebinding
    assert "refused" not in first.error, "the public address was tried"
    assert first.status is None
    assert second.error.startswith("refused: rebinding.example (127.0.0.1) is not a public address")
    assert asked.came_through == 0
    assert asked.permitted[1].status == 200, "it is there for whoever is let through"


def test_refusals_come_at_once_and_are_not_retried(asked: Asked) -> None:
    assert [one.error[:8] for one in asked.refused] == ["refused:"] * len(REFUSED)
    assert {one.tries for one in asked.refused} == {1}
    assert asked.came_through == 0


def test_each_redirect_is_checked_and_leads_to_web_servers_only(asked: Asked) -> None:
    assert [one.error[:18] for one in asked.redirected[:2]] == ["refused: 127.0.0.1", "refused: localhost"]
    assert [one.status for one in asked.redirected[2:]] == [302, 302, 302], "the redirect is the last answer"
    assert asked.came_through == 0
    assert sorted(path for path in asked.proxy.asked if "public" in path) == PUBLIC


def test_with_allow_private_redirects_lead_there(asked: Asked) -> None:
    assert asked.permitted[2].status == 200
    assert asked.proxy.asked["/a"] == 1


def test_a_proxy_may_be_private_and_is_not_asked_as_a_site(asked: Asked) -> None:
    through, itself = asked.through_gateway
    assert through.status == 200
    assert itself.error.startswith("refused: gateway.example is the proxy itself")
