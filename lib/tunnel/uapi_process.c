/* SPDX-License-Identifier: ISC */
#include "tunnel/uapi_process.h"

#include "base/die.h"
#include "tunnel/uapi_serve.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <sodium.h>
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

/* What the kernel says of devices; -1 is no reason to fail. */
static int
watch_links(void)
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

/* Whoever takes the gateway down can tell it from another program's, even if we
 * could not take it away ourselves. */
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

void
uapi_start(struct uapi_process *d, const char *name, bool may_set,
    const char *rundir)
{
	int pair[2], listener = listen_at(name);

	d->fd = -1;
	if (listener < 0 && !may_set) {
		warn("wg(8) will not see %s: cannot listen on " DIRECTORY
		    "/%s.sock", name, name);
		return;
	}
	if (listener < 0)
		die(EXIT_RETRY, "cannot listen on " DIRECTORY "/%s.sock", name);
	if (!may_set)
		note_socket(rundir, name);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die(EXIT_RETRY, "cannot make a pair of sockets");
	struct uapi_fds fds = { .tunnel = pair[1], .listener = listener,
		.links = may_set ? watch_links() : -1, .name = name };
	fflush(NULL);
	switch (fork()) {
	case -1:
		die(EXIT_RETRY, "cannot start a process");
	case 0:
		uapi_serve(&fds, may_set);
	}
	close(pair[1]);
	close(listener);
	if (fds.links >= 0)
		close(fds.links);
	d->fd = pair[0];
}

/* ---- notes ---- */

bool
note_receive(struct uapi_process *d, struct note *n)
{
	ssize_t got = recv(d->fd, n, sizeof(*n), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got < (ssize_t)offsetof(struct note, item) ||
	    n->n > NOTE_ITEMS || (size_t)got !=
	    offsetof(struct note, item) + n->n * sizeof(n->item[0])) {
		warnx("wg(8) gets no more answers: that process is gone");
		close(d->fd);
		d->fd = -1;
		return false;
	}
	return true;
}

/* It waits for this one, so there is room. */
void
note_answer(struct uapi_process *d, struct note *n)
{
	struct iovec iov = { n, offsetof(struct note, item) +
	    n->n * sizeof(n->item[0]) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	n->kind = NOTE_ANSWER;
	sendmsg(d->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	sodium_memzero(n, sizeof(*n));
}
