/* SPDX-License-Identifier: ISC */
#include "tunnel/keys_process.h"

#include "base/die.h"
#include "proc/descriptors.h"
#include "proc/keyfile.h"
#include "proc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	DELAY_MIN_MS = 10, DELAY_MAX_MS = 1000,	/* until it is started again */
	LONG_LIFE = 10,				/* seconds */
	BEHIND = 8,				/* the data process, nice(2) */
};

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
	k->uapi.fd = s->uapi < 0 ? -1 : FD_UAPI;
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

/* Any of the workers. */
static bool
data_process_is_gone(const struct key_process *k, int timeout_ms, int life)
{
	struct pollfd fd[CONF_WORKERS_MAX + 1] = { { .fd = life } };
	bool gone = false;

	for (unsigned i = 0; i < k->workers; i++)
		fd[1 + i].fd = k->channel[i];
	while (poll(fd, 1 + k->workers, timeout_ms) < 0 && errno == EINTR)
		continue;
	for (unsigned i = 0; i < k->workers; i++)
		gone |= fd[1 + i].revents != 0;
	return gone;
}

/* Whoever works has its end of a pipe; nobody writes to it. */
static bool
work_begins(struct key_process *k, pid_t *pid, int *life)
{
	int pipe[2];

	if (pipe2(pipe, O_CLOEXEC) < 0 || (*pid = fork()) < 0)
		die(EXIT_RETRY, "cannot start a process");
	if (*pid == 0) {
		close(pipe[0]);
		k->life = pipe[1];
		sandbox_narrow(SANDBOX_KEYS);
		return true;
	}
	close(pipe[1]);
	*life = pipe[0];
	return false;
}

/* Returns in a process that has everything as it was at the start, again and
 * again; true if it is not the first. */
static bool
be_reborn(struct key_process *k)
{
	int delay = DELAY_MIN_MS, status = 0, life = -1;
	pid_t pid;

	for (bool again = false;; again = true) {
		nsec since = clock_now();
		if (work_begins(k, &pid, &life))
			return again;
		if (data_process_is_gone(k, -1, life))
			keys_end();
		close(life);
		waitpid(pid, &status, 0);
		/* of its own accord: the data process is gone, or mad, and what
		 * it has said is what the next one would hear */
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			keys_end();
		warnx("the process that makes handshakes has died (%s %d): "
		    "started again", WIFSIGNALED(status) ? "signal" : "exit",
		    WIFSIGNALED(status) ? WTERMSIG(status) :
		    WEXITSTATUS(status));
		if (clock_now() - since > LONG_LIFE * NSEC_SEC)
			delay = DELAY_MIN_MS;
		if (data_process_is_gone(k, delay, -1))
			keys_end();
		delay = delay * 2 > DELAY_MAX_MS ? DELAY_MAX_MS : delay * 2;
	}
}

static void
settle(const struct keys_setup *s, const int channel[])
{
	static const int quiet[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1,
		SIGPIPE };
	int keep[FD_CHANNEL - FD_UAPI + CONF_WORKERS_MAX + 1] = { s->uapi,
		s->port[UDP_HANDSHAKES], s->port[UDP_JUNK] };
	int n = FD_CHANNEL - FD_UAPI + (int)s->workers;

	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		signal(quiet[i], SIG_IGN);
	memcpy(keep + FD_CHANNEL - FD_UAPI, channel,
	    s->workers * sizeof(*channel));
	if (s->policy == NULL)
		keep[n++] = s->port[UDP_DATA];
	descriptors_keep(keep, n);
}

static _Noreturn void
be_key_process(const struct keys_setup *s, const int channel[])
{
	settle(s, channel);
	prctl(PR_SET_NAME, "bh-tunnel-keys", 0, 0, 0);	/* for ps(1) */
	/* a flood of handshakes: packets of sessions come first */
	if (nice(BEHIND) < 0)
		errno = 0;
	struct key_process *k = open_key_process(s);
	bool gateway = s->policy != NULL;
	sandbox_enter(gateway ? SANDBOX_SPARE : SANDBOX_ALONE_KEYS, "_bh-keys");
	if (gateway && be_reborn(k)) {
		stampfile_recall(k->stamps, k->device, k->npeers);
		keys_excuse(k);
	} else {
		k->word.event = (struct channel_event){ .kind = CHANNEL_READY };
		channel_send(k->channel[0], &k->word, true);
	}
	keys_run(k);
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
	fflush(NULL);
	*pid = fork();
	if (*pid < 0)
		die(EXIT_RETRY, "cannot start a process");
	if (*pid == 0)
		be_key_process(s, theirs);
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
