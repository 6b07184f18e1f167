/* SPDX-License-Identifier: ISC */
#ifndef BH_T_FRESH_H
#define BH_T_FRESH_H

/* Random bytes for a device, each time others and in each run the same. */

#include "wg/device_state.h"

#include <sodium.h>
#include <string.h>

static uint8_t drawn[DEVICE_RANDOM];	/* what the last step was given */

static inline const uint8_t *
fresh(void)
{
	static uint8_t seed[randombytes_SEEDBYTES];
	static uint64_t counter;

	counter++;
	memcpy(seed, &counter, sizeof(counter));
	randombytes_buf_deterministic(drawn, sizeof(drawn), seed);
	return drawn;
}

#endif
