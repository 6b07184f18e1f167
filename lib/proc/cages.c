/* SPDX-License-Identifier: ISC */
#include "proc/cages.h"

#include "base/die.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is of interest in /proc/PID/status. */
struct cage {
	unsigned pid, parent, uid, seccomp, locked;
	uint64_t caps;
	bool ours;
	char name[16];
};

struct cages {
	struct cage *c;
	size_t n;
};

/* False: it has ended meanwhile. */
static bool
read_status(struct cage *c, unsigned pid)
{
	char path[64], line[256];

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	*c = (struct cage){ .pid = pid };
	while (fgets(line, sizeof(line), f) != NULL) {
		sscanf(line, "Name: %15s", c->name);
		sscanf(line, "PPid: %u", &c->parent);
		sscanf(line, "Uid: %u", &c->uid);
		sscanf(line, "CapPrm: %" SCNx64, &c->caps);
		sscanf(line, "Seccomp: %u", &c->seccomp);
		sscanf(line, "VmLck: %u", &c->locked);
	}
	fclose(f);
	text_visible(c->name, TEXT_ASCII);
	return true;
}

/* Where it is has no name any more. */
static bool
has_empty_root(unsigned pid)
{
	static const char gone[] = " (deleted)";
	char path[64], root[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%u/root", pid);
	ssize_t n = readlink(path, root, sizeof(root) - 1);
	if (n < (ssize_t)strlen(gone))
		return false;
	root[n] = '\0';
	return strcmp(root + n - strlen(gone), gone) == 0;
}

static void
read_all(struct cages *all)
{
	glob_t g;

	if (glob("/proc/[0-9]*", 0, NULL, &g) != 0)
		diex(EXIT_RETRY, "cannot list processes");
	all->c = calloc(g.gl_pathc, sizeof(*all->c));
	if (all->c == NULL)
		die(EXIT_RETRY, "cannot list processes");
	for (size_t i = 0; i < g.gl_pathc; i++)
		all->n += read_status(&all->c[all->n],
		    (unsigned)strtoul(g.gl_pathv[i] + strlen("/proc/"), NULL,
		    10));
	globfree(&g);
}

static struct cage *
find(const struct cages *all, unsigned pid)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->c[i].pid == pid)
			return &all->c[i];
	return NULL;
}

/* PROGRAM.state of backhaul(8): its child. */
static void
take_state(struct cages *all, const char *path)
{
	unsigned pid = 0;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return;
	if (fscanf(f, "%*s %*u %*u %u", &pid) != 1)
		pid = 0;
	fclose(f);
	struct cage *c = find(all, pid);
	if (c != NULL)
		c->ours = true;
}

static bool
is_ours(const struct cages *all, const struct cage *c)
{
	for (int depth = 0; c != NULL && depth < 8; depth++) {
		if (c->ours)
			return true;
		c = find(all, c->parent);
	}
	return false;
}

static void
print(const struct cage *c, bool json)
{
	const struct passwd *pw = getpwuid(c->uid);
	char user[64];

	if (pw != NULL)
		snprintf(user, sizeof(user), "%s", pw->pw_name);
	else
		snprintf(user, sizeof(user), "%u", c->uid);
	bool filter = c->seccomp == 2, empty = has_empty_root(c->pid);
	if (!json) {
		printf("%s\t%u\t%s\t%s\t%s\t%s\t%u\n", c->name, c->pid, user,
		    c->caps == 0 ? "none" : "some", filter ? "yes" : "no",
		    empty ? "empty" : "host's", c->locked);
		return;
	}
	printf("{\"process\":");
	json_string(stdout, c->name);
	printf(",\"pid\":%u,\"user\":", c->pid);
	json_string(stdout, user);
	printf(",\"capabilities\":\"%016" PRIx64 "\",\"filter\":%s,"
	    "\"empty_root\":%s,\"locked_kib\":%u}\n", c->caps,
	    filter ? "true" : "false", empty ? "true" : "false", c->locked);
}

int
cages_print(const char *rundir, bool json)
{
	struct cages all = { 0 };
	char pattern[PATH_MAX];
	glob_t g;
	bool any = false;

	if (access(rundir, R_OK | X_OK) < 0)
		die(errno == ENOENT ? EXIT_NO : EXIT_RETRY, "cannot look at %s",
		    rundir);
	read_all(&all);
	snprintf(pattern, sizeof(pattern), "%s/bh-*.state", rundir);
	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			take_state(&all, g.gl_pathv[i]);
		globfree(&g);
	}
	for (size_t i = 0; i < all.n; i++)
		if (is_ours(&all, &all.c[i])) {
			print(&all.c[i], json);
			any = true;
		}
	free(all.c);
	if (!any)
		diex(EXIT_NO, "no processes of %s: is the gateway up?", rundir);
	return 0;
}
