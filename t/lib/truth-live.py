#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""truth-live.py DOMAIN DIR [PROBING]: the rows of t/data/truth.txt, live.

For each table starts the program that decides there, in this network
namespace, plays bh-tunnel to it, and gives it one packet of every row in both
families: from the kernel by the TUN device, or by the link.  Each must be
counted once, under the verdict of its row, and be where the row says.  Prints
a line a table: what it is, and how many rows and packets.  With a domain that
differs in that branch1 probes its server, what becomes of Internet traffic
there without one.
"""
import mmap
import os
import shutil
import socket
import struct
import subprocess
import sys
import time

import ring
import truth

LOCATIONS = ["hq", "branch1", "branch2", "dc"]      # as they stand in DOMAIN
TUN = {"out": "bh0", "back": "bhx0", "return": "bhx0"}
BREAKS_OUT = 7                                      # a port, in DOMAIN
BIN = os.environ["BH_BIN"]
INTERNET = 3                                        # the class of a frame


def until(what, condition):
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"waited in vain: {what}")
        time.sleep(0.0005)


class Gate:
    """A gate alive, and the other end of its link."""

    def __init__(self, domain, rundir, location, point):
        self.point, self.rundir = point, rundir
        egress = point in ("egress", "return")
        self.name = "bh-egress" if egress else "bh-classify"
        os.makedirs(rundir, exist_ok=True)
        path = f"{rundir}/{self.name[3:]}.link"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(path)
        listener.listen(1)
        ready, told = os.pipe()
        self.process = subprocess.Popen(
            [f"{BIN}/{self.name}", "-f", domain, "-l", location,
             "-D", rundir, "-R", str(told)], pass_fds=[told])
        os.close(told)
        self.ring = ring.Ring(listener.accept()[0])
        magic, version, _, _, generation = self.ring.recv_hello()
        self.ring.send_hello(magic, version, 3, 0, generation)
        assert os.read(ready, 100), "it did not come up"
        os.close(ready)
        with open(f"{rundir}/{self.name}.stat", "rb") as f:
            self.stat = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
        told = subprocess.run(
            [f"{BIN}/bh-ctl", "-a", "-D", rundir, "counters", self.name],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        self.verdicts = [line.split("\t")[1] for line in told.splitlines()]
        self.device = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)

    def counters(self):
        """Packets in, and the count of each verdict."""
        taken, *counts = struct.unpack_from(
            f"{len(self.verdicts) + 1}Q", self.stat, 32)
        return taken, counts

    def give(self, packet, peer):
        if peer is not None:
            self.ring.put(ring.frame(LOCATIONS.index(peer), INTERNET, packet))
            return
        kind = 0x0800 if packet[0] >> 4 == 4 else 0x86dd
        self.device.sendto(packet, (TUN[self.point], kind))

    def try_packet(self, packet, peer):
        """The verdict that a packet got, and the frames that came of it."""
        taken, before = self.counters()
        self.give(packet, peer)
        until("a packet is counted", lambda: self.counters()[0] > taken)
        after = self.counters()
        until("all of it is", lambda: sum(self.counters()[1]) ==
              self.counters()[0])
        gained = [name for name, a, b in
                  zip(self.verdicts, after[1], before) for _ in range(a - b)]
        assert after[0] == taken + 1 and len(gained) == 1, (taken, gained)
        return gained[0]

    def frames(self):
        return [(LOCATIONS[head[1]], self.verdicts[head[2]], bytes(packet))
                for head, packet in self.ring.take()]

    def end(self):
        self.process.terminate()
        assert self.process.wait(20) == 0
        taken, counts = self.counters()
        assert taken == sum(counts), (taken, counts)
        return taken


def check(gate, at, verdict, src, dst, packet, hop):
    got = gate.try_packet(packet, at[2] if len(at) > 2 else None)
    if got != verdict:
        sys.exit(f"at {' '.join(at)}: {src} > {dst}: {got}, not {verdict}")
    frames = [] if hop == "-" else [(hop, verdict, packet)]
    seen = []
    if hop != "-":
        until("it is on the link",
              lambda: seen.extend(gate.frames()) or seen)
    seen += gate.frames()
    # a peer's host is also told why it was refused, quoting the packet
    seen = [f for f in seen if packet not in f[2][1:]]
    assert seen == frames, (at, src, dst, seen)


def run_table(domain, rundir, address, at, rows):
    gate = Gate(domain, rundir, at[1], at[0])
    sent = 0
    for n, (verdict, pairs) in enumerate(rows):
        src, dst = pairs[n * 7 % len(pairs)]    # not always the first
        for family in 0, 1:
            packet = truth.packet(address[src][family], address[dst][family])
            check(gate, at, verdict, src, dst, packet,
                  truth.hop(at, verdict, dst))
            sent += 1
    if at[0] == "out" and at[1].startswith("branch"):
        for family in 0, 1:
            a = [address[n][family] for n in (f"{at[1]}.lan", "inet")]
            check(gate, at, "breakout", *a, truth.packet(*a, BREAKS_OUT), "-")
            sent += 1
    assert gate.end() == sent
    print(*at, len(rows), sent, flush=True)


def no_server(domain, probing, rundir, address):
    """A client whose server is silent: breakouts are asked before that."""
    Gate(domain, rundir, "branch1", "out").end()
    # it looks there for signs of life, but asks by itself
    shutil.copy(f"{rundir}/bh-classify.stat", f"{rundir}/bh-tunnel.stat")
    os.unlink(f"{rundir}/classify.link")
    gate = Gate(probing, rundir, "branch1", "out")

    def down():
        return "\tdown" in subprocess.run(
            [f"{BIN}/bh-ctl", "-D", rundir, "servers"],
            stdout=subprocess.PIPE, text=True, check=True).stdout
    until("the server is taken for dead", down)
    gate.frames()       # what it was asked
    for family in 0, 1:
        a = [address[n][family] for n in ("branch1.lan", "inet")]
        for port, verdict in (53, "no-server"), (BREAKS_OUT, "breakout"):
            got = gate.try_packet(truth.packet(*a, port), None)
            assert got == verdict, (a, port, got)
    assert gate.end() == 4
    print("no-server 2 4", flush=True)


def main():
    domain, directory, *probing = sys.argv[1:]
    address, tables = truth.read("t/data/truth.txt")
    if probing:
        no_server(domain, probing[0], f"{directory}/run", address)
        return
    for n, (at, _, rows) in enumerate(tables):
        # what is no server does not even start the program that decides here
        if at[:2] != ["return", "dc"]:
            run_table(domain, f"{directory}/run{n}", address, at,
                      [row for row in rows if row[1]])


main()
