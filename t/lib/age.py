#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""age.py ADDR PORT SECONDS RATE SIZE

Sends RATE datagrams of SIZE bytes a second, each with its time, to who sends
them back.  Prints how many came back, how many of them in the last second, and
how old the oldest was then, in milliseconds.
"""
import select
import socket
import struct
import sys
import time

addr, port, seconds, rate, size = sys.argv[1], *map(float, sys.argv[2:])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
s.connect((addr, int(port)))
s.setblocking(False)
start = time.monotonic()
due, end, came, last, oldest = start, start + seconds, 0, 0, 0
while (now := time.monotonic()) < end:
    if now >= due:
        due += 1 / rate
        try:
            s.send(struct.pack("d", now) + b"." * (int(size) - 8))
        except OSError:
            pass
    if select.select([s], [], [], max(0, due - now))[0]:
        try:
            sent, = struct.unpack_from("d", s.recv(65536))
        except OSError:
            continue
        now = time.monotonic()
        came, last = came + 1, last + (now > end - 1)
        oldest = max(oldest, now - sent)
print(came, last, int(oldest * 1000))
