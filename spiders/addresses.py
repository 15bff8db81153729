"""Which addresses are connected to: public ones, unless the source's `fetch.allow_private` permits others.

Pages, redirects and name servers name what they like, and what listens on this machine and in its network often trusts
whoever asks. A check of a name before the request would leave a gap: the name may resolve to something else when the
connection is made (DNS rebinding). So the check is part of the resolution that the connection uses: `Resolver` hands
Twisted only permitted addresses, literal ones too, and Twisted connects to what it was handed. Each redirect makes a
request of its own, and is checked like the first.

Behind a proxy the names of sites are resolved by the proxy, out of sight: there only what the name itself tells can be
refused, which `AddressMiddleware` does.
"""

import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.resolver import CachingHostnameResolver
from scrapy.settings import BaseSettings
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.interfaces import IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress, IHostResolution

Address = IPv4Address | IPv6Address

PERMIT = "(fetch.allow_private: true permits it)"

LOCAL_SUFFIXES = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "home.arpa")
"""Top-level names that mean the machine or the network one is in: RFC 6761, 6762 and 8375, what ICANN keeps for private
use (`internal`, where clouds have their metadata), and what was never delegated."""

# What Python 3.11 takes for global (its table is older than IANA's), and what is a cloud's metadata service though the
# address is a public one: https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16
_REFUSED = [ip_network(text) for text in ("192.0.0.0/24", "168.63.129.16/32", "3fff::/20")]
# https://www.iana.org/assignments/ipv6-address-space: all other unicast addresses are of local use.
_GLOBAL_UNICAST = ip_network("2000::/3")
_HOST_NAME = re.compile(r"[a-z0-9._-]+")
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052


class AddressRefused(IgnoreRequest):
    """A request was not made, since it leads to an address that is not public. Not retried."""


def is_public(address: Address) -> bool:
    """Whether anybody on the internet may be asked at `address`.

    Of an address that stands for an IPv4 one (mapped, NAT64, 6to4) that one decides.
    """
    if isinstance(address, IPv6Address) and (inner := _wrapped(address)):
        return is_public(inner)
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not any(address in net for net in _REFUSED)


def parse_address(host: str) -> Address | None:
    """The address that `host` is a spelling of; None where it is a name.

    The C library's spellings count (`127.1`, `0x7f.1`, `0177.0.0.1`, `2130706433`): it connects to them.
    """
    text = host.strip("[]").rstrip(".")
    try:
        return ip_address(text)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(text))
    except (OSError, UnicodeError):
        return None


def refusal(host: str) -> str | None:
    """Why nothing may be asked of `host`, as far as its name tells: it is an address that is not public, or a name that
    is local by its nature. None where nothing speaks against it."""
    address = parse_address(host)
    if address is not None:
        return None if is_public(address) else _not_public(host, [address])
    name = host.rstrip(".").lower()
    is_local = "." not in name or name.endswith(tuple("." + suffix for suffix in LOCAL_SUFFIXES))
    if is_local or not _HOST_NAME.fullmatch(name):  # `%31…` and the like: a proxy may decode them
        return f"refused: {host} is not a public host name {PERMIT}"
    return None


