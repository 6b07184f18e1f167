/* SPDX-License-Identifier: ISC */
#include "conf/print.h"

#include "conf/keys.h"
#include "conf/publish.h"

#include <string.h>

typedef void put_fn(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out);

static void
put_bool(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	(void)l;
	fprintf(out, "%s = %s\n", k->name, *(const bool *)from ? "yes" : "no");
}

static void
put_text(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	const char *text = from;

	(void)l;
	if (*text != '\0')
		fprintf(out, "%s = %s\n", k->name, text);
}

static void
put_word(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	(void)l;
	fprintf(out, "%s = %s\n", k->name, k->words[*(const unsigned *)from]);
}

static void
put_u16(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	(void)l;
	fprintf(out, "%s = %u\n", k->name, *(const uint16_t *)from);
}

static void
put_unsigned(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	(void)l;
	fprintf(out, "%s = %u\n", k->name, *(const unsigned *)from);
}

static void
put_key(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	char text[KEY_STRLEN];

	(void)l;
	fprintf(out, "%s = %s\n", k->name, key_format(from, text));
}

static void
put_endpoint(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	bool v6 = strchr(from, ':') != NULL;

	fprintf(out, "%s = %s%s%s:%u\n", k->name, v6 ? "[" : "",
	    (const char *)from, v6 ? "]" : "", l->endpoint_port);
}

static void
put_prefixes(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	const struct conf_prefixes *ps = from;
	char text[PREFIX_STRLEN];

	(void)l;
	for (size_t i = 0; i < ps->n; i++)
		fprintf(out, "%s = %s\n", k->name,
		    prefix_format(&ps->p[i], text));
}

static void
put_hosts(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	const struct conf_prefixes *ps = from;
	char text[ADDR_STRLEN];

	(void)l;
	for (size_t i = 0; i < ps->n; i++)
		fprintf(out, "%s = %s\n", k->name,
		    addr_format(&ps->p[i].addr, text));
}

static void
put_refs(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	const struct conf_refs *refs = from;

	(void)l;
	for (size_t i = 0; i < refs->n; i++)
		fprintf(out, "%s = %s\n", k->name, refs->r[i].name);
}

/* Words, in lines that are not too long for the reader. */
static void
put_wrapped(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	enum { WIDTH = 120 };
	const char *words = from;

	(void)l;
	while (*words != '\0') {
		size_t n = strcspn(words, " "), more;
		for (; words[n] != '\0'; n += more) {
			more = 1 + strcspn(words + n + 1, " ");
			if (n + more > WIDTH)
				break;
		}
		fprintf(out, "%s = %.*s\n", k->name, (int)n, words);
		words += n + (words[n] == ' ');
	}
}

static void
put_ports(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	(void)from;
	fprintf(out, "%s = %u-%u\n", k->name, l->nat_port_first,
	    l->nat_port_last);
}

static void
put_one_ref(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	const struct conf_ref *ref = from;

	(void)l;
	fprintf(out, "%s = %s\n", k->name, ref->name);
}

static void
put_match(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	char text[PUBLISH_STRLEN];

	(void)l;
	fprintf(out, "%s = %s\n", k->name, publish_format_match(from, text));
}

static void
put_to(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	char text[PUBLISH_STRLEN];

	(void)l;
	fprintf(out, "%s = %s\n", k->name, publish_format_to(from, text));
}

static void
put_pair(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	const struct conf_pair *p = from;
	char text[ADDR_STRLEN];

	(void)l;
	if (p->has4)
		fprintf(out, "%s = %s\n", k->name,
		    addr_format(&p->v4, text));
	if (p->has6)
		fprintf(out, "%s = %s\n", k->name,
		    addr_format(&p->v6, text));
}

static void
put_nat6(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	char text[PREFIX_STRLEN];

	(void)from;
	if (l->nat6 == CONF_NAT6_NPT)
		fprintf(out, "%s = npt %s\n", k->name,
		    prefix_format(&l->npt, text));
	else
		fprintf(out, "%s = %s\n", k->name,
		    l->nat6 == CONF_NAT6_POOL ? "pool" : "none");
}

static void
put_gateway(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	char text[ADDR_STRLEN];

	(void)from;
	if (l->has_gateway4)
		fprintf(out, "%s = %s\n", k->name,
		    addr_format(&l->gateway4, text));
	if (l->has_gateway6)
		fprintf(out, "%s = %s\n", k->name,
		    addr_format(&l->gateway6, text));
	if (l->gateway_name[0] != '\0')
		fprintf(out, "%s = %s\n", k->name, l->gateway_name);
}

static void
put_failback(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	(void)from;
	if (l->failback == 0 || l->failback == CONF_FAILBACK_NEVER)
		fprintf(out, "%s = %s\n", k->name, l->failback == 0 ? "now" :
		    "never");
	else
		fprintf(out, "%s = hold %us\n", k->name, l->failback);
}

