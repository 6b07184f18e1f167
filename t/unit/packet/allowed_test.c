/* SPDX-License-Identifier: ISC */
/* Cryptokey routing that changes: by hand, against a reference model, at scale. */
#include "test.h"

#include "base/clock.h"
#include "packet/allowed.h"

#include <stdlib.h>
#include <string.h>

enum { PEERS = 6, ROUNDS = 20000, CHANGES = 30, MOST = PEERS * 4096 };

static struct prefix
pfx(const char *text)
{
	struct prefix p;
	bool host_bits;

	prefix_parse(&p, text, &host_bits);
	return p;
}

static uint16_t
owner(const struct allowed *a, const char *text)
{
	struct prefix p = pfx(text);

	return allowed_owner(a, &p.addr);
}

static void
add(struct allowed *a, const char *text, uint16_t peer)
{
	struct prefix p = pfx(text);

	allowed_add(a, &p, peer);
}

static void
take(struct allowed *a, const char *text, uint16_t peer)
{
	struct prefix p = pfx(text);

	allowed_remove(a, &p, peer);
}

/* Scenario 29: overlapping and replaced, 0/0 after subnets. */
static void
test_by_hand(void)
{
	struct allowed *a = allowed_new(100, 3);

	OK(owner(a, "10.0.0.1") == ALLOWED_NOBODY && allowed_room(a) == 100);
	add(a, "10.0.0.0/8", 0);
	add(a, "10.1.0.0/16", 1);
	OKF(owner(a, "10.0.0.1") == ALLOWED_NOBODY, "not before the commit");
	allowed_commit(a);
	OK(owner(a, "10.0.0.1") == 0 && owner(a, "10.1.0.1") == 1);
	add(a, "0.0.0.0/0", 2);
	add(a, "::/0", 2);
	allowed_commit(a);
	OK(owner(a, "10.1.0.1") == 1 && owner(a, "11.0.0.1") == 2 &&
	    owner(a, "2001:db8::1") == 2 && allowed_count(a) == 4);
	add(a, "10.1.0.0/16", 2);
	allowed_commit(a);
	OKF(owner(a, "10.1.0.1") == 2 && allowed_count(a) == 4,
	    "a prefix moves from peer to peer");
	take(a, "10.1.0.0/16", 1);
	allowed_commit(a);
	OKF(owner(a, "10.1.0.1") == 2, "only its owner can lose it");
	take(a, "10.1.0.0/16", 2);
	allowed_commit(a);
	OK(owner(a, "10.1.0.1") == 0);
	add(a, "10.2.0.0/16", 2);
	allowed_clear(a, 2);
	add(a, "10.3.0.0/16", 2);
	allowed_commit(a);
	OKF(owner(a, "10.2.0.1") == 0 && owner(a, "10.3.0.1") == 2 &&
	    owner(a, "11.0.0.1") == ALLOWED_NOBODY && allowed_count(a) == 2,
	    "what came before the clearing is gone, what comes after stays");
	uint32_t at = 0;
	struct prefix want = pfx("10.3.0.0/16");
	const struct prefix *p = allowed_next(a, 2, &at);
	OK(p != NULL && memcmp(p, &want, sizeof(want)) == 0);
	OK(allowed_next(a, 2, &at) == NULL);
	at = 0;
	OK(allowed_next(a, 1, &at) == NULL);
	allowed_free(a);
}

/* ---- the reference model: a list, changed at once ---- */

static struct {
	struct prefix p;
	uint16_t peer;
} model[MOST];
static size_t nmodel;

static void
model_drop(const struct prefix *p, int peer)
{
	size_t kept = 0;

	for (size_t i = 0; i < nmodel; i++) {
		bool is = p == NULL || (model[i].p.len == p->len &&
		    addr_eq(&model[i].p.addr, &p->addr));
		if (!is || (peer >= 0 && model[i].peer != peer))
			model[kept++] = model[i];
	}
	nmodel = kept;
}

