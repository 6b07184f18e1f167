/* SPDX-License-Identifier: ISC */
/*
 * Who connects to a link.  The input is how many descriptors it passes (1 byte),
 * which (1, two bits each), and what it says.  It is taken for a sibling if it
 * says just the one hello and passes memory and a bell, and only then; nothing
 * that it passes stays open otherwise.
 */
#include "fuzz.h"

#include "io/link.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AREA, BELL, PLAIN, SOCKET, KINDS, PASS_MAX = 4 };

static const struct link_hello hello = { "BHLK", LINK_VERSION, LINK_CLASSIFY,
	LINK_F_USO, 42 };
static const struct link_hello me = { "BHLK", LINK_VERSION, LINK_TUNNEL, 0,
	42 };
static struct link victim;
static int kind[KINDS];

static void
open_all(void)
{
	must(link_init(&victim) == 0);
	kind[AREA] = memfd_create("fuzz", MFD_ALLOW_SEALING);
	must(ftruncate(kind[AREA], sizeof(struct ring_area)) == 0 &&
	    fcntl(kind[AREA], F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
	    F_SEAL_GROW | F_SEAL_FUTURE_WRITE) == 0);
	kind[BELL] = eventfd(0, EFD_NONBLOCK);
	kind[PLAIN] = memfd_create("fuzz", 0);
	kind[SOCKET] = socket(AF_UNIX, SOCK_DGRAM, 0);
	must(ftruncate(kind[PLAIN], sizeof(struct ring_area)) == 0 &&
	    kind[BELL] >= 0 && kind[SOCKET] >= 0);
}

/* The lowest number that is free: another one if anything stays open. */
static int
next_fd(void)
{
	int fd = dup(kind[BELL]);

	must(fd >= 0 && close(fd) == 0);
	return fd;
}

static void
speak(int fd, const uint8_t *text, size_t n, const int *pass, size_t npass)
{
	union {
		char buf[CMSG_SPACE(PASS_MAX * sizeof(int))];
		struct cmsghdr align;
	} c = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t)text, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (npass > 0) {
		m.msg_control = c.buf;
		m.msg_controllen = CMSG_SPACE(npass * sizeof(int));
		struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(npass * sizeof(int));
		memcpy(CMSG_DATA(cm), pass, npass * sizeof(int));
	}
	must(sendmsg(fd, &m, 0) == (ssize_t)n);
}

/* Its features are its own affair. */
static bool
is_hello(const uint8_t *text, size_t n)
{
	struct link_hello h;

	if (n != sizeof(h))
		return false;
	memcpy(&h, text, sizeof(h));
	h.features = hello.features;
	return memcmp(&h, &hello, sizeof(h)) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int pass[PASS_MAX];
	const char *why;
	bool right;

	if (victim.ring.mine == NULL)
		open_all();
	if (n < 3 || n > 1024)
		return 0;
	size_t npass = data[0] % (PASS_MAX + 1);
	right = npass == 2 && (data[1] & 15) == (AREA | BELL << 2);
	for (size_t i = 0; i < npass; i++)
		pass[i] = kind[data[1] >> 2 * i & 3];
	int free_fd = next_fd(), ear = victim.ear, pair[2];
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	speak(pair[0], data + 2, n - 2, pass, npass);
	bool taken = link_meet(&victim, pair[1], &me, LINK_CLASSIFY,
	    &why) == 0;
	must(taken == (right && is_hello(data + 2, n - 2)));
	must(taken || (errno == EPROTO && why != NULL));
	link_close(&victim);
	close(pair[0]);
	must(taken ? victim.ear >= 0 : victim.ear == ear);
	if (taken) {		/* the bell is all that is kept */
		close(victim.ear);
		victim.ear = -1;
	}
	must(next_fd() == free_fd);
	return 0;
}
