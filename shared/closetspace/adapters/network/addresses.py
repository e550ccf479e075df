"""Which addresses are on the public internet, and which hosts are written so that everyone reads the same address."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# The special-purpose registries of IANA (RFC 6890). `ipaddress.is_global` follows them only in part, and differently
# from one Python to the next: it accepts multicast, 6to4 and NAT64.
_REFUSED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by customers of a carrier
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local, with the metadata servers of clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarking
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
"""All that is assigned as global unicast. Outside are loopback, private, link-local, site-local and multicast
addresses, and those that contain one of IPv4 (mapped, compatible, translated, NAT64)."""

_REFUSED_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)


def is_public(address: str) -> bool:
    """Return whether an address, IPv4 or IPv6, is one that a host on the public internet can have."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _REFUSED_V4)
    return _is_public_v6(parsed)


def _is_public_v6(address: IPv6Address) -> bool:
    in_use = address.scope_id is None and address in _GLOBAL_V6
    return in_use and not any(address in network for network in _REFUSED_V6)


def is_plain_host(host: str) -> bool:
    """Return whether a host is a name, or an address in its usual form.

    Others are read differently by different programs: ``2130706433``, ``0x7f.1`` and ``127.1``, which may all mean
    127.0.0.1, a final dot, and the zone of an address.
    """
    try:
        ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return bool(last) and _NUMBER.fullmatch(last) is None and "%" not in host
    return "%" not in host


def is_public_host(host: str) -> bool:
    """Return whether a host may be connected to as far as it says itself: a name, or a public address."""
    try:
        ip_address(host)
    except ValueError:
        return is_plain_host(host)
    return is_public(host)
