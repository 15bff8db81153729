"""TLS as a source needs it: the usual strictness, and the exceptions that `fetch.tls` makes for broken servers.

Twisted tells of a certificate only that its verification failed. Here the connection fails with `CertificateRefused`,
which says why.
"""

import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from cryptography import x509
from OpenSSL import SSL, crypto
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError
from scrapy.http import Response
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.python.failure import Failure
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

from model.errors import SourceError
from model.source import Source, Tls
from spiders.addresses import DownloadHandler as HttpDownloadHandler
from spiders.addresses import parse_address

if TYPE_CHECKING:
    from spiders.spider import SourceSpider

LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT: servers without secure renegotiation (RFC 5746) will do."""

Verify = Callable[[SSL.Connection, crypto.X509, int, int, int], bool]


class CertificateRefused(Exception):
    """A server's certificate was not accepted; nothing was asked of it. Not retried."""


def warnings(source: Source) -> list[str]:
    """What a run's report must say about the source's TLS."""
    if source.fetch.tls.verify:
        return []
    danger = "whoever is on the way can read and change what is fetched"
    return [f"fetch.tls.verify: false: certificates are not checked; {danger}"]


def certificates(source: Source) -> list[x509.Certificate]:
    """The certificates in the source's `fetch.tls.ca`. Raises `SourceError`."""
    if source.fetch.tls.ca is None:
        return []
    try:
        return x509.load_pem_x509_certificates(source.fetch.tls.ca.encode())
    except ValueError as err:
        raise SourceError([f"{source.id}: fetch.tls.ca: {err}: expected certificates in PEM, each whole"]) from err


def explain(error: BaseException) -> str | None:
    """What went wrong in a TLS handshake, and what may be done; None where `error` is of another kind."""
    for one in causes(error):
        if isinstance(one, CertificateRefused):
            return str(one)
        if isinstance(one, SSL.Error) and (reasons := _reasons(one)):
            return f"TLS failed: {reasons}; fetch.tls.legacy: true allows old protocols, ciphers and keys"
    return None


def make_context(tls: Tls, extra: list[x509.Certificate]) -> SSL.Context:
    """The OpenSSL context of all connections of a crawl, with the platform's trusted certificates and the `extra` ones.

    An extra certificate is trusted itself: a lone intermediate suffices, whoever signed it.
    """
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_options(SSL.OP_ALL | SSL.OP_NO_COMPRESSION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_min_proto_version(SSL.TLS1_VERSION if tls.legacy else SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"DEFAULT:@SECLEVEL=0" if tls.legacy else b"DEFAULT")
    if tls.legacy:
        context.set_options(LEGACY_SERVER_CONNECT)
    context.set_default_verify_paths()
    if extra:
        store = context.get_cert_store()
        assert store is not None  # noqa: S101 - for mypy: a new context has one
        store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
        for certificate in extra:
            store.add_cert(crypto.X509.from_cryptography(certificate))
    return context


class DownloadHandler(HttpDownloadHandler):
    """The handler for https, which does as the spider's source says."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        spider: SourceSpider = crawler.spider  # type: ignore[assignment]
        tls = spider.source.fetch.tls
        # Scrapy's own setting for it, DOWNLOADER_CLIENTCONTEXTFACTORY, is deprecated.
        self._contextFactory: Any = Policy(make_context(tls, certificates(spider.source)), verify=tls.verify)

    async def download_request(self, request: Request) -> Response:
        """The answer. Raises `CertificateRefused` and `AddressRefused` besides Scrapy's errors."""
        try:
            return await super().download_request(request)
        except DownloadFailedError as err:
            for one in causes(err):
                if isinstance(one, CertificateRefused):
                    raise one from None
            raise


@implementer(IPolicyForHTTPS)
class Policy:
    """Makes the TLS side of connections to any host."""

    def __init__(self, context: SSL.Context, *, verify: bool) -> None:
        self._context = context
        self._verify = verify

    def creatorForNetloc(self, hostname: bytes, port: int) -> "Connections":  # noqa: N802 - Twisted's name
        """Connections to one host."""
        return Connections(self._context, hostname.decode("ascii").strip("[]"), verify=self._verify)


@implementer(IOpenSSLClientConnectionCreator)
class Connections:
    """Makes the TLS side of connections to `host`, whose certificate must be trusted and its own, where `verify`."""

    def __init__(self, context: SSL.Context, host: str, *, verify: bool) -> None:
        self._context = context
        self._host = host
        self._verify = verify

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: N802, N803 - Twisted's names
        """A connection in whose handshake the certificate is checked."""
        connection = SSL.Connection(self._context)
        if parse_address(self._host) is None:  # RFC 6066, section 3: no addresses there
            connection.set_tlsext_host_name(self._host.encode("ascii"))
        if self._verify:
            connection.set_verify(SSL.VERIFY_PEER, self._check(tlsProtocol))
        return connection

    def _check(self, protocol: Any) -> Verify:
        """The callback of OpenSSL, for each certificate of the chain. It has no other way to tell why than to end the
        protocol itself, which it must not keep alive."""
        known = weakref.ref(protocol)

        def check(_: SSL.Connection, certificate: crypto.X509, code: int, depth: int, ok: int) -> bool:
            why = self._distrust(code) if not ok else self._mismatch(certificate) if depth == 0 else None
            protocol = known()
            if why and protocol is not None:
                protocol.failVerification(Failure(CertificateRefused(why)))  # type: ignore[no-untyped-call]
            return why is None

        return check

    def _distrust(self, code: int) -> str:
        reason = verify_error(code)
        return f"certificate of {self._host} is not trusted: {reason}; expected one of a known authority: see fetch.tls"

    def _mismatch(self, certificate: crypto.X509) -> str | None:
        """What is wrong with the certificate's names (RFC 9525); None where one is the host's."""
        try:
            expected = DNS_ID(self._host) if parse_address(self._host) is None else IPAddress_ID(self._host)
            verify_service_identity(extract_patterns(certificate), [expected], [])
        except (VerificationError, CertificateError, ValueError):
            names = ", ".join(_names(certificate)) or "no name"
            return f"certificate of {self._host} is for {names}; expected one for {self._host}: see fetch.tls"
        return None


def verify_error(code: int) -> str:
    """OpenSSL's words for the result of a verification, like `certificate has expired`."""
    from OpenSSL._util import ffi, lib  # pyOpenSSL has them in messages only

    return str(ffi.string(lib.X509_verify_cert_error_string(code)).decode("ascii", "replace"))


def _names(certificate: crypto.X509) -> list[str]:
    """The first few names in a certificate, which is hostile as all else."""
    try:
        extensions = certificate.to_cryptography().extensions
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    texts = [str(name.value)[:60] for name in names if isinstance(name, x509.DNSName | x509.IPAddress)]
    return [text for text in texts if text.isprintable()][:3]


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what Twisted collected in it, and what it was raised from."""
    yield error
    for failure in getattr(error, "reasons", None) or ():
        yield from causes(failure.value)
    if error.__cause__ is not None:
        yield from causes(error.__cause__)


def _reasons(error: SSL.Error) -> str:
    """OpenSSL's own words, of its queue of (library, function, reason)."""
    queue = error.args[0] if error.args else ()
    return ", ".join(str(entry[2]) for entry in queue) if isinstance(queue, list) else ""