class Resolver(CachingHostnameResolver):
    """Scrapy's resolver for IPv4 and IPv6, which hands on only permitted addresses. To be installed by the setting
    `TWISTED_DNS_RESOLVER`; reads `ALLOW_PRIVATE` and `SOURCE_PROXY`.

    The verdict is passed at each hand-out, on what comes out of the cache too. Where a name has public and other
    addresses, the public ones are used. A proxy is the operator's and may be anywhere.
    """

    def __init__(self, reactor: Any, cache_size: int) -> None:
        super().__init__(reactor, cache_size)
        self._allow_private = False
        self._proxies: frozenset[str] = frozenset()
        self._refusals: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """Scrapy's entry."""
        self = super().from_crawler(crawler, reactor)
        self._allow_private = crawler.settings.getbool("ALLOW_PRIVATE")
        self._proxies = proxy_hosts(crawler.settings)
        return self

    def refusal(self, host: str) -> str | None:
        """Why the last resolution of `host` came to nothing, where it was this resolver's doing."""
        return self._refusals.get(_ascii(host))

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type["IAddress"]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        """Resolves as Scrapy does, without what is not permitted and (Scrapy's cache mixes them) not of the types that
        are asked for."""
        permitted = self._allow_private or hostName.lower() in self._proxies
        receiver: Any = _PublicOnly(resolutionReceiver, hostName, self._refusals, permitted, addressTypes)
        return super().resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _PublicOnly:
    """Stands before a receiver of addresses, and passes on what is permitted."""

    def __init__(
        self,
        receiver: Any,
        host: str,
        refusals: dict[str, str],
        permitted: bool,
        types: Sequence[type["IAddress"]] | None,
    ) -> None:
        self._receiver = receiver
        self._host = host
        self._refusals = refusals
        self._permitted = permitted
        self._types: Any = tuple(types) if types is not None else object
        self._refused: list[Address] = []
        self._passed = 0

    def resolutionBegan(self, resolution: "IHostResolution") -> None:  # noqa: N802
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        if not isinstance(address, self._types):
            return
        literal = ip_address(address.host)
        if self._permitted or is_public(literal):
            self._passed += 1
            self._receiver.addressResolved(address)
        else:
            self._refused.append(literal)

    def resolutionComplete(self) -> None:  # noqa: N802
        name = _ascii(self._host)
        self._refusals.pop(name, None)
        if self._refused and not self._passed:
            self._refusals[name] = _not_public(self._host, self._refused)
        self._receiver.resolutionComplete()


class AddressMiddleware:
    """A downloader middleware that refuses what a request's address itself shows to be not public, before robots.txt is
    asked for, and behind a proxy too. Raises `AddressRefused`."""

    def __init__(self, proxies: frozenset[str]) -> None:
        self._proxies = proxies

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's entry."""
        if crawler.settings.getbool("ALLOW_PRIVATE"):
            raise NotConfigured
        return cls(proxy_hosts(crawler.settings))

    def process_request(self, request: Request) -> None:
        """Lets the request pass, or not."""
        host = urlparse_cached(request).hostname or ""
        if why := refusal(host):
            raise AddressRefused(why)
        if host in self._proxies:  # the resolver permits it, whatever its address
            raise AddressRefused(f"refused: {host} is the proxy itself {PERMIT}")


class DownloadHandler(HTTP11DownloadHandler):
    """Scrapy's handler for http, which tells a name whose addresses were refused from one that has none."""

    async def download_request(self, request: Request) -> Response:
        """The answer. Raises `AddressRefused` besides Scrapy's errors."""
        from twisted.internet import reactor

        try:
            return await super().download_request(request)
        except CannotResolveHostError as err:
            resolver = reactor.nameResolver
            why = resolver.refusal(urlparse_cached(request).hostname or "") if isinstance(resolver, Resolver) else None
            if why is None:
                raise
            raise AddressRefused(why) from err


def proxy_hosts(settings: BaseSettings) -> frozenset[str]:
    """The hosts, in lower case, of the proxies that requests may go through: the source's, or the environment's (which
    Scrapy uses where the source names none)."""
    proxy = settings.get("SOURCE_PROXY")
    proxies = [proxy] if proxy else getproxies().values()
    hosts = (urlsplit(url if "://" in url else f"http://{url}").hostname for url in proxies)
    return frozenset(host for host in hosts if host)


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that `address` stands for, if any. (Teredo's never count as global.)"""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _not_public(host: str, addresses: Sequence[Address]) -> str:
    found = ", ".join(map(str, addresses))
    subject = host if host == found else f"{host} ({found})"
    return f"refused: {subject} is not a public address {PERMIT}"


def _ascii(host: str) -> str:
    """One spelling of `host`: Twisted decodes international names before it resolves them."""
    try:
        return host.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return host.lower()
