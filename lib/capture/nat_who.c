/* SPDX-License-Identifier: ISC */
#include "capture/nat_who.h"

#include "base/once.h"
#include "base/text.h"
#include "conf/publish.h"
#include "gate/nat_conf.h"
#include "packet/ip.h"
#include "packet/wire.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- questions and answers ---- */

static bool
parse_time(uint64_t *t, const char *text)
{
	struct tm tm = { 0 };
	char *end;

	*t = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0')
		return *t > 0;
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end == NULL || *end != '\0')
		return false;
	*t = (uint64_t)timegm(&tm);
	return true;
}

/* 198.51.100.1:80, [2001:db8::1]:80 */
static bool
parse_outside(struct nat_question *q, const char *text)
{
	char host[ADDR_STRLEN + 2], *end;
	const char *colon = strrchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;

	if (n == 0 || n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		memmove(host, host + 1, n - 1);
	}
	unsigned long port = strtoul(colon + 1, &end, 10);
	q->port = (uint16_t)port;
	return colon[1] >= '0' && colon[1] <= '9' && *end == '\0' &&
	    port <= UINT16_MAX && addr_parse(&q->outside, host);
}

const char *
nat_question_parse(struct nat_question *q, const char *outside,
    const char *proto, const char *time)
{
	int n = ip_proto_parse(proto);

	*q = (struct nat_question){ .time = 0 };
	if (!parse_outside(q, outside))
		return "that is no ADDRESS:PORT";
	if (n != PROTO_TCP && n != PROTO_UDP && n != PROTO_ICMP &&
	    n != PROTO_ICMP6)
		return "the protocol is none of tcp, udp, icmp";
	q->proto = (uint8_t)n;
	if (n == PROTO_ICMP && !addr_is_v4(&q->outside))
		q->proto = PROTO_ICMP6;
	if (time != NULL && !parse_time(&q->time, time))
		return "the time is neither seconds nor "
		    "YYYY-MM-DDTHH:MM:SS";
	return NULL;
}

void
nat_answer_print(const struct nat_answer *a, FILE *out)
{
	struct endpoint e = { .addr = a->host, .port = a->port };
	char buf[ENDPOINT_STRLEN];

	fprintf(out, "%s\t%s\t%s\n", a->location, a->port != 0 ?
	    endpoint_format(&e, buf) : addr_format(&a->host, buf), a->rule);
}

/* The client that has the address: of several the longest prefix. */
static void
name_location(struct nat_answer *a, const struct conf *cf)
{
	uint8_t longest = 0;

	snprintf(a->location, sizeof(a->location), "-");
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *l = &cf->location[i];
		const struct conf_prefixes *ps[] = { &l->lan, &l->internal };
		for (size_t k = 0; k < 2; k++)
			for (size_t n = 0; n < ps[k]->n; n++) {
				const struct prefix *p = &ps[k]->p[n];
				if (!prefix_has(p, &a->host) ||
				    p->len < longest)
					continue;
				longest = p->len;
				memcpy(a->location, l->name,
				    sizeof(a->location));
			}
	}
}

/* ---- the domain file, the state ---- */

bool
nat_who_published(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf, size_t server)
{
	for (size_t i = 0; i < cf->npublish; i++) {
		const struct conf_publish *p = &cf->publish[i];
		if (!publish_is_of(cf, p, server) ||
		    !publish_has(p, &q->outside, q->proto, q->port))
			continue;
		a->host = p->to;
		a->port = (uint16_t)(p->to_port == 0 ? q->port :
		    p->to_port + (q->port - p->first));
		snprintf(a->rule, sizeof(a->rule), "publish %s", p->name);
		name_location(a, cf);
		return true;
	}
	return false;
}

static bool
find_flow(struct nat_answer *a, const struct nat_question *q,
    const struct nat_view *v)
{
	struct nat_flow f;

	for (uint32_t i = 1; i <= v->image.flows; i++) {
		once_copy(&f, &v->rec.flow[i], sizeof(f));
		if (f.outside_port != q->port || f.proto != q->proto ||
		    !addr_eq(&f.outside, &q->outside) ||
		    f.seal != nat_table_seal(&f) ||
		    f.expires <= v->image.clock)
			continue;
		a->host = f.inside;
		a->port = f.inside_port;
		snprintf(a->rule, sizeof(a->rule), "%s",
		    f.kind & NAT_STATIC ? "publish" : "flow");
		return true;
	}
	return false;
}

