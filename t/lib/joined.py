# SPDX-License-Identifier: ISC
"""joined.py HOST FIRST REST TRAINS: datagrams of 148 bytes that begin with the
types FIRST, REST, REST, ... of WireGuard's messages, 60 to a train, which the
kernel of a host that joins datagrams takes for one and gives to whom the first
is for.  Prints how many were sent.
"""
import os
import socket
import sys
import time

UDP_SEGMENT, SIZE, EACH = 103, 148, 60

host, first, rest, trains = sys.argv[1], *map(int, sys.argv[2:])


def message(kind):
    return bytes([kind, 0, 0, 0]) + os.urandom(SIZE - 4)


s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, SIZE)
s.connect((host, 51820))
for _ in range(trains):
    s.send(message(first) + b"".join(message(rest)
                                     for _ in range(EACH - 1)))
    time.sleep(0.004)   # there is room for all of them by then
print(trains * EACH)
