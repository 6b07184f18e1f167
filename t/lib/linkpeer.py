#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""linkpeer PATH ROLE: plays bh-tunnel at the other end of a link (bh-link(5)).

Listens on PATH and prints a line for each frame that comes: peer, class, gso
type, gso size, length, and the packet in hexadecimal.  Lines on standard input
tell it what to do: `udp PEER CLASS SRC DST PORT SIZE [FLAGS TYPE SIZE START
OFFSET]' sends a packet in a frame with that virtio-net header, `raw HEX' those
bytes in place of a frame, `stall' and `go' stop and resume reading, `wait N'
prints `got N' when N frames have come.  It ends with its standard input.
"""
import ipaddress
import os
import select
import socket
import struct
import sys

import ring

TUNNEL = 3


def say(*words):
    print(*words, flush=True)


def connect(path):
    if os.path.exists(path):
        os.unlink(path)
    lsock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    lsock.bind(path)
    lsock.listen(1)
    say("listening")
    s, _ = lsock.accept()
    r = ring.Ring(s)
    # whatever domain file the other end has loaded, so have we
    magic, version, role, features, generation = r.recv_hello()
    r.send_hello(magic, version, TUNNEL, 1, generation)
    say("hello", role, features)
    return r


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack("!H", ~total & 0xffff)


def udp_packet(src, dst, port, size):
    src, dst = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    udp = struct.pack("!HHHH", 53, port, 8 + size, 0) + b"x" * size
    pseudo = src.packed + dst.packed + struct.pack("!II", len(udp), 17)
    udp = udp[:6] + checksum(pseudo + udp) + udp[8:]
    if src.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + \
            src.packed + dst.packed + udp
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) \
        + src.packed + dst.packed
    return head[:10] + checksum(head) + head[12:] + udp


def udp(r, words):
    vnet = tuple(int(w) for w in words[6:]) or (0, 0, 0, 0, 0)
    packet = udp_packet(words[2], words[3], int(words[4]), int(words[5]))
    r.put(ring.frame(int(words[0]), int(words[1]), packet, vnet))


def main():
    r = connect(sys.argv[1])
    text, count, target, reading = b"", 0, None, True
    while True:
        r.sleep()
        for head, packet in r.take() if reading else []:
            count += 1
            if target is None:
                say(head[1], head[2], head[5], head[7], head[0], packet.hex())
        if target is not None and count >= target:
            say("got", count)
            target = None
        ready, _, _ = select.select([0, r.sock, r.ear], [], [])
        if r.ear in ready:
            os.eventfd_read(r.ear)
        if r.sock in ready and not r.sock.recv(64):
            say("bye")
            return
        if 0 in ready:
            got = os.read(0, 1 << 20)
            if not got:
                return
            text += got
            while b"\n" in text:
                line, text = text.split(b"\n", 1)
                words = line.decode().split()
                if words[0] == "udp":
                    udp(r, words[1:])
                elif words[0] == "raw":
                    r.put(bytes.fromhex(words[1]))
                elif words[0] == "wait":
                    target = int(words[1])
                elif words[0] in ("stall", "go"):
                    reading = words[0] == "go"
                    say(words[0])


main()
