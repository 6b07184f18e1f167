/* SPDX-License-Identifier: ISC */
#include "gate/gate.h"

#include "base/die.h"
#include "base/worker.h"
#include "io/tun.h"
#include "proc/ready.h"

#include <errno.h>

static int
open_tun(const char *name, bool *uso)
{
	int fd = tun_open(name, uso);

	if (fd < 0 && errno == ENOENT)
		die(EXIT_RETRY, "cannot open /dev/net/tun");
	if (fd < 0)
		die(EXIT_RETRY, "cannot use TUN device %s", name);
	return fd;
}

void
gate_open(struct gate *g, const struct gate_kind *kind,
    const struct policy *pol, const char *ifname, const char *rundir,
    const struct conf *cf)
{
	char name[WORKER_NAMELEN];
	bool uso, uso_out;

	*g = (struct gate){ .kind = kind, .pol = pol, .cf = cf,
		.ifname = ifname, .out = -1 };
	judge_open(&g->judge, pol);
	icmp_reply_open(&g->reply, &cf->location[pol->self], pol,
	    kind->to_link == POLICY_OUT);
	g->signals = ready_signals();
	if (g->signals < 0 || waiter_open(&g->waiter,
	    ((1u << CONF_WORKERS_MAX) - 1) << GATE_BELL) < 0)
		die(EXIT_RETRY, "cannot take signals");
	g->st = counters_create(rundir, die_myname(),
	    kind->role == LINK_CLASSIFY ? cf->location[pol->self].servers.n :
	    0);
	if (g->st == NULL)
		die(EXIT_RETRY, "cannot write %s/%s.stat", rundir,
		    die_myname());
	g->waiter.beat = &g->st->beat;
	g->tun = open_tun(ifname, &uso);
	if (kind->to_link == POLICY_OUT && pol->breakouts != NULL) {
		g->outname = cf->location[pol->self].egress_interface;
		g->out = open_tun(g->outname, &uso_out);
	}
	g->tun_out.fd = g->tun;
	g->out_out.fd = g->out;
	g->nlinks = pol->workers;
	for (unsigned i = 0; i < g->nlinks; i++)
		start_link(&g->link[i], rundir, worker_name(name, kind->link,
		    pol->worker + i), kind->role,
		    uso ? LINK_F_USO : 0, cf);
}
