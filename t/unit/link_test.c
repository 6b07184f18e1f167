/* SPDX-License-Identifier: ISC */
/* Links between two ends in one process: hello, bursts, bounds, hang-up. */
#include "test.h"

#include "net/link.h"

#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/bh-link-XXXXXX/test.link";
static const struct link_hello tunnel = {
	"BHLK", LINK_VERSION, LINK_TUNNEL, 0, 42
};
static const struct link_hello classify = {
	"BHLK", LINK_VERSION, LINK_CLASSIFY, LINK_F_USO, 42
};

/* Connects in a child with `hello', accepts here as the tunnel. */
static int
meet(int lfd, const struct link_hello *hello, struct link *l, const char **why)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct link c;
		const char *w;
		int r = link_connect(&c, path, 1000, hello, LINK_TUNNEL, &w);
		_exit(r == 0 ? 0 : w != NULL ? 1 : 2);
	}
	int r = -1;
	for (int tries = 0; tries < 1000; tries++) {
		r = link_accept(l, lfd, &tunnel, LINK_CLASSIFY, why);
		if (r == 0 || errno != EAGAIN)
			break;
		usleep(1000);
	}
	int status = 0;
	waitpid(pid, &status, 0);
	return r;
}

static void
test_hello(int lfd)
{
	struct link l;
	const char *why;
	struct link_hello other = classify;

	OK(meet(lfd, &classify, &l, &why) == 0);
	OK(l.features == LINK_F_USO);
	link_close(&l);
	OK(l.fd == -1);

	other.generation = 43;
	OK(meet(lfd, &other, &l, &why) == -1 && why != NULL &&
	    strstr(why, "domain file") != NULL);
	other = classify;
	other.version++;
	OK(meet(lfd, &other, &l, &why) == -1 && why != NULL &&
	    strstr(why, "version") != NULL);
	other = classify;
	other.role = LINK_EGRESS;
	OK(meet(lfd, &other, &l, &why) == -1 && why != NULL);
	memcpy(other.magic, "HTTP", 4);
	OK(meet(lfd, &other, &l, &why) == -1 && why != NULL);
}

/* A tunnel that dies before it says hello is no mistake in a file. */
static void
test_silent_death(int lfd)
{
	struct link l;
	const char *why;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = -1;
		for (int i = 0; i < 1000 && fd < 0; i++, usleep(1000))
			fd = accept(lfd, NULL, NULL);
		_exit(fd < 0);
	}
	OK(link_connect(&l, path, 1000, &classify, LINK_TUNNEL, &why) == -1 &&
	    errno == ECONNRESET && why == NULL && l.fd == -1);
	waitpid(pid, NULL, 0);
}

static void
test_bursts(void)
{
	static uint8_t pkt[LINK_PACKET_MAX], buf[LINK_BURST_MAX];
	int sv[2];

	socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, sv);
	struct link a = { .fd = sv[0] }, b = { .fd = sv[1] };
	struct frame f = { .len = LINK_PACKET_MAX, .peer = 7 }, g = f;
	static const uint8_t pad[LINK_ALIGN];
	for (size_t i = 0; i < sizeof(pkt); i++)
		pkt[i] = (uint8_t)(i * 31);
	g.len = 21;
	g.peer = 8;
	struct iovec iov[] = {
		{ &f, sizeof(f) }, { pkt, f.len },
		{ (void *)(uintptr_t)pad, link_room(f.len) - sizeof(f) - f.len },
		{ &g, sizeof(g) }, { pkt, g.len },
	};
	OK(link_send(&a, iov, 5) == 0);
	ssize_t n = link_recv(&b, buf, sizeof(buf));
	OK(n == (ssize_t)(link_room(f.len) + sizeof(g) + g.len));
	size_t at = 0;
	bool bad;
	struct frame *r = link_next(buf, (size_t)n, &at, &bad);
	OK(r != NULL && r->peer == 7 && r->len == f.len &&
	    memcmp(r + 1, pkt, f.len) == 0);
	r = link_next(buf, (size_t)n, &at, &bad);
	OK(r != NULL && r->peer == 8 && memcmp(r + 1, pkt, g.len) == 0);
	OK(link_next(buf, (size_t)n, &at, &bad) == NULL && !bad);

	at = 0;
	link_next(buf, (size_t)n, &at, &bad);
	OK(link_next(buf, (size_t)n - 1, &at, &bad) == NULL && bad);
	at = 0;
	OK(link_next(buf, sizeof(struct frame) - 1, &at, &bad) == NULL && bad);
	((struct frame *)buf)->len = UINT32_MAX;
	at = 0;
	OK(link_next(buf, (size_t)n, &at, &bad) == NULL && bad);

	int full = 0;
	while (full < 100000 && link_send(&a, iov, 5) == 0)
		full++;
	OK(full > 0 && full < 100000 && errno == EAGAIN);
	OK(a.fd >= 0);
	link_close(&b);
	OK(link_send(&a, iov, 5) == -1 && errno == EPIPE && a.fd == -1);
	OK(link_send(&a, iov, 5) == -1 && errno == EPIPE);
}

static void
test_hang_up(void)
{
	int sv[2];
	uint8_t buf[64];

	socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, sv);
	struct link a = { .fd = sv[0] }, b = { .fd = sv[1] };
	OK(link_recv(&b, buf, sizeof(buf)) == -1 && errno == EAGAIN);
	link_close(&a);
	OK(link_recv(&b, buf, sizeof(buf)) == 0 && b.fd == -1);
}

int
main(void)
{
	char *slash = strrchr(path, '/');

	*slash = '\0';
	if (mkdtemp(path) == NULL)
		return 1;
	*slash = '/';
	int lfd = link_listen(path);
	OK(lfd >= 0);
	test_hello(lfd);
	test_silent_death(lfd);
	close(lfd);
	struct link l;
	const char *why;
	OK(link_connect(&l, path, 20, &classify, LINK_TUNNEL, &why) == -1 &&
	    errno == ECONNREFUSED && why == NULL);
	lfd = link_listen(path);
	OK(lfd >= 0);	/* over a dead socket */
	close(lfd);
	test_bursts();
	test_hang_up();
	unlink(path);
	*slash = '\0';
	rmdir(path);
	return DONE();
}
