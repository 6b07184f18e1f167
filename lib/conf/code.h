/* SPDX-License-Identifier: ISC */
#ifndef BH_CODE_H
#define BH_CODE_H

/*
 * Every finding about a domain file: identifier, number, severity, one line.
 * Families by hundreds: 0 the file, 1 values, 2 the domain and its keys,
 * 3 addresses, 4 partners, 5 backhaul, 6 endpoints, 7 interfaces and numbers,
 * 8 key files, 9 groups and what is built on them, 95 what is published.
 * A number is never used again for something else; bh-check(1) lists them and
 * lint_explain has them at length, each beside its check.
 */

#define CODES(X) \
	X(FILE_READ, 1, SEV_ERROR, "the file cannot be read to its end") \
	X(FILE_SIZE, 2, SEV_ERROR, "the file or its domain is too large") \
	X(LINE_NUL, 4, SEV_ERROR, "a line holds a NUL byte") \
	X(LINE_SYNTAX, 5, SEV_ERROR, \
	    "a line is no section and no key = value") \
	X(SECTION_SYNTAX, 6, SEV_ERROR, "a section's line is malformed") \
	X(SECTION_UNKNOWN, 7, SEV_ERROR, \
	    "a section of that kind does not exist") \
	X(SECTION_TWICE, 8, SEV_ERROR, "a section is there twice") \
	X(KEY_UNKNOWN, 9, SEV_ERROR, "a key of that name does not exist") \
	X(KEY_TWICE, 10, SEV_ERROR, \
	    "a key that takes one value is there twice") \
	X(KEY_STRAY, 11, SEV_ERROR, "a key stands before the first section") \
	X(KEY_CONTINUED, 12, SEV_ERROR, "an indented line continues no list") \
	X(KEY_EMPTY, 13, SEV_ERROR, "a key has no value") \
	X(VALUE_LONG, 14, SEV_ERROR, "a value is too long") \
	X(IMPORT_DROPPED, 15, SEV_WARNING, \
	    "a setting of wg-quick(8) is not taken over") \
	X(BAD_PREFIX, 101, SEV_ERROR, "a prefix is malformed") \
	X(HOST_BITS, 102, SEV_ERROR, \
	    "a prefix has bits set beyond its length") \
	X(BAD_ADDRESS, 103, SEV_ERROR, "an address is malformed") \
	X(BAD_ENDPOINT, 104, SEV_ERROR, "an endpoint is malformed") \
	X(BAD_KEY, 105, SEV_ERROR, "a public key is malformed") \
	X(BAD_NUMBER, 106, SEV_ERROR, "a number is malformed or out of range") \
	X(BAD_WORD, 107, SEV_ERROR, "a value is none of those allowed") \
	X(BAD_NAME, 108, SEV_ERROR, "a location's name is malformed") \
	X(BAD_INTERFACE, 109, SEV_ERROR, "an interface name is malformed") \
	X(GATEWAY_NAME, 110, SEV_ERROR, \
	    "default-gateway is no address and no name") \
	X(FEW_LOCATIONS, 201, SEV_ERROR, "fewer than two active locations") \
	X(NO_SERVER, 202, SEV_ERROR, "there is a client but no server") \
	X(NO_CLIENT, 203, SEV_ERROR, "there is a server but no client") \
	X(NO_BACKHAUL, 204, SEV_NOTICE, "there is neither client nor server") \
	X(KEY_MISSING, 205, SEV_ERROR, "a location has no public key") \
	X(KEY_ZERO, 206, SEV_ERROR, "a public key is all zeros") \
	X(KEY_LOW_ORDER, 207, SEV_ERROR, \
	    "a public key is a point of low order") \
	X(KEY_ENCODING, 208, SEV_ERROR, \
	    "a public key is not in canonical form") \
	X(KEY_SHARED, 209, SEV_ERROR, "two locations have one public key") \
	X(NAME_CASE, 210, SEV_WARNING, \
	    "two locations' names differ in case only") \
	X(LAN_MISSING, 301, SEV_ERROR, "a location that needs a lan has none") \
	X(LAN_OUTSIDE, 302, SEV_ERROR, "lan is not inside internal") \
	X(NO_INTERNAL_SERVER, 303, SEV_ERROR, "a server has no internal") \
	X(NO_INTERNAL, 304, SEV_WARNING, "a location has no internal") \
	X(LAN_LAN, 305, SEV_ERROR, "the lan of two locations overlap") \
	X(LAN_INTERNAL, 306, SEV_ERROR, \
	    "another's internal is cut out of a lan") \
	X(INTERNAL_INTERNAL, 307, SEV_WARNING, \
	    "a location lies inside another's internal") \
	X(SPECIAL, 308, SEV_ERROR, "a prefix holds special addresses") \
	X(V4_ONLY, 309, SEV_NOTICE, "a client's lan has no IPv6") \
	X(ADDRESS_OUTSIDE, 310, SEV_WARNING, \
	    "a gateway's address is not in its own network") \
	X(PUBLIC_WIDE, 311, SEV_ERROR, \
	    "a site has more public space than one company is given") \
	X(RESERVED, 312, SEV_ERROR, "the domain reserves an address") \
	X(EXCLUDES_NOTHING, 313, SEV_WARNING, "an exclusion excludes nothing") \
	X(RESOLVER_REFUSED, 314, SEV_WARNING, \
	    "a site cannot reach its own resolver") \
	X(RESOLVER_ELSEWHERE, 315, SEV_WARNING, \
	    "a client's resolver asks the Internet by another way") \
	X(ADDRESS_SPECIAL, 316, SEV_ERROR, \
	    "an address is none that a gateway can have") \
	X(PUBLIC_OWN, 317, SEV_NOTICE, \
	    "public addresses count as a client's own") \
	X(INDIRECT, 318, SEV_ERROR, \
	    "two peers of a location have the same addresses") \
	X(RESOLVER_CLEAR, 319, SEV_WARNING, \
	    "a breakout lets a site's queries for names out") \
	X(V6_NOWHERE, 320, SEV_NOTICE, \
	    "clients have IPv6 and their server shows none") \
	X(PARTNER_UNKNOWN, 401, SEV_ERROR, "a partner does not exist") \
	X(PARTNER_INACTIVE, 402, SEV_WARNING, "a partner is inactive") \
	X(PARTNER_SELF, 403, SEV_ERROR, "a location is its own partner") \
	X(PARTNER_ONE_SIDED, 404, SEV_ERROR, "a partnership is one-sided") \
	X(PARTNER_TWICE, 405, SEV_WARNING, "a partner is named twice") \
	X(CLIENT_NO_SERVER, 501, SEV_ERROR, "a client names no server") \
	X(SERVER_UNKNOWN, 502, SEV_ERROR, "a client's server does not exist") \
	X(SERVER_INACTIVE, 503, SEV_ERROR, "a client's server is inactive") \
	X(SERVER_ROLE, 504, SEV_ERROR, "a client's server is no server") \
	X(ROLE_BOTH, 506, SEV_ERROR, "a server has a server itself") \
	X(ROLE_UNSAID, 507, SEV_ERROR, "a location without role has a server") \
	X(KEY_ROLE, 508, SEV_ERROR, "a key does not go with the role") \
	X(PUBLIC_LAN, 509, SEV_ERROR, \
	    "public client addresses meet a server that does not translate") \
	X(NO_TRANSLATION, 510, SEV_NOTICE, \
	    "private client addresses meet a server that does not translate") \
	X(GATEWAY_ELSEWHERE, 511, SEV_ERROR, \
	    "default-gateway is inside another location's network") \
	X(SERVER_IDLE, 512, SEV_NOTICE, "a server has no active client") \
	X(GATEWAY_HALF, 513, SEV_NOTICE, \
	    "default-gateway has one family and clients have both") \
	X(SERVER_TWICE, 514, SEV_WARNING, "a server is named twice") \
	X(SERVERS_TOGETHER, 515, SEV_WARNING, \
	    "two servers of a client fail together") \
	X(SERVERS_NAT, 516, SEV_WARNING, \
	    "a client's servers translate differently") \
	X(SERVERS_ROOM, 517, SEV_ERROR, "a client names too many servers") \
	X(SERVER_ALONE, 518, SEV_WARNING, \
	    "a choice of servers is made where there is one") \
	X(PROBE_CLASS, 519, SEV_ERROR, "a probe is not of the Internet") \
	X(PROBE_SOURCE, 520, SEV_ERROR, \
	    "a gateway has no address to probe from") \
	X(SERVERS_PLAIN, 521, SEV_WARNING, \
	    "plain WireGuard uses one server only") \
	X(SERVER_OFF, 522, SEV_WARNING, \
	    "one of a client's servers is inactive") \
	X(SERVER_PUBLISH, 523, SEV_WARNING, \
	    "what is published may be answered by another server") \
	X(NO_WAY, 601, SEV_ERROR, "neither side of a tunnel has an endpoint") \
	X(ENDPOINT_INSIDE, 602, SEV_ERROR, "an endpoint is inside a lan") \
	X(ENDPOINT_SHARED, 603, SEV_ERROR, "two locations have one endpoint") \
	X(ENDPOINT_PORT, 604, SEV_NOTICE, \
	    "endpoint and listen-port have different ports") \
	X(ENDPOINT_INTERNAL, 605, SEV_NOTICE, \
	    "an endpoint is inside an internal network") \
	X(ENDPOINT_SPECIAL, 606, SEV_ERROR, \
	    "an endpoint is an address that no other host reaches") \
	X(ENDPOINT_PRIVATE, 607, SEV_NOTICE, "an endpoint is private") \
	X(ENDPOINT_NAME, 608, SEV_WARNING, \
	    "an endpoint's name is in no DNS") \
	X(NAME_UNANSWERED, 609, SEV_WARNING, \
	    "a name has no address in the DNS") \
	X(IF_MISSING, 701, SEV_ERROR, "a gateway lacks an interface") \
	X(IF_NONE, 702, SEV_NOTICE, "a location has no interfaces") \
	X(IF_SAME, 703, SEV_ERROR, "an interface has two jobs") \
	X(MTU_SMALL, 704, SEV_ERROR, "mtu is too small for IPv6") \
	X(PORTS_LISTEN, 705, SEV_ERROR, "nat-ports holds the listen port") \
	X(PORTS_EPHEMERAL, 706, SEV_WARNING, \
	    "nat-ports overlaps the host's own ports") \
	X(MTU_LARGE, 707, SEV_NOTICE, "mtu needs more than an outer 1500") \
	X(MTU_ENDS, 708, SEV_NOTICE, "the ends of a tunnel differ in mtu") \
	X(KEEPALIVE_LONG, 709, SEV_WARNING, \
	    "keepalive is longer than a NAT remembers") \
	X(KEEPALIVE_OFF, 710, SEV_WARNING, \
	    "a gateway that cannot be called does not keep its tunnel open") \
	X(WORKERS_ROLE, 711, SEV_ERROR, \
	    "workers at a location that is no server") \
	X(WORKERS_IDLE, 712, SEV_WARNING, "a server has a worker for nobody") \
	X(WORKERS_POOL, 713, SEV_NOTICE, \
	    "one bh-egress stands behind all workers") \
	X(ICMP_SILENT, 720, SEV_NOTICE, "refused hosts are not told") \
	X(DSCP_COPY, 721, SEV_NOTICE, \
	    "datagrams show the class of what is in them") \
	X(KEYFILE_MISSING, 801, SEV_ERROR, "a private key is not there") \
	X(KEYFILE_OPEN, 802, SEV_ERROR, \
	    "a key file is open to others, or another user's") \
	X(KEYFILE_BAD, 803, SEV_ERROR, "a key file holds no key") \
	X(KEYFILE_OTHER, 804, SEV_ERROR, \
	    "the private key is not that of public-key") \
	X(KEYDIR_OPEN, 805, SEV_ERROR, \
	    "others can put keys into the key directory") \
	X(GROUP_NAME, 900, SEV_ERROR, "a group has a name that is taken") \
	X(GROUP_EMPTY, 901, SEV_ERROR, "a group holds no address") \
	X(GROUP_SAME, 902, SEV_ERROR, "two groups hold the same addresses") \
	X(BREAKOUT_FILTER, 903, SEV_ERROR, "a breakout's filter is wrong") \
	X(BREAKOUT_NEVER, 904, SEV_ERROR, "a breakout lets nothing out") \
	X(BREAKOUT_ALWAYS, 905, SEV_WARNING, \
	    "a breakout lets everything out") \
	X(BREAKOUT_SHADOWED, 906, SEV_WARNING, \
	    "an earlier breakout lets all of it out") \
	X(BREAKOUT_NOWHERE, 907, SEV_ERROR, "a breakout has no location") \
	X(BREAKOUT_UNKNOWN, 908, SEV_ERROR, \
	    "a breakout names what does not exist") \
	X(BREAKOUT_ROLE, 909, SEV_ERROR, \
	    "a breakout at a location that is no client") \
	X(BREAKOUT_ONE_ARM, 910, SEV_ERROR, \
	    "a breakout at a gateway with one interface") \
	X(BREAKOUT_EMPTY, 911, SEV_ERROR, \
	    "a breakout does not say what it lets out") \
	X(POOL_MISSING, 930, SEV_ERROR, "nat = pool has no addresses") \
	X(POOL_SIZE, 931, SEV_ERROR, "nat-pool has too many addresses") \
	X(POOL_OVERLAP, 932, SEV_ERROR, \
	    "nat-pool holds an address that has another job") \
	X(POOL_SPECIAL, 933, SEV_ERROR, \
	    "nat-pool holds an address that is never forwarded") \
	X(POOL_BLOCK, 934, SEV_ERROR, "port-block is no power of two") \
	X(POOL_FIXED, 935, SEV_ERROR, \
	    "nat-pool is too small for a block of each host") \
	X(POOL_SMALL, 936, SEV_NOTICE, \
	    "nat-pool is too small for all hosts at once") \
	X(POOL_FAMILY, 937, SEV_NOTICE, \
	    "nat-pool lacks a family that clients have") \
	X(POOL_UNUSED, 938, SEV_WARNING, "a key is for nat = pool only") \
	X(POOL_QUOTA, 939, SEV_ERROR, "a quota is larger than nat-table") \
	X(BAD_MATCH, 950, SEV_ERROR, "match of [publish] is malformed") \
	X(BAD_TO, 951, SEV_ERROR, "to of [publish] is malformed") \
	X(PUBLISH_LACKS, 952, SEV_ERROR, "a [publish] lacks a key") \
	X(PUBLISH_SERVER, 953, SEV_ERROR, \
	    "a [publish] names no active server") \
	X(PUBLISH_TO, 954, SEV_ERROR, \
	    "a [publish] leads to no host of a client") \
	X(PUBLISH_UNLIKE, 955, SEV_ERROR, \
	    "match and to of a [publish] do not go together") \
	X(PUBLISH_MEET, 956, SEV_ERROR, "two [publish] open the same") \
	X(PUBLISH_PORT, 957, SEV_ERROR, \
	    "a [publish] takes a port that is in use") \
	X(PUBLISH_SPECIAL, 958, SEV_ERROR, \
	    "a [publish] opens an address that is no public one") \
	X(PUBLISH_INSIDE, 959, SEV_WARNING, \
	    "branches cannot reach a published address") \
	X(NAT_ADDRESS_NO_NAT, 960, SEV_ERROR, \
	    "nat-address at a server that does not translate") \
	X(NAT_ADDRESS_SHARED, 961, SEV_WARNING, \
	    "two clients have one nat-address") \
	X(NAT_ADDRESS_PUBLISHED, 962, SEV_ERROR, \
	    "a nat-address is published as a whole") \
	X(NAT_ADDRESS_SPECIAL, 963, SEV_ERROR, \
	    "a nat-address is no public one") \
	X(PUBLISH_HOST, 964, SEV_ERROR, \
	    "two [publish] lead to one port of a host") \
	X(BAD_NAT6, 965, SEV_ERROR, "nat6 is malformed") \
	X(NPT_SPREAD, 966, SEV_ERROR, \
	    "clients' IPv6 is not of one network that nat6 can stand for") \
	X(NPT_OVERLAP, 967, SEV_ERROR, "the prefix of nat6 is in use") \
	X(NPT_NAT_ADDRESS, 968, SEV_ERROR, \
	    "nat-address and nat6 = npt for one client") \
	X(NPT_NOBODY, 969, SEV_NOTICE, "nat6 = npt without clients' IPv6") \
	X(OUTSIDE_PRIVATE, 970, SEV_NOTICE, \
	    "a private address is to be known to the Internet") \
	X(NAT_ADDRESS_SERVERS, 971, SEV_NOTICE, \
	    "one nat-address is used by two servers") \
	X(POOL_OWN, 972, SEV_ERROR, \
	    "nat = pool with an address of the gateway itself") \
	/* the end */

enum code {
#define CODE_ID(id, number, severity, text) BH_##id = (number),
	CODES(CODE_ID)
#undef CODE_ID
};

#endif
