/* SPDX-License-Identifier: ISC */
#include "nat/nat_icmp.h"

#include "nat/nat_edit.h"
#include "nat/nat_flow.h"
#include "packet/csum.h"

enum { QUOTED_AT = sizeof(struct icmp_hdr) };

/* RFC 5508 REQ-3: with a wrong checksum it is dropped. */
static bool
read_error(struct nat_quote *q, const struct nat_packet *pk)
{
	const struct ip *ip = pk->ip;
	size_t n = (size_t)(ip->len - ip->l4);
	uint64_t sum = ip->version == 4 ? 0 :
	    csum_pseudo(ip, PROTO_ICMP6, n);

	return !ip->frag &&
	    csum_fold(csum_add(sum, pk->p + ip->l4, n)) == 0xffff &&
	    nat_quote_parse(q, pk->p + ip->l4 + QUOTED_AT, n - QUOTED_AT,
	    ip->version);
}

/* The end `outer' of the error itself gets an address, that of the packet in
 * it an address and a port; one checksum covers the quoted packet, and with
 * IPv6 the outer addresses. */
static void
rewrite(const struct nat_packet *pk, const struct nat_quote *q,
    enum nat_end outer, enum nat_end inner, const struct addr *a,
    uint16_t port)
{
	struct nat_edit e = { .p = pk->p, .n = pk->ip->len,
		.l4 = pk->ip->len, .version = pk->ip->version,
		.proto = pk->ip->proto };
	struct icmp_hdr *h = (void *)(pk->p + pk->ip->l4);
	uint64_t delta = nat_edit(&q->e, inner, a, port);
	uint64_t addresses = nat_edit(&e, outer, a, 0);

	if (pk->ip->version == 6)
		delta = csum_join(delta, addresses);
	h->csum = be16_put(csum_patch(be16_get(h->csum), delta));
}

/* The flow, or the mapping, of a packet that came in and had that sequence
 * number, for whoever is at that location; 0: none, or it may not speak of
 * it. */
static uint32_t
flow_of(const struct nat *n, const struct nat_key *k, uint32_t seq,
    uint16_t site, uint32_t now)
{
	uint32_t i = nat_alive(n, NAT_OUT, k, now);

	if (i != 0 && k->proto == PROTO_TCP &&
	    !nat_tcp_under_way(&n->table.run[i], seq, NAT_INWARD))
		return 0;
	if (i == 0 && n->cfg->filter != NAT_FILTER_ADDRESS_PORT)
		i = nat_table_find(&n->table, NAT_INSIDE, k);
	return i != 0 && n->table.run[i].site == site ? i : 0;
}

/* What inside says of a packet that came in: the end that it has outside. */
static bool
outside_of(const struct nat *n, const struct nat_key *k, uint32_t seq,
    uint16_t site, uint32_t now, struct addr *a, uint16_t *port)
{
	const struct nat_static *s = nat_static_out(n->cfg, k->proto,
	    &k->local, k->local_port);
	uint32_t i = flow_of(n, k, seq, site, now);

	if (i != 0) {
		*a = n->table.flow[i].outside;
		*port = n->table.flow[i].outside_port;
		return true;
	}
	if (s == NULL || s->site != site ||
	    nat_alive(n, NAT_OUT, k, now) != 0)
		return false;
	*a = s->outside;
	*port = (uint16_t)(s->outside_first + (k->local_port -
	    s->inside_first));
	return true;
}

/* A branch that could send errors about others' flows would learn their outside
 * ends, and end them: an error goes to the sender of what it quotes, comes from
 * the location that this was for, and quotes bytes of TCP that are under
 * way. */
enum verdict
nat_error_out(struct nat *n, const struct nat_packet *pk, uint32_t now)
{
	struct nat_quote q;
	struct addr a;
	uint16_t port;

	if (!read_error(&q, pk) || !addr_eq(&q.src, &pk->ip->dst))
		return V_NAT_ERROR;
	bool icmp = q.e.proto == PROTO_ICMP || q.e.proto == PROTO_ICMP6;
	struct nat_key k = { .local = q.dst, .remote = q.src,
		.local_port = icmp ? q.sport : q.dport,
		.remote_port = icmp ? 0 : q.sport, .proto = q.e.proto };
	if (!outside_of(n, &k, q.seq, pk->from, now, &a, &port))
		return V_NAT_ERROR;
	rewrite(pk, &q, NAT_SRC, NAT_DST, &a, port);
	return (enum verdict)V_NEXT;
}

/* RFC 5927 4: what quotes TCP must quote bytes that are under way. */
enum verdict
nat_error_in(struct nat *n, const struct nat_packet *pk, struct nat_way *way,
    uint32_t now)
{
	struct nat_quote q;

	if (!read_error(&q, pk) || !addr_eq(&q.src, &pk->ip->dst))
		return V_NAT_ERROR;
	struct nat_key k = { .local = q.src, .remote = q.dst,
		.local_port = q.sport, .remote_port = q.dport,
		.proto = q.e.proto };
	uint32_t i = nat_alive(n, NAT_IN, &k, now);
	if (i == 0 || (k.proto == PROTO_TCP &&
	    !nat_tcp_under_way(&n->table.run[i], q.seq, NAT_OUTWARD)))
		return V_NAT_ERROR;
	*way = (struct nat_way){ n->table.flow[i].inside,
		n->table.flow[i].inside_port, i };
	return (enum verdict)V_NEXT;
}

void
nat_error_deliver(struct nat *n, const struct nat_packet *pk,
    const struct nat_way *way)
{
	struct nat_quote q;

	(void)n;
	if (read_error(&q, pk))
		rewrite(pk, &q, NAT_DST, NAT_SRC, &way->inside, way->port);
}
