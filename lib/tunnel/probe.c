/* SPDX-License-Identifier: ISC */
#include "tunnel/probe.h"

#include "packet/csum.h"
#include "packet/wire.h"

#include <string.h>

enum {
	ECHO = 128, REPLY = 129,
	HEAD = 48,		/* IPv6 and ICMPv6 */
};

struct echo {
	struct ip6_hdr ip;
	struct icmp_hdr icmp;
};
static_assert(sizeof(struct echo) == HEAD, "no gaps");

static void
send_echo(struct sender *s, uint16_t peer, uint8_t type, uint16_t round,
    uint16_t asked, size_t size)
{
	const struct addr *src = &s->paths.self;
	const struct addr *dst = &s->paths.peer[peer].addr;
	struct echo e = {
		.ip = { .flow = be32_put(0x60000000), .next = PROTO_ICMP6,
		    .len = be16_put((uint16_t)(size - sizeof(e.ip))),
		    .hops = UINT8_MAX },
		.icmp = { .type = type, .id = be16_put(round),
		    .seq = be16_put(asked) },
	};
	const struct ip ip = { .version = 6, .src = *src, .dst = *dst };

	memcpy(e.ip.src, src->b, sizeof(e.ip.src));
	memcpy(e.ip.dst, dst->b, sizeof(e.ip.dst));
	/* what follows is zeros */
	e.icmp.csum = be16_put((uint16_t)~csum_fold(csum_add(csum_pseudo(&ip,
	    PROTO_ICMP6, size - sizeof(e.ip)), &e.icmp, sizeof(e.icmp))));
	sender_plain(s, peer, &e, sizeof(e), size);
}

bool
probe_handle(struct sender *s, uint16_t peer, const uint8_t *packet,
    const struct ip *ip)
{
	const struct echo *e = (const void *)packet;

	if (s->paths.peer == NULL || !addr_eq(&ip->dst, &s->paths.self) ||
	    !addr_eq(&ip->src, &s->paths.peer[peer].addr) ||
	    ip->l4 != sizeof(e->ip) || !ip->ports)
		return false;
	struct peer_path *w = &s->paths.peer[peer];
	uint16_t round = be16_get(e->icmp.id), size = be16_get(e->icmp.seq);
	if (e->icmp.type == ECHO) {
		/* as short as an answer may be: the way back is another */
		send_echo(s, peer, REPLY, round, size, PMTU_TINY);
	} else if (e->icmp.type == REPLY) {
		pmtu_heard(&w->m, round, size, s->at->now);
		paths_schedule(&s->paths, peer);
	}
	return true;
}

static void
step(struct sender *s, struct peer_path *w)
{
	uint16_t peer = (uint16_t)(w - s->paths.peer), size[PMTU_ASK + 1];
	const struct peer *p = device_peer(s->device, peer);

	if (p != NULL && !endpoint_eq(&w->remote, &p->path.remote))
		paths_begin(&s->paths, peer, &p->path.remote, s->at->now);
	size_t n = pmtu_step(&w->m, s->at->now, size);
	paths_schedule(&s->paths, peer);
	if (n == 0)
		return;
	udp_whole(s->box.udp, true);
	for (size_t i = 0; i < n; i++)
		send_echo(s, peer, ECHO, w->m.round, size[i], size[i]);
	udp_whole(s->box.udp, false);
}

void
probe_tick(struct sender *s)
{
	struct timer *first;

	while ((first = timers_first(&s->paths.queue)) != NULL &&
	    first->due <= s->at->now)
		step(s, (struct peer_path *)((uint8_t *)first -
		    offsetof(struct peer_path, timer)));
}
