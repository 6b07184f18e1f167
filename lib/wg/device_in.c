/* SPDX-License-Identifier: ISC */
/* Handshake messages that arrive. */
#include "wg/device_impl.h"

#include <string.h>

/* More handshakes than this in a window, and we are under load for a second
 * (W4): about a quarter of a core's time, and ten times what a thousand peers
 * cause when all of them begin anew. */
#define LOAD_WINDOW (NSEC_SEC / 10)
#define LOAD_STICKY NSEC_SEC
enum { LOAD_HANDSHAKES = 100 };

/* One that was received, and what came with it. */
struct arrival {
	const struct moment *t;
	const uint8_t *random;
	const void *msg;
	size_t n;
	const struct path *from;
};

/* A handshake message of theirs was good: only now anything changes. */
static void
accept_from(struct device *d, struct peer *p, const struct arrival *a)
{
	p->path = *a->from;
	p->rx_bytes += a->n;
	peer_on_received(p, &d->timers, false, a->t->now);
}

/* W6: strictly later than any before, and at most one in 20 ms. */
static bool
initiation_is_fresh(const struct peer *p, const uint8_t stamp[TAI64N_LEN],
    nsec now)
{
	return memcmp(stamp, p->stamp_got, TAI64N_LEN) > 0 &&
	    (p->accepted == 0 || now - p->accepted >= INITIATION_INTERVAL);
}

/*
 * The response is made at once, so the handshake lives on the stack: one of our
 * own that is under way stays valid.  Two that cross both succeed.
 */
static enum verdict
respond(struct device *d, struct peer *p, struct noise_handshake *hs,
    const struct arrival *a, struct device_out *out)
{
	const struct msg_initiation *m = a->msg;
	uint8_t stamp[TAI64N_LEN];
	struct msg_response r;
	struct noise_keys k;
	struct key random;

	if (!noise_finish_initiation(hs, &p->remote, m, stamp))
		return V_HANDSHAKE;
	if (!initiation_is_fresh(p, stamp, a->t->now))
		return V_STALE;
	memcpy(random.b, a->random + RND_EPHEMERAL, KEY_LEN);
	uint32_t index = device_index(d, p, a->random);
	bool ok = noise_create_response(hs, &p->remote, &random, index, &r, &k);
	key_wipe(&random);
	if (!ok) {
		index_remove(&d->index, index);
		return V_HANDSHAKE;
	}
	memcpy(p->stamp_got, stamp, TAI64N_LEN);
	p->accepted = p->handshake_sent = a->t->now;
	cookie_add_macs(&p->cookie, &r, sizeof(r), a->t->now);
	accept_from(d, p, a);
	device_begin(d, p, &k, a->t);
	peer_on_sent(p, &d->timers, false, a->t->now);
	device_put(d, p, &r, sizeof(r), out);
	noise_keys_wipe(&k);
	return V_SELF;
}

static enum verdict
take_initiation(struct device *d, const struct arrival *a,
    struct device_out *out)
{
	struct noise_handshake hs;
	struct key who;
	enum verdict v = V_HANDSHAKE;

	if (!noise_read_initiation(&hs, &d->local, a->msg, &who))
		return v;
	struct peer *p = device_find(d, &who);
	if (p != NULL)
		v = respond(d, p, &hs, a, out);
	noise_handshake_wipe(&hs);
	return v;
}

static enum verdict
take_response(struct device *d, const struct arrival *a,
    struct device_out *out)
{
	const struct msg_response *m = a->msg;
	uint32_t index = le32_get(m->receiver);
	struct peer *p = device_peer(d, index_find(&d->index, index));
	struct noise_keys k;

	if (p == NULL || p->handshake.state != NOISE_SENT_INITIATION ||
	    p->handshake.local_index != index)
		return V_INDEX;
	if (!noise_consume_response(&p->handshake, &d->local, &p->remote, m,
	    &k))
		return V_HANDSHAKE;
	noise_handshake_wipe(&p->handshake);
	accept_from(d, p, a);
	device_begin(d, p, &k, a->t);
	peer_on_confirmed(p);
	noise_keys_wipe(&k);
	out->todo = DEVICE_READY;
	out->peer = device_number(d, p);
	return V_SELF;
}

static enum verdict
take_cookie(struct device *d, const struct arrival *a, struct device_out *out)
{
	const struct msg_cookie *m = a->msg;
	struct peer *p = device_peer(d,
	    index_find(&d->index, le32_get(m->receiver)));

	(void)out;
	if (p == NULL)
		return V_INDEX;
	if (!cookie_consume(&p->cookie, m, a->t->now))
		return V_HANDSHAKE;
	p->rx_bytes += a->n;
	return V_SELF;
}

static const struct {
	uint8_t type, size;
	bool macs;		/* ends in mac1 and mac2, and costs a DH */
	enum verdict (*take)(struct device *, const struct arrival *,
	    struct device_out *);
} messages[] = {
	{ MSG_INITIATION, sizeof(struct msg_initiation), true,
	    take_initiation },
	{ MSG_RESPONSE, sizeof(struct msg_response), true, take_response },
	{ MSG_COOKIE, sizeof(struct msg_cookie), false, take_cookie },
};

static bool
under_load(struct device *d, nsec now)
{
	if (now - d->load_since >= LOAD_WINDOW) {
		d->load_since = now;
		d->load_count = 0;
	}
	if (++d->load_count > LOAD_HANDSHAKES)
		d->load_until = now + LOAD_STICKY;
	return now < d->load_until;
}

/* W3, W4: V_NEXT if the message may cost us a DH. */
static enum verdict
admit(struct device *d, const struct arrival *a, struct device_out *out)
{
	nsec now = a->t->now;
	const struct endpoint *from = &a->from->remote;

	if (!d->has_key || !cookie_mac1_ok(&d->checker, a->msg, a->n))
		return V_MAC1;
	if (!under_load(d, now))
		return V_NEXT;
	if (cookie_mac2_ok(&d->checker, a->msg, a->n, from, now))
		return ratelimit_allow(&d->ratelimit, &from->addr, now) ?
		    V_NEXT : V_LIMITED;
	struct msg_cookie reply;
	cookie_reply(&d->checker, a->msg, a->n, from, a->random + RND_COOKIE,
	    now, &reply);
	out->todo = DEVICE_SEND;
	out->to = *a->from;
	out->n = sizeof(reply);
	memcpy(out->msg, &reply, sizeof(reply));
	return V_COOKIE;
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
	if (n < sizeof(type))
		return V_TYPE;
	memcpy(&type, msg, sizeof(type));
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (le32_get(type) != messages[i].type ||
		    n != messages[i].size)
			continue;
		enum verdict v = messages[i].macs ? admit(d, &a, out) : V_NEXT;
		return v == V_NEXT ? messages[i].take(d, &a, out) : v;
	}
	return V_TYPE;
}
