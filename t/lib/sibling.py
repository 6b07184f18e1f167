#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""sibling PATH ROLE: plays bh-classify (1) or bh-egress (2) to bh-tunnel.

Connects to the link at PATH and does what standard input says, a line each:
`send PEER CLASS HEX [FLAGS TYPE SIZE START OFFSET]' a packet in a frame with
that virtio-net header, `raw HEX' those bytes in place of a frame, `over' prints a line when
bh-tunnel has hung up.  It ends with its standard input.
"""
import socket
import sys

import ring


def hello(path, role, generation):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(10)
    sock.connect(path)
    r = ring.Ring(sock)
    r.send_hello(b"BHLK", ring.VERSION, role, 1, generation)
    return r, r.recv_hello()[4]


def main():
    path, role = sys.argv[1], int(sys.argv[2])
    # refused, but told which domain file the other end has loaded
    r, generation = hello(path, role, 0)
    r.sock.close()
    r, _ = hello(path, role, generation)
    print("hello", flush=True)
    for line in sys.stdin:
        what, *words = line.split()
        if what == "send":
            vnet = tuple(int(w) for w in words[3:]) or (0, 0, 0, 0, 0)
            r.put(ring.frame(int(words[0]), int(words[1]),
                             bytes.fromhex(words[2]), vnet))
        elif what == "raw":
            r.put(bytes.fromhex(words[0]))
        elif what == "over":
            while r.sock.recv(64):
                pass
            print("over", flush=True)


main()
