/* SPDX-License-Identifier: ISC */
#include "engine/nat_ask.h"

#include "base/die.h"
#include "base/open.h"
#include "conf/diag.h"
#include "engine/nat_who.h"

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

/* False: it is not there, which is told if it must be. */
static bool
read_log(struct nat_log_reader *r, const char *path, bool must)
{
	if (!must && access(path, F_OK) != 0 && errno == ENOENT)
		return false;
	FILE *f = open_named(path, "re", stdin);
	nat_log_read(r, f);
	if (f != stdin)
		fclose(f);
	return true;
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
	for (; *logs != NULL; logs++)
		read_log(r, *logs, true);
	bool found = nat_log_answer(r, &a) || (!nat_log_has_epoch(r) &&
	    nat_who_computed(&a, &q, cf, server));
	return answer(found, &a);
}

/* The domain file that the gateway runs. */
static void
load(struct conf *cf, const char *rundir)
{
	char path[PATH_MAX];
	struct diags ds;

	snprintf(path, sizeof(path), "%s/domain.ini", rundir);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		die(errno == ENOENT ? EXIT_NO : EXIT_RETRY, "cannot open %s",
		    path);
	diag_init(&ds);
	conf_load(cf, &ds, f);
	diag_free(&ds);
	fclose(f);
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

static bool
ask_logs(struct nat_answer *a, struct nat_question *q, const char *rundir)
{
	struct nat_log_reader *r = open_reader(q);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/log.1", rundir);
	read_log(r, path, false);
	snprintf(path, sizeof(path), "%s/log", rundir);
	read_log(r, path, false);
	return nat_log_answer(r, a);
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
	load(&cf, rundir);
	bool found = time == NULL ? ask_state(&a, &q, &cf, rundir) :
	    ask_logs(&a, &q, rundir);
	found = answer(found || published(&a, &q, &cf), &a) == 0;
	conf_free(&cf);
	return found ? 0 : EXIT_NO;
}
