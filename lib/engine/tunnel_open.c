/* SPDX-License-Identifier: ISC */
#include "engine/tunnel_impl.h"

#include "base/die.h"
#include "base/ready.h"
#include "engine/start.h"
#include "net/tun.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Until a name that could not be resolved is asked for again. */
#define RESOLVE_AGAIN (10 * NSEC_SEC)

enum {
	ALONE_PREFIXES = 256 * 1024,	/* allowed-ips, old and new together */
	STAGE_SLOTS_MIN = 256,
	MTU_DEFAULT = 1420,
};

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
	    c->endpoint.port != 0 ? (uint16_t)self->keepalive : 0, now) ||
	    device_mute(t->device, i))
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
	if (link_init(&p->link) < 0)
		die(EXIT_RETRY, "cannot make memory for %s", path);
}

static void
open_ports(struct tunnel *t, const struct tunnel_setup *how)
{
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
	t->stat = counters_create(rundir, "bh-tunnel", t->npeers);
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
	uint32_t slots = (uint32_t)(STAGE_BYTES / t->cut);

	if (slots < STAGE_SLOTS_MIN)
		slots = STAGE_SLOTS_MIN;
	t->stage = need(stage_new(t->npeers, slots, t->cut));
	t->frame = buffer(FRAME_MAX);
	t->out.arena = buffer(OUT_ARENA);
	t->dirty = buffer(t->npeers * sizeof(*t->dirty));
	t->is_dirty = buffer(t->npeers * sizeof(*t->is_dirty));
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

static struct tunnel *
start(void)
{
	struct tunnel *t = need(calloc(1, sizeof(*t)));

	if (sodium_init() < 0)
		diex(EXIT_RETRY, "cannot initialise libsodium");
	t->tun = -1;
	t->uso = true;
	t->port[CH_CLASSIFY] = (struct port){ -1, LINK_CLASSIFY, "classify",
		{ .fd = -1 } };
	t->port[CH_EGRESS] = (struct port){ -1, LINK_EGRESS, "egress",
		{ .fd = -1 } };
	return t;
}

static struct tunnel *
finish(struct tunnel *t)
{
	open_memory(t);
	t->config.port = udp_port(&t->udp);
	t->signals = ready_signals();
	if (t->signals < 0)
		die(EXIT_RETRY, "cannot make a signal descriptor");
	return t;
}

/* ---- a gateway ---- */

static void
note_prefixes(struct tunnel *t, const struct conf_prefixes *ps, uint16_t peer)
{
	for (size_t i = 0; i < ps->n; i++)
		allowed_add(t->allowed, &ps->p[i], peer);
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
	t->allowed = need(allowed_new(n, t->npeers));
	for (uint16_t i = 0; i < t->npeers; i++) {
		if (!is_peer(&t->policy.site[i]))
			continue;
		note_prefixes(t, &cf->location[i].internal, i);
		note_prefixes(t, &cf->location[i].lan, i);
		for (size_t k = 0; k < 2 && t->policy.site[i].server; k++)
			allowed_add(t->allowed, &all[k], i);
	}
	allowed_commit(t->allowed);
}

struct tunnel *
tunnel_open(const struct tunnel_setup *how)
{
	struct tunnel *t = start();
	const struct conf_location *l = &how->cf->location[how->self];

	if (how->cf->nlocations > DEVICE_PEERS_MAX)
		diex(EXIT_FIX, "%zu locations, at most %d",
		    how->cf->nlocations, DEVICE_PEERS_MAX);
	/* before there are keys in our memory */
	desk_open(&t->config.desk, l->interface, false);
	t->mtu = t->cut = l->mtu;
	start_policy(&t->policy, how->cf, how->self);
	t->npeers = t->policy.nsites;
	open_prefixes(t, how->cf);
	open_aead(t, how->aead);
	open_counters(t, how->rundir);
	open_device(t, how);
	open_socket(t, l->listen_port);
	open_ports(t, how);
	return finish(t);
}

/* ---- standalone ---- */

/* As large as WireGuard's devices are, if we made it. */
static void
open_tun(struct tunnel *t, const char *name)
{
	bool made = if_nametoindex(name) == 0;

	t->tun = tun_open(name, &t->uso);
	if (t->tun < 0 && errno == ENOENT)
		die(EXIT_RETRY, "cannot open /dev/net/tun");
	if (t->tun < 0)
		die(EXIT_RETRY, "cannot use TUN device %s", name);
	int mtu = made ? tun_mtu(name, MTU_DEFAULT) : tun_mtu(name, 0);
	if (mtu < 0)
		die(EXIT_RETRY, "cannot learn the MTU of %s", name);
	t->mtu = (size_t)mtu;
	t->cut = FRAME_PACKET_MAX;	/* the kernel keeps to its MTU */
}

static void
open_config(struct tunnel *t)
{
	t->config.may_set = true;
	t->config.room = ALONE_PREFIXES + (size_t)t->npeers * 8;
	t->config.item = need(calloc(t->config.room,
	    sizeof(*t->config.item)));
	t->allowed = need(allowed_new(ALONE_PREFIXES, t->npeers));
}

struct tunnel *
tunnel_alone(const struct tunnel_setup *how)
{
	struct tunnel *t = start();
	uint8_t random[DEVICE_RANDOM];
	struct key none = { { 0 } };

	t->npeers = (uint16_t)how->peers;
	open_tun(t, how->ifname);
	desk_open(&t->config.desk, how->ifname, true);
	open_aead(t, how->aead);
	open_counters(t, how->rundir);
	randombytes_buf(random, sizeof(random));
	t->device = need(device_new(t->npeers, &none, random));
	open_socket(t, 0);
	open_config(t);
	return finish(t);
}
