/* SPDX-License-Identifier: ISC */
#include "tunnel/names.h"

#include "base/clock.h"
#include "base/die.h"
#include "io/resolvconf.h"
#include "io/resolve.h"
#include "proc/descriptors.h"
#include "proc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	/* after everything else is closed: what we speak by; a pipe that has a
	 * reader as long as there is who starts us again */
	FD_PACKETS = 3, FD_READ, FD_LIFE,
	ASK_EVERY = 1,		/* seconds: no name more often */
	LIVES_EVERY = 1,
	GIVE_UP = 8,		/* no name has ever been answered for: perhaps
				 * there are other servers by now */
};

/* Why the process that works has ended. */
enum { GONE = 10, AGAIN, FAILED };

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

/* IPv6 first, as RFC 6724 would have it, but what has no route at the end. */
static void
say(const struct name *name)
{
	struct names_word w = { .peer = name->peer };

	for (int i = 0; i < 4; i++)
		choose(&w, name, i % 2 == 1, i < 2);
	/* a reader that is busy is waited for */
	if (w.n > 0 && send(FD_PACKETS, &w, sizeof(w), MSG_NOSIGNAL) < 0)
		_exit(GONE);
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

/* What the hosts file has, no server is asked for. */
static void
look_up_hosts(struct names *all)
{
	struct dns_answer a;

	for (size_t i = 0; i < all->n; i++)
		if (dns_hosts(all->dns, all->name[i].r.name, &a))
			on_answer(&all->name[i], &a);
}

/* Sooner than its time.  What is in the hosts file has none (and what is being
 * asked for, no time yet): that is read anew. */
static void
hurry(struct names *all, struct name *name, nsec now)
{
	nsec soon = name->asked + ASK_EVERY * NSEC_SEC;

	if (name->r.due > soon)
		name->r.due = soon;
	else if (name->asked == 0 && now - all->born >= LIVES_EVERY * NSEC_SEC)
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
		_exit(GONE);
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

/* Starts who works, again and again. */
static _Noreturn void
be_parent(struct names *all)
{
	int status = 0;

	for (;;) {
		nsec since = clock_now();
		pid_t pid = fork();
		if (pid == 0)
			work(all);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
		if (WIFEXITED(status) && WEXITSTATUS(status) == GONE)
			_exit(0);
		if (WIFSIGNALED(status))
			warnx("the process that resolves names has died "
			    "(signal %d): started again", WTERMSIG(status));
		/* what was said once is known */
		all->quiet = WIFEXITED(status) && WEXITSTATUS(status) == FAILED;
		struct pollfd fd = { .fd = FD_PACKETS };
		nsec next = since + LIVES_EVERY * NSEC_SEC, now = clock_now();
		if (now < next && poll(&fd, 1, clock_poll_ms(next, now)) > 0)
			_exit(0);
	}
}

static _Noreturn void
be_names(struct names *all, int fd)
{
	static const int quiet[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1,
		SIGPIPE };
	int pipe[2];

	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		signal(quiet[i], SIG_IGN);
	if (pipe2(pipe, O_CLOEXEC) < 0)
		die(EXIT_RETRY, "cannot make a pipe");
	descriptors_keep((const int[]){ fd, pipe[0], pipe[1] }, 3);
	prctl(PR_SET_NAME, "bh-tunnel-names", 0, 0, 0);	/* for ps(1) */
	sandbox_enter(SANDBOX_NAMES, "_bh-names");
	be_parent(all);
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
	int pair[2];

	all.n = find_names(&all, cf, pol);
	if (all.n == 0)
		return -1;
	all.name = calloc(all.n, sizeof(*all.name));
	if (all.name == NULL)
		die(EXIT_RETRY, "cannot allocate buffers");
	find_names(&all, cf, pol);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die(EXIT_RETRY, "cannot make a pair of sockets");
	fflush(NULL);
	switch (fork()) {
	case -1:
		die(EXIT_RETRY, "cannot start a process");
	case 0:
		be_names(&all, pair[1]);
	}
	close(pair[1]);
	free(all.name);
	return pair[0];
}

/* ---- the other end ---- */

int
names_take(int fd, struct names_word *w)
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
