#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""sibling PATH ROLE: plays bh-classify (1) or bh-egress (2) to bh-tunnel.

Connects to the link at PATH and does what standard input says, a line each:
`send PEER CLASS HEX [FLAGS TYPE SIZE START OFFSET]' a packet in a frame with
that virtio-net header, `raw HEX' a message as it is, `over' prints a line when
bh-tunnel has hung up.  It ends with its standard input.
"""
import socket
import struct
import sys

HELLO = struct.Struct("=4sHBBQ")
FRAME = struct.Struct("=IHB3sBBHHHH")


def frame(peer, cls, packet, vnet=(0, 0, 0, 0, 0)):
    flags, gso, size, start, offset = vnet
    data = FRAME.pack(len(packet), peer, cls, b"\0\0\0",
                      flags, gso, 0, size, start, offset) + packet
    return data + b"\0" * (-len(data) % 4)


def hello(path, role, generation):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(10)
    s.connect(path)
    s.send(HELLO.pack(b"BHLK", 1, role, 1, generation))
    return s, HELLO.unpack(s.recv(64))[4]


def main():
    path, role = sys.argv[1], int(sys.argv[2])
    # refused, but told which domain file the other end has loaded
    s, generation = hello(path, role, 0)
    s.close()
    s, _ = hello(path, role, generation)
    print("hello", flush=True)
    for line in sys.stdin:
        what, *words = line.split()
        if what == "send":
            vnet = tuple(int(w) for w in words[3:]) or (0, 0, 0, 0, 0)
            s.send(frame(int(words[0]), int(words[1]),
                         bytes.fromhex(words[2]), vnet))
        elif what == "raw":
            s.send(bytes.fromhex(words[0]))
        elif what == "over":
            while s.recv(1 << 17):
                pass
            print("over", flush=True)


main()
