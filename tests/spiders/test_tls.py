"""TLS of servers that do it right, and wrong in each of the usual ways."""

from contextlib import ExitStack
from typing import Any

import pytest

from model.errors import SourceError
from model.source import Source
from spiders import tls
from tests.servers.site import Site
from tests.servers.tls import Certificate, root, self_signed, serving_tls
from tests.spiders.asking import Outcome, ask_all


def source(**values: Any) -> Source:
    """A source of https://localhost with these values of `fetch.tls`."""
    return Site("https://localhost").source("/", tls=values, retries=1)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What came of asking each of these servers by these values of `fetch.tls`."""
    authority = root("Root of a ministry")
    intermediate = authority.authority("Office of a ministry")
    good, ca = intermediate.server("localhost"), authority.pem
    with ExitStack() as stack:

        def serve(*chain: Certificate, only_tls_1_0: bool = False) -> str:
            folder = tmp_path_factory.mktemp("server")
            return stack.enter_context(serving_tls(folder, *chain, only_tls_1_0=only_tls_1_0))

        alone, whole, short = serve(self_signed("localhost")), serve(good, intermediate), serve(good)
        old = serve(authority.server("localhost"), only_tls_1_0=True)
        cases: dict[str, tuple[str, Source]] = {
            "self-signed": (alone, source()),
            "self-signed, beside a root": (alone, source(ca=ca)),
            "unknown root": (whole, source()),
            "known root": (whole, source(ca=ca)),
            "intermediate forgotten": (short, source()),
            "intermediate known": (short, source(ca=intermediate.pem)),
            "expired": (serve(authority.server("localhost", expired=True)), source(ca=ca)),
            "another's": (serve(authority.server("another.example")), source(ca=ca)),
            "unverified": (serve(self_signed("another.example")), source(verify=False)),
            "TLS 1.0": (old, source(ca=ca)),
            "TLS 1.0, legacy": (old, source(ca=ca, legacy=True)),
        }
        outcomes = ask_all(*[(one, [url]) for url, one in cases.values()])
    return {name: outcome for name, (outcome,) in zip(cases, outcomes, strict=True)}


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ("self-signed", "certificate of localhost is not trusted: self-signed certificate; "),
        ("self-signed, beside a root", "certificate of localhost is not trusted: self-signed certificate; "),
        ("unknown root", "certificate of localhost is not trusted: unable to get local issuer certificate; "),
        ("expired", "certificate of localhost is not trusted: certificate has expired; "),
        ("another's", "certificate of localhost is for another.example; expected one for localhost"),
    ],
)
def test_what_is_not_to_be_trusted_is_refused_and_the_reason_is_told(
    asked: dict[str, Outcome], server: str, reason: str
) -> None:
    assert asked[server].status is None
    assert asked[server].error.startswith(reason)
    assert asked[server].error.endswith(": see fetch.tls")
    assert asked[server].tries == 1, "asking again would not mend it"


def test_a_root_of_ones_own_is_trusted(asked: dict[str, Outcome]) -> None:
    assert asked["known root"].status == 200


def test_an_intermediate_that_the_server_forgets_is_enough(asked: dict[str, Outcome]) -> None:
    assert "unable to get local issuer certificate" in asked["intermediate forgotten"].error
    assert asked["intermediate known"].status == 200


def test_verification_is_off_where_the_source_says_so_and_the_report_tells(asked: dict[str, Outcome]) -> None:
    assert asked["unverified"].status == 200
    assert tls.warnings(source(legacy=True)) == []
    (warning,) = tls.warnings(source(verify=False))
    assert warning.startswith("fetch.tls.verify: false: certificates are not checked")


def test_old_tls_is_spoken_only_where_the_source_says_so(asked: dict[str, Outcome]) -> None:
    assert asked["TLS 1.0"].error.startswith("TLS failed: ")
    assert asked["TLS 1.0"].error.endswith("fetch.tls.legacy: true allows old protocols, ciphers and keys")
    assert asked["TLS 1.0, legacy"].status == 200


def test_certificates_that_cannot_be_read_are_a_mistake_in_the_source() -> None:
    broken = source(ca="-----BEGIN CERTIFICATE-----\nhỏng\n-----END CERTIFICATE-----\n")
    with pytest.raises(SourceError, match=r"fetch\.tls\.ca: .*expected certificates in PEM"):
        tls.certificates(broken)


def test_other_failures_are_not_explained() -> None:
    assert tls.explain(ValueError("something else")) is None
