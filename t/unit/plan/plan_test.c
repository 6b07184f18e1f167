/* SPDX-License-Identifier: ISC */
/*
 * What the kernel is told, compared as text: for the examples, as t/bh-plan.bats
 * has it of bh-plan; and for the domains of t/data/plan/hosts, each of which says
 * in comments what its host has.  Where the plan of these is meant to change:
 * GOLDEN=write build/release/t/unit/plan/plan_test, and git diff says for whom.
 */
#include "plan/plan.h"

#include "heap.h"
#include "test.h"

#include <glob.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NETS = 32, DEVS = 32, HOPS = 8, LINE = 512 };

static _Noreturn void
bail(const char *what, const char *text)
{
	printf("Bail out! %s: %s\n", what, text);
	exit(1);
}

static struct addr
addr(const char *text)
{
	struct addr a;

	if (!addr_parse(&a, text))
		bail("no address", text);
	return a;
}

static const struct {
	const char *name;
	void (*print)(const struct plan *p, FILE *out);
} part[] = {
	{ "env", plan_env }, { "sysctl", plan_sysctl }, { "ip4", plan_ip4 },
	{ "ip6", plan_ip6 }, { "nft", plan_nft }, { "flows", plan_flows },
	{ "bolt", plan_bolt }, { "hop4", plan_hop4 }, { "hop6", plan_hop6 },
	{ "neigh", plan_neigh },
};
enum { PARTS = sizeof(part) / sizeof(*part) };

/*
 * What a domain file says of its host:
 *
 *	; host DEV [outward] [forwards] [ADDRESS/LEN...]
 *	; kernel [v6] [forwards6] [ra]
 *	; hop ADDRESS...
 *
 * Behind the end of each array lies what would show in the plan.
 */
struct world {
	struct conf cf;
	struct plan_host host;
	struct plan_net net[NETS];
	struct plan_dev dev[DEVS];
	bool forwards[DEVS];
	struct addr hop[HOPS];
};

static void
host_row(struct world *w, char *words)
{
	char *save, *name = strtok_r(words, " ", &save);
	struct plan_dev *d = &w->dev[w->host.ndevs];

	*d = (struct plan_dev){ .outward = false };
	snprintf(d->name, sizeof(d->name), "%s", name);
	for (char *s; (s = strtok_r(NULL, " ", &save)) != NULL;) {
		struct plan_net *n = &w->net[w->host.nnets];
		char *slash = strchr(s, '/');
		d->outward |= strcmp(s, "outward") == 0;
		w->forwards[w->host.ndevs] |= strcmp(s, "forwards") == 0;
		if (slash == NULL)
			continue;
		*slash = '\0';
		n->own = addr(s);
		n->len = (uint8_t)(atoi(slash + 1) +
		    (addr_is_v4(&n->own) ? PREFIX_V4 : 0));
		strcpy(n->dev, d->name);
		w->host.nnets++;
	}
	w->host.ndevs++;
}

static void
world_row(struct world *w, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "; host ", 7) == 0)
		host_row(w, line + 7);
	if (strncmp(line, "; kernel ", 9) == 0) {
		w->host.has_v6 = strstr(line, " v6") != NULL;
		w->host.forwards6 = strstr(line, " forwards6") != NULL;
		w->host.hears_ra = strstr(line, " ra") != NULL;
	}
	if (strncmp(line, "; hop ", 6) == 0)
		for (char *save, *s = strtok_r(line + 6, " ", &save);
		    s != NULL; s = strtok_r(NULL, " ", &save))
			w->hop[w->host.nhops++] = addr(s);
}

/* Of an array that has none there is no memory to free either. */
static void *
one_more(void *array, size_t n, size_t size)
{
	if (n == 0)
		return array;
	char *p = realloc(array, (n + 1) * size);
	if (p == NULL)
		bail("no memory", "");
	memcpy(p + n * size, p, size);
	return p;
}

