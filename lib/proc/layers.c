/* SPDX-License-Identifier: ISC */
#include "proc/layers.h"

#include "base/die.h"
#include "base/json.h"
#include "base/text.h"
#include "proc/sandbox_landlock.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PR_GET_MDWE	/* Linux 6.3; Debian 12's headers are older */
#define PR_GET_MDWE 66
#endif

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { NOBODY = 65534, SESSIONS = 64 };

/* What is of interest in /proc/PID/status. */
struct process {
	unsigned pid, session, uid, no_new_privs, seccomp, filters, locked;
	uint64_t caps, bounding;
	char name[16];
};

/* False: it has ended meanwhile. */
static bool
read_status(struct process *p, unsigned pid)
{
	char path[64], line[256];

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	*p = (struct process){ .pid = pid };
	while (fgets(line, sizeof(line), f) != NULL) {
		sscanf(line, "Name: %15s", p->name);
		sscanf(line, "NSsid: %u", &p->session);
		sscanf(line, "Uid: %u", &p->uid);
		sscanf(line, "CapPrm: %" SCNx64, &p->caps);
		sscanf(line, "CapBnd: %" SCNx64, &p->bounding);
		sscanf(line, "NoNewPrivs: %u", &p->no_new_privs);
		sscanf(line, "Seccomp: %u", &p->seccomp);
		sscanf(line, "Seccomp_filters: %u", &p->filters);
		sscanf(line, "VmLck: %u", &p->locked);
	}
	fclose(f);
	text_visible(p->name, TEXT_ASCII);
	return true;
}

/* /proc/PID/WHAT */
static const char *
path_of(const struct process *p, const char *what, char path[static 64])
{
	snprintf(path, 64, "/proc/%u/%s", p->pid, what);
	return path;
}

static bool
is_named(const struct process *p, const char *name)
{
	return strcmp(p->name, name) == 0;
}

/* ---- layers, as the kernel has them ---- */

static int
has_user(const struct process *p)
{
	return p->uid != 0 && p->uid != NOBODY;
}

static int
has_no_capability(const struct process *p)
{
	return p->caps == 0 && p->bounding == 0;
}

static int
gains_nothing(const struct process *p)
{
	return p->no_new_privs == 1;
}

static int
has_filter(const struct process *p)
{
	return p->seccomp == 2;
}

/*
 * These two the kernel tells nobody.  But a program that cannot take what its
 * kernel has ends, so of one that has passed them, and is at its filter, we
 * know; bh-bolt has none.  A program that looks at files does without landlock,
 * until it has entered a second filter.
 */
static bool
has_entered(const struct process *p)
{
	return is_named(p, "bh-bolt") ? gains_nothing(p) : has_filter(p);
}

static int
has_landlock(const struct process *p)
{
	bool files = is_named(p, "bh-resolve-conf") ||
	    (is_named(p, "bh-tunnel-names") && p->filters < 2);

	return has_entered(p) && !files ? landlock_version() : 0;
}

static int
refuses_code(const struct process *p)
{
	return has_entered(p) && prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0;
}

static bool
is_empty_file(const struct process *p, const char *what)
{
	char path[64];
	FILE *f = fopen(path_of(p, what, path), "re");
	int c = f == NULL ? EOF : getc(f);

	if (f != NULL)
		fclose(f);
	return c == EOF;
}

