"""Which addresses a message may go to: the public internet, and what the operator opened. Standard library alone."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

# All of IPv6 that is routed on the internet (IANA).
GLOBAL_UNICAST = ip_network("2000::/3")
# RFC 6052: such an address leads a translator to the IPv4 address in its last 32 bits.
NAT64 = ip_network("64:ff9b::/96")
# The host services of Azure's machines, at a public address.
AZURE_HOST = ip_address("168.63.129.16")


def is_reachable(text: str, opened: Sequence[Network]) -> bool:
    """Whether a message may be sent to this address. What is no address is not reachable."""
    address = _parsed(text)
    return address is not None and (is_opened(text, opened) or _is_public(address))


def is_opened(text: str, opened: Sequence[Network]) -> bool:
    """Whether the operator opened this address by name, which nobody else can."""
    address = _parsed(text)
    return address is not None and any(address in network for network in opened)


def _is_public(address: Address) -> bool:
    if address == AZURE_HOST or address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv4Address):
        return True
    return address in GLOBAL_UNICAST and address.sixtofour is None and address.teredo is None


def _parsed(text: str) -> Address | None:
    """The address; for one that stands for an IPv4 address, that one."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address
