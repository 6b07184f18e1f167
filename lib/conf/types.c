/* SPDX-License-Identifier: ISC */
#include "conf/types.h"

#include "base/text.h"
#include "conf/publish.h"
#include "conf/value.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NPT_LEN_MAX = 64 };	/* RFC 6296 3.5 */

static_assert((int)VALUE_NAMELEN <= (int)CONF_NAMELEN, "names fit");
static_assert((int)VALUE_HOSTLEN == (int)CONF_HOSTLEN, "hosts fit");
static_assert(sizeof(enum conf_role) == sizeof(unsigned),
    "enums without negative members are unsigned to gcc and clang");

static int
no_memory(char *why)
{
	snprintf(why, VALUE_WHYLEN, "no memory");
	return BH_FILE_SIZE;
}

/* The member of a section that is printed. */
static const void *
member(const struct keydef *k, const void *section)
{
	return (const char *)section + k->to;
}

/* A line of the file. */
__attribute__((format(printf, 3, 4)))
static void
put(FILE *out, const struct keydef *k, const char *fmt, ...)
{
	va_list ap;

	fprintf(out, "%s = ", k->name);
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fputc('\n', out);
}

static void
print_text(const struct keydef *k, const void *section, FILE *out)
{
	const char *text = member(k, section);

	if (*text != '\0')
		put(out, k, "%s", text);
}

static int
parse_name(const struct key_place *at, const char *v, char *why)
{
	return value_name(at->to, v, why);
}

static int
parse_interface(const struct key_place *at, const char *v, char *why)
{
	return value_interface(at->to, v, why);
}

static int
parse_yes_no(const struct key_place *at, const char *v, char *why)
{
	static const char *const words[] = { "no", "yes", NULL };
	unsigned n;
	int code = value_word(&n, words, v, why);

	if (code == 0)
		*(bool *)at->to = n != 0;
	return code;
}

static void
print_yes_no(const struct keydef *k, const void *section, FILE *out)
{
	put(out, k, *(const bool *)member(k, section) ? "yes" : "no");
}

static int
parse_word(const struct key_place *at, const char *v, char *why)
{
	return value_word(at->to, at->key->words, v, why);
}

static void
print_word(const struct keydef *k, const void *section, FILE *out)
{
	put(out, k, "%s", k->words[*(const unsigned *)member(k, section)]);
}

/* A number's member has two bytes or four. */
static int
parse_number(const struct key_place *at, const char *v, char *why)
{
	const struct keydef *k = at->key;
	unsigned n;
	int code = value_number(&n, k->min, k->max, v, why);

	if (code != 0)
		return code;
	if (k->size == sizeof(uint16_t))
		*(uint16_t *)at->to = (uint16_t)n;
	else
		*(unsigned *)at->to = n;
	return 0;
}

static void
print_number(const struct keydef *k, const void *section, FILE *out)
{
	const void *from = member(k, section);

	put(out, k, "%u", k->size == sizeof(uint16_t) ?
	    *(const uint16_t *)from : *(const unsigned *)from);
}

static int
parse_ports(const struct key_place *at, const char *v, char *why)
{
	struct conf_location *l = at->section;
	const struct keydef *k = at->key;
	unsigned first, last;
	int code = value_range(&first, &last, k->min, k->max, v, why);

	if (code == 0) {
		l->nat_port_first = (uint16_t)first;
		l->nat_port_last = (uint16_t)last;
	}
	return code;
}

static void
print_ports(const struct keydef *k, const void *section, FILE *out)
{
	const struct conf_location *l = section;

	put(out, k, "%u-%u", l->nat_port_first, l->nat_port_last);
}

static int
parse_key(const struct key_place *at, const char *v, char *why)
{
	return value_key(at->to, v, why);
}

static void
print_key(const struct keydef *k, const void *section, FILE *out)
{
	char text[KEY_STRLEN];

	put(out, k, "%s", key_format(member(k, section), text));
}

