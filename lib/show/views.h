/* SPDX-License-Identifier: ISC */
#ifndef BH_VIEWS_H
#define BH_VIEWS_H

/* A domain shown from other sides than its own: bh-check(1). */

#include "conf/conf.h"

#include <stdbool.h>
#include <stdio.h>

enum { VIEW_ALL = -1 };		/* each active location */

/* Routes that the routers behind a gateway, and at a server those in front of
 * it, have to be told, and why; then as lines for FRR, for Cisco IOS and for
 * ip(8). */
void view_routers(const struct conf *cf, int location, FILE *out);
/* The same as JSON, an object for each route. */
void view_routers_json(const struct conf *cf, int location, FILE *out);

/* A drawing in the language of dot(1).  False, and nothing: its partnerships
 * take more lines than that. */
bool view_dot(const struct conf *cf, size_t most, FILE *out);

/* A location's file for a gateway that runs plain WireGuard: for wg-quick(8),
 * or for `wg setconf'.  The keys come from keydir; NULL: the private key is a
 * placeholder, and preshared keys are left to be added.  0, or an exit status:
 * reported. */
int view_wg(const struct conf *cf, size_t location, bool quick,
    const char *keydir, FILE *out);

/* Packets of the LAN that may leave in clear, of a client or of all. */
void view_clear(const struct conf *cf, int location, bool as_json, FILE *out);

#endif
