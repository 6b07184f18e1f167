#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""descriptors [-n] PID: what a process holds above its standard streams, a line
each; -n: with their numbers.

A file is its path; a socket what it is: `udp', `raw', `netlink', `unix' that
has no name (a pair), that has one or speaks to one (`link', `listen NAME').
"""
import ctypes
import os
import re
import socket
import sys

FAMILIES = {socket.AF_INET: "inet", socket.AF_INET6: "inet6",
            socket.AF_NETLINK: "netlink", socket.AF_UNIX: "unix"}
TYPES = {socket.SOCK_DGRAM: "dgram", socket.SOCK_RAW: "raw",
         socket.SOCK_SEQPACKET: "seqpacket", socket.SOCK_STREAM: "stream"}
NETLINK = {0: "route", 12: "netfilter", 16: "generic"}


def borrow(pidfd, fd):
    got = ctypes.CDLL(None).syscall(438, pidfd, fd, 0)      # pidfd_getfd(2)
    if got < 0:
        raise OSError("pidfd_getfd")
    return socket.socket(fileno=got)


def name(address):
    return os.path.basename(os.fsdecode(address)) if address else "-"


def describe(s):
    words = [FAMILIES[s.family]]
    if s.family == socket.AF_NETLINK:
        words.append(NETLINK.get(s.proto, str(s.proto)))
        return " ".join(words)
    words.append(TYPES[s.type])
    if s.family != socket.AF_UNIX:
        return " ".join(words)
    if s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return " ".join([*words, "listens", name(s.getsockname())])
    try:
        there = name(s.getpeername())
    except OSError:
        there = "nobody"
    return " ".join([*words, name(s.getsockname()), there])


def main():
    pid, numbered = int(sys.argv[-1]), sys.argv[1] == "-n"
    pidfd = os.pidfd_open(pid)
    lines = []
    for fd in sorted(os.listdir(f"/proc/{pid}/fd"), key=int):
        if int(fd) < 3:
            continue
        what = os.readlink(f"/proc/{pid}/fd/{fd}")
        if what.startswith("socket:"):
            with borrow(pidfd, int(fd)) as s:
                what = describe(s)
        what = re.sub(r"^/proc/[0-9]+/task/[0-9]+/", "", what)
        what = re.sub(r"^/(?!dev/|memfd:).*/", "", what)
        what = re.sub(r"anon_inode:|[][]|:\[[0-9]*\]$", "", what)
        lines.append(f"{fd} {what}" if numbered else what)
    print("\n".join(sorted(lines)))


main()
