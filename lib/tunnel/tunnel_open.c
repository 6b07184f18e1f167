/* SPDX-License-Identifier: ISC */
#include "tunnel/tunnel_state.h"

#include "base/die.h"
#include "base/worker.h"
#include "io/source.h"
#include "io/tun.h"
#include "proc/ready.h"
#include "start/start.h"
#include "tunnel/keys_start.h"
#include "tunnel/uapi_process.h"

#include <errno.h>
#include <net/if.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	STAGE_SLOTS_MIN = 256,
	STAGE_BYTES = 2 * 1024 * 1024,
	MTU_DEFAULT = 1420,
	PORT_TRIES = 50,
	PORT_WAIT_US = 10000,
};

/* ---- memory ---- */

static void *
need(void *p)
{
	if (p == NULL)
		die(EXIT_RETRY, "cannot allocate buffers");
	return p;
}

/* Touched now, so that nothing is to be had for the first time later; of
 * memset(3) the compiler would make calloc(3), which touches nothing. */
static void *
buffer(size_t n)
{
	void *p = need(malloc(n));

	explicit_bzero(p, n);
	return p;
}

/* ---- peers ---- */

static void
add_peer(struct tunnel *t, const struct tunnel_setup *how, uint16_t i,
    nsec now)
{
	const struct conf_location *l = &how->cf->location[i];
	const struct conf_location *self = &how->cf->location[how->self];
	struct counters_peer *c = &t->stat->peer[i];

	/* a name's time comes, see tunnel/names.h; else the peer has to call */
	bool known = addr_parse(&c->endpoint.addr, l->endpoint_host);
	if (known)
		c->endpoint.port = l->endpoint_port;
	else if (l->endpoint_host[0] != '\0')
		t->names.port[i] = l->endpoint_port;
	device_add(t->device, i, NULL, NULL, &c->endpoint,
	    l->endpoint_host[0] != '\0' ? (uint16_t)self->keepalive : 0, now);
	device_set_homes(t->device, i, &c->endpoint, known ? 1 : 0, now);
	snprintf(c->name, sizeof(c->name), "%s", l->name);
}

static void
open_device(struct tunnel *t)
{
	t->device = device_new(DEVICE_DATA, t->npeers, NULL);
	if (t->device == NULL)
		die(EXIT_RETRY, "cannot make a table of %u peers", t->npeers);
}

/* It has run before, and was killed perhaps: where a peer was that had proved
 * to be there, it is asked for a new session at once. */
static void
recall_peer(struct tunnel *t, uint16_t i, const struct counters *before,
    nsec now)
{
	struct counters_peer *c = &t->stat->peer[i];
	const struct counters_peer *was = counters_find(before, c->name);

	if (was == NULL || was->handshake_sec == 0)
		return;
	c->handshake_sec = was->handshake_sec;
	if (!endpoint_is_host(&was->endpoint))
		return;
	device_set_endpoint(t->device, i, &was->endpoint, now);
	c->endpoint = was->endpoint;
	device_want(t->device, i, now);
}

static void
open_peers(struct tunnel *t, const struct tunnel_setup *how,
    const struct counters *before)
{
	nsec now = clock_now();

	t->names.port = buffer(t->npeers * sizeof(*t->names.port));
	for (uint16_t i = 0; i < t->npeers; i++) {
		if (!policy_has_tunnel(&t->policy.site[i]))
			continue;
		add_peer(t, how, i, now);
		recall_peer(t, i, before, now);
	}
}

/* ---- descriptors ---- */

static void
open_port(struct tunnel *t, enum sibling c, const char *rundir)
{
	struct sibling_link *p = &t->sibling[c];
	char path[512], name[WORKER_NAMELEN];

	snprintf(path, sizeof(path), "%s/%s.link", rundir,
	    worker_name(name, p->name, t->workers.self));
	p->listen_fd = link_listen(path);
	if (p->listen_fd < 0)
		die(EXIT_RETRY, "cannot listen on %s", path);
	if (link_init(&p->link) < 0)
		die(EXIT_RETRY, "cannot make memory for %s", path);
}

static void
open_ports(struct tunnel *t, const struct tunnel_setup *how)
{
	t->hello = (struct link_hello){ .magic = "BHLK",
		.version = LINK_VERSION, .role = LINK_TUNNEL,
		.generation = how->cf->generation };
	open_port(t, SIBLING_CLASSIFY, how->rundir);
	if (t->policy.role == ROLE_SERVER)
		open_port(t, SIBLING_EGRESS, how->rundir);
}

/* The sockets of a port: those of the key process, and one each worker. */
enum { SOCKETS = UDP_DATA + CONF_WORKERS_MAX };

