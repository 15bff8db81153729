"""Sites: which hosts belong together."""

import ipaddress
from functools import lru_cache

from courlan import extract_domain

from model.url import host_of


@lru_cache(maxsize=4_096)
def web_host(origin: str) -> str:
    """The host of `origin`, a scheme with a host; empty where there is none. Pages link to the same few."""
    return host_of(origin) if origin.startswith(("http://", "https://")) else ""


def same_site(host: str, other: str) -> bool:
    """Whether both hosts are of one registered domain."""
    if host == other or host.endswith("." + other) or other.endswith("." + host):
        return True
    return bool(one := site_of(host)) and one == site_of(other)


@lru_cache(maxsize=4_096)
def site_of(host: str) -> str | None:
    """The registered domain of `host`, near enough."""
    return extract_domain(f"https://{host}", fast=True)


@lru_cache(maxsize=4_096)
def is_address(host: str) -> bool:
    """Whether `host` is an IP address that anybody on the net could have."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_global
