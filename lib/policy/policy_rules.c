/* SPDX-License-Identifier: ISC */
#include "policy/policy_rules.h"

#define NEVER_A_SENDER \
	{ "martian", "source is loopback, multicast, link-local or reserved", \
	    SRC(MARTIAN), 0, V_MARTIAN, HOP_NONE }
#define NEVER_A_PEERS_SENDER \
	{ "special-source", "source is a special-purpose address", \
	    SRC(SPECIAL), 0, V_MARTIAN, HOP_NONE }
#define NEVER_FORWARDED \
	{ "multicast", "destination is multicast or broadcast", \
	    DST(MULTICAST), 0, V_MULTICAST, HOP_NONE }, \
	{ "link-local", "destination is link-local", \
	    DST(LINKLOCAL), 0, V_LINKLOCAL, HOP_NONE }, \
	{ "special", "destination is a special-purpose address", \
	    DST(SPECIAL), 0, V_SPECIAL, HOP_NONE }

static const struct rule rules_out[] = {
	NEVER_A_SENDER,
	{ "self", "destination is this gateway",
	    DST(OWN), 0, V_SELF, HOP_NONE },
	NEVER_FORWARDED,
	{ "source", "source is not an address of this location",
	    0, SRC(HERE), V_SOURCE, HOP_NONE },
	{ "local", "destination takes part, at this location",
	    DST(HERE | TAKES_PART), 0, V_LOCAL, HOP_NONE },
	{ "internal", "destination is internal at this location",
	    DST(HERE), 0, V_INTERNAL, HOP_NONE },
	{ "not-taking-part", "destination takes part at a partner, "
	    "source does not take part",
	    DST(PARTNER | TAKES_PART), SRC(TAKES_PART), V_EXCLUDED, HOP_NONE },
	{ "partner", "destination takes part at a partner",
	    DST(PARTNER | TAKES_PART), 0, V_PARTNER, HOP_DST },
	{ "not-partner", "destination takes part at a location that is no "
	    "partner", DST(TAKES_PART), 0, V_NOT_PARTNER, HOP_NONE },
	{ "elsewhere", "destination is internal at another location",
	    0, DST(NOBODY), V_ELSEWHERE, HOP_NONE },
	{ "private", "destination is a private address that nobody claims",
	    DST(PRIVATE), 0, V_PRIVATE, HOP_NONE },
	/* from here on the destination is the Internet */
	{ "no-role", "this location is no backhaul client",
	    0, IS_CLIENT, V_NO_ROLE, HOP_NONE },
	{ "sources", "backhaul-sources = participating, and source does not",
	    0, SRC(BACKHAULED), V_EXCLUDED, HOP_NONE },
	{ "breakout", "a breakout lets it out here, in clear",
	    LET_OUT, 0, V_BREAKOUT, HOP_NONE },
	{ "no-server", "none of this client's servers answers",
	    0, HAS_SERVER, V_NO_SERVER, HOP_NONE },
	{ "internet", "anything else is the Internet, by the server",
	    0, 0, V_INTERNET, HOP_SERVER },
};

/* Its index: before the last two. */
enum { RULE_BREAKOUT = sizeof(rules_out) / sizeof(*rules_out) - 3 };

static const struct rule rules_in[] = {
	{ "error", "ICMP error of a router of the server's without address",
	    ICMP_ERROR | FROM_SERVER | SRC(DUMMY) | DST(HERE | BACKHAULED), 0,
	    V_INTERNET, HOP_NONE },
	NEVER_A_SENDER,
	NEVER_A_PEERS_SENDER,
	NEVER_FORWARDED,
	{ "spoof", "source belongs to another location than the sender",
	    0, SRC(NOBODY | SENDER), V_SPOOF, HOP_NONE },
	{ "self", "from a partner to this gateway",
	    FROM_PARTNER | SRC(SENDER | TAKES_PART) | DST(OWN), 0,
	    V_SELF, HOP_NONE },
	{ "partner", "from a partner, and both take part",
	    FROM_PARTNER | SRC(SENDER | TAKES_PART) | DST(HERE | TAKES_PART),
	    0, V_PARTNER, HOP_NONE },
	{ "server-error", "ICMP error of the server's own gateway",
	    ICMP_ERROR | FROM_SERVER | SRC(SENDER) | DST(HERE | BACKHAULED), 0,
	    V_INTERNET, HOP_NONE },
	{ "not-taking-part", "source is internal at the sender and does not "
	    "take part", SRC(SENDER), SRC(TAKES_PART), V_EXCLUDED, HOP_NONE },
	{ "not-partner", "the sender is no partner of this location",
	    SRC(SENDER), FROM_PARTNER, V_NOT_PARTNER, HOP_NONE },
	{ "not-server", "source is on the Internet, the sender not our server",
	    SRC(NOBODY), FROM_SERVER, V_SPOOF, HOP_NONE },
	{ "private-source", "source is a private address that nobody claims",
	    SRC(NOBODY | PRIVATE), 0, V_SPOOF, HOP_NONE },
	{ "gateway", "from the Internet to this gateway",
	    DST(OWN), 0, V_INTERNAL, HOP_NONE },
	{ "internet", "from the Internet, by the server",
	    SRC(NOBODY) | DST(HERE | BACKHAULED), 0, V_INTERNET, HOP_NONE },
	{ "internal", "destination is internal here and does not take part",
	    DST(HERE), 0, V_INTERNAL, HOP_NONE },
	{ "elsewhere", "destination belongs to another location",
	    0, DST(NOBODY), V_ELSEWHERE, HOP_NONE },
	{ "no-role", "destination is the Internet, which is not this way",
	    0, 0, V_NO_ROLE, HOP_NONE },
};