static int
parse_endpoint(const struct key_place *at, const char *v, char *why)
{
	struct conf_location *l = at->section;

	return value_endpoint(l->endpoint_host, &l->endpoint_port, v, why);
}

static void
print_endpoint(const struct keydef *k, const void *section, FILE *out)
{
	const struct conf_location *l = section;
	bool v6 = strchr(l->endpoint_host, ':') != NULL;

	put(out, k, "%s%s%s:%u", v6 ? "[" : "", l->endpoint_host,
	    v6 ? "]" : "", l->endpoint_port);
}

static int
parse_prefixes(const struct key_place *at, const char *v, char *why)
{
	bool not = *v == '!';
	struct addr first, last;
	int code = value_addresses(&first, &last, v + not, why);

	if (code == 0 && !prefix_list_add_range(
	    not ? &at->set->exclude : &at->set->include, &first, &last))
		return no_memory(why);
	return code;
}

static void
print_prefixes(const struct keydef *k, const void *section, FILE *out)
{
	const struct conf_prefixes *ps = member(k, section);
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < ps->n; i++)
		put(out, k, "%s", prefix_format(&ps->p[i], text));
}

/* An exclusion that takes nothing away is most often of the wrong list. */
static void
check_exclusions(const struct key_place *at, struct diags *d)
{
	struct prefix_list none = { 0 }, all = { 0 };
	const char *key = at->key->name;
	char text[PREFIX_STRLEN];

	if (at->set->exclude.n > 0 && !at->broken &&
	    prefixes_normal(&at->set->include, &none, &all))
		for (size_t i = 0; i < at->set->exclude.n; i++)
			if (!prefixes_meet(all.p, all.n,
			    &at->set->exclude.p[i]))
				diag_add(d, at->line, BH_EXCLUDES_NOTHING,
				    at->title, key, "'!%s' excludes nothing: "
				    "no prefix of '%s' meets it; take it out, "
				    "or move it", prefix_format(
				    &at->set->exclude.p[i], text), key);
	prefix_list_fini(&all);
}

/* The union less the exclusions. */
static void
finish_prefixes(const struct key_place *at, struct diags *d)
{
	struct conf_prefixes *ps = at->to;
	struct prefix_list out = { 0 };

	if (!prefixes_normal(&at->set->include, &at->set->exclude, &out))
		diag_add(d, at->line, BH_FILE_SIZE, at->title, at->key->name,
		    "no memory");
	check_exclusions(at, d);
	*ps = (struct conf_prefixes){ out.p, out.n };
	at->set->include.n = at->set->exclude.n = 0;
}

static int
parse_hosts(const struct key_place *at, const char *v, char *why)
{
	struct prefix p = { .len = 128 };
	int code = value_address(&p.addr, v, why);

	if (code == 0 && !prefix_list_add(&at->set->include, &p))
		return no_memory(why);
	return code;
}

static void
print_hosts(const struct keydef *k, const void *section, FILE *out)
{
	const struct conf_prefixes *ps = member(k, section);
	char text[ADDR_STRLEN];

	for (size_t i = 0; i < ps->n; i++)
		put(out, k, "%s", addr_format(&ps->p[i].addr, text));
}

/* Hosts stay hosts: sorted, each once, not merged into prefixes. */
static void
finish_hosts(const struct key_place *at, struct diags *d)
{
	struct conf_prefixes *ps = at->to;
	struct prefix_list *l = &at->set->include;

	(void)d;
	prefix_sort(l->p, l->n);
	for (size_t i = 0; i < l->n; i++)
		if (ps->n == 0 || prefix_cmp(&l->p[ps->n - 1], &l->p[i]) != 0)
			l->p[ps->n++] = l->p[i];
	ps->p = l->p;
	*l = (struct prefix_list){ 0 };
}

static void
fini_prefixes(void *to)
{
	struct conf_prefixes *ps = to;

	free(ps->p);
}

static int
parse_ref(const struct key_place *at, const char *v, char *why)
{
	struct conf_ref *ref = at->to;

	*ref = (struct conf_ref){ .location = CONF_NONE, .line = at->line };
	return value_name(ref->name, v, why);
}