static bool
find_owner(struct nat_answer *a, const struct nat_question *q,
    const struct nat_view *v)
{
	uint32_t size = v->image.block;
	uint32_t each = nat_blocks_each(size);
	uint32_t k = nat_block_number(q->port, size);

	for (size_t i = 0; i < v->image.npool && q->port >= NAT_PORT_FIRST &&
	    k < each; i++) {
		const struct nat_owner o = v->rec.owner[i * each + k];
		if (!addr_eq(&v->pool[i], &q->outside) ||
		    o.seal != nat_owner_seal(&o) ||
		    (q->time != 0 && o.since > q->time))
			continue;
		a->host = o.host;
		a->port = 0;
		snprintf(a->rule, sizeof(a->rule), "block %u-%u since %"
		    PRIu64 "%s", nat_block_first(k, size),
		    nat_block_first(k + 1, size) - 1, o.since,
		    o.until != 0 ? ", given back" : "");
		return true;
	}
	return false;
}

bool
nat_who_state(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf, const struct nat_view *v)
{
	if (!find_flow(a, q, v) && !find_owner(a, q, v))
		return false;
	name_location(a, cf);
	return true;
}

bool
nat_who_held(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf, const struct nat_view *v)
{
	if (!find_owner(a, q, v))
		return false;
	name_location(a, cf);
	return true;
}

/* ---- computing (RFC 7422) ---- */

/* All that it takes; a span's location is an index into names. */
struct epoch {
	uint64_t time;
	uint32_t block, npool, nspans;
	struct addr pool[NAT_POOL_MAX];
	struct {
		struct nat_span span;
		char location[CONF_NAMELEN];
	} *hosts;
	size_t room;
};

static bool
compute(struct nat_answer *a, const struct nat_question *q,
    const struct epoch *e)
{
	uint32_t i = 0;

	while (i < e->npool && !addr_eq(&e->pool[i], &q->outside))
		i++;
	if (i == e->npool || q->port < NAT_PORT_FIRST || e->block == 0)
		return false;
	uint32_t k = nat_block_number(q->port, e->block);
	if (k >= nat_blocks_each(e->block))
		return false;
	uint64_t number = (uint64_t)k * e->npool + i;
	for (uint32_t s = 0; s < e->nspans; s++) {
		const struct nat_span *p = &e->hosts[s].span;
		if (number - p->number >= p->count)
			continue;
		be32 first;
		memcpy(&first, p->first.b + 12, 4);
		first = be32_put(be32_get(first) + (uint32_t)(number -
		    p->number));
		a->host = p->first;
		memcpy(a->host.b + 12, &first, 4);
		a->port = 0;
		memcpy(a->location, e->hosts[s].location,
		    sizeof(a->location));
		snprintf(a->rule, sizeof(a->rule), "deterministic %u-%u",
		    nat_block_first(k, e->block),
		    nat_block_first(k + 1, e->block) - 1);
		return true;
	}
	return false;
}

static bool
add_hosts(struct epoch *e, const struct nat_span *s, const char *location)
{
	if (e->nspans == e->room) {
		size_t room = e->room == 0 ? 64 : 2 * e->room;
		void *p = realloc(e->hosts, room * sizeof(*e->hosts));
		if (p == NULL)
			return false;
		e->hosts = p;
		e->room = room;
	}
	e->hosts[e->nspans].span = *s;
	snprintf(e->hosts[e->nspans].location, CONF_NAMELEN, "%s", location);
	text_visible(e->hosts[e->nspans].location, TEXT_ASCII);
	e->nspans++;
	return true;
}

bool
nat_who_computed(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf, size_t server)
{
	static struct epoch e;
	struct nat_config nc;

	if (conf_nat_of(&cf->location[server], true) != CONF_NAT_POOL ||
	    !cf->location[server].pool.deterministic)
		return false;
	nat_conf_init(&nc, cf, server);
	e.block = nc.block;
	e.npool = nc.fixed.n;
	memcpy(e.pool, nc.pool + nc.fixed.first, nc.fixed.n *
	    sizeof(*nc.pool));
	for (size_t i = 0; i < nc.nspans; i++)
		if (!add_hosts(&e, &nc.span[i],
		    cf->location[nc.span[i].site].name))
			return false;
	return compute(a, q, &e);
}

/* ---- logs ---- */

struct nat_log_reader {
	struct nat_question q;
	struct epoch epoch;	/* the last one that began before the time */
	struct nat_answer had;	/* the last one that took the port's block */
	bool taken;
	bool known;		/* a line before the time has told */
	bool over;		/* one after it has */
};

struct nat_log_reader *
nat_log_open(const struct nat_question *q)
{
	struct nat_log_reader *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->q = *q;
	return r;
}

void
nat_log_again(struct nat_log_reader *r, const struct nat_question *q)
{
	struct epoch *e = &r->epoch;

	e->npool = e->nspans = e->block = 0;
	r->q = *q;
	r->taken = r->known = r->over = false;
}

void
nat_log_close(struct nat_log_reader *r)
{
	free(r->epoch.hosts);
	free(r);
}

