/* SPDX-License-Identifier: ISC */
#include "policy/servers.h"

#include <string.h>

/*
 * A tunnel answers data within 10 s (KEEPALIVE_TIMEOUT), and a handshake at
 * once.  Data that has no answer after 11 s is followed by a handshake; if that
 * has none either, after 15 s the server is down.  Those that are not in use,
 * or not heard of, are asked for a handshake now and then, which bh-tunnel
 * repeats every 5 s for 90 s.  A probe is answered at once or is lost: three in
 * a row are not chance.  Where there is no other server there is no hurry: four
 * handshakes in a row are lost before the only one is down.
 */
#define TICK (SERVERS_TICK_MS * NSEC_MS)
#define NUDGE (11 * NSEC_SEC)
#define PATIENCE (SERVERS_SECONDS * NSEC_SEC)
#define PATIENCE_ALONE (30 * NSEC_SEC)
#define IDLE_EVERY (30 * NSEC_SEC)
#define PROBE_EVERY (1 * NSEC_SEC)
#define PROBE_PATIENCE (SERVERS_PROBE_SECONDS * NSEC_SEC)

/* Of the location's key: the same on every day and in every file. */
static uint64_t
salt_of(const struct conf_location *l)
{
	uint64_t v;

	memcpy(&v, l->public_key.b, sizeof(v));
	return v;
}

static bool
has(const struct servers *sv, int peer)
{
	for (unsigned i = 0; i < sv->n; i++)
		if (sv->s[i].peer == peer)
			return true;
	return false;
}

void
servers_init(struct servers *sv, const struct conf *cf, size_t self)
{
	const struct conf_location *l = &cf->location[self];

	*sv = (struct servers){
		.balance = l->server_mode == CONF_MODE_BALANCE,
		.hold = l->failback == CONF_FAILBACK_NEVER ? SERVERS_NEVER :
		    l->failback * NSEC_SEC,
	};
	for (size_t i = 0; i < l->servers.n; i++) {
		int peer = l->servers.r[i].location;
		if (peer != CONF_NONE && sv->n < POLICY_SERVERS_MAX &&
		    conf_is_client_of(cf, self, (size_t)peer) &&
		    !has(sv, peer))
			sv->s[sv->n++] = (struct server){
				.peer = (uint16_t)peer,
				.salt = salt_of(&cf->location[peer]) };
	}
}

static bool
is_usable(const struct server *s)
{
	return !s->down && !s->held;
}

static bool
is_used(const struct servers *sv, unsigned i)
{
	if (!is_usable(&sv->s[i]))
		return false;
	for (unsigned k = 0; !sv->balance && k < i; k++)
		if (is_usable(&sv->s[k]))
			return false;
	return true;
}

enum server_state
servers_state(const struct servers *sv, unsigned i)
{
	return sv->s[i].down ? SERVER_DOWN : sv->s[i].held ? SERVER_HELD :
	    is_used(sv, i) ? SERVER_USED : SERVER_READY;
}

static void
ask(struct server *s, nsec now)
{
	if (s->asked == 0)
		s->asked = now;
}

void
servers_sent(struct servers *sv, uint16_t peer, nsec now)
{
	if (sv->probing)
		return;		/* what is asked there has another answer */
	for (unsigned i = 0; i < sv->n; i++)
		if (sv->s[i].peer == peer)
			ask(&sv->s[i], now);
}

void
servers_heard(struct servers *sv, unsigned i, nsec now)
{
	struct server *s = &sv->s[i];

	s->asked = 0;
	s->heard = now;
	if (!s->down)
		return;
	s->down = false;
	s->held = true;
	s->back = now;
}

void
servers_seen(struct servers *sv, unsigned i, uint64_t number, nsec now)
{
	struct server *s = &sv->s[i];

	if (s->seen != number) {
		s->alive = now;
		if (!sv->probing)
			servers_heard(sv, i, now);
	}
	s->seen = number;
}

static nsec
patience(const struct servers *sv)
{
	return sv->n == 1 ? PATIENCE_ALONE : PATIENCE;
}

/* A probe each second goes through the tunnel, whose other end says something
 * within ten, if only that it has nothing to say. */
static bool
tunnel_is_silent(const struct servers *sv, unsigned i, nsec now)
{
	return !sv->probing || now - sv->s[i].alive >= patience(sv);
}

