/* SPDX-License-Identifier: ISC */
/* What becomes due. */
#include "wg/device_state.h"

#include <string.h>

/* W7: so that two sides do not begin anew in the same moment for ever. */
static nsec
jitter(const uint8_t *random)
{
	uint32_t v;

	memcpy(&v, random + RND_JITTER, sizeof(v));
	return v % REKEY_JITTER_MAX;
}

/* W7, W8 */
static void
give_up(struct device *d, struct peer *p, nsec now)
{
	p->trying_since = 0;
	p->due[PT_KEEPALIVE] = 0;
	if (p->due[PT_ERASE] == 0)
		peer_set(p, &d->timers, PT_ERASE, now + 3 * REJECT_AFTER_TIME);
}

/* Nobody answers.  W17: perhaps our address is no longer ours; or theirs is
 * another, and they are at one of their homes: each has its turn. */
static void
look_elsewhere(struct peer *p)
{
	p->path.local = (struct addr){ { 0 } };
	do
		p->turn = (uint8_t)((p->turn + 1) % (p->nhomes + 1));
	while (p->turn != 0 &&
	    endpoint_eq(&p->home[p->turn - 1], &p->path.remote));
}

/* Where to ask for a session. */
static struct path
asked_at(const struct peer *p)
{
	return p->turn == 0 || p->turn > p->nhomes ? p->path :
	    (struct path){ .remote = p->home[p->turn - 1] };
}

static enum device_todo
do_initiate(struct device *d, struct peer *p, const struct moment *t,
    const uint8_t *random)
{
	if (p->path.remote.port == 0)
		return DEVICE_NOTHING;	/* until it is known where */
	if (t->now - p->trying_since >= REKEY_ATTEMPT_TIME) {
		give_up(d, p, t->now);
		return DEVICE_NOTHING;
	}
	if (p->unanswered)
		look_elsewhere(p);
	p->unanswered = true;
	p->jitter = jitter(random);
	peer_on_sent(p, &d->timers, false, t->now);
	peer_on_initiation_sent(p, &d->timers, t->now);
	return DEVICE_INITIATE;
}

static enum device_todo
do_keepalive(struct device *d, struct peer *p, const struct moment *t,
    const uint8_t *random)
{
	(void)d;
	(void)p;
	(void)t;
	(void)random;
	return DEVICE_KEEPALIVE;
}

static enum device_todo
do_silence(struct device *d, struct peer *p, const struct moment *t,
    const uint8_t *random)
{
	(void)random;
	p->path.local = (struct addr){ { 0 } };
	peer_want(p, &d->timers, t->now);
	return DEVICE_NOTHING;
}

/* W8, each session by its own age: an old one does not wait for a newer. */
static enum device_todo
do_erase(struct device *d, struct peer *p, const struct moment *t,
    const uint8_t *random)
{
	(void)random;
	peer_set(p, &d->timers, PT_ERASE, device_forget_old(d, p, t->now));
	/* a handshake under way is given up, or is a session, before long */
	if (p->due[PT_INITIATE] != 0)
		return DEVICE_NOTHING;
	p->unanswered = false;
	return DEVICE_FORGET;
}

static enum device_todo (*const expiry[PEER_TIMERS])(struct device *,
    struct peer *, const struct moment *, const uint8_t *) = {
	[PT_INITIATE] = do_initiate,
	[PT_KEEPALIVE] = do_keepalive,
	[PT_SILENCE] = do_silence,
	[PT_ERASE] = do_erase,
	[PT_PERSISTENT] = do_keepalive,
};

/* A whole device does what is to be done by another process.  False if nothing
 * is left to do. */
static bool
be_whole(struct device *d, const struct moment *t, const uint8_t *random,
    struct device_out *out)
{
	if (d->identity == NULL)
		return true;
	if (out->todo == DEVICE_INITIATE)
		return device_initiate(d, out->peer, &out->to, t, random, out);
	if (out->todo == DEVICE_FORGET)
		device_forget(d, out->peer);
	return out->todo != DEVICE_FORGET;
}

nsec
device_due(const struct device *d)
{
	const struct timer *t = timers_first(&d->timers);

	return t != NULL ? t->due : 0;
}

bool
device_tick(struct device *d, const struct moment *t,
    const uint8_t random[static DEVICE_RANDOM], struct device_out *out)
{
	struct timer *first;

	out->begin = false;
	while ((first = timers_first(&d->timers)) != NULL &&
	    first->due <= t->now) {
		/* the node is a peer's first member */
		struct peer *p = (struct peer *)first;
		enum peer_timer k = peer_expired(p, &d->timers, t->now);
		if (k == PEER_TIMERS)
			continue;
		out->lost = p->unanswered || peer_sender(p, t->now) == NULL;
		out->todo = expiry[k](d, p, t, random);
		out->peer = (uint16_t)(p - d->peer);
		out->to = k == PT_INITIATE ? asked_at(p) : p->path;
		if (out->todo != DEVICE_NOTHING &&
		    be_whole(d, t, random, out))
			return true;
	}
	return false;
}
