/* SPDX-License-Identifier: ISC */
#include "check/explain.h"

#include <stddef.h>

/* The domain, its keys, addresses and partners. */

const struct lint_explanation explain_domain[] = {
	{ BH_FEW_LOCATIONS,
	    "Backhaul needs at least two active locations, a server and a "
	    "client. 'active = no' takes a location out without deleting it.",
	    "[location hq]          ; and no other",
	    "[location hq]\n[location branch1]" },
	{ BH_NO_SERVER,
	    "A client sends all Internet traffic of its LAN to a server. "
	    "Without a server all of it is refused; nothing is let out in "
	    "clear instead.",
	    "[location hq]\nbackhaul = none",
	    "[location hq]\nbackhaul = server" },
	{ BH_NO_CLIENT,
	    "A server without any client has nothing to let out. If it is "
	    "only a partner of others, write 'backhaul = none'.",
	    "[location branch1]\nbackhaul = none",
	    "[location branch1]\nbackhaul = client\nserver = hq" },
	{ BH_NO_BACKHAUL,
	    "The domain has partners only. That works: their traffic with "
	    "each other goes through tunnels. Internet traffic of each "
	    "location is not touched.",
	    "[location branch1]\npartners = hq",
	    "[location branch1]\npartners = hq\nbackhaul = client\n"
	    "server = hq" },
	{ BH_KEY_MISSING,
	    "Without the public key nobody can have a tunnel with this "
	    "location. Make the pair on the gateway (bh-key genkey), keep the "
	    "private half there in KEYDIR/LOCATION.key, and write the public "
	    "half here.",
	    "[location branch1]\nlan = 10.1.0.0/20",
	    "[location branch1]\n"
	    "public-key = mA1MAXhA+yxer1yhoYjc9fcBTJ/UNHaVDm3v8IE3qEY=\n"
	    "lan = 10.1.0.0/20" },
	{ BH_KEY_ZERO,
	    "The all-zero key is what templates have. Put the location's own "
	    "key in.",
	    "public-key = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "public-key = mA1MAXhA+yxer1yhoYjc9fcBTJ/UNHaVDm3v8IE3qEY=" },
	{ BH_KEY_LOW_ORDER,
	    "On Curve25519 a few points give the same shared secret with "
	    "every private key (RFC 7748 section 6.1), so anybody could read "
	    "and write. No honest program makes such a key.",
	    "public-key = AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "public-key = mA1MAXhA+yxer1yhoYjc9fcBTJ/UNHaVDm3v8IE3qEY=" },
	{ BH_KEY_ENCODING,
	    "The key is one of the second ways to write a point: the highest "
	    "bit is set, or it is not less than 2^255 - 19. No private key "
	    "has it for its public key, so handshakes would always fail.",
	    "public-key = CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
	    "public-key = CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ BH_KEY_SHARED,
	    "A key is a location's identity. With one key for two, packets of "
	    "one would be taken for the other's, or both tunnels would fail "
	    "in turn.",
	    "two locations with one 'public-key'",
	    "bh-key genkey -o KEYDIR/branch2.key    # on branch2" },
	{ BH_NAME_CASE,
	    "Names are compared byte by byte, so [location HQ] and [location "
	    "hq] are two. On the telephone they are one, and so are their key "
	    "files where they are copied to a medium that ignores case. For "
	    "example call one hq-old.",
	    "[location hq]\n[location HQ]",
	    "[location hq]\n[location hq-old]" },
	{ BH_LAN_MISSING,
	    "'lan' is what takes part. A client without it has no traffic to "
	    "send, and a partner has nothing that others could reach; every "
	    "packet would be refused for its source.",
	    "[location branch1]\nbackhaul = client",
	    "[location branch1]\nlan = 10.1.0.0/20\nbackhaul = client" },
	{ BH_LAN_OUTSIDE,
	    "'internal' is every address of the corporate network at the "
	    "site, whether it takes part or not, so it holds all of 'lan'. If "
	    "it does not, it was probably forgotten when the LAN grew.",
	    "lan = 10.1.0.0/20\ninternal = 10.2.0.0/16",
	    "lan = 10.1.0.0/20\ninternal = 10.1.0.0/16" },
	{ BH_NO_INTERNAL_SERVER,
	    "The guard tells the server's own subnets from the Internet by "
	    "'internal'. Without it a packet from a client to a subnet of the "
	    "server's site that does not take part (a management network, "
	    "say) looks like Internet traffic and is let through to it, past "
	    "every rule that keeps the branch out. List every corporate "
	    "address of the site, taking part or not.",
	    "backhaul = server\nlan = 10.0.0.0/20",
	    "backhaul = server\nlan = 10.0.0.0/20\ninternal = 10.0.0.0/16" },
	{ BH_NO_INTERNAL,
	    "Without 'internal', subnets at this location that do not take "
	    "part are taken for Internet: the location's own hosts that send "
	    "to them are sent to the server, and other locations' guards do "
	    "not know them. List every corporate address of the site.",
	    "lan = 10.2.0.0/20",
	    "lan = 10.2.0.0/20\ninternal = 10.2.0.0/16" },
	{ BH_LAN_LAN,
	    "A packet goes to the location whose 'lan' holds its destination. "
	    "If two claim it, one of them gets the other's traffic. Renumber, "
	    "or exclude the part that is not there with '!'.",
	    "[location a]\nlan = 10.1.0.0/20\n[location b]\nlan = 10.1.8.0/24",
	    "[location a]\nlan = 10.1.0.0/20, !10.1.8.0/24\n[location b]\n"
	    "lan = 10.1.8.0/24" },
	{ BH_LAN_INTERNAL,
	    "The longest prefix decides where an address belongs. A part of "
	    "this lan, or all of it, is claimed by another location's "
	    "'internal' with a prefix as long or longer, so its hosts would "
	    "be refused as that location's. Exclude it on one side with '!'.",
	    "[location a]\nlan = 10.1.0.0/20\n[location b]\n"
	    "internal = 10.1.8.0/24",
	    "[location a]\nlan = 10.1.0.0/20, !10.1.8.0/24\n[location b]\n"
	    "internal = 10.1.8.0/24" },
	{ BH_INTERNAL_INTERNAL,
	    "The longest prefix decides where an address belongs, so this "
	    "works: what is left of the wider network belongs to its location "
	    "and is refused elsewhere. Often the wider one is as wide as the "
	    "whole company (10.0.0.0/8); make sure that this is what you "
	    "mean.",
	    "[location hq]\ninternal = 10.0.0.0/8\n[location a]\n"
	    "internal = 10.1.0.0/16",
	    "[location hq]\ninternal = 10.0.0.0/16\n[location a]\n"
	    "internal = 10.1.0.0/16" },
	{ BH_SPECIAL,
	    "Loopback, link-local, multicast and 'this network' addresses are "
	    "never forwarded. A prefix that holds them is wider than any "
	    "site; 0.0.0.0/0 in 'internal' would leave no Internet at all.",
	    "internal = 0.0.0.0/0",
	    "internal = 10.1.0.0/16" },
	{ BH_V4_ONLY,
	    "IPv6 is treated as IPv4 is, or refused; it is never ignored. "
	    "Hosts of this LAN that have IPv6 will see it refused, and use "
	    "IPv4. Give the LAN's IPv6 prefix to backhaul it as well.",
	    "lan = 10.1.0.0/20",
	    "lan = 10.1.0.0/20, 2001:db8:1::/52" },
	{ BH_ADDRESS_OUTSIDE,
	    "'address' lists the gateway's own addresses as its LAN sees it, "
	    "for packets to the gateway itself. One outside the site's "
	    "networks is most often a typing mistake.",
	    "lan = 10.1.0.0/20\naddress = 10.11.0.1",
	    "lan = 10.1.0.0/20\naddress = 10.1.0.1" },
	{ BH_PUBLIC_WIDE,
	    "What stands in 'lan' or 'internal' never counts as Internet: "
	    "packets to it stay at the site, or are refused. With 'internal = "
	    "8.0.0.0/6' by mistake for 10.0.0.0/8, a part of the Internet "
	    "would be left out of the tunnel, which is what the attack "
	    "TunnelCrack does by DHCP. IPv4 wider than /16 and IPv6 wider "
	    "than /29 is more than one company is commonly given. If it is "
	    "yours all the same, list it in prefixes of that size.",
	    "internal = 8.0.0.0/6",
	    "internal = 10.0.0.0/8" },
	{ BH_RESERVED,
	    "[domain] says 'reserved = corente': the domain goes on where "
	    "Oracle's Corente gateways were, which keep 10.10.0.1, 10.0.0.1, "
	    "10.255.255.253, 10.255.255.254, 223.255.255.255 and 1.1.1.0/30 "
	    "for themselves, and the last from hosts, too. Give the gateway "
	    "another address, exclude 1.1.1.0/30 with '!', or take the line "
	    "out once no such gateway is left.",
	    "reserved = corente\naddress = 10.0.0.1",
	    "reserved = corente\naddress = 10.0.0.2" },
	{ BH_EXCLUDES_NOTHING,
	    "'lan = 10.1.0.0/20, !10.9.9.0/24' takes 10.9.9.0/24 out of a set "
	    "that never held it. Most often a digit is wrong, or the "
	    "exclusion was meant for 'internal'; then a network that should "
	    "be out is in.",
	    "lan = 10.1.0.0/20, !10.9.9.0/24",
	    "lan = 10.1.0.0/20, !10.1.9.0/24" },
	{ BH_RESOLVER_REFUSED,
	    "'resolver' says whom the hosts of a site ask for names. This one "
	    "is of another location that is no partner, or does not take part "
	    "there, or is private and claimed by nobody: queries to it are "
	    "refused, so everything that needs a name stops. Make the sites "
	    "partners, put the resolver into 'lan' where it is, or name one "
	    "in the Internet.",
	    "lan = 10.1.0.0/20\nresolver = 192.168.1.53",
	    "lan = 10.1.0.0/20\nresolver = 10.1.0.53" },
	{ BH_RESOLVER_ELSEWHERE,
	    "The hosts ask their gateway, and the gateway asks by its own "
	    "default route: in clear, past the server and its filters, with "
	    "the names of everything the site looks at. That is how names "
	    "leak from most tunnels. Let the gateway's resolver forward to "
	    "one that a LAN host runs, or hand the hosts a resolver that is "
	    "reached through the server.",
	    "address = 10.1.0.1\nresolver = 10.1.0.1",
	    "address = 10.1.0.1\nresolver = 10.1.0.53" },
	{ BH_ADDRESS_SPECIAL,
	    "127.0.0.1, 0.0.0.0/8, 169.254.0.0/16, multicast and their IPv6 "
	    "twins are no address under which one host reaches another "
	    "through a network. A default-gateway may be an IPv6 link-local "
	    "address.",
	    "address = 127.0.0.1",
	    "address = 10.1.0.1" },
	{ BH_PUBLIC_OWN,
	    "Hosts of a client may have public addresses, and then this is as "
	    "it should be. If they have not, a prefix of the Internet was "
	    "written down as the site's own: what is sent there is not "
	    "backhauled but stays here or is refused (TunnelCrack's LocalNet "
	    "attack, made by hand). IPv6 networks are public everywhere, so "
	    "nothing is said of them.",
	    "backhaul = client\nlan = 8.8.8.0/24",
	    "backhaul = client\nlan = 10.8.8.0/24" },
	{ BH_INDIRECT,
	    "Two locations that have no tunnel with each other see no "
	    "conflict, but a third one that has a tunnel with both does: it "
	    "has one route for the addresses and two places to send them to. "
	    "Renumber one site, or exclude at one of them what is not there.",
	    "[location a]\nlan = 10.5.0.0/24\npartners = hq\n[location b]\n"
	    "lan = 10.5.0.0/24\npartners = hq\n[location hq]\npartners = a, b",
	    "[location b]\nlan = 10.6.0.0/24\npartners = hq" },
	{ BH_RESOLVER_CLEAR,
	    "The site asks a resolver of the Internet, and the breakout "
	    "matches the questions, so the names of all that the site looks "
	    "at leave by its own uplink, in clear, past the server and its "
	    "filters. Let the breakout be about what was meant, or give the "
	    "site a resolver that is reached through the server.",
	    "[location a]\nresolver = 192.0.2.53\n[breakout all-udp]\n"
	    "location = a\nfilter = udp",
	    "[breakout all-udp]\nlocation = a\nfilter = udp and not port 53" },
	{ BH_V6_NOWHERE,
	    "IPv6 is treated as IPv4 is: the clients send it to their server, "
	    "and if there is none at the server's site it ends there, which "
	    "hosts notice as slow connections that fall back to IPv4. Nothing "
	    "in the file says that the site has IPv6. Right if its uplink has.",
	    "[location hq]\nlan = 10.0.0.0/20\n"
	    "[location a]\nlan = 10.1.0.0/20, 2001:db8:1::/52\n"
	    "server = hq",
	    "[location hq]\nlan = 10.0.0.0/20, 2001:db8:0::/52\n"
	    "[location a]\nlan = 10.1.0.0/20, 2001:db8:1::/52\n"
	    "server = hq" },
	{ BH_PARTNER_UNKNOWN,
	    "A partner is the NAME of another [location NAME] of this file.",
	    "partners = brnach1",
	    "partners = branch1" },
	{ BH_PARTNER_INACTIVE,
	    "The partner takes no part in the domain for now. Nothing is sent "
	    "to it and nothing taken from it.",
	    "[location a]\nactive = no\n[location b]\npartners = a",
	    "[location a]\nactive = yes\n[location b]\npartners = a" },
	{ BH_PARTNER_SELF,
	    "Traffic inside a location needs no tunnel. Was another location "
	    "meant?",
	    "[location a]\npartners = a",
	    "[location a]\npartners = b" },
	{ BH_PARTNER_ONE_SIDED,
	    "Partnership is mutual: each of the two names the other. If only "
	    "one does, both gateways drop everything between them, and no "
	    "program can tell which of the two was meant.",
	    "[location a]\npartners = b\n[location b]",
	    "[location a]\npartners = b\n[location b]\npartners = a" },
	{ BH_PARTNER_TWICE,
	    "Naming a partner once is enough. Was another location meant by "
	    "one of the two?",
	    "partners = a, b, a",
	    "partners = a, b" },
	{ .text = NULL },
};
