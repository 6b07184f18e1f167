/* SPDX-License-Identifier: ISC */
#include "engine/tunnel_impl.h"

#include "base/die.h"
#include "base/ready.h"
#include "engine/start.h"

#include <errno.h>
#include <netdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Until a name that could not be resolved is asked for again. */
#define RESOLVE_AGAIN (10 * NSEC_SEC)

/* ---- keys ---- */

static void
read_key(struct key *k, const char *path)
{
	if (key_read(k, path) == 0)
		return;
	if (errno == EPERM)
		diex(EXIT_FIX, "cannot use key file %s: others may read it; "
		    "run 'chmod 600 %s'", path, path);
	if (errno == EINVAL)
		diex(EXIT_FIX, "cannot use key file %s: it is not one line of "
		    "44 base64 characters", path);
	die(EXIT_RETRY, "cannot read key file %s", path);
}

static void
read_private_key(struct key *k, const struct tunnel_setup *how)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s.key", how->keydir,
	    how->cf->location[how->self].name);
	read_key(k, path);
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
		read_key(k, path);
}

static void
check_own_key(const struct device *d, const struct tunnel_setup *how)
{
	const struct conf_location *l = &how->cf->location[how->self];
	const struct key *is = device_public_key(d);
	char has[KEY_STRLEN], wants[KEY_STRLEN];

	if (l->public_key_line == 0)
		diex(EXIT_FIX, "[location %s] has no public-key", l->name);
	if (!key_eq(is, &l->public_key))
		diex(EXIT_FIX, "%s/%s.key is not the key of [location %s]: it "
		    "makes public-key %s, the domain file has %s", how->keydir,
		    l->name, l->name, key_format(is, has),
		    key_format(&l->public_key, wants));
}

/* ---- peers ---- */

