/* SPDX-License-Identifier: ISC */
#include "base/verdict.h"

#include <string.h>

static const struct {
	const char *name, *why;
} verdicts[V_COUNT] = {
#define X(id, name, why) [id] = { name, why },
	VERDICTS(X)
#undef X
};

const char *
verdict_name(enum verdict v)
{
	return verdicts[v].name;
}

const char *
verdict_why(enum verdict v)
{
	return verdicts[v].why;
}

enum verdict
verdict_parse(const char *name)
{
	unsigned v = 0;

	while (v < V_COUNT && strcmp(verdicts[v].name, name) != 0)
		v++;
	return (enum verdict)v;
}
