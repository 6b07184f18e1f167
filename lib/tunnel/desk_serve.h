/* SPDX-License-Identifier: ISC */
#ifndef BH_DESK_SERVE_H
#define BH_DESK_SERVE_H

/* What the desk's own process does. */

#include <stdbool.h>

struct desk_fds {
	int tunnel;		/* the process that has the keys */
	int listener;
	int links;		/* netlink, or -1 */
	const char *name;	/* of the TUN device */
};

_Noreturn void desk_serve(const struct desk_fds *fds, bool may_set);

#endif
