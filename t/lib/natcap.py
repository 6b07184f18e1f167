#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""natcap.py make FILE HOST...: what each inside host sends to the Internet
natcap.py overlap FILE FROM,TO: datagrams in fragments, some of which overlap
natcap.py flood FILE COUNT FIRST HOST...: so many flows of UDP, from port FIRST
    on, of the hosts in turn
natcap.py answer IN OUT: what the Internet says to each packet of a capture
natcap.py flows IN...: protocol, ends and checksums, a line a packet

Captures of raw IPv4 packets; written by hand, so that nothing of the project
vouches for itself.
"""
import ipaddress
import struct
import sys

SERVER, ROUTER = "203.0.113.9", "203.0.113.254"
HEADER = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)


def fold(data, total=0):
    data += b"\0" * (len(data) % 2)
    total += sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def addr(text):
    return ipaddress.ip_address(text).packed


def ip(src, dst, proto, body, frag=0, ident=1, ttl=63):
    h = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), ident, frag,
                    ttl, proto, 0, addr(src), addr(dst))
    return h[:10] + struct.pack("!H", ~fold(h) & 0xffff) + h[12:] + body


def summed(src, dst, proto, body, at):
    start = 0 if proto == 1 else fold(
        addr(src) + addr(dst) + struct.pack("!HH", proto, len(body)))
    s = ~fold(body, start) & 0xffff
    return body[:at] + struct.pack("!H", s or 0xffff) + body[at + 2:]


def udp(src, sport, dst, dport, data=b"question"):
    b = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
    return summed(src, dst, 17, b, 6)


def tcp(src, sport, dst, dport, seq, ack, flags, data=b""):
    b = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 1000,
                    0, 0) + data
    return summed(src, dst, 6, b, 16)


def icmp(kind, code, rest, data=b"abcdefgh"):
    return summed("0.0.0.0", "0.0.0.0", 1,
                  struct.pack("!BBHI", kind, code, 0, rest) + data, 2)


def host(a):
    yield ip(a, SERVER, 17, udp(a, 5000, SERVER, 53))
    yield ip(a, "203.0.113.10", 17, udp(a, 5000, "203.0.113.10", 53))
    yield ip(a, SERVER, 6, tcp(a, 40000, SERVER, 443, 1000, 0, 2))
    yield ip(a, SERVER, 1, icmp(8, 0, 77 << 16 | 1))
    yield ip(a, SERVER, 47, b"\0" * 8)       # GRE: not translated
    big = udp(a, 5002, SERVER, 4000, b"x" * 2000)
    for first, last in ((1480, 2008), (0, 1480)):   # the last one comes first
        more = 0x2000 if last < len(big) else 0
        yield ip(a, SERVER, 17, big[first:last], more | first // 8, ident=9)


def overlap(ends):
    """Whole; its first one twice; one that begins too early; both with rest."""
    a, to = ends.split(",")
    big = udp(a, 5003, to, 4000, b"x" * 120)
    for ident, parts in enumerate((((0, 64), (64, 128)),
                                   ((0, 64), (0, 64), (64, 128)),
                                   ((0, 64), (56, 120), (120, 128))), 20):
        for first, last in parts:
            yield ip(a, to, 17, big[first:last],
                     (0x2000 if last < 128 else 0) | first // 8, ident=ident)


def flood(count, first, *hosts):
    """A mapping for each; no checksum, which UDP may do without."""
    heads = [ip(a, SERVER, 17, b"\0" * 8)[:20] for a in hosts]
    for i in range(count):
        turn, who = divmod(i, len(heads))
        yield heads[who] + struct.pack(
            "!HHHH", first + turn % 50000, 4000 + turn // 50000, 8, 0)


def turn(p):
    src, dst = (str(ipaddress.ip_address(p[i:i + 4])) for i in (12, 16))
    frag, b = struct.unpack("!H", p[6:8])[0], p[20:]
    if frag & 0x3fff:
        return
    if p[9] == 17:
        sport, dport = struct.unpack("!HH", b[:4])
        yield ip(dst, src, 17, udp(dst, dport, src, sport, b"answer"))
        yield ip("203.0.113.99", src, 17, udp("203.0.113.99", dport, src,
                                              sport, b"uninvited"))
    elif p[9] == 6:
        sport, dport, seq = struct.unpack("!HHI", b[:8])
        yield ip(dst, src, 6, tcp(dst, dport, src, sport, 9, seq + 1, 0x12))
    elif p[9] == 1:
        yield ip(dst, src, 1, icmp(0, 0, struct.unpack("!I", b[4:8])[0],
                                   b[8:]))
    yield ip(ROUTER, src, 1, icmp(11, 0, 0, p[:28]))


def packets(name):
    f = sys.stdin.buffer if name == "-" else open(name, "rb")
    magic, linktype = struct.unpack("<I16xI", f.read(24))
    assert linktype in (12, 101)
    unit = 1000 if magic == 0xa1b23c4d else 1
    while True:
        h = f.read(16)
        if not h:
            return
        sec, frac, n, _ = struct.unpack("<IIII", h)
        yield sec, frac // unit, f.read(n)


def write(name, stream):
    with open(name, "wb") as f:
        f.write(HEADER)
        for sec, usec, p in stream:
            f.write(struct.pack("<IIII", sec, usec, len(p), len(p)) + p)


def sums(p):
    if fold(p[:20]) != 0xffff:
        return "bad header"
    if struct.unpack("!H", p[6:8])[0] & 0x3fff:
        return "fragment"
    start = 0 if p[9] == 1 else fold(
        p[12:20] + struct.pack("!HH", p[9], len(p) - 20))
    return "good" if fold(p[20:], start) == 0xffff else "bad sum"


def line(p, quoted=False):
    src, dst = (ipaddress.ip_address(p[i:i + 4]) for i in (12, 16))
    a, b, b2 = struct.unpack("!HHH", p[20:26])
    tail = "" if quoted else " " + sums(p)
    if p[9] == 1:
        kind = p[20]
        if kind == 11:
            return f"icmp 11 {src} {dst}{tail}: " + line(p[28:], True)
        return f"icmp {kind} {src} {dst} id {b2}{tail}"
    if struct.unpack("!H", p[6:8])[0] & 0x1fff:
        return f"{p[9]} {src} {dst}{tail}"
    return f"{p[9]} {src}:{a} {dst}:{b}{tail}"


def main(command, *names):
    if command in ("make", "overlap"):
        made = host if command == "make" else overlap
        write(names[0], ((1000, i, p) for i, p in enumerate(
            q for a in names[1:] for q in made(a))))
    elif command == "flood":
        write(names[0], ((1000, 0, p) for p in flood(
            int(names[1]), int(names[2]), *names[3:])))
    elif command == "answer":
        write(names[1], ((s, u, q) for s, u, p in packets(names[0])
                         for q in turn(p)))
    else:
        for name in names:
            for _, _, p in packets(name):
                print(line(p))


main(*sys.argv[1:])
