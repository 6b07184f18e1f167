/* SPDX-License-Identifier: ISC */
#ifndef BH_PATH_H
#define BH_PATH_H

/* Where a datagram came from and to which of our addresses: an answer goes
 * back the same way. */

#include "base/addr.h"

struct path {
	struct endpoint remote;	/* port 0: unknown */
	struct addr local;	/* all zero: let the kernel choose */
};

static inline bool
path_has_local(const struct path *p)
{
	static const struct addr none;

	return !addr_eq(&p->local, &none);
}

#endif