/* The probed host has answered through another server, after several questions
 * through this one had gone unanswered. */
static bool
is_refuted(const struct servers *sv, unsigned i)
{
	for (unsigned k = 0; k < sv->n; k++)
		if (k != i && !sv->s[k].down &&
		    sv->s[k].heard >= sv->s[i].asked + PROBE_EVERY)
			return true;
	return false;
}

static bool
is_overdue(const struct servers *sv, unsigned i, nsec now)
{
	nsec most = sv->probing ? PROBE_PATIENCE : patience(sv);

	return sv->s[i].asked != 0 && now - sv->s[i].asked >= most;
}

static bool
any_usable(const struct servers *sv)
{
	for (unsigned i = 0; i < sv->n; i++)
		if (is_usable(&sv->s[i]))
			return true;
	return false;
}

/* With nobody to use, those that are back are; and if a probe is all that
 * speaks against them, the others, too. */
static void
release(struct servers *sv, nsec now)
{
	for (unsigned i = 0; i < sv->n; i++) {
		struct server *s = &sv->s[i];
		if (s->held && sv->hold != SERVERS_NEVER &&
		    now - s->back >= sv->hold)
			s->held = false;
	}
	if (any_usable(sv))
		return;
	for (unsigned i = 0; i < sv->n; i++)
		sv->s[i].held = false;
	if (any_usable(sv))
		return;
	for (unsigned i = 0; i < sv->n; i++)
		sv->s[i].down = tunnel_is_silent(sv, i, now);
}

bool
servers_tick(struct servers *sv, nsec now)
{
	uint64_t was = 0, is = 0;

	for (unsigned i = 0; i < sv->n; i++) {
		was = was << 2 | servers_state(sv, i);
		if (sv->s[i].alive == 0)
			sv->s[i].alive = now;
	}
	for (unsigned i = 0; i < sv->n; i++)
		if (is_overdue(sv, i, now) && (tunnel_is_silent(sv, i, now) ||
		    is_refuted(sv, i)))
			sv->s[i].down = true;
	release(sv, now);
	for (unsigned i = 0; i < sv->n; i++)
		is = is << 2 | servers_state(sv, i);
	return was != is;
}

static bool
is_due(const struct servers *sv, unsigned i, nsec now)
{
	const struct server *s = &sv->s[i];
	nsec every = sv->probing ? PROBE_EVERY : IDLE_EVERY;

	if (!sv->probing && is_used(sv, i) && s->asked != 0)
		return now - s->asked >= NUDGE && s->said < s->asked;
	if (!sv->probing && is_used(sv, i) && s->heard != 0 &&
	    now - s->heard < IDLE_EVERY)
		return false;
	return s->said == 0 || now - s->said >= every;
}

bool
servers_unanswered(const struct servers *sv, nsec now)
{
	for (unsigned i = 0; i < sv->n; i++)
		if (!is_overdue(sv, i, now))
			return false;
	return sv->probing;
}

/* While a question is open, or a hold, all the time. */
nsec
servers_due(const struct servers *sv, nsec now)
{
	nsec due = now + IDLE_EVERY;

	for (unsigned i = 0; i < sv->n; i++) {
		const struct server *s = &sv->s[i];
		nsec last = is_used(sv, i) && s->heard > s->said ? s->heard :
		    s->said;
		if (sv->probing || s->asked != 0 || s->held || last == 0)
			return now + TICK;
		if (last + IDLE_EVERY < due)
			due = last + IDLE_EVERY;
	}
	return due > now + TICK ? due : now + TICK;
}

bool
servers_question(struct servers *sv, nsec now, unsigned *i)
{
	for (*i = 0; *i < sv->n; ++*i) {
		if (!is_due(sv, *i, now))
			continue;
		sv->s[*i].said = now;
		ask(&sv->s[*i], now);
		return true;
	}
	return false;
}

void
servers_choose(const struct servers *sv, struct policy *pol)
{
	pol->nshare = 0;
	pol->server = PEER_NONE;
	for (unsigned i = 0; i < sv->n; i++) {
		if (!is_used(sv, i))
			continue;
		pol->share[pol->nshare++] = (struct policy_share){
			sv->s[i].peer, sv->s[i].salt };
		if (pol->server == PEER_NONE)
			pol->server = sv->s[i].peer;
	}
}
