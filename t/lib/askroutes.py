#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""askroutes.py PREFIX BH-PLAN FILE LOCATION: asks the planned rules and routes.

On the gateway of askguard.py, in the same classes of addresses: for each
interface and each pair of classes ip(8) says where the packet would go, and
that must be what backhaul(8) says, by the order of its rules.  Then the TUN
devices are taken away: nothing that went by them goes anywhere else.
"""
import subprocess
import sys

from askguard import LOCATED, OWN, Domain, Gateway, run

FAR, OURS = LOCATED.split("|"), OWN.split("|")


class Routes:
    def __init__(self, domain, gateway, family):
        self.domain, self.gateway, self.family = domain, gateway, family
        self.role = {d: r for r, d in gateway.dev.items()}
        self.classes = domain.classes(family)

    def partners(self, a):
        """The location of the address and ours name each other."""
        name = self.domain.place(a)[2]
        return name in self.domain.own.get("partners", []) and \
            self.domain.name in self.domain.all[name].get("partners", [])

    def main(self, dst):
        return "lan" if dst == "lan" else "lte"

    def returns(self, dst):
        """Table 7802: whom answers from outside are for."""
        if self.domain.role == "server":
            return dst in ("client", "pool") or (dst == "csite" and self.whole)
        return dst in OURS

    @property
    def whole(self):
        name = self.domain.place(self.classes["csite"])[2]
        return self.domain.all[name].get("backhaul-sources") != \
            ["participating"]

    def want(self, came, src, dst):
        domain = self.domain
        server = domain.role == "server"
        if came == "own":
            if dst in FAR and self.partners(self.classes[dst]) and \
                    domain.place(self.classes[dst])[3] == "lan":
                return "tun"
            return "out" if server and self.returns(dst) else self.main(dst)
        if came == "lan" and (not server or src in OURS):
            if domain.role == "client" and dst != "lan" or dst in FAR:
                return "tun"
            if not server:
                return self.main(dst)
        if came == "tun":
            return self.main(dst)
        if came == "out":
            if server and domain.nat == "pool" and self.returns(dst):
                return "out"
            if server and domain.published and dst in ("client", "csite"):
                return "out"
            if server and domain.hops:
                return "lan" if any(h.version == self.family
                                    for h in domain.hops) else None
            return self.main(dst)
        if (server or came == "up" and domain.breaks_out) and \
                self.returns(dst):
            return "out"
        return self.main(dst)

    def ask(self, came, src, dst):
        dev = [] if came == "own" else ["from", str(self.classes[src]), "iif",
                                        self.gateway.dev[came]]
        p = subprocess.run(["ip", "-n", self.gateway.gw, f"-{self.family}",
                            "-o", "route", "get", str(self.classes[dst]),
                            *dev], capture_output=True, text=True)
        words = p.stdout.split()
        if p.returncode != 0 or "dev" not in words or "unreachable" in words:
            return None
        return self.role.get(words[words.index("dev") + 1], "other")

    def questions(self):
        for came in ("own", *self.gateway.dev):
            for src in ("lan", "inet") if came != "own" else ("",):
                for dst in self.classes:
                    if dst != src and "lan" in self.classes:
                        yield came, src, dst


def main():
    prefix, bh_plan, name, location = sys.argv[1:]
    domain = Domain(name, location)
    gateway = Gateway(prefix, domain)
    gateway.up()
    gateway.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    for v in (4, 6):
        text = run("ip", "netns", "exec", gateway.gw, bh_plan, "-f", name,
                   "-l", location, "-D", "/run/backhaul/test", f"ip{v}")
        run("ip", "-n", gateway.gw, f"-{v}", "-batch", "-", text=text)
    bad = asked = 0
    wants = {}
    for family in (4, 6):
        routes = Routes(domain, gateway, family)
        for q in routes.questions():
            asked += 1
            wants[family, q] = want = routes.want(*q)
            got = routes.ask(*q)
            if got != want:
                bad += 1
                print(f"{location}: IPv{family} {' '.join(q)}: {got}, must "
                      f"be {want}")
    for role in ("tun", "out"):
        if role in gateway.dev:
            run("ip", "-n", gateway.gw, "link", "del", gateway.dev[role])
    for (family, q), want in wants.items():
        if want in ("tun", "out") and q[0] not in ("tun", "out"):
            asked += 1
            got = Routes(domain, gateway, family).ask(*q)
            if got is not None:
                bad += 1
                print(f"{location}: IPv{family} {' '.join(q)}: {got} "
                      f"without the device")
    print(f"{name} {location}: {asked} routes asked, {bad} wrong")
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
