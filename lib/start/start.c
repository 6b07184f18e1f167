/* SPDX-License-Identifier: ISC */
#include "start/start.h"

#include "base/die.h"
#include "check/lint.h"
#include "conf/publish.h"
#include "conf/space.h"
#include "policy/servers.h"
#include "proc/child.h"
#include "proc/sandbox.h"
#include "proc/trust.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LINK_WAIT_MS = 5000,
	/* with a socket's name behind it, unix(7): sun_path */
	RUN_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) -
	    sizeof("/classify-15.link"),
};

void
start_conf(struct conf *cf, const struct start *s)
{
	struct diags ds;
	FILE *f = start_file(s);
	const char *name = f == stdin ? "<stdin>" : s->conf;

	diag_init(&ds);
	conf_load(cf, &ds, f);
	if (f != stdin)
		fclose(f);
	lint_domain(cf, &ds);
	diag_sort(&ds);
	for (size_t i = 0; ds.errors > 0 && i < ds.n; i++)
		diag_print(&ds.d[i], name, stderr);
	if (ds.errors > 0)
		diex(EXIT_FIX, "%s: %zu error%s; nothing was started", name,
		    ds.errors, ds.errors == 1 ? "" : "s");
	diag_fini(&ds);
}

/* "; it has hq, branch1, branch2", as far as there is room */
static void
list_locations(const struct conf *cf, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < cf->nlocations && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s %s",
		    i == 0 ? "; it has" : ",", cf->location[i].name);
}

size_t
start_location(const struct conf *cf, const struct start *s)
{
	char host[CONF_NAMELEN] = "", names[400];
	const char *name = s->location;

	if (name == NULL) {
		gethostname(host, sizeof(host) - 1);
		name = host;
	}
	int i = conf_find(cf, name);
	if (i == CONF_NONE) {
		list_locations(cf, names, sizeof(names));
		diex(EXIT_FIX, "%s: no [location %s]%s%s", s->conf, name,
		    s->location == NULL ? " (the host's name; see -l)" : "",
		    names);
	}
	if (!cf->location[i].active)
		diex(EXIT_FIX, "%s:%d: [location %s] has active = no", s->conf,
		    cf->location[i].line, name);
	return (size_t)i;
}

void
start_trust(const char *rundir)
{
	char why[TRUST_WHYLEN];

	/* where there is none, what is looked for in it says so */
	if (!trust_real_directory(rundir, why) && why[0] != '\0')
		diex(EXIT_FIX, "cannot use run directory %s", why);
}

void
start_place(struct start *s)
{
	static char host[HOST_NAME_MAX + 1], dir[PATH_MAX];

	if (s->location == NULL) {
		gethostname(host, sizeof(host) - 1);
		s->location = host;
	}
	if (s->rundir == NULL) {
		snprintf(dir, sizeof(dir), "%s/%s", START_RUNDIRS,
		    s->location);
		s->rundir = dir;
	}
}

const char *
start_bin(char dir[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);

	if (n < 0)
		die(EXIT_RETRY, "cannot read /proc/self/exe");
	dir[n] = '\0';
	return dirname(dir);
}

const char *
start_rundir(const struct start *s, const struct conf *cf, size_t self,
    char buf[static 128])
{
	if (s->rundir != NULL && strlen(s->rundir) > RUN_MAX)
		diex(EXIT_FIX, "-D: a socket's path has room for %d "
		    "characters of a run directory, this has %zu",
		    (int)RUN_MAX, strlen(s->rundir));
	if (s->rundir == NULL)
		snprintf(buf, 128, "%s/%s", START_RUNDIRS,
		    cf->location[self].name);
	const char *dir = s->rundir != NULL ? s->rundir : buf;
	start_trust(dir);
	return dir;
}

bool
start_keys_fit(const struct conf *cf, size_t self, const char *keydir)
{
	struct diags ds;

	diag_init(&ds);
	lint_keydir(cf, keydir, cf->location[self].name, &ds);
	for (size_t i = 0; i < ds.n; i++) {
		const struct diag *d = &ds.d[i];
		warnx("%s%s%s%s%s", d->key[0] != '\0' ? d->section : "",
		    d->key[0] != '\0' ? ", " : "", d->key,
		    d->key[0] != '\0' ? ": " : "", d->text);
	}
	bool fit = ds.errors == 0;
	diag_fini(&ds);
	return fit;
}

void
start_keys(const struct conf *cf, size_t self, const char *keydir)
{
	int status = 0;

	pid_t pid = child_fork();
	if (pid < 0)
		die(EXIT_RETRY, "cannot start a process");
	if (pid == 0)
		_exit(start_keys_fit(cf, self, keydir) ? 0 : EXIT_FIX);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (!WIFEXITED(status))
		diex(EXIT_RETRY, "cannot look at the keys");
	if (WEXITSTATUS(status) != 0)
		exit(WEXITSTATUS(status));
}