/* Is its namespace another one than ours? */
static bool
is_apart(const struct process *p, const char *kind)
{
	char what[32], path[64];
	struct stat ours, its;

	snprintf(what, sizeof(what), "ns/%s", kind);
	if (stat(path_of(p, what, path), &its) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/self/%s", what);
	return stat(path, &ours) == 0 && ours.st_ino != its.st_ino;
}

/* No interface has an address, not even lo. */
static int
has_no_network(const struct process *p)
{
	return is_apart(p, "net") && is_empty_file(p, "net/if_inet6") &&
	    is_empty_file(p, "net/fib_trie");
}

static int
has_ipc(const struct process *p)
{
	return is_apart(p, "ipc");
}

static int
has_uts(const struct process *p)
{
	return is_apart(p, "uts");
}

static int
has_cgroup(const struct process *p)
{
	return is_apart(p, "cgroup");
}

static int
has_empty_root(const struct process *p)
{
	char path[64];
	DIR *d = opendir(path_of(p, "root/", path));
	int n = 0;

	if (d == NULL)
		return 0;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n <= 2;		/* . and .. */
}

/* The kernel gives what belongs to who cannot be dumped to root. */
static int
is_not_dumped(const struct process *p)
{
	char path[64];
	struct stat st;

	return p->uid != 0 && stat(path_of(p, "mem", path), &st) == 0 &&
	    st.st_uid == 0;
}

static int
starts_nothing(const struct process *p)
{
	char path[64], line[256];
	FILE *f = fopen(path_of(p, "limits", path), "re");
	unsigned max = 1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		sscanf(line, "Max processes %u", &max);
	if (f != NULL)
		fclose(f);
	return max == 0;
}

/* 0: it does not hold. */
static const struct {
	const char *name;
	int (*holds)(const struct process *p);
} layers[] = {
	{ "user", has_user }, { "capabilities", has_no_capability },
	{ "no-new-privs", gains_nothing }, { "seccomp", has_filter },
	{ "landlock", has_landlock }, { "network", has_no_network },
	{ "root", has_empty_root }, { "ipc", has_ipc }, { "uts", has_uts },
	{ "cgroup", has_cgroup }, { "mdwe", refuses_code },
	{ "no-dump", is_not_dumped }, { "no-fork", starts_nothing },
};

/* ---- printing ---- */

static const char *
user_of(const struct process *p, char buf[static 64])
{
	const struct passwd *pw = getpwuid(p->uid);

	if (pw != NULL)
		snprintf(buf, 64, "%s", pw->pw_name);
	else
		snprintf(buf, 64, "%u", p->uid);
	return buf;
}

/* Those that hold, or those that do not; "-" for none. */
static void
print_layers(const int holds[], bool held)
{
	const char *before = "\t";

	for (size_t i = 0; i < COUNT(layers); i++)
		if ((holds[i] != 0) == held) {
			printf("%s%s", before, layers[i].name);
			if (holds[i] > 1)
				printf("=%d", holds[i]);
			before = " ";
		}
	if (*before == '\t')
		printf("\t-");
}

static void
print_json(const struct process *p, const char *user, const int holds[])
{
	printf("{\"process\":");
	json_string(stdout, p->name);
	printf(",\"pid\":%u,\"user\":", p->pid);
	json_string(stdout, user);
	printf(",\"capabilities\":\"%016" PRIx64 "\",\"locked_kib\":%u,"
	    "\"layers\":{", p->caps, p->locked);
	for (size_t i = 0; i < COUNT(layers); i++) {
		printf("%s\"%s\":", i > 0 ? "," : "", layers[i].name);
		if (holds[i] > 1)
			printf("%d", holds[i]);
		else
			printf("%s", holds[i] != 0 ? "true" : "false");
	}
	puts("}}");
}

static void
print(const struct process *p, bool json)
{
	char buf[64];
	const char *user = user_of(p, buf);
	int holds[COUNT(layers)];

	for (size_t i = 0; i < COUNT(layers); i++)
		holds[i] = layers[i].holds(p);
	if (json) {
		print_json(p, user, holds);
		return;
	}
	printf("%s\t%u\t%s\t%u", p->name, p->pid, user, p->locked);
	print_layers(holds, true);
	print_layers(holds, false);
	putchar('\n');
}

/* ---- which processes ---- */

/*
 * bh-run(8) has a session, which all have that come of it; where it was killed,
 * and another one goes on, its programs are still in the first one's.
 */
struct sessions {
	unsigned id[SESSIONS];
	size_t n;
};

static bool
is_ours(const struct sessions *s, unsigned id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->id[i] == id)
			return true;
	return false;
}

static void
add_session_of(struct sessions *s, unsigned pid)
{
	struct process p;

	if (pid != 0 && read_status(&p, pid) && s->n < SESSIONS &&
	    !is_ours(s, p.session))
		s->id[s->n++] = p.session;
}

/* PROGRAM.state of bh-run(8): itself, and the program. */
static void
add_state(struct sessions *s, const char *path)
{
	unsigned run = 0, program = 0;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return;
	if (fscanf(f, "%*s %u %*u %u", &run, &program) >= 1) {
		add_session_of(s, run);
		add_session_of(s, program);
	}
	fclose(f);
}

static void
read_sessions(struct sessions *s, const char *rundir)
{
	char pattern[PATH_MAX];
	glob_t states = { 0 };

	snprintf(pattern, sizeof(pattern), "%s/bh-*.state", rundir);
	glob(pattern, 0, NULL, &states);
	snprintf(pattern, sizeof(pattern), "%s/bolt/bh-bolt.state", rundir);
	glob(pattern, GLOB_APPEND, NULL, &states);
	for (size_t i = 0; i < states.gl_pathc; i++)
		add_state(s, states.gl_pathv[i]);
	globfree(&states);
}

static int
print_all(const struct sessions *s, bool json)
{
	struct process p;
	glob_t all;
	int n = 0;

	if (glob("/proc/[0-9]*", 0, NULL, &all) != 0)
		diex(EXIT_RETRY, "cannot list processes");
	for (size_t i = 0; i < all.gl_pathc; i++)
		if (read_status(&p, (unsigned)strtoul(all.gl_pathv[i] +
		    strlen("/proc/"), NULL, 10)) && is_ours(s, p.session) &&
		    strncmp(p.name, "bh-", 3) == 0) {
			print(&p, json);
			n++;
		}
	globfree(&all);
	return n;
}

int
layers_print(const char *rundir, bool json)
{
	struct sessions s = { .n = 0 };

	if (access(rundir, R_OK | X_OK) < 0)
		die(errno == ENOENT ? EXIT_NO : EXIT_RETRY, "cannot look at %s",
		    rundir);
	read_sessions(&s, rundir);
	if (print_all(&s, json) == 0)
		diex(EXIT_NO, "no processes of %s: is the gateway up?", rundir);
	return 0;
}
