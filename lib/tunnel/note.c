/* SPDX-License-Identifier: ISC */
#include "tunnel/note.h"

#include "base/die.h"

#include <errno.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

bool
note_receive(int *fd, struct note *n)
{
	ssize_t got = recv(*fd, n, sizeof(*n), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got < (ssize_t)offsetof(struct note, item) ||
	    n->n > NOTE_ITEMS || (size_t)got !=
	    offsetof(struct note, item) + n->n * sizeof(n->item[0])) {
		warnx("wg(8) gets no more answers: that process is gone");
		close(*fd);
		*fd = -1;
		return false;
	}
	return true;
}

/* The uapi process waits for this one, so there is room. */
void
note_answer(int fd, struct note *n)
{
	struct iovec iov = { n, offsetof(struct note, item) +
	    n->n * sizeof(n->item[0]) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	n->kind = NOTE_ANSWER;
	sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	sodium_memzero(n, sizeof(*n));
}
