/* SPDX-License-Identifier: ISC */
#ifndef BH_LOAD_H
#define BH_LOAD_H

/* The first half of conf_load: the sections of a file as they stand.  Names are
 * not resolved, and two sections may have one name. */

#include "conf/conf.h"

void load_sections(struct conf *cf, struct diags *d, FILE *f);

#endif
