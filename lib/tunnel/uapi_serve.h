/* SPDX-License-Identifier: ISC */
#ifndef BH_UAPI_SERVE_H
#define BH_UAPI_SERVE_H

/* What the uapi process does: one client of its socket after the other. */

#include <stdbool.h>

/* Its descriptors: to the key process, the socket, netlink. */
enum { UAPI_FDS = 3 };

struct uapi_serving {
	bool may_set;
	bool follows;		/* netlink is there: tell the device's MTU */
	unsigned ifindex;	/* of the device */
};

/* Of a struct uapi_serving; never returns. */
void uapi_serve(void *serving);

#endif
