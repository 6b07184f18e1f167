/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_CONF_H
#define BH_NAT_CONF_H

/* From a server's section of the domain file to what its translator is told. */

#include "conf/conf.h"
#include "nat/nat_config.h"

/* The configuration of a server with `nat = pool' whose section has no error;
 * exits 111 without memory. */
void nat_conf_init(struct nat_config *nc, const struct conf *cf,
    size_t server);

#endif
