/* SPDX-License-Identifier: ISC */
#ifndef BH_T_TOY_SOCKET_H
#define BH_T_TOY_SOCKET_H

/*
 * Takes the place of the system's pairs of sockets in a fuzz target whose
 * subject is what is said over them: messages that stay whole, in queues in
 * memory.  Nobody ever waits: what would is EAGAIN.  A descriptor may come with
 * a message, and is to be closed by whoever takes it.  What
 * is sent to any other descriptor goes to the network, and is looked at.
 */

#include "fuzz.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TOY_FIRST = 1000, TOY_FDS = 6, TOY_DEEP = 64, TOY_LONG = 1 << 15,
	TOY_PASSED = 2000 };

struct toy_queue {
	unsigned first, n;
	struct {
		size_t n;
		bool passed;
		uint8_t b[TOY_LONG];
	} m[TOY_DEEP];
};

static struct toy_queue toy_queue[TOY_FDS];	/* to each */
static unsigned toy_made;
static volatile uint8_t toy_sum;
static int toy_open;		/* descriptors on their way or taken */

static inline void
toy_pair(int pair[2])
{
	must(toy_made + 2 <= TOY_FDS);
	pair[0] = TOY_FIRST + (int)toy_made++;
	pair[1] = TOY_FIRST + (int)toy_made++;
}

static inline struct toy_queue *
toy_of(int fd)
{
	bool known = fd >= TOY_FIRST && fd < TOY_FIRST + (int)toy_made;

	errno = EBADF;
	return known ? &toy_queue[fd - TOY_FIRST] : NULL;
}

static inline ssize_t
toy_put(int fd, const void *p, size_t n, bool passed)
{
	struct toy_queue *q = toy_of(fd);

	if (q == NULL)
		return -1;
	q = &toy_queue[(fd - TOY_FIRST) ^ 1];
	must(n <= TOY_LONG);
	errno = EAGAIN;
	if (q->n == TOY_DEEP)
		return -1;
	unsigned at = (q->first + q->n++) % TOY_DEEP;
	memcpy(q->m[at].b, p, n);
	q->m[at].n = n;
	q->m[at].passed = passed;
	toy_open += passed;
	return (ssize_t)n;
}

static inline ssize_t
toy_take(int fd, void *p, size_t room, bool *passed)
{
	struct toy_queue *q = toy_of(fd);

	*passed = false;
	if (q == NULL)
		return -1;
	errno = EAGAIN;
	if (q->n == 0)
		return -1;
	unsigned at = q->first;
	size_t n = q->m[at].n < room ? q->m[at].n : room;
	memcpy(p, q->m[at].b, n);
	*passed = q->m[at].passed;
	q->first = --q->n == 0 ? 0 : (at + 1) % TOY_DEEP;
	return (ssize_t)n;
}

static inline void
toy_drain(int fd)
{
	struct toy_queue *q = toy_of(fd);

	for (; q->n > 0; q->n--, q->first = (q->first + 1) % TOY_DEEP)
		toy_open -= q->m[q->first].passed;
	q->first = 0;
}

/* To the network, which takes most of it. */
static inline ssize_t
toy_send(const struct msghdr *m)
{
	static const int no[] = { EMSGSIZE, EPERM, EINVAL, ENETUNREACH, EAGAIN };
	static unsigned asked;
	const uint8_t *p = m->msg_iov->iov_base;
	size_t n = m->msg_iov->iov_len;

	must(m->msg_iovlen == 1 && n <= UINT16_MAX);
	for (size_t i = 0; i < n; i += 64)
		toy_sum += p[i];
	errno = no[asked % 5];
	return ++asked % 7 == 0 ? -1 : (ssize_t)n;
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	(void)flags;
	return toy_put(fd, p, n, false);
}

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	(void)flags;
	must(m->msg_iovlen == 1);
	if (toy_of(fd) == NULL)
		return toy_send(m);
	return toy_put(fd, m->msg_iov->iov_base, m->msg_iov->iov_len, false);
}

int
sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	unsigned i = 0;

	(void)fd, (void)flags;
	while (i < n && toy_send(&m[i].msg_hdr) >= 0)
		i++;
	return i > 0 ? (int)i : -1;
}

ssize_t
recv(int fd, void *p, size_t n, int flags)
{
	bool passed;
	ssize_t got = toy_take(fd, p, n, &passed);

	(void)flags;
	toy_open -= passed;	/* the kernel closes it */
	return got;
}

ssize_t
recvmsg(int fd, struct msghdr *m, int flags)
{
	struct cmsghdr *c = m->msg_control;
	int one = TOY_PASSED;
	bool passed;
	ssize_t n = toy_take(fd, m->msg_iov->iov_base, m->msg_iov->iov_len,
	    &passed);

	(void)flags;
	must(m->msg_iovlen == 1);
	if (!passed || m->msg_controllen < CMSG_LEN(sizeof(one))) {
		toy_open -= passed;
		m->msg_controllen = 0;
		return n;
	}
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(one));
	memcpy(CMSG_DATA(c), &one, sizeof(one));
	m->msg_controllen = CMSG_SPACE(sizeof(one));
	return n;
}

int
setsockopt(int fd, int level, int name, const void *p, socklen_t n)
{
	(void)fd, (void)level, (void)name, (void)p, (void)n;
	return 0;
}

int
close(int fd)
{
	toy_open -= fd == TOY_PASSED;
	return fd == TOY_PASSED ? 0 : (int)syscall(SYS_close, fd);
}

#endif
