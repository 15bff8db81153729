"""Servers with certificates of a test's own making, good and bad, on loopback."""

import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key and, unless it signed itself, its issuer."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    issuer: Self | None = None

    @property
    def pem(self) -> str:
        """The certificate alone, as text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def authority(self, name: str) -> "Certificate":
        """An authority below this one."""
        return _certificate(name, self, is_authority=True)

    def server(self, host: str, *, expired: bool = False) -> "Certificate":
        """A server's certificate, signed by this authority."""
        return _certificate(host, self, expired=expired)


def root(name: str) -> Certificate:
    """An authority that nobody knows."""
    return _certificate(name, None, is_authority=True)


def self_signed(host: str) -> Certificate:
    """A server's certificate that nobody vouches for."""
    return _certificate(host, None)


@contextmanager
def serving_tls(folder: Path, *chain: Certificate, only_tls_1_0: bool = False) -> Iterator[str]:
    """A server whose every page says `reached`, until the block ends; gives its address, `https://localhost:port`.

    It sends the certificates of `chain`, its own first, which it also writes to files in `folder`.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"reached")

        def log_message(self, *_: object) -> None:
            pass

    server = _QuietServer(("127.0.0.1", 0), Handler)
    server.socket = _context(folder, chain, only_tls_1_0).wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"https://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Says nothing: clients that refuse the certificate are what is tested."""


def _context(folder: Path, chain: tuple[Certificate, ...], only_tls_1_0: bool) -> ssl.SSLContext:
    name = f"{chain[0].certificate.serial_number}.pem"
    key = chain[0].key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / name).write_text(key.decode() + "".join(one.pem for one in chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / name)
    if only_tls_1_0:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return context


def _certificate(
    name: str, issuer: Certificate | None, *, is_authority: bool = False, expired: bool = False
) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(UTC) + timedelta(days=-1 if expired else 30)
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=90))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return Certificate(builder.sign(signer, hashes.SHA256()), key, issuer)
