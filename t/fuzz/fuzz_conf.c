/* SPDX-License-Identifier: ISC */
/* The loader and the linter on any bytes: they end, and what they made of them
 * has the form that everybody relies on. */

#include "conf.h"

static void
check_order(const struct diags *d)
{
	for (size_t i = 1; i < d->n; i++)
		must(d->d[i - 1].line <= d->d[i].line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf cf;
	struct diags d;

	if (size == 0)
		return 0;
	FILE *f = fmemopen((void *)(uintptr_t)data, size, "r");
	must(f != NULL);
	diag_init(&d);
	conf_load(&cf, &d, f);
	fclose(f);
	lint_domain(&cf, &d);
	diag_sort(&d);
	check_order(&d);
	check_conf(&cf);
	check_diags(&d, count_lines(data, size));
	conf_fini(&cf);
	diag_fini(&d);
	return 0;
}
