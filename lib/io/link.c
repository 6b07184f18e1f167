/* SPDX-License-Identifier: ISC */
#include "io/link.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

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

/* Keeps errno. */
static void
close_fd(int fd)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
}

/* ---- memory (t/assume/memfd.c) ---- */

/* The other end, which maps it later than we did, can neither write to it nor
 * be surprised by its end. */
enum {
	SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_FUTURE_WRITE,
};

/* Reserved and touched now, so that nothing is to be had for the first time
 * later. */
static int
make_area(struct link *l)
{
	int fd = memfd_create("link", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	int error = posix_fallocate(fd, 0, sizeof(struct ring_area));
	void *p = MAP_FAILED;
	errno = error;
	if (error == 0)
		p = mmap(NULL, sizeof(struct ring_area),
		    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED || fcntl(fd, F_ADD_SEALS, SEALS) < 0) {
		close_fd(fd);
		return -1;
	}
	l->ring.mine = p;
	l->area = fd;
	return 0;
}

/* A file that stays as large as it is.  One that cannot be sealed has no seals
 * to be asked for: that is -1, which is all bits. */
static bool
is_area(int fd)
{
	int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS &&
	    lseek(fd, 0, SEEK_END) == sizeof(struct ring_area);
}

/* The same kind of thing as our own, which is no file, socket or device: to
 * wait for it runs no code but the kernel's, and nothing is ever read. */
static bool
is_bell(const struct link *l, int fd)
{
	struct stat own, st;

	/* not fstat(3), which has a name looked up (fstatat(2)) */
	return fd >= 0 && syscall(SYS_fstat, l->bell, &own) == 0 &&
	    syscall(SYS_fstat, fd, &st) == 0 && st.st_dev == own.st_dev &&
	    st.st_ino == own.st_ino;
}

/* Takes the place of what was there: our own memory, or another end's. */
static int
map_area(struct link *l, int fd)
{
	void *at = (void *)(uintptr_t)l->ring.theirs;
	void *p = mmap(at, sizeof(struct ring_area), PROT_READ,
	    MAP_SHARED | MAP_FIXED, fd, 0);

	return p == MAP_FAILED ? -1 : 0;
}

int
link_init(struct link *l)
{
	*l = (struct link){ .fd = -1, .area = -1, .ear = -1 };
	/* ours: nobody who can still be reached makes it block */
	l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* the place where the other end's will be */
	void *p = mmap(NULL, sizeof(struct ring_area), PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -1;
	l->ring.theirs = p;
	if (l->bell >= 0 && make_area(l) == 0)
		return 0;
	link_fini(l);
	return -1;
}

void
link_fini(struct link *l)
{
	int error = errno;

	link_close(l);
	close_fd(l->area);
	close_fd(l->bell);
	close_fd(l->ear);
	if (l->ring.mine != NULL)
		munmap(l->ring.mine, sizeof(struct ring_area));
	munmap((void *)(uintptr_t)l->ring.theirs, sizeof(struct ring_area));
	*l = (struct link){ .fd = -1, .area = -1, .bell = -1, .ear = -1 };
	errno = error;
}

/* ---- meeting ---- */

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

/* What comes with a hello. */
enum { PASS_AREA, PASS_BELL, PASSED };

/* A hello, and with it what makes l unless that is NULL. */
static int
send_hello(int fd, const struct link_hello *h, const struct link *l)
{
	union {
		char buf[CMSG_SPACE(PASSED * sizeof(int))];
		struct cmsghdr align;
	} c = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t)h, sizeof(*h) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (l != NULL) {
		const int pass[PASSED] = { l->area, l->bell };
		m.msg_control = c.buf;
		m.msg_controllen = sizeof(c.buf);
		struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(pass));
		memcpy(CMSG_DATA(cm), pass, sizeof(pass));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) == sizeof(*h) ? 0 : -1;
}

/* Only what the kernel has made descriptors of ours with this message: of that
 * kind, and so many. */
static void
read_passed(struct msghdr *m, int passed[static PASSED])
{
	struct cmsghdr *cm = CMSG_FIRSTHDR(m);

	if (cm != NULL && cm->cmsg_level == SOL_SOCKET &&
	    cm->cmsg_type == SCM_RIGHTS &&
	    cm->cmsg_len <= CMSG_LEN(PASSED * sizeof(int)))
		memcpy(passed, CMSG_DATA(cm), cm->cmsg_len - CMSG_LEN(0));
}

/* Bytes read within wait_ms, -1 and errno; passed is -1 where nothing came with
 * it.  One that is longer, or that more came with, is no hello. */
