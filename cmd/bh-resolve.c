/* SPDX-License-Identifier: ISC */
/* bh-resolve: addresses of names, and each change.  See bh-resolve(8). */

#include "base/die.h"
#include "base/version.h"
#include "io/monitor.h"
#include "io/resolvconf.h"
#include "io/resolve.h"
#include "plan/plan.h"
#include "proc/ready.h"
#include "proc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define SYNOPSIS "[-1m] [-s SERVER[:PORT]] [-w FIFO] [NAME...]"

enum { NAMES_MAX = 256 };

/* What happens on a host happens in several steps: it is said once. */
#define QUIET (NSEC_SEC / 20)
/* Until it is said again that nobody writes to the FIFO. */
#define AGAIN NSEC_SEC

enum { FIFOS = 2 };

struct state {
	struct dns *dns;
	struct resolve name[NAMES_MAX];
	size_t n;
	size_t open;		/* questions without an answer */
	bool once, monitor;
	int conf;		/* who reads resolv.conf; -1: nobody */
	int fifo[FIFOS];	/* -w; -1 */
	nsec look;		/* when that is looked at again, or 0 */
	int code;		/* what -1 ends with */
};

struct asked {
	struct state *s;
	struct resolve *r;
};

static struct state state;
static struct asked asked[NAMES_MAX];

static void
usage(void)
{
	fprintf(stderr, "usage: %s %s\n", die_myname(), SYNOPSIS);
	exit(EXIT_FIX);
}

/* Whoever read it has gone: then there is nobody to ask for. */
static void
flush(void)
{
	if (fflush(stdout) != 0 && errno == EPIPE)
		exit(0);
	die_unwritten();
}

static void
say(const struct resolve *r, const struct dns_answer *a)
{
	resolve_print(r, a, stdout);
	flush();
}

/* The worst of all: no server before no such name. */
static void
note_code(struct state *s, enum dns_status status)
{
	static const int code[] = { [DNS_FOUND] = 0, [DNS_NONE] = EXIT_NO,
		[DNS_SILENT] = EXIT_RETRY };

	if (code[status] > s->code)
		s->code = code[status];
}

static void
on_answer(void *arg, const struct dns_answer *a)
{
	struct asked *q = arg;

	q->s->open--;
	note_code(q->s, a->status);
	if (resolve_update(q->r, a, clock_now()))
		say(q->r, a);
}

static void
look_for_servers(struct state *s)
{
	char servers[RESOLVCONF_SERVERS];

	if (resolvconf_news(&s->conf, servers) && !dns_servers(s->dns, servers))
		warnx("there is no server in /etc/resolv.conf: those from "
		    "before are asked");
}

static void
ask_due(struct state *s, nsec now, bool all)
{
	bool looked = false;

	for (size_t i = 0; i < s->n; i++) {
		struct resolve *r = &s->name[i];
		if (r->due == 0 || (r->due > now && !all))
			continue;
		if (!looked)
			look_for_servers(s);
		looked = true;
		r->due = 0;
		s->open++;
		dns_ask(s->dns, r->name, on_answer, &asked[i]);
	}
}

static int
next_ms(const struct state *s, nsec quiet, nsec now)
{
	nsec due = quiet;

	if (s->look != 0 && (due == 0 || s->look < due))
		due = s->look;
	for (size_t i = 0; i < s->n; i++)
		if (s->name[i].due != 0 &&
		    (due == 0 || s->name[i].due < due))
			due = s->name[i].due;
	return clock_poll_ms(due, now);
}

static bool
has(const struct resolve *r, const struct addr *a)
{
	for (size_t i = 0; i < r->n; i++)
		if (addr_eq(&r->addr[i], a))
			return true;
	return false;
}

/* A host whose address is dead may have moved. */
static void
handle_news(struct state *s, const struct monitor *monitor)
{
	struct monitor_news w;
	char text[ADDR_STRLEN];

	monitor_read(monitor, &w);
	if (w.link)
		puts("- link");
	if (w.ours)
		puts("- ours");
	for (size_t k = 0; k < w.ndead; k++) {
		printf("- dead %s\n", addr_format(&w.dead[k], text));
		for (size_t i = 0; i < s->n; i++)
			if (s->name[i].due != 0 && has(&s->name[i],
			    &w.dead[k]))
				s->name[i].due = 1;
	}
	flush();
}

/* A FIFO whose writers have ended hangs up until there is another one. */
static void
handle_end(struct state *s, bool ended, nsec now)
{
	if (s->look != 0 && now >= s->look)
		s->look = 0;
	if (!ended)
		return;
	puts("- ours");
	flush();
	s->look = now + AGAIN;
}

static void
set_fifos(struct pollfd fd[static FIFOS], const struct state *s)
{
	for (int i = 0; i < FIFOS; i++)
		fd[i] = (struct pollfd){ .fd = s->look != 0 ? -1 :
			s->fifo[i] };
}

static bool
has_ended(const struct pollfd fd[static FIFOS])
{
	for (int i = 0; i < FIFOS; i++)
		if (fd[i].revents != 0)
			return true;
	return false;
}

