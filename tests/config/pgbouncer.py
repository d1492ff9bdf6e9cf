"""A real PgBouncer in front of the tests' PostgreSQL, pooling by transaction."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from config.ports import free_port
from tests.chaos.product import wait_for

# What docs/operations.md says about it, but for the address.
SETTINGS = """
[databases]
{name} = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 500
default_pool_size = {size}
logfile =
"""


@contextlib.contextmanager
def pgbouncer(url: str, folder: Path, size: int) -> Iterator[str]:
    """The address to use in place of `url`, through `size` connections."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("needs: PgBouncer (apt install pgbouncer)")
    there, own = urlsplit(url), free_port()
    file = folder / "pgbouncer.ini"
    name = there.path[1:]
    file.write_text(
        SETTINGS.format(name=name, host=there.hostname, port=there.port, user=there.username, own=own, size=size)
    )
    command = [program, "-q", str(file)]
    if os.geteuid() == 0:
        # It refuses to run as root, and reads its file before it becomes somebody else.
        command[1:1] = ["-u", "nobody"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    through = f"postgresql://{there.username}@127.0.0.1:{own}/{name}"
    try:
        wait_for(lambda: process.poll() is not None or _answers(through))
        assert process.poll() is None, process.communicate()[0]
        yield through
    finally:
        process.terminate()
        process.communicate()


def _answers(url: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url):
        return True
    return False
