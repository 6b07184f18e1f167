/* SPDX-License-Identifier: ISC */
#include "gate/failover.h"

#include "base/die.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char *const state_names[] = {
	[SERVER_USED] = "used", [SERVER_READY] = "ready",
	[SERVER_HELD] = "held", [SERVER_DOWN] = "down",
};

static const char *
name_of(const struct failover *f, unsigned i)
{
	return f->cf->location[f->servers.s[i].peer].name;
}

static void
set_probe(struct failover *f, const struct conf_location *l)
{
	const struct addr *src = conf_probe_source(l);

	if (l->said[KEY_PROBE] == 0 || src == NULL)
		return;
	f->servers.probing = true;
	f->probe = (struct echo){ .src = *src, .dst = l->probe };
	randombytes_buf(&f->probe.id, sizeof(f->probe.id));
}

static void
publish(struct failover *f)
{
	for (unsigned i = 0; i < f->servers.n && i < f->st->npeers; i++) {
		struct counters_peer *p = &f->st->peer[i];
		const char *state = state_names[servers_state(&f->servers, i)];
		if (strcmp(p->state, state) == 0)
			continue;
		snprintf(p->state, sizeof(p->state), "%s", state);
		p->handshake_sec = clock_wall() / NSEC_SEC;
	}
}

void
failover_open(struct failover *f, const struct conf *cf, struct policy *pol,
    const char *rundir, struct counters *st)
{
	const struct conf_location *l = &cf->location[pol->self];

	*f = (struct failover){ .pol = pol, .cf = cf, .st = st };
	if (l->role != CONF_ROLE_CLIENT)
		return;
	servers_init(&f->servers, cf, pol->self);
	set_probe(f, l);
	for (unsigned i = 0; i < f->servers.n && i < st->npeers; i++)
		snprintf(st->peer[i].name, sizeof(st->peer[i].name), "%s",
		    name_of(f, i));
	servers_choose(&f->servers, pol);
	publish(f);
	if (f->servers.n == 0)
		return;
	f->tunnel = counters_map(rundir, "bh-tunnel", &f->npeers);
	/* the only one is used in any case: then nobody knows how it is */
	if (f->tunnel == NULL && f->servers.n == 1 && !f->servers.probing)
		return;
	if (f->tunnel == NULL)
		die(EXIT_RETRY, "cannot open %s/bh-tunnel.stat", rundir);
	f->due = clock_now();
}

/* What has come from a peer, in one number.  The other program writes it. */
static uint64_t
number_of(const struct failover *f, uint16_t peer)
{
	const struct counters_peer *p = &f->tunnel->peer[peer];

	return peer >= f->npeers ? 0 :
	    __atomic_load_n(&p->rx_bytes, __ATOMIC_RELAXED) +
	    __atomic_load_n(&p->handshake_sec, __ATOMIC_RELAXED);
}

/* Says what happened to each server, then what comes of it. */
static void
tell(const struct failover *f, const enum server_state *was, bool moved)
{
	const struct servers *sv = &f->servers;
	char list[400] = "";
	size_t n = 0;

	for (unsigned i = 0; i < sv->n; i++) {
		enum server_state is = servers_state(sv, i);
		if (is == SERVER_DOWN && was[i] != is)
			warnx("server %s does not answer", name_of(f, i));
		else if (was[i] == SERVER_DOWN && is != was[i] &&
		    sv->s[i].asked == 0)
			warnx("server %s answers again%s", name_of(f, i),
			    is == SERVER_HELD ? "; not used yet (failback)" :
			    "");
		if (is == SERVER_USED && n < sizeof(list))
			n += (size_t)snprintf(list + n, sizeof(list) - n,
			    "%s%s", n > 0 ? ", " : "", name_of(f, i));
	}
	if (moved && n > 0)
		warnx("Internet traffic now leaves at %s", list);
	else if (moved)
		warnx("no server answers: Internet traffic is refused");
}

/* Once, and once when it is over. */
static void
tell_suspect(struct failover *f, bool used, nsec now)
{
	bool silent = servers_unanswered(&f->servers, now);
	char text[ADDR_STRLEN];

	addr_format(&f->probe.dst, text);
	if (silent && used && !f->suspect)
		warnx("probe %s does not answer by any server: the probe is "
		    "suspect, and servers are judged by their tunnels alone",
		    text);
	else if (!silent && f->suspect)
		warnx("probe %s answers again", text);
	f->suspect = silent && (used || f->suspect);
}

void
failover_tick(struct failover *f, nsec now)
{
	struct servers *sv = &f->servers;
	enum server_state was[POLICY_SERVERS_MAX] = { SERVER_USED };
	bool moved = false;

	for (unsigned i = 0; i < sv->n; i++) {
		was[i] = servers_state(sv, i);
		servers_seen(sv, i, number_of(f, sv->s[i].peer), now);
	}
	servers_tick(sv, now);
	for (unsigned i = 0; i < sv->n; i++)
		moved |= (was[i] == SERVER_USED) !=
		    (servers_state(sv, i) == SERVER_USED);
	if (moved)
		servers_choose(sv, f->pol);
	tell(f, was, moved);
	tell_suspect(f, f->pol->server != PEER_NONE, now);
	publish(f);
}

bool
failover_question(struct failover *f, nsec now, struct frame *q)
{
	struct servers *sv = &f->servers;
	unsigned i;

	if (!servers_question(sv, now, &i))
		return false;
	*q = (struct frame){ .peer = sv->s[i].peer, .class = V_INTERNET };
	if (sv->probing) {
		f->probe.seq++;
		q->len = (uint32_t)echo_build((uint8_t *)(q + 1), &f->probe);
	}
	return true;
}

bool
failover_answer(struct failover *f, uint16_t peer, const struct ip *ip,
    nsec now)
{
	struct servers *sv = &f->servers;

	if (!sv->probing || !echo_answers(&f->probe, ip))
		return false;
	for (unsigned i = 0; i < sv->n; i++)
		if (sv->s[i].peer == peer) {
			servers_heard(sv, i, now);
			return true;
		}
	return false;
}
