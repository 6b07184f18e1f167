/* SPDX-License-Identifier: ISC */
#ifndef BH_VALUE_H
#define BH_VALUE_H

/*
 * Values, to the right of a `='.  Each function returns 0, or the code of
 * the mistake, with what is wrong and what would be right in why.
 */

#include "base/addr.h"
#include "base/key.h"
#include "conf/code.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VALUE_WHYLEN = 320,
	VALUE_LEN = 1024,	/* no value is longer, with its 0 */
	VALUE_NAMELEN = 41,	/* a location's name and its 0 */
	VALUE_HOSTLEN = 256,
};

/* Takes the next item off a list separated by commas and blanks.  Returns how
 * long it is, of which item has what there is room for; 0 at the list's end. */
size_t value_next(const char **list, char item[static VALUE_LEN]);

int value_prefix(struct prefix *p, const char *s,
    char why[static VALUE_WHYLEN]);
/* A prefix, an address, or FIRST-LAST. */
int value_addresses(struct addr *first, struct addr *last, const char *s,
    char why[static VALUE_WHYLEN]);
int value_address(struct addr *a, const char *s,
    char why[static VALUE_WHYLEN]);
/* "host:port", "192.0.2.1:port", "[2001:db8::1]:port".  host gets an address in
 * its usual form, a name in lower case. */
int value_endpoint(char host[static VALUE_HOSTLEN], uint16_t *port,
    const char *s, char why[static VALUE_WHYLEN]);
/* A name as the DNS has them, in lower case. */
int value_hostname(char host[static VALUE_HOSTLEN], const char *s,
    char why[static VALUE_WHYLEN]);
int value_key(struct key *k, const char *s, char why[static VALUE_WHYLEN]);
int value_number(unsigned *v, unsigned min, unsigned max, const char *s,
    char why[static VALUE_WHYLEN]);
/* "FIRST-LAST" */
int value_range(unsigned *first, unsigned *last, unsigned min, unsigned max,
    const char *s, char why[static VALUE_WHYLEN]);
/* Index into a list of words that ends with NULL; "yes" and "no" are a list
 * like any other. */
int value_word(unsigned *v, const char *const *words, const char *s,
    char why[static VALUE_WHYLEN]);
/* Letters, digits, '-', '_' and '.', a letter or digit first: good for a file
 * name, a socket's path and an nftables comment. */
int value_name(char name[static VALUE_NAMELEN], const char *s,
    char why[static VALUE_WHYLEN]);
int value_interface(char name[static IFNAMSIZ], const char *s,
    char why[static VALUE_WHYLEN]);

#endif
