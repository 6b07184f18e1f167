/* SPDX-License-Identifier: ISC */
#include "check/explain.h"

#include <stddef.h>

/* Interfaces, numbers and key files. */

const struct lint_explanation explain_gateway[] = {
	{ BH_IF_MISSING,
	    "'backhaul up' needs to know where the LAN is and which interface "
	    "leads to the outer network, for the routes and for the rules "
	    "that keep LAN traffic from leaving in clear.",
	    "lan-interface = eth1",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_IF_NONE,
	    "A client or a partner can be any WireGuard endpoint: a phone, a "
	    "router in a cloud; 'bh-check -e wg-quick LOCATION' writes its "
	    "file. If it is a gateway of ours, name its interfaces.",
	    "[location branch1]\nbackhaul = client",
	    "[location branch1]\nbackhaul = client\nuplink = eth0\n"
	    "lan-interface = eth1" },
	{ BH_IF_SAME,
	    "'interface' and 'egress-interface' are made by 'backhaul up' and "
	    "must be names that nothing else has. Only 'uplink' and "
	    "'lan-interface' may be the same, on a gateway with one arm.",
	    "uplink = bh0\nlan-interface = eth1",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_MTU_SMALL,
	    "IPv6 needs links that carry 1280 bytes (RFC 8200 section 5).",
	    "lan = 2001:db8:1::/52\nmtu = 1200",
	    "lan = 2001:db8:1::/52\nmtu = 1280" },
	{ BH_PORTS_LISTEN,
	    "The server gives translated flows source ports from 'nat-ports'. "
	    "If the tunnel's own port is among them, a flow can take it, and "
	    "the tunnel's datagrams would be delivered to a client.",
	    "listen-port = 20000\nnat-ports = 16384-32767",
	    "listen-port = 51820\nnat-ports = 16384-32767" },
	{ BH_PORTS_EPHEMERAL,
	    "The gateway's own programs get their ports from "
	    "net.ipv4.ip_local_port_range, 32768-60999 as Linux comes. A "
	    "client's flow on such a port can shadow one of theirs. The "
	    "default, 16384-32767, is below.",
	    "nat-ports = 16384-60000",
	    "nat-ports = 16384-32767" },
	{ BH_MTU_LARGE,
	    "Around each packet the tunnel puts 60 bytes over IPv4 and 80 "
	    "over IPv6. 'mtu = 1500' therefore sends 1560, which an Ethernet "
	    "of 1500 takes in two fragments, or not at all. 1420 fits any "
	    "outer path of 1500, 1440 one of IPv4 only. More is right where "
	    "the outer network has larger frames on all of the path.",
	    "mtu = 1500",
	    "mtu = 1420" },
	{ BH_MTU_ENDS,
	    "Each gateway sends packets up to its own 'mtu'. The end with the "
	    "smaller one is told so for a reason, most often a narrow outer "
	    "path, and the same path lies between both. Give both ends the "
	    "smaller value.",
	    "[location hq]\nmtu = 1420\n[location a]\nmtu = 1380",
	    "[location hq]\nmtu = 1380\n[location a]\nmtu = 1380" },
	{ BH_KEEPALIVE_LONG,
	    "A gateway without endpoint is reached by answering it: a "
	    "translating router in front of it has to remember its flow. RFC "
	    "4787 (REQ-5) lets it forget after 120 silent seconds, and many "
	    "forget UDP after 30. Between the forgetting and the next "
	    "keepalive nobody can begin a connection to the site.",
	    "keepalive = 600",
	    "keepalive = 25" },
	{ BH_KEEPALIVE_OFF,
	    "A location without endpoint cannot be called, so it has to keep "
	    "its tunnel open itself. With 'keepalive = 0' it is reached as "
	    "long as its own hosts talk, and not after.",
	    "keepalive = 0",
	    "keepalive = 25" },
	{ BH_WORKERS_ROLE,
	    "Each worker of bh-tunnel(8) has peers of its own, and the packets "
	    "of one peer stay with one worker, so that they stay in order. A "
	    "client's traffic goes through its server, which is one peer: more "
	    "workers could not share it. Only a server may have more than one.",
	    "backhaul = client\nworkers = 2",
	    "backhaul = client" },
	{ BH_WORKERS_IDLE,
	    "Each peer has one worker, so those beyond the number of peers "
	    "have nobody to serve. They do no harm, and wait for peers to "
	    "come; each takes about 10 MiB, its bh-egress with it, and its two "
	    "links 16 MiB.",
	    "workers = 16",
	    "workers = 2" },
	{ BH_WORKERS_POOL,
	    "Behind each worker of bh-tunnel(8) stands a bh-egress(8) of its "
	    "own, unless that translates: the mappings of a pool are one "
	    "table, and where an address of it leads only the table knows, so "
	    "one process serves all workers. It carries what two or three of "
	    "them do. With 'nat = masquerade' or 'none' each worker has one.",
	    "nat = pool\nworkers = 2",
	    "nat = masquerade\nworkers = 2" },
	{ BH_ICMP_SILENT,
	    "With 'icmp-errors = 0' a host that the policy refuses hears "
	    "nothing and waits for its own patience to end: each refusal "
	    "looks like a broken network. Only what is too big is still told, "
	    "since path MTU discovery would fail. Take the line out, unless "
	    "silence is what you want.",
	    "icmp-errors = 0",
	    "icmp-errors = 100" },
	{ BH_DSCP_COPY,
	    "With 'dscp = copy' each datagram has the differentiated services "
	    "codepoint of the packet in it, so that networks on the way can "
	    "serve calls before downloads, and whoever watches can tell them "
	    "apart. Right where the provider honours it; else take the line "
	    "out.",
	    "dscp = copy",
	    "dscp = zero" },
	{ BH_KEYFILE_MISSING,
	    "bh-check -k looks for KEYDIR/LOCATION.key, as 'backhaul up' "
	    "does. Make it on that gateway: 'bh-key genkey -o "
	    "KEYDIR/LOCATION.key', then put what 'bh-key pubkey' prints into "
	    "the domain file.",
	    NULL,
	    "bh-key genkey -o KEYDIR/branch1.key" },
	{ BH_KEYFILE_OPEN,
	    "Somebody other than root could read or change the key, so "
	    "'backhaul up' refuses it. Whoever has it can be this location. "
	    "'chmod 600' closes the file, 'chown root' takes it back; a key "
	    "that was open for long is better replaced.",
	    NULL,
	    "chmod 600 KEYDIR/branch1.key" },
	{ BH_KEYFILE_BAD,
	    "A key file has one line: 32 bytes in base64, 44 characters. For "
	    "example 'bh-key genkey' makes a private key, 'bh-key genpsk' a "
	    "preshared one.",
	    NULL,
	    "bh-key genkey -o KEYDIR/branch1.key" },
	{ BH_KEYFILE_OTHER,
	    "The gateway would sign on with another key than the one that all "
	    "others know it by, and nobody would answer. Either the file is "
	    "another location's, or the domain file has an old key: 'bh-key "
	    "pubkey <KEYDIR/LOCATION.key' prints the one to write.",
	    NULL,
	    "bh-key pubkey <KEYDIR/branch1.key" },
	{ BH_KEYDIR_OPEN,
	    "Whoever can write into KEYDIR can give the gateway another "
	    "private key, or a preshared key that he knows, so 'backhaul "
	    "up' refuses it. It belongs to root alone: 'install -d -m 700 "
	    "/etc/backhaul/keys'.",
	    NULL,
	    "chmod 700 KEYDIR" },
	{ .text = NULL },
};