/* An address, or a name that is asked for once; else the peer has to call. */
static void
find_endpoint(struct endpoint *e, const struct conf_location *l)
{
	struct addrinfo *found, hints = { .ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_ADDRCONFIG };
	struct sockaddr_storage ss = { 0 };

	*e = (struct endpoint){ 0 };
	if (l->endpoint_host[0] == '\0')
		return;
	if (addr_parse(&e->addr, l->endpoint_host)) {
		e->port = l->endpoint_port;
		return;
	}
	int r = getaddrinfo(l->endpoint_host, NULL, &hints, &found);
	if (r != 0) {
		warnx("cannot resolve %s, endpoint of %s: %s; waiting for it "
		    "to call", l->endpoint_host, l->name, gai_strerror(r));
		return;
	}
	memcpy(&ss, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	if (endpoint_from_sockaddr(e, &ss))
		e->port = l->endpoint_port;
}

static void
add_peer(struct tunnel *t, const struct tunnel_setup *how, uint16_t i,
    nsec now)
{
	const struct conf_location *l = &how->cf->location[i];
	const struct conf_location *self = &how->cf->location[how->self];
	struct counters_peer *c = &t->stat->peer[i];
	struct key psk;

	if (l->public_key_line == 0)
		diex(EXIT_FIX, "[location %s] has no public-key", l->name);
	read_psk(&psk, how, l->name);
	find_endpoint(&c->endpoint, l);
	if (t->policy.site[i].server && l->endpoint_host[0] != '\0' &&
	    c->endpoint.port == 0)
		t->resolve = now + RESOLVE_AGAIN;
	if (!device_add(t->device, i, &l->public_key, &psk, &c->endpoint,
	    c->endpoint.port != 0 ? (uint16_t)self->keepalive : 0, now))
		diex(EXIT_FIX, "public-key of [location %s] is of low order, "
		    "or is another location's", l->name);
	key_wipe(&psk);
	snprintf(c->name, sizeof(c->name), "%s", l->name);
}

static bool
is_peer(const struct policy_site *s)
{
	return s->partner || s->client || s->server;
}

static void
open_device(struct tunnel *t, const struct tunnel_setup *how)
{
	uint16_t n = t->policy.nsites;
	uint8_t random[DEVICE_RANDOM];
	struct key private_key;
	nsec now = clock_now();

	read_private_key(&private_key, how);
	randombytes_buf(random, sizeof(random));
	t->device = device_new(n, &private_key, random);
	key_wipe(&private_key);
	if (t->device == NULL)
		die(EXIT_RETRY, "cannot make a table of %u peers", n);
	check_own_key(t->device, how);
	for (uint16_t i = 0; i < n; i++)
		if (is_peer(&t->policy.site[i]))
			add_peer(t, how, i, now);
}

/* ---- descriptors ---- */

static void
open_port(struct tunnel *t, enum channel c, const char *rundir)
{
	struct port *p = &t->port[c];
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.link", rundir, p->name);
	p->listen_fd = link_listen(path);
	if (p->listen_fd < 0)
		die(EXIT_RETRY, "cannot listen on %s", path);
}

static void
open_ports(struct tunnel *t, const struct tunnel_setup *how)
{
	t->port[CH_CLASSIFY] = (struct port){ -1, LINK_CLASSIFY, "classify",
		{ .fd = -1 } };
	t->port[CH_EGRESS] = (struct port){ -1, LINK_EGRESS, "egress",
		{ .fd = -1 } };
	t->hello = (struct link_hello){ .magic = "BHLK",
		.version = LINK_VERSION, .role = LINK_TUNNEL,
		.generation = how->cf->generation };
	open_port(t, CH_CLASSIFY, how->rundir);
	if (t->policy.role == ROLE_SERVER)
		open_port(t, CH_EGRESS, how->rundir);
}

static void
open_socket(struct tunnel *t, uint16_t port)
{
	if (udp_open(&t->udp, port) == 0)
		return;
	if (errno == EADDRINUSE)
		diex(EXIT_RETRY, "cannot listen on UDP port %u: another "
		    "program has it", port);
	die(EXIT_RETRY, "cannot listen on UDP port %u", port);
}

static void
open_counters(struct tunnel *t, const char *rundir)
{
	t->stat = counters_create(rundir, "bh-tunnel", t->policy.nsites);
	if (t->stat == NULL)
		die(EXIT_RETRY, "cannot make counters in %s", rundir);
}

/* ---- memory ---- */

static void *
need(void *p)
{
	if (p == NULL)
		die(EXIT_RETRY, "cannot allocate buffers");
	return p;
}

/* Touched now, so that nothing is to be had for the first time later. */
static void *
buffer(size_t n)
{
	return memset(need(malloc(n)), 0, n);
}

static void
open_memory(struct tunnel *t)
{
	uint32_t slots = (uint32_t)(STAGE_BYTES / t->mtu);

	t->stage = need(stage_new(t->policy.nsites, slots, t->mtu));
	t->message = buffer(LINK_BURST_MAX);
	t->out.arena = buffer(OUT_ARENA);
	t->dirty = buffer(t->policy.nsites * sizeof(*t->dirty));
	t->is_dirty = buffer(t->policy.nsites * sizeof(*t->is_dirty));
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

struct tunnel *
tunnel_open(const struct tunnel_setup *how)
{
	struct tunnel *t = need(calloc(1, sizeof(*t)));
	const struct conf_location *l = &how->cf->location[how->self];

	if (sodium_init() < 0)
		diex(EXIT_RETRY, "cannot initialise libsodium");
	if (how->cf->nlocations > DEVICE_PEERS_MAX)
		diex(EXIT_FIX, "%zu locations, at most %d",
		    how->cf->nlocations, DEVICE_PEERS_MAX);
	t->mtu = l->mtu;
	start_policy(&t->policy, how->cf, how->self);
	open_aead(t, how->aead);
	open_counters(t, how->rundir);
	open_device(t, how);
	open_socket(t, l->listen_port);
	open_ports(t, how);
	open_memory(t);
	t->signals = ready_signals();
	if (t->signals < 0)
		die(EXIT_RETRY, "cannot make a signal descriptor");
	return t;
}