static size_t
put_prefixes(struct lpm_entry *e, const struct conf_prefixes *ps,
    uint32_t value)
{
	for (size_t i = 0; i < ps->n; i++)
		e[i] = (struct lpm_entry){ ps->p[i], value };
	return ps->n;
}

static struct lpm *
build(struct lpm_entry *e, size_t n)
{
	struct lpm *t = lpm_new_of(e, n);

	if (t == NULL)
		die(EXIT_RETRY, "cannot build a table of %zu prefixes", n);
	return t;
}

/* What an inactive location calls its own stays corporate, and is refused,
 * unless an active one has it. */
static struct lpm *
build_where(const struct conf *cf)
{
	struct lpm_entry *e;
	struct space s;

	if (!space_init(&s, cf) || (e = calloc(s.n + 1, sizeof(*e))) == NULL)
		die(EXIT_RETRY, "cannot build the table of addresses");
	for (size_t i = 0; i < s.n; i++)
		e[i] = (struct lpm_entry){ s.e[i].p,
			PLACE(s.e[i].location, s.e[i].lan) };
	struct lpm *t = build(e, s.n);
	free(e);
	space_fini(&s);
	return t;
}

static struct lpm *
build_endpoints(const struct conf *cf)
{
	struct lpm_entry *e = calloc(cf->nlocations + 1, sizeof(*e));
	size_t n = 0;

	if (e == NULL)
		die(EXIT_RETRY, "cannot build the table of endpoints");
	for (size_t i = 0; i < cf->nlocations; i++) {
		/* a name is nobody's address until bh-tunnel resolves it */
		struct prefix p = { .len = 128 };
		if (cf->location[i].active &&
		    addr_parse(&p.addr, cf->location[i].endpoint_host))
			e[n++] = (struct lpm_entry){ p, 1 };
	}
	struct lpm *t = build(e, n);
	free(e);
	return t;
}

static struct lpm *
build_own(const struct conf_location *l)
{
	struct lpm_entry *e = calloc(l->address.n + 1, sizeof(*e));

	if (e == NULL)
		die(EXIT_RETRY, "cannot build the table of own addresses");
	struct lpm *t = build(e, put_prefixes(e, &l->address, 1));
	free(e);
	return t;
}

static int
cmp_published(const void *a, const void *b)
{
	const struct policy_published *p = a, *q = b;

	return memcmp(&p->addr, &q->addr, sizeof(p->addr));
}

static void
build_published(struct policy *pol, const struct conf *cf)
{
	struct policy_published *out = calloc(cf->npublish + 1, sizeof(*out));
	struct lpm_entry *e = calloc(cf->npublish + 1, sizeof(*e));
	size_t n = 0, ne = 0;

	if (out == NULL || e == NULL)
		die(EXIT_RETRY, "cannot build the table of what is published");
	pol->nat_first = cf->location[pol->self].nat_port_first;
	pol->nat_last = cf->location[pol->self].nat_port_last;
	for (size_t i = 0; i < cf->npublish; i++) {
		const struct conf_publish *p = &cf->publish[i];
		if (publish_is_of(cf, p, pol->self))
			out[n++] = (struct policy_published){ p->match,
				p->first, p->last, p->proto, p->to,
				p->to_port != 0 ? p->to_port : p->first,
				p->to_port != 0 ? p->to_port : p->last };
	}
	qsort(out, n, sizeof(*out), cmp_published);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !addr_eq(&out[i - 1].addr, &out[i].addr))
			e[ne++] = (struct lpm_entry){ { out[i].addr, 128 },
				(uint32_t)i + 1 };
	pol->published_at = build(e, ne);
	pol->published = out;
	pol->npublished = n;
	free(e);
}

/* NULL: IPv6 is not renumbered here. */
static const struct npt *
build_npt(const struct conf *cf, size_t self)
{
	const struct conf_location *l = &cf->location[self];
	struct npt *t = malloc(sizeof(*t));
	struct prefix in;

	if (t == NULL)
		die(EXIT_RETRY, "cannot build the table of own addresses");
	if (l->role == CONF_ROLE_SERVER && l->nat6 == CONF_NAT6_NPT &&
	    conf_npt_inside(cf, self, &in) && npt_init(t, &in, &l->npt))
		return t;
	free(t);
	return NULL;
}

static bool
serves_pool(const struct conf_location *l, bool v4)
{
	return l->role == CONF_ROLE_SERVER &&
	    conf_nat_of(l, v4) == CONF_NAT_POOL;
}

static const struct policy_site *
build_sites(const struct conf *cf, size_t self)
{
	struct policy_site *site = calloc(cf->nlocations, sizeof(*site));
	unsigned next = 0;

	if (site == NULL)
		die(EXIT_RETRY, "cannot build the table of locations");
	for (size_t i = 0; i < cf->nlocations; i++)
		site[i] = (struct policy_site){
			.partner = i != self && conf_partners(cf, self, i),
			.client = i != self && conf_is_client_of(cf, i, self),
			.server = i != self && conf_is_client_of(cf, self, i),
			.whole_lan =
			    cf->location[i].sources == CONF_SOURCES_LAN,
			.worker = (uint8_t)conf_deal(cf, self, i, &next),
		};
	return site;
}

