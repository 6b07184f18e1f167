/* SPDX-License-Identifier: ISC */
#ifndef BH_SECTION_H
#define BH_SECTION_H

/* The sections of a domain: to make, with the defaults of their keys, to find
 * and to free. */

#include "conf/conf.h"

/* Each key of that kind as it is by default. */
void section_defaults(void *section, enum conf_kind kind);
/* Frees what the keys of a section hold. */
void section_fini(struct conf_section *s);
/* How many there may be of a kind of which there are several. */
size_t section_max(enum conf_kind kind);
size_t section_count(const struct conf *cf, enum conf_kind kind);
struct conf_section *section_at(const struct conf *cf, enum conf_kind kind,
    size_t i);
/* One more, with its defaults; it and others may move with the next.  NULL: no
 * memory. */
struct conf_section *section_add(struct conf *cf, enum conf_kind kind,
    const char *name, int line);
/* The member that key k sets. */
void *section_member(void *section, enum conf_key k);

#endif
