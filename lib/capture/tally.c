/* SPDX-License-Identifier: ISC */
#include "capture/tally.h"

#include "base/die.h"
#include "base/json.h"
#include "conf/prefixes.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	RULES = 64,		/* more than any point has */
	SLOTS = 2 * TALLY_ROOM,
	NAMELEN = 96,
	NET4 = PREFIX_V4 + 24,	/* what a network at the other end is */
	NET6 = 48,
};

/* Hosts, or networks: open addressing, never more than half full. */
struct sums {
	struct slot {
		struct prefix key;
		bool used;
		struct tally_sum sum;
	} slot[SLOTS];
	struct tally_sum others;
	size_t n;
};

struct tally {
	const struct conf *cf;
	const struct policy *pol;
	uint8_t secret[crypto_shorthash_KEYBYTES];
	struct tally_sum total, verdict[V_COUNT], rule[RULES];
	struct tally_sum *breakout, *group;
	struct sums host, net;
};

struct tally *
tally_new(const struct conf *cf, const struct policy *pol)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (t != NULL) {
		t->cf = cf;
		t->pol = pol;
		t->breakout = calloc(cf->nbreakouts + 1, sizeof(*t->breakout));
		t->group = calloc(cf->ngroups + 1, sizeof(*t->group));
	}
	if (t == NULL || t->breakout == NULL || t->group == NULL ||
	    sodium_init() < 0)
		die(EXIT_RETRY, "cannot build the tables of a summary");
	randombytes_buf(t->secret, sizeof(t->secret));
	return t;
}

static void
add(struct tally_sum *s, bool in, size_t bytes)
{
	s->packets++;
	*(in ? &s->in : &s->out) += bytes;
}

static struct tally_sum *
find(const struct tally *t, struct sums *s, const struct prefix *key)
{
	uint64_t h;

	crypto_shorthash((uint8_t *)&h, key->addr.b, sizeof(key->addr),
	    t->secret);
	for (size_t i = h % SLOTS;; i = (i + 1) % SLOTS) {
		struct slot *at = &s->slot[i];
		if (at->used && prefix_cmp(&at->key, key) == 0)
			return &at->sum;
		if (at->used)
			continue;
		if (s->n == TALLY_ROOM)
			return &s->others;
		s->n++;
		at->used = true;
		at->key = *key;
		return &at->sum;
	}
}

static struct prefix
net_of(const struct addr *a)
{
	struct prefix p = { *a, addr_is_v4(a) ? NET4 : NET6 };

	for (unsigned i = p.len / 8; i < 16; i++)
		p.addr.b[i] = 0;
	return p;
}

void
tally_add(struct tally *t, const struct tally_item *i, size_t bytes)
{
	const struct ip *ip = i->ip;

	add(&t->total, i->in, bytes);
	add(&t->verdict[i->d->verdict], i->in, bytes);
	if (i->d->rule < RULES)
		add(&t->rule[i->d->rule], i->in, bytes);
	if (i->d->breakout != BREAKOUT_NONE)
		add(&t->breakout[i->d->breakout - 1], i->in, bytes);
	if (i->d->rule >= RULES)
		return;		/* of what did not parse nothing is known */
	const struct prefix host = { ip->src, 128 }, net = net_of(&ip->dst);
	add(find(t, &t->host, &host), i->in, bytes);
	add(find(t, &t->net, &net), i->in, bytes);
	for (size_t k = 0; k < t->cf->ngroups; k++)
		if (conf_group_has(&t->cf->group[k], &ip->src) ||
		    conf_group_has(&t->cf->group[k], &ip->dst))
			add(&t->group[k], i->in, bytes);
}

struct tally_sum
tally_total(const struct tally *t)
{
	return t->total;
}

/* A row on its way out. */
struct row {
	char name[NAMELEN], note[NAMELEN];
	struct tally_sum sum;
};

struct rows {
	struct row *row;
	size_t n;
};

static void
put(struct rows *r, const struct tally_sum *s, const char *name,
    const char *note)
{
	struct row *row = &r->row[r->n];

	if (s->packets == 0)
		return;
	snprintf(row->name, sizeof(row->name), "%s", name);
	snprintf(row->note, sizeof(row->note), "%s", note);
	row->sum = *s;
	r->n++;
}

static const char *
hop(const struct tally *t, enum verdict v)
{
	if (v == V_INTERNET && t->pol->server != PEER_NONE)
		return t->cf->location[t->pol->server].name;
	if (v == V_BREAKOUT)
		return t->cf->location[t->pol->self].uplink;
	return verdict_why(v);
}

static void
class_rows(const struct tally *t, struct rows *r)
{
	for (enum verdict v = 0; v < V_COUNT; v++)
		put(r, &t->verdict[v], verdict_name(v), hop(t, v));
}

