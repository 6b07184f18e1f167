/* SPDX-License-Identifier: ISC */
/* bh-egress: the link, the guard, the Internet's TUN device.  bh-egress(8). */

#include "base/die.h"
#include "base/ready.h"
#include "base/sandbox.h"
#include "engine/gate.h"
#include "engine/offline.h"
#include "engine/start.h"

#include <unistd.h>

#define SYNOPSIS "[-f FILE] [-l LOCATION] [-D RUNDIR] [-R FD] | " \
	"[-f FILE] [-l LOCATION] " OFFLINE_SYNOPSIS

static const struct gate_kind kind = {
	.link = "egress", .role = LINK_EGRESS,
	.to_link = POLICY_RETURN, .to_tun = POLICY_EGRESS,
};
static const struct offline_points points = { POLICY_EGRESS,
	POLICY_RETURN };

static void
parse(struct start *s, struct offline *o, int argc, char *argv[])
{
	int opt;

	start_init(s, argv[0]);
	while ((opt = getopt(argc, argv, START_OPTIONS OFFLINE_OPTIONS)) != -1)
		if (!offline_option(o, opt, optarg) &&
		    !start_option(s, opt, optarg, SYNOPSIS, NULL))
			start_usage(SYNOPSIS);
	if (optind != argc)
		start_usage(SYNOPSIS);
}

int
main(int argc, char *argv[])
{
	static struct gate g;
	static struct conf cf;
	static struct policy pol;
	struct start s;
	struct offline o = { .read = NULL };
	char buf[128];

	parse(&s, &o, argc, argv);
	bool offline = offline_asked(&o);
	start_conf(&cf, &s);
	size_t self = start_location(&cf, &s);
	start_policy(&pol, &cf, self);
	if (offline)
		return offline_run(&o, &points, &cf, &pol);
	if (pol.role != ROLE_SERVER)
		diex(EXIT_FIX, "%s is no backhaul server",
		    cf.location[self].name);

	gate_open(&g, &kind, &pol, cf.location[self].egress_interface,
	    start_rundir(&s, &cf, self, buf), &cf);
	sandbox_enter(SANDBOX_GATE, NULL);
	ready_tell(s.ready_fd, s.notifier);
	return gate_run(&g);
}