static void
print_ref(const struct keydef *k, const void *section, FILE *out)
{
	const struct conf_ref *ref = member(k, section);

	put(out, k, "%s", ref->name);
}

static int
parse_refs(const struct key_place *at, const char *v, char *why)
{
	struct conf_refs *refs = at->to;
	struct conf_ref ref = { .location = CONF_NONE, .line = at->line };
	int code = value_name(ref.name, v, why);

	if (code != 0)
		return code;
	if (refs->n == refs->room) {
		size_t room = refs->room == 0 ? 4 : refs->room * 2;
		struct conf_ref *r = realloc(refs->r, room * sizeof(*r));
		if (r == NULL)
			return no_memory(why);
		refs->r = r;
		refs->room = room;
	}
	refs->r[refs->n++] = ref;
	return 0;
}

static void
print_refs(const struct keydef *k, const void *section, FILE *out)
{
	const struct conf_refs *refs = member(k, section);

	for (size_t i = 0; i < refs->n; i++)
		put(out, k, "%s", refs->r[i].name);
}

static void
fini_refs(void *to)
{
	struct conf_refs *refs = to;

	free(refs->r);
}

/* A filter is a list of words here, so that it can go on in the next line. */
static int
parse_filter(const struct key_place *at, const char *v, char *why)
{
	char *text = at->to;
	size_t n = strlen(text);

	if (n + strlen(v) + 2 > CONF_FILTERLEN) {
		snprintf(why, VALUE_WHYLEN, "the filter has more than %d "
		    "bytes; name its addresses as a group",
		    (int)CONF_FILTERLEN);
		return BH_BREAKOUT_FILTER;
	}
	snprintf(text + n, CONF_FILTERLEN - n, "%s%s", n > 0 ? " " : "", v);
	return 0;
}

/* In lines that are not too long for people. */
static void
print_filter(const struct keydef *k, const void *section, FILE *out)
{
	enum { WIDTH = 120 };
	const char *words = member(k, section);

	while (*words != '\0') {
		size_t n = strcspn(words, " "), more;
		for (; words[n] != '\0'; n += more) {
			more = 1 + strcspn(words + n + 1, " ");
			if (n + more > WIDTH)
				break;
		}
		put(out, k, "%.*s", (int)n, words);
		words += n + (words[n] == ' ');
	}
}

static int
parse_mtu(const struct key_place *at, const char *v, char *why)
{
	struct conf_location *l = at->section;
	const struct keydef *k = at->key;

	l->mtu_auto = strcmp(v, "auto") == 0;
	if (l->mtu_auto) {
		l->mtu = CONF_MTU_AUTO;
		return 0;
	}
	int code = parse_number(at, v, why);
	if (code != 0)
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither auto nor a "
		    "number from %u to %u", v, k->min, k->max);
	return code;
}

static void
print_mtu(const struct keydef *k, const void *section, FILE *out)
{
	const struct conf_location *l = section;

	if (l->mtu_auto)
		put(out, k, "auto");
	else
		print_number(k, section, out);
}

static int
parse_dscp(const struct key_place *at, const char *v, char *why)
{
	const struct keydef *k = at->key;
	unsigned n = strcmp(v, "copy") == 0 ? CONF_DSCP_COPY : 0;
	int code = n != 0 || strcmp(v, "zero") == 0 ? 0 :
	    value_number(&n, k->min, k->max, v, why);

	if (code == 0)
		*(uint8_t *)at->to = (uint8_t)n;
	else
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither zero nor copy "
		    "nor a number from %u to %u", v, k->min, k->max);
	return code;
}

static void
print_dscp(const struct keydef *k, const void *section, FILE *out)
{
	unsigned dscp = *(const uint8_t *)member(k, section);

	if (dscp == CONF_DSCP_COPY)
		put(out, k, "copy");
	else
		put(out, k, "%u", dscp);
}

