#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""askguard.py PREFIX BH-PLAN FILE LOCATION guard|closed|bolt: asks by packets.

Makes the location's interfaces in the namespace PREFIX-gw, each a cable into
PREFIX-far, loads what bh-plan(8) says: the guard, on a host that has routed
before or (closed) has not, or the second bolt alone.  Then sends packets of
every class of source and destination in by each interface, to go out by each:
which one is in the packet's DSCP, so that the guard alone decides.  What must
pass is in the tables below; all else must not.  Prints what went wrong, and how
many were asked.

Classes: lan and site are the location's own, participating or not; client and
csite a client's, other another location's, inet nobody's, priv private and
unclaimed, special special-purpose, tunnel an endpoint, pool a nat-pool's.
"""
import ctypes
import ipaddress
import os
import socket
import struct
import subprocess
import sys
import time

# in, out, source, destination: what may pass, the rest may not.  up is the
# uplink, lte another interface with a default route, dmz one with an address of
# the site, aux one of which nobody has said anything.
OUTER = "up|lte|aux"
OWN, ALIEN = "lan|site", "client|csite|other|inet|priv|special|tunnel|pool"
LOCATED = "client|csite|other"

TUNNEL = f"""
lan tun * *
lan lan * lan
tun lan * lan
"""
CLIENT = TUNNEL + f"""
tun lan * site
{OUTER} {OUTER} {ALIEN} {ALIEN}
dmz lan|dmz {OWN} {OWN}
dmz lan|dmz|{OUTER} {ALIEN} *
"""
# A site's own traffic goes where its host sends it, but not to other locations,
# and of no client's; what comes in by the LAN's interface is the site's.
NOT_FAR = f"{OWN}|inet|priv|special|tunnel|pool"
PARTNER = TUNNEL + f"""
lan lan|dmz|{OUTER} * {NOT_FAR}
dmz|{OUTER} lan|dmz|{OUTER} {OWN} {NOT_FAR}
dmz|{OUTER} lan|dmz|{OUTER} {ALIEN} *
"""
SERVER = TUNNEL + f"""
lan lan|dmz|{OUTER} {NOT_FAR}|other {NOT_FAR}
dmz|{OUTER} lan|dmz|{OUTER} {OWN} {NOT_FAR}
dmz|{OUTER} lan|dmz|{OUTER} other|inet|priv|special|tunnel|pool {NOT_FAR}|other
"""
MASQUERADE = f"""
out dmz|{OUTER} * inet
"""
ROUTED = f"""
out HOP * inet
FROM_HOP|dmz|{OUTER} out inet *
"""
POOL = f"""
out dmz|{OUTER} pool inet
out out pool pool
dmz|{OUTER} out inet pool
"""
BREAKOUT = f"""
out up {OWN} inet
"""
# The second bolt: what must never be in clear, and nothing else.
BOLT_CLIENT = f"""
* tun * *
* * {ALIEN} *
* lan|dmz {OWN} {OWN}
"""
BOLT_SERVER = f"""
* tun|out * *
* lan|dmz|{OUTER} other|inet|priv|special|tunnel|pool {NOT_FAR}|other
* lan|dmz|{OUTER} {OWN} {NOT_FAR}
tun lan * {OWN}
out lan|dmz|{OUTER} {OWN}|other|inet|priv|special|tunnel|pool {NOT_FAR}|other
"""
BOLT_ROUTED = f"""
out lan|dmz|{OUTER} * {NOT_FAR}|other
"""

ETH_IP, ETH_IP6 = 0x0800, 0x86dd
TAGS = struct.Struct("!II")
libc = ctypes.CDLL(None, use_errno=True)


def run(*command, text=None, ok=True):
    p = subprocess.run(command, input=text, capture_output=True, text=True)
    if ok and p.returncode != 0:
        sys.exit(f"askguard: {' '.join(command)}: {p.stderr}")
    return p.stdout


def sockets_in(ns, *kinds):
    """Sockets of another namespace."""
    back = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{ns}", os.O_RDONLY)
    assert libc.setns(there, 0) == 0
    made = [socket.socket(*k) for k in kinds]
    assert libc.setns(back, 0) == 0
    os.close(there)
    os.close(back)
    return made


# ---- the domain file, read by somebody else than bh-plan -------------------

def sections(name):
    """[(kind, name, {key: [value...]})]"""
    found, key = [], None
    for line in open(name):
        line = line.split(";")[0] if line.lstrip().startswith(";") else \
            line.split(" ;")[0]
        if line.startswith("["):
            kind, _, title = line.strip()[1:-1].partition(" ")
            found.append((kind, title, {}))
        elif line[:1].isspace() and line.strip() and key:
            found[-1][2][key] += line.replace(",", " ").split()
        elif "=" in line:
            key, _, value = line.partition("=")
            key = key.strip()
            found[-1][2].setdefault(key, []).extend(
                value.replace(",", " ").split())
    return found


class Space:
    """Prefixes less those with '!'."""

    def __init__(self, words):
        self.take = [ipaddress.ip_network(w) for w in words if w[0] != "!"]
        self.less = [ipaddress.ip_network(w[1:]) for w in words
                     if w[0] == "!"]

    def has(self, a):
        return any(a in p for p in self.take) and \
            not any(a in p for p in self.less)

    def depth(self, a):
        return max((p.prefixlen for p in self.take if a in p), default=-1) \
            if self.has(a) else -1

    def hosts(self, family):
        """Some addresses of each prefix."""
        for p in self.take:
            if p.version == family:
                n = p.num_addresses
                for k in (9 % n, n // 2 + 9 % n, n * 15 // 16, n - 2):
                    if 0 <= k < n and not any(p[k] in q for q in self.less):
                        yield p[k]


class Domain:
    def __init__(self, name, location):
        self.all = {n: s for k, n, s in sections(name) if k == "location"
                    and s.get("active") != ["no"]}
        self.own = self.all[location]
        self.name = location
        self.role = self.one("backhaul", "none")
        self.published = [s for k, _, s in sections(name) if k == "publish"
                          and s["server"] == [location]]
        self.breaks_out = any(k == "breakout" and location in s["location"]
                              for k, _, s in sections(name))
        self.nat = self.one("nat", "masquerade")
        self.hops = [ipaddress.ip_address(h)
                     for h in self.own.get("default-gateway", [])]

    def one(self, key, default=None):
        return self.own.get(key, [default])[0]

    def space(self, name, key):
        return Space(self.all[name].get(key, []))

    def is_client(self, name):
        return self.all[name].get("backhaul") == ["client"] and \
            self.name in self.all[name].get("server", [])

    def place(self, a):
        """The location and the part that an address is of, the longest
        prefix first."""
        return max(((self.space(n, k).depth(a), k == "lan", n, k)
                    for n in self.all for k in ("lan", "internal")))

    def first(self, family, names, key):
        for n in names:
            for a in self.space(n, key).hosts(family):
                depth, _, m, k = self.place(a)
                if depth >= 0 and (m, k) == (n, key):
                    return a
        return None

    def classes(self, family):
        own = [self.name]
        clients = [n for n in self.all if self.is_client(n)] if \
            self.role == "server" else []
        other = [n for n in self.all if n not in own + clients]
        out = {"lan": self.first(family, own, "lan"),
               "site": self.first(family, own, "internal"),
               "client": self.first(family, clients, "lan"),
               "csite": self.first(family, clients, "internal"),
               "other": self.first(family, other, "lan"),
               "inet": "9.9.9.9" if family == 4 else "2620:fe::9",
               "priv": "172.31.255.9" if family == 4 else "fd99::9",
               "special": "192.88.99.9" if family == 4 else "2001:2::9",
               "tunnel": self.endpoint(family),
               "pool": next(Space(self.own.get("nat-pool", [])).hosts(
                   family), None)}
        return {k: ipaddress.ip_address(a) for k, a in out.items() if a}

    def endpoint(self, family):
        for n, s in self.all.items():
            host = s.get("endpoint", [""])[0].rpartition(":")[0].strip("[]")
            try:
                a = ipaddress.ip_address(host)
            except ValueError:
                continue
            if a.version == family and self.place(a)[0] < 0:
                return a
        return None


# ---- the gateway -----------------------------------------------------------

class Gateway:
    def __init__(self, prefix, domain):
        self.gw, self.far = prefix + "-gw", prefix + "-far"
        self.dev = {"lan": domain.one("lan-interface"),
                    "up": domain.one("uplink", "up9"),
                    "tun": "bh0", "out": "bhx0", "dmz": "dmz0",
                    "lte": "lte0", "aux": "aux0"}
        if domain.role != "server" and not domain.breaks_out:
            del self.dev["out"]
        if self.dev["lan"] == self.dev["up"]:
            del self.dev["up"]
        self.index = {r: i for i, r in enumerate(self.dev, 1)}
        self.role_of = {}
        self.domain = domain

    def nets(self):
        """Addresses of its interfaces."""
        own = self.domain.classes
        for family, up, wide in ((4, "198.51.99.2/24", 20), (6,
                                 "2001:db8:eeee::2/64", 64)):
            yield ("up" if "up" in self.dev else "lan"), up
            c = own(family)
            lan = [a for a in self.domain.own.get("address", [])
                   if ipaddress.ip_address(a).version == family]
            if "lan" in c:
                yield "lan", f"{lan[0] if lan else c['lan'] + 1}/{wide}"
            if c.keys() & {"site", "lan"}:
                yield "dmz", f"{c.get('site', c.get('lan')) + 3}"
            for hop in self.domain.hops:
                if hop.version == family:
                    yield "lan", f"{hop - 1}/{wide + 8}"

    def up(self):
        sets = ("net.ipv4.conf.all.rp_filter=0 "
                "net.ipv4.conf.default.rp_filter=0 "
                "net.ipv4.conf.all.send_redirects=0 "
                "net.ipv4.conf.default.send_redirects=0 "
                "net.ipv4.fwmark_reflect=1 net.ipv6.fwmark_reflect=1 "
                "net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 "
                "net.ipv4.icmp_msgs_per_sec=100000 "
                "net.ipv4.icmp_msgs_burst=100000 "
                "net.ipv6.conf.default.accept_dad=0 "
                "net.ipv4.conf.all.accept_local=1").split()
        self.sysctl(*sets)
        batch = []
        for role, dev in self.dev.items():
            batch += [f"link add {dev} type veth peer name {dev} "
                      f"netns {self.far}", f"link set {dev} arp off up"]
        batch += [f"addr replace {a} dev {self.dev[r]}"
                  for r, a in self.nets()]
        batch += ["route add default dev lte0 metric 99",
                  "-6 route add default dev lte0 metric 99"]
        run("ip", "-n", self.gw, "-batch", "-", text="\n".join(
            b.removeprefix("-6 ") for b in batch if b[:2] != "-6") + "\n")
        run("ip", "-n", self.gw, "-6", "-batch", "-", text="\n".join(
            b[3:] for b in batch if b[:2] == "-6") + "\n")
        run("ip", "-n", self.far, "-batch", "-", text="".join(
            f"link set {d} up\n" for d in self.dev.values()))

    def sysctl(self, *sets):
        run("ip", "netns", "exec", self.gw, "sysctl", "-qw", *sets)

    def steer(self):
        for family in (4, 6):
            lines = []
            for role, i in self.index.items():
                via = [f"via {h} " for h in self.domain.hops
                       if h.version == family and role == "lan"]
                lines += [f"rule add pref {i} fwmark {i} table {i}",
                          f"route add default {''.join(via)}"
                          f"dev {self.dev[role]} table {i}"]
            run("ip", "-n", self.gw, f"-{family}", "-batch", "-",
                text="\n".join(lines) + "\n")
        run("ip", "netns", "exec", self.gw, "nft", "-f", "-", text="""
