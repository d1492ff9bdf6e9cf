"""Which address a request came from, behind proxies whom we believe."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
# An address as `Forwarded` writes it, with or without a port: 192.0.2.1:4711, [2001:db8::1]:4711.
WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([^:]*):\d+")


class Hop(NamedTuple):
    """What one proxy says: the address that it was asked from, and by http or https; "" where it does not say."""

    address: str
    scheme: str


def networks(texts: list[str]) -> list[Network]:
    """Addresses and ranges, parsed. Raises ValueError, which names the one that is neither."""
    return [ip_network(text) for text in texts]


def is_within(address: str, ranges: list[str]) -> bool:
    """Whether an address lies in one of the ranges; an unknown address ("") lies in none."""
    found = _parsed(address)
    return found is not None and any(found in network for network in networks(ranges))


def client_address(request: HttpRequest) -> str:
    """The nearest address that is not one of our proxies; "" where there is none (a Unix socket).

    `X-Forwarded-For` is read from the right, for everything left of a proxy's own entry is what somebody claimed.
    """
    peer = _parsed(request.META.get("REMOTE_ADDR", ""))
    if peer is None:
        return ""
    claims = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    while claims and _is_proxy(peer):
        nearer = _parsed(claims.pop())
        if nearer is None:
            break
        peer = nearer
    return str(peer)


def hops_of(forwarded: str) -> list[Hop]:
    """What a `Forwarded` header (RFC 7239) says, nearest proxy last.

    It is split at every comma, quoted or not: no address holds one, and a quotation that somebody opens on the left
    must not swallow what our proxy appends on the right.
    """
    hops = []
    for element in forwarded.split(","):
        pairs = (pair.partition("=") for pair in element.split(";"))
        said = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
        node = said.get("for", "")
        match = WITH_PORT.fullmatch(node)
        hops.append(Hop((match[1] or match[2] or "") if match else node, said.get("proto", "").lower()))
    return hops


def scheme_of(request: HttpRequest, hops: list[Hop]) -> str:
    """How the outermost of our proxies was asked; "" where none of ours says so."""
    peer, scheme = _parsed(request.META.get("REMOTE_ADDR", "")), ""
    for hop in reversed(hops):
        if peer is None or not _is_proxy(peer):
            break
        peer, scheme = _parsed(hop.address), hop.scheme or scheme
    return scheme


def _is_proxy(address: Address) -> bool:
    trusted: list[Network] = settings.TRUSTED_PROXIES
    return any(address in network for network in trusted)


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