/* "198.51.100.1:1024-1535": is the port that is asked for one of these? */
static bool
is_ours(const struct nat_log_reader *r, char *range)
{
	char *dash = strrchr(range, '-'), *end;
	struct nat_question first;

	if (dash == NULL)
		return false;
	*dash = '\0';
	unsigned long last = strtoul(dash + 1, &end, 10);
	return dash[1] >= '0' && dash[1] <= '9' && *end == '\0' &&
	    last <= UINT16_MAX && parse_outside(&first, range) &&
	    addr_eq(&first.outside, &r->q.outside) &&
	    r->q.port >= first.port && r->q.port <= last;
}

/* A host that gives a block back after the time had it then, which is known
 * even if the line that said so at first is not kept any more. */
static bool
had_then(struct nat_log_reader *r, bool later, uint64_t since, bool take)
{
	if (!later) {
		r->known = true;
		return take;
	}
	bool first = !r->known && !r->over;
	r->over = true;
	return r->taken || (first && !take && since != 0 &&
	    since <= r->q.time);
}

static void
read_block(struct nat_log_reader *r, uint64_t time, const char *what,
    const char *rest)
{
	char range[80], location[CONF_NAMELEN], host[ADDR_STRLEN], shown[80];
	struct nat_answer *a = &r->had;
	bool take = strcmp(what, "take") == 0;
	/* of the second in which it ends it was had, too */
	bool later = take ? time > r->q.time : time >= r->q.time;
	uint64_t since = 0;

	if (sscanf(rest, "%79s %63s %47s since %" SCNu64, range, location,
	    host, &since) < 3)
		return;
	memcpy(shown, range, sizeof(shown));
	if (!is_ours(r, range))
		return;
	bool had = r->taken;
	r->taken = had_then(r, later, since, take);
	if (later && (had || !r->taken))
		return;
	if (!addr_parse(&a->host, host))
		r->taken = false;
	if (later)
		time = since;
	a->port = 0;
	text_visible(location, TEXT_ASCII);
	memcpy(a->location, location, sizeof(location));
	snprintf(a->rule, sizeof(a->rule), "block %s since %" PRIu64,
	    strrchr(shown, ':') + 1, time);
}

/* Of blocks of no such size it can be told whose they were as little as of an
 * epoch that there was none. */
static void
read_size(struct epoch *e, const char *rest)
{
	uint32_t size;

	if (sscanf(rest, "block=%" SCNu32, &size) == 1 &&
	    size >= NAT_BLOCK_MIN && size <= NAT_BLOCK_MAX)
		e->block = size;
}

/* The lines behind `epoch'. */
static void
read_epoch(struct epoch *e, const char *what, const char *rest)
{
	char text[ADDR_STRLEN], location[CONF_NAMELEN] = "-";
	struct nat_span s;
	uint32_t i;

	if (strcmp(what, "pool") == 0) {
		if (sscanf(rest, "%" SCNu32 " %47s", &i, text) == 2 &&
		    i == e->npool && i < NAT_POOL_MAX &&
		    addr_parse(&e->pool[i], text))
			e->npool++;
	} else if (sscanf(rest, "%" SCNu32 " %" SCNu32 " %47s %63s", &s.number,
	    &s.count, text, location) == 4 && addr_parse(&s.first, text)) {
		s.site = 0;
		add_hosts(e, &s, location);
	}
}

void
nat_log_line(struct nat_log_reader *r, const char *line)
{
	const char *at = strstr(line, "bh-egress: nat ");
	char what[16];
	uint64_t time;
	int n = 0;

	if (at == NULL || sscanf(at, "bh-egress: nat %" SCNu64 " %15s %n",
	    &time, what, &n) != 2 || n == 0)
		return;
	if (strcmp(what, "take") == 0 || strcmp(what, "free") == 0) {
		read_block(r, time, what, at + n);
	} else if (time > r->q.time) {
		return;
	} else if (strcmp(what, "begin") == 0) {
		r->taken = r->taken && time == r->q.time;
		r->known = true;
	} else if (strcmp(what, "epoch") == 0) {
		r->epoch.npool = r->epoch.nspans = r->epoch.block = 0;
		r->epoch.time = time;
		read_size(&r->epoch, at + n);
	} else if (strcmp(what, "pool") == 0 || strcmp(what, "hosts") == 0) {
		read_epoch(&r->epoch, what, at + n);
	}
}

void
nat_log_read(struct nat_log_reader *r, FILE *f)
{
	char line[NAT_LOG_LINE];

	while (fgets(line, sizeof(line), f) != NULL)
		nat_log_line(r, line);
}

bool
nat_log_knows(const struct nat_log_reader *r)
{
	return r->known || r->over;
}

bool
nat_log_has_epoch(const struct nat_log_reader *r)
{
	return r->epoch.block != 0;
}

bool
nat_log_answer(struct nat_log_reader *r, struct nat_answer *a)
{
	if (r->taken) {
		*a = r->had;
		return true;
	}
	return compute(a, &r->q, &r->epoch);
}
