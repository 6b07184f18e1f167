/* SPDX-License-Identifier: ISC */
#include "check/explain.h"

#include <stddef.h>

/* Clients, servers and endpoints. */

const struct lint_explanation explain_backhaul[] = {
	{ BH_CLIENT_NO_SERVER,
	    "A client names the location that lets its Internet traffic out: "
	    "'server = NAME'.",
	    "backhaul = client",
	    "backhaul = client\nserver = hq" },
	{ BH_SERVER_UNKNOWN,
	    "'server' is the NAME of a [location NAME] of this file that has "
	    "'backhaul = server'.",
	    "server = qh",
	    "server = hq" },
	{ BH_SERVER_INACTIVE,
	    "The server takes no part in the domain for now, so the client's "
	    "Internet traffic would be refused. Name another, or make it "
	    "active.",
	    "[location hq]\nactive = no\n[location a]\nserver = hq",
	    "[location hq]\nactive = yes\n[location a]\nserver = hq" },
	{ BH_SERVER_ROLE,
	    "The location named as server does not act as one, so it would "
	    "refuse everything. In particular a client of a client does not "
	    "exist.",
	    "[location hq]\nbackhaul = none\n[location a]\nserver = hq",
	    "[location hq]\nbackhaul = server\n[location a]\nserver = hq" },
	{ BH_ROLE_BOTH,
	    "The roles exclude each other: a server lets traffic out where it "
	    "is, and has no server of its own.",
	    "backhaul = server\nserver = dr",
	    "backhaul = server" },
	{ BH_ROLE_UNSAID,
	    "The role is never guessed from other keys. A client says "
	    "'backhaul = client' and 'server = NAME'.",
	    "server = hq",
	    "backhaul = client\nserver = hq" },
	{ BH_KEY_ROLE,
	    "The key means nothing in this location's role. Either the role "
	    "is wrong, or the key was copied from elsewhere.",
	    "backhaul = client\nnat = none",
	    "backhaul = client" },
	{ BH_PUBLIC_LAN,
	    "With 'nat = none' a client's packets reach the Internet with "
	    "their own, public source addresses. Replies follow the "
	    "Internet's routes to those addresses, so they arrive at the "
	    "branch in clear and not at the server; connections hang, and the "
	    "filter sees one half. Let the server translate (nat = "
	    "masquerade), or, if a device behind the server does, say "
	    "'nat-upstream = yes'. Where the addresses are routed to the head "
	    "office, such as a company's own IPv6 /48, replies do come back "
	    "through it: say 'nat-upstream = routed'.",
	    "[location hq]\nnat = none\n[location lab]\nlan = 203.0.113.0/25",
	    "[location hq]\nnat = none\nnat-upstream = yes\n[location lab]\n"
	    "lan = 203.0.113.0/25" },
	{ BH_NO_TRANSLATION,
	    "With 'nat = none' a client's private source addresses leave the "
	    "server as they are. Something behind it must translate them, or "
	    "no reply comes back. Say 'nat-upstream = yes' if it does.",
	    "[location hq]\nnat = none",
	    "[location hq]\nnat = masquerade" },
	{ BH_GATEWAY_ELSEWHERE,
	    "'default-gateway' is the next hop of backhauled traffic and must "
	    "be a neighbour of the server. An address of another location "
	    "would send the traffic back into a tunnel.",
	    "[location hq]\ndefault-gateway = 10.1.0.254\n[location a]\n"
	    "lan = 10.1.0.0/20",
	    "[location hq]\ndefault-gateway = 10.0.0.254\n[location a]\n"
	    "lan = 10.1.0.0/20" },
	{ BH_SERVER_IDLE,
	    "No active client names this server. Right if it waits for one.",
	    "[location dr]\nbackhaul = server",
	    "[location dr]\nbackhaul = server\n[location a]\nserver = hq, dr" },
	{ BH_GATEWAY_HALF,
	    "With 'default-gateway' what clients send goes to that next hop "
	    "and no other, since any other way would go past the filter. A "
	    "family without one is refused. Write both, for example 'default- "
	    "gateway = 192.0.2.1, 2001:db8::1', or leave it so if that family "
	    "is to be closed.",
	    "default-gateway = 192.0.2.1",
	    "default-gateway = 192.0.2.1, 2001:db8::1" },
	{ BH_SERVER_TWICE,
	    "Naming a server once is enough. Was another location meant by "
	    "one of the two?",
	    "server = hq, hq",
	    "server = hq, dr" },
	{ BH_SERVERS_TOGETHER,
	    "A second server is there for the day when the first is not. Two "
	    "that share an address, a line or a next hop are lost on the same "
	    "day. Only what the file tells is seen here: look also at "
	    "providers, power and the building.",
	    "[location hq]\nendpoint = 192.0.2.1:51820\n[location dr]\n"
	    "endpoint = 192.0.2.1:51821",
	    "[location hq]\nendpoint = 192.0.2.1:51820\n[location dr]\n"
	    "endpoint = 198.51.100.1:51820" },
	{ BH_SERVERS_NAT,
	    "After a failover, or host by host when balanced, this site's "
	    "traffic would be translated at one server and not at the other, "
	    "so filters and logs behind them see different addresses, and "
	    "answers may not come back. Give both servers the same 'nat' and "
	    "'nat-upstream'.",
	    "[location hq]\nnat = masquerade\n[location dr]\nnat = none",
	    "[location hq]\nnat = masquerade\n[location dr]\n"
	    "nat = masquerade" },
	{ BH_SERVERS_ROOM,
	    "A client keeps a tunnel open to each of its servers and chooses "
	    "among 16 at most. Most need two.",
	    "server = s1, s2, ... s17",
	    "server = s1, s2" },
	{ BH_SERVER_ALONE,
	    "'server-mode' and 'failback' say how to choose among several "
	    "servers, and 'server' names one. Probably the second was "
	    "forgotten: 'server = hq, dr'.",
	    "server = hq\nfailback = now",
	    "server = hq, dr\nfailback = now" },
	{ BH_PROBE_CLASS,
	    "'probe' is asked through each server's tunnel and out to the "
	    "Internet, so that a server without Internet counts as down. The "
	    "guard at the server refuses addresses of the company, private "
	    "and special ones, so it would say nothing of any server. Use "
	    "one that answers ping and belongs to the provider, or a public "
	    "resolver.",
	    "probe = 10.0.0.1",
	    "probe = 192.0.2.1" },
	{ BH_PROBE_SOURCE,
	    "The gateway asks the probe from its own address on the LAN, "
	    "since the server lets out nothing else. 'address' must have one "
	    "of the probe's family, inside 'lan' (or 'internal', unless "
	    "'backhaul-sources = participating'): 'address = 10.1.0.1'.",
	    "probe = 192.0.2.1",
	    "probe = 192.0.2.1\naddress = 10.1.0.1" },
	{ BH_SERVERS_PLAIN,
	    "WireGuard by itself sends a packet to the one peer that owns its "
	    "destination, and 0.0.0.0/0 has one owner. So a phone or a router "
	    "in a cloud has no second server; its file (bh-check -e) has the "
	    "first one.",
	    "[location phone]     ; without interfaces\nserver = hq, dr",
	    "[location phone]\nserver = hq" },
	{ BH_SERVER_OFF,
	    "The others take its place, in the order of the list. If it is "
	    "out of service for a while that is as it should be.",
	    "[location dr]\nactive = no\n[location a]\nserver = hq, dr",
	    "[location a]\nserver = hq" },
	{ BH_SERVER_PUBLISH,
	    "Who asks from the Internet comes in by the server that "
	    "publishes, and the answer of the host goes out by the server "
	    "that its site uses. With another one it leaves with another "
	    "address, and the connection never comes about. Publish at the "
	    "site's first server, and use 'server-mode = failover'; while "
	    "that is down, what it publishes is down too.",
	    "[location a]\nserver = hq, dr\n[publish web]\nserver = dr\n"
	    "to = 10.1.0.20",
	    "[location a]\nserver = hq, dr\n[publish web]\nserver = hq\n"
	    "to = 10.1.0.20" },
	{ BH_NO_WAY,
	    "Of two locations that talk, one must know where to send the "
	    "first datagram. A location behind a translating router can do "
	    "without an endpoint if the other has one: it dials out and keeps "
	    "the way open ('keepalive').",
	    "[location hq]\n[location branch1]\nserver = hq",
	    "[location hq]\nendpoint = hq.example.net:51820\n"
	    "[location branch1]\nserver = hq" },
	{ BH_ENDPOINT_INSIDE,
	    "An endpoint is an address of the outer network. If it took part "
	    "at a site, the way to it would lead through the tunnel that ends "
	    "there. Take it out: 'lan = 192.0.2.0/24, !192.0.2.1'.",
	    "endpoint = 192.0.2.1:51820\nlan = 192.0.2.0/24",
	    "endpoint = 192.0.2.1:51820\nlan = 192.0.2.0/24, !192.0.2.1" },
	{ BH_ENDPOINT_SHARED,
	    "Datagrams to one address and port arrive at one gateway. Two "
	    "behind one public address need two ports, each forwarded to its "
	    "own.",
	    "[location a]\nendpoint = 192.0.2.1:51820\n[location b]\n"
	    "endpoint = 192.0.2.1:51820",
	    "[location a]\nendpoint = 192.0.2.1:51820\n[location b]\n"
	    "endpoint = 192.0.2.1:51821" },
	{ BH_ENDPOINT_PORT,
	    "Others send to the endpoint's port, and the gateway listens on "
	    "another. Right if a router in between forwards the one to the "
	    "other.",
	    "endpoint = 192.0.2.1:443\nlisten-port = 51820",
	    "endpoint = 192.0.2.1:443" },
	{ BH_ENDPOINT_INTERNAL,
	    "The tunnel's own datagrams reach it: they never enter a tunnel. "
	    "Hosts of other locations do not, since it is internal. Right for "
	    "a public block of the company's that holds the gateway.",
	    "endpoint = 192.0.2.1:51820\ninternal = 192.0.2.0/24",
	    "endpoint = 192.0.2.1:51820\ninternal = 192.0.2.0/24, !192.0.2.1" },
	{ BH_ENDPOINT_SPECIAL,
	    "An endpoint is where other sites send this one's datagrams, "
	    "across the Internet or whatever is between them. 127.0.0.1, "
	    "0.0.0.0, 169.254.0.0/16 and IPv6 link-local addresses end at the "
	    "sender or at the next wire.",
	    "endpoint = 127.0.0.1:51820",
	    "endpoint = 192.0.2.1:51820" },
	{ BH_ENDPOINT_PRIVATE,
	    "The address is of RFC 1918, RFC 6598 or RFC 4193. Over the "
	    "Internet nobody reaches it; behind a router that forwards a "
	    "port, the endpoint is the router's public address. Where all "
	    "gateways share a private outer network it is right.",
	    "endpoint = 192.168.1.2:51820",
	    "endpoint = 192.0.2.1:51820" },
	{ BH_ENDPOINT_NAME,
	    "The top-level domains localhost, local, invalid, test, example "
	    "and onion are kept out of the DNS (RFC 6761, 6762, 7686), so the "
	    "gateways will not find the address. Give a name that is in the "
	    "DNS, or the address. Whether one is, 'bh-check -n' asks.",
	    "endpoint = gw.local:51820",
	    "endpoint = gw.example.net:51820" },
	{ BH_NAME_UNANSWERED,
	    "With -n the DNS was asked, as this host asks it: there is no such "
	    "name, or no server answered. The gateways that ask the same "
	    "servers will not get through, until there is an answer.",
	    NULL,
	    "bh-resolve -1 gw.example.net    # until it has an address" },
	{ .text = NULL },
};
