/* SPDX-License-Identifier: ISC */
/* What starting allocates: each piece fails in turn. */
#include "test.h"
#include "scarce.h"

#include "wg/aead.h"
#include "wg/device_state.h"
#include "wg/seen.h"
#include "wg/stage.h"

#include <sodium.h>

enum { PEERS = 40 };

static const uint8_t random_bytes[DEVICE_RANDOM];

static void *
make_kind(enum device_kind kind)
{
	return device_new(kind, PEERS, random_bytes);
}

static void *
make_keys(void)
{
	return make_kind(DEVICE_KEYS);
}

static void *
make_packets(void)
{
	return make_kind(DEVICE_DATA);
}

static void *
make_whole(void)
{
	static const struct key k = { { 7 } };

	return device_new_whole(PEERS, &k, random_bytes);
}

static void
unmake_device(void *p)
{
	device_free(p);
}

static void *
make_stage(void)
{
	return stage_new(PEERS, 100, 2000);
}

static void
unmake_stage(void *p)
{
	stage_free(p);
}

static void *
make_aead(void)
{
	return aead_open(NULL);
}

static void
unmake_aead(void *p)
{
	aead_close(p);
}

static void
test_halves(void)
{
	struct device *keys = make_keys(), *packets = make_packets();

	OK(keys->identity != NULL && keys->by_key != NULL &&
	    keys->seen.entry != NULL && keys->peer == NULL);
	OK(packets->peer != NULL && packets->timers.heap != NULL &&
	    packets->identity == NULL);
	OKF(keys->pending.mask + 1 >= 4 * (2 * PEERS + 1),
	    "an initiation and a response of each, in a quarter of the table");
	OKF(packets->index.mask + 1 >= 4 * PEERS * PEER_SESSIONS,
	    "all sessions, in a quarter of the table");
	device_free(keys);
	device_free(packets);
	OK(device_new(DEVICE_WHOLE, DEVICE_PEERS_MAX + 1, random_bytes) ==
	    NULL);
	void *most = device_new(DEVICE_WHOLE, DEVICE_PEERS_MAX, random_bytes);
	OK(most != NULL);
	device_free(most);
}

int
main(void)
{
	static const struct scarce_row rows[] = {
		{ "the key process", make_keys, unmake_device, true, 5 },
		{ "the data process", make_packets, unmake_device, true, 4 },
		{ "a whole device", make_whole, unmake_device, true, 8 },
		{ "what waits", make_stage, unmake_stage, true, 4 },
		{ "encryption, perhaps with another engine", make_aead,
		    unmake_aead, false, 1 },
	};

	if (sodium_init() < 0)
		return 1;
	aead_close(aead_open(NULL));	/* what is done once */
	scarce_rows(rows, sizeof(rows) / sizeof(*rows));
	test_halves();
	device_free(NULL);
	stage_free(NULL);
	aead_close(NULL);
	return DONE();
}