static void
set_news(struct pollfd fd[static MONITOR_FDS], const struct monitor *m,
    bool quiet)
{
	for (int i = 0; i < MONITOR_FDS; i++)
		fd[i] = (struct pollfd){ .fd = quiet ? -1 : m->fd[i],
			.events = POLLIN };
}

static bool
has_news(const struct pollfd fd[static MONITOR_FDS])
{
	for (int i = 0; i < MONITOR_FDS; i++)
		if (fd[i].revents != 0)
			return true;
	return false;
}

static int
run(struct state *s, int signals, const struct monitor *monitor)
{
	enum { SIG, OUT, FIFO, NEWS = FIFO + FIFOS, DNS = NEWS + MONITOR_FDS };
	struct pollfd fd[DNS + DNS_FDS_MAX];
	bool hurry = false;
	nsec quiet = 0;

	for (;;) {
		nsec now = clock_now();
		ask_due(s, now, hurry);
		if (s->once && s->open == 0)
			return s->code;
		int ms = next_ms(s, quiet, now);
		fd[SIG] = (struct pollfd){ .fd = signals, .events = POLLIN };
		fd[OUT] = (struct pollfd){ .fd = STDOUT_FILENO };
		set_fifos(fd + FIFO, s);
		set_news(fd + NEWS, monitor, quiet != 0);
		size_t n = dns_wait(s->dns, fd + DNS, &ms);
		if (poll(fd, DNS + n, ms) < 0)
			return EXIT_RETRY;
		int sig = fd[SIG].revents != 0 ? ready_signal(signals) : 0;
		if (sig == SIGTERM || sig == SIGINT ||
		    (fd[OUT].revents & POLLERR) != 0)
			return 0;
		hurry = sig == SIGHUP;
		handle_end(s, has_ended(fd + FIFO), clock_now());
		if (quiet == 0 && has_news(fd + NEWS))
			quiet = clock_now() + QUIET;
		if (quiet != 0 && clock_now() >= quiet) {
			handle_news(s, monitor);
			quiet = 0;
		}
		dns_step(s->dns, fd + DNS, n);
	}
}

/* Where there is none nobody can end either. */
static void
add_fifo(struct state *s, int n, const char *path)
{
	if (n == FIFOS)
		diex(EXIT_FIX, "more than %d FIFOs", (int)FIFOS);
	s->fifo[n] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static const char *
parse(struct state *s, int argc, char *argv[])
{
	const char *server = NULL;
	int opt, fifos = 0;

	die_name(argv[0]);
	s->fifo[0] = s->fifo[1] = -1;
	while ((opt = getopt(argc, argv, "1ms:w:hV")) != -1)
		switch (opt) {
		case '1':
			s->once = true;
			break;
		case 'm':
			s->monitor = true;
			break;
		case 's':
			server = optarg;
			break;
		case 'w':
			add_fifo(s, fifos++, optarg);
			break;
		case 'h':
			printf("usage: %s %s\n", die_myname(), SYNOPSIS);
			die_unwritten();
			exit(0);
		case 'V':
			printf("%s %s\n", die_myname(), BH_VERSION);
			die_unwritten();
			exit(0);
		default:
			usage();
		}
	if (optind == argc && !s->monitor)
		usage();
	if (argc - optind > NAMES_MAX)
		diex(EXIT_FIX, "more than %d names", (int)NAMES_MAX);
	return server;
}

/* What the hosts file has, no server is asked for. */
static void
add_names(struct state *s, char *const *name)
{
	struct dns_answer a;

	for (; *name != NULL; name++) {
		struct resolve *r = &s->name[s->n];
		asked[s->n++] = (struct asked){ s, r };
		*r = (struct resolve){ .name = *name, .due = 1 };
		if (dns_hosts(s->dns, *name, &a) &&
		    resolve_update(r, &a, clock_now()))
			say(r, &a);
	}
}

int
main(int argc, char *argv[])
{
	const char *why = NULL, *server = parse(&state, argc, argv);
	int signals = ready_signals();

	if (signals < 0)
		die(EXIT_RETRY, "cannot take signals");
	struct monitor monitor = { .fd = { -1, -1 } };
	if (state.monitor && monitor_open(&monitor, PLAN_PROTO, "backhaul") < 0)
		die(EXIT_RETRY, "cannot hear of links and neighbours");
	state.conf = -1;
	if (server == NULL && !state.once && optind < argc &&
	    (state.conf = resolvconf_open()) < 0)
		die(EXIT_RETRY, "cannot start a process");
	state.dns = dns_open(server, &why);
	if (state.dns == NULL)
		diex(server != NULL ? EXIT_FIX : EXIT_RETRY, "cannot use %s: "
		    "%s", server != NULL ? server : "resolv.conf", why);
	add_names(&state, argv + optind);
	sandbox_enter(SANDBOX_RESOLVE, "_bh-names");
	return run(&state, signals, &monitor);
}
