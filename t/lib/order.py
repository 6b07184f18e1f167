#!/usr/bin/env python3
"""Numbered datagrams of several flows, and whether they come in order.

order.py send HOST PORT FLOWS COUNT     prints how many came back, how many of
                                        them too late
order.py fill HOST PORT BYTES   sends so much, in one flow, and listens to nobody
order.py take PORT      sends back what comes; when a second passes without
                        anything, prints how many, how many too late, and of
                        how many flows
"""
import select
import socket
import struct
import sys
import time


class Order:
    def __init__(self):
        self.last, self.came, self.late = {}, 0, 0

    def saw(self, who, data):
        n, = struct.unpack("!Q", data[:8])
        self.came += 1
        self.late += n <= self.last.get(who, -1)
        self.last[who] = max(n, self.last.get(who, -1))


def listen(flows, order, seconds):
    while (ready := select.select(flows, [], [], seconds)[0]):
        for f in ready:
            order.saw(f, f.recv(2048))


def send(host, port, flows, count):
    s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(flows)]
    order = Order()
    for f in s:
        f.connect((host, port))
    for n in range(count):
        for f in s:
            f.send(struct.pack("!Q", n) + bytes(n * 37 % 1200))
        listen(s, order, 0)
        time.sleep(0.0005)
    listen(s, order, 1)
    print(order.came, order.late)


def fill(host, port, size):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for n in range(0, size, 1300):
        s.sendto(bytes(1300), (host, port))
        if n % 65000 == 0:      # fewer than the TUN device's queue has room for
            time.sleep(0.001)


def take(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    s.bind(("", port))
    print("ready", flush=True)
    order = Order()
    s.settimeout(30)
    try:
        while True:
            data, who = s.recvfrom(2048)
            s.settimeout(1)
            order.saw(who, data)
            s.sendto(data, who)
    except socket.timeout:
        print(order.came, order.late, len(order.last))


if sys.argv[1] == "send":
    send(sys.argv[2], *map(int, sys.argv[3:]))
elif sys.argv[1] == "fill":
    fill(sys.argv[2], *map(int, sys.argv[3:]))
else:
    take(int(sys.argv[2]))