static void
rule_rows(const struct tally *t, struct rows *r)
{
	const char *name, *text;

	for (unsigned i = 0; policy_rule(POLICY_OUT, i, &name, &text); i++)
		put(r, &t->rule[i], name, text);
	for (size_t i = 0; i < t->cf->nbreakouts; i++)
		put(r, &t->breakout[i], t->cf->breakout[i].name,
		    t->cf->breakout[i].filter);
}

/* Whose an address is, for people. */
static const char *
whose(const struct tally *t, const struct addr *a)
{
	uint32_t place = lpm_lookup(t->pol->where, a);

	return place == LPM_NONE ? "" :
	    t->cf->location[PLACE_LOC(place)].name;
}

static void
sums_rows(const struct tally *t, const struct sums *s, struct rows *r)
{
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < SLOTS; i++) {
		const struct slot *at = &s->slot[i];
		if (!at->used)
			continue;
		put(r, &at->sum, at->key.len == 128 ?
		    addr_format(&at->key.addr, text) :
		    prefix_format(&at->key, text), whose(t, &at->key.addr));
	}
	put(r, &s->others, "others", "more than can be told apart");
}

static void
host_rows(const struct tally *t, struct rows *r)
{
	sums_rows(t, &t->host, r);
}

static void
net_rows(const struct tally *t, struct rows *r)
{
	sums_rows(t, &t->net, r);
}

static void
group_rows(const struct tally *t, struct rows *r)
{
	for (size_t i = 0; i < t->cf->ngroups; i++)
		put(r, &t->group[i], t->cf->group[i].name, "");
}

static const struct {
	const char *name;
	void (*rows)(const struct tally *t, struct rows *r);
} tables[] = {
	{ "class", class_rows },
	{ "rule", rule_rows },
	{ "host", host_rows },
	{ "network", net_rows },
	{ "group", group_rows },
};

static int
larger(const void *a, const void *b)
{
	const struct row *p = a, *q = b;
	uint64_t x = p->sum.in + p->sum.out, y = q->sum.in + q->sum.out;

	return x != y ? (x > y ? -1 : 1) : strcmp(p->name, q->name);
}

static void
get_rows(const struct tally *t, size_t table, struct rows *r)
{
	size_t room = V_COUNT + RULES + TALLY_ROOM + 1 + t->cf->ngroups +
	    t->cf->nbreakouts;

	r->n = 0;
	if (r->row == NULL && (r->row = calloc(room, sizeof(*r->row))) == NULL)
		die(EXIT_RETRY, "cannot sort a summary");
	tables[table].rows(t, r);
	qsort(r->row, r->n, sizeof(*r->row), larger);
}

static double
rate(const struct tally_sum *s, double seconds)
{
	return seconds > 0 ? (double)(s->in + s->out) * 8 / seconds : 0;
}

static void
print_row(const struct row *r, double seconds, FILE *out)
{
	fprintf(out, "%-28s %10" PRIu64 " %13" PRIu64 " %13" PRIu64 " %10.3f"
	    "%s%s\n", r->name, r->sum.packets, r->sum.out, r->sum.in,
	    rate(&r->sum, seconds) / 1e6, r->note[0] != '\0' ? "  " : "",
	    r->note);
}

void
tally_print(struct tally *t, double seconds, unsigned top, FILE *out)
{
	struct rows r = { 0 };

	for (size_t k = 0; k < sizeof(tables) / sizeof(tables[0]); k++) {
		get_rows(t, k, &r);
		if (r.n == 0)
			continue;
		fprintf(out, "\n%-28s %10s %13s %13s %10s\n", tables[k].name,
		    "packets", "bytes out", "bytes in", "Mbit/s");
		for (size_t i = 0; i < r.n && i < top; i++)
			print_row(&r.row[i], seconds, out);
		if (r.n > top)
			fprintf(out, "... and %zu more\n", r.n - top);
	}
	free(r.row);
}

void
tally_json(struct tally *t, double seconds, FILE *out)
{
	struct rows r = { 0 };

	for (size_t k = 0; k < sizeof(tables) / sizeof(tables[0]); k++) {
		get_rows(t, k, &r);
		for (size_t i = 0; i < r.n; i++) {
			const struct tally_sum *s = &r.row[i].sum;
			fprintf(out, "{\"table\":\"%s\",\"name\":",
			    tables[k].name);
			json_string(out, r.row[i].name);
			fputs(",\"note\":", out);
			json_string(out, r.row[i].note);
			fprintf(out, ",\"packets\":%" PRIu64 ",\"bytes_out\":%"
			    PRIu64 ",\"bytes_in\":%" PRIu64
			    ",\"bits_per_second\":%.0f}\n", s->packets, s->out,
			    s->in, rate(s, seconds));
		}
	}
	free(r.row);
}
