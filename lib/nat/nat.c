/* SPDX-License-Identifier: ISC */
#include "nat/nat.h"

#include "nat/nat_edit.h"
#include "nat/nat_flow.h"
#include "nat/nat_icmp.h"
#include "packet/csum.h"

static const enum verdict sound = (enum verdict)V_NEXT;

/* ---- what a packet says ---- */

static bool
is_icmp(const struct ip *ip)
{
	return ip->proto == PROTO_ICMP || ip->proto == PROTO_ICMP6;
}

static const struct tcp_hdr *
tcp_of(const struct nat_packet *pk)
{
	return pk->ip->proto == PROTO_TCP ?
	    (const void *)(pk->p + pk->ip->l4) : NULL;
}

/* The flow that it would belong to, seen from our side of it. */
static struct nat_key
key_of(const struct ip *ip, enum nat_dir dir)
{
	bool out = dir == NAT_OUTWARD, icmp = is_icmp(ip);
	struct nat_key k = { .proto = ip->proto,
		.local = out ? ip->src : ip->dst,
		.remote = out ? ip->dst : ip->src };

	k.local_port = out && !icmp ? ip->sport : ip->dport;
	k.remote_port = icmp ? 0 : out ? ip->dport : ip->sport;
	return k;
}

static bool
is_partial(const struct nat_packet *pk)
{
	return pk->vnet != NULL && (pk->vnet->flags & VNET_NEEDS_CSUM) != 0;
}

/* A sum that is yet to be made must be that of TCP or UDP, where it is. */
static bool
sum_is_ours(const struct nat_packet *pk)
{
	const struct ip *ip = pk->ip;
	size_t at = ip->proto == PROTO_TCP ? offsetof(struct tcp_hdr, csum) :
	    offsetof(struct udp_hdr, csum);

	return !is_partial(pk) || (!ip->frag && !is_icmp(ip) &&
	    pk->vnet->csum_start == ip->l4 && pk->vnet->csum_offset == at);
}

/* Of what may come at all: the protocols that are translated (N4), ports that
 * can be a flow's (0 stands for any port in it). */
static enum verdict
check(const struct nat_packet *pk, bool *error)
{
	const struct ip *ip = pk->ip;

	if (!nat_translates(ip, error))
		return V_NAT_PROTO;
	if (!is_icmp(ip) && ip->frag_off == 0 &&
	    (ip->sport == 0 || ip->dport == 0))
		return V_NAT_PROTO;
	return sum_is_ours(pk) ? sound : V_OFFLOAD;
}

/* ---- rewriting ---- */

static struct nat_edit
edit_of(const struct nat_packet *pk)
{
	const struct ip *ip = pk->ip;

	return (struct nat_edit){ .p = pk->p, .n = ip->len,
		.l4 = ip->frag_off > 0 ? ip->len : ip->l4,
		.version = ip->version, .proto = ip->proto,
		.partial = is_partial(pk) };
}

static void
put_id(struct ip4_hdr *h, uint16_t id)
{
	be16 to = be16_put(id);
	uint64_t delta = csum_change(0, &h->id, &to, sizeof(to));

	h->id = to;
	h->csum = be16_put(csum_patch(be16_get(h->csum), delta));
}

/* A packet that forbids fragments keeps its identification, which no host
 * needs.  The kernel counts on from that of a super-packet, segment by segment.
 * The one that it has now. */
static uint16_t
new_id(struct nat *n, const struct nat_packet *pk, const struct addr *outside)
{
	struct ip4_hdr *h = (void *)pk->p;

	if (pk->ip->version != 4)
		return 0;
	if ((be16_get(h->frag) & IP4_DF) != 0)
		return be16_get(h->id);
	put_id(h, nat_id_next(&n->ids, outside, &pk->ip->dst, pk->ip->proto));
	return be16_get(h->id);
}

/* A later fragment gets what its first one got. */
static enum verdict
later(struct nat *n, const struct nat_packet *pk, nsec now)
{
	const struct nat_datagram *d = nat_frag_find(&n->frags, pk->ip, now);
	struct nat_edit e = edit_of(pk);

	if (d == NULL)
		return nat_frag_hold(&n->frags, pk->p, pk->ip->len, pk->from,
		    false, now) ? V_NAT_HELD : V_NAT_FRAGMENT;
	nat_edit(&e, NAT_SRC, &d->to, 0);
	if (pk->ip->version == 4)
		put_id((void *)pk->p, d->new_id);
	return sound;
}

