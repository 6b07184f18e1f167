/* SPDX-License-Identifier: ISC */
#include "capture/nat_ask.h"

#include "base/die.h"
#include "capture/nat_who.h"
#include "conf/diag.h"
#include "gate/nat_journal.h"
#include "proc/open.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
parse(struct nat_question *q, const char *outside, const char *proto,
    const char *time)
{
	const char *why = nat_question_parse(q, outside, proto, time);

	if (why != NULL)
		diex(EXIT_FIX, "%s %s%s%s: %s", outside, proto,
		    time != NULL ? " at " : "", time != NULL ? time : "", why);
}

static int
answer(bool found, const struct nat_answer *a)
{
	if (!found) {
		warnx("nobody had it");
		return EXIT_NO;
	}
	nat_answer_print(a, stdout);
	die_unwritten();
	return 0;
}

static void
read_log(struct nat_log_reader *r, const char *path)
{
	FILE *f = open_named(path, "re", stdin);

	nat_log_read(r, f);
	if (f != stdin)
		fclose(f);
}

static bool
is_there(const char *path)
{
	return access(path, F_OK) == 0 || errno != ENOENT;
}

/* What the first line says. */
static uint64_t
number_of(const char *path)
{
	char line[80];
	FILE *f = strcmp(path, "-") == 0 ? NULL : fopen(path, "re");
	uint64_t n = f != NULL && fgets(line, sizeof(line), f) != NULL ?
	    nat_journal_number(line) : 0;

	if (f != NULL)
		fclose(f);
	return n;
}

/* The files of a ring are sorted by their numbers; the others stand before them
 * as they are given. */
static void
read_logs(struct nat_log_reader *r, char *const *path, size_t n)
{
	uint64_t next = 0;

	for (size_t i = 0; i < n; i++)
		if (number_of(path[i]) == 0)
			read_log(r, path[i]);
	for (uint64_t done = 0;; done = next) {
		const char *found = NULL;
		for (size_t i = 0; i < n; i++) {
			uint64_t k = number_of(path[i]);
			if (k <= done || (found != NULL && k >= next))
				continue;
			found = path[i];
			next = k;
		}
		if (found == NULL)
			return;
		read_log(r, found);
	}
}

static struct nat_log_reader *
open_reader(struct nat_question *q)
{
	if (q->time == 0)
		q->time = UINT64_MAX;
	struct nat_log_reader *r = nat_log_open(q);
	if (r == NULL)
		die(EXIT_RETRY, "cannot read logs");
	return r;
}

int
nat_ask_logs(const struct conf *cf, size_t server, const char *question,
    const char *time, char *const *logs)
{
	char outside[72], proto[16], at[32], rest[2];
	struct nat_answer a;
	struct nat_question q;

	int n = sscanf(question, "%71s %15s at %31s %1s", outside, proto, at,
	    rest);
	bool timed = n == 3;
	if (!timed && sscanf(question, "%71s %15s %1s", outside, proto,
	    rest) != 2)
		diex(EXIT_FIX, "-q: '%s' is not ADDRESS:PORT PROTO [at TIME]",
		    question);
	if (timed && time != NULL)
		diex(EXIT_FIX, "-q: '%s' has its time already; leave out -t",
		    question);
	if (timed)
		time = at;
	parse(&q, outside, proto, time);
	if (nat_who_published(&a, &q, cf, server))
		return answer(true, &a);
	struct nat_log_reader *r = open_reader(&q);
	size_t nlogs = 0;
	while (logs[nlogs] != NULL)
		nlogs++;
	read_logs(r, logs, nlogs);
	bool found = nat_log_answer(r, &a) || (!nat_log_has_epoch(r) &&
	    nat_who_computed(&a, &q, cf, server));
	return answer(found, &a);
}

/* The domain file that the gateway runs; none (false) if it is not up, and
 * need not be. */
static bool
load(struct conf *cf, const char *rundir, bool must)
{
	char path[PATH_MAX];
	struct diags ds;

	*cf = (struct conf){ .name = "" };
	snprintf(path, sizeof(path), "%s/domain.ini", rundir);
	FILE *f = fopen(path, "re");
	if (f == NULL && errno == ENOENT && !must)
		return false;
	if (f == NULL)
		die(errno == ENOENT ? EXIT_NO : EXIT_RETRY, "cannot open %s",
		    path);
	diag_init(&ds);
	conf_load(cf, &ds, f);
	diag_fini(&ds);
	fclose(f);
	return true;
}

static bool
published(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf)
{
	for (size_t i = 0; i < cf->nlocations; i++)
		if (nat_who_published(a, q, cf, i))
			return true;
	return false;
}

static bool
ask_state(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf, const char *rundir)
{
	char path[PATH_MAX];
	struct nat_view v;

	snprintf(path, sizeof(path), "%s/bh-egress.nat", rundir);
	if (nat_view_open(&v, path) < 0)
		die(errno == ENOENT ? EXIT_NO : EXIT_RETRY, "cannot read %s",
		    path);
	return nat_who_state(a, q, cf, &v);
}

/* Finds the host that has it since before that time, if the log does not reach
 * back so far. */
static bool
ask_held(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf, const char *rundir)
{
	char path[PATH_MAX];
	struct nat_view v;

	snprintf(path, sizeof(path), "%s/bh-egress.nat", rundir);
	if (nat_view_open(&v, path) < 0)
		return false;
	bool found = nat_who_held(a, q, cf, &v);
	nat_view_close(&v);
	return found;
}

/* Standard error of the gateway's programs is where it goes if it cannot go
 * where it should. */
static bool
ask_logs(struct nat_answer *a, struct nat_question *q, const struct conf *cf,
    const char *rundir)
{
	enum { OTHERS = 2, ALL = NAT_JOURNAL_FILES + OTHERS };
	static char path[ALL][NAT_JOURNAL_PATH];
	struct nat_log_reader *r = open_reader(q);
	char dir[PATH_MAX], *there[ALL];
	size_t n = 0;

	snprintf(path[0], NAT_JOURNAL_PATH, "%s/log.1", rundir);
	snprintf(path[1], NAT_JOURNAL_PATH, "%s/log", rundir);
	nat_journal_dir(rundir, dir);
	for (unsigned i = 0; i < NAT_JOURNAL_FILES; i++)
		nat_journal_file(dir, i, path[OTHERS + i]);
	for (unsigned i = 0; i < ALL; i++)
		if (is_there(path[i]))
			there[n++] = path[i];
	read_logs(r, there, n);
	return nat_log_answer(r, a) ||
	    (!nat_log_knows(r) && ask_held(a, q, cf, rundir));
}

int
nat_ask_gateway(const char *rundir, char *const *words)
{
	const char *time = NULL;
	struct nat_answer a;
	struct nat_question q;
	struct conf cf;
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	if (n != 2 && (n != 4 || strcmp(words[2], "at") != 0))
		diex(EXIT_FIX, "ask for ADDRESS:PORT PROTO [at TIME]");
	if (n == 4)
		time = words[3];
	parse(&q, words[0], words[1], time);
	load(&cf, rundir, time == NULL);
	bool found = time == NULL ? ask_state(&a, &q, &cf, rundir) :
	    ask_logs(&a, &q, &cf, rundir);
	found = answer(found || published(&a, &q, &cf), &a) == 0;
	conf_fini(&cf);
	return found ? 0 : EXIT_NO;
}
