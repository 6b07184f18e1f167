/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_CONF_H
#define BH_NAT_CONF_H

/* From a server's section of the domain file to what its translator is told. */

#include "conf/conf.h"
#include "net/nat_config.h"

/* What of a client's addresses is translated. */
const struct conf_prefixes *nat_conf_inside(const struct conf *cf,
    size_t client);
/* Addresses of one family in a list, UINT64_MAX for more. */
uint64_t nat_conf_count(const struct conf_prefixes *ps, bool v4);
/* IPv4 addresses of all clients of a server. */
uint64_t nat_conf_hosts(const struct conf *cf, size_t server);
/* Blocks that an outside address has. */
unsigned nat_conf_blocks(const struct conf_pool *p);

/* The configuration of a server with `nat = pool' whose section has no error;
 * exits 111 without memory. */
void nat_conf_build(struct nat_config *nc, const struct conf *cf,
    size_t server);

#endif
