/* SPDX-License-Identifier: ISC */
#include "check/explain.h"

#include <stddef.h>

const struct lint_explanation *
lint_explain(int code)
{
	static const struct lint_explanation *const parts[] = { explain_file,
		explain_domain, explain_backhaul, explain_gateway,
		explain_rules, explain_nat, explain_publish };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (const struct lint_explanation *e = parts[i];
		    e->text != NULL; e++)
			if ((int)e->code == code)
				return e;
	return NULL;
}