/* Whoever is in one of the groups; NULL: there are none. */
static const struct lpm *
build_groups(const struct conf *cf, const struct conf_refs *refs)
{
	size_t room = 1, n = 0;

	if (refs->n == 0)
		return NULL;
	for (size_t i = 0; i < refs->n; i++)
		room += cf->group[refs->r[i].location].members.n;
	struct lpm_entry *e = calloc(room, sizeof(*e));
	if (e == NULL)
		die(EXIT_RETRY, "cannot build the table of a breakout");
	for (size_t i = 0; i < refs->n; i++)
		n += put_prefixes(e + n,
		    &cf->group[refs->r[i].location].members, 1);
	struct lpm *t = build(e, n);
	free(e);
	return t;
}

static const struct bpf_program *
build_filter(const struct conf_breakout *b)
{
	struct bpf_program *f = calloc(1, sizeof(*f));
	char why[FILTER_WHYLEN];

	if (b->filter[0] == '\0') {
		free(f);
		return NULL;
	}
	if (f == NULL || filter_compile(f, b->filter, why) == FILTER_BAD)
		die(EXIT_RETRY, "cannot compile the filter of breakout %s",
		    b->name);
	return f;
}

static const struct breakouts *
build_breakouts(const struct conf *cf, size_t self, const struct lpm *never)
{
	struct breakouts *b;
	struct breakout_rule *r;

	if (!conf_has_breakout(cf, self))
		return NULL;
	b = calloc(1, sizeof(*b));
	r = calloc(cf->nbreakouts, sizeof(*r));
	if (b == NULL || r == NULL)
		die(EXIT_RETRY, "cannot build the table of breakouts");
	*b = (struct breakouts){ .rule = r, .never = never };
	for (size_t i = 0; i < cf->nbreakouts; i++) {
		const struct conf_breakout *c = &cf->breakout[i];
		if (conf_breaks_out(c, self))
			r[b->n++] = (struct breakout_rule){
				.filter = build_filter(c),
				.from = build_groups(cf, &c->from),
				.to = build_groups(cf, &c->to),
				.id = (uint16_t)(i + 1) };
	}
	return b;
}

void
start_policy(struct policy *pol, const struct conf *cf, size_t self)
{
	static const enum role role[] = {
		[CONF_ROLE_NONE] = ROLE_NONE,
		[CONF_ROLE_CLIENT] = ROLE_CLIENT,
		[CONF_ROLE_SERVER] = ROLE_SERVER,
	};
	struct servers sv;

	*pol = (struct policy){
		.where = build_where(cf),
		.endpoints = build_endpoints(cf),
		.own = build_own(&cf->location[self]),
		.site = build_sites(cf, self),
		.nsites = (uint16_t)cf->nlocations,
		.self = (uint16_t)self,
		.workers = (uint8_t)cf->location[self].workers,
		.role = role[cf->location[self].role],
		.private_is_internal = cf->private_is_internal,
	};
	servers_init(&sv, cf, self);
	servers_choose(&sv, pol);
	pol->npt = build_npt(cf, self);
	pol->pool4 = serves_pool(&cf->location[self], true);
	pol->pool6 = serves_pool(&cf->location[self], false);
	build_published(pol, cf);
	pol->breakouts = build_breakouts(cf, self, pol->endpoints);
}

void
start_worker(struct policy *pol, unsigned worker)
{
	size_t size = pol->nsites * sizeof(*pol->site);
	struct policy_site *own = malloc(size);

	if (own == NULL)
		die(EXIT_RETRY, "cannot build the table of locations");
	memcpy(own, pol->site, size);
	for (uint16_t i = 0; i < pol->nsites; i++)
		if (own[i].worker == worker)
			own[i].worker = 0;
		else
			own[i] = (struct policy_site){ .worker = 1 };
	pol->site = own;
	pol->worker = (uint8_t)worker;
	pol->workers = 1;
}

void
start_sandbox(const struct conf *cf)
{
	if (cf->require_sandbox)
		sandbox_require();
}

void
start_link(struct link *l, const char *rundir, const char *name,
    enum link_role me, int features, const struct conf *cf)
{
	struct link_hello hello = {
		.magic = "BHLK", .version = LINK_VERSION, .role = (uint8_t)me,
		.features = (uint8_t)features, .generation = cf->generation,
	};
	char path[512];
	const char *why;

	snprintf(path, sizeof(path), "%s/%s.link", rundir, name);
	if (link_connect(l, path, LINK_WAIT_MS, &hello, LINK_TUNNEL, &why) == 0)
		return;
	if (why != NULL)
		diex(EXIT_FIX, "cannot use link %s: %s", path, why);
	die(EXIT_RETRY, "cannot connect to bh-tunnel at %s", path);
}
