/* SPDX-License-Identifier: ISC */
#include "tunnel/uapi_process.h"

#include "base/die.h"
#include "proc/child.h"
#include "tunnel/uapi_serve.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DIRECTORY "/var/run/wireguard"

/* ---- the socket ---- */

/*
 * The kernel says who called listen(2), which is the data process: the uapi
 * process may outlive it by a moment, and does not count.
 */
static bool
is_taken(const struct sockaddr_un *un)
{
	struct ucred who = { 0 };
	socklen_t n = sizeof(who);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	bool taken = connect(fd, (const struct sockaddr *)un,
	    sizeof(*un)) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
	    (who.pid <= 0 || kill(who.pid, 0) == 0 || errno != ESRCH);
	close(fd);
	return taken;
}

/* -1 and errno; EADDRINUSE: another program has it. */
static int
listen_at(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	int n = snprintf(un.sun_path, sizeof(un.sun_path), DIRECTORY "/%s.sock",
	    name);
	if (n < 0 || (size_t)n >= sizeof(un.sun_path) ||
	    strchr(name, '/') != NULL) {
		errno = EINVAL;
		return -1;
	}
	if (mkdir(DIRECTORY, 0700) < 0 && errno != EEXIST)
		return -1;
	if (is_taken(&un)) {
		errno = EADDRINUSE;
		return -1;
	}
	unlink(un.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0177);
	int r = bind(fd, (struct sockaddr *)&un, sizeof(un));
	umask(mask);
	if (r == 0 && listen(fd, 16) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* The kernel's messages about devices; without them (-1) it works, too. */
static int
open_links(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&nl, sizeof(nl)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* So that `backhaul down' can tell it from another program's, even if we could
 * not take it away ourselves. */
static void
note_socket(const char *rundir, const char *name)
{
	char path[512], socket[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/wg.inode", rundir);
	snprintf(socket, sizeof(socket), DIRECTORY "/%s.sock", name);
	FILE *f = stat(socket, &st) == 0 ? fopen(path, "we") : NULL;
	if (f == NULL)
		return;
	fprintf(f, "%ju %s\n", (uintmax_t)st.st_ino, socket);
	fclose(f);
}

/* What it serves with; -1 if there is no socket, as in a gateway there may be
 * none. */
static int
open_socket(const char *name, bool may_set, const char *rundir)
{
	int fd = listen_at(name);

	if (fd < 0 && may_set)
		die(EXIT_RETRY, "cannot listen on " DIRECTORY "/%s.sock", name);
	if (fd < 0)
		warn("wg(8) will not see %s: cannot listen on " DIRECTORY
		    "/%s.sock", name, name);
	else if (!may_set)
		note_socket(rundir, name);
	return fd;
}

int
uapi_start(const char *name, bool may_set, const char *rundir)
{
	int pair[2], listener = open_socket(name, may_set, rundir);

	if (listener < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die(EXIT_RETRY, "cannot make a pair of sockets");
	int links = may_set ? open_links() : -1;
	struct uapi_serving serving = { .may_set = may_set,
		.follows = links >= 0, .ifindex = if_nametoindex(name) };
	const struct child c = { .name = "bh-tunnel-uapi", .user = "_bh-uapi",
		.sandbox = SANDBOX_UAPI, .nfds = UAPI_FDS,
		.fd = (const int[]){ pair[1], listener, links },
		.run = uapi_serve, .arg = &serving };
	if (child_start(&c) < 0)
		die(EXIT_RETRY, "cannot start a process");
	close(pair[1]);
	close(listener);
	if (links >= 0)
		close(links);
	return pair[0];
}
