#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""mesh.py N all | all-but A-B ... | random M: a domain of N locations, of which
the first is the others' server, and who is partner of whom.
mesh.py drawn: of a drawing (bh-check -g dot), every two partners, a line a pair.
"""
import base64
import itertools
import random
import re
import sys


def domain(n, how, *args):
    pairs = list(itertools.combinations(range(n), 2))
    if how == "random":
        pairs = random.Random(1).sample(pairs, int(args[0]))
    elif how == "all-but":
        pairs = [p for p in pairs if "%d-%d" % p not in args]
    partners = [[] for _ in range(n)]
    for a, b in pairs:
        partners[a].append("l%d" % b)
        partners[b].append("l%d" % a)
    print("[domain]\nname = mesh")
    for i in range(n):
        key = base64.b64encode((i + 1).to_bytes(4, "big") * 7 + b"\1\2\3\4")
        net = "10.%d.%d.0/24" % (i // 256, i % 256)
        print("[location l%d]\npublic-key = %s" % (i, key.decode()))
        print("endpoint = h%d.example.net:51820" % i)
        print("lan = %s\ninternal = %s" % (net, net))
        print("uplink = eth0\nlan-interface = eth1")
        if partners[i]:
            print("partners = " + ", ".join(partners[i]))
        print("backhaul = client\nserver = l0" if i else "backhaul = server")


def drawn():
    members, lines = {}, []
    for line in sys.stdin:
        m = re.match(r'\t"([^"]*)" -> "([^"]*)" \[dir=(both|none)\]$', line)
        if m and m[3] == "none":
            members.setdefault(m[1], []).append(m[2])
        elif m:
            lines.append((m[1], m[2]))
    pairs = [p for m in members.values() for p in itertools.combinations(m, 2)]
    for a, b in lines:
        pairs += itertools.product(members.get(a, [a]), members.get(b, [b]))
    for p in pairs:
        print(*sorted(p))


if sys.argv[1] == "drawn":
    drawn()
else:
    domain(int(sys.argv[1]), *sys.argv[2:])
