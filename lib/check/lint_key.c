/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Public keys: RFC 7748 section 5. */

/* p = 2^255 - 19, the least significant byte first */
static const uint8_t field_prime[KEY_LEN] = {
	0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
};

/* X25519 ignores the highest bit and takes the rest modulo p; false if that
 * changed anything. */
static bool
canonical(struct key *k)
{
	struct key was = *k;

	k->b[KEY_LEN - 1] &= 0x7f;
	if (sodium_compare(k->b, field_prime, KEY_LEN) >= 0)
		sodium_sub(k->b, field_prime, KEY_LEN);
	return memcmp(&was, k, sizeof(was)) == 0;
}

/* The points of order 1, 2, 4 and 8 in canonical form: whatever is multiplied
 * with one of them by a private key is zero. */
static const uint8_t low_orders[][KEY_LEN] = {
	{ 0 }, { 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
	    0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
	    0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
	    0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
	    0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

static bool
low_order(const struct key *canon)
{
	for (size_t i = 0; i < sizeof(low_orders) / sizeof(low_orders[0]); i++)
		if (memcmp(canon->b, low_orders[i], KEY_LEN) == 0)
			return true;
	return false;
}

struct owner {
	struct key key;
	const struct conf_location *l;
};

/* False: the key is of no use for comparisons. */
static bool
check_key(struct lint *lt, const struct conf_location *l, struct key *k)
{
	const enum conf_key key = KEY_PUBLIC_KEY;

	if (conf_broken(l, key))
		return false;
	if (l->said[key] == 0) {
		lint_say(lt, &l->section, BH_KEY_MISSING, key, "every active "
		    "location needs one; print it there with 'bh-key pubkey'");
		return false;
	}
	*k = l->public_key;
	if (key_is_zero(k)) {
		lint_say(lt, &l->section, BH_KEY_ZERO, key, "the key is all "
		    "zeros: a placeholder; print the right one there with "
		    "'bh-key pubkey'");
		return false;
	}
	bool was_canonical = canonical(k);
	if (low_order(k)) {
		lint_say(lt, &l->section, BH_KEY_LOW_ORDER, key, "the key is "
		    "a point of low order: every secret made with it is known; "
		    "print the right one with 'bh-key pubkey'");
		return false;
	}
	if (!was_canonical)
		lint_say(lt, &l->section, BH_KEY_ENCODING, key, "no private "
		    "key has this public key, it is another way to write one; "
		    "print the right one with 'bh-key pubkey'");
	return true;
}

static int
cmp_owner(const void *a, const void *b)
{
	const struct owner *p = a, *q = b;
	int c = memcmp(&p->key, &q->key, sizeof(p->key));

	return c != 0 ? c : p->l->line - q->l->line;
}

static void
check_shared(struct lint *lt, struct owner *o, size_t n)
{
	if (n > 1)
		qsort(o, n, sizeof(*o), cmp_owner);
	for (size_t i = 1; i < n; i++) {
		if (memcmp(&o[i - 1].key, &o[i].key, sizeof(o->key)) != 0)
			continue;
		lint_say(lt, &o[i].l->section, BH_KEY_SHARED, KEY_PUBLIC_KEY,
		    "[location %s] has the same key; each location needs a key "
		    "pair of its own", o[i - 1].l->name);
		diag_also(lt->d, o[i - 1].l->name);
	}
}

void
lint_keys(struct lint *lt)
{
	const struct conf *cf = lt->cf;
	struct owner *o = calloc(cf->nlocations + 1, sizeof(*o));
	size_t n = 0;

	if (o == NULL) {
		diag_add(lt->d, 0, BH_FILE_SIZE, "", "", "no memory");
		return;
	}
	for (size_t i = 0; i < cf->nlocations; i++) {
		o[n].l = &cf->location[i];
		if (o[n].l->active && check_key(lt, o[n].l, &o[n].key))
			n++;
	}
	check_shared(lt, o, n);
	free(o);
}

const struct lint_explanation explain_keys[] = {
	{ BH_KEY_MISSING,
	    "Without the public key nobody can have a tunnel with this "
	    "location. Make the pair on the gateway (bh-key genkey), keep the "
	    "private half there in KEYDIR/LOCATION.key, and write the public "
	    "half here.",
	    "[location branch1]\nlan = 10.1.0.0/20",
	    "[location branch1]\n"
	    "public-key = mA1MAXhA+yxer1yhoYjc9fcBTJ/UNHaVDm3v8IE3qEY=\n"
	    "lan = 10.1.0.0/20" },
	{ BH_KEY_ZERO,
	    "The all-zero key is what templates have. Put the location's own "
	    "key in.",
	    "public-key = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "public-key = mA1MAXhA+yxer1yhoYjc9fcBTJ/UNHaVDm3v8IE3qEY=" },
	{ BH_KEY_LOW_ORDER,
	    "On Curve25519 a few points give the same shared secret with "
	    "every private key (RFC 7748 section 6.1), so anybody could read "
	    "and write. No honest program makes such a key.",
	    "public-key = AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "public-key = mA1MAXhA+yxer1yhoYjc9fcBTJ/UNHaVDm3v8IE3qEY=" },
	{ BH_KEY_ENCODING,
	    "The key is one of the second ways to write a point: the highest "
	    "bit is set, or it is not less than 2^255 - 19. No private key "
	    "has it for its public key, so handshakes would always fail.",
	    "public-key = CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
	    "public-key = CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ BH_KEY_SHARED,
	    "A key is a location's identity. With one key for two, packets of "
	    "one would be taken for the other's, or both tunnels would fail "
	    "in turn.",
	    "two locations with one 'public-key'",
	    "bh-key genkey -o KEYDIR/branch2.key    # on branch2" },
	{ .text = NULL },
};
