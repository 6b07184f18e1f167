/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

/*
 * Packets that must not leave in clear, told by addresses and by what is
 * allowed, with as few names of interfaces as that takes.  Both bolts are made
 * of these rules: plan_nft.c, where the host's owner can see and change them,
 * and plan_bolt.c, where nobody can.
 */

/* "$ip" and "$v" are ip and 4, or ip6 and 6. */
static void
put_family(FILE *out, const char *rule, enum family fam)
{
	for (; *rule != '\0'; rule++)
		if (rule[0] == '$' && rule[1] == 'i') {
			fputs(fam == FAMILY_V4 ? "ip" : "ip6", out);
			rule += 2;
		} else if (rule[0] == '$' && rule[1] == 'v') {
			fputc(fam == FAMILY_V4 ? '4' : '6', out);
			rule++;
		} else {
			fputc(*rule, out);
		}
}

static bool
has_family(const char *rule)
{
	for (; *rule != '\0'; rule++)
		if (*rule == '$')
			return true;
	return false;
}

void
plan_one(FILE *out, const char *rule, enum family fam)
{
	fputs("\t\t", out);
	put_family(out, rule, fam);
	fputc('\n', out);
}

void
plan_each(FILE *out, const char *rule)
{
	for (int f = 0; f < FAMILIES; f++)
		plan_one(out, rule, (enum family)f);
}

void
plan_put(const struct plan *p, FILE *out, const char *how, plan_devs_fn *devs,
    const char *rule)
{
	for (int f = 0; f < (has_family(rule) ? FAMILIES : 1); f++) {
		fprintf(out, "\t\t%s ", how);
		devs(p, out);
		fputc(' ', out);
		put_family(out, rule, (enum family)f);
		fputc('\n', out);
	}
}

void
plan_site(const struct plan *p, const char *verdict, FILE *out)
{
	char rule[64];

	snprintf(rule, sizeof(rule), "$ip daddr @site$v %s", verdict);
	plan_put(p, out, "oifname", plan_site_devs, rule);
	fputs("\t\tcounter name \"lan_clear\" drop\n", out);
}

void
plan_foreign(const struct plan *p, FILE *out)
{
	if (p->self->role == CONF_ROLE_SERVER) {
		plan_each(out, "$ip saddr @clients$v "
		    "counter name \"client_clear\" drop");
		plan_each(out, "$ip daddr @clients$v "
		    "counter name \"client_clear\" drop");
	}
	plan_each(out, "$ip saddr @site$v $ip daddr @elsewhere$v "
	    "counter name \"elsewhere\" drop");
}

/* The tunnel's own datagrams go to gateways, whose addresses their locations
 * may call their own; what keeps an uplink alive goes to neighbours on it. */
void
plan_own(const struct plan *p, FILE *out)
{
	fprintf(out, "\t\tudp sport %u accept\n", p->self->listen_port);
	fputs("\t\ticmpv6 type { nd-router-solicit, nd-neighbor-solicit, "
	    "nd-neighbor-advert } accept\n"
	    "\t\tudp dport { 67, 547 } accept\n", out);
	plan_put(p, out, "oifname != \"lo\" oifname !=", plan_tuns,
	    "$ip daddr @elsewhere$v counter name \"own_clear\" drop");
}