/* ---- out ---- */

/* May a packet without a flow leave, and does it leave one behind?  Where a
 * rule or a mapping lets others begin, an answer may; RST leaves nothing. */
static enum verdict
may_begin(const struct nat *n, const struct nat_packet *pk,
    const struct nat_key *k, bool *stays)
{
	const struct tcp_hdr *tcp = tcp_of(pk);
	bool opened = nat_static_out(n->cfg, k->proto, &k->local,
	    k->local_port) != NULL;

	*stays = tcp == NULL || (tcp->flags & TCP_RST) == 0;
	if (opened)
		return sound;
	if (is_icmp(pk->ip))
		return nat_asks(pk->ip) ? sound : V_NAT_CLOSED;
	if (tcp == NULL || nat_tcp_begins(tcp))
		return sound;
	bool mapped = n->cfg->filter != NAT_FILTER_ADDRESS_PORT &&
	    nat_table_find(&n->table, NAT_INSIDE, k) != 0;
	if ((tcp->flags & (TCP_SYN | TCP_RST)) == 0)
		return V_NAT_RESET;
	return mapped ? sound : V_NAT_CLOSED;
}

/* An answer that leaves no flow: the outside end of the rule or mapping. */
static void
pass_once(const struct nat *n, const struct nat_packet *pk,
    const struct nat_key *k)
{
	const struct nat_static *s = nat_static_out(n->cfg, k->proto,
	    &k->local, k->local_port);
	uint32_t head = nat_table_find(&n->table, NAT_INSIDE, k);
	struct nat_edit e = edit_of(pk);

	if (s != NULL)
		nat_edit(&e, NAT_SRC, &s->outside,
		    (uint16_t)(s->outside_first + (k->local_port -
		    s->inside_first)));
	else
		nat_edit(&e, NAT_SRC, &n->table.flow[head].outside,
		    n->table.flow[head].outside_port);
}

/* With filtering by address: any port of the remote may answer. */
static void
permit(struct nat *n, uint32_t i, uint32_t now)
{
	struct nat_flow f = n->table.flow[i];
	struct nat_key k = { .local = f.inside, .remote = f.remote,
		.local_port = f.inside_port, .proto = f.proto };
	enum verdict v;

	if (n->cfg->filter != NAT_FILTER_ADDRESS || f.remote_port == 0)
		return;
	uint32_t p = nat_table_find(&n->table, NAT_OUT, &k);
	f.remote_port = 0;
	f.kind |= NAT_PERMIT;
	if (p == 0)
		p = nat_begin(n, &f, n->table.run[i].site, now, &v);
	if (p != 0)
		n->table.flow[p].expires = n->table.flow[i].expires;
}

/* Counts the packet for its flow: it lives on. */
static void
refresh(struct nat *n, const struct nat_packet *pk, uint32_t i,
    enum nat_dir dir, uint32_t now)
{
	const struct tcp_hdr *tcp = tcp_of(pk);
	struct nat_run *run = &n->table.run[i];
	uint8_t before = run->tcp;
	bool alive = dir == NAT_OUTWARD || n->cfg->inbound_refresh;
	size_t l4len = (size_t)(pk->ip->len - pk->ip->l4);

	if (tcp != NULL && !nat_tcp_track(run, tcp, l4len, dir))
		alive = false;
	/* a connection that opens or closes has another time from now on */
	if (alive || (tcp != NULL && run->tcp != before))
		n->table.flow[i].expires = now + nat_idle(n, i);
}

/* The packet's flow, if need be a new one; 0 and *v: V_NEXT if it has passed
 * without one. */
static uint32_t
flow_out(struct nat *n, const struct nat_packet *pk, uint32_t now,
    enum verdict *v)
{
	struct nat_key k = key_of(pk->ip, NAT_OUTWARD);
	uint32_t i = nat_table_find(&n->table, NAT_OUT, &k);
	bool stays;

	if (i != 0 && n->table.flow[i].expires > now)
		return i;
	*v = may_begin(n, pk, &k, &stays);
	if (*v != sound)
		return 0;
	if (i != 0) {		/* over, but not yet swept up */
		n->table.run[i] = (struct nat_run){ .site = pk->from };
		return i;
	}
	if (!stays) {
		pass_once(n, pk, &k);
		return 0;
	}
	struct nat_flow f = { .inside = k.local, .remote = k.remote,
		.inside_port = k.local_port, .remote_port = k.remote_port,
		.proto = k.proto };
	return nat_begin(n, &f, pk->from, now, v);
}

