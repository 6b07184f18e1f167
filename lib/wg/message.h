/* SPDX-License-Identifier: ISC */
#ifndef BH_MESSAGE_H
#define BH_MESSAGE_H

/* The four messages of WireGuard and every constant of the protocol
 * (whitepaper 5.4, 6.1).  No code. */

#include "base/bytes.h"
#include "base/clock.h"

#include <assert.h>

enum { TAG_LEN = 16, HASH_LEN = 32, COOKIE_LEN = 16, XNONCE_LEN = 24,
	TAI64N_LEN = 12 };

enum message_type {
	MSG_INITIATION = 1,
	MSG_RESPONSE = 2,
	MSG_COOKIE = 3,
	MSG_DATA = 4,
};

/* 5.4.4: mac1 and mac2 end both handshake messages. */
struct msg_macs {
	uint8_t mac1[COOKIE_LEN], mac2[COOKIE_LEN];
};

struct msg_initiation { /* 5.4.2 */
	le32 type, sender;
	uint8_t ephemeral[32];
	uint8_t static_key[32 + TAG_LEN];
	uint8_t timestamp[TAI64N_LEN + TAG_LEN];
	struct msg_macs macs;
};
static_assert(sizeof(struct msg_initiation) == 148, "W1");

struct msg_response { /* 5.4.3 */
	le32 type, sender, receiver;
	uint8_t ephemeral[32];
	uint8_t nothing[TAG_LEN];
	struct msg_macs macs;
};
static_assert(sizeof(struct msg_response) == 92, "W1");

struct msg_cookie { /* 5.4.7 */
	le32 type, receiver;
	uint8_t nonce[XNONCE_LEN];
	uint8_t cookie[COOKIE_LEN + TAG_LEN];
};
static_assert(sizeof(struct msg_cookie) == 64, "W1");

struct msg_data { /* 5.4.6; ciphertext and tag follow */
	le32 type, receiver;
	le64 counter;
};
static_assert(sizeof(struct msg_data) == 16, "W1");

enum { DATA_OVERHEAD = sizeof(struct msg_data) + TAG_LEN };

#define REKEY_AFTER_MESSAGES ((uint64_t)1 << 60)
#define REPLAY_WINDOW ((uint64_t)8192 - 64)
#define REJECT_AFTER_MESSAGES (UINT64_MAX - REPLAY_WINDOW - 1)
#define REKEY_AFTER_TIME (120 * NSEC_SEC)
#define REJECT_AFTER_TIME (180 * NSEC_SEC)
#define REKEY_ATTEMPT_TIME (90 * NSEC_SEC)
#define REKEY_TIMEOUT (5 * NSEC_SEC)
#define REKEY_JITTER_MAX (NSEC_SEC / 3)
#define KEEPALIVE_TIMEOUT (10 * NSEC_SEC)
#define COOKIE_SECRET_MAX_AGE (120 * NSEC_SEC)
#define COOKIE_LATENCY (5 * NSEC_SEC)
#define INITIATION_INTERVAL (NSEC_SEC / 50)	/* W6: one accepted per 20 ms */

#endif
