/* SPDX-License-Identifier: ISC */
/* bh-ctl: what the programs of a gateway have counted.  See bh-ctl(1). */

#include "base/die.h"
#include "base/json.h"
#include "capture/nat_ask.h"
#include "proc/layers.h"
#include "proc/counters.h"
#include "start/start.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHERE "[-D RUNDIR | -l LOCATION] "
#define SYNOPSIS \
	"[-aj] " WHERE "counters [PROGRAM ...]\n" \
	"[-j] " WHERE "peers | servers | sandbox\n" \
	WHERE "egress who ADDRESS:PORT PROTO [at TIME]"

struct ctl {
	const char *rundir;
	bool all, json;
};

static const char *const programs[] = { "bh-tunnel", "bh-classify",
	"bh-egress" };

/* The beginning of a line.  JSON or not, the name is another program's. */
static void
put_name(const struct ctl *ctl, const char *what, const char *name)
{
	if (!ctl->json) {
		fputs(name, stdout);
		return;
	}
	printf("{\"%s\":", what);
	json_string(stdout, name);
}

static void
print_verdicts(const struct ctl *ctl, const struct counters *c)
{
	for (unsigned v = 0; v < V_COUNT; v++) {
		if (c->count[v] == 0 && !ctl->all)
			continue;
		put_name(ctl, "program", c->program);
		printf(ctl->json ? ",\"verdict\":\"%s\",\"packets\":%" PRIu64
		    ",\"bytes\":%" PRIu64 "}\n" :
		    "\t%s\t%" PRIu64 "\t%" PRIu64 "\n", verdict_name(v),
		    c->count[v], c->bytes[v]);
	}
}

/* What else occurred, that is no packet's. */
static void
print_events(const struct ctl *ctl, const struct counters *c)
{
	const struct {
		const char *name;
		uint64_t n;
	} events[] = {
		{ "log-dropped", c->log_dropped },
		{ "cut", c->cut },
		{ "helpers-lost", c->helpers_lost },
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i].n > 0)
			printf(ctl->json ? "{\"program\":\"%s\","
			    "\"event\":\"%s\",\"count\":%" PRIu64 "}\n" :
			    "%s\t%s\t%" PRIu64 "\t-\n", c->program,
			    events[i].name, events[i].n);
}

static void
print_peer(const struct ctl *ctl, const struct counters_peer *p)
{
	char e[ENDPOINT_STRLEN] = "-", mtu[12];

	snprintf(mtu, sizeof(mtu), p->mtu != 0 ? "%" PRIu32 :
	    ctl->json ? "null" : "-", p->mtu);
	if (p->endpoint.port != 0)
		endpoint_format(&p->endpoint, e);
	put_name(ctl, "peer", p->name);
	printf(ctl->json ? ",\"endpoint\":\"%s\",\"latest_handshake\":%" PRIu64
	    ",\"rx_bytes\":%" PRIu64 ",\"tx_bytes\":%" PRIu64 ",\"mtu\":%s}\n" :
	    "\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%s\n", e,
	    p->handshake_sec, p->rx_bytes, p->tx_bytes, mtu);
}

static void
print_server(const struct ctl *ctl, const struct counters_peer *p)
{
	put_name(ctl, "server", p->name);
	if (ctl->json) {
		printf(",\"state\":");
		json_string(stdout, p->state);
		printf(",\"since\":%" PRIu64 "}\n", p->handshake_sec);
	} else {
		printf("\t%s\t%" PRIu64 "\n", p->state, p->handshake_sec);
	}
}

/* For free(3); NULL and errno. */
static struct counters *
open_counters(const struct ctl *ctl, const char *program)
{
	struct counters *c = counters_all(ctl->rundir, program);

	if (c == NULL && errno == EPROTO)
		diex(EXIT_FIX, "%s/%s.stat: written by another version; "
		    "run 'backhaul restart'", ctl->rundir, program);
	return c;
}

/* The named programs, or those that are there. */
static int
do_counters(const struct ctl *ctl, char *const *names)
{
	bool any = false, named = *names != NULL;
	size_t n = sizeof(programs) / sizeof(programs[0]);

	for (size_t i = 0; named ? names[i] != NULL : i < n; i++) {
		const char *name = named ? names[i] : programs[i];
		struct counters *c = open_counters(ctl, name);
		if (c == NULL && (named || errno != ENOENT))
			die(EXIT_RETRY, "cannot open %s/%s.stat", ctl->rundir,
			    name);
		if (c == NULL)
			continue;
		print_verdicts(ctl, c);
		print_events(ctl, c);
		free(c);
		any = true;
	}
	if (!any)
		diex(EXIT_NO, "no counters in %s: is the gateway up?",
		    ctl->rundir);
	return 0;
}

/* Of each peer in a program's counters. */
static int
do_each(const struct ctl *ctl, const char *program, char *const *names,
    void (*print)(const struct ctl *ctl, const struct counters_peer *p))
{
	struct counters *c = open_counters(ctl, program);

	if (*names != NULL)
		diex(EXIT_FIX, "there is something after the command");
	if (c == NULL)
		die(errno == ENOENT ? EXIT_NO : EXIT_RETRY,
		    "cannot open %s/%s.stat", ctl->rundir, program);
	for (size_t i = 0; i < c->npeers; i++)
		if (c->peer[i].name[0] != '\0')
			print(ctl, &c->peer[i]);
	free(c);
	return 0;
}

static int
do_peers(const struct ctl *ctl, char *const *names)
{
	return do_each(ctl, "bh-tunnel", names, print_peer);
}

static int
do_servers(const struct ctl *ctl, char *const *names)
{
	return do_each(ctl, "bh-classify", names, print_server);
}

static int
do_egress(const struct ctl *ctl, char *const *names)
{
	if (*names == NULL || strcmp(*names, "who") != 0)
		diex(EXIT_FIX, "egress: the question is 'who'");
	return nat_ask_gateway(ctl->rundir, names + 1);
}

static int
do_sandbox(const struct ctl *ctl, char *const *names)
{
	if (*names != NULL)
		diex(EXIT_FIX, "there is something after the command");
	return layers_print(ctl->rundir, ctl->json);
}

static const struct {
	const char *name;
	int (*run)(const struct ctl *ctl, char *const *args);
} commands[] = {
	{ "counters", do_counters },
	{ "peers", do_peers },
	{ "servers", do_servers },
	{ "sandbox", do_sandbox },
	{ "egress", do_egress },
};

static void
parse(struct ctl *ctl, int argc, char *argv[])
{
	struct start s;
	int opt;

	start_init(&s, argv[0]);
	while ((opt = getopt(argc, argv, "ajD:l:hV")) != -1)
		switch (opt) {
		case 'a':
			ctl->all = true;
			break;
		case 'j':
			ctl->json = true;
			break;
		default:
			if (!start_option(&s, opt, optarg, SYNOPSIS, NULL))
				start_usage(SYNOPSIS);
		}
	start_place(&s);
	start_trust(s.rundir);
	ctl->rundir = s.rundir;
}

int
main(int argc, char *argv[])
{
	struct ctl ctl = { 0 };

	parse(&ctl, argc, argv);
	if (optind == argc)
		start_usage(SYNOPSIS);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[optind], commands[i].name) == 0) {
			int code = commands[i].run(&ctl, argv + optind + 1);
			die_unwritten();
			return code;
		}
	diex(EXIT_FIX, "no command '%s'; there are counters, peers, servers, "
	    "sandbox and egress",
	    argv[optind]);
}
