/* SPDX-License-Identifier: ISC */
#ifndef BH_ALLOWED_H
#define BH_ALLOWED_H

/*
 * Cryptokey routing: which peer owns which prefix (W16).  Changes are noted
 * one by one and come into force together, so no packet ever sees half of
 * them; nothing is allocated after allowed_new.
 */

#include "packet/lpm.h"

#include <stdbool.h>

enum { ALLOWED_NOBODY = UINT16_MAX };

struct allowed;

/* Room for so many prefixes, in force and noted together.  NULL and errno. */
struct allowed *allowed_new(size_t room, uint16_t npeers);
void allowed_free(struct allowed *a);
/* How many more may be noted before the next commit. */
size_t allowed_room(const struct allowed *a);
/* Prefixes in force. */
size_t allowed_count(const struct allowed *a);

/* Noted, in this order: the prefix moves to the peer; it is taken from the
 * peer, if it has it; the peer loses all it has.  The caller sees to it that
 * there is room. */
void allowed_add(struct allowed *a, const struct prefix *p, uint16_t peer);
void allowed_remove(struct allowed *a, const struct prefix *p, uint16_t peer);
void allowed_clear(struct allowed *a, uint16_t peer);
void allowed_commit(struct allowed *a);

/* The peer with the longest prefix, or ALLOWED_NOBODY. */
uint16_t allowed_owner(const struct allowed *a, const struct addr *addr);
/* A peer's prefixes, in lpm_order: *at starts at 0; NULL after the last. */
const struct prefix *allowed_next(const struct allowed *a, uint16_t peer,
    uint32_t *at);

#endif
