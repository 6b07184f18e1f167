/* SPDX-License-Identifier: ISC */
#include "engine/lint_part.h"

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

static bool
low_order(const struct key *k)
{
	static const uint8_t scalar[KEY_LEN] = { 1 };
	uint8_t out[KEY_LEN];

	return crypto_scalarmult(out, scalar, k->b) != 0;
}

struct owner {
	struct key key;
	const struct conf_location *l;
};

/* False: the key is of no use for comparisons. */
static bool
check_key(struct lint *lt, const struct conf_location *l, struct key *k)
{
	static const char name[] = "public-key";
	int line = l->public_key_line;

	if (conf_broken(l, name))
		return false;
	if (line == 0) {
		lint_say(lt, l, 0, BH_KEY_MISSING, name, "every active "
		    "location needs one; print it there with 'bh-key pubkey'");
		return false;
	}
	*k = l->public_key;
	if (key_is_zero(k)) {
		lint_say(lt, l, line, BH_KEY_ZERO, name, "the key is all "
		    "zeros: a placeholder; print the right one there with "
		    "'bh-key pubkey'");
		return false;
	}
	if (low_order(k)) {
		lint_say(lt, l, line, BH_KEY_LOW_ORDER, name, "the key is a "
		    "point of low order: every secret made with it is known; "
		    "print the right one with 'bh-key pubkey'");
		return false;
	}
	if (!canonical(k))
		lint_say(lt, l, line, BH_KEY_ENCODING, name, "no private key "
		    "has this public key, it is another way to write one; "
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
		lint_say(lt, o[i].l, o[i].l->public_key_line, BH_KEY_SHARED,
		    "public-key", "[location %s] has the same key; each "
		    "location needs a key pair of its own", o[i - 1].l->name);
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
