"""TLS of servers that do it right, and wrong in each of the usual ways."""

from pathlib import Path
from typing import Any

import pytest

from model.errors import SourceError
from model.source import Source
from spiders import tls
from tests.servers.site import Site
from tests.servers.tls import Certificate, root, self_signed, serving_tls
from tests.spiders.asking import ask


def source(**values: Any) -> Source:
    """A source of https://localhost with these values of `fetch.tls`."""
    return Site("https://localhost").source("/", tls=values, retries=1)


@pytest.fixture(scope="module")
def authority() -> Certificate:
    return root("Root of a ministry")


@pytest.fixture(scope="module")
def intermediate(authority: Certificate) -> Certificate:
    return authority.authority("Office of a ministry")


def test_what_is_not_to_be_trusted_is_refused_and_the_reason_is_told(
    tmp_path: Path, authority: Certificate, intermediate: Certificate
) -> None:
    good = intermediate.server("localhost")
    expired = authority.server("localhost", expired=True)
    other = authority.server("another.example")
    with (
        serving_tls(tmp_path, self_signed("localhost")) as alone,
        serving_tls(tmp_path, good, intermediate) as unknown,
        serving_tls(tmp_path, expired) as old,
        serving_tls(tmp_path, other) as wrong,
    ):
        outcomes = ask(source(), alone, unknown)
        assert [one.error.partition(";")[0] for one in outcomes] == [
            "certificate of localhost is not trusted: self-signed certificate",
            "certificate of localhost is not trusted: unable to get local issuer certificate",
        ]
        assert all(one.error.endswith("expected one of a known authority: see fetch.tls") for one in outcomes)
        outcomes += ask(source(ca=authority.pem), old, wrong)
        assert outcomes[2].error.startswith("certificate of localhost is not trusted: certificate has expired; ")
        assert outcomes[3].error == (
            "certificate of localhost is for another.example; expected one for localhost: see fetch.tls"
        )
    assert {one.tries for one in outcomes} == {1}, "asking again would not mend it"


def test_a_root_of_ones_own_is_trusted(tmp_path: Path, authority: Certificate, intermediate: Certificate) -> None:
    with (
        serving_tls(tmp_path, intermediate.server("localhost"), intermediate) as base,
        serving_tls(tmp_path, self_signed("localhost")) as alone,
    ):
        good, bad = ask(source(ca=authority.pem), base, alone)
    assert good.status == 200
    assert "self-signed" in bad.error


def test_an_intermediate_that_the_server_forgets_is_enough(tmp_path: Path, intermediate: Certificate) -> None:
    with serving_tls(tmp_path, intermediate.server("localhost")) as base:
        (without,) = ask(source(), base)
        (with_it,) = ask(source(ca=intermediate.pem), base)
    assert "unable to get local issuer certificate" in without.error
    assert with_it.status == 200


def test_verification_is_off_where_the_source_says_so_and_the_report_tells(tmp_path: Path) -> None:
    careless = source(verify=False)
    with serving_tls(tmp_path, self_signed("another.example")) as base:
        (outcome,) = ask(careless, base)
    assert outcome.status == 200
    assert tls.warnings(source(legacy=True)) == []
    (warning,) = tls.warnings(careless)
    assert warning.startswith("fetch.tls.verify: false: certificates are not checked")


def test_old_tls_is_spoken_only_where_the_source_says_so(tmp_path: Path, authority: Certificate) -> None:
    with serving_tls(tmp_path, authority.server("localhost"), only_tls_1_0=True) as base:
        (refused,) = ask(source(ca=authority.pem), base)
        (spoken,) = ask(source(ca=authority.pem, legacy=True), base)
    assert refused.error.startswith("TLS failed: ")
    assert refused.error.endswith("fetch.tls.legacy: true allows old protocols, ciphers and keys")
    assert spoken.status == 200


def test_certificates_that_cannot_be_read_are_a_mistake_in_the_source() -> None:
    broken = source(ca="-----BEGIN CERTIFICATE-----\nhỏng\n-----END CERTIFICATE-----\n")
    with pytest.raises(SourceError, match=r"fetch\.tls\.ca: .*expected certificates in PEM"):
        tls.certificates(broken)


def test_other_failures_are_not_explained() -> None:
    assert tls.explain(ValueError("something else")) is None
