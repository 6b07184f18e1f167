#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""truth.py DIR: t/data/truth.txt as captures.

For each table writes DIR/N.pcap, a packet for each pair of addresses in both
families; DIR/N.want, a line a packet: verdict, tab, next hop; and DIR/N.args,
the gateway, the point and the options that say so.
"""
import ipaddress
import os
import struct
import sys


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packet(src, dst, port=53):
    src, dst = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    udp = struct.pack("!HHHH", 40000, port, 8, 0)
    if src.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + \
            src.packed + dst.packed + udp
    head = struct.pack("!BBHHHBBH", 0x45, 0, 28, 0, 0, 64, 17, 0) + \
        src.packed + dst.packed
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def read(path):
    """The addresses by name, and the tables: what stands behind `at', the
    verdict of each pair, and the rows: a verdict, and the pairs that get it.
    """
    address, rows, tables = {}, {}, []
    shared = sources = None
    for line in open(path):
        words = line.split()
        if not words or words[0].startswith("#"):
            shared = None if not words else shared
        elif words[0] == "address":
            address[words[1]] = words[2:]
        elif words[0] == "rows":
            shared = rows.setdefault(words[1], [])
        elif words[0] == "at":
            tables.append((words[1:], {}, []))
            sources, open_block = [], False
        elif line[0] != "\t":
            sources = (sources if open_block else []) + \
                [w.rstrip(":") for w in words]
            open_block = not words[-1].endswith(":")
        elif shared is not None:
            shared.append(words)
        else:
            _, cells, lines = tables[-1]
            for verdict, *names in rows.get(words[0], [words]):
                rest = names == ["*"]
                pairs = [(src, dst) for src in sources
                         for dst in (address if rest else names)
                         if not rest or (src, dst) not in cells]
                cells.update((pair, verdict) for pair in pairs)
                lines.append((verdict, pairs))
    return address, tables


def hop(at, verdict, dst):
    if at[0] == "out" and verdict == "internet":
        return "hq"
    if (at[0], verdict) in (("out", "partner"), ("return", "internet")):
        return dst.split(".")[0]
    return "-"


def main():
    address, tables = read("t/data/truth.txt")
    for n, (at, cells, _) in enumerate(tables):
        base = os.path.join(sys.argv[1], str(n))
        direction = {"egress": "out", "return": "in"}.get(at[0], at[0])
        with open(base + ".args", "w") as f:
            print(at[1], at[0], "-d", direction,
                  *(["-p", at[2]] if len(at) > 2 else []), file=f)
        with open(base + ".pcap", "wb") as pcap, \
                open(base + ".want", "w") as want:
            pcap.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0,
                                   65535, 101))
            for (src, dst), verdict in sorted(cells.items()):
                for family in 0, 1:
                    p = packet(address[src][family], address[dst][family])
                    pcap.write(struct.pack("=IIII", 0, 0, len(p), len(p)) + p)
                    print(verdict, hop(at, verdict, dst), sep="\t", file=want)


if __name__ == "__main__":
    main()
