/* SPDX-License-Identifier: ISC */
#ifndef BH_PACKET_PARSE_H
#define BH_PACKET_PARSE_H

/* A packet from a line of text. */

#include <stddef.h>
#include <stdint.h>

enum { PACKET_PARSE_MAX = 80 };

/* "SRC[:PORT] > DST[:PORT] PROTO [PORT]" into buf; its length, or 0 and *why
 * says what is wrong with the text.  The last PORT is the destination's, or
 * the type of an ICMP message. */
size_t packet_parse(const char *text, uint8_t buf[static PACKET_PARSE_MAX],
    const char **why);

#endif
