/* SPDX-License-Identifier: ISC */
/* bh-tunnel: links to WireGuard over UDP and back.  See bh-tunnel(8). */

#include "proc/ready.h"
#include "proc/sandbox.h"
#include "start/start.h"
#include "tunnel/tunnel.h"
#include "wg/aead.h"
#include "wg/device.h"

#include <stdio.h>
#include <unistd.h>

#define SYNOPSIS \
	"[-a ENGINE] [-D RUNDIR] [-f FILE] [-k KEYDIR] [-l LOCATION] [-R FD]" \
	"\n-i NAME [-a ENGINE] [-D RUNDIR] [-n PEERS] [-R FD]"
enum { PEERS = 1024 };

/* "(engines: ipsec-mb sodium)" */
static const char *
engines(char *buf, size_t size)
{
	const char *name;
	size_t n = (size_t)snprintf(buf, size, "(engines:");

	for (unsigned i = 0; n < size &&
	    (name = aead_available(i)) != NULL; i++)
		n += (size_t)snprintf(buf + n, size - n, " %s", name);
	if (n < size)
		snprintf(buf + n, size - n, ")");
	return buf;
}

static void
parse(struct start *s, struct tunnel_setup *how, int argc, char *argv[])
{
	char version[128];
	int opt;

	start_init(s, argv[0]);
	while ((opt = getopt(argc, argv, START_OPTIONS "a:i:k:n:")) != -1) {
		if (opt == 'a')
			how->aead = optarg;
		else if (opt == 'k')
			how->keydir = optarg;
		else if (opt == 'i')
			how->ifname = optarg;
		else if (opt == 'n')
			how->peers = start_number(optarg, "-n", 1,
			    DEVICE_PEERS_MAX);
		else if (!start_option(s, opt, optarg, SYNOPSIS,
		    opt == 'V' ? engines(version, sizeof(version)) : NULL))
			start_usage(SYNOPSIS);
	}
	if (optind != argc)
		start_usage(SYNOPSIS);
}

static struct tunnel *
open_gateway(struct tunnel_setup *how, const struct start *s)
{
	static struct conf cf;
	char rundir[128];

	start_conf(&cf, s);
	how->cf = &cf;
	how->self = start_location(&cf, s);
	start_sandbox(&cf);
	how->rundir = start_rundir(s, &cf, how->self, rundir);
	return tunnel_open(how);
}

int
main(int argc, char *argv[])
{
	struct tunnel_setup how = { .keydir = START_KEYDIR, .peers = PEERS };
	struct start s;

	parse(&s, &how, argc, argv);
	bool alone = how.ifname != NULL;
	how.rundir = s.rundir;
	if (alone && s.rundir != NULL)
		start_trust(s.rundir);
	/* static: what it has is in reach, and no leak, until we are gone */
	static struct tunnel *t;
	t = alone ? tunnel_alone(&how) : open_gateway(&how, &s);
	sandbox_enter(alone ? SANDBOX_ALONE : SANDBOX_TUNNEL, "_bh-tunnel");
	if (tunnel_first(t))
		ready_tell(s.ready_fd, s.notifier);
	else
		ready_leave(s.ready_fd, s.notifier);
	return tunnel_run(t);
}
