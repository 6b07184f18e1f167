/* SPDX-License-Identifier: ISC */
#ifndef BH_NFTGEN_H
#define BH_NFTGEN_H

/* How often nftables was changed in this network namespace, whoever did it:
 * while the number is the same, nothing of it is another. */

#include <stdbool.h>
#include <stdint.h>

bool nftgen_read(uint32_t *gen);

#endif
