"""Which addresses and hosts are refused: every special range, in every spelling."""

import pytest

from closetspace.adapters.network.addresses import is_plain_host, is_public, is_public_host

REFUSED = {
    "this network": ["0.0.0.1", "0.1.2.3"],
    "private": ["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fc00::1", "fdff::1"],
    "shared": ["100.64.0.0", "100.100.100.200", "100.127.255.255"],
    "loopback": ["127.0.0.1", "127.255.255.255", "::1"],
    "link-local": ["169.254.169.254", "fe80::1", "febf::1", "fe80::1%eth0"],
    "metadata servers": ["fd00:ec2::254", "fd20:ce::254"],
    "protocol assignments": ["192.0.0.1", "192.0.0.170", "2001::1", "2001:1ff:ffff::"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "3fff::1", "3fff:fff:ffff::"],
    "benchmarking": ["198.18.0.0", "198.19.255.255", "2001:2::1"],
    "anycast of protocols": ["192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1", "2620:4f:8000::1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "4000::1", "5f00::1", "8000::1"],
    "unspecified": ["::", "0:0:0:0:0:0:0:0"],
    "site-local": ["fec0::1", "feff::1"],
    "discard": ["100::1", "100:0:0:1::1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"],
    "compatible": ["::127.0.0.1", "::8.8.8.8"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::10.0.0.1", "64:ff9b:1:ffff::"],
    "6to4": ["2002:7f00:1::", "2002:808:808::1"],
    "Teredo": ["2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "zones": ["2606:4700::1%1", "fe80::1%lo"],
    "no addresses": ["", "localhost", "127.1", "0x7f.0.0.1", "010.8.8.8", "8.8.8.8.", "1.2.3", "[::1]", "8.8.8.8:80"],
}


@pytest.mark.parametrize("address", [address for group in REFUSED.values() for address in group])
def test_address_that_no_public_host_has_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001::1",
        "2001:200::1",
        "2620:4f:8001::1",
    ],
)
def test_public_address_is_accepted(address: str) -> None:
    assert is_public(address)
    assert is_public_host(address)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0X7F.1",
        "127.1",
        "0177.0.0.1",
        "127.0.0.01",
        "1.2.3.4.5",
        "127.0.0.1.",
        "a.0x",
        "shop.example.",
        ".",
        "",
        "fe80::1%eth0",
        "shop%2eexample",
    ],
)
def test_host_that_programs_read_differently_is_refused(host: str) -> None:
    assert not is_plain_host(host)
    assert not is_public_host(host)


@pytest.mark.parametrize("host", ["res.cloudinary.com", "xn--bcher-kva.example", "1.example", "0xff.example", "a-1"])
def test_name_is_accepted_until_it_is_resolved(host: str) -> None:
    assert is_public_host(host)


def test_address_of_this_machine_is_plain_but_not_public() -> None:
    assert is_plain_host("127.0.0.1")
    assert not is_public_host("127.0.0.1")