enum verdict
nat_outbound(struct nat *n, const struct nat_packet *pk, nsec now)
{
	uint32_t s = nat_seconds(now);
	struct nat_edit e = edit_of(pk);
	bool error;
	enum verdict v = check(pk, &error);

	if (v != sound)
		return v;
	if (pk->ip->frag_off > 0)
		return later(n, pk, now);
	if (error)
		return nat_error_out(n, pk, s);
	uint32_t i = flow_out(n, pk, s, &v);
	if (i == 0)
		return v;
	refresh(n, pk, i, NAT_OUTWARD, s);
	permit(n, i, s);
	const struct nat_flow *f = &n->table.flow[i];
	nat_edit(&e, NAT_SRC, &f->outside, f->outside_port);
	uint16_t id = new_id(n, pk, &f->outside);
	if (pk->ip->frag)
		nat_frag_learn(&n->frags, pk->ip, &f->outside, id, now);
	return sound;
}

/* ---- in ---- */

/* Whom a mapping or a rule lets in without a flow. */
static enum verdict
way_without(const struct nat *n, const struct nat_packet *pk,
    const struct nat_key *k, struct nat_way *way, uint32_t now)
{
	const struct nat_static *s = nat_static_in(n->cfg, k->proto, &k->local,
	    k->local_port, &k->remote);
	struct nat_key any = *k;

	if (s != NULL) {
		*way = (struct nat_way){ s->inside, (uint16_t)(s->inside_first +
		    (k->local_port - s->outside_first)), 0 };
		return sound;
	}
	if (n->cfg->filter == NAT_FILTER_ADDRESS_PORT ||
	    (is_icmp(pk->ip) && nat_asks(pk->ip)))
		return V_NAT_CLOSED;
	any.remote_port = 0;
	uint32_t head = n->cfg->filter == NAT_FILTER_ADDRESS ?
	    nat_alive(n, NAT_IN, &any, now) :
	    nat_table_find(&n->table, NAT_OUTSIDE, k);
	if (head == 0)
		return V_NAT_CLOSED;
	*way = (struct nat_way){ n->table.flow[head].inside,
		n->table.flow[head].inside_port, 0 };
	return sound;
}

enum verdict
nat_inbound(struct nat *n, const struct nat_packet *pk, struct nat_way *way,
    nsec now)
{
	struct nat_key k = key_of(pk->ip, NAT_INWARD);
	uint32_t s = nat_seconds(now), i;
	bool error;
	enum verdict v = check(pk, &error);

	*way = (struct nat_way){ .flow = 0 };
	if (v != sound)
		return v;
	if (pk->ip->frag_off > 0) {
		const struct nat_datagram *d = nat_frag_find(&n->frags,
		    pk->ip, now);
		if (d == NULL)
			return nat_frag_hold(&n->frags, pk->p, pk->ip->len,
			    pk->from, true, now) ? V_NAT_HELD : V_NAT_FRAGMENT;
		way->inside = d->to;
		return sound;
	}
	if (error)
		return nat_error_in(n, pk, way, s);
	i = nat_alive(n, NAT_IN, &k, s);
	if (i == 0)
		return way_without(n, pk, &k, way, s);
	*way = (struct nat_way){ n->table.flow[i].inside,
		n->table.flow[i].inside_port, i };
	return sound;
}

void
nat_deliver(struct nat *n, const struct nat_packet *pk,
    const struct nat_way *way, nsec now)
{
	struct nat_edit e = edit_of(pk);
	bool error;

	nat_translates(pk->ip, &error);
	if (error) {
		nat_error_deliver(n, pk, way);
		return;
	}
	if (way->flow != 0)
		refresh(n, pk, way->flow, NAT_INWARD, nat_seconds(now));
	if (pk->ip->frag && pk->ip->frag_off == 0)
		nat_frag_learn(&n->frags, pk->ip, &way->inside,
		    (uint16_t)pk->ip->frag_id, now);
	nat_edit(&e, NAT_DST, &way->inside, way->port);
}

size_t
nat_released(struct nat *n, uint8_t p[static NAT_HELD_MAX], uint16_t *from,
    bool inward, nsec now)
{
	return nat_frag_release(&n->frags, p, from, inward, now);
}
