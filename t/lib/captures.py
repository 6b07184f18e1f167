#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""captures.py DIR: the same four packets as a capture of every kind.

TCP, UDP and IPv6 UDP from branch1's LAN to the Internet, and one frame that is
no IP where the link type has such a thing.  Written by hand, byte by byte, so
that no library's idea of a format stands between the test and the file.
"""
import os
import struct
import sys

TCP = bytes.fromhex(
    "4500002800010000400690f9" "0a010005" "cb007109"
    "9c4001bb000000010000000050020000" "00000000")
UDP = bytes.fromhex(
    "4500001c00010000401190fa" "0a010005" "cb007109" "9c400035" "00080000")
UDP6 = bytes.fromhex(
    "6000000000081140" "20010db8000100000000000000000005"
    "2a001450000000000000000000000009" "9c400035" "00080000")
PACKETS = ((TCP, 4), (UDP, 4), (UDP6, 6))


def checksum(p):
    total = sum(struct.unpack("!10H", p[:20]))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def sound(p):
    p = p[:10] + b"\0\0" + p[12:]
    return p[:10] + struct.pack("!H", checksum(p)) + p[12:]


def ether(v):
    return struct.pack("!H", 0x0800 if v == 4 else 0x86dd)


MACS = b"\2\0\0\0\0\1\2\0\0\0\0\2"
KINDS = {
    "raw": (101, lambda v: b"", None),
    "ethernet": (1, lambda v: MACS + ether(v), MACS + b"\x08\x06"),
    "vlan": (1, lambda v: MACS + b"\x81\0\0\x07" + ether(v),
             MACS + b"\x81\0\0\x07\x08\x06"),
    "qinq": (1, lambda v: MACS + b"\x88\xa8\0\x07\x81\0\0\x08" + ether(v),
             MACS + b"\x88\xa8\0\x07\x81\0\0\x08\x08\x06"),
    "cooked": (113, lambda v: b"\0" * 14 + ether(v), b"\0" * 14 + b"\x08\x06"),
    "cooked2": (276, lambda v: ether(v) + b"\0" * 18, b"\x08\x06" + b"\0" * 18),
    "null": (0, lambda v: struct.pack("<I", 2 if v == 4 else 30),
             struct.pack("<I", 7)),
    "loop": (108, lambda v: struct.pack(">I", 2 if v == 4 else 24),
             struct.pack(">I", 7)),
}


def frames(kind):
    _, head, other = KINDS[kind]
    for p, v in PACKETS:
        yield head(v) + (sound(p) if v == 4 else p)
    if other is not None:
        yield other + b"\0" * 28


def pcap(kind, order="<", nano=False):
    out = struct.pack(order + "IHHiIII", 0xa1b23c4d if nano else 0xa1b2c3d4,
                      2, 4, 0, 0, 65535, KINDS[kind][0])
    for i, f in enumerate(frames(kind)):
        part = 123456789 if nano else 123456
        out += struct.pack(order + "IIII", 1700000000 + i, part,
                           len(f), len(f)) + f
    return out


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    n = len(body) + 12
    return struct.pack(order + "II", kind, n) + body + \
        struct.pack(order + "I", n)


def pcapng(kind, order="<", nano=True):
    out = block(order, 0x0a0d0d0a,
                struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))
    # if_tsresol (option 9): nanoseconds; microseconds without
    out += block(order, 1, struct.pack(order + "HHI", KINDS[kind][0], 0, 65535)
                 + (struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
                    if nano else b""))
    for i, f in enumerate(frames(kind)):
        t = ((1700000000 + i) * 10**9 + 123456789) // (1 if nano else 1000)
        out += block(order, 6, struct.pack(order + "IIIII", 0, t >> 32,
                     t & 0xffffffff, len(f), len(f)) + f)
    return out


def main():
    files = {f"{kind}.pcap": pcap(kind) for kind in KINDS}
    files |= {f"{kind}.pcapng": pcapng(kind) for kind in KINDS}
    files["raw-be.pcap"] = pcap("raw", ">")
    files["raw-nano.pcap"] = pcap("raw", nano=True)
    files["raw-be-nano.pcap"] = pcap("raw", ">", True)
    files["ethernet-be.pcapng"] = pcapng("ethernet", ">")
    files["raw-be-micro.pcapng"] = pcapng("raw", ">", False)
    for name, data in files.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)


main()
