#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""udp.py send SRC DST PORT COUNT SIZE [SEGMENT]
udp.py each PORT SIZE
udp.py recv ADDR PORT COUNT
udp.py refused ADDR PORT
udp.py raw ADDR PROTOCOL...
udp.py flows ADDR PORT COUNT
udp.py ticks ADDR PORT FILE

Sends COUNT datagrams of SIZE bytes, as one super-packet each if SEGMENT is
given; or one for each line `SRC DST' of standard input; or says `ready',
receives COUNT of them and prints sender and size; or prints `refused' when a
datagram comes back as an ICMP error; or sends a packet of each PROTOCOL;
or a datagram of each of COUNT flows; or one of one flow every now and then,
with a line in FILE for each that comes back.
"""
import socket
import sys
import time

UDP_SEGMENT = 103


def open_socket(addr, port):
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((addr, port))
    return s


def send(src, dst, port, count, size, segment=0):
    s = open_socket(src, 40000)
    if segment:
        s.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, int(segment))
    for _ in range(int(count)):
        s.sendto(b"x" * int(size), (dst, int(port)))


def each(port, size):
    for line in sys.stdin:
        send(*line.split(), port, 1, size)


def recv(addr, port, count):
    s = open_socket(addr, int(port))
    s.settimeout(60)
    print("ready", flush=True)
    for _ in range(int(count)):
        data, sender = s.recvfrom(1 << 16)
        print(sender[0], len(data), flush=True)


def refused(addr, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(10)
    s.connect((addr, int(port)))
    s.send(b"x")
    try:
        s.recv(16)
    except ConnectionRefusedError:
        print("refused")


def raw(addr, *protocols):
    for p in protocols:
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, int(p))
        s.sendto(b"x" * 40, (addr, 0))


def flows(addr, port, count):
    for _ in range(int(count)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"x", (addr, int(port)))


def ticks(addr, port, path):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(0.5)
    s.connect((addr, int(port)))
    end = time.time() + 60
    while time.time() < end:
        s.send(b"x")
        try:
            s.recv(16)
        except OSError:
            continue
        with open(path, "a") as f:
            f.write("back\n")
        time.sleep(0.2)


{"send": send, "each": each, "recv": recv, "refused": refused, "raw": raw,
 "flows": flows, "ticks": ticks}[sys.argv[1]](*sys.argv[2:])
