/* SPDX-License-Identifier: ISC */
#include "check/explain.h"

#include <stddef.h>

/* Groups and breakouts. */

const struct lint_explanation explain_rules[] = {
	{ BH_GROUP_NAME,
	    "Some words stand for a set of their own (lan, internal, "
	    "internet, default, dmz ...), here or in what people used before. "
	    "A group of that name would be read as the other thing.",
	    "[group lan]\nmembers = 10.1.0.0/20",
	    "[group branch1-lan]\nmembers = 10.1.0.0/20" },
	{ BH_GROUP_EMPTY,
	    "A group without an address matches nothing, so a rule that names "
	    "it never does anything. Most often an exclusion takes away more "
	    "than was meant.",
	    "[group web]\nmembers = 192.0.2.1, !192.0.2.0/24",
	    "[group web]\nmembers = 192.0.2.0/24, !192.0.2.1" },
	{ BH_GROUP_SAME,
	    "Groups may overlap, but two that hold exactly the same addresses "
	    "are one group with two names, and sooner or later only one of "
	    "them is kept up to date.",
	    "[group a]\nmembers = 192.0.2.0/24\n[group b]\n"
	    "members = 192.0.2.0/25, 192.0.2.128/25",
	    "[group a]\nmembers = 192.0.2.0/24" },
	{ BH_BREAKOUT_FILTER,
	    "The filter is an expression of pcap-filter(7) about what all "
	    "packets of a flow have in common: addresses, protocol, ports, "
	    "and of ICMP type, code and identifier. Whatever else a packet "
	    "holds differs within a flow, and names of hosts mean something "
	    "else tomorrow; neither may decide what leaves in clear.",
	    "filter = tcp prot 443",
	    "filter = tcp port 443" },
	{ BH_BREAKOUT_NEVER,
	    "Nothing can match: the expression contradicts itself, or no "
	    "address of a group that it names can be meant. What somebody "
	    "wanted to leave here goes through the tunnel.",
	    "filter = tcp and udp port 3478",
	    "filter = (tcp or udp) and port 3478" },
	{ BH_BREAKOUT_ALWAYS,
	    "All Internet traffic of these hosts leaves in clear by their own "
	    "uplink, and none of it passes the filters at the server. If that "
	    "is meant, the location need not be a client.",
	    "filter = ip or ip6",
	    "filter = udp port 3478" },
	{ BH_BREAKOUT_SHADOWED,
	    "Breakouts are tried in the order of the file and the first that "
	    "matches wins, so this one never does. Its counters will stay at "
	    "zero; take it out, or put the narrower one first.",
	    "[breakout a]\nfilter = udp\n[breakout b]\nfilter = udp port 3478",
	    "[breakout b]\nfilter = udp port 3478" },
	{ BH_BREAKOUT_NOWHERE,
	    "A breakout is for the locations it names; without one it is for "
	    "nobody.",
	    "[breakout a]\nfilter = udp port 3478",
	    "[breakout a]\nlocation = branch1\nfilter = udp port 3478" },
	{ BH_BREAKOUT_UNKNOWN,
	    "The location or group is not in the file. Is it misspelt?",
	    "location = brnach1",
	    "location = branch1" },
	{ BH_BREAKOUT_ROLE,
	    "Only a backhaul client sends its Internet traffic elsewhere, so "
	    "only there something can be let out on the spot. At a location "
	    "without role Internet traffic leaves by its own routes as it is; "
	    "a server lets everything out.",
	    "[breakout a]\nlocation = hq     ; a server",
	    "[breakout a]\nlocation = branch1" },
	{ BH_BREAKOUT_ONE_ARM,
	    "What is let out is recognised on its way back by the interface "
	    "it comes in by, and the guard never forwards between uplink and "
	    "LAN. Both need two interfaces; give the gateway a second one, or "
	    "a VLAN.",
	    "uplink = eth0\nlan-interface = eth0",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_BREAKOUT_EMPTY,
	    "Without filter, from and to a breakout would let out everything. "
	    "Say at least one of them.",
	    "[breakout a]\nlocation = branch1",
	    "[breakout a]\nlocation = branch1\nfilter = udp port 3478" },
	{ .text = NULL },
};
