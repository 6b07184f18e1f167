/* SPDX-License-Identifier: ISC */
/* bh-tunnel: links to WireGuard over UDP and back.  See bh-tunnel(8). */

#include "base/ready.h"
#include "base/sandbox.h"
#include "engine/start.h"
#include "engine/tunnel.h"
#include "wg/aead.h"

#include <stdio.h>
#include <unistd.h>

#define SYNOPSIS \
	"[-a ENGINE] [-D RUNDIR] [-f FILE] [-k KEYDIR] [-l LOCATION] [-R FD]"
#define KEYDIR "/etc/backhaul/keys"

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
	while ((opt = getopt(argc, argv, START_OPTIONS "a:k:")) != -1) {
		if (opt == 'a')
			how->aead = optarg;
		else if (opt == 'k')
			how->keydir = optarg;
		else if (!start_option(s, opt, optarg, SYNOPSIS,
		    opt == 'V' ? engines(version, sizeof(version)) : NULL))
			start_usage(SYNOPSIS);
	}
	if (optind != argc)
		start_usage(SYNOPSIS);
}

int
main(int argc, char *argv[])
{
	struct tunnel_setup how = { .keydir = KEYDIR };
	struct start s;
	struct conf cf;
	char rundir[128];

	parse(&s, &how, argc, argv);
	start_conf(&cf, &s);
	how.cf = &cf;
	how.self = start_location(&cf, &s);
	how.rundir = start_rundir(&s, &cf, how.self, rundir);
	struct tunnel *t = tunnel_open(&how);
	sandbox_enter(SANDBOX_TUNNEL, NULL);
	ready_tell(s.ready_fd, s.notifier);
	return tunnel_run(t);
}
