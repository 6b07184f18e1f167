/* SPDX-License-Identifier: ISC */
/* bh-classify: the LAN's TUN device, the policy, the link.  bh-classify(8). */

#include "base/die.h"
#include "capture/offline.h"
#include "capture/watch.h"
#include "gate/gate.h"
#include "proc/ready.h"
#include "proc/sandbox.h"
#include "start/start.h"

#include <unistd.h>

#define SYNOPSIS "[-f FILE] [-l LOCATION] [-D RUNDIR] [-R FD]\n" \
	"[-f FILE] [-l LOCATION] " OFFLINE_SYNOPSIS("out|in|back") "\n" \
	"[-f FILE] [-l LOCATION] -i IFACE [-s SECONDS] [-j]"

static const struct gate_kind kind = {
	.link = "classify", .role = LINK_CLASSIFY,
	.to_link = POLICY_OUT, .to_tun = POLICY_IN,
};
static const struct offline_points points = { { POLICY_OUT, POLICY_IN,
	POLICY_BACK } };

enum { SECONDS_MAX = 366 * 86400 };

/* -i IFACE [-s SECONDS] [-j] */
static void
parse_watch(struct watch *w, const struct offline *o, int argc, char *argv[])
{
	if (w->ifname == NULL)
		return;
	if (o->explain != NULL || o->read != NULL || o->write != NULL ||
	    o->select || o->peer != NULL || o->directed)
		diex(EXIT_FIX, "-i goes with -s SECONDS and -j only");
	w->json = o->json;
	if (o->summary && optind < argc)
		w->seconds = start_number(argv[optind++], "-s", 1,
		    SECONDS_MAX);
}

static void
parse(struct start *s, struct offline *o, struct watch *w, int argc,
    char *argv[])
{
	int opt;

	start_init(s, argv[0]);
	while ((opt = getopt(argc, argv, START_OPTIONS OFFLINE_OPTIONS
	    "i:")) != -1)
		if (opt == 'i')
			w->ifname = optarg;
		else if (!offline_option(o, opt, optarg) &&
		    !start_option(s, opt, optarg, SYNOPSIS, NULL))
			start_usage(SYNOPSIS);
	parse_watch(w, o, argc, argv);
	if (optind != argc)
		start_usage(SYNOPSIS);
}

int
main(int argc, char *argv[])
{
	static struct gate g;
	static struct conf cf;
	static struct policy pol;
	static struct failover failover;
	struct start s;
	struct offline o = { .read = NULL };
	struct watch w = { .cf = &cf, .pol = &pol };
	char buf[128];

	parse(&s, &o, &w, argc, argv);
	bool offline = w.ifname == NULL && offline_asked(&o);
	start_conf(&cf, &s);
	size_t self = start_location(&cf, &s);
	start_policy(&pol, &cf, self);
	w.ready_fd = s.ready_fd;
	w.notifier = s.notifier;
	if (w.ifname != NULL)
		return watch_run(&w);
	if (offline)
		return offline_run(&o, &points, &cf, &pol);

	start_sandbox(&cf);
	const char *rundir = start_rundir(&s, &cf, self, buf);
	gate_open(&g, &kind, &pol, cf.location[self].interface, rundir,
	    &cf);
	failover_open(&failover, &cf, &pol, rundir, g.st);
	if (failover.due != 0)
		g.failover = &failover;
	sandbox_enter(SANDBOX_GATE, "_bh-classify");
	ready_tell(s.ready_fd, s.notifier);
	return gate_run(&g);
}