static void
put_behind(struct world *w)
{
	struct conf *cf = &w->cf;
	struct plan_host *h = &w->host;

	cf->location = one_more(cf->location, cf->nlocations,
	    sizeof(*cf->location));
	cf->publish = one_more(cf->publish, cf->npublish,
	    sizeof(*cf->publish));
	w->net[h->nnets] = w->net[1];
	if (cf->npublish > 0)
		w->net[h->nnets].own = cf->publish[0].match;
	if (h->ndevs > 0)
		strcpy(w->net[h->nnets].dev, w->dev[h->ndevs - 1].name);
	w->dev[h->ndevs] = (struct plan_dev){ "behind0", true };
	w->hop[h->nhops] = w->hop[0];
}

static void
world_load(struct world *w, const char *file)
{
	char line[LINE];
	struct diags d;
	FILE *f = fopen(file, "r");

	if (f == NULL)
		bail("cannot open", file);
	*w = (struct world){ .host.ndevs = 0 };
	while (fgets(line, sizeof(line), f) != NULL)
		world_row(w, line);
	rewind(f);
	diag_init(&d);
	conf_load(&w->cf, &d, f);
	fclose(f);
	if (d.errors > 0)
		bail(file, d.d[0].text);
	diag_fini(&d);
	put_behind(w);
}

static struct plan
plan_of(struct world *w, size_t i)
{
	struct plan p = { .cf = &w->cf, .self = &w->cf.location[i], .index = i,
		.host = w->host, .rundir = "/run/backhaul/test" };
	const char *dev[PLAN_DEVS];

	p.host.net = w->net;
	p.host.dev = w->dev;
	p.host.hop = p.self->gateway_name[0] != '\0' ? w->hop : NULL;
	p.host.nhops = p.host.hop != NULL ? w->host.nhops : 0;
	size_t n = plan_forwarders(&p, dev);
	for (size_t k = 0; k < n; k++)
		for (size_t d = 0; d < w->host.ndevs; d++)
			if (strcmp(dev[k], w->dev[d].name) == 0)
				p.host.forwards4[k] = w->forwards[d];
	return p;
}

static char *
text_of(const struct plan *p, size_t k)
{
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (out == NULL)
		bail("no memory", part[k].name);
	fprintf(out, "== %s %s\n", p->self->name, part[k].name);
	part[k].print(p, out);
	fclose(out);
	return text;
}

