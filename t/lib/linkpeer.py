#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""linkpeer PATH ROLE: plays bh-tunnel at the other end of a link (bh-link(5)).

Listens on PATH and prints a line for each frame that comes: peer, class, gso
type, gso size, length, and the packet in hexadecimal.  Lines on standard input
tell it what to do: `send PEER CLASS HEX [FLAGS TYPE SIZE START OFFSET]' sends
a packet in a frame with that virtio-net header, `raw HEX' a message as it is,
`burst N PEER CLASS HEX' N frames of it in as few messages as fit, `stall' and
`go' stop and resume reading, `wait N' prints `got N' when N frames have come.
It ends with its standard input.
"""
import os
import select
import socket
import struct
import sys

HELLO = struct.Struct("=4sHBBQ")
FRAME = struct.Struct("=IHB3s" + "BBHHHH")
TUNNEL = 3
BURST = 84 * 1024


def frames(message):
    at = 0
    while at < len(message):
        head = FRAME.unpack_from(message, at)
        start = at + FRAME.size
        yield head, message[start:start + head[0]]
        at += (FRAME.size + head[0] + 3) & ~3


def frame(peer, cls, packet, vnet=(0, 0, 0, 0, 0)):
    flags, gso, size, start, offset = vnet
    data = FRAME.pack(len(packet), peer, cls, b"\0\0\0",
                      flags, gso, 0, size, start, offset) + packet
    return data + b"\0" * (-len(data) % 4)


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
    # whatever domain file the other end has loaded, so have we
    hello, passed, _, _ = socket.recv_fds(s, 64, 1)
    magic, version, role, features, generation = HELLO.unpack(hello)
    if passed:
        s = socket.socket(fileno=passed[0])
        s.setblocking(True)
    s.send(HELLO.pack(magic, version, TUNNEL, 1, generation))
    say("hello", role, features)
    return s


def send(s, words):
    vnet = tuple(int(w) for w in words[3:]) or (0, 0, 0, 0, 0)
    s.send(frame(int(words[0]), int(words[1]), bytes.fromhex(words[2]), vnet))


def burst(s, words):
    one = frame(int(words[1]), int(words[2]), bytes.fromhex(words[3]))
    left = int(words[0])
    while left > 0:
        n = min(left, BURST // len(one), 256)
        s.send(one * n)
        left -= n


def main():
    s = connect(sys.argv[1])
    text, count, target, reading = b"", 0, None, True
    while True:
        ready, _, _ = select.select([0] + [s] * reading, [], [])
        if 0 in ready:
            got = os.read(0, 1 << 20)
            if not got:
                return
            text += got
            while b"\n" in text:
                line, text = text.split(b"\n", 1)
                words = line.decode().split()
                if words[0] == "send":
                    send(s, words[1:])
                elif words[0] == "raw":
                    s.send(bytes.fromhex(words[1]))
                elif words[0] == "burst":
                    burst(s, words[1:])
                elif words[0] == "wait":
                    target = int(words[1])
                elif words[0] in ("stall", "go"):
                    reading = words[0] == "go"
                    say(words[0])
        if s in ready:
            message = s.recv(1 << 18)
            if not message:
                say("bye")
                return
            for head, packet in frames(message):
                count += 1
                if target is None:
                    say(head[1], head[2], head[5], head[7], head[0],
                        packet.hex())
        if target is not None and count >= target:
            say("got", count)
            target = None


main()
