/* SPDX-License-Identifier: ISC */
#ifndef BH_T_JOINCUT_H
#define BH_T_JOINCUT_H

/*
 * The property that joining must have, for the unit test and the fuzz target:
 * whatever stream of packets comes, cutting what was joined gives the packets
 * of each flow back, in their order, byte for byte.
 */

#include "packet/gso.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { JOINCUT_MAX = 256 };

struct joincut {
	bool udp;
	size_t n;
	struct {
		uint8_t *p;	/* as it came */
		uint8_t *work;	/* a copy that joining may write to */
		struct ip ip;
		uint16_t tag;
		bool back;
	} in[JOINCUT_MAX];
	size_t supers;		/* super-packets that came about */
	size_t bad;		/* packets said to have a wrong checksum */
};

static inline void
joincut_free(struct joincut *j)
{
	for (size_t i = 0; i < j->n; i++) {
		free(j->in[i].p);
		free(j->in[i].work);
	}
	j->n = 0;
}

static inline uint8_t *
joincut_copy(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n);

	if (copy == NULL)
		abort();
	return memcpy(copy, p, n);
}

/* Packets that do not parse never get as far as joining: false. */
static inline bool
joincut_add(struct joincut *j, const uint8_t *p, size_t n, uint16_t tag)
{
	struct ip ip;

	if (j->n == JOINCUT_MAX || ip_parse(&ip, p, n) != (enum verdict)V_NEXT)
		return false;
	j->in[j->n].p = joincut_copy(p, ip.len);
	j->in[j->n].work = joincut_copy(p, ip.len);
	j->in[j->n].ip = ip;
	j->in[j->n].tag = tag;
	j->in[j->n++].back = false;
	return true;
}

/* One packet that came out: is it the flow's next? */
static inline const char *
joincut_match(struct joincut *j, const uint8_t *p, size_t n, uint16_t tag)
{
	struct ip ip;

	if (ip_parse(&ip, p, n) != (enum verdict)V_NEXT || ip.len != n)
		return "a segment does not parse";
	for (size_t i = 0; i < j->n; i++) {
		const struct ip *in = &j->in[i].ip;

		if (j->in[i].back || j->in[i].tag != tag ||
		    in->proto != ip.proto || in->sport != ip.sport ||
		    in->dport != ip.dport || !addr_eq(&in->src, &ip.src) ||
		    !addr_eq(&in->dst, &ip.dst))
			continue;
		j->in[i].back = true;
		return in->len == n && memcmp(j->in[i].p, p, n) == 0 ? NULL :
		    "a segment is not the packet that came";
	}
	return "a segment of no flow that came";
}

static inline const char *
joincut_cut(struct joincut *j, const struct gro_slot *s)
{
	static uint8_t whole[UINT16_MAX], out[UINT16_MAX];
	struct gso g;
	struct ip ip;
	size_t n = 0, segments = 0;

	for (size_t i = 0; i < s->npieces; i++) {
		memcpy(whole + n, s->piece[i].iov_base, s->piece[i].iov_len);
		n += s->piece[i].iov_len;
	}
	if (n != s->bytes || n != s->ip.len)
		return "the pieces are not the packet";
	if (ip_parse(&ip, whole, n) != (enum verdict)V_NEXT || ip.len != n)
		return "a super-packet does not parse";
	size_t mtu = s->npieces > 1 ? s->hlen + (size_t)s->size : n;
	if (gso_init(&g, &s->vnet, &ip, whole, n, mtu) != (enum verdict)V_NEXT)
		return "a super-packet does not open";
	size_t want = gso_segments(&g);
	while ((n = gso_next(&g, out)) > 0) {
		const char *wrong = joincut_match(j, out, n, s->tag);
		if (wrong != NULL)
			return wrong;
		segments++;
	}
	j->supers += segments > 1;
	return segments == want && want == s->npieces ? NULL :
	    "not as many segments as were joined";
}

static inline const char *
joincut_flush(struct joincut *j, struct gro *g)
{
	const char *wrong = NULL;

	gro_finish(g);
	for (size_t i = 0; i < g->n && wrong == NULL; i++)
		wrong = joincut_cut(j, &g->slot[i]);
	gro_init(g, j->udp);
	return wrong;
}

/* NULL, or what is wrong. */
static inline const char *
joincut_check(struct joincut *j)
{
	static struct gro g;
	const char *wrong = NULL;

	j->supers = j->bad = 0;
	gro_init(&g, j->udp);
	for (size_t i = 0; i < j->n && wrong == NULL; i++) {
		bool bad;

		if (!gro_add(&g, j->in[i].work, &j->in[i].ip, j->in[i].tag,
		    &bad)) {
			wrong = joincut_flush(j, &g);
			if (!gro_add(&g, j->in[i].work, &j->in[i].ip,
			    j->in[i].tag, &bad))
				return "an empty table takes nothing";
		}
		j->bad += bad;
	}
	if (wrong == NULL)
		wrong = joincut_flush(j, &g);
	for (size_t i = 0; i < j->n && wrong == NULL; i++)
		if (!j->in[i].back)
			wrong = "a packet is lost";
	return wrong;
}

#endif
