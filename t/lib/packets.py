#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""packets.py options | icmp6 out|in | chain: a capture of raw IP packets.

options: from branch1's LAN to the Internet, with IPv4 options: loose and strict
source route, router alert, record route, one that is longer than its header.
icmp6: what RFC 4890 4.3 says must not be dropped.  chain: IPv6 with 1, 8, 9 and
20 extension headers.
"""
import ipaddress
import struct
import sys

LAN4, OUT4 = "10.1.0.5", "203.0.113.80"
LAN6, OUT6 = "2001:db8:1::5", "2001:db8:c::80"


def packed(a):
    return ipaddress.ip_address(a).packed


def checksum(p):
    total = sum(struct.unpack(f"!{len(p) // 2}H", p))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip4(options):
    udp = struct.pack("!HHHH", 4000, 53, 8, 0)
    n = 20 + len(options)
    head = struct.pack("!BBHHHBBH", 0x40 | n // 4, 0, n + 8, 1, 0, 64, 17, 0) \
        + packed(LAN4) + packed(OUT4) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def ip6(src, dst, nxt, body):
    return struct.pack("!IHBB", 6 << 28, len(body), nxt, 64) + \
        packed(src) + packed(dst) + body


def options():
    route = packed("192.0.2.99")
    for o in (b"\x83\x07\x04" + route + b"\0", b"\x89\x07\x04" + route + b"\0",
              b"\x94\x04\0\0", b"\x07\x07\x04\0\0\0\0\0",
              b"\x44\x28\x05\0"):
        yield ip4(o)


def icmp6(way):
    src, dst = (LAN6, OUT6) if way == "out" else (OUT6, LAN6)
    quoted = ip6(dst, src, 17, struct.pack("!HHHH", 53, 4000, 8, 0))
    for kind, code in ((1, 0), (1, 1), (1, 3), (2, 0), (3, 0), (4, 1), (4, 2),
                       (128, 0), (129, 0)):
        yield ip6(src, dst, 58, struct.pack("!BBHI", kind, code, 0, 1280)
                  + quoted)


def chain():
    for n in (1, 8, 9, 20):
        body = struct.pack("!HHHH", 4000, 53, 8, 0)
        nxt = 17
        for _ in range(n):
            body = bytes((nxt, 0, 1, 4, 0, 0, 0, 0)) + body
            nxt = 60
        yield ip6(LAN6, OUT6, nxt, body)


def main():
    make = {"options": options, "icmp6": icmp6, "chain": chain}[sys.argv[1]]
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)
    for p in make(*sys.argv[2:]):
        out += struct.pack("<IIII", 0, 0, len(p), len(p)) + p
    sys.stdout.buffer.write(out)


if __name__ == "__main__":
    main()
