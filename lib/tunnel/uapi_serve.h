/* SPDX-License-Identifier: ISC */
#ifndef BH_UAPI_SERVE_H
#define BH_UAPI_SERVE_H

/* What the uapi process does. */

#include <stdbool.h>

struct uapi_fds {
	int tunnel;		/* the process that has the keys */
	int listener;
	int links;		/* netlink, or -1 */
	const char *name;	/* of the TUN device */
};

_Noreturn void uapi_serve(const struct uapi_fds *fds, bool may_set);

#endif
