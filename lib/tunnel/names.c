/* SPDX-License-Identifier: ISC */
#include "tunnel/names.h"

#include "base/clock.h"
#include "base/die.h"
#include "io/resolvconf.h"
#include "io/resolve.h"
#include "proc/child.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	/* after everything else is closed: to the data process; a pipe that has
	 * a reader as long as the process lives that would start us again */
	FD_PACKETS = 3, FD_READ, FD_LIFE,
	ASK_EVERY = 1,		/* seconds: no name more often */
	EVERY_MS = 1000,	/* from start to start */
	GIVE_UP = 8,		/* no name has ever been answered for: perhaps
				 * there are other servers by now */
};

/* Why the process that works has ended. */
enum { NEEDLESS = 10, AGAIN, FAILED };

struct names;

struct name {
	struct resolve r;
	const struct conf_location *l;
	struct names *all;
	nsec asked;		/* the last time */
	uint16_t peer;
};

struct names {
	struct dns *dns;
	struct name *name;
	size_t n;
	bool found, quiet;
	nsec born;
	struct resolvconf_mark conf;	/* as it was read */
};

/* ---- saying ---- */

/* Is there a route?  No packet is sent for that. */
static bool
can_reach(const struct endpoint *e)
{
	struct sockaddr_storage ss;
	bool v4 = addr_is_v4(&e->addr);
	socklen_t len = endpoint_to_sockaddr(e, !v4, &ss);
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&ss, len) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Of all addresses those of that kind, as long as there is room. */
static void
choose(struct names_word *w, const struct name *name, bool v4, bool reached)
{
	for (size_t i = 0; i < name->r.n && w->n < PEER_HOMES; i++) {
		const struct endpoint e = { .addr = name->r.addr[i],
			.port = name->l->endpoint_port };
		if (addr_is_v4(&e.addr) == v4 && endpoint_is_host(&e) &&
		    can_reach(&e) == reached)
			w->at[w->n++] = e;
	}
}

/* IPv6 first, as RFC 6724 would have it, but addresses without a route last. */
static void
say(const struct name *name)
{
	struct names_word w = { .peer = name->peer };

	for (int i = 0; i < 4; i++)
		choose(&w, name, i % 2 == 1, i < 2);
	/* a reader that is busy is waited for */
	if (w.n > 0 && send(FD_PACKETS, &w, sizeof(w), MSG_NOSIGNAL) < 0)
		_exit(NEEDLESS);
}

static void
complain(const struct name *name, enum dns_status status)
{
	warnx("cannot resolve %s, endpoint of %s: %s; asking again",
	    name->r.name, name->l->name, status == DNS_NONE ?
	    "it has no address" : "no answer");
}

/* ---- asking ---- */

static void
on_answer(void *arg, const struct dns_answer *a)
{
	struct name *name = arg;
	struct names *all = name->all;

	bool news = resolve_update(&name->r, a, clock_now());
	if (a->status == DNS_FOUND) {
		all->found = true;
		say(name);
	} else if (news && !all->quiet) {
		complain(name, a->status);
	}
	if (!all->found && name->r.wait >= GIVE_UP)
		_exit(FAILED);
}

static nsec
ask_due(struct names *all, nsec now)
{
	nsec next = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct name *name = &all->name[i];
		if (name->r.due != 0 && name->r.due <= now) {
			if (resolvconf_differs(&all->conf))
				_exit(AGAIN);
			name->r.due = 0;
			name->asked = now;
			dns_ask(all->dns, name->r.name, on_answer, name);
		}
		if (name->r.due != 0 && (next == 0 || name->r.due < next))
			next = name->r.due;
	}
	return next;
}

/* No server is asked for a name that the hosts file has. */
static void
look_up_hosts(struct names *all)
{
	struct dns_answer a;

	for (size_t i = 0; i < all->n; i++)
		if (dns_hosts(all->dns, all->name[i].r.name, &a))
			on_answer(&all->name[i], &a);
}

/* Asks sooner than its time.  A name that is in the hosts file has none (and
 * one that is being asked for, none yet): then that file is read anew. */
static void
hurry(struct names *all, struct name *name, nsec now)
{
	nsec soon = name->asked + ASK_EVERY * NSEC_SEC;

	if (name->r.due > soon)
		name->r.due = soon;
	else if (name->asked == 0 && now - all->born >= EVERY_MS * NSEC_MS)
		_exit(AGAIN);
}

