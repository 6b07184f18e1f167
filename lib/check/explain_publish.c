/* SPDX-License-Identifier: ISC */
#include "check/explain.h"

#include <stddef.h>

/* publish, nat-address and nat6. */

const struct lint_explanation explain_publish[] = {
	{ BH_BAD_MATCH,
	    "What the Internet may begin: an address of the server's side, "
	    "then tcp or udp, then a port or a range. '198.51.100.9 tcp 443' "
	    "is one port, '198.51.100.9 udp 8000-8009' are ten, "
	    "'198.51.100.9' is the whole address, which then is that of the "
	    "host for what it sends itself, too.",
	    "match = 198.51.100.9:443",
	    "match = 198.51.100.9 tcp 443" },
	{ BH_BAD_TO,
	    "A host behind a client, by its own address: '10.1.0.20', or with "
	    "the port that it listens on, '10.1.0.20:8443' or "
	    "'[2001:db8::20]:8443'. Names are not looked up: what is opened "
	    "must not change with a name.",
	    "to = web.example.net:8443",
	    "to = 10.1.0.20:8443" },
	{ BH_PUBLISH_LACKS,
	    "A [publish] needs 'server', 'match' and 'to'; only 'from', whom "
	    "it is open to, may be left out, and then it is open to "
	    "everybody. One that holds nobody of the family of 'match' is a "
	    "mistake: take the section out to close it.",
	    "[publish web]\nmatch = 198.51.100.9 tcp 443",
	    "[publish web]\nserver = hq\nmatch = 198.51.100.9 tcp 443\n"
	    "to = 10.1.0.20:8443" },
	{ BH_PUBLISH_SERVER,
	    "What is published comes in where clients' traffic goes out, at a "
	    "server, since answers have to return the same way and from the "
	    "same address.",
	    "server = branch1",
	    "server = hq" },
	{ BH_PUBLISH_TO,
	    "The server hands published traffic to the tunnel of the client "
	    "that has the host. A host of the server's own, of a partner or "
	    "of another server's client is not reached so, nor one that its "
	    "client does not backhaul (backhaul-sources).",
	    "to = 10.99.0.20:8443",
	    "to = 10.1.0.20:8443" },
	{ BH_PUBLISH_UNLIKE,
	    "'match' and 'to' are of one family, and only a single port can "
	    "become another port: a range, and a whole address, keep theirs.",
	    "match = 198.51.100.9 tcp 8000-8010\nto = 10.1.0.20:80",
	    "match = 198.51.100.9 tcp 8000-8010\nto = 10.1.0.20" },
	{ BH_PUBLISH_MEET,
	    "One packet would go to two hosts, and which of them gets it "
	    "would depend on the order of the file. Ports of an address go "
	    "before its whole: '198.51.100.9 tcp 443' to one host and "
	    "'198.51.100.9' to another is no conflict.",
	    "[publish a]\nmatch = 198.51.100.9 tcp 443\n[publish b]\n"
	    "match = 198.51.100.9 tcp 400-500",
	    "[publish a]\nmatch = 198.51.100.9 tcp 443\n[publish b]\n"
	    "match = 198.51.100.9 tcp 444-500" },
	{ BH_PUBLISH_PORT,
	    "The address and port are in use already: by the tunnel, whose "
	    "datagrams would be handed on to a host of a branch, or by the "
	    "range that clients' connections are translated to, from which a "
	    "client could be given the published port and receive what is "
	    "meant for the published host.",
	    "endpoint = 198.51.100.9:51820\nmatch = 198.51.100.9 udp 51820",
	    "endpoint = 198.51.100.9:51820\nmatch = 198.51.100.9 udp 51821" },
	{ BH_PUBLISH_SPECIAL,
	    "Loopback, multicast and the like are no address that somebody "
	    "elsewhere can send to.",
	    "match = 127.0.0.1 tcp 443",
	    "match = 198.51.100.9 tcp 443" },
	{ BH_PUBLISH_INSIDE,
	    "Hosts of other locations ask for it as the Internet does, by "
	    "their server; but what is internal at another location their "
	    "gateways refuse. Exclude the published address from 'internal' "
	    "of where it is, if they are to reach it.",
	    "internal = 198.51.100.0/24\nmatch = 198.51.100.9 tcp 443",
	    "internal = 198.51.100.0/24, !198.51.100.9\n"
	    "match = 198.51.100.9 tcp 443" },
	{ BH_NAT_ADDRESS_NO_NAT,
	    "'nat-address' is what a client's traffic leaves its server with. "
	    "A server with 'nat = none' lets it leave with its own.",
	    "[location hq]\nnat = none\n[location a]\n"
	    "nat-address = 198.51.100.9",
	    "[location hq]\nnat = masquerade\n[location a]\n"
	    "nat-address = 198.51.100.9" },
	{ BH_NAT_ADDRESS_SHARED,
	    "The key is there to tell locations apart by their public "
	    "address, and these two cannot be told apart. Right if that is "
	    "meant: they share its ports.",
	    "[location a]\nnat-address = 198.51.100.9\n[location b]\n"
	    "nat-address = 198.51.100.9",
	    "[location a]\nnat-address = 198.51.100.9\n[location b]\n"
	    "nat-address = 198.51.100.10" },
	{ BH_NAT_ADDRESS_PUBLISHED,
	    "An address that is published without a port is one host's, in "
	    "and out; the ports of what the rest of a location sends would be "
	    "that host's as well. Publish single ports of it, or give the "
	    "location another address.",
	    "nat-address = 198.51.100.9\n[publish all]\nmatch = 198.51.100.9",
	    "nat-address = 198.51.100.10\n[publish all]\n"
	    "match = 198.51.100.9" },
	{ BH_NAT_ADDRESS_SPECIAL,
	    "Nobody answers to loopback, multicast and the like, and an "
	    "address inside a site of this domain is refused by the guard of "
	    "every other. Give a public address that is routed to the server, "
	    "or that is on its uplink's network.",
	    "nat-address = 127.0.0.1",
	    "nat-address = 198.51.100.9" },
	{ BH_PUBLISH_HOST,
	    "With 'nat = pool' each port of an inside host has one outside "
	    "(RFC 4787 REQ-1), and it answers with that; what came by another "
	    "would be answered from the wrong address. Let the host listen on "
	    "another port for one of them, or translate with 'nat = "
	    "masquerade', which goes by connections.",
	    "[location hq]\nnat = pool\n[publish a]\n"
	    "match = 198.51.100.9 tcp 443\nto = 10.1.0.5:8443\n[publish b]\n"
	    "match = 198.51.100.9 tcp 8443\nto = 10.1.0.5:8443",
	    "[publish b]\nmatch = 198.51.100.9 tcp 8443\nto = 10.1.0.5:9443" },
	{ BH_BAD_NAT6,
	    "'nat6 = none' lets IPv6 leave as it is, 'nat6 = npt PREFIX' puts "
	    "that prefix in the place of the clients' own (RFC 6296), 'nat6 = "
	    "pool' has bh-egress translate it to the IPv6 addresses of "
	    "nat-pool, whatever 'nat' says of IPv4; without the key IPv6 is "
	    "translated as IPv4 is. The prefix has at most 64 bits, since "
	    "what is behind them makes up for the change.",
	    "nat6 = npt",
	    "nat6 = npt 2001:db8:f::/48" },
	{ BH_NPT_SPREAD,
	    "One prefix stands for one network of the same length, and each "
	    "host's address for one other. What all clients of this server "
	    "have of IPv6 has to lie in one network of that length: two "
	    "clients with a /48 each need a prefix of /47 or wider, and "
	    "neighbouring numbers.",
	    "[location hq]\nnat6 = npt 2001:db8:f::/48\n[location a]\n"
	    "lan = 2001:db8:1::/48\n[location b]\nlan = 2001:db8:2::/48",
	    "[location hq]\nnat6 = npt 2001:db8:f::/48\n[location a]\n"
	    "lan = 2001:db8:1:1000::/52\n[location b]\n"
	    "lan = 2001:db8:1:2000::/52" },
	{ BH_NPT_OVERLAP,
	    "The prefix is what the clients' hosts are known by outside, so "
	    "it is nobody's own network. It has to be routed to the server.",
	    "[location hq]\ninternal = 2001:db8::/48\nnat6 = npt 2001:db8::/48",
	    "[location hq]\ninternal = 2001:db8::/48\n"
	    "nat6 = npt 2001:db8:f::/48" },
	{ BH_NPT_NAT_ADDRESS,
	    "By 'nat6 = npt' every host has an outside address of its own, "
	    "which tells locations apart already. An IPv6 address that is one "
	    "client's would take that from its hosts.",
	    "[location hq]\nnat6 = npt 2001:db8:f::/48\n[location a]\n"
	    "server = hq\nnat-address = 198.51.100.9, 2001:db8:e::9",
	    "[location a]\nserver = hq\nnat-address = 198.51.100.9" },
	{ BH_NPT_NOBODY,
	    "The key does nothing until a client of this server has IPv6 in "
	    "its lan.",
	    "[location hq]\nnat6 = npt 2001:db8:f::/48\n[location a]\n"
	    "lan = 10.1.0.0/20",
	    "[location hq]\nnat6 = npt 2001:db8:f::/48\n[location a]\n"
	    "lan = 10.1.0.0/20, 2001:db8:1::/52" },
	{ BH_OUTSIDE_PRIVATE,
	    "What hosts of the Internet answer to has to be routed to the "
	    "server, and private space (RFC 1918, RFC 6598, RFC 4193) is "
	    "routed nowhere. Right if something behind the server translates "
	    "again; say so there with 'nat-upstream = yes'.",
	    "[location hq]\nnat = pool\nnat-pool = 192.168.5.0/28",
	    "[location hq]\nnat = pool\nnat-pool = 192.168.5.0/28\n"
	    "nat-upstream = yes" },
	{ BH_NAT_ADDRESS_SERVERS,
	    "A client's traffic leaves with its nat-address at whichever "
	    "server takes it, but the answers come to the one place that the "
	    "address is routed to. After a failover, or host by host with "
	    "'server-mode = balance', they do not find the flow. Right if the "
	    "route moves along, by BGP or because the servers share a "
	    "network.",
	    "[location a]\nserver = hq, dr\nnat-address = 198.51.100.9",
	    "[location a]\nserver = hq\nnat-address = 198.51.100.9" },
	{ BH_POOL_OWN,
	    "What bh-egress translates itself (nat = pool) is answered to "
	    "addresses that are routed to the gateway. What comes to an "
	    "address of the gateway itself, where its tunnel ends or on its "
	    "LAN, is taken by the system and never reaches bh-egress. Give "
	    "another address of the uplink's network, which is then answered "
	    "for, or one that is routed there.",
	    "[location hq]\nendpoint = 198.51.100.1:51820\nnat = pool\n"
	    "[publish web]\nserver = hq\nmatch = 198.51.100.1 tcp 443",
	    "[location hq]\nendpoint = 198.51.100.1:51820\nnat = pool\n"
	    "[publish web]\nserver = hq\nmatch = 198.51.100.2 tcp 443" },
	{ .text = NULL },
};