static ssize_t
read_hello(int fd, int wait_ms, struct link_hello *h, int passed[static PASSED])
{
	union {
		char buf[CMSG_SPACE(PASSED * sizeof(int))];
		struct cmsghdr align;
	} c;
	struct iovec iov = { h, sizeof(*h) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = c.buf, .msg_controllen = sizeof(c.buf) };
	struct pollfd p = { .fd = fd, .events = POLLIN };

	static_assert(sizeof(c) == CMSG_LEN(PASSED * sizeof(int)),
	    "the kernel finds no room for one more, and lets go of it");
	passed[PASS_AREA] = passed[PASS_BELL] = -1;
	int r = poll(&p, 1, wait_ms);
	if (r == 0)
		errno = ETIMEDOUT;
	if (r <= 0)
		return -1;
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return n;
	read_passed(&m, passed);
	return (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 ? n : 1;
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

/* Both have said hello.  Takes the bell out of what was passed, once all of it
 * has been found to be what it should. */
static int
join(struct link *l, int fd, const struct link_hello *h,
    int passed[static PASSED], const char **why)
{
	if (!is_area(passed[PASS_AREA]) || !is_bell(l, passed[PASS_BELL])) {
		*why = "it does not share memory as bh-link(5) says";
		errno = EPROTO;
		return -1;
	}
	if (map_area(l, passed[PASS_AREA]) < 0)
		return -1;
	close_fd(l->ear);
	l->ear = passed[PASS_BELL];
	passed[PASS_BELL] = -1;
	l->fd = fd;
	l->features = h->features;
	return 0;
}

/* All that is ours by now and is not kept. */
static void
close_passed(const int passed[static PASSED])
{
	close_fd(passed[PASS_AREA]);
	close_fd(passed[PASS_BELL]);
}

int
link_meet(struct link *l, int fd, const struct link_hello *me,
    enum link_role other, const char **why)
{
	struct link_hello h = { 0 };
	int passed[PASSED] = { -1, -1 };

	*why = NULL;
	ssize_t n = read_hello(fd, HELLO_WAIT_MS, &h, passed);
	bool fits = judge_hello(&h, n, me, other, why) == 0;
	int error = errno;
	/* one that is refused wants to say why, too */
	ring_init(&l->ring);
	if (n >= 0 && send_hello(fd, me, fits ? l : NULL) < 0) {
		fits = false;
		error = errno;
	}
	errno = error;
	if (!fits || join(l, fd, &h, passed, why) < 0)
		close_fd(fd);
	close_passed(passed);
	return l->fd < 0 ? -1 : 0;
}

int
link_accept(struct link *l, int lfd, const struct link_hello *me,
    enum link_role other, const char **why)
{
	int fd = accept4(lfd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	*why = NULL;
	return fd < 0 ? -1 : link_meet(l, fd, me, other, why);
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

int
link_connect(struct link *l, const char *path, int wait_ms,
    const struct link_hello *me, enum link_role other, const char **why)
{
	struct link_hello h = { 0 };
	int passed[PASSED] = { -1, -1 };

	*why = NULL;
	if (link_init(l) < 0)
		return -1;
	int fd = connect_path(path, wait_ms);
	ring_init(&l->ring);
	if (fd < 0 || send_hello(fd, me, l) < 0 ||
	    judge_hello(&h, read_hello(fd, wait_ms, &h, passed), me, other,
	    why) < 0 || join(l, fd, &h, passed, why) < 0)
		close_fd(fd);
	close_passed(passed);
	if (l->fd >= 0)
		return 0;
	link_fini(l);
	return -1;
}

void
link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* ---- frames ---- */

struct frame *
link_room(struct link *l)
{
	return l->fd < 0 ? NULL : ring_room(&l->ring);
}

void
link_put(struct link *l, const struct frame *f)
{
	ring_put(&l->ring, f);
}

bool
link_slip(struct link *l, const struct frame *f)
{
	return l->fd >= 0 && ring_slip(&l->ring, f);
}

static void
ring_bell(const struct link *l)
{
	static const uint64_t once = 1;

	/* nobody reads it: there is room for as many as there will ever be,
	 * unless the other end has seen to it that there is none */
	ssize_t r = write(l->bell, &once, sizeof(once));
	(void)r;
}

void
link_flush(struct link *l)
{
	if (l->fd >= 0 && ring_publish(&l->ring))
		ring_bell(l);
}

static void
close_broken(struct link *l)
{
	if (l->ring.broken)
		link_close(l);
}

bool
link_pop(struct link *l, struct frame *f, const uint8_t **body)
{
	if (l->fd < 0)
		return false;
	if (ring_pop(&l->ring, f, body))
		return true;
	close_broken(l);
	return false;
}

size_t
link_ahead(const struct link *l, uint64_t *past, void *p, size_t n)
{
	return l->fd < 0 ? 0 : ring_ahead(&l->ring, past, p, n);
}

bool
link_nap(struct link *l)
{
	return l->fd < 0 || ring_nap(&l->ring);
}

/* After the hello there is nothing to be said but farewell. */
static bool
is_over(const struct link *l)
{
	char word[16];
	ssize_t n = recv(l->fd, word, sizeof(word), MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void
link_wake(struct link *l, bool readable)
{
	if (l->fd < 0)
		return;
	ring_wake(&l->ring);
	/* what was put before is still there */
	if (readable && is_over(l) && ring_is_empty(&l->ring))
		link_close(l);
}
