"""TLS: who is trusted, and that a handshake that fails means nothing was sent."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import LazySettings

from integrations.ninjaone import exchange as wire
from integrations.ninjaone import transport
from integrations.ninjaone.errors import NotSentError
from integrations.ninjaone.wire import WireAnswer, WireRequest

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


@dataclass
class TlsServer:
    url: str
    certificate: Path
    handshakes: int = 0
    answer: bytes = ANSWER


def certificate(folder: Path, address: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ninjaone.test")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_general_name(address)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return folder / "cert.pem"


def _general_name(address: str) -> x509.GeneralName:
    """An address, or a name."""
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(address))
    return x509.DNSName(address)


@contextlib.contextmanager
def serving(folder: Path, address: str) -> Iterator[TlsServer]:
    path = certificate(folder, address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, folder / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = TlsServer(f"https://127.0.0.1:{listener.getsockname()[1]}", path)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    with contextlib.suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as sock:
                        server.handshakes += 1
                        while sock.recv(65_536):
                            sock.sendall(server.answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server
        transport.lines_to(server.url).close()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def call(server: TlsServer) -> WireAnswer:
    return wire.exchange(request=WireRequest("POST", server.url, "/v2/x"), headers={}, is_write=True)


def test_the_configured_bundle_is_trusted(tmp_path: Path, settings: LazySettings) -> None:
    with serving(tmp_path, "127.0.0.1") as server:
        settings.NINJAONE_CA_BUNDLE = str(server.certificate)

        assert call(server).status == 200
        assert call(server).json() == []


def test_a_stranger_is_not_trusted_and_nothing_was_sent(tmp_path: Path) -> None:
    with serving(tmp_path, "127.0.0.1") as server, pytest.raises(NotSentError) as caught:
        call(server)
    assert "TLS failed" in caught.value.message


def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path, settings: LazySettings) -> None:
    with serving(tmp_path, "127.0.0.2") as server:
        settings.NINJAONE_CA_BUNDLE = str(server.certificate)

        with pytest.raises(NotSentError):
            call(server)


def test_a_handshake_that_breaks_off_means_nothing_was_sent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            sock, _ = listener.accept()
            sock.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        server = TlsServer(f"https://127.0.0.1:{listener.getsockname()[1]}", tmp_path)
        with pytest.raises(NotSentError):
            call(server)
        thread.join(5)


def test_variables_that_name_other_bundles_are_ignored(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, "127.0.0.1") as server:
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, str(server.certificate))

        with pytest.raises(NotSentError):
            call(server)


def test_a_region_has_one_set_of_connections_in_a_process() -> None:
    assert transport.lines_to("https://a.example") is transport.lines_to("https://a.example")
    assert transport.lines_to("https://a.example") is not transport.lines_to("https://b.example")


def test_calls_after_the_first_shake_no_hands(tmp_path: Path, settings: LazySettings) -> None:
    with serving(tmp_path, "127.0.0.1") as server:
        settings.NINJAONE_CA_BUNDLE = str(server.certificate)
        for _ in range(10):
            assert call(server).status == 200
        assert server.handshakes == 1


def test_a_new_connection_loads_no_ca_bundle(tmp_path: Path, settings: LazySettings) -> None:
    """Loading it again would take longer than a call itself."""
    with serving(tmp_path, "127.0.0.1") as server:
        settings.NINJAONE_CA_BUNDLE = str(server.certificate)
        server.answer = ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        assert call(server).status == 200
        server.certificate.unlink()
        for _ in range(3):
            assert call(server).status == 200
        assert server.handshakes == 4
