/* SPDX-License-Identifier: ISC */
#include "base/key.h"

#include <sodium.h>
#include <string.h>

bool
key_parse(struct key *k, const char *text)
{
	size_t n = 0;

	/* 44 characters hold 264 bits: it refuses all but zero in the last */
	if (strlen(text) == KEY_STRLEN - 1 &&
	    sodium_base642bin(k->b, KEY_LEN, text, KEY_STRLEN - 1, NULL, &n,
	    NULL, sodium_base64_VARIANT_ORIGINAL) == 0 && n == KEY_LEN)
		return true;
	key_wipe(k);
	return false;
}

const char *
key_format(const struct key *k, char buf[static KEY_STRLEN])
{
	return sodium_bin2base64(buf, KEY_STRLEN, k->b, KEY_LEN,
	    sodium_base64_VARIANT_ORIGINAL);
}

bool
key_eq(const struct key *a, const struct key *b)
{
	return sodium_memcmp(a->b, b->b, KEY_LEN) == 0;
}

bool
key_is_zero(const struct key *k)
{
	return sodium_is_zero(k->b, KEY_LEN) == 1;
}

void
key_wipe(struct key *k)
{
	sodium_memzero(k->b, KEY_LEN);
}

void
key_clamp(struct key *k)
{
	k->b[0] &= 248;
	k->b[31] = (k->b[31] & 127) | 64;
}

void
key_public(struct key *public_key, const struct key *private_key)
{
	crypto_scalarmult_base(public_key->b, private_key->b);
}

bool
key_agree(struct key *shared, const struct key *private_key,
    const struct key *public_key)
{
	if (crypto_scalarmult(shared->b, private_key->b, public_key->b) == 0)
		return true;
	key_wipe(shared);
	return false;
}
