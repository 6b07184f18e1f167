/* SPDX-License-Identifier: ISC */
#include "tunnel/keys_process.h"

#include "base/die.h"
#include "proc/child.h"
#include "proc/keyfile.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BEHIND = 8 };	/* the data process: nice(2) */

/* Each worker is one that needs the process (child_kept). */
static_assert((int)CONF_WORKERS_MAX <= (int)CHILD_FDS_MAX, "child_keep");

/* Descriptors, after everything else that we inherited is closed. */
enum { FD_UAPI = 3, FD_HANDSHAKES, FD_JUNK, FD_CHANNEL /* one each worker */,
	FD_DATA /* standalone, where there is one */ };

static void *
need(void *p)
{
	if (p == NULL)
		die(EXIT_RETRY, "cannot allocate buffers");
	return p;
}

/* ---- keys ---- */

/* They have been looked at before (start_keys); since then, perhaps, somebody
 * has changed them. */
static void
read_key(struct key *k, const char *path, const char *make)
{
	char why[TRUST_WHYLEN];

	enum keyfile what = keyfile_read(k, path);
	if (what != KEYFILE_GOOD)
		diex(EXIT_FIX, "%s", keyfile_why(what, path, make, why));
}

/* A preshared key is there or not: without its file there is none. */
static void
read_psk(struct key *k, const struct tunnel_setup *how, const char *peer)
{
	char path[1024];
	struct stat st;

	memset(k, 0, sizeof(*k));
	snprintf(path, sizeof(path), "%s/%s.psk", how->keydir, peer);
	if (stat(path, &st) == 0 || errno != ENOENT)
		read_key(k, path, "genpsk");
}

static void
check_own_key(const struct device *d, const struct tunnel_setup *how)
{
	const struct conf_location *l = &how->cf->location[how->self];
	const struct key *is = device_public_key(d);
	char has[KEY_STRLEN], wants[KEY_STRLEN];

	if (l->said[KEY_PUBLIC_KEY] == 0)
		diex(EXIT_FIX, "[location %s] has no public-key", l->name);
	if (!key_eq(is, &l->public_key))
		diex(EXIT_FIX, "%s/%s.key is not the key of [location %s]: it "
		    "makes public-key %s, the domain file has %s", how->keydir,
		    l->name, l->name, key_format(is, has),
		    key_format(&l->public_key, wants));
}

static void
read_private_key(struct device *d, const struct tunnel_setup *how)
{
	char path[1024];
	struct key k;

	snprintf(path, sizeof(path), "%s/%s.key", how->keydir,
	    how->cf->location[how->self].name);
	read_key(&k, path, "genkey");
	device_set_private_key(d, &k, 0);
	key_wipe(&k);
	check_own_key(d, how);
}

static void
add_peer(struct key_process *k, const struct keys_setup *s, uint16_t i)
{
	const struct conf_location *l = &s->how->cf->location[i];
	const struct policy *policy = s->policy;
	struct counters_peer *c = &k->stat->peer[i];
	struct key psk;

	if (l->said[KEY_PUBLIC_KEY] == 0)
		diex(EXIT_FIX, "[location %s] has no public-key", l->name);
	read_psk(&psk, s->how, l->name);
	if (!device_add(k->device, i, &l->public_key, &psk, NULL, 0, 0) ||
	    device_mute(k->device, i))
		diex(EXIT_FIX, "public-key of [location %s] is of low order, "
		    "or is another location's", l->name);
	key_wipe(&psk);
	device_divide(k->device, i, policy->site[i].worker, policy->workers);
	snprintf(c->name, sizeof(c->name), "%s", l->name);
	const struct counters_peer *was = counters_find(s->before, l->name);
	if (was != NULL && was->handshake_sec != 0 &&
	    endpoint_is_host(&was->endpoint))
		device_seen(k->device, i, &was->endpoint, clock_now());
}

/* ---- opening ---- */

static void
open_device(struct key_process *k, const struct keys_setup *s)
{
	uint8_t random[DEVICE_RANDOM];

	randombytes_buf(random, sizeof(random));
	k->device = device_new(DEVICE_KEYS, k->npeers, random);
	if (k->device == NULL)
		die(EXIT_RETRY, "cannot make a table of %u peers", k->npeers);
	if (s->policy == NULL)
		return;
	read_private_key(k->device, s->how);
	for (uint16_t i = 0; i < k->npeers; i++)
		if (policy_has_tunnel(&s->policy->site[i]))
			add_peer(k, s, i);
}

