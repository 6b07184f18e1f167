/* SPDX-License-Identifier: ISC */
#ifndef BH_RESOLVCONF_H
#define BH_RESOLVCONF_H

/*
 * resolv.conf changes when a line does (DHCP, a VPN), in place or by another
 * file that takes its name, or that of what it is a link to.  A process that
 * asks name servers looks at it before each question, and opens no file: it has
 * another process for that, which speaks with nobody else.
 */

#include <stdbool.h>
#include <sys/stat.h>

enum { RESOLVCONF_SERVERS = 512 };	/* bytes of a list, with its 0 */

/* What tells that it is another file, or another text. */
struct resolvconf_mark {
	struct stat st;
};

/* The file as it is now; without one as if it were empty. */
void resolvconf_look(struct resolvconf_mark *m);
/* Is it another now?  That there is none at the moment says nothing. */
bool resolvconf_differs(struct resolvconf_mark *m);

/* Starts the process that reads it; a descriptor to ask it by, or -1 and
 * errno.  To be called before privileges are dropped. */
int resolvconf_open(void);
/* Since this was asked last, or it was started: is the file another?  Then
 * *servers is a list of them, comma between, empty if it has none.  Closes *fd
 * and makes it -1 if that process is gone. */
bool resolvconf_news(int *fd, char servers[static RESOLVCONF_SERVERS]);

#endif
