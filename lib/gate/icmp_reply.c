/* SPDX-License-Identifier: ISC */
#include "gate/icmp_reply.h"

#include "base/die.h"
#include "packet/icmp.h"
#include "packet/reset.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { V4, V6, TOS = 0xc0, PER_SECOND = 1000 };

#ifndef ICMP_FILTER		/* linux/icmp.h, which netinet/ does not like */
#define ICMP_FILTER 1
#endif

/* RFC 7600: a router that has no address to speak with uses this one. */
static const struct addr nobody4 = { .b = { [10] = 0xff, 0xff, 192, 0, 0, 8 } };

/* ---- opening ---- */

/* What makes a socket of each family one that sends and never receives. */
static const struct icmp6_filter block = { { UINT32_MAX, UINT32_MAX, UINT32_MAX,
    UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX } };

static const struct {
	int family, proto;
	int filter_level, filter;
	socklen_t filter_len;
	int tos_level, tos;
} kinds[] = {
	[V4] = { AF_INET, IPPROTO_ICMP, SOL_RAW, ICMP_FILTER, 4, SOL_IP,
	    IP_TOS },
	[V6] = { AF_INET6, IPPROTO_ICMPV6, SOL_ICMPV6, ICMP6_FILTER,
	    sizeof(block), SOL_IPV6, IPV6_TCLASS },
};

/* Bound to the LAN's interface: a quoted packet must not leave by another,
 * whatever its source is (RFC 1812 4.3.2.3).  -1: cannot be had. */
static int
open_raw(int fam, const char *lan)
{
	const int tos = TOS;
	int fd = socket(kinds[fam].family, SOCK_RAW | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, kinds[fam].proto);

	if (fd < 0)
		return -1;
	if (*lan != '\0' && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, lan,
	    (socklen_t)strlen(lan)) < 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, kinds[fam].filter_level, kinds[fam].filter, &block,
	    kinds[fam].filter_len);
	setsockopt(fd, kinds[fam].tos_level, kinds[fam].tos, &tos,
	    sizeof(tos));
	return fd;
}

static void
choose_own(struct icmp_reply *t, const struct conf_prefixes *address)
{
	for (size_t i = address->n; i-- > 0;) {
		const struct addr *a = &address->p[i].addr;
		t->own[addr_is_v4(a) ? V4 : V6] = *a;
	}
	if (!addr_is_v4(&t->own[V4]))
		t->own[V4] = nobody4;
}

/* Those whose hosts may hear from us: our own, partners', and clients'. */
static size_t
count_told(const struct policy *pol, bool lan)
{
	size_t n = lan;

	for (size_t i = 0; i < pol->nsites; i++)
		n += lan ? pol->site[i].partner : pol->site[i].client;
	return n;
}

void
icmp_reply_open(struct icmp_reply *t, const struct conf_location *l,
    struct judge *judge, struct link *link, int tun, bool lan)
{
	const struct policy *pol = judge->pol;
	unsigned rate = l->icmp_errors != 0 ? l->icmp_errors : PER_SECOND;
	uint8_t random[16];

	*t = (struct icmp_reply){ .raw = { -1, -1 },
		.silent = l->icmp_errors == 0, .judge = judge, .link = link,
		.tun = tun, .class = lan ? V_PARTNER : V_INTERNET };
	if (!budget_init(&t->budget, rate, pol->nsites, count_told(pol, lan)))
		die(EXIT_RETRY, "cannot get memory");
	randombytes_buf(random, sizeof(random));
	ratelimit_init(&t->limit, &ratelimit_host, random);
	choose_own(t, &l->address);
	for (int fam = V4; lan && fam <= V6; fam++)
		t->raw[fam] = open_raw(fam, l->lan_interface);
}

/* ---- may it be said ---- */

/* The table of hosts is asked last, so that only hosts that may be answered get
 * room in it. */
static bool
within_rate(struct icmp_reply *t, const struct refusal *r)
{
	size_t site = r->at == POLICY_OUT ? t->judge->pol->self : r->from;
	nsec now = clock_now();

	if (!budget_has(&t->budget, site, now) ||
	    !ratelimit_allow(&t->limit, &r->ip->src, now))
		return false;
	budget_spend(&t->budget, site, now);
	return true;
}

/* The packet really is from where its source says, so far as can be known: an
 * error goes to no third party (BCP 38).  A host on the Internet is told
 * nothing of our policy, only what became of packets that were let in. */