/* One address of each family. */
static int
parse_pair(const struct key_place *at, const char *v, char *why)
{
	struct conf_pair *p = at->to;
	struct addr a;
	int code = value_address(&a, v, why);
	bool v4 = code == 0 && addr_is_v4(&a);

	if (code != 0)
		return code;
	if (v4 ? p->has4 : p->has6) {
		snprintf(why, VALUE_WHYLEN, "'%s' is the second address of "
		    "IPv%c; there is one for each family", v, v4 ? '4' : '6');
		return BH_KEY_TWICE;
	}
	*(v4 ? &p->v4 : &p->v6) = a;
	*(v4 ? &p->has4 : &p->has6) = true;
	return 0;
}

static void
print_pair(const struct keydef *k, const void *section, FILE *out)
{
	const struct conf_pair *p = member(k, section);
	char text[ADDR_STRLEN];

	if (p->has4)
		put(out, k, "%s", addr_format(&p->v4, text));
	if (p->has6)
		put(out, k, "%s", addr_format(&p->v6, text));
}

/* One address of each family, or a name. */
static int
parse_gateway(const struct key_place *at, const char *v, char *why)
{
	struct conf_location *l = at->section;
	struct addr a;
	bool is_addr = value_address(&a, v, why) == 0;
	bool v4 = is_addr && addr_is_v4(&a);
	bool *has = v4 ? &l->has_gateway4 : &l->has_gateway6;
	bool any = l->has_gateway4 || l->has_gateway6;

	if (l->gateway_name[0] != '\0' || (any && !is_addr) ||
	    (is_addr && *has)) {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is one too many; there "
		    "is one next hop for each family, or one name that "
		    "stands for them", v);
		return BH_KEY_TWICE;
	}
	if (!is_addr && (strspn(v, "0123456789.:/") == strlen(v) ||
	    value_hostname(l->gateway_name, v, why) != 0)) {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither an address "
		    "nor a host name", v);
		return BH_GATEWAY_NAME;
	}
	if (is_addr) {
		*has = true;
		*(v4 ? &l->gateway4 : &l->gateway6) = a;
	}
	return 0;
}

static void
print_gateway(const struct keydef *k, const void *section, FILE *out)
{
	const struct conf_location *l = section;
	char text[ADDR_STRLEN];

	if (l->has_gateway4)
		put(out, k, "%s", addr_format(&l->gateway4, text));
	if (l->has_gateway6)
		put(out, k, "%s", addr_format(&l->gateway6, text));
	if (l->gateway_name[0] != '\0')
		put(out, k, "%s", l->gateway_name);
}

/* "none", "pool", "npt PREFIX" */
static int
parse_nat6(const struct key_place *at, const char *v, char *why)
{
	struct conf_location *l = at->section;
	static const char npt[] = "npt";
	const char *text = v + strcspn(v, " \t");

	if (strcmp(v, "none") == 0 || strcmp(v, "pool") == 0) {
		l->nat6 = *v == 'n' ? CONF_NAT6_NONE : CONF_NAT6_POOL;
		return 0;
	}
	text += strspn(text, " \t");
	if (strncmp(v, npt, sizeof(npt) - 1) != 0 || v[3] == '\0' ||
	    strchr(" \t", v[3]) == NULL) {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither none nor pool "
		    "nor npt and a prefix, such as npt 2001:db8:f::/48", v);
		return BH_BAD_NAT6;
	}
	int code = value_prefix(&l->npt, text, why);
	if (code != 0)
		return code;
	if (addr_is_v4(&l->npt.addr) || l->npt.len > NPT_LEN_MAX) {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is no prefix of IPv6 "
		    "with at most %d bits", text, NPT_LEN_MAX);
		return BH_BAD_NAT6;
	}
	l->nat6 = CONF_NAT6_NPT;
	return 0;
}

static void
print_nat6(const struct keydef *k, const void *section, FILE *out)
{
	const struct conf_location *l = section;
	char text[PREFIX_STRLEN];

	if (l->nat6 == CONF_NAT6_NPT)
		put(out, k, "npt %s", prefix_format(&l->npt, text));
	else
		put(out, k, l->nat6 == CONF_NAT6_POOL ? "pool" : "none");
}

