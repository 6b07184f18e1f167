#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""frames.py lan FILE: what a LAN hears, both ways, and what is no packet.
frames.py times FILE MAGIC SECONDS:FRACTION ...: a packet at each of these times.
frames.py pcapng FILE: times of pcapng with and without an offset.
"""
import struct
import sys

from packets import checksum, packed

ME, FAR = "10.1.0.5", "203.0.113.9"
HUGE = 0x7fffffff


def ip4(src, dst, proto, sport, dport, data):
    if proto == 17:
        l4 = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    else:
        l4 = struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, 16, 999, 0, 0)
    n = 20 + len(l4) + len(data)
    head = struct.pack("!BBHHHBBH", 0x45, 0, n, 1, 0, 64, proto, 0) \
        + packed(src) + packed(dst)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + l4 + data


def frame(kind, body):
    return b"\2" + b"\0" * 5 + b"\2" + b"\0" * 4 + b"\1" \
        + struct.pack("!H", kind) + body


def lan():
    for far, proto, sport, dport in (
            (FAR, 6, 40000, 443), ("10.0.0.9", 17, 5, 53), (FAR, 17, 6, 3478),
            ("10.1.0.6", 17, 7, 8), ("10.0.99.9", 17, 7, 8)):
        yield frame(0x800, ip4(ME, far, proto, sport, dport, b"x" * 10))
        yield frame(0x800, ip4(far, ME, proto, dport, sport, b"y" * 1000))
    yield frame(0x806, b"\0" * 46)
    yield frame(0x88cc, b"\0" * 46)
    yield frame(0x1234, b"\0" * 46)
    yield frame(38, b"\x42\x42\x03" + b"\0" * 43)


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    n = len(body) + 12
    return struct.pack("<II", kind, n) + body + struct.pack("<I", n)


def pcapng(packet):
    """Times in seconds, and offsets as far as they go."""
    yield block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))
    for offset in (0, 2 ** 62, -2 ** 62):
        yield block(1, struct.pack("<HHI", 1, 0, HUGE)
                    + struct.pack("<HHB3x", 9, 1, 0)
                    + struct.pack("<HHq", 14, 8, offset)
                    + struct.pack("<HH", 0, 0))
    for i in range(3):
        for t in (0, 1, 2 ** 32, 2 ** 40, 2 ** 62, 2 ** 64 - 1):
            yield block(6, struct.pack("<IIIII", i, t >> 32, t & 0xffffffff,
                                       len(packet), 0xffffffff) + packet)


def main(what, path, *args):
    udp = ip4(ME, FAR, 17, 1, 2, b"")
    with open(path, "wb") as f:
        if what == "pcapng":
            f.write(b"".join(pcapng(frame(0x800, udp))))
            return
        magic = int(args[0], 16) if args else 0xa1b2c3d4
        f.write(struct.pack("<IHHiIII", magic, 2, 4, 0, 0, HUGE,
                            1 if what == "lan" else 101))
        for p in lan() if what == "lan" else ():
            f.write(struct.pack("<IIII", 0, 0, len(p), len(p)) + p)
        for t in args[1:]:
            s, fraction = (int(x) & 0xffffffff for x in t.split(":"))
            f.write(struct.pack("<IIII", s, fraction, len(udp), 0xffffffff)
                    + udp)


main(*sys.argv[1:])
