/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_ASK_H
#define BH_NAT_ASK_H

/* "Who was that?", as bh-ctl(1) and bh-egress(8) ask it: one line, and 0; 1 if
 * nobody was; exits 100 if the question is none. */

#include "conf/conf.h"

/* "ADDRESS:PORT PROTO" at a time (NULL: now), by the domain file of a server
 * and logs in the order of time; "-" is standard input. */
int nat_ask_logs(const struct conf *cf, size_t server, const char *question,
    const char *time, char *const *logs);
/* "ADDRESS:PORT", "PROTO" and maybe "at", "TIME", by what is in the run
 * directory of a gateway. */
int nat_ask_gateway(const char *rundir, char *const *words);

#endif
