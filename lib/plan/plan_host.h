/* SPDX-License-Identifier: ISC */
#ifndef BH_PLAN_HOST_H
#define BH_PLAN_HOST_H

/* Reads from the kernel and from RUNDIR what a plan has to know of this host:
 * the one part of plan that is not a function of its arguments. */

#include "plan/plan.h"

/* Sets p->host.  NULL, or what could not be read, and errno. */
const char *plan_look(struct plan *p);
/* An interface may have several names (ip-link(8), altname), and rules match
 * one only: this one. */
void plan_real_name(char name[static IFNAMSIZ]);

/* The number in a file of /proc/sys; -1: there is none. */
long plan_read_sysctl(const char *key);
/* The parameters that are not yet as they must be, each with its value before
 * `up'; and all that may be changed, as they are now.  False: no memory. */
bool plan_sysctl_wrong(const struct plan *p, FILE *out);
bool plan_sysctl_now(const struct plan *p, FILE *out);

#endif