/* A predecessor that was killed may still be about to let go of it. */
static void
open_sockets(int port[static SOCKETS], uint16_t number, unsigned workers)
{
	for (int tries = 0; udp_first(port, number, 0, workers) < 0; tries++) {
		if (errno != EADDRINUSE)
			die(EXIT_RETRY, "cannot listen on UDP port %u", number);
		if (tries == PORT_TRIES)
			diex(EXIT_RETRY, "cannot listen on UDP port %u: "
			    "another program has it", number);
		usleep(PORT_WAIT_US);
	}
	for (unsigned i = 0; i < workers; i++) {
		int fd = udp_join(udp_port(port[UDP_HANDSHAKES]), 0);
		if (fd < 0)
			die(EXIT_RETRY, "cannot listen on UDP port %u",
			    number);
		port[UDP_DATA + i] = fd;
	}
}

static void
open_counters(struct tunnel *t, const char *rundir)
{
	char name[WORKER_NAMELEN];

	counters_close(t->stat, t->npeers);	/* the first worker's */
	if (t->workers.self == 0)
		counters_prune(rundir, "bh-tunnel", t->policy.workers);
	t->stat = counters_create(rundir, worker_name(name, "bh-tunnel",
	    t->workers.self), t->npeers);
	if (t->stat == NULL)
		die(EXIT_RETRY, "cannot make counters in %s", rundir);
}

static void
open_memory(struct tunnel *t)
{
	uint32_t slots = (uint32_t)(STAGE_BYTES / t->out.box.cut);

	if (slots < STAGE_SLOTS_MIN)
		slots = STAGE_SLOTS_MIN;
	t->out.stage = need(stage_new(t->npeers, slots, t->out.box.cut));
	t->frame = buffer(FRAME_MAX);
	t->out.box.arena = buffer(OUT_ARENA);
	t->out.touched.peer = buffer(t->npeers * sizeof(*t->out.touched.peer));
	t->out.touched.is = buffer(t->npeers * sizeof(*t->out.touched.is));
	t->sources.peer = buffer(t->npeers * sizeof(*t->sources.peer));
}

static void
open_aead(struct tunnel *t, const char *name)
{
	t->aead = aead_open(name);
	if (t->aead == NULL && name != NULL)
		diex(EXIT_FIX, "no engine '%s' here; bh-tunnel -V prints those "
		    "that are", name);
	if (t->aead == NULL)
		die(EXIT_RETRY, "cannot open a cipher engine");
}

/* ---- both kinds ---- */

void
tunnel_join_parts(struct tunnel *t)
{
	t->out.at = t->out.box.at = &t->at;
	t->out.device = t->out.box.device = t->device;
	t->out.stat = t->out.box.stat = t->stat;
	t->out.box.udp = &t->udp;
	t->out.box.aead = t->aead;
	t->out.box.paths = &t->out.paths;
	t->keys.passes = t->alone.tun >= 0;
}

static struct tunnel *
start(void)
{
	struct tunnel *t = need(calloc(1, sizeof(*t)));

	if (sodium_init() < 0)
		diex(EXIT_RETRY, "cannot initialise libsodium");
	t->alone.tun = t->names.fd = t->keys.passed = -1;
	t->out.tos_keep = ECN_MASK;
	t->alone.uso = true;
	t->policy.workers = 1;
	t->sibling[SIBLING_CLASSIFY] = (struct sibling_link){ -1,
		LINK_CLASSIFY, "classify", { .fd = -1 } };
	t->sibling[SIBLING_EGRESS] = (struct sibling_link){ -1,
		LINK_EGRESS, "egress", { .fd = -1 } };
	return t;
}

/* The key process starts before there is anything in our memory that is of no
 * use there, and takes its sockets along. */
static void
start_key_process(struct tunnel *t, const struct tunnel_setup *how,
    uint16_t port, bool gateway, const struct counters *before)
{
	unsigned workers = gateway ? t->policy.workers : 1;
	int sockets[SOCKETS], channel[CONF_WORKERS_MAX];

	open_sockets(sockets, port, workers);
	int uapi = uapi_start(gateway ?
	    how->cf->location[how->self].interface : how->ifname, !gateway,
	    how->rundir);
	const struct keys_setup s = {
		.how = how, .policy = gateway ? &t->policy : NULL,
		.npeers = t->npeers, .workers = workers, .port = sockets,
		.uapi = uapi, .before = before,
	};
	keys_start(&s, channel, &t->keys.pid);
	if (uapi >= 0)
		close(uapi);
	close(sockets[UDP_HANDSHAKES]);
	close(sockets[UDP_JUNK]);
	tunnel_divide(t, workers, channel, sockets + UDP_DATA);
	if (udp_open(&t->udp, sockets[UDP_DATA + t->workers.self]) < 0)
		die(EXIT_RETRY, "cannot allocate buffers");
}

