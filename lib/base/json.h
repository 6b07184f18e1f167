/* SPDX-License-Identifier: ISC */
#ifndef BH_JSON_H
#define BH_JSON_H

/* The one part of writing JSON (RFC 8259) that printf(3) cannot do. */

#include <stdio.h>

/* Writes text as a JSON string, quotes and all.  What is not UTF-8 in it
 * becomes U+FFFD, a byte each, since JSON has no other way to say it; what a
 * terminal would not show as what it is, is escaped. */
void json_string(FILE *out, const char *text);

#endif
