/* SPDX-License-Identifier: ISC */
#ifndef BH_KEY_H
#define BH_KEY_H

/* 32-byte keys and their base64 text, as wg(8) writes it. */

#include <stdbool.h>
#include <stdint.h>

enum { KEY_LEN = 32, KEY_STRLEN = 45 };

struct key {
	uint8_t b[KEY_LEN];
};

/* Exactly 44 characters of canonical base64, in constant time; a trailing
 * newline is the caller's to take off. */
bool key_parse(struct key *k, const char *text);
const char *key_format(const struct key *k, char buf[static KEY_STRLEN]);
/* Constant time. */
bool key_eq(const struct key *a, const struct key *b);
bool key_is_zero(const struct key *k);
void key_wipe(struct key *k);
/* Reads a key file: one line, 0600 or stricter.  0; -1 and errno (EPERM: others
 * may read it; EINVAL: not a key). */
int key_read(struct key *k, const char *path);

#endif
