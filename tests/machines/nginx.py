"""A real nginx with deploy/nginx.conf, in which only addresses and paths are this test's."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.ports import free_port
from tests.config.processes import ROOT

HERE = "127.0.0.1"


@dataclass(frozen=True)
class Front:
    """Where it listens, and the certificate that clients have to trust."""

    https: int
    http: int
    certificate: Path


@contextlib.contextmanager
def nginx(folder: Path, ports: tuple[int, int]) -> Iterator[Front]:
    """In front of two web processes on these ports."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("needs: nginx (apt install nginx-light)")
    front = Front(free_port(), free_port(), folder / "certificate.pem")
    _certify(front.certificate, folder / "key.pem")
    file = folder / "nginx.conf"
    file.write_text(_configuration(folder, front, ports))
    # Without root it serves as whoever starts it; as root its children would have to read pytest's folders.
    directives = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    command = [program, "-c", str(file), "-g", directives]
    subprocess.run([*command, "-t", "-q"], check=True)
    process = subprocess.Popen(command)
    try:
        yield front
    finally:
        process.terminate()
        process.wait(30)


def _configuration(folder: Path, front: Front, ports: tuple[int, int]) -> str:
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for there, here in {
        "server 172.30.77.11:8800 ": f"server {HERE}:{ports[0]} ",
        "server 172.30.77.12:8800 ": f"server {HERE}:{ports[1]} ",
        "listen 8443 ": f"listen {HERE}:{front.https} ",
        "listen 8080 ": f"listen {HERE}:{front.http} ",
        "/run/secrets/tls_certificate;": f"{front.certificate};",
        "/run/secrets/tls_key;": f"{folder / 'key.pem'};",
        "/tmp/nginx": f"{folder}/nginx",  # noqa: S108 - in a container of its own
        "/dev/stdout plain": f"{folder}/access.log plain",
    }.items():
        assert there in text, there
        text = text.replace(there, here)
    return text


def _certify(certificate: Path, key_file: Path) -> None:
    """A certificate for this machine, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "countersign test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HERE))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