static void
put_probe(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	char text[ADDR_STRLEN];

	(void)l;
	fprintf(out, "%s = %s\n", k->name, addr_format(from, text));
}

static void
put_mtu(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	if (l->mtu_auto)
		fprintf(out, "%s = auto\n", k->name);
	else
		put_u16(l, k, from, out);
}

static void
put_dscp(const struct conf_location *l, const struct keydef *k,
    const void *from, FILE *out)
{
	(void)from;
	if (l->dscp == CONF_DSCP_COPY)
		fprintf(out, "%s = copy\n", k->name);
	else
		fprintf(out, "%s = %u\n", k->name, l->dscp);
}

/* The other half of conf/keys.c.  A key without a line of its own is printed
 * always. */
struct printer {
	const char *name;	/* NULL: the end of a table */
	put_fn *put;
};

static const struct printer domain_keys[] = {
	{ "name", put_text },
	{ "private-is-internal", put_bool },
	{ "reserved", put_word },
	{ .name = NULL },
};

static const struct printer location_keys[] = {
	{ "active", put_bool },
	{ "public-key", put_key },
	{ "endpoint", put_endpoint },
	{ "listen-port", put_u16 },
	{ "keepalive", put_unsigned },
	{ "workers", put_unsigned },
	{ "lan", put_prefixes },
	{ "internal", put_prefixes },
	{ "address", put_hosts },
	{ "resolver", put_hosts },
	{ "partners", put_refs },
	{ "backhaul", put_word },
	{ "server", put_refs },
	{ "server-mode", put_word },
	{ "failback", put_failback },
	{ "probe", put_probe },
	{ "backhaul-sources", put_word },
	{ "nat", put_word },
	{ "nat6", put_nat6 },
	{ "nat-upstream", put_word },
	{ "nat-ports", put_ports },
	{ "nat-address", put_pair },
	{ "nat-pool", put_prefixes },
	{ "port-block", put_unsigned },
	{ "nat-deterministic", put_bool },
	{ "filtering", put_word },
	{ "nat-refresh", put_word },
	{ "nat-table", put_unsigned },
	{ "nat-quota-host", put_unsigned },
	{ "nat-quota-location", put_unsigned },
	{ "nat-udp-timeout", put_unsigned },
	{ "nat-icmp-timeout", put_unsigned },
	{ "nat-tcp-timeout", put_unsigned },
	{ "nat-tcp-transitory", put_unsigned },
	{ "default-gateway", put_gateway },
	{ "uplink", put_text },
	{ "lan-interface", put_text },
	{ "interface", put_text },
	{ "egress-interface", put_text },
	{ "mtu", put_mtu },
	{ "dscp", put_dscp },
	{ "icmp-errors", put_u16 },
	{ .name = NULL },
};

static const struct printer breakout_keys[] = {
	{ "location", put_refs },
	{ "from", put_refs },
	{ "to", put_refs },
	{ "filter", put_wrapped },
	{ .name = NULL },
};

static const struct printer group_keys[] = {
	{ "members", put_prefixes },
	{ .name = NULL },
};

static const struct printer publish_keys[] = {
	{ "server", put_one_ref },
	{ "match", put_match },
	{ "to", put_to },
	{ "from", put_prefixes },
	{ .name = NULL },
};

/* The file gave it. */
static bool
was_given(const void *section, const struct keydef *k)
{
	int line;

	if (k->line == 0)
		return true;
	memcpy(&line, (const char *)section + k->line, sizeof(line));
	return line != 0;
}

/* l: the section, if it is a location. */
static void
print_section(const void *section, const struct printer *p,
    const struct keydef *table, const struct conf_location *l, FILE *out)
{
	for (; p->name != NULL; p++) {
		const struct keydef *k = keys_find(table, p->name);
		if (was_given(section, k))
			p->put(l, k, (const char *)section + k->to, out);
	}
}

void
conf_print(const struct conf *cf, FILE *out)
{
	fputs("[domain]\n", out);
	print_section(cf, domain_keys, keys_domain, NULL, out);
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *l = &cf->location[i];
		fprintf(out, "\n[location %s]\n", l->name);
		print_section(l, location_keys, keys_location, l, out);
	}
	for (size_t i = 0; i < cf->ngroups; i++) {
		fprintf(out, "\n[group %s]\n", cf->group[i].name);
		print_section(&cf->group[i], group_keys, keys_group, NULL,
		    out);
	}
	for (size_t i = 0; i < cf->nbreakouts; i++) {
		fprintf(out, "\n[breakout %s]\n", cf->breakout[i].name);
		print_section(&cf->breakout[i], breakout_keys, keys_breakout,
		    NULL, out);
	}
	for (size_t i = 0; i < cf->npublish; i++) {
		fprintf(out, "\n[publish %s]\n", cf->publish[i].name);
		print_section(&cf->publish[i], publish_keys, keys_publish,
		    NULL, out);
	}
}