static uint16_t
model_owner(const struct addr *addr)
{
	int best = -1;
	uint16_t peer = ALLOWED_NOBODY;

	for (size_t i = 0; i < nmodel; i++) {
		bool four = model[i].p.len >= PREFIX_V4 &&
		    addr_is_v4(&model[i].p.addr);
		if (four == addr_is_v4(addr) && model[i].p.len > best &&
		    prefix_has(&model[i].p, addr)) {
			best = model[i].p.len;
			peer = model[i].peer;
		}
	}
	return peer;
}

static unsigned seed = 1;

static unsigned
roll(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

/* Few of them, so that they meet. */
static struct prefix
random_prefix(void)
{
	char text[64];

	if (roll(2))
		snprintf(text, sizeof(text), "10.%u.%u.0/%u", roll(3),
		    roll(4) * 64, roll(33));
	else
		snprintf(text, sizeof(text), "2001:db8:%u:%u::/%u", roll(3),
		    roll(4), roll(129));
	return pfx(text);
}

static void
change(struct allowed *a)
{
	struct prefix p = random_prefix();
	uint16_t peer = (uint16_t)roll(PEERS);

	switch (roll(12)) {
	case 0:
		allowed_clear(a, peer);
		model_drop(NULL, peer);
		break;
	case 1:
	case 2:
	case 3:
		allowed_remove(a, &p, peer);
		model_drop(&p, peer);
		break;
	default:
		allowed_add(a, &p, peer);
		model_drop(&p, -1);
		model[nmodel].p = p;
		model[nmodel++].peer = peer;
	}
}

static bool
agrees(const struct allowed *a)
{
	size_t listed = 0;

	for (uint16_t i = 0; i < PEERS; i++)
		for (uint32_t at = 0; allowed_next(a, i, &at) != NULL;)
			listed++;
	if (allowed_count(a) != nmodel || listed != nmodel)
		return false;
	for (int i = 0; i < 60; i++) {
		struct prefix p = random_prefix();
		if (allowed_owner(a, &p.addr) != model_owner(&p.addr))
			return false;
	}
	return true;
}

static void
test_model(void)
{
	struct allowed *a = allowed_new(4096, PEERS);
	unsigned good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		for (unsigned k = roll(CHANGES); k > 0; k--)
			change(a);
		allowed_commit(a);
		good += agrees(a);
	}
	OKF(good == ROUNDS, "W16: %u random commits, as the reference model has them "
	    "(seed 1)", good);
	allowed_free(a);
}

/* Scenario 23: 255 x 256 x 2 prefixes.  The times are told, not judged. */
static void
test_scale(void)
{
	struct allowed *a = allowed_new(2 * 130560, 1);
	struct addr at = addr_from_v4((uint8_t[]){ 10, 0, 0, 0 });
	unsigned found = 0;

	for (int i = 0; i < 255 * 256 * 2; i++) {
		struct prefix p = { at, 128 };
		p.addr.b[13] = (uint8_t)(i >> 16);
		p.addr.b[14] = (uint8_t)(i >> 8);
		p.addr.b[15] = (uint8_t)i;
		allowed_add(a, &p, 0);
	}
	nsec start = clock_now();
	allowed_commit(a);
	nsec built = clock_now();
	for (uint32_t i = 0; i < 1u << 20; i++) {
		uint32_t r = i * 2654435761u;
		at.b[13] = (uint8_t)(r >> 31);
		at.b[14] = (uint8_t)(r >> 23);
		at.b[15] = (uint8_t)(r >> 15);
		found += allowed_owner(a, &at) == 0;
	}
	nsec asked = clock_now();
	OK(allowed_count(a) == 130560 && found > 1000000);
	printf("# commit of 130560: %lld us; look-up: %lld ns\n",
	    (long long)(built - start) / 1000,
	    (long long)((asked - built) >> 20));
	struct prefix p = { at, 128 };
	start = clock_now();
	allowed_add(a, &p, 0);
	allowed_commit(a);
	printf("# one more: %lld us\n",
	    (long long)(clock_now() - start) / 1000);
	allowed_free(a);
}

int
main(void)
{
	test_by_hand();
	test_model();
	test_scale();
	return DONE();
}