table inet steer {
    chain pre {
        type filter hook prerouting priority -390; policy accept;
        meta mark set ip dscp map { NUMBERS }
        meta mark set ip6 dscp map { NUMBERS }
    }
}
""".replace("NUMBERS", ", ".join(f"{i} : {i}" for i in self.index.values())))

    def load(self, bh_plan, name, how):
        routes = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        if how != "closed":
            self.sysctl(*routes)
        text = run("ip", "netns", "exec", self.gw, bh_plan, "-f", name, "-l",
                   self.domain.name, "-D", "/run/backhaul/test",
                   "bolt" if how == "bolt" else "nft")
        self.sysctl(*routes)
        # with its owner it would be gone as soon as nft(8)
        run("ip", "netns", "exec", self.gw, "nft", "-f", "-",
            text=text.replace("\tflags owner\n", ""))


# ---- packets ---------------------------------------------------------------

def total(data):
    return sum(struct.unpack(f"!{len(data) // 2}H", data))


def fold(n):
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def ip_head(src, dst, proto, n, dscp, frag=0, ident=0):
    if src.version == 6:
        return struct.pack("!IHBB", 6 << 28 | dscp << 22, n, proto, 64) + \
            src.packed + dst.packed
    head = struct.pack("!BBHHHBBH", 0x45, dscp << 2, 20 + n, ident, frag, 64,
                       proto, 0) + src.packed + dst.packed
    return head[:10] + struct.pack("!H", fold(total(head))) + head[12:]


def l4(kind, src, dst, sport, payload, dport=7, answer=False):
    """The protocol, and its header and payload.  A tag and what it lacks to
    all ones add up to nothing, so that the sum is right for each tag."""
    n = len(payload)
    pseudo = total(src.packed + dst.packed)
    if kind == "tcp":
        head = struct.pack("!HHIIBBHHH", sport, dport, 1, 2, 0x50,
                           0x12 if answer else 2, 1000, 0, 0)
        proto, at = 6, 16
    elif kind == "icmp":
        proto, at = (1, 2) if src.version == 4 else (58, 2)
        ask = 8 if proto == 1 else 128
        head = struct.pack("!BBHHH", ask ^ 8 if answer and ask == 8 else
                           ask + answer, 0, 0, sport, 1)
        pseudo = 0 if proto == 1 else pseudo
    else:
        proto, at = 17, 6
        head = struct.pack("!HHHH", sport, dport, 8 + n, 0)
    s = total(head + payload) + (0 if proto == 1 else
                                 pseudo + proto + len(head) + n)
    return proto, head[:at] + struct.pack("!H", fold(s) or 0xffff) + \
        head[at + 2:] + payload


def packets(kind, src, dst, dscp, sport, tag, dport=7, answer=False):
    """One packet, or the two fragments of one, each with the tag at its
    end."""
    mark = TAGS.pack(tag, ~tag & 0xffffffff)
    if kind != "frag":
        proto, body = l4(kind, src, dst, sport, mark, dport, answer)
        return [ip_head(src, dst, proto, len(body), dscp) + body]
    proto, body = l4("udp", src, dst, sport, mark + mark, dport)
    if src.version == 4:
        return [ip_head(src, dst, proto, 16, dscp, 0x2000, sport) + body[:16],
                ip_head(src, dst, proto, 8, dscp, 2, sport) + body[16:]]
    return [ip_head(src, dst, 44, 8 + len(p), dscp) + struct.pack(
        "!BBHI", proto, 0, off, sport << 16 | tag & 0xffff) + p
        for p, off in ((body[:16], 1), (body[16:], 16))]


def is_error(p):
    """An ICMP message that quotes another packet, a redirect for example."""
    if p[0] >> 4 == 4:
        return p[9] == 1 and p[20] in (3, 4, 5, 11, 12)
    return p[6] == 58 and (p[40] < 128 or p[40] == 137)


class Wire:
    """All cables' far ends."""

    def __init__(self, gateway):
        kind = (socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
        self.s, = sockets_in(gateway.far, kind)
        self.s.setsockopt(socket.SOL_SOCKET, 33, 1 << 27)   # RCVBUFFORCE
        self.s.setsockopt(263, 23, 1)       # no packets of our own
        self.s.setblocking(False)
        macs = {}
        for line in run("ip", "-n", gateway.gw, "-o", "link").splitlines():
            words = line.split()
            if "link/ether" in words:
                macs[words[1].split("@")[0].rstrip(":")] = \
                    bytes.fromhex(words[words.index("link/ether") + 1]
                                  .replace(":", ""))
        self.mac = {r: macs[d] for r, d in gateway.dev.items()}
        self.dev = gateway.dev
        self.role = {d: r for r, d in gateway.dev.items()}
        self.seen, self.errors = {}, {}     # tag: [(role, packet)]

    def send(self, role, packet):
        kind = ETH_IP if packet[0] >> 4 == 4 else ETH_IP6
        self.s.sendto(self.mac[role] + b"\2\0\0\0\0\1" +
                      struct.pack("!H", kind) + packet, (self.dev[role], 0))

    def drain(self):
        try:
            while True:
                frame, where = self.s.recvfrom(2048)
                if where[1] not in (ETH_IP, ETH_IP6) or len(frame) < 42:
                    continue
                p = frame[14:14 + struct.unpack_from("!H", frame, 16)[0]] \
                    if where[1] == ETH_IP else \
                    frame[14:54 + struct.unpack_from("!H", frame, 18)[0]]
                tag, other = TAGS.unpack(p[-8:])
                if tag ^ other == 0xffffffff:
                    seen = self.errors if is_error(p) else self.seen
                    seen.setdefault(tag, []).append((self.role[where[0]], p))
        except BlockingIOError:
            return

    def wait(self, tags):
        """Until all of them have been seen, or nothing has come for long."""
        end, left = time.monotonic() + 10, 0
        while time.monotonic() < end:
            self.drain()
            if len(tags) != left:
                end, left = time.monotonic() + 10, len(tags)
            tags = {t for t in tags
                    if t not in self.seen and t not in self.errors}
            if not tags:
                return
            time.sleep(0.01)


# ---- what must pass --------------------------------------------------------

def tables(domain, gateway, how):
    """What may pass, by family."""
    role, nat = domain.role, domain.nat
    for family in (4, 6):
        if how == "bolt":
            text = BOLT_CLIENT if role == "client" else BOLT_SERVER
            text += BOLT_ROUTED if role == "server" and nat == "none" else ""
        else:
            text = {"client": CLIENT, "none": PARTNER, "server": SERVER}[role]
            text += BREAKOUT if domain.breaks_out else ""
        if how != "bolt" and role == "server":
            text += {"masquerade": MASQUERADE, "none": ROUTED,
                     "pool": POOL}[nat]
        hop = f"dmz|{OUTER}"
        if domain.hops:
            hop = "lan" if any(h.version == family for h in domain.hops) \
                else "nowhere"
        text = text.replace("FROM_HOP", "lan" if domain.hops else hop) \
            .replace("HOP", hop)
        if "up" not in gateway.dev:
            text = text.replace(OUTER, "lte|aux")
            text = text.replace("out dmz|", "out lan|dmz|")
        yield family, [[set(w.split("|")) for w in line.split()]
                       for line in text.strip().splitlines() if line]


def may_pass(table, *what):
    return any(all(w in s or "*" in s for w, s in zip(what, row))
               for row in table)


def is_closed(domain, came, goes, dst, family):
    """Where the host has not routed before, it routes for us only."""
    if {came, goes} & {"tun", "out"} or (came, goes, dst) == \
            ("lan", "lan", "lan"):
        return False
    ours = {"lan", "up"} if domain.role == "server" or domain.breaks_out \
        else {"lan"}
    return family == 6 or came in ours


KINDS = ("udp", "tcp", "icmp", "frag")


class Questions:
    """What was sent, what must come of it, and what did."""

    def __init__(self, domain, gateway):
        self.domain, self.gateway = domain, gateway
        self.wire = Wire(gateway)
        self.asked = {}     # tag: (words, device, source, destination)
        self.ways = []      # (tag, family, kind, came, goes, ends, port)

    def put(self, words, came, packets_of, goes, src=None, dst=None,
            error=False):
        """came: the cable it is sent by, or a function that sends it; goes:
        the cable that it must come out of, None: none; src: one of these is
        its source then, dst: destination and port; error: not it must come
        out, but an error that quotes it."""
        tag = len(self.asked) + 1
        self.asked[tag] = (words, goes, src, dst, error)
        for p in packets_of(tag):
            if callable(came):
                came(p)
            else:
                self.wire.send(came, p)
        if tag % 256 == 0:
            self.wire.drain()
        return tag

    def wait(self):
        self.wire.wait({t for t, a in self.asked.items() if a[1]})

    def wrong(self, tag):
        _, goes, src, dst, error = self.asked[tag]
        got = (self.wire.errors if error else self.wire.seen).get(tag, [])
        if goes is None:
            return f"came by {got[0][0]}" if got else ""
        if not got:
            return "lost"
        for role, p in got:
            a, b = ends(p)
            if role != goes:
                return f"came by {role}"
            if src is not None and a not in src:
                return f"came from {a}"
            if dst is not None and b != dst:
                return f"came to {b}"
        return ""

    def report(self):
        bad = [(t, w) for t in self.asked if (w := self.wrong(t))]
        for t, w in bad[:20]:
            must = self.asked[t][1]
            print(f"{self.domain.name}: {self.asked[t][0]}: {w}, must "
                  f"{'pass by ' + must if must else 'not pass'}")
        return len(bad)


def ends(p):
    """The two addresses and the destination port of a packet."""
    if p[0] >> 4 == 4:
        src, dst, at = p[12:16], p[16:20], 20
    else:
        src, dst, at = p[8:24], p[24:40], 40
    return ipaddress.ip_address(src), (ipaddress.ip_address(dst),
                                       *struct.unpack_from("!H", p, at + 2))


def translates(domain):
    """The kernel does, for what comes in by `out'."""
    return domain.breaks_out or domain.role == "server" and \
        domain.nat == "masquerade"


def forward(q, how):
    """Every way through it."""
    domain, gateway = q.domain, q.gateway
    for family, table in tables(domain, gateway, how):
        classes = domain.classes(family)
        own = {ipaddress.ip_interface(a).ip for _, a in gateway.nets()}
        ways = set()
        for came in gateway.dev:
            hides = how != "bolt" and came == "out" and translates(domain)
            for goes in gateway.dev:
                for src, a in classes.items():
                    for dst, b in classes.items():
                        if a == b:
                            continue
                        want = may_pass(table, came, goes, src, dst) and not (
                            how == "closed" and is_closed(
                                domain, came, goes, dst, family))
                        ways |= {came} if want else set()
                        for kind in (KINDS[0],
                                     KINDS[1 + len(q.asked) % 3]):
                            sport = 30000 + 100 * gateway.index[came] + \
                                gateway.index[goes]
                            tag = q.put(
                                f"IPv{family} {kind} {came} > {goes} "
                                f"{src} > {dst}", came,
                                lambda tag: packets(
                                    kind, a, b, gateway.index[goes], sport,
                                    tag), goes if want else None,
                                own if hides else {a})
                            if want and came == "out" and kind != "frag":
                                q.ways.append((tag, family, kind, goes, a, b,
                                               sport))
        # what comes in by a cable stays in order: something must come out
        if "lan" in classes and how != "closed":
            assert ways == set(gateway.dev), ways
    q.wait()


def answers(q):
    """Who was asked may answer, and nobody else, whoever it was sent to."""
    gateway, done = q.gateway, set()
    for tag, family, kind, goes, a, b, sport in q.ways:
        if (family, kind, goes) in done or goes == "out" or \
                tag not in q.wire.seen:
            continue
        done.add((family, kind, goes))
        p = q.wire.seen[tag][0][1]
        outer, at = ends(p)[0], 20 if family == 4 else 40
        port, = struct.unpack_from("!H", p, at + (4 if kind == "icmp" else 0))
        for who, may in ((b, True), (b + 1, not translates(q.domain))):
            from_port = port if kind == "icmp" else 7
            q.put(f"IPv{family} {kind} answer {goes} > out", goes,
                  lambda tag: packets(kind, who, outer,
                                      gateway.index["out"], from_port, tag,
                                      port, True),
                  "out" if may else None, {who}, None if kind == "icmp" else
                  (a, sport))
    q.wait()


def own_socket(gateway, family, mark, port=0, kind=socket.SOCK_DGRAM, proto=0):
    af = socket.AF_INET if family == 4 else socket.AF_INET6
    s, = sockets_in(gateway.gw, (af, kind, proto))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if port:
        s.bind(("", port))
    return s


def output(q, how):
    """What the gateway itself sends: to other locations by a tunnel, to its LAN
    by what leads there; but for the tunnel's own datagrams and DHCP."""
    domain, gateway = q.domain, q.gateway
    endpoint = domain.one("endpoint", ":51820").rpartition(":")[2]
    listen = int(domain.one("listen-port", endpoint))
    client = how != "bolt" and domain.role == "client" and \
        "up" in gateway.dev
    for family in (4, 6):
        dhcp = 67 if family == 4 else 547
        for goes in gateway.dev:
            # one that the kernel draws may be that of the tunnel
            for sport, dport in ((30001, 7), (listen, 7), (30001, dhcp),
                                 (30001, dhcp + 1)):
                s = own_socket(gateway, family, gateway.index[goes], sport)
                for dst, b in domain.classes(family).items():
                    want = not (client and dst == "lan" and
                                goes not in ("lan", "dmz")) and \
                        (dst not in LOCATED.split("|") or goes in ("tun", "out") or
                         sport == listen or dport == dhcp)
                    q.put(f"IPv{family} own {goes} {dst} {sport} {dport}",
                          lambda p: send_own(s, p, b, dport),
                          lambda tag: [TAGS.pack(tag, ~tag & 0xffffffff)],
                          goes if want else None)
                s.close()
    q.wait()


def send_own(s, payload, to, port=0):
    try:
        s.sendto(payload, (str(to), port))
    except PermissionError:     # what the output hook refuses
        pass


def quotes(q):
    """Errors that a client's host makes: none by what leads out."""
    domain, gateway = q.domain, q.gateway
    arm = "up" not in gateway.dev
    for family, kinds, ask in ((4, (3, 11, 12), 8), (6, (1, 2, 3, 4), 128)):
        for goes in gateway.dev:
            s = own_socket(gateway, family, gateway.index[goes],
                           kind=socket.SOCK_RAW, proto=1 if family == 4
                           else 58)
            for dst in ("inet", "lan"):
                b = domain.classes(family).get(dst)
                for kind in (*kinds, ask) if b else ():
                    outward = dst != "lan" and goes in ("lan", "lte") if arm \
                        else goes in ("up", "lte")
                    want = dst == "inet" or goes in ("lan", "dmz") or arm
                    head = struct.pack("!BBHI", kind, 0, 0, 0)
                    want &= not (outward and kind != ask)
                    q.put(f"IPv{family} own ICMP {kind} {goes} {dst}",
                          lambda p: send_own(s, p, b),
                          lambda tag: [with_sum(head + bytes(32) + TAGS.pack(
                              tag, ~tag & 0xffffffff))],
                          goes if want else None, error=kind != ask)
            s.close()
    q.wait()


def with_sum(icmp):
    return icmp[:2] + struct.pack("!H", fold(total(icmp))) + icmp[4:]


def own_addresses(gateway, family):
    return {r: ipaddress.ip_interface(a).ip for r, a in
            reversed(list(gateway.nets()))
            if ipaddress.ip_interface(a).version == family}


def inward(q):
    """To the gateway itself: nothing from where clients' packets come out;
    nothing new to ports that translation uses, from the Internet; and to its
    LAN address nothing by what leads out (CVE-2019-14899)."""
    domain, gateway = q.domain, q.gateway
    first, last = map(int, domain.one("nat-ports", "16384-32767").split("-"))
    for family in (4, 6):
        far = domain.classes(family)["inet"]
        to = own_addresses(gateway, family).get("up")
        lan = own_addresses(gateway, family).get("lan")
        aux = gateway.index["aux"]
        for came in gateway.dev if to else ():
            q.put(f"IPv{family} echo from {came}", came,
                  lambda tag: packets("icmp", far, to, aux, 77, tag),
                  None if came == "out" else "aux", {to})
            shut = came == "out" or (domain.role == "client" and
                                     came in ("up", "lte"))
            if lan and domain.space(domain.name, "lan").has(lan):
                q.put(f"IPv{family} echo to the LAN's side from {came}", came,
                      lambda tag: packets("icmp", far, lan, aux, 79, tag),
                      None if shut else "aux", {lan})
            for port in (first - 1, first, last, last + 1):
                shadow = translates(domain) and came == "up" and \
                    first <= port <= last
                q.put(f"IPv{family} port {port} from {came}", came,
                      lambda tag: packets("udp", far, to, aux, 78, tag, port),
                      None if shadow or came == "out" else "aux", error=True)
    q.wait()


def published(q):
    """[publish]: those ports and no other, from the Internet and from a client,
    whoever may ask."""
    domain = q.domain
    seen = 1000
    for s in domain.published:
        match = ipaddress.ip_address(s["match"][0])
        proto = s["match"][1] if len(s["match"]) > 1 else ""
        ports = s["match"][2] if len(s["match"]) > 2 else "1-65535"
        first, last = (int(x) for x in (ports + "-" + ports).split("-")[:2]) \
            if "-" not in ports else map(int, ports.split("-"))
        host, _, port = s["to"][0].rpartition(":") if "]" in s["to"][0] or \
            "." in s["to"][0] and ":" in s["to"][0] else (s["to"][0], "", "")
        to = ipaddress.ip_address(host.strip("[]"))
        friends = Space(s.get("from", ["0.0.0.0/0", "::/0"]))
        for kind, dport in [(k, d) for k in ("tcp", "udp", "frag")
                            for d in {first, last, first - 1, last + 1,
                                      7777} if 0 < d < 65536]:
            for a in ("192.0.2.77", "9.9.9.9") if match.version == 4 else \
                    ("2620:fe::9",):
                a = ipaddress.ip_address(a)
                seen += 1
                want = is_open(domain, match, kind, dport) and \
                    (friends.has(a) or not same_proto(proto, kind) or
                     not first <= dport <= last)
                mine = same_proto(proto, kind) and first <= dport <= last
                ask_published(q, kind, a, match, dport, seen, want,
                              (to, int(port) if port else dport)
                              if mine and want else None)
    q.wait()


def same_proto(proto, kind):
    return proto in ("", "udp" if kind == "frag" else kind)


def is_open(domain, match, kind, port):
    """By any of them."""
    for s in domain.published:
        words = s["match"] + ["", ""]
        first, _, last = (words[2] or "1-65535").partition("-")
        if ipaddress.ip_address(words[0]) == match and \
                same_proto(words[1], kind) and \
                int(first) <= port <= int(last or first):
            return True
    return False


def ask_published(q, kind, a, match, dport, sport, want, dst):
    out = q.gateway.index["out"]
    q.put(f"{a} {kind} > {match} {dport}", "up",
          lambda tag: packets(kind, a, match, out, sport, tag, dport),
          "out" if want else None, {a}, dst if kind != "frag" else None)
    # a client's host comes back from the published address
    client = q.domain.classes(match.version)["client"]
    mine = all("from" not in s for s in q.domain.published
               if s["match"][0] == str(match))
    if mine:
        q.put(f"client {kind} > {match} {dport}", "out",
              lambda tag: packets(kind, client, match, out, sport, tag,
                                  dport),
              "out" if want else None, {match},
              dst if kind != "frag" else None)


def main():
    prefix, bh_plan, name, location, how = sys.argv[1:]
    domain = Domain(name, location)
    gateway = Gateway(prefix, domain)
    gateway.up()
    gateway.load(bh_plan, name, how)
    gateway.steer()     # bh-plan takes default routes for the host's
    q = Questions(domain, gateway)
    forward(q, how)
    output(q, how)
    if how == "guard":
        answers(q)
        inward(q)
        published(q)
        if domain.role == "client":
            quotes(q)
    bad = q.report()
    print(f"{name} {location} {how}: {len(q.asked)} asked, {bad} wrong")
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
