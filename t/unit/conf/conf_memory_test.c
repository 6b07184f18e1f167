/* SPDX-License-Identifier: ISC */
/* A domain that is loaded: each allocation fails in turn; and whose addresses
 * are whose. */
#include "test.h"
#include "scarce.h"

#include "conf/conf.h"
#include "conf/prefixes.h"
#include "conf/print.h"
#include "conf/space.h"

#include <stdio.h>
#include <string.h>

static char text[1 << 14], whole[1 << 14];
static size_t len;
static unsigned wrong;
static struct conf domain;

static const char *
printed(const struct conf *cf)
{
	static char out[1 << 14];
	FILE *f = fmemopen(out, sizeof(out), "w");

	conf_print(cf, f);
	fclose(f);
	return out;
}

/* NULL: it was said that something is wrong.  Else the domain is all there. */
static void *
load(void)
{
	static struct conf cf;
	struct diags d;
	char buf[BUFSIZ];
	long left = scarce_left;

	/* what stdio takes is not what this is about */
	scarce_left = -1;
	FILE *f = fmemopen(text, len, "r");
	setvbuf(f, buf, _IOFBF, sizeof(buf));
	diag_init(&d);
	scarce_left = left;
	conf_load(&cf, &d, f);
	left = scarce_left;
	scarce_left = -1;
	fclose(f);
	bool said = d.errors > 0;
	diag_fini(&d);
	wrong += !said && strcmp(printed(&cf), whole) != 0;
	if (said)
		conf_fini(&cf);
	scarce_left = left;
	return said ? NULL : &cf;
}

static void
unload(void *p)
{
	conf_fini(p);
}

static void *
spaces(void)
{
	static struct prefix_list lists[2];
	struct space s;
	bool ok = space_init(&s, &domain);

	if (!ok)
		return NULL;
	memset(lists, 0, sizeof(lists));
	for (size_t i = 0; ok && i < domain.nlocations; i++)
		ok = space_of(&s, &domain, i, &lists[0], &lists[1]);
	space_fini(&s);
	if (ok)
		return lists;
	prefix_list_fini(&lists[0]);
	prefix_list_fini(&lists[1]);
	return NULL;
}

static void
unspace(void *p)
{
	struct prefix_list *l = p;

	prefix_list_fini(&l[0]);
	prefix_list_fini(&l[1]);
}

static size_t
contents(const char *name, char *to, size_t size)
{
	FILE *f = fopen(name, "r");
	size_t n = f != NULL ? fread(to, 1, size - 1, f) : 0;

	if (f != NULL)
		fclose(f);
	return n;
}

int
main(void)
{
	len = contents("t/data/conf/everything.ini", text, sizeof(text));
	contents("t/data/conf/everything.out", whole, sizeof(whole));
	int n = scarce_tries(load, unload, false);
	OKF(n >= (SCARCE ? 20 : 0) && wrong == 0, "no memory for a domain: it "
	    "is said, and all is given back (%d)", n);
	domain = *(struct conf *)load();
	n = scarce_tries(spaces, unspace, true);
	OKF(n >= (SCARCE ? 10 : 0), "nor for whose is whose (%d)", n);
	conf_fini(&domain);
	return DONE();
}
