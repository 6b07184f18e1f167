/* SPDX-License-Identifier: ISC */
#ifndef BH_EXPLAIN_H
#define BH_EXPLAIN_H

/* What bh-check -x says: a table for each part of the catalogue, in the order
 * of conf/code.h; the last entry of each has no text. */

#include "check/lint.h"

extern const struct lint_explanation explain_file[], explain_domain[],
    explain_backhaul[], explain_gateway[], explain_rules[], explain_nat[],
    explain_publish[];

#endif
