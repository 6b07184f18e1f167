/* SPDX-License-Identifier: ISC */
/*
 * Super-packets.  The first byte chooses: a virtio-net header that claims
 * anything over a packet that is anything, cut as far as it can be; or a
 * stream of packets that are nearly of one flow, joined and cut again.
 */
#include "fuzz.h"

#include "../unit/packet/joincut.h"
#include "../unit/packet.h"
#include "packet/csum.h"

#define SOUND ((enum verdict)V_NEXT)

enum { MTU = 1420 };

/* ---- cutting what cannot be trusted ---- */

static void
check_segment(const struct gso *g, const uint8_t *p, size_t n)
{
	struct ip ip;
	uint64_t sum;

	must(n <= MTU && ip_parse(&ip, p, n) == SOUND && ip.len == n);
	must(ip.proto == g->ip.proto && ip.l4 == g->ip.l4);
	must(addr_eq(&ip.src, &g->ip.src) && addr_eq(&ip.dst, &g->ip.dst));
	if (g->type == VNET_GSO_NONE)
		return;
	must(ip.sport == g->ip.sport && ip.dport == g->ip.dport);
	sum = csum_pseudo(&ip, ip.proto, n - ip.l4);
	must(csum_fold(csum_add(sum, p + ip.l4, n - ip.l4)) == 0xffff);
}

/* The same in fragments: as many as were promised, with all there is in them,
 * each one sound. */
static void
cut_fragments(struct gso *g, uint8_t *out, size_t mtu)
{
	const size_t want = gso_segments(g), head = (size_t)(g->hlen - g->ip.l4);
	size_t len, count = 0, payload = 0, whole = 0;
	struct ip f;

	for (; (len = gso_next(g, out)) > 0; count++) {
		must(len <= mtu && ip_parse(&f, out, len) == SOUND);
		must(f.len == len && f.proto == g->ip.proto);
		must(addr_eq(&f.src, &g->ip.src) && f.l4 <= g->ip.l4);
		payload += len - f.l4;
		if (g->off == 0)
			whole += head;
	}
	must(count == want && payload == g->len + whole);
}

static void
cut_anything(const uint8_t *data, size_t n)
{
	struct vnet v;
	struct ip ip;
	struct gso g;
	size_t len, segments = 0, payload = 0;

	if (n <= sizeof(v))
		return;
	memcpy(&v, data, sizeof(v));
	n -= sizeof(v);
	uint8_t *p = joincut_copy(data + sizeof(v), n);
	uint8_t *out = malloc(MTU);
	if (ip_parse(&ip, p, n) == SOUND &&
	    gso_init(&g, &v, &ip, p, n, MTU) == SOUND) {
		size_t want = gso_segments(&g);
		while ((len = gso_next(&g, out)) > 0) {
			must(len <= (size_t)g.hlen + g.size);
			check_segment(&g, out, len);
			must(g.type == VNET_GSO_NONE || memcmp(out + g.hlen,
			    p + g.hlen + payload, len - g.hlen) == 0);
			payload += len - g.hlen;
			segments++;
		}
		must(segments == want && g.hlen + payload == ip.len);
		gso_init(&g, &v, &ip, p, n, MTU);
		size_t mtu = 508 + v.gso_size % 700u;
		if (g.hlen + (size_t)g.size > mtu && gso_fragment(&g, mtu))
			cut_fragments(&g, out, mtu);
	}
	free(out);
	free(p);
}

/* ---- joining and cutting again ---- */

/* One change a command makes to a flow's next segment, for that one only
 * where it would otherwise end all joining. */
static void
change(struct segment *one, struct segment *flow, uint8_t what, uint8_t arg)
{
	switch (what) {
	case 1: one->payload = arg; break;
	case 2: one->flags = arg; break;
	case 3: one->flags |= arg & (TCP_PSH | TCP_FIN | TCP_CWR); break;
	case 4: flow->payload = one->payload = arg + 1u; break;
	case 5: flow->seq = one->seq = (uint32_t)(0 - arg); break;
	case 6: flow->id = one->id = (uint16_t)(0 - arg); break;
	case 7: one->id++; break;
	case 8: flow->frag = one->frag = arg % 2 ? IP4_DF : 0; break;
	case 9: one->frag = (uint16_t)(arg << 8); break;
	case 10: one->ttl ^= arg; break;
	case 11: one->tos ^= arg; break;
	case 12: one->label ^= arg; break;
	case 13: one->win ^= arg; break;
	case 14: one->ack ^= arg; break;
	case 15: flow->options = one->options = arg % 11 * 4; break;
	case 16: one->options = arg % 11 * 4; break;
	default: break;
	}
}

/* Damage to the bytes: anywhere, or a checksum that is right in another way. */
static void
damage(struct packet *pk, uint8_t what, uint8_t arg)
{
	size_t l4 = pk->b[0] >> 4 == 4 ? 20 : 40;
	size_t at = l4 + (pk->b[l4 == 20 ? 9 : 6] == PROTO_TCP ? 16 : 6);

	if (what == 17)
		pk->b[arg % pk->n] ^= 1u << (arg & 7);
	if (what == 18)
		wire_put16(pk->b + at, 0);
	if (what == 19 && pk->b[at] == 0 && pk->b[at + 1] == 0)
		wire_put16(pk->b + at, 0xffff);
	if (what == 20) {		/* link padding */
		memset(pk->b + pk->n, 0, arg);
		pk->n += arg;
	}
	if (what == 21 && l4 == 20 && pk->b[10] == 0 && pk->b[11] == 0)
		wire_put16(pk->b + 10, 0xffff);
}

static void
join_anything(const uint8_t *data, size_t n)
{
	static struct joincut j;
	static struct packet pk;
	struct segment flow[4];

	for (unsigned i = 0; i < 4; i++)
		flow[i] = (struct segment){
			.v6 = i & 1, .proto = i & 2 ? PROTO_UDP : PROTO_TCP,
			.ttl = 64, .frag = IP4_DF, .sport = 1, .dport = 2,
			.flags = TCP_ACK, .payload = 40,
		};
	j.udp = n > 0 && data[0] & 1;
	for (size_t i = 1; i + 1 < n && j.n < JOINCUT_MAX; i += 2) {
		uint8_t what = data[i] >> 2, arg = data[i + 1];
		struct segment *f = &flow[data[i] & 3], one = *f;

		change(&one, f, what, arg);
		packet_make(&pk, &one);
		damage(&pk, what, arg);
		joincut_add(&j, pk.b, pk.n, what == 22);
		f->seq += (uint32_t)one.payload;
		f->id = what == 23 ? f->id : (uint16_t)(f->id + 1);
	}
	must(joincut_check(&j) == NULL);
	joincut_free(&j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n > 0 && data[0] & 2)
		cut_anything(data + 1, n - 1);
	else
		join_anything(data, n);
	return 0;
}
