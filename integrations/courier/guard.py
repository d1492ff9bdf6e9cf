"""What the courier's process may do: connect to permitted addresses, read Python's own files, and nothing else.

Two fences, for code of a hundred services runs behind them: names resolve to permitted addresses or not at all, and
an audit hook, which nothing can take off again, looks at every connection as it is made. A name that resolves
differently the second time (DNS rebinding) meets the second one.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from integrations.courier.rules import Network, is_reachable

PRIVATE = "It leads into a private network, where messages may not go."
LOCAL = "It wanted to read a file, write one or run a program here, which nothing may."
# Never done by a message: programs are run by none of these.
FORBIDDEN = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system", "pty.spawn",
    "subprocess.Popen", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink",
    "os.truncate", "shutil.rmtree", "socket.bind",
}  # fmt: skip
CONNECTS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
READABLE = ["/etc/ssl", "/etc/hosts", "/etc/resolv.conf", "/etc/mime.types", "/usr/share/zoneinfo", os.devnull]
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class RefusedError(OSError):
    """What was about to happen may not. An OSError, so that libraries take it for a connection that failed."""


class Refusals:
    """Why something was refused since it was last asked: libraries swallow the error itself."""

    reasons: list[str] = []

    @classmethod
    def taken(cls) -> str:
        """The first reason, or ""; forgets all."""
        first = cls.reasons[0] if cls.reasons else ""
        cls.reasons.clear()
        return first


def refuse(reason: str) -> RefusedError:
    """The error to raise, with its reason kept."""
    Refusals.reasons.append(reason)
    return RefusedError(reason)


def guard_install(opened: Sequence[Network], readable: Sequence[str]) -> None:
    """From here on, for the life of this process. `readable`: what may be read beyond Python's own files."""
    socket.getaddrinfo = _resolver(socket.getaddrinfo, opened)
    sys.addaudithook(_hook(opened, _roots([*READABLE, *readable])))


def _resolver(resolve: Callable[..., Any], opened: Sequence[Network]) -> Callable[..., Any]:
    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        found = resolve(*args, **kwargs)
        # One private address among public ones is enough: whoever publishes it means no good.
        if not all(is_reachable(str(entry[4][0]), opened) for entry in found):
            raise refuse(PRIVATE)
        return found

    return getaddrinfo


def _hook(opened: Sequence[Network], roots: tuple[str, ...]) -> Callable[[str, tuple[Any, ...]], None]:
    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in CONNECTS:
            address = args[1]
            # A name here would be resolved out of our sight; a path is a socket of this machine.
            host = address[0] if isinstance(address, tuple) and address else ""
            if not is_reachable(str(host), opened):
                raise refuse(PRIVATE)
        elif event in FORBIDDEN or (event == "open" and not _is_harmless(args, roots)):
            raise refuse(LOCAL)

    return hook


def _is_harmless(args: tuple[Any, ...], roots: tuple[str, ...]) -> bool:
    path, mode, flags = args
    if isinstance(path, int):
        return True
    is_writing = bool(flags & WRITES) if isinstance(flags, int) else set(str(mode)) & set("wax+")
    real = os.path.realpath(os.fsdecode(path))
    return not is_writing and any(real == root or real.startswith(root + os.sep) for root in roots)


def _roots(readable: Sequence[str]) -> tuple[str, ...]:
    own = [sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(os.__file__).parent)]
    return tuple(os.path.realpath(path) for path in [*own, *readable])
