/* SPDX-License-Identifier: ISC */
#ifndef BH_CHECKS_H
#define BH_CHECKS_H

/* The checks, each in a file with the explanations of what it finds; lint.c
 * has the table of them. */

#include "check/finding.h"

void lint_locations(struct lint *lt);
void lint_roles(struct lint *lt);
/* The servers of one client, looked at together. */
void lint_servers(struct lint *lt, const struct conf_location *l);
void lint_keys(struct lint *lt);
void lint_space(struct lint *lt);
/* One location's addresses by themselves. */
void lint_own_space(struct lint *lt, const struct conf_location *l);
/* Its single addresses: of itself, its next hop, its endpoint, its names. */
void lint_own_hosts(struct lint *lt, const struct conf_location *l);
void lint_peers(struct lint *lt);
void lint_numbers(struct lint *lt);
void lint_groups(struct lint *lt);
void lint_breakouts(struct lint *lt);
void lint_publish(struct lint *lt);
void lint_nat_addresses(struct lint *lt);
void lint_pools(struct lint *lt);
void lint_npt(struct lint *lt);

/* The findings of each file; the last entry has no text. */
extern const struct lint_explanation explain_breakouts[],
    explain_groups[], explain_keydir[], explain_keys[], explain_load[],
    explain_locations[], explain_names[], explain_nat_addresses[],
    explain_npt[], explain_numbers[], explain_own_hosts[], explain_own_space[],
    explain_peers[], explain_pools[], explain_publish[], explain_roles[],
    explain_servers[], explain_space[];

#endif