/* "now", "never", or "hold 60s" */
static int
parse_failback(const struct key_place *at, const char *v, char *why)
{
	const struct keydef *k = at->key;
	char seconds[VALUE_LEN] = "";
	size_t n = strlen(v);
	unsigned *to = at->to;

	if (strcmp(v, "now") == 0) {
		*to = 0;
	} else if (strcmp(v, "never") == 0) {
		*to = CONF_FAILBACK_NEVER;
	} else if (n > 6 && strncmp(v, "hold ", 5) == 0 && v[n - 1] == 's') {
		text_copy_n(seconds, sizeof(seconds), v + 5, n - 6);
		return value_number(to, k->min, k->max, seconds, why);
	} else {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is none of now, never and "
		    "'hold 60s'", v);
		return BH_BAD_WORD;
	}
	return 0;
}

static void
print_failback(const struct keydef *k, const void *section, FILE *out)
{
	unsigned hold = *(const unsigned *)member(k, section);

	if (hold == 0 || hold == CONF_FAILBACK_NEVER)
		put(out, k, hold == 0 ? "now" : "never");
	else
		put(out, k, "hold %us", hold);
}

static int
parse_address(const struct key_place *at, const char *v, char *why)
{
	return value_address(at->to, v, why);
}

static void
print_address(const struct keydef *k, const void *section, FILE *out)
{
	char text[ADDR_STRLEN];

	put(out, k, "%s", addr_format(member(k, section), text));
}

static int
parse_match(const struct key_place *at, const char *v, char *why)
{
	return publish_match(at->section, v, why);
}

static void
print_match(const struct keydef *k, const void *section, FILE *out)
{
	char text[PUBLISH_STRLEN];

	put(out, k, "%s", publish_format_match(section, text));
}

static int
parse_to(const struct key_place *at, const char *v, char *why)
{
	return publish_to(at->section, v, why);
}

static void
print_to(const struct keydef *k, const void *section, FILE *out)
{
	char text[PUBLISH_STRLEN];

	put(out, k, "%s", publish_format_to(section, text));
}

const struct key_type
    type_name = { .parse = parse_name, .print = print_text },
    type_yes_no = { .parse = parse_yes_no, .print = print_yes_no },
    type_word = { .parse = parse_word, .print = print_word },
    type_number = { .parse = parse_number, .print = print_number },
    type_ports = { .parse = parse_ports, .print = print_ports },
    type_key = { .parse = parse_key, .print = print_key },
    type_endpoint = { .parse = parse_endpoint, .print = print_endpoint },
    type_interface = { .parse = parse_interface, .print = print_text },
    type_prefixes = { .parse = parse_prefixes, .print = print_prefixes,
	.finish = finish_prefixes, .fini = fini_prefixes, .list = true },
    type_hosts = { .parse = parse_hosts, .print = print_hosts,
	.finish = finish_hosts, .fini = fini_prefixes, .list = true },
    type_ref = { .parse = parse_ref, .print = print_ref },
    type_refs = { .parse = parse_refs, .print = print_refs,
	.fini = fini_refs, .list = true },
    type_filter = { .parse = parse_filter, .print = print_filter,
	.list = true },
    type_mtu = { .parse = parse_mtu, .print = print_mtu },
    type_dscp = { .parse = parse_dscp, .print = print_dscp },
    type_pair = { .parse = parse_pair, .print = print_pair,
	.list = true },
    type_gateway = { .parse = parse_gateway, .print = print_gateway,
	.list = true },
    type_nat6 = { .parse = parse_nat6, .print = print_nat6 },
    type_failback = { .parse = parse_failback, .print = print_failback },
    type_address = { .parse = parse_address, .print = print_address },
    type_match = { .parse = parse_match, .print = print_match },
    type_to = { .parse = parse_to, .print = print_to };
