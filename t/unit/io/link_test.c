/* SPDX-License-Identifier: ISC */
/* Links between two processes: hello, memory, frames, bells, hang-up. */
#include "test.h"

#include "io/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t *body;
static char path[] = "/tmp/bh-link-XXXXXX/test.link";
static const struct link_hello tunnel = {
	"BHLK", LINK_VERSION, LINK_TUNNEL, 0, 42
};
static const struct link_hello classify = {
	"BHLK", LINK_VERSION, LINK_CLASSIFY, LINK_F_USO, 42
};

/* What a child does with its end; its exit status. */
typedef int child_fn(struct link *l);

static int
leave(struct link *l)
{
	(void)l;
	return 0;
}

/* As long as it takes on a machine that has other things to do. */
enum { WAIT_MS = 60000 };

/* One try: the child may be so slow that its hello comes too late. */
static pid_t
try_meeting(int lfd, const struct link_hello *hello, struct link *l,
    const char **why, child_fn *what)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct link c;
		const char *w;
		int r = link_connect(&c, path, WAIT_MS, hello, LINK_TUNNEL, &w);
		_exit(r == 0 ? what(&c) : w != NULL ? 101 : 102);
	}
	int r = -1;
	for (int tries = 0; tries < WAIT_MS; tries++) {
		r = link_accept(l, lfd, &tunnel, LINK_CLASSIFY, why);
		if (r == 0 || errno != EAGAIN)
			break;
		usleep(1000);
	}
	return r == 0 ? pid : -1;
}

/* Connects in a child with `hello', accepts here as the tunnel. */
static pid_t
meet_child(int lfd, const struct link_hello *hello, struct link *l,
    const char **why, child_fn *what)
{
	pid_t pid = try_meeting(lfd, hello, l, why, what);

	for (int i = 0; pid < 0 && errno == ETIMEDOUT && i < 100; i++)
		pid = try_meeting(lfd, hello, l, why, what);
	return pid;
}

static int
status_of(pid_t pid)
{
	int status = 0;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
meet(int lfd, const struct link_hello *hello, struct link *l, const char **why)
{
	pid_t pid = meet_child(lfd, hello, l, why, leave);

	return status_of(pid) >= 0 && pid > 0 ? 0 : -1;
}

static void
test_hello(int lfd)
{
	struct link l;
	const char *why;
	struct link_hello other = classify;

	OK(link_init(&l) == 0 && l.fd == -1);
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
	/* the place is not spoilt */
	OK(meet(lfd, &classify, &l, &why) == 0);
	link_fini(&l);
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
		for (int i = 0; i < WAIT_MS && fd < 0; i++, usleep(1000))
			fd = accept(lfd, NULL, NULL);
		_exit(fd < 0);
	}
	OK(link_connect(&l, path, WAIT_MS, &classify, LINK_TUNNEL, &why) == -1 &&
	    (errno == ECONNRESET || errno == EPIPE) && why == NULL &&
	    l.fd == -1);
	waitpid(pid, NULL, 0);
}

/* ---- frames ---- */

enum { FRAMES = 3000 };

static alignas(FRAME_ALIGN) uint8_t taken[FRAME_MAX];

/* Frame i, and what its packet is made of. */
static uint32_t
length(unsigned i)
{
	return i % 7 == 0 ? FRAME_PACKET_MAX - i % 100 : i % 1500;
}

static void
fill(struct frame *f, unsigned i)
{
	*f = (struct frame){ .len = length(i), .peer = (uint16_t)i };
	memset(f + 1, (int)(i * 31 + 1), f->len);
}

static bool
is_frame(const struct frame *f, unsigned i)
{
	const uint8_t *p = (const uint8_t *)(f + 1);

	return f->len == length(i) && f->peer == (uint16_t)i &&
	    (f->len == 0 || (p[0] == (uint8_t)(i * 31 + 1) &&
	    p[f->len - 1] == p[0]));
}

/* Until there is something; false if the other end has gone. */
static bool
sleep_on(struct link *l)
{
	struct pollfd p[] = { { .fd = l->fd, .events = POLLIN },
		{ .fd = l->ear, .events = POLLIN } };
	int r = poll(p, 2, link_nap(l) ? 10000 : 0);
	uint64_t rung;

	if (p[1].revents != 0 && read(l->ear, &rung, sizeof(rung)) < 0)
		return false;
	link_wake(l, p[0].revents != 0);
	return r >= 0 && l->fd >= 0;
}

