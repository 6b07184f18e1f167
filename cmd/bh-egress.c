/* SPDX-License-Identifier: ISC */
/* bh-egress: the link, the guard, the Internet's TUN device.  bh-egress(8). */

#include "base/die.h"
#include "base/worker.h"
#include "capture/nat_ask.h"
#include "capture/offline.h"
#include "gate/egress.h"
#include "gate/gate.h"
#include "gate/nat_journal.h"
#include "proc/counters.h"
#include "proc/ready.h"
#include "proc/sandbox.h"
#include "start/start.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SYNOPSIS "[-f FILE] [-l LOCATION] [-D RUNDIR] [-n WORKER] " \
	"[-R FD]\n" \
	"[-f FILE] [-l LOCATION] [-N FILE] [-S SEED] " \
	OFFLINE_SYNOPSIS("out|in") "\n" \
	"[-f FILE] [-l LOCATION] -q 'ADDRESS:PORT PROTO [at TIME]' " \
	"[-t TIME] [LOG ...]"

struct options {
	struct start start;
	struct offline offline;
	const char *state, *seed;	/* -N, -S */
	const char *question, *time;	/* -q, -t */
	const char *worker;		/* -n */
	char *const *logs;
};

static const struct gate_kind kind = {
	.link = "egress", .role = LINK_EGRESS,
	.to_link = POLICY_RETURN, .to_tun = POLICY_EGRESS,
};
static const struct offline_points points = { { POLICY_EGRESS, POLICY_RETURN,
	POLICY_POINTS } };

static bool
own_option(struct options *o, int opt, const char *arg)
{
	if (opt == 'n')
		o->worker = arg;
	else if (opt == 'N')
		o->state = arg;
	else if (opt == 'S')
		o->seed = arg;
	else if (opt == 'q')
		o->question = arg;
	else if (opt == 't')
		o->time = arg;
	else
		return false;
	return true;
}

static void
parse(struct options *o, int argc, char *argv[])
{
	int opt;

	start_init(&o->start, argv[0]);
	while ((opt = getopt(argc, argv, "n:N:S:q:t:" START_OPTIONS
	    OFFLINE_OPTIONS)) != -1)
		if (!own_option(o, opt, optarg) &&
		    !offline_option(&o->offline, opt, optarg) &&
		    !start_option(&o->start, opt, optarg, SYNOPSIS, NULL))
			start_usage(SYNOPSIS);
	o->logs = argv + optind;
	if (optind != argc && o->question == NULL)
		start_usage(SYNOPSIS);
	if (o->time != NULL && o->question == NULL)
		diex(EXIT_FIX, "-t needs -q");
	if (!offline_asked(&o->offline) &&
	    (o->state != NULL || o->seed != NULL))
		diex(EXIT_FIX, "-N and -S need -r");
	if (o->worker != NULL && (offline_asked(&o->offline) ||
	    o->question != NULL))
		diex(EXIT_FIX, "-n goes with none of -e, -q and -r");
}

/* There is one behind each worker of bh-tunnel, with the name and the device
 * of its number; or one for all.  The device. */
static const char *
become_worker(struct policy *pol, const struct options *o,
    const struct conf_location *l, const char *rundir,
    char device[static IFNAMSIZ])
{
	static char name[WORKER_NAMELEN];
	unsigned n = conf_egresses(l), worker = o->worker == NULL ? 0 :
	    start_number(o->worker, "-n", 0, n - 1);

	if (n > 1)
		start_worker(pol, worker);
	if (worker == 0) {
		counters_prune(rundir, die_myname(), n);
	} else {
		die_name(worker_name(name, die_myname(), worker));
		prctl(PR_SET_NAME, name, 0, 0, 0);	/* for ps(1) */
	}
	return conf_egress_device(l, worker, device);
}

/* Where the state of the translator is while it runs. */
static const char *
state_path(const char *rundir, char buf[static 512])
{
	snprintf(buf, 512, "%s/bh-egress.nat", rundir);
	return buf;
}

int
main(int argc, char *argv[])
{
	static struct gate g;
	static struct conf cf;
	static struct policy pol;
	struct options o = { .seed = NULL };
	char dir[128], path[512], device[IFNAMSIZ];
	int journal = -1;

	parse(&o, argc, argv);
	bool offline = offline_asked(&o.offline);
	start_conf(&cf, &o.start);
	size_t self = start_location(&cf, &o.start);
	if (o.question != NULL)
		return nat_ask_logs(&cf, self, o.question, o.time, o.logs);
	start_policy(&pol, &cf, self);
	if (offline) {
		o.offline.nat = egress_nat(&cf, self, &pol, o.state,
		    o.seed != NULL ? o.seed : "", &journal);
		return offline_run(&o.offline, &points, &cf, &pol);
	}
	if (pol.role != ROLE_SERVER)
		diex(EXIT_FIX, "%s is no backhaul server",
		    cf.location[self].name);

	start_sandbox(&cf);
	const char *rundir = start_rundir(&o.start, &cf, self, dir);
	const char *ifname = become_worker(&pol, &o, &cf.location[self],
	    rundir, device);
	/* before there is anything that another process should not have */
	if (egress_translates(&pol))
		journal = nat_journal_open(rundir);
	gate_open(&g, &kind, &pol, ifname, rundir, &cf);
	g.journal = journal;
	g.judge.nat = egress_nat(&cf, self, &pol, state_path(rundir, path),
	    NULL, &g.journal);
	sandbox_enter(SANDBOX_GATE, "_bh-egress");
	ready_tell(o.start.ready_fd, o.start.notifier);
	return gate_run(&g);
}
