/* SPDX-License-Identifier: ISC */
/* bh-bolt: holds the guard's second bolt.  See bh-bolt(8). */

#include "base/die.h"
#include "plan/plan.h"
#include "proc/ready.h"
#include "proc/sandbox.h"
#include "start/start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * nftables lets nobody but its owner change a table that has one, and the owner
 * is a socket: the tables are there for as long as this process is.  What they
 * hold bh-plan says, again when an interface or an address of the host has come
 * or gone; the kernel takes the new ones for the old in one step.
 */

#define SYNOPSIS "[-f FILE] [-l LOCATION] [-D RUNDIR] [-R FD]"
#define OWNER "\tflags owner\n"

enum { QUIET_MS = 100 };	/* interfaces change several at a time */

extern char **environ;

enum part { FORWARD, EGRESS };
#define PARTS 2

static const struct {
	const char *family, *word;
} parts[PARTS] = {
	[FORWARD] = { "inet", "forward" }, [EGRESS] = { "netdev", "egress" },
};

struct bolt {
	const struct start *start;
	char plan[PATH_MAX + 16];	/* our sibling */
	struct nft_ctx *nft;
	char *text[PARTS];		/* as the kernel has it; NULL: not */
	bool unowned;			/* a kernel before 5.12 */
};

static void
find_plan(struct bolt *b)
{
	char dir[PATH_MAX];

	snprintf(b->plan, sizeof(b->plan), "%s/bh-plan", start_bin(dir));
}

/* The other end of its standard output, -1 and errno. */
static int
start_plan(const struct bolt *b, pid_t *pid)
{
	const struct start *s = b->start;
	const char *argv[] = { b->plan, "-f", s->conf, "-l", s->location, "-D",
		s->rundir, "bolt", NULL };
	posix_spawn_file_actions_t acts;
	posix_spawnattr_t attr;
	sigset_t none;
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return -1;
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_adddup2(&acts, fd[1], STDOUT_FILENO);
	union { const char **in; char *const *out; } args = { argv };
	errno = posix_spawn(pid, b->plan, &acts, &attr, args.out, environ);
	posix_spawn_file_actions_destroy(&acts);
	posix_spawnattr_destroy(&attr);
	close(fd[1]);
	if (errno == 0)
		return fd[0];
	close(fd[0]);
	return -1;
}

