/* SPDX-License-Identifier: ISC */
#include "tunnel/channel.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

/* What the kernel charges for a word, roughly, and for some notes. */
enum { WORD_ROOM = 2048, NOTES_ROOM = 256 * 1024 };

bool
channel_open(int pair[static 2], uint16_t npeers)
{
	int room = NOTES_ROOM + npeers * WORD_ROOM;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	/* by privilege, or as much as anybody may have */
	for (int i = 0; i < 2; i++)
		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &room,
		    sizeof(room)) < 0)
			setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room,
			    sizeof(room));
	return true;
}

/* It came as a byte, and may be neither. */
static bool
is_bool(const bool *b)
{
	return *(const volatile uint8_t *)b <= 1;
}

/* What a message of that kind has to measure; 0: no such thing. */
static size_t
size_of(const union channel_message *m)
{
	if (m->kind >= CHANNEL_FIRST)
		return m->kind < CHANNEL_END && m->event.n <= CHANNEL_MESSAGE &&
		    is_bool(&m->event.keys.initiator) ? sizeof(m->event) : 0;
	return m->note.n > NOTE_ITEMS ? 0 :
	    offsetof(struct note, item) +
	    m->note.n * sizeof(m->note.item[0]);
}

/* Room for one descriptor beside a message. */
union passing {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

bool
channel_pass(int fd, union channel_message *m, int passed)
{
	size_t n = size_of(m);
	union passing c = { { 0 } };
	struct iovec iov = { m, n };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = c.buf, .msg_controllen = sizeof(c.buf) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&h);
	ssize_t sent;

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(passed));
	memcpy(CMSG_DATA(cm), &passed, sizeof(passed));
	do
		sent = sendmsg(fd, &h, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	sodium_memzero(m, n);
	return sent == (ssize_t)n;
}

bool
channel_send(int fd, union channel_message *m, bool wait)
{
	size_t n = size_of(m);
	struct iovec iov = { m, n };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	do
		sent = sendmsg(fd, &h, MSG_NOSIGNAL | (wait ? 0 :
		    MSG_DONTWAIT));
	while (sent < 0 && errno == EINTR);
	sodium_memzero(m, n);
	return sent == (ssize_t)n;
}

static int
judge(const union channel_message *m, ssize_t n)
{
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < (ssize_t)offsetof(struct note, item) ||
	    (size_t)n != size_of(m))
		return -1;
	return 1;
}

int
channel_receive(int fd, union channel_message *m, bool wait)
{
	ssize_t n;

	do
		n = recv(fd, m, sizeof(*m), wait ? 0 : MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return judge(m, n);
}

int
channel_receive_passed(int fd, union channel_message *m, int *passed)
{
	union passing c;
	struct iovec iov = { m, sizeof(*m) };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = c.buf, .msg_controllen = sizeof(c.buf) };
	ssize_t n;

	*passed = -1;
	do
		n = recvmsg(fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	struct cmsghdr *cm = n < 0 ? NULL : CMSG_FIRSTHDR(&h);
	if (cm != NULL && cm->cmsg_level == SOL_SOCKET &&
	    cm->cmsg_type == SCM_RIGHTS &&
	    cm->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(cm), sizeof(int));
	return judge(m, n);
}