static const struct rule rules_egress[] = {
	NEVER_A_SENDER,
	NEVER_A_PEERS_SENDER,
	{ "no-role", "the sender is no client of this server",
	    0, FROM_CLIENT, V_NO_ROLE, HOP_NONE },
	{ "spoof", "source is not an address of the sender's",
	    0, SRC(SENDER), V_SPOOF, HOP_NONE },
	{ "sources", "the sender has backhaul-sources = participating, and "
	    "source does not", 0, SRC(BACKHAULED), V_EXCLUDED, HOP_NONE },
	NEVER_FORWARDED,
	{ "published", "destination is published, as the Internet sees it",
	    DST(PUBLISHED), 0, V_INTERNET, HOP_NONE },
	{ "gateway", "destination is this gateway",
	    DST(OWN), 0, V_INTERNAL, HOP_NONE },
	{ "not-partner", "destination takes part here; partners use their own "
	    "tunnel", DST(HERE | TAKES_PART), 0, V_NOT_PARTNER, HOP_NONE },
	{ "internal", "destination is internal here and does not take part",
	    DST(HERE), 0, V_INTERNAL, HOP_NONE },
	{ "elsewhere", "destination belongs to another location",
	    0, DST(NOBODY), V_ELSEWHERE, HOP_NONE },
	{ "private", "destination is a private address that nobody claims",
	    DST(PRIVATE), 0, V_PRIVATE, HOP_NONE },
	{ "endpoint", "destination is a tunnel endpoint of this domain",
	    DST(ENDPOINT), 0, V_ENDPOINT, HOP_NONE },
	{ "internet", "from a client to the Internet",
	    0, 0, V_INTERNET, HOP_NONE },
};

static const struct rule rules_return[] = {
	{ "own-error", "ICMP error of this gateway to a client",
	    ICMP_ERROR | SRC(OWN) | DST(CLIENT | BACKHAULED), 0,
	    V_INTERNET, HOP_DST },
	{ "error", "ICMP error of a router without address to a client",
	    ICMP_ERROR | SRC(DUMMY) | DST(CLIENT | BACKHAULED), 0,
	    V_INTERNET, HOP_DST },
	NEVER_A_SENDER,
	NEVER_A_PEERS_SENDER,
	NEVER_FORWARDED,
	{ "not-partner", "source takes part here; partners use their own "
	    "tunnel", SRC(HERE | TAKES_PART), 0, V_NOT_PARTNER, HOP_NONE },
	{ "internal", "source is internal here and does not take part",
	    SRC(HERE), 0, V_INTERNAL, HOP_NONE },
	{ "elsewhere", "source belongs to another location",
	    0, SRC(NOBODY), V_ELSEWHERE, HOP_NONE },
	{ "private", "source is a private address that nobody claims",
	    SRC(PRIVATE), 0, V_PRIVATE, HOP_NONE },
	{ "internet", "from the Internet to a client",
	    DST(CLIENT | BACKHAULED), 0, V_INTERNET, HOP_DST },
	{ "sources", "destination does not take part, and its location has "
	    "backhaul-sources = participating",
	    DST(CLIENT), 0, V_ELSEWHERE, HOP_NONE },
	{ "no-role", "destination belongs to no client of this server",
	    0, 0, V_NO_ROLE, HOP_NONE },
};

static const struct rule rules_back[] = {
	NEVER_A_SENDER,
	NEVER_A_PEERS_SENDER,
	NEVER_FORWARDED,
	{ "spoof", "source belongs to a location",
	    0, SRC(NOBODY), V_SPOOF, HOP_NONE },
	{ "private-source", "source is a private address that nobody claims",
	    SRC(PRIVATE), 0, V_SPOOF, HOP_NONE },
	{ "gateway", "destination is this gateway",
	    DST(OWN), 0, V_INTERNAL, HOP_NONE },
	{ "breakout", "answer to what a breakout let out",
	    DST(HERE | BACKHAULED), 0, V_BREAKOUT, HOP_NONE },
	{ "internal", "destination is internal here and does not take part",
	    DST(HERE), 0, V_INTERNAL, HOP_NONE },
	{ "no-role", "destination is not an address of this location",
	    0, 0, V_NO_ROLE, HOP_NONE },
};

const struct rules policy_points[POLICY_POINTS] = {
#define TABLE(r) { r, sizeof(r) / sizeof(*r) }
	[POLICY_OUT] = TABLE(rules_out),
	[POLICY_IN] = TABLE(rules_in),
	[POLICY_EGRESS] = TABLE(rules_egress),
	[POLICY_RETURN] = TABLE(rules_return),
	[POLICY_BACK] = TABLE(rules_back),
#undef TABLE
};

void
policy_break_out(struct decision *d, uint16_t breakout)
{
	if (breakout == BREAKOUT_NONE)
		return;
	d->verdict = V_BREAKOUT;
	d->peer = PEER_NONE;
	d->rule = RULE_BREAKOUT;
	d->breakout = breakout;
}

bool
policy_rule(enum policy_point at, unsigned rule, const char **name,
    const char **text)
{
	if (rule >= policy_points[at].n)
		return false;
	*name = policy_points[at].rule[rule].name;
	*text = policy_points[at].rule[rule].text;
	return true;
}
