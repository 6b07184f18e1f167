/* SPDX-License-Identifier: ISC */
/* Handshake messages that arrive. */
#include "wg/device_state.h"

#include <string.h>

/* Cookies that we make: who floods shall not have all our time for them, so
 * that whoever keeps within his bounds is found among the flood. */
#define COOKIE_INTERVAL (NSEC_SEC / 10000)
#define COOKIE_EARLY (NSEC_SEC / 10)

/* How long it is remembered that a peer was at an address. */
#define KNOWN_FOR (86400 * NSEC_SEC)

enum { SHARERS = 4 };	/* so many peers behind an address, and it may do once
			 * more what one may */

/* One that was received, and what came with it. */
struct arrival {
	const struct moment *t;
	const uint8_t *random;
	const void *msg;
	size_t n;
	const struct path *from;
};

/* A handshake of theirs, or of ours, has become a session: only now anything
 * changes. */
static void
finish(struct device *d, uint16_t i, const struct arrival *a,
    struct device_out *out)
{
	struct identity *id = &d->identity[i];

	id->rx_bytes += a->n;
	ratelimit_note(&d->peers, &a->from->remote.addr, a->t->now,
	    a->t->now + KNOWN_FOR);
	device_seen(d, i, &a->from->remote, a->t->now);
	out->peer = i;
	out->to = *a->from;
	out->begin = true;
}

/* W6: strictly later than any before, and at most one in 20 ms. */
static bool
initiation_is_fresh(const struct identity *id,
    const uint8_t stamp[TAI64N_LEN], const struct moment *t)
{
	return stamps_fresh(&id->stamps, stamp, t->wall) &&
	    (id->accepted == 0 ||
	    t->now - id->accepted >= INITIATION_INTERVAL);
}

/*
 * The response is made at once, so the handshake lives on the stack: one of our
 * own that is under way stays valid.  Two that cross both succeed.
 */
static enum verdict
respond(struct device *d, uint16_t i, struct noise_handshake *hs,
    const struct arrival *a, struct device_out *out)
{
	struct identity *id = &d->identity[i];
	uint8_t stamp[TAI64N_LEN];
	struct msg_response r;
	struct key random;

	if (!noise_finish_initiation(hs, &id->remote, a->msg, stamp))
		return V_HANDSHAKE;
	if (!initiation_is_fresh(id, stamp, a->t))
		return V_STALE;
	memcpy(random.b, a->random + RND_EPHEMERAL, KEY_LEN);
	uint32_t index = device_index(d, i, a->random);
	bool ok = noise_create_response(hs, &id->remote, &random, index, &r,
	    &out->keys);
	key_wipe(&random);
	if (!ok) {
		index_remove(&d->pending, index);
		return V_HANDSHAKE;
	}
	/* the peer may be under load: its cookie comes with this index */
	index_remove(&d->pending, id->answered);
	id->answered = index;
	stamps_accept(&id->stamps, stamp, a->t->wall);
	id->accepted = a->t->now;
	cookie_add_macs(&id->cookie, &r, sizeof(r), a->t->now);
	device_put(d, i, &r, sizeof(r), a->from, out);
	finish(d, i, a, out);
	return V_SELF;
}

static enum verdict
handle_initiation(struct device *d, const struct arrival *a,
    struct device_out *out)
{
	struct noise_handshake hs;
	struct key who;
	enum verdict v = V_HANDSHAKE;

	if (!noise_read_initiation(&hs, &d->local, a->msg, &who))
		return v;
	uint16_t i = device_find(d, &who);
	if (i != DEVICE_NOBODY)
		v = respond(d, i, &hs, a, out);
	noise_handshake_wipe(&hs);
	return v;
}

/* The peer that we have sent that index, lately, or DEVICE_NOBODY. */
static uint16_t
awaited(const struct device *d, le32 receiver)
{
	return index_find(&d->pending, le32_get(receiver));
}

static enum verdict
handle_response(struct device *d, const struct arrival *a,
    struct device_out *out)
{
	const struct msg_response *m = a->msg;
	uint16_t i = awaited(d, m->receiver);
	struct identity *id = &d->identity[i];

	if (!noise_consume_response(&id->handshake, &d->local, &id->remote, m,
	    &out->keys))
		return V_HANDSHAKE;
	index_remove(&d->pending, out->keys.local_index);
	noise_handshake_wipe(&id->handshake);
	out->todo = DEVICE_READY;
	finish(d, i, a, out);
	return V_SELF;
}

static enum verdict
handle_cookie(struct device *d, const struct arrival *a, struct device_out *out)
{
	const struct msg_cookie *m = a->msg;
	uint16_t i = awaited(d, m->receiver);

	(void)out;
	if (i == DEVICE_NOBODY)
		return V_INDEX;
	if (!cookie_consume(&d->identity[i].cookie, m, a->t->now))
		return V_HANDSHAKE;
	d->identity[i].rx_bytes += a->n;
	return V_SELF;
}

static const struct {
	uint8_t type, size;
	bool macs;		/* ends in mac1 and mac2, and costs a DH */
	enum verdict (*take)(struct device *, const struct arrival *,
	    struct device_out *);
} messages[] = {
	{ MSG_INITIATION, sizeof(struct msg_initiation), true,
	    handle_initiation },
	{ MSG_RESPONSE, sizeof(struct msg_response), true, handle_response },
	{ MSG_COOKIE, sizeof(struct msg_cookie), false, handle_cookie },
};

/* Nobody is asked for a cookie for what would be refused anyway: that would
 * be an answer larger than this, to whoever guesses. */
static bool
is_unexpected(const struct device *d, const struct arrival *a)
{
	const struct msg_response *m = a->msg;

	return le32_get(m->type) == MSG_RESPONSE &&
	    awaited(d, m->receiver) == DEVICE_NOBODY;
}

