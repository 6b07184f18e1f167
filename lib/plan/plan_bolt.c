/* SPDX-License-Identifier: ISC */
#include "plan/plan.h"

#include <string.h>

/*
 * The second bolt: the drops that matter once more, in tables that the kernel
 * lets nobody change but the process that has made them (bh-bolt(8)).  It has
 * no exceptions that the first has not, and nothing that is only convenient.
 *
 * One table sees what is forwarded and what the host sends.  The other stands
 * where an interface takes a packet to send it: what a foreign flowtable sends
 * there, or another program writes past forwarding, no forward hook has seen.
 */

static const char *const counter_names[] = {
	"lan_clear", "own_clear", "client_clear", "elsewhere", "untranslated",
};

/* Gone if it was there, and there again, in one transaction. */
static void
begin(const struct plan *p, const char *family, FILE *out)
{
	size_t n = sizeof(counter_names) / sizeof(counter_names[0]);

	fprintf(out, "table %s " PLAN_BOLT " {\n\tflags owner\n}\n"
	    "delete table %s " PLAN_BOLT "\ntable %s " PLAN_BOLT " {\n"
	    "\tflags owner\n\tcomment \"%s\"\n", family, family, family,
	    p->rundir);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "\tcounter %s {}\n", counter_names[i]);
}

static void
forward_client(const struct plan *p, FILE *out)
{
	if (plan_breaks_out(p))
		fprintf(out, "\t\tiifname \"%s\" oifname \"%s\" accept\n",
		    p->self->egress_interface, p->self->uplink);
	plan_each(out, "$ip saddr @site$v goto from_site");
}

static void
forward_server(const struct plan *p, FILE *out)
{
	char rule[96];

	plan_each(out, "$ip daddr @clients$v "
	    "counter name \"client_clear\" drop");
	fprintf(out, "\t\tiifname %s accept\n", plan_egress(p).text);
	snprintf(rule, sizeof(rule), "iifname \"%s\" oifname \"%s\" "
	    "$ip daddr @site$v accept", p->self->interface,
	    p->self->lan_interface);
	plan_each(out, rule);
	plan_foreign(p, out);
}

static void
chain_forward(const struct plan *p, FILE *out)
{
	enum conf_role role = p->self->role;

	if (role == CONF_ROLE_CLIENT) {
		fputs("\tchain from_site {\n", out);
		plan_site(p, "accept", out);
		fputs("\t}\n", out);
	}
	fputs("\tchain forward {\n\t\ttype filter hook forward "
	    "priority filter + 10; policy accept;\n", out);
	plan_put(p, out, "oifname", plan_tuns, "accept");
	if (role == CONF_ROLE_CLIENT)
		forward_client(p, out);
	else if (role == CONF_ROLE_SERVER)
		forward_server(p, out);
	else
		plan_foreign(p, out);
	fputs("\t}\n", out);
}

static bool
has_address(const struct plan *p, const char *dev)
{
	for (size_t i = 0; i < p->host.nnets; i++) {
		const uint8_t *b = p->host.net[i].own.b;
		if (strcmp(p->host.net[i].dev, dev) == 0 &&
		    (b[0] != 0xfe || (b[1] & 0xc0) != 0x80))
			return true;
	}
	return false;
}

/* Packets are routed to it; it is no port of a bridge, and no device that only
 * queues what comes in. */
static bool
is_judged(const struct plan *p, const struct plan_dev *d)
{
	const char *site;

	if (strcmp(d->name, p->self->uplink) == 0)
		return true;
	if (strcmp(d->name, "lo") == 0 || plan_is_tun(p, d->name) ||
	    strchr(d->name, '"') != NULL)
		return false;
	for (size_t i = 0; (site = plan_site_dev(p, &i)) != NULL;)
		if (strcmp(d->name, site) == 0)
			return false;
	return d->outward || has_address(p, d->name);
}

/* This host's own packets, translated ones among them, are judged where they
 * are made. */
static void
chain_judge(const struct plan *p, FILE *out)
{
	fputs("\tchain judge {\n", out);
	plan_each(out, "$ip saddr @own$v accept");
	fputs("\t\tip daddr { 224.0.0.0/4, 255.255.255.255 } accept\n"
	    "\t\tip6 daddr ff00::/8 accept\n", out);
	if (p->self->role == CONF_ROLE_CLIENT)
		plan_each(out, "$ip saddr @site$v $ip daddr != @site$v "
		    "counter name \"lan_clear\" drop");
	else
		plan_each(out, "$ip daddr @clients$v "
		    "counter name \"client_clear\" drop");
	for (int f = 0; f < FAMILIES; f++)
		if (plan_translates(p, (enum family)f))
			plan_one(out, "$ip saddr @clients$v $ip daddr != "
			    "@site$v counter name \"untranslated\" drop",
			    (enum family)f);
	fputs("\t}\n", out);
}

static void
put_egress(const struct plan *p, FILE *out)
{
	if (p->self->role == CONF_ROLE_NONE)
		return;
	begin(p, "netdev", out);
	for (int f = 0; f < FAMILIES; f++) {
		plan_egress_sets(p, (enum family)f, out);
	}
	chain_judge(p, out);
	for (size_t i = 0; i < p->host.ndevs; i++)
		if (is_judged(p, &p->host.dev[i]))
			fprintf(out, "\tchain out%zu {\n\t\ttype filter hook "
			    "egress device \"%s\" priority filter; "
			    "policy accept;\n\t\tgoto judge\n\t}\n", i,
			    p->host.dev[i].name);
	fputs("}\n", out);
}

static void
put_forward(const struct plan *p, FILE *out)
{
	begin(p, "inet", out);
	for (int f = 0; f < FAMILIES; f++)
		plan_bolt_sets(p, (enum family)f, out);
	fputs("\tchain output {\n\t\ttype filter hook output "
	    "priority filter + 10; policy accept;\n", out);
	plan_own(p, out);
	fputs("\t}\n", out);
	chain_forward(p, out);
	plan_chain_translated(p, out);
	fputs("}\n", out);
}

void
plan_bolt(const struct plan *p, FILE *out)
{
	put_forward(p, out);
	put_egress(p, out);
}
