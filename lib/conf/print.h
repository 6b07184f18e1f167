/* SPDX-License-Identifier: ISC */
#ifndef BH_PRINT_H
#define BH_PRINT_H

#include "conf/conf.h"

#include <stdio.h>

/*
 * Writes a domain as a domain file in its plainest form: keys in one order,
 * sets of addresses as their normal form, one item a line.  Loading that gives
 * the same domain, and printing it again the same bytes.
 */
void conf_print(const struct conf *cf, FILE *out);

#endif