static struct tunnel *
finish(struct tunnel *t)
{
	open_memory(t);
	tunnel_join_parts(t);
	t->sources.fd = source_open();	/* -1: we do without */
	t->signals = ready_signals();
	if (t->signals < 0)
		die(EXIT_RETRY, "cannot make a signal descriptor");
	tunnel_wait_open(t);
	if (t->keys.pid != 0)
		keys_await(t->keys.fd, t->keys.pid);
	return t;
}

/* ---- a gateway ---- */

static void
note_prefixes(struct tunnel *t, const struct conf_prefixes *ps, uint16_t peer)
{
	for (size_t i = 0; i < ps->n; i++)
		allowed_add(t->alone.allowed, &ps->p[i], peer);
}

/* So that wg(8) shows who owns what; packets go by the domain's own table. */
static void
open_prefixes(struct tunnel *t, const struct conf *cf)
{
	static const struct prefix all[] = { { .len = 0 },
		{ { .b[10] = 0xff, .b[11] = 0xff }, PREFIX_V4 } };
	size_t n = 2;

	for (uint16_t i = 0; i < t->npeers; i++)
		n += cf->location[i].lan.n + cf->location[i].internal.n;
	t->alone.allowed = need(allowed_new(n, t->npeers));
	for (uint16_t i = 0; i < t->npeers; i++) {
		if (!policy_has_tunnel(&t->policy.site[i]))
			continue;
		note_prefixes(t, &cf->location[i].internal, i);
		note_prefixes(t, &cf->location[i].lan, i);
		for (size_t k = 0; k < 2 && t->policy.site[i].server; k++)
			allowed_add(t->alone.allowed, &all[k], i);
	}
	allowed_commit(t->alone.allowed);
}

/* RFC 2983: the outer DSCP is the inner one's, or its own. */
static void
set_tos(struct tunnel *t, const struct conf_location *l)
{
	t->out.tos_keep = l->dscp == CONF_DSCP_COPY ? UINT8_MAX : ECN_MASK;
	t->out.tos_set = l->dscp == CONF_DSCP_COPY ? 0 :
	    (uint8_t)(l->dscp << 2);
}

struct tunnel *
tunnel_open(const struct tunnel_setup *how)
{
	struct tunnel *t = start();
	const struct conf_location *l = &how->cf->location[how->self];

	if (how->cf->nlocations > DEVICE_PEERS_MAX)
		diex(EXIT_FIX, "%zu locations, at most %d",
		    how->cf->nlocations, DEVICE_PEERS_MAX);
	start_keys(how->cf, how->self, how->keydir);
	t->out.box.mtu = t->out.box.cut = l->mtu;
	set_tos(t, l);
	if (!paths_init(&t->out.paths, how->cf, how->self))
		die(EXIT_RETRY, "cannot allocate buffers");
	start_policy(&t->policy, how->cf, how->self);
	struct counters *before = counters_all(how->rundir, "bh-tunnel");
	t->npeers = t->policy.nsites;
	open_counters(t, how->rundir);
	start_key_process(t, how, l->listen_port, true, before);
	if (t->workers.self > 0)
		open_counters(t, how->rundir);
	t->names.fd = names_start(how->cf, &t->policy);
	open_prefixes(t, how->cf);
	open_aead(t, how->aead);
	open_device(t);
	open_peers(t, how, before);
	free(before);
	open_ports(t, how);
	return finish(t);
}

/* ---- standalone ---- */

/* As large as WireGuard's devices are, if we made it. */
static void
open_tun(struct tunnel *t, const char *name)
{
	bool made = if_nametoindex(name) == 0;

	t->alone.tun = tun_open(name, &t->alone.uso);
	if (t->alone.tun < 0 && errno == ENOENT)
		die(EXIT_RETRY, "cannot open /dev/net/tun");
	if (t->alone.tun < 0)
		die(EXIT_RETRY, "cannot use TUN device %s", name);
	t->alone.out = buffer(sizeof(*t->alone.out));
	t->alone.out->fd = t->alone.tun;
	int mtu = made ? tun_mtu(name, MTU_DEFAULT) : tun_mtu(name, 0);
	if (mtu < 0)
		die(EXIT_RETRY, "cannot learn the MTU of %s", name);
	t->out.box.mtu = (size_t)mtu;
	/* the kernel keeps to its MTU */
	t->out.box.cut = FRAME_PACKET_MAX;
}

static void
open_config(struct tunnel *t)
{
	t->config.room = CHANNEL_ITEMS(t->npeers);
	t->config.item = need(calloc(t->config.room,
	    sizeof(*t->config.item)));
	t->alone.allowed = need(allowed_new(CHANNEL_PREFIXES, t->npeers));
}

struct tunnel *
tunnel_alone(const struct tunnel_setup *how)
{
	struct tunnel *t = start();

	t->npeers = (uint16_t)how->peers;
	open_tun(t, how->ifname);
	open_counters(t, how->rundir);
	start_key_process(t, how, 0, false, NULL);
	open_aead(t, how->aead);
	open_device(t);
	open_config(t);
	return finish(t);
}
