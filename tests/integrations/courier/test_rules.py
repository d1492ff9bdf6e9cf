"""Which addresses a message may go to."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from integrations.courier.rules import is_opened, is_reachable

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.7", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "168.63.129.16",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "localhost", "2130706433", "127.1", "",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_private_is_out_of_reach(address: str) -> None:
    assert not is_reachable(address, [])


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_not(address: str) -> None:
    assert is_reachable(address, [])


def test_what_the_operator_opened_is_in_reach_and_nothing_beside_it() -> None:
    opened = [ip_network("10.1.0.0/16"), ip_network("fd00::/64")]
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::7"):
        assert is_reachable(address, opened)
        assert is_opened(address, opened)
    for address in ("10.2.0.1", "127.0.0.1", "fd01::7"):
        assert not is_reachable(address, opened)
    assert not is_opened("1.1.1.1", opened)