static bool
is_senders(const struct policy *pol, const struct refusal *r)
{
	uint32_t place = lpm_lookup(pol->where, &r->ip->src);

	if (r->at == POLICY_RETURN)
		return r->why == V_TOO_BIG || r->why == V_DOWN;
	return place != LPM_NONE && PLACE_LOC(place) ==
	    (r->at == POLICY_OUT ? pol->self : r->from);
}

/* ---- doors ---- */

/* The kernel writes the header, with the address that the sender knows; of
 * IPv6 the checksum, too. */
static void
to_lan(const struct icmp_reply *t, uint8_t *error, size_t n,
    const struct ip *ip)
{
	const struct endpoint to = { .addr = ip->src };
	size_t hlen = ip->version == 4 ? IP4_HLEN : IP6_HLEN;
	struct sockaddr_storage ss = { 0 };
	struct iovec iov = { error + hlen, n - hlen };
	struct msghdr m = { .msg_name = &ss, .msg_iov = &iov, .msg_iovlen = 1,
		.msg_namelen = endpoint_to_sockaddr(&to, false, &ss) };

	sendmsg(t->raw[ip->version == 4 ? V4 : V6], &m, MSG_NOSIGNAL);
}

static void
to_peer(struct icmp_reply *t, uint16_t peer, const uint8_t *error, size_t n)
{
	struct link *l = &t->link[t->judge->pol->site[peer].worker];
	struct frame *f = link_room(l);

	if (f == NULL)
		return;
	*f = (struct frame){ .len = (uint32_t)n, .peer = peer,
		.class = (uint8_t)t->class };
	memcpy(f + 1, error, n);
	link_put(l, f);
	link_flush(l);
}

/* As if the client's host had sent it; our translator, or the kernel's, makes
 * it speak of addresses that the Internet knows. */
static void
to_internet(struct icmp_reply *t, uint16_t peer, uint8_t *error, size_t n)
{
	struct vnet none = { 0 };
	struct iovec iov[] = { { &none, sizeof(none) }, { error, n } };
	struct question q = { .at = POLICY_EGRESS, .from = peer, .p = error,
		.n = n, .vnet = &none, .now = clock_now() };

	if (!verdict_delivers(judge_ask(t->judge, &q).verdict))
		return;
	ssize_t r = writev(t->tun, iov, 2);
	(void)r;	/* should there be no room, it is told by the next */
}

static bool
has_door(const struct icmp_reply *t, const struct refusal *r)
{
	static const struct addr none;
	const struct policy_site *site = t->judge->pol->site;
	int fam = r->ip->version == 4 ? V4 : V6;

	switch (r->at) {
	case POLICY_OUT:
		return t->raw[fam] >= 0;
	case POLICY_IN:
		return site[r->from].partner &&
		    !addr_eq(&t->own[fam], &none);
	case POLICY_EGRESS:
		return site[r->from].client &&
		    !addr_eq(&t->own[fam], &none);
	default:
		return true;
	}
}

/* Of a client's host; it speaks for the end that the host meant. */
static void
reset_sender(struct icmp_reply *t, const struct refusal *r)
{
	uint8_t reset[RESET_ROOM];

	if (t->silent || !reset_may_answer(r->ip, r->packet) ||
	    !is_senders(t->judge->pol, r) || !within_rate(t, r))
		return;
	to_peer(t, r->from, reset, reset_build(reset, r->ip, r->packet));
}

void
icmp_reply_send(struct icmp_reply *t, const struct refusal *r)
{
	struct icmp_error e = { .why = r->why, .mtu = r->mtu,
		.from = t->own[r->ip->version == 4 ? V4 : V6] };
	uint8_t error[ICMP_ROOM];

	if (r->why == V_NAT_RESET)
		reset_sender(t, r);
	if (!icmp_speaks(r->why) || (t->silent && r->why != V_TOO_BIG) ||
	    !icmp_may_answer(r->ip) || !is_senders(t->judge->pol, r) ||
	    !has_door(t, r) || !within_rate(t, r))
		return;
	if (r->at == POLICY_RETURN)
		e.from = r->ip->dst;
	size_t n = icmp_error(error, &e, r->packet, r->ip);
	if (r->at == POLICY_OUT)
		to_lan(t, error, n, r->ip);
	else if (r->at == POLICY_RETURN)
		to_internet(t, r->from, error, n);
	else
		to_peer(t, r->from, error, n);
}
