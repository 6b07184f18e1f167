/* SPDX-License-Identifier: ISC */
/* What becomes due. */
#include "wg/device_impl.h"

#include <string.h>

/* W7: so that two sides do not begin anew in the same moment for ever. */
static nsec
jitter(const uint8_t *random)
{
	uint32_t v;

	memcpy(&v, random + RND_JITTER, sizeof(v));
	return v % REKEY_JITTER_MAX;
}

/* W6: the clock may step back, or two come in one tick; stamps never do. */
static void
next_stamp(struct peer *p, uint64_t wall, uint8_t stamp[TAI64N_LEN])
{
	p->stamp_sent = wall > p->stamp_sent ? wall : p->stamp_sent + 1;
	noise_tai64n(stamp, p->stamp_sent);
}

static bool
send_initiation(struct device *d, struct peer *p, const struct moment *t,
    const uint8_t *random, struct device_out *out)
{
	uint8_t stamp[TAI64N_LEN];
	struct msg_initiation m;
	struct key ephemeral;

	/* W17: if nobody answers, perhaps our address is no longer ours */
	if (p->handshake.state != NOISE_NONE)
		p->path.local = (struct addr){ { 0 } };
	device_forget_handshake(d, p);
	memcpy(ephemeral.b, random + RND_EPHEMERAL, KEY_LEN);
	p->jitter = jitter(random);
	next_stamp(p, t->wall, stamp);
	uint32_t index = device_index(d, p, random);
	bool ok = noise_create_initiation(&p->handshake, &d->local, &p->remote,
	    &ephemeral, stamp, index, &m);
	key_wipe(&ephemeral);
	if (!ok) {
		index_remove(&d->index, index);
		return false;
	}
	cookie_add_macs(&p->cookie, &m, sizeof(m), t->now);
	peer_on_sent(p, &d->timers, false, t->now);
	peer_on_initiation_sent(p, &d->timers, t->now);
	device_put(d, p, &m, sizeof(m), out);
	return true;
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

static bool
do_initiate(struct device *d, struct peer *p, const struct moment *t,
    const uint8_t *random, struct device_out *out)
{
	if (d->has_key && p->path.remote.port != 0 &&
	    t->now - p->trying_since < REKEY_ATTEMPT_TIME)
		return send_initiation(d, p, t, random, out);
	give_up(d, p, t->now);
	return false;
}

static bool
do_keepalive(struct device *d, struct peer *p, const struct moment *t,
    const uint8_t *random, struct device_out *out)
{
	(void)t;
	(void)random;
	out->todo = DEVICE_KEEPALIVE;
	out->peer = device_number(d, p);
	return true;
}

static bool
do_silence(struct device *d, struct peer *p, const struct moment *t,
    const uint8_t *random, struct device_out *out)
{
	(void)random;
	(void)out;
	p->path.local = (struct addr){ { 0 } };
	peer_want(p, &d->timers, t->now);
	return false;
}

static bool
do_erase(struct device *d, struct peer *p, const struct moment *t,
    const uint8_t *random, struct device_out *out)
{
	(void)t;
	(void)random;
	(void)out;
	device_forget_keys(d, p);
	return false;
}

static bool (*const expiry[PEER_TIMERS])(struct device *, struct peer *,
    const struct moment *, const uint8_t *, struct device_out *) = {
	[PT_INITIATE] = do_initiate,
	[PT_KEEPALIVE] = do_keepalive,
	[PT_SILENCE] = do_silence,
	[PT_ERASE] = do_erase,
	[PT_PERSISTENT] = do_keepalive,
};

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

	while ((first = timers_first(&d->timers)) != NULL &&
	    first->due <= t->now) {
		/* the node is a peer's first member */
		struct peer *p = (struct peer *)first;
		enum peer_timer k = peer_expired(p, &d->timers, t->now);
		if (k != PEER_TIMERS && expiry[k](d, p, t, random, out))
			return true;
	}
	return false;
}
