/* SPDX-License-Identifier: ISC */
#ifndef BH_VERDICT_H
#define BH_VERDICT_H

/*
 * What happened to a packet.  One table: the name is the counter, the word in
 * a verdict line and the entry in bh(7); a test compares them.
 */

#include <stdbool.h>

#define VERDICTS(X) \
	/* delivered: the class of the packet */ \
	X(V_SELF, "self", "for the gateway itself") \
	X(V_LOCAL, "local", "between hosts of this location") \
	X(V_PARTNER, "partner", "between participating hosts of partners") \
	X(V_INTERNET, "internet", "to or from the Internet, by backhaul") \
	X(V_BREAKOUT, "breakout", "to or from the Internet, in clear") \
	/* malformed */ \
	X(V_SHORT, "short", "ends inside a header") \
	X(V_VERSION, "version", "neither IPv4 nor IPv6") \
	X(V_HEADER, "header", "a header field contradicts the packet") \
	X(V_CHECKSUM, "checksum", "IPv4 header checksum is wrong") \
	X(V_MAPPED, "mapped", "IPv4-mapped IPv6 address on the wire") \
	X(V_OPTIONS, "options", "source route or too many extension headers") \
	X(V_FRAGMENT, "fragment", "overlaps, is tiny or before its first") \
	X(V_TTL, "ttl", "TTL or hop limit is used up") \
	X(V_OFFLOAD, "offload", "segmentation fields contradict the packet") \
	/* addresses that are never forwarded */ \
	X(V_MARTIAN, "martian", "source address cannot be a sender") \
	X(V_MULTICAST, "multicast", "multicast or broadcast destination") \
	X(V_LINKLOCAL, "link-local", "link-local destination") \
	X(V_SPECIAL, "special", "special-purpose destination") \
	/* policy */ \
	X(V_SOURCE, "source", "source is not of this location") \
	X(V_SPOOF, "spoof", "source does not belong to the sending location") \
	X(V_EXCLUDED, "excluded", "source does not participate") \
	X(V_INTERNAL, "internal", "internal here, not participating") \
	X(V_ELSEWHERE, "elsewhere", "internal at another location") \
	X(V_NOT_PARTNER, "not-partner", "the two locations are not partners") \
	X(V_PRIVATE, "private", "private address that no location claims") \
	X(V_ENDPOINT, "endpoint", "a tunnel endpoint of this domain") \
	X(V_NO_ROLE, "no-role", "no backhaul between these two locations") \
	X(V_NO_SERVER, "no-server", "none of the client's servers answers") \
	X(V_PEER, "peer", "a sibling named a peer that this link has not") \
	/* translation */ \
	X(V_NPT, "npt", "no address of nat6 = npt stands for it") \
	X(V_NAT_PROTO, "nat-protocol", "a protocol that is not translated") \
	X(V_NAT_REFUSED, "nat-refused", "no address of its family to share") \
	X(V_NAT_CLOSED, "nat-closed", "nothing lets it in, or begins so") \
	X(V_NAT_RESET, "nat-reset", "a connection that is not known here") \
	X(V_NAT_ERROR, "nat-error", "ICMP error about no packet of ours") \
	X(V_NAT_FULL, "nat-full", "no port or no room for another flow") \
	X(V_NAT_QUOTA, "nat-quota", "its host or location has all it may") \
	X(V_NAT_HELD, "nat-held", "waits for its datagram's first fragment") \
	X(V_NAT_FRAGMENT, "nat-fragment", "too many fragments wait") \
	/* tunnel */ \
	X(V_DOWN, "down", "no session with the peer came about in time") \
	X(V_NO_PEER, "no-peer", "no peer has the destination") \
	X(V_STAGED, "staged", "too many packets wait for a session") \
	X(V_TOO_BIG, "too-big", "larger than the MTU") \
	X(V_TYPE, "type", "not a WireGuard message") \
	X(V_MAC1, "mac1", "mac1 of a handshake is wrong") \
	X(V_COOKIE, "cookie", "too many handshakes: cookie sent") \
	X(V_LIMITED, "limited", "too many handshakes, with a cookie") \
	X(V_HANDSHAKE, "handshake", "handshake does not authenticate") \
	X(V_STALE, "stale", "handshake is a replay, or comes too soon") \
	X(V_INDEX, "index", "no session has this receiver index") \
	X(V_EXPIRED, "expired", "session is too old") \
	X(V_AUTH, "auth", "packet does not authenticate") \
	X(V_REPLAY, "replay", "counter was seen, or is too old") \
	X(V_ECN, "ecn", "congestion mark on a packet that has no ECN") \
	/* descriptors */ \
	X(V_OVERRUN, "overrun", "came faster than it could be taken") \
	X(V_FULL, "full", "the queue to the next program is full") \
	X(V_NO_LINK, "no-link", "the next program is not there") \
	X(V_SEND, "send", "the system refused to send it") \
	X(V_LATE, "late", "waited over a second for a program that stood still")

enum verdict {
#define X(id, name, why) id,
	VERDICTS(X)
#undef X
	V_COUNT,
	V_NEXT = V_COUNT	/* none yet: ask the next rule */
};

const char *verdict_name(enum verdict v);
const char *verdict_why(enum verdict v);
/* The verdict of that name; V_COUNT if there is none. */
enum verdict verdict_parse(const char *name);
static inline bool
verdict_delivers(enum verdict v)
{
	return v <= V_BREAKOUT;
}

#endif
