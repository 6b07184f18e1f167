#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""pmtu.py ADDRESS SIZE: sends an echo server (UDP, port 7) IP packets of SIZE
bytes that must not be fragmented, once every 50 ms, until one comes back
(prints `whole') or an ICMP error says how much fits (prints that), 10 s at most
(`nothing', exit 1).  What the host has learned of the path is not asked.

With `-s', after ADDRESS and SIZE: the other way round, a server on that address
and port 4500 that answers the first who asks with SIZE bytes; `-c' asks it.
"""
import select
import socket
import struct
import sys

to, size, role = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
v6 = ":" in to
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
level = 41 if v6 else 0
s.setsockopt(level, 23 if v6 else 10, 3)    # MTU_DISCOVER: PMTUDISC_PROBE
s.setsockopt(level, 25 if v6 else 11, 1)    # RECVERR
if role == ["-s"]:
    s.bind((to, 4500))
    print("ready", flush=True)
    s.settimeout(10)
    # the ICMP error is ours only if it quotes what we sent, and to whom
    s.connect(s.recvfrom(100)[1])
else:
    s.connect((to, 4500 if role else 7))
if role == ["-c"]:
    s.send(b"x")
    sys.exit(0)
data = bytes(size - (48 if v6 else 28))
for _ in range(200):
    try:
        s.send(data)
    except OSError:
        pass
    p = select.poll()
    p.register(s, select.POLLIN)
    for _, what in p.poll(50):
        if what & select.POLLERR:
            _, control, _, _ = s.recvmsg(1, 1024, socket.MSG_ERRQUEUE)
            for _, _, e in control:
                # struct sock_extended_err: errno, origin, ..., info
                errno, origin, info = struct.unpack_from("=IB7xI", e)[:3]
                mtu = struct.unpack_from("=I", e, 8)[0]
                if errno == 90 and origin in (2, 3):
                    print(mtu)
                    sys.exit(0)
        elif s.recv(65535) == data:
            print("whole")
            sys.exit(0)
print("nothing")
sys.exit(1)
