/* SPDX-License-Identifier: ISC */
#ifndef BH_PUBLISH_H
#define BH_PUBLISH_H

/* [publish]: which packets it lets in.  Values as in conf/value.h: 0, or a
 * code and why. */

#include "conf/conf.h"

#include <stdbool.h>
#include <stdint.h>

/* "ADDRESS[ tcp|udp[ PORT[-PORT]]]" */
int publish_match(struct conf_publish *p, const char *s, char *why);
/* "ADDRESS", "192.0.2.1:PORT", "[2001:db8::1]:PORT" */
int publish_to(struct conf_publish *p, const char *s, char *why);

/* Location i is its active server. */
bool publish_is_of(const struct conf *cf, const struct conf_publish *p,
    size_t i);
/* It lets in packets to that address, protocol and port. */
bool publish_has(const struct conf_publish *p, const struct addr *a,
    uint8_t proto, uint16_t port);
/* The one of a server's that lets in a packet of that source; NULL: none. */
const struct conf_publish *publish_find(const struct conf *cf, size_t server,
    const struct addr *src, const struct addr *dst, uint8_t proto,
    uint16_t port);
/* Two of one server let in one packet. */
bool publish_meet(const struct conf_publish *p, const struct conf_publish *q);
/* "tcp", "udp", or "" for the whole address. */
const char *publish_proto(const struct conf_publish *p);

enum { PUBLISH_STRLEN = 72 };

/* The values as a file has them. */
const char *publish_format_match(const struct conf_publish *p,
    char buf[static PUBLISH_STRLEN]);
const char *publish_format_to(const struct conf_publish *p,
    char buf[static PUBLISH_STRLEN]);

#endif
