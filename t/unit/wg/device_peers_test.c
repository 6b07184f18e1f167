/* SPDX-License-Identifier: ISC */
/* Who a device's peers are, and what is left of one that goes. */
#include "test.h"

#include "wg/device_state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PEERS = 12, KEYS = 30, STEPS = 3000 };

static const struct endpoint nowhere;
static const nsec t0 = 1000 * NSEC_SEC;
static uint8_t random_bytes[DEVICE_RANDOM];
static struct device *d;

static struct endpoint
place(unsigned host)
{
	return (struct endpoint){ addr_from_v4((uint8_t[]){ 192, 0, 2,
	    (uint8_t)host }), 51820, 0 };
}

static struct key
public_of(unsigned n)
{
	struct key k = { { 9 } }, p;

	memcpy(k.b + 1, &n, sizeof(n));
	key_public(&p, &k);
	return p;
}

static void
setup(void)
{
	static const struct key k = { { 7 } };

	device_free(d);
	for (unsigned i = 0; i < sizeof(random_bytes); i++)
		random_bytes[i] = (uint8_t)(i + 1);
	d = device_new_whole(PEERS, &k, random_bytes);
}

/* ---- limits ---- */

static void
test_limits(void)
{
	setup();
	const struct {
		const char *name;
		const struct ratelimit *r;
		const struct ratelimit_rule *rule;
	} rows[] = {
		{ "a host", &d->hosts, &ratelimit_host },
		{ "a network", &d->networks, &ratelimit_network },
		{ "all", &d->all, &ratelimit_all },
		{ "a place of a peer", &d->homes, &ratelimit_host },
		{ "all of them", &d->all_homes, &ratelimit_all },
		{ "an address of one", &d->known, &ratelimit_host },
		{ "all of them", &d->all_known, &ratelimit_all },
		{ "a host with a cookie", &d->proven, &ratelimit_host },
		{ "a site", &d->proven_sites, &ratelimit_site },
		{ "a network", &d->proven_networks, &ratelimit_network },
		{ "all of them", &d->all_proven, &ratelimit_all },
		{ "all peers with one", &d->all_proven_known, &ratelimit_all },
		{ "where peers were", &d->peers, &ratelimit_host },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		/* all 16 bytes, of those that were given */
		const uint8_t *s = rows[i].r->secret;
		OKF(rows[i].r->rule == rows[i].rule && s[0] % 16 == 1 &&
		    memcmp(s, random_bytes + s[0] - 1, 16) == 0,
		    "W4: %s has its bound, and a secret", rows[i].name);
	}
	OKF(d->seen.secret[0] % 16 == 1 && memcmp(d->seen.secret,
	    random_bytes + d->seen.secret[0] - 1, 16) == 0,
	    "so has the list of where they were last");
}

/* ---- peers come and go ---- */

static int owner[KEYS];		/* the peer with that key, or -1 */
static uint32_t epoch[PEERS];

static int
key_of(unsigned peer)
{
	for (int k = 0; k < KEYS; k++)
		if (owner[k] == (int)peer)
			return k;
	return -1;
}

/* Adds the peer with that key, or removes it; whether it does as it should. */
static bool
change(unsigned peer, unsigned key)
{
	struct key k = public_of(key);

	if (key_of(peer) < 0) {
		bool may = owner[key] < 0;
		if (may)
			owner[key] = (int)peer;
		epoch[peer] += may;
		return device_add(d, (uint16_t)peer, &k, NULL, &nowhere, 0,
		    t0) == may;
	}
	struct endpoint e = place(peer);
	device_seen(d, (uint16_t)peer, &e, t0);
	device_remove(d, (uint16_t)peer);
	owner[key_of(peer)] = -1;
	return true;
}

static unsigned
differences(void)
{
	unsigned wrong = 0;

	for (unsigned k = 0; k < KEYS; k++) {
		struct key p = public_of(k);
		wrong += device_lookup(d, &p) != (owner[k] < 0 ?
		    DEVICE_NOBODY : owner[k]);
	}
	for (uint16_t i = 0; i < PEERS; i++) {
		bool there = key_of(i) >= 0;
		wrong += (device_identity(d, i) != NULL) != there ||
		    (device_peer(d, i) != NULL) != there ||
		    d->identity[i].epoch != epoch[i] ||
		    d->peer[i].epoch != epoch[i];
	}
	return wrong;
}

static void
test_come_and_go(unsigned seed)
{
	unsigned wrong = 0, left = 0;

	setup();
	srand(seed);
	memset(owner, -1, sizeof(owner));
	memset(epoch, 0, sizeof(epoch));
	for (int i = 0; i < STEPS; i++) {
		wrong += !change((unsigned)rand() % PEERS,
		    (unsigned)rand() % KEYS);
		wrong += i % 50 == 0 ? differences() : 0;
	}
	OKF(wrong == 0, "each key leads to its peer, whoever has gone "
	    "(seed %u)", seed);
	for (unsigned i = 0; i < PEERS; i++)
		if (key_of(i) >= 0)
			change(i, 0);
	for (uint32_t i = 0; i <= d->seen.mask; i++)
		left += d->seen.entry[i].n != 0;
	OKF(left == 0 && d->nkeys == 0, "nothing is left of those");
}

