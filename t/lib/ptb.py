#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""ptb.py HOST PEER MTU: a lie to HOST, that its tunnel's datagrams to PEER are
too big and that MTU would do (RFC 1191, RFC 8201), from whoever runs it."""
import ipaddress
import socket
import struct
import sys

import truth

host, peer = (ipaddress.ip_address(a) for a in sys.argv[1:3])
mtu = int(sys.argv[3])
udp = struct.pack("!HHHH", 51820, 51820, 1460, 1)
if host.version == 4:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 1480, 7, 0x4000, 60, 17, 0) + \
        host.packed + peer.packed
    icmp = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + head + udp
    icmp = icmp[:2] + struct.pack("!H", truth.checksum(icmp)) + icmp[4:]
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
else:
    head = struct.pack("!IHBB", 6 << 28, 1460, 17, 60) + \
        host.packed + peer.packed
    icmp = struct.pack("!BBHI", 2, 0, 0, mtu) + head + udp    # the kernel sums
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
for _ in range(20):
    s.sendto(icmp, (str(host), 0))
