/* SPDX-License-Identifier: ISC */
#include "net/link.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static_assert(sizeof(struct frame) == 20, "bh-link(5)");
static_assert(sizeof(struct link_hello) == 16, "bh-link(5)");

/* A sibling that connects says hello at once; one that listens may be busy
 * starting up. */
enum { HELLO_WAIT_MS = 100, CONNECT_STEP_MS = 5 };

static int
unix_address(struct sockaddr_un *un, const char *path)
{
	size_t n = strlen(path);

	if (n >= sizeof(un->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n);
	return 0;
}

/* Enough room that a stall of some milliseconds loses nothing; the force
 * variant ignores net.core.wmem_max and needs CAP_NET_ADMIN. */
static void
set_queue(int fd)
{
	int n = LINK_QUEUE;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &n, sizeof(n)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n));
}

int
link_listen(const char *path)
{
	struct sockaddr_un un;

	if (unix_address(&un, path) < 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd < 0)
		return -1;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 ||
	    listen(fd, 1) < 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	/* an accepted socket inherits it, so no privilege is needed then */
	set_queue(fd);
	return fd;
}

static const char *
hello_wrong(const struct link_hello *me, enum link_role other,
    const struct link_hello *h)
{
	if (memcmp(h->magic, "BHLK", 4) != 0)
		return "it does not speak bh-link(5)";
	if (h->version != LINK_VERSION)
		return "it speaks another version of bh-link(5); "
		    "upgrade both programs";
	if (h->role != other)
		return "it is another program than this socket is for";
	if (h->generation != me->generation)
		return "it has loaded another domain file; "
		    "run 'backhaul restart'";
	return NULL;
}

/* Both sides send first and read then; neither waits for the other. */
static int
exchange(struct link *l, int fd, int wait_ms, const struct link_hello *me,
    enum link_role other, const char **why)
{
	struct link_hello h;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	l->fd = -1;
	*why = NULL;
	if (send(fd, me, sizeof(*me), MSG_NOSIGNAL) != sizeof(*me))
		return -1;
	int r = poll(&p, 1, wait_ms);
	if (r <= 0) {
		errno = r == 0 ? ETIMEDOUT : errno;
		return -1;
	}
	ssize_t n = recv(fd, &h, sizeof(h), MSG_DONTWAIT);
	if (n < 0)
		return -1;
	*why = n == sizeof(h) ? hello_wrong(me, other, &h) :
	    n == 0 ? "it hung up" : "it does not speak bh-link(5)";
	if (*why != NULL) {
		errno = EPROTO;
		return -1;
	}
	*l = (struct link){ .fd = fd, .features = h.features };
	return 0;
}

static int
exchange_or_close(struct link *l, int fd, int wait_ms,
    const struct link_hello *me, enum link_role other, const char **why)
{
	int r = exchange(l, fd, wait_ms, me, other, why), error = errno;

	if (r < 0) {
		close(fd);
		errno = error;
	}
	return r;
}

int
link_accept(struct link *l, int lfd, const struct link_hello *me,
    enum link_role other, const char **why)
{
	*why = NULL;
	int fd = accept4(lfd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -1;
	return exchange_or_close(l, fd, HELLO_WAIT_MS, me, other, why);
}

int
link_connect(struct link *l, const char *path, int wait_ms,
    const struct link_hello *me, enum link_role other, const char **why)
{
	struct sockaddr_un un;
	static const struct timespec step = {
		.tv_nsec = CONNECT_STEP_MS * 1000000
	};

	*why = NULL;
	if (unix_address(&un, path) < 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd < 0)
		return -1;
	set_queue(fd);
	int left = wait_ms;
	while (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		bool nobody = errno == ENOENT || errno == ECONNREFUSED ||
		    errno == EAGAIN;
		if (!nobody || (left -= CONNECT_STEP_MS) < 0) {
			int error = errno;
			close(fd);
			errno = error;
			return -1;
		}
		nanosleep(&step, NULL);
	}
	return exchange_or_close(l, fd, wait_ms, me, other, why);
}

void
link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

int
link_send(struct link *l, const struct iovec *iov, size_t n)
{
	struct msghdr m = { .msg_iovlen = n };

	m.msg_iov = (struct iovec *)(uintptr_t)iov;
	if (l->fd < 0) {
		errno = EPIPE;
		return -1;
	}
	if (sendmsg(l->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET) {
		link_close(l);
		errno = EPIPE;
	} else if (errno == ENOBUFS || errno == ENOMEM || errno == EINTR) {
		errno = EAGAIN;
	}
	return -1;
}

ssize_t
link_recv(struct link *l, void *buf, size_t size)
{
	/* recv, not recvmsg: no descriptor can come along */
	ssize_t n = recv(l->fd, buf, size, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno == ECONNRESET)) {
		link_close(l);
		return 0;
	}
	return n;
}

struct frame *
link_next(void *buf, size_t n, size_t *at, bool *bad)
{
	struct frame *f = (struct frame *)((uint8_t *)buf + *at);

	*bad = false;
	if (*at == n)
		return NULL;
	if (n - *at < sizeof(*f) || f->len > LINK_PACKET_MAX ||
	    f->len > n - *at - sizeof(*f)) {
		*bad = true;
		return NULL;
	}
	size_t room = link_room(f->len);
	*at = room > n - *at ? n : *at + room;
	return f;
}
