"""nginx in front of the upstream: what any proxy would cost, without asking anybody or writing anything down."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.cores import SERVER_CORES, cores
from config.ports import free_port

CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream ninjaone {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port}; keepalive_requests 1000000;
    location / {{ proxy_pass http://ninjaone; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    pid: int
    port: int


@contextlib.contextmanager
def nginx(folder: Path, upstream_port: int) -> Iterator[Proxy | None]:
    """nginx on the server's core, until the block ends; None where it is not installed."""
    binary = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if binary is None:
        yield None
        return
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, upstream=upstream_port), encoding="ascii")
    command = [binary, "-c", str(configuration), "-p", str(folder), "-e", str(folder / "nginx.log")]
    with cores(SERVER_CORES):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield Proxy(process.pid, port)
    finally:
        process.terminate()
        process.wait(30)
