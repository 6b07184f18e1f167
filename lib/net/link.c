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

/* Bytes that may wait; the force variant ignores net.core.wmem_max and needs
 * CAP_NET_ADMIN. */
static void
set_queue(int fd)
{
	int n = LINK_QUEUE;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &n, sizeof(n)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n));
}

/* Keeps errno. */
static void
close_fd(int fd)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
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
		close_fd(fd);
		return -1;
	}
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

/*
 * A hello, and a descriptor with it unless pass is -1.  Who connects makes the
 * socket pair that the link will be, because only who starts up has the
 * privilege to give both ends a queue (an accepted socket inherits none).
 */
static int
send_hello(int fd, const struct link_hello *h, int pass)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} c = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t)h, sizeof(*h) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (pass >= 0) {
		m.msg_control = c.buf;
		m.msg_controllen = sizeof(c.buf);
		struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &pass, sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) == sizeof(*h) ? 0 : -1;
}

/* Bytes read within wait_ms, -1 and errno; *passed is -1 if nothing came with
 * it. */
static ssize_t
read_hello(int fd, int wait_ms, struct link_hello *h, int *passed)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} c;
	struct iovec iov = { h, sizeof(*h) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = c.buf, .msg_controllen = sizeof(c.buf) };
	struct pollfd p = { .fd = fd, .events = POLLIN };

	*passed = -1;
	int r = poll(&p, 1, wait_ms);
	if (r == 0)
		errno = ETIMEDOUT;
	if (r <= 0)
		return -1;
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *cm = n < 0 ? NULL : CMSG_FIRSTHDR(&m);
	if (cm != NULL && cm->cmsg_level == SOL_SOCKET &&
	    cm->cmsg_type == SCM_RIGHTS &&
	    cm->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(cm), sizeof(int));
	return n;
}

/* 0: the other end is who it should be; -1 and errno. */
static int
judge_hello(const struct link_hello *h, ssize_t n, const struct link_hello *me,
    enum link_role other, const char **why)
{
	if (n < 0)
		return -1;
	if (n == 0) {		/* it died: its successor may do better */
		errno = ECONNRESET;
		return -1;
	}
	*why = n == sizeof(*h) ? hello_wrong(me, other, h) :
	    "it does not speak bh-link(5)";
	errno = EPROTO;
	return *why == NULL ? 0 : -1;
}

int
link_accept(struct link *l, int lfd, const struct link_hello *me,
    enum link_role other, const char **why)
{
	struct link_hello h = { 0 };
	int passed;

	*why = NULL;
	l->fd = -1;
	int fd = accept4(lfd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	ssize_t n = read_hello(fd, HELLO_WAIT_MS, &h, &passed);
	if (passed >= 0) {
		close_fd(fd);
		fd = passed;
	}
	/* ours goes out before we judge theirs: they want to say why, too */
	if ((n >= 0 && send_hello(fd, me, -1) < 0) ||
	    judge_hello(&h, n, me, other, why) < 0) {
		close_fd(fd);
		return -1;
	}
	*l = (struct link){ .fd = fd, .features = h.features };
	return 0;
}

/* A socket connected to PATH; -1 and errno. */
static int
connect_path(const char *path, int wait_ms)
{
	struct sockaddr_un un;
	static const struct timespec step = {
		.tv_nsec = CONNECT_STEP_MS * 1000000
	};

	if (unix_address(&un, path) < 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	while (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		bool nobody = errno == ENOENT || errno == ECONNREFUSED ||
		    errno == EAGAIN;
		if (!nobody || (wait_ms -= CONNECT_STEP_MS) < 0) {
			close_fd(fd);
			return -1;
		}
		nanosleep(&step, NULL);
	}
	return fd;
}

/* Makes the pair, hands one end over; the other end, or -1 and errno. */
static int
hand_over(int fd, const struct link_hello *me)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, sv) < 0)
		return -1;
	set_queue(sv[0]);
	set_queue(sv[1]);
	int r = send_hello(fd, me, sv[1]);
	close_fd(sv[1]);
	if (r == 0)
		return sv[0];
	close_fd(sv[0]);
	return -1;
}

int
link_connect(struct link *l, const char *path, int wait_ms,
    const struct link_hello *me, enum link_role other, const char **why)
{
	struct link_hello h = { 0 };
	int passed;

	*why = NULL;
	l->fd = -1;
	int fd = connect_path(path, wait_ms);
	if (fd < 0)
		return -1;
	int end = hand_over(fd, me);
	close_fd(fd);
	if (end < 0)
		return -1;
	ssize_t n = read_hello(end, wait_ms, &h, &passed);
	close_fd(passed);
	if (judge_hello(&h, n, me, other, why) < 0) {
		close_fd(end);
		return -1;
	}
	*l = (struct link){ .fd = end, .features = h.features };
	return 0;
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
