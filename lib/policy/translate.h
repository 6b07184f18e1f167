/* SPDX-License-Identifier: ISC */
#ifndef BH_TRANSLATE_H
#define BH_TRANSLATE_H

/* Guard and translator as one, in the order of the direction; live and offline
 * both come here. */

#include "nat/nat.h"
#include "policy/judge.h"
#include "policy/policy.h"

/* Judges a packet of n bytes, as judge_packet does, and if it passes rewrites
 * it: out, the guard comes first; in, the translator finds whom it is for, and
 * the guard is asked about that.  nat NULL: as it is; else fragments are its
 * own to look after.  vnet may be NULL. */
struct decision translate_judge(struct judge *j, struct nat *nat,
    enum policy_point at, uint8_t *p, size_t n, const struct vnet *vnet,
    uint16_t from, nsec now, struct ip *ip);

#endif