/* Sends all frames, waiting for room. */
static bool
send_all(struct link *l)
{
	for (unsigned i = 0; i < FRAMES; i++) {
		struct frame *f;
		while ((f = link_room(l)) == NULL) {
			if (l->fd < 0)
				return false;
			usleep(100);
		}
		fill(f, i);
		link_put(l, f);
		if (i % 3 == 0)
			link_flush(l);
	}
	link_flush(l);
	return true;
}

/* False, and why, in either process. */
static bool
failed(const struct link *l, const struct frame *f, unsigned i)
{
	dprintf(STDERR_FILENO, "# %d: frame %u of %d: errno %d, fd %d, "
	    "broken %d, len %u, peer %u, taken %llu, head %llu\n",
	    (int)getpid(), i, (int)FRAMES, errno, l->fd, l->ring.broken,
	    f->len, f->peer, (unsigned long long)l->ring.lane[0].taken,
	    (unsigned long long)l->ring.theirs->head[0]);
	return false;
}

static bool
take_all(struct link *l)
{
	struct frame *f = (struct frame *)taken;

	for (unsigned i = 0; i < FRAMES; i++) {
		while (!link_pop(l, f, &body))
			if (!sleep_on(l))
				return failed(l, f, i);
		if (!is_frame(f, i))
			return failed(l, f, i);
	}
	return true;
}

static int
child_echo(struct link *l)
{
	return take_all(l) && send_all(l) ? 0 : 1;
}

/* Many times round the ring, each way, asleep and awake. */
static void
test_frames(int lfd)
{
	struct link l;
	const char *why;

	link_init(&l);
	pid_t pid = meet_child(lfd, &classify, &l, &why, child_echo);
	OK(pid > 0);
	OK(send_all(&l));
	OK(take_all(&l));
	OK(status_of(pid) == 0);
	/* it has gone */
	OK(!link_pop(&l, (struct frame *)taken, &body));
	while (l.fd >= 0)
		sleep_on(&l);
	OK(l.fd == -1 && link_room(&l) == NULL);

	/* another comes, with memory of its own */
	pid = meet_child(lfd, &classify, &l, &why, child_echo);
	OK(send_all(&l) && take_all(&l) && status_of(pid) == 0);
	link_fini(&l);
}

static int
child_liar(struct link *l)
{
	struct frame *f = link_room(l);

	*f = (struct frame){ .len = 40 };
	link_put(l, f);
	f->len = FRAME_PACKET_MAX + 1;
	link_flush(l);
	while (sleep_on(l))
		continue;
	return 0;
}

/* One that sends what is no frame is hung up on, and notices. */
static void
test_liar(int lfd)
{
	struct link l;
	const char *why;

	link_init(&l);
	pid_t pid = meet_child(lfd, &classify, &l, &why, child_liar);
	while (!link_pop(&l, (struct frame *)taken, &body) && l.fd >= 0)
		sleep_on(&l);
	OK(l.fd == -1 && l.ring.broken);
	OK(status_of(pid) == 0);
	pid = meet_child(lfd, &classify, &l, &why, child_echo);
	OK(send_all(&l) && take_all(&l) && status_of(pid) == 0);
	link_fini(&l);
}

/* ---- memory ---- */

/* Tries what would harm the other end: a writable view, another size. */
static int
child_vandal(struct link *l)
{
	size_t n = sizeof(struct ring_area);

	if (mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, l->area, 0) !=
	    MAP_FAILED || ftruncate(l->area, 0) == 0 ||
	    ftruncate(l->area, (off_t)n * 2) == 0 ||
	    write(l->area, "x", 1) == 1 ||
	    fcntl(l->area, F_ADD_SEALS, F_SEAL_WRITE) == 0)
		return 1;
	return mprotect((void *)(uintptr_t)l->ring.theirs, n,
	    PROT_READ | PROT_WRITE) == 0;
}

static void
test_seals(int lfd)
{
	struct link l;
	const char *why;

	link_init(&l);
	pid_t pid = meet_child(lfd, &classify, &l, &why, child_vandal);
	OK(pid > 0 && status_of(pid) == 0);
	link_fini(&l);
}

enum { MANY = 253 };	/* as many as a message may have */

/* A hello with these n descriptors, by hand; more bytes than it has, too. */
static void
say_hello(int fd, const int *pass, size_t n, size_t more)
{
	static union {
		char buf[CMSG_SPACE(MANY * sizeof(int))];
		struct cmsghdr align;
	} c;
	struct { struct link_hello h; char more[64]; } text = { classify, "" };
	struct iovec iov = { &text, sizeof(classify) + more };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = c.buf, .msg_controllen = sizeof(c.buf) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&m);

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(cm), pass, n * sizeof(int));
	m.msg_controllen = n > 0 ? CMSG_SPACE(n * sizeof(int)) : 0;
	if (sendmsg(fd, &m, 0) < 0)
		exit(111);
}