/* With a handshake of ours under way, and one of theirs answered. */
static void
test_leaves_nothing(void)
{
	static const struct key other = { { 8 } };
	struct device *peer = device_new_whole(1, &other, random_bytes);
	struct moment now = { t0, 1700000000 * NSEC_SEC };
	struct path path = { .remote = place(1) };
	struct device_out out, answer;
	struct key psk = { { 5 } };
	unsigned left = 0;

	setup();
	device_add(d, 3, device_public_key(peer), &psk, &path.remote, 1, t0);
	device_add(peer, 0, device_public_key(d), &psk, &path.remote, 0, t0);
	OK(device_initiate(peer, 0, &path, &now, random_bytes, &out) &&
	    device_handshake(d, &now, random_bytes, out.msg, out.n, &path,
	    &answer) == V_SELF);
	OKF(!answer.begin && sodium_is_zero((uint8_t *)&answer.keys, sizeof(answer.keys)),
	    "the session has its keys, and nobody else");
	OK(device_initiate(d, 3, &path, &now, random_bytes, &out));
	device_remove(d, 3);
	for (uint32_t i = 0; i <= d->pending.mask; i++)
		left += d->pending.entry[i].index != 0;
	for (uint32_t i = 0; i <= d->index.mask; i++)
		left += d->index.entry[i].index != 0;
	OKF(left == 0, "a peer that goes leaves no index");
	struct identity id = d->identity[3];
	struct peer p = d->peer[3];
	id.epoch = p.epoch = 0;
	OKF(sodium_is_zero((uint8_t *)&id, sizeof(id)) &&
	    sodium_is_zero((uint8_t *)&p, sizeof(p)),
	    "no secret, and no deadline");
	OK(device_due(d) == 0);
	device_free(peer);
}

/* ---- what is changed of one ---- */

static void
test_key(void)
{
	struct key k = { { 7 } }, zero = { { 0 } }, other = { { 8 } };
	struct key theirs = public_of(1);

	setup();
	OKF(!device_set_private_key(d, &k, t0), "the same key is no change");
	OKF(device_set_private_key(d, &zero, t0), "none is one");
	OK(!device_set_private_key(d, &zero, t0));
	OK(device_set_private_key(d, &other, t0));
	device_add(d, 0, &theirs, NULL, &nowhere, 0, t0);
	struct key shared = d->identity[0].remote.static_static;
	OKF(device_set_private_key(d, &k, t0) && !key_eq(&shared,
	    &d->identity[0].remote.static_static) && !device_mute(d, 0),
	    "what two keys share is another one then");
}

static void
test_persistent(void)
{
	struct key k = public_of(1);
	struct endpoint e = place(1);

	setup();
	device_add(d, 0, &k, NULL, &e, 0, t0);
	OK(device_due(d) == 0);
	device_set_persistent(d, 0, 25, t0);
	struct peer *p = device_peer(d, 0);
	OKF(p->due[PT_PERSISTENT] == t0 && device_due(d) == t0 &&
	    p->persistent == 25 * NSEC_SEC, "W14: a keepalive at once");
	device_set_persistent(d, 0, 0, t0);
	OKF(p->due[PT_PERSISTENT] == 0 && p->persistent == 0, "W14: or none");
	device_add(d, 1, &(struct key){ { 3 } }, NULL, &nowhere, 7, t0);
	p = device_peer(d, 1);
	OKF(p->due[PT_PERSISTENT] == 0 && p->persistent == 7 * NSEC_SEC,
	    "W14: nor while it is not known where");
	device_set_endpoint(d, 1, &e, t0 + 5);
	OKF(p->due[PT_PERSISTENT] == t0 + 5 &&
	    endpoint_eq(&p->path.remote, &e), "W14: and then at once");
}

/* One that is sent with, one that is not confirmed yet, and one that was. */
static void
test_sessions(void)
{
	struct key k = public_of(1);
	struct path path = { .remote = place(1) };
	struct peer *p;

	setup();
	device_add(d, 0, &k, NULL, &path.remote, 0, t0);
	p = device_peer(d, 0);
	for (uint32_t i = 1; i <= 3; i++)
		device_begin(d, 0, &(struct noise_keys){ .local_index = i,
		    .remote_index = i, .initiator = i < 3 }, &path, t0 + i);
	OKF(p->due[PT_ERASE] == t0 + 1 + 540 * NSEC_SEC,
	    "W8: none is looked at before the first of them is due");
	OK(p->current != NULL && p->current->keys.local_index == 2 &&
	    p->next != NULL && p->next->keys.local_index == 3);
	OKF(device_forget_old(d, p, t0 + 1 + 540 * NSEC_SEC) ==
	    t0 + 2 + 540 * NSEC_SEC && p->current != NULL && p->next != NULL,
	    "W8: the oldest goes first, and the next has its time");
	device_forget_sessions(d, p);
	OKF(p->current == NULL && p->next == NULL && sodium_is_zero(
	    (uint8_t *)p->session, sizeof(p->session)),
	    "nothing is sent with what is forgotten");
	device_begin(d, 0, &(struct noise_keys){ .local_index = 4,
	    .initiator = true }, &path, t0);
	device_renew(d, t0 + 9);
	OKF(p->current == NULL && p->handshake_sent == 0 &&
	    p->due[PT_INITIATE] == 0, "with new keys all begins anew");
	device_want(d, 0, t0 + 10);
	device_renew(d, t0 + 20);
	OKF(p->due[PT_INITIATE] == t0 + 20 && p->trying_since == t0 + 20,
	    "at once, for who was trying");
	device_begin(d, 0, &(struct noise_keys){ .local_index = 4,
	    .initiator = true }, &path, t0 + 30);
	OKF(p->trying_since == 0 && p->due[PT_INITIATE] == 0,
	    "with a session nobody tries");
}

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_limits();
	for (unsigned seed = 1; seed <= 2; seed++)
		test_come_and_go(seed);
	test_leaves_nothing();
	test_key();
	test_persistent();
	test_sessions();
	return DONE();
}
