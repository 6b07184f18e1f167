/* SPDX-License-Identifier: ISC */
#ifndef BH_POOL_H
#define BH_POOL_H

/* How many addresses a server translates, and to how many. */

#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The client's addresses that its server translates. */
const struct conf_prefixes *pool_inside(const struct conf *cf, size_t client);
/* Addresses of one family in a list, UINT64_MAX for more. */
uint64_t pool_count(const struct conf_prefixes *ps, bool v4);
/* IPv4 addresses of all clients of a server. */
uint64_t pool_hosts(const struct conf *cf, size_t server);

#endif
