/* SPDX-License-Identifier: ISC */
#include "conf/print.h"

#include "conf/section.h"
#include "conf/types.h"

static void
print_section(const struct conf_section *s, FILE *out)
{
	char title[CONF_TITLELEN];

	fprintf(out, "[%s]\n", conf_title(s, title));
	for (enum conf_key k = 0; k < KEY_COUNT; k++)
		if (conf_keys[k].kind == s->kind &&
		    (s->said[k] != 0 || conf_keys[k].always))
			conf_keys[k].type->print(&conf_keys[k], s, out);
}

void
conf_print(const struct conf *cf, FILE *out)
{
	print_section(&cf->section, out);
	for (enum conf_kind kind = CONF_LOCATION; kind < CONF_KINDS; kind++)
		for (size_t i = 0; i < section_count(cf, kind); i++) {
			fputc('\n', out);
			print_section(section_at(cf, kind, i), out);
		}
}