/* An answer to our own initiation, from where that went: we have asked for it,
 * and only somebody who looks on could forge more of them. */
static bool
is_answer(struct device *d, const struct arrival *a)
{
	const struct msg_response *m = a->msg;
	uint32_t index = le32_get(m->receiver);

	if (le32_get(m->type) != MSG_RESPONSE)
		return false;
	const struct identity *id = &d->identity[awaited(d, m->receiver)];
	return id->handshake.state != NOISE_NONE &&
	    id->handshake.local_index == index &&
	    endpoint_eq(&id->asked, &a->from->remote) &&
	    ratelimit_allow_port(&d->homes, &id->asked, a->t->now);
}

/* A peer is there, or was within a day. */
static bool
is_known(struct device *d, const struct addr *from, nsec now)
{
	return seen_behind(&d->seen, from, now) > 0 ||
	    ratelimit_has(&d->peers, from, now);
}

/* Many may share an address. */
static unsigned
shares(const struct device *d, const struct addr *from, nsec now)
{
	return 1 + seen_behind(&d->seen, from, now) / SHARERS;
}

/*
 * W4.  We are under load if those who keep within their limits ask for more
 * than we want to do for strangers.  A sender that does not is turned away
 * before it counts: a source, or a network of forged ones, puts nobody else
 * under load.  If all of the Internet is forged, what is left is divided by
 * chance; but where a peer has been before, another bound holds, which a flood
 * does not reach unless it knows where that is: one for each port that a peer
 * was at last, and one for the address, with more for those that many share.
 */
static bool
may_ask(struct device *d, const struct endpoint *e, nsec now)
{
	const struct addr *from = &e->addr;

	if (seen_at(&d->seen, e, now) > 0)
		return ratelimit_allow_port(&d->homes, e, now) &&
		    ratelimit_allow(&d->all_homes, from, now);
	if (is_known(d, from, now))
		return ratelimit_allow_shared(&d->known, from,
		    shares(d, from, now), now) &&
		    ratelimit_allow(&d->all_known, from, now);
	return ratelimit_allow(&d->hosts, from, now) &&
	    ratelimit_allow(&d->networks, from, now) &&
	    ratelimit_allow(&d->all, from, now);
}

/*
 * The same for who has shown a cookie: he is where he says, but may be in many
 * places.  A /48 has as many addresses of the kind that is bounded by itself as
 * there are, so what is around him is bounded, too.  What it is bounded by is
 * not what peers need who come from where they have been.
 */
static bool
may_insist(struct device *d, const struct addr *from, nsec now)
{
	struct ratelimit *const each[] = { &d->proven, &d->proven_sites,
		&d->proven_networks, &d->all_proven, NULL };

	if (is_known(d, from, now))
		return ratelimit_allow_shared(&d->proven, from,
		    shares(d, from, now), now) &&
		    ratelimit_allow(&d->all_proven_known, from, now);
	return ratelimit_allow_each(each, from, now);
}

static bool
may_have_cookie(struct device *d, nsec now)
{
	if (d->cookie_due < now)
		d->cookie_due = now;
	if (d->cookie_due > now + COOKIE_EARLY)
		return false;
	d->cookie_due += COOKIE_INTERVAL;
	return true;
}

/*
 * W3, W4: V_NEXT if the message may cost us a DH.  A sender that asks too
 * often and has not shown that it is where it says is asked for a cookie, and
 * uses up nothing of what is there for those that have shown it.
 */
static enum verdict
admit(struct device *d, const struct arrival *a, struct device_out *out)
{
	nsec now = a->t->now;
	const struct endpoint *from = &a->from->remote;

	if (!d->has_key || !cookie_mac1_ok(&d->checker, a->msg, a->n))
		return V_MAC1;
	if (is_unexpected(d, a))
		return V_INDEX;
	if (is_answer(d, a) || may_ask(d, from, now))
		return V_NEXT;
	if (cookie_mac2_ok(&d->checker, a->msg, a->n, from, now))
		return may_insist(d, &from->addr, now) ? V_NEXT : V_LIMITED;
	if (!may_have_cookie(d, now))
		return V_LIMITED;
	struct msg_cookie reply;
	cookie_reply(&d->checker, a->msg, a->n, from, a->random + RND_COOKIE,
	    now, &reply);
	out->todo = DEVICE_SEND;
	out->to = *a->from;
	out->n = sizeof(reply);
	memcpy(out->msg, &reply, sizeof(reply));
	return V_COOKIE;
}

/* A whole device has both ends of a session that begins. */
static void
be_whole(struct device *d, const struct moment *t, struct device_out *out)
{
	if (!out->begin || d->peer == NULL)
		return;
	device_begin(d, out->peer, &out->keys, &out->to, t->now);
	noise_keys_wipe(&out->keys);
	out->begin = false;
}

enum verdict
device_handshake(struct device *d, const struct moment *t,
    const uint8_t random[static DEVICE_RANDOM], const void *msg, size_t n,
    const struct path *from, struct device_out *out)
{
	const struct arrival a = { t, random, msg, n, from };
	le32 type;

	out->todo = DEVICE_NOTHING;
	out->peer = DEVICE_NOBODY;
	out->begin = false;
	if (n < sizeof(type))
		return V_TYPE;
	memcpy(&type, msg, sizeof(type));
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (le32_get(type) != messages[i].type ||
		    n != messages[i].size)
			continue;
		enum verdict v = messages[i].macs ? admit(d, &a, out) : V_NEXT;
		if (v == V_NEXT)
			v = messages[i].take(d, &a, out);
		be_whole(d, t, out);
		return v;
	}
	return V_TYPE;
}