static struct key_process *
open_key_process(const struct keys_setup *s)
{
	struct key_process *k = need(calloc(1, sizeof(*k)));

	k->workers = s->workers;
	for (unsigned i = 0; i < k->workers; i++)
		k->channel[i] = FD_CHANNEL + (int)i;
	k->junk = FD_JUNK;
	k->data = s->policy == NULL ? FD_DATA : -1;
	k->uapi = s->uapi < 0 ? -1 : FD_UAPI;
	k->life = -1;
	k->npeers = s->npeers;
	k->stat = counters_create(s->how->rundir, "bh-tunnel-keys", k->npeers);
	if (k->stat == NULL)
		die(EXIT_RETRY, "cannot make counters in %s", s->how->rundir);
	open_device(k, s);
	if (udp_open(&k->udp, FD_HANDSHAKES) < 0)
		die(EXIT_RETRY, "cannot allocate buffers");
	if (s->policy != NULL) {
		k->stamps = stampfile_open(s->how->rundir, k->device,
		    k->npeers);
		if (k->stamps == NULL)
			die(EXIT_RETRY, "cannot write %s/bh-tunnel.stamps",
			    s->how->rundir);
	}
	k->config.port = udp_port(FD_HANDSHAKES);
	k->config.may_set = s->policy == NULL;
	if (k->config.may_set) {
		k->config.room = CHANNEL_ITEMS(k->npeers);
		k->config.item = need(calloc(k->config.room,
		    sizeof(*k->config.item)));
	}
	return k;
}

/* ---- processes ---- */

struct opening {
	const struct keys_setup *how;
	struct key_process *k;
};

static void
open_process(void *arg)
{
	struct opening *o = arg;

	/* a flood of handshakes: packets of sessions come first */
	if (nice(BEHIND) < 0)
		errno = 0;
	o->k = open_key_process(o->how);
}

/* In a gateway this process starts the one that works, again and again.  A
 * child that exits by itself has found the data process dead, or mad, and what
 * that has said is what the next child would hear. */
static bool
keep(struct key_process *k)
{
	const struct child_kept kept = { .does = "makes handshakes",
		.delay_min_ms = 10, .delay_max_ms = 1000,
		.fd = k->channel, .nfds = k->workers };
	struct child_life life = child_keep(&kept);

	k->life = life.fd;
	sandbox_narrow(SANDBOX_KEYS);
	return life.again;
}

static void
run_process(void *arg)
{
	struct opening *o = arg;
	struct key_process *k = o->k;

	if (o->how->policy != NULL && keep(k)) {
		stampfile_recall(k->stamps, k->device, k->npeers);
		keys_excuse(k);
	} else {
		k->word.event = (struct channel_event){ .kind = CHANNEL_READY };
		channel_send(k->channel[0], &k->word, true);
	}
	keys_run(k);
}

/* Starts it with its ends of the channels. */
static pid_t
start(const struct keys_setup *s, const int channel[])
{
	int keep[FD_CHANNEL - FD_UAPI + CONF_WORKERS_MAX + 1] = { s->uapi,
		s->port[UDP_HANDSHAKES], s->port[UDP_JUNK] };
	int n = FD_CHANNEL - FD_UAPI;
	struct opening o = { .how = s };

	for (unsigned i = 0; i < s->workers; i++)
		keep[n++] = channel[i];
	if (s->policy == NULL)
		keep[n++] = s->port[UDP_DATA];
	const struct child c = { .name = "bh-tunnel-keys", .user = "_bh-keys",
		.sandbox = s->policy != NULL ? SANDBOX_SPARE :
		    SANDBOX_ALONE_KEYS, .fd = keep, .nfds = n,
		.open = open_process, .run = run_process, .arg = &o };
	return child_start(&c);
}

void
keys_start(const struct keys_setup *s, int channel[], pid_t *pid)
{
	int theirs[CONF_WORKERS_MAX], pair[2];

	for (unsigned i = 0; i < s->workers; i++) {
		if (!channel_open(pair, s->npeers))
			die(EXIT_RETRY, "cannot make a pair of sockets");
		channel[i] = pair[0];
		theirs[i] = pair[1];
	}
	*pid = start(s, theirs);
	if (*pid < 0)
		die(EXIT_RETRY, "cannot start a process");
	for (unsigned i = 0; i < s->workers; i++)
		close(theirs[i]);
}

void
keys_await(int channel, pid_t pid)
{
	struct channel_event e;
	int status;

	if (recv(channel, &e, sizeof(e), 0) == sizeof(e) &&
	    e.kind == CHANNEL_READY)
		return;
	/* it has said why */
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) != 0)
		exit(WEXITSTATUS(status));
	diex(EXIT_RETRY, "the process that makes handshakes has died");
}
