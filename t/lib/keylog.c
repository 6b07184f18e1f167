/* SPDX-License-Identifier: ISC */
/*
 * What `make keylog' puts between bh-tunnel and its handshake, so that a
 * capture of its traffic can be read: each ephemeral key and preshared key goes
 * to standard error, as Wireshark wants them (wg.keylog_file; put the static
 * key before them as LOCAL_STATIC_PRIVATE_KEY).  It is no part of any other build.
 */
#include "wg/noise.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool __real_noise_create_initiation(struct noise_handshake *hs,
    const struct noise_local *l, const struct noise_remote *r,
    const struct key *random, const uint8_t tai64n[TAI64N_LEN],
    uint32_t local_index, struct msg_initiation *m);
bool __wrap_noise_create_initiation(struct noise_handshake *hs,
    const struct noise_local *l, const struct noise_remote *r,
    const struct key *random, const uint8_t tai64n[TAI64N_LEN],
    uint32_t local_index, struct msg_initiation *m);
bool __real_noise_create_response(struct noise_handshake *hs,
    const struct noise_remote *r, const struct key *random,
    uint32_t local_index, struct msg_response *m, struct noise_keys *k);
bool __wrap_noise_create_response(struct noise_handshake *hs,
    const struct noise_remote *r, const struct key *random,
    uint32_t local_index, struct msg_response *m, struct noise_keys *k);

static void
tell(const struct key *ephemeral, const struct noise_remote *r)
{
	char line[256], a[KEY_STRLEN], b[KEY_STRLEN], c[KEY_STRLEN];

	snprintf(line, sizeof(line), "REMOTE_STATIC_PUBLIC_KEY = %s\n"
	    "LOCAL_EPHEMERAL_PRIVATE_KEY = %s\nPRESHARED_KEY = %s\n",
	    key_format(&r->public_key, a), key_format(ephemeral, b),
	    key_format(&r->psk, c));
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;		/* whoever looks will miss it */
}

bool
__wrap_noise_create_initiation(struct noise_handshake *hs,
    const struct noise_local *l, const struct noise_remote *r,
    const struct key *random, const uint8_t tai64n[TAI64N_LEN],
    uint32_t local_index, struct msg_initiation *m)
{
	tell(random, r);
	return __real_noise_create_initiation(hs, l, r, random, tai64n,
	    local_index, m);
}

bool
__wrap_noise_create_response(struct noise_handshake *hs,
    const struct noise_remote *r, const struct key *random,
    uint32_t local_index, struct msg_response *m, struct noise_keys *k)
{
	tell(random, r);
	return __real_noise_create_response(hs, r, random, local_index, m, k);
}