static char *
read_file(const char *name)
{
	static char text[1 << 18];
	FILE *f = fopen(name, "r");

	if (f == NULL)
		bail("cannot open", name);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* A section of a file of plans, from its head to the next one's. */
static bool
section_is(const char *at, const char *want)
{
	size_t n = strlen(want), k = 0;

	if (strncmp(at, want, n) == 0 &&
	    (at[n] == '\0' || strncmp(at + n, "== ", 3) == 0))
		return true;
	while (want[k] != '\0' && want[k] == at[k])
		k++;
	while (k > 0 && want[k - 1] != '\n')
		k--;
	printf("# -%.*s\n# +%.*s\n", (int)strcspn(at + k, "\n"), at + k,
	    (int)strcspn(want + k, "\n"), want + k);
	return false;
}

static const char *
section_find(const char *all, const char *text)
{
	size_t n = strcspn(text, "\n") + 1;

	for (const char *s = all; s != NULL && *s != '\0';
	    s = (s = strstr(s, "\n== ")) != NULL ? s + 1 : NULL)
		if (strncmp(s, text, n) == 0)
			return s;
	return NULL;
}

/* Nobody makes a plan of a location without an uplink; of the examples there
 * are not all locations, and not all parts. */
static void
test_location(struct world *w, size_t i, const char *all, bool whole)
{
	struct plan p = plan_of(w, i);

	for (size_t k = 0; p.self->uplink[0] != '\0' && k < PARTS; k++) {
		char *text = text_of(&p, k);
		const char *at = section_find(all, text);
		if (at != NULL || whole)
			OKF(at != NULL && section_is(at, text), "H %s: %s %s",
			    w->cf.name, p.self->name, part[k].name);
		free(text);
	}
}

static void
write_plans(struct world *w, const char *name)
{
	FILE *f = fopen(name, "w");

	if (f == NULL)
		bail("cannot write", name);
	for (size_t i = 0; i < w->cf.nlocations; i++) {
		struct plan p = plan_of(w, i);
		for (size_t k = 0; p.self->uplink[0] != '\0' && k < PARTS;
		    k++) {
			char *text = text_of(&p, k);
			fputs(text, f);
			free(text);
		}
	}
	fclose(f);
}

static void
test_hosts(const char *file)
{
	char name[128];
	struct world w;

	world_load(&w, file);
	snprintf(name, sizeof(name), "%.*s.txt", (int)strlen(file) - 4, file);
	if (getenv("GOLDEN") != NULL)
		write_plans(&w, name);
	for (size_t i = 0; i < w.cf.nlocations; i++)
		test_location(&w, i, read_file(name), true);
	conf_fini(&w.cf);
}

/* On the host of t/bh-plan.bats. */
static void
test_example(const char *file)
{
	char name[128], host[][64] = { "; host lo 127.0.0.1/8 ::1/128",
		"; host lan0 10.0.0.1/20 2001:db8:0:f000::1/64",
		"; host up0 198.51.100.2/24", "; host dmz0 10.0.200.1/24",
		"; kernel v6" };
	struct world w;

	world_load(&w, file);
	for (size_t i = 0; i < sizeof(host) / sizeof(*host); i++)
		world_row(&w, host[i]);
	put_behind(&w);
	snprintf(name, sizeof(name), "t/data/plan/%s", basename(
	    strcpy((char[128]){ "" }, file)));
	strcpy(strrchr(name, '.'), ".txt");
	for (size_t i = 0; i < w.cf.nlocations; i++)
		test_location(&w, i, read_file(name), false);
	conf_fini(&w.cf);
}

/* Whatever a name holds, sh(1) reads it as it is. */
static void
test_env(void)
{
	struct conf_location l = { .name = "it's", .role = CONF_ROLE_NONE };
	struct conf cf = { .location = &l, .nlocations = 1 };
	struct plan p = { .cf = &cf, .self = &l };
	char *text = text_of(&p, 0);

	OKF(strstr(text, "\nLOCATION='it'\\''s'\n") != NULL, "env: a quote");
	free(text);
}

/* A name of one letter is one, and an uplink that has none is no interface. */
static void
test_names(void)
{
	struct conf_location l = { .role = CONF_ROLE_SERVER };
	const struct plan_dev dev[] = { { "d0", false }, { "d1", true } };
	struct conf cf = { .location = &l, .nlocations = 1 };
	struct plan p = { .cf = &cf, .self = &l, .host.dev = dev,
		.host.ndevs = 2 };
	size_t i = 0;

	OK(!plan_has_gateway(&p));
	strcpy(l.gateway_name, "x");
	OK(plan_has_gateway(&p));
	const char *first = plan_outward_dev(&p, &i);
	OK(first == dev[1].name && plan_outward_dev(&p, &i) == NULL);
}

/* What the heap holds once all plans have been made. */
static size_t
used_after(const char *file)
{
	struct world w;

	world_load(&w, file);
	for (size_t i = 0; i < w.cf.nlocations; i++) {
		struct plan p = plan_of(&w, i);
		for (size_t k = 0; k < PARTS; k++)
			free(text_of(&p, k));
	}
	conf_fini(&w.cf);
	return heap_used();
}

static void
each(const char *pattern, void (*test)(const char *file))
{
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0)
		bail("nothing there", pattern);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		test(g.gl_pathv[i]);
		size_t before = used_after(g.gl_pathv[i]);
		OKF(used_after(g.gl_pathv[i]) == before, "%s: nothing is left "
		    "in memory", g.gl_pathv[i]);
	}
	globfree(&g);
}

int
main(int argc, char *argv[])
{
	(void)argc;
	heap_begin(argv);
	each("etc/backhaul.ini", test_example);
	each("etc/examples/*.ini", test_example);
	each("t/data/plan/hosts/*.ini", test_hosts);
	test_env();
	test_names();
	return DONE();
}
