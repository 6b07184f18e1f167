/* SPDX-License-Identifier: ISC */
#ifndef BH_LINK_H
#define BH_LINK_H

/* The second half of conf_load: names of locations and groups become indexes,
 * and of two locations with one name the first one stays. */

#include "conf/conf.h"

void link_names(struct conf *cf, struct diags *d);

#endif