static char *
read_all(int fd)
{
	FILE *in = fdopen(fd, "r");
	char *text = NULL;
	size_t n = 0;

	if (in == NULL)
		return NULL;
	if (getdelim(&text, &n, '\0', in) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(in);
	return text;
}

/* What bh-plan says; NULL, with its exit status in *code. */
static char *
ask_plan(const struct bolt *b, int *code)
{
	pid_t pid;
	int status, fd = start_plan(b, &pid);

	*code = EXIT_RETRY;
	if (fd < 0) {
		warn("cannot run %s", b->plan);
		return NULL;
	}
	char *text = read_all(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (text != NULL && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return text;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FIX)
		*code = EXIT_FIX;
	free(text);
	return NULL;
}

static bool
run(struct bolt *b, const char *text)
{
	return nft_run_cmd_from_buffer(b->nft, text) == 0;
}

/* Without the flag, which an old kernel does not know. */
static void
disown(char *text)
{
	for (char *s = text; (s = strstr(s, OWNER)) != NULL;)
		memset(s, ' ', strlen(OWNER) - 1);
}

static bool
load_text(struct bolt *b, char *text)
{
	if (b->unowned)
		disown(text);
	if (run(b, text))
		return true;
	if (b->unowned || b->text[FORWARD] != NULL)
		return false;
	char *first = strdup(nft_ctx_get_error_buffer(b->nft));
	disown(text);
	b->unowned = run(b, text);
	if (!b->unowned && first != NULL)
		warnx("%.*s", (int)strcspn(first, "\n"), first);
	free(first);
	return b->unowned;
}

static bool
is_there(struct bolt *b, enum part part)
{
	char text[64];

	snprintf(text, sizeof(text), "list table %s " PLAN_BOLT,
	    parts[part].family);
	return run(b, text);
}

/* RUNDIR/bolt/holds: what does. */
static void
tell(const struct bolt *b)
{
	char path[256], new[264];

	snprintf(path, sizeof(path), "%s/bolt/holds", b->start->rundir);
	snprintf(new, sizeof(new), "%s.new", path);
	FILE *f = fopen(new, "we");
	if (f == NULL)
		return;
	fputs(b->unowned ? "unowned" : "owned", f);
	for (int i = 0; i < PARTS; i++)
		if (b->text[i] != NULL)
			fprintf(f, " %s", parts[i].word);
	fputc('\n', f);
	if (fclose(f) != 0 || rename(new, path) < 0)
		warn("cannot write %s", path);
}

/* False: what was there is there still, or we are of no use. */
static bool
load(struct bolt *b, enum part part, const char *from, size_t n)
{
	char *want = strndup(from, n), *text = strndup(from, n);
	bool same = want != NULL && b->text[part] != NULL &&
	    strcmp(want, b->text[part]) == 0;
	bool ok = same || (want != NULL && text != NULL && load_text(b, text));

	if (ok && !same) {
		free(b->text[part]);
		b->text[part] = want;
		want = NULL;
	}
	free(want);
	free(text);
	if (!ok && b->text[part] != NULL && !is_there(b, part))
		diex(EXIT_RETRY, "the kernel has lost the table");
	return ok;
}

/* Exit status of a failure.  Not every kernel has the egress hook, so one part
 * may be all. */
static int
load_all(struct bolt *b)
{
	int code;
	char *text = ask_plan(b, &code);

	if (text == NULL)
		return code;
	const char *egress = strstr(text, PLAN_BOLT_EGRESS);
	size_t n = egress != NULL ? (size_t)(egress - text) : strlen(text);
	bool holds = load(b, FORWARD, text, n);
	if (holds && !load(b, EGRESS, text + n, strlen(text + n)) &&
	    b->text[EGRESS] == NULL)
		warnx("no hook where interfaces send: %.*s",
		    (int)strcspn(nft_ctx_get_error_buffer(b->nft), "\n"),
		    nft_ctx_get_error_buffer(b->nft));
	free(text);
	if (!holds)
		return EXIT_RETRY;
	tell(b);
	return 0;
}

/* Interfaces and addresses that come and go. */
static int
open_changes(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups =
		RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		die(EXIT_RETRY, "cannot listen to changes of interfaces");
	return fd;
}

/* Lost ones are a change as well. */
static void
drain(int fd)
{
	char buf[8192];

	while (recv(fd, buf, sizeof(buf), 0) >= 0 || errno == ENOBUFS)
		;
}

/* Until it is told to end. */
static void
hold(struct bolt *b, int signals, int changes)
{
	struct pollfd fd[] = { { .fd = signals, .events = POLLIN },
		{ .fd = changes, .events = POLLIN } };
	int wait = -1;

	for (;;) {
		int n = poll(fd, 2, wait);
		int sig = n > 0 ? ready_signal(signals) : 0;
		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (n > 0 && fd[1].revents != 0) {
			drain(changes);
			wait = QUIET_MS;
		}
		if (n == 0 || sig == SIGHUP) {
			wait = -1;
			if (load_all(b) != 0)
				warnx("the tables stay as they were");
		}
	}
}

static void
parse(struct start *s, int argc, char *argv[])
{
	int opt;

	start_init(s, argv[0]);
	while ((opt = getopt(argc, argv, START_OPTIONS)) != -1)
		if (!start_option(s, opt, optarg, SYNOPSIS, NULL))
			start_usage(SYNOPSIS);
	if (optind != argc)
		start_usage(SYNOPSIS);
}

/* Here is where it writes what holds. */
static void
confine(const struct start *s)
{
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/bolt", s->rundir);
	sandbox_bolt(dir);
}

int
main(int argc, char *argv[])
{
	struct start s;
	struct bolt b = { .start = &s };

	parse(&s, argc, argv);
	start_place(&s);
	find_plan(&b);
	b.nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (b.nft == NULL)
		diex(EXIT_RETRY, "cannot open nftables");
	nft_ctx_buffer_output(b.nft);
	nft_ctx_buffer_error(b.nft);
	int signals = ready_signals(), changes = open_changes();
	confine(&s);
	int code = load_all(&b);
	if (code != 0)
		diex(code, "cannot load the second bolt");
	ready_tell(s.ready_fd, s.notifier);
	hold(&b, signals, changes);
	if (b.unowned) {
		run(&b, "delete table inet " PLAN_BOLT);
		run(&b, "delete table netdev " PLAN_BOLT);
	}
	nft_ctx_free(b.nft);
	return 0;
}