static unsigned
count_open(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Is a program welcome that passes these?  If not, nothing of it stays. */
static bool
welcome(int lfd, const int *pass, size_t n, size_t more)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct link l;
	const char *why;
	unsigned before = count_open();
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	strcpy(un.sun_path, path);
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0)
		return true;
	say_hello(fd, pass, n, more);
	link_init(&l);
	unsigned with = count_open();
	bool is = link_accept(&l, lfd, &tunnel, LINK_CLASSIFY, &why) == 0;
	if (!is && (errno != EPROTO || why == NULL || count_open() != with))
		is = true;
	link_fini(&l);
	close(fd);
	for (size_t i = 0; i < n; i++)	/* none of theirs was closed */
		is |= fcntl(pass[i], F_GETFD) < 0;
	return count_open() == before ? is : true;
}

/* Memory of this size, with these seals. */
static int
area_of(off_t size, int seals)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, size) < 0 ||
	    fcntl(fd, F_ADD_SEALS, seals) < 0)
		exit(111);
	return fd;
}

/* Is it welcome with a bell besides? */
static bool
shares(int lfd, off_t size, int seals)
{
	int pass[] = { area_of(size, seals), eventfd(0, 0) };
	bool is = welcome(lfd, pass, 2, 0);

	close(pass[0]);
	close(pass[1]);
	return is;
}

enum { ALL = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE };
static const off_t whole = sizeof(struct ring_area);

static void
test_areas(int lfd)
{
	OK(shares(lfd, whole, ALL));
	OK(!shares(lfd, whole - 1, ALL));
	OK(!shares(lfd, whole * 2, ALL));
	OK(!shares(lfd, whole, ALL & ~F_SEAL_SHRINK));
	OK(!shares(lfd, whole, ALL & ~F_SEAL_GROW));
	OK(!shares(lfd, whole, ALL & ~F_SEAL_FUTURE_WRITE));
	OK(!shares(lfd, whole, ALL & ~F_SEAL_SEAL));
}

/* A file on a disk cannot be sealed, whatever it is asked. */
static int
plain_file(void)
{
	char name[] = "/var/tmp/bh-link-XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0 || unlink(name) < 0 || ftruncate(fd, whole) < 0)
		exit(111);
	return fd;
}

static void
test_strangers(int lfd)
{
	int area = area_of(whole, ALL), bell = eventfd(0, 0), file;
	int pair[2], p[2], many[MANY];

	file = plain_file();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || pipe(p) < 0)
		exit(111);
	const int other[] = { file, area, pair[0], p[0], p[1], lfd,
		STDOUT_FILENO };
	OKF(!welcome(lfd, (int[]){ file, bell }, 2, 0),
	    "H8: a file that cannot be sealed is no memory");
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		OKF(!welcome(lfd, (int[]){ area, other[i] }, 2, 0),
		    "H8: nor is any descriptor a bell, as %zu", i);
		OKF(other[i] == area ||
		    !welcome(lfd, (int[]){ other[i], bell }, 2, 0),
		    "H8: or memory, as %zu", i);
	}
	OKF(!welcome(lfd, (int[]){ bell, area }, 2, 0), "H8: nor the wrong way "
	    "round");
	OKF(!welcome(lfd, &area, 1, 0) && !welcome(lfd, &bell, 1, 0) &&
	    !welcome(lfd, NULL, 0, 0), "H8: nor one of them, or none");
	for (int i = 0; i < MANY; i++)
		many[i] = i == 0 ? area : bell;
	OKF(!welcome(lfd, many, 3, 0) && !welcome(lfd, many, MANY, 0),
	    "H8: nor more of them, which are closed");
	OKF(!welcome(lfd, many, 2, 1), "H8: nor more words");
	OKF(welcome(lfd, many, 2, 0), "H8: but these two alone");
	close(area);
	close(bell);
	close(file);
	for (int i = 0; i < 2; i++) {
		close(pair[i]);
		close(p[i]);
	}
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
	test_frames(lfd);
	test_liar(lfd);
	test_seals(lfd);
	test_areas(lfd);
	test_strangers(lfd);
	close(lfd);
	struct link l;
	const char *why;
	OK(link_connect(&l, path, 20, &classify, LINK_TUNNEL, &why) == -1 &&
	    errno == ECONNREFUSED && why == NULL);
	lfd = link_listen(path);
	OK(lfd >= 0);	/* over a dead socket */
	close(lfd);
	unlink(path);
	*slash = '\0';
	rmdir(path);
	return DONE();
}