static void
hear(struct names *all, nsec now)
{
	uint16_t peer;
	ssize_t n;

	while ((n = recv(FD_PACKETS, &peer, sizeof(peer), MSG_DONTWAIT)) ==
	    sizeof(peer))
		for (size_t i = 0; i < all->n; i++)
			if (all->name[i].peer == peer)
				hurry(all, &all->name[i], now);
	if (n >= 0 || errno != EAGAIN)
		_exit(NEEDLESS);
}

static _Noreturn void
work(struct names *all)
{
	enum { PACKETS, LIFE, DNS };
	struct pollfd fd[DNS + DNS_FDS_MAX] = {
		[PACKETS] = { FD_PACKETS, POLLIN, 0 },
		[LIFE] = { FD_LIFE, 0, 0 },	/* POLLERR: nobody reads it */
	};
	const char *why;

	close(FD_READ);
	resolvconf_look(&all->conf);
	all->dns = dns_open(NULL, &why);
	if (all->dns == NULL)
		_exit(FAILED);
	all->born = clock_now();
	look_up_hosts(all);
	sandbox_narrow(SANDBOX_RESOLVE);
	for (;;) {
		nsec now = clock_now(), due = ask_due(all, now);
		int ms = clock_poll_ms(due, now);
		size_t n = dns_wait(all->dns, fd + DNS, &ms);
		if (poll(fd, DNS + n, ms) < 0 && errno != EINTR)
			_exit(AGAIN);
		if (fd[PACKETS].revents != 0)
			hear(all, clock_now());
		if (fd[LIFE].revents != 0) {
			warnx("who would start the process that resolves names "
			    "again has died");
			fd[LIFE].fd = -1;
		}
		dns_step(all->dns, fd + DNS, n);
	}
}

/* ---- processes ---- */

/* Starts the process that works, again and again. */
static void
keep(void *arg)
{
	struct names *all = arg;
	const struct child_kept kept = { .does = "resolves names",
		.needless = NEEDLESS, .exits = true, .waits = true,
		.delay_min_ms = EVERY_MS, .delay_max_ms = EVERY_MS,
		.fd = (const int[]){ FD_PACKETS }, .nfds = 1 };
	struct child_life life = child_keep(&kept);

	/* what was said once is known */
	all->quiet = life.again && WIFEXITED(life.status) &&
	    WEXITSTATUS(life.status) == FAILED;
	work(all);
}

/* How many peers' endpoints are names; they are noted if there is room. */
static size_t
find_names(struct names *all, const struct conf *cf, const struct policy *pol)
{
	struct addr a;
	size_t n = 0;

	for (uint16_t i = 0; i < pol->nsites; i++) {
		const struct conf_location *l = &cf->location[i];
		if (!policy_has_tunnel(&pol->site[i]) ||
		    l->endpoint_host[0] == '\0' ||
		    addr_parse(&a, l->endpoint_host))
			continue;
		if (all->name != NULL)
			all->name[n] = (struct name){ .peer = i, .l = l,
				.all = all,
				.r = { .name = l->endpoint_host, .due = 1 } };
		n++;
	}
	return n;
}

int
names_start(const struct conf *cf, const struct policy *pol)
{
	struct names all = { 0 };
	int pair[2], pipe[2];

	all.n = find_names(&all, cf, pol);
	if (all.n == 0)
		return -1;
	all.name = calloc(all.n, sizeof(*all.name));
	if (all.name == NULL)
		die(EXIT_RETRY, "cannot allocate buffers");
	find_names(&all, cf, pol);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ||
	    pipe2(pipe, O_CLOEXEC) < 0)
		die(EXIT_RETRY, "cannot make a pair of sockets");
	const struct child c = { .name = "bh-tunnel-names",
		.user = "_bh-names", .sandbox = SANDBOX_NAMES,
		.fd = (const int[]){ pair[1], pipe[0], pipe[1] }, .nfds = 3,
		.run = keep, .arg = &all };
	if (child_start(&c) < 0)
		die(EXIT_RETRY, "cannot start a process");
	close(pair[1]);
	close(pipe[0]);
	close(pipe[1]);
	free(all.name);
	return pair[0];
}

/* ---- in the data process ---- */

int
names_receive(int fd, struct names_word *w)
{
	ssize_t n;

	do
		n = recv(fd, w, sizeof(*w), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	return n == sizeof(*w) && w->n <= PEER_HOMES ? 1 : -1;
}

void
names_ask(int fd, uint16_t peer)
{
	/* not send(2): the sandbox knows one way only */
	struct iovec iov = { &peer, sizeof(peer) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}
