/* SPDX-License-Identifier: ISC */
#include "conf/keys.h"

#include "base/text.h"
#include "conf/publish.h"
#include "conf/value.h"

#include <stdlib.h>
#include <string.h>

enum { NPT_LEN_MAX = 64 };	/* RFC 6296 3.5 */

static int
no_memory(char *why)
{
	snprintf(why, VALUE_WHYLEN, "no memory");
	return BH_FILE_SIZE;
}

static int
set_name(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return value_name(to, v, why);
}

static int
set_bool(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	static const char *const words[] = { "no", "yes", NULL };
	unsigned n;
	int code = value_word(&n, words, v, why);

	(void)t, (void)k;
	if (code == 0)
		*(bool *)to = n != 0;
	return code;
}

/* Enums without negative members are unsigned to gcc and clang. */
static int
set_word(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t;
	return value_word(to, k->words, v, why);
}

static int
set_u16(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	unsigned n;
	int code = value_number(&n, k->min, k->max, v, why);

	(void)t;
	if (code == 0)
		*(uint16_t *)to = (uint16_t)n;
	return code;
}

static int
set_unsigned(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t;
	return value_number(to, k->min, k->max, v, why);
}

static int
set_ports(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	unsigned first, last;
	int code = value_range(&first, &last, k->min, k->max, v, why);

	(void)to;
	if (code == 0) {
		t->loc->nat_port_first = (uint16_t)first;
		t->loc->nat_port_last = (uint16_t)last;
	}
	return code;
}

static int
set_public_key(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return value_key(to, v, why);
}

static int
set_endpoint(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)k, (void)to;
	return value_endpoint(t->loc->endpoint_host, &t->loc->endpoint_port, v,
	    why);
}

static int
set_interface(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return value_interface(to, v, why);
}

static int
set_prefix(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct keys_set *set = &t->set[k->min];
	bool not = *v == '!';
	struct addr first, last;
	int code = value_addresses(&first, &last, v + not, why);

	(void)to;
	if (code == 0 && !prefix_list_add_range(
	    not ? &set->exclude : &set->include, &first, &last))
		return no_memory(why);
	return code;
}

static int
set_address(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct prefix p = { .len = 128 };
	int code = value_address(&p.addr, v, why);

	(void)to;
	if (code == 0 && !prefix_list_add(&t->set[k->min].include, &p))
		return no_memory(why);
	return code;
}

static int
take_ref(struct conf_ref *ref, const struct keys_target *t, const char *v,
    char *why)
{
	*ref = (struct conf_ref){ .location = CONF_NONE, .line = t->line };
	return value_name(ref->name, v, why);
}

static int
set_one_ref(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)k;
	return take_ref(to, t, v, why);
}

static int
set_ref(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct conf_refs *refs = to;
	struct conf_ref ref;
	int code = take_ref(&ref, t, v, why);

	(void)k;
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

/* A filter is a list of words here, so that it can go on in the next line. */
static int
set_filter(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	char *text = to;
	size_t n = strlen(text);

	(void)t, (void)k;
	if (n + strlen(v) + 2 > CONF_FILTERLEN) {
		snprintf(why, VALUE_WHYLEN, "the filter has more than %d "
		    "bytes; name its addresses as a group",
		    (int)CONF_FILTERLEN);
		return BH_BREAKOUT_FILTER;
	}
	snprintf(text + n, CONF_FILTERLEN - n, "%s%s", n > 0 ? " " : "", v);
	return 0;
}

static int
set_mtu(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)to;
	t->loc->mtu_auto = strcmp(v, "auto") == 0;
	int code = t->loc->mtu_auto ? 0 : set_u16(t, k, &t->loc->mtu, v, why);

	if (t->loc->mtu_auto)
		t->loc->mtu = CONF_MTU_AUTO;
	if (code != 0)
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither auto nor a "
		    "number from %u to %u", v, k->min, k->max);
	return code;
}

static int
set_dscp(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	unsigned n = strcmp(v, "copy") == 0 ? CONF_DSCP_COPY : 0;
	int code = n != 0 || strcmp(v, "zero") == 0 ? 0 :
	    value_number(&n, k->min, k->max, v, why);

	(void)t;
	if (code == 0)
		*(uint8_t *)to = (uint8_t)n;
	else
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither zero nor copy "
		    "nor a number from %u to %u", v, k->min, k->max);
	return code;
}

/* One address of each family. */
static int
set_pair(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct conf_pair *p = to;
	struct addr a;
	int code = value_address(&a, v, why);
	bool v4 = code == 0 && addr_is_v4(&a);

	(void)t, (void)k;
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

/* One address of each family, or a name. */
static int
set_gateway(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct conf_location *l = t->loc;
	struct addr a;
	bool is_addr = value_address(&a, v, why) == 0;
	bool v4 = is_addr && addr_is_v4(&a);
	bool *has = v4 ? &l->has_gateway4 : &l->has_gateway6;
	bool any = l->has_gateway4 || l->has_gateway6;

	(void)k, (void)to;
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

/* "none", "npt PREFIX" */
static int
set_nat6(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct conf_location *l = t->loc;
	static const char npt[] = "npt";
	const char *text = v + strcspn(v, " \t");

	(void)k, (void)to;
	if (strcmp(v, "none") == 0) {
		l->nat6 = CONF_NAT6_NONE;
		return 0;
	}
	text += strspn(text, " \t");
	if (strncmp(v, npt, sizeof(npt) - 1) != 0 || v[3] == '\0' ||
	    strchr(" \t", v[3]) == NULL) {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither none nor npt "
		    "and a prefix, such as npt 2001:db8:f::/48", v);
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

static int
set_match(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return publish_match(to, v, why);
}

static int
set_to(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return publish_to(to, v, why);
}

/* "now", "never", or "hold 60s" */
static int
set_failback(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	char seconds[VALUE_LEN] = "";
	size_t n = strlen(v);
	int code = 0;

	(void)t;
	if (strcmp(v, "now") == 0) {
		*(unsigned *)to = 0;
	} else if (strcmp(v, "never") == 0) {
		*(unsigned *)to = CONF_FAILBACK_NEVER;
	} else if (n > 6 && strncmp(v, "hold ", 5) == 0 && v[n - 1] == 's') {
		text_take(seconds, sizeof(seconds), v + 5, n - 6);
		code = value_number(to, k->min, k->max, seconds, why);
	} else {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is none of now, never and "
		    "'hold 60s'", v);
		code = BH_BAD_WORD;
	}
	return code;
}

static int
set_probe(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return value_address(to, v, why);
}

static const char *const modes[] = { "failover", "balance", NULL };
static const char *const roles[] = { "none", "client", "server", NULL };
static const char *const nats[] = { "masquerade", "none", "pool", NULL };
static const char *const filters[] = { "address-port", "address",
	"endpoint-independent", NULL };
static const char *const refreshes[] = { "outbound", "both", NULL };
static const char *const reserved[] = { "none", "corente", NULL };
static const char *const sources[] = { "lan", "participating", NULL };

#define TO(member) .to = offsetof(struct conf_location, member)
#define LINE(member) .line = offsetof(struct conf_location, member)
#define POOL(member, key) TO(pool.member), LINE(pool.line[POOL_##key])

const struct keydef keys_domain[] = {
	{ "name", set_name, .to = offsetof(struct conf, name) },
	{ "private-is-internal", set_bool,
	    .to = offsetof(struct conf, private_is_internal) },
	{ "reserved", set_word, .to = offsetof(struct conf, reserved),
	    .words = reserved },
	{ .name = NULL },
};

const struct keydef keys_location[] = {
	{ "active", set_bool, TO(active) },
	{ "public-key", set_public_key, TO(public_key), LINE(public_key_line) },
	{ "endpoint", set_endpoint, TO(endpoint_host), LINE(endpoint_line) },
	{ "listen-port", set_u16, TO(listen_port), LINE(listen_line),
	    .min = 1, .max = 65535 },
	{ "keepalive", set_unsigned, TO(keepalive), LINE(keepalive_line),
	    .max = 65535 },
	{ "lan", set_prefix, TO(lan), LINE(lan.line), .min = KEYS_LAN,
	    .list = true },
	{ "internal", set_prefix, TO(internal), LINE(internal.line),
	    .min = KEYS_INTERNAL, .list = true },
	{ "address", set_address, TO(address), LINE(address.line),
	    .min = KEYS_ADDRESS, .list = true },
	{ "resolver", set_address, TO(resolver), LINE(resolver.line),
	    .min = KEYS_RESOLVER, .list = true },
	{ "partners", set_ref, TO(partners), LINE(partners.line),
	    .list = true },
	{ "backhaul", set_word, TO(role), LINE(role_line), .words = roles },
	{ "server", set_ref, TO(servers), LINE(servers.line), .list = true },
	{ "server-mode", set_word, TO(server_mode), LINE(server_mode_line),
	    .words = modes },
	{ "failback", set_failback, TO(failback), LINE(failback_line),
	    .min = 1, .max = CONF_HOLD_MAX },
	{ "probe", set_probe, TO(probe), LINE(probe_line) },
	{ "backhaul-sources", set_word, TO(sources), LINE(sources_line),
	    .words = sources },
	{ "nat", set_word, TO(nat), LINE(nat_line), .words = nats },
	{ "nat6", set_nat6, TO(nat6), LINE(nat6_line) },
	{ "nat-upstream", set_bool, TO(nat_upstream), LINE(nat_upstream_line) },
	{ "nat-ports", set_ports, TO(nat_port_first), LINE(nat_ports_line),
	    .min = 1024, .max = 65535 },
	{ "nat-address", set_pair, TO(nat_address), LINE(nat_address.line),
	    .list = true },
	{ "nat-pool", set_prefix, TO(pool.addr), LINE(pool.addr.line),
	    .min = KEYS_POOL, .list = true },
	{ "port-block", set_unsigned, POOL(block, BLOCK), .min = 64,
	    .max = 8192 },
	{ "nat-deterministic", set_bool, POOL(deterministic, DETERMINISTIC) },
	{ "filtering", set_word, POOL(filter, FILTER), .words = filters },
	{ "nat-refresh", set_word, POOL(refresh, REFRESH),
	    .words = refreshes },
	{ "nat-table", set_unsigned, POOL(flows, FLOWS), .min = 1024,
	    .max = 16777216 },
	{ "nat-quota-host", set_unsigned, POOL(host_flows, HOST), .min = 1,
	    .max = 16777216 },
	{ "nat-quota-location", set_unsigned, POOL(site_flows, SITE), .min = 1,
	    .max = 16777216 },
	{ "nat-udp-timeout", set_unsigned, POOL(udp, UDP), .min = 120,
	    .max = 86400 },
	{ "nat-icmp-timeout", set_unsigned, POOL(icmp, ICMP), .min = 60,
	    .max = 86400 },
	{ "nat-tcp-timeout", set_unsigned, POOL(tcp, TCP), .min = 7440,
	    .max = 604800 },
	{ "nat-tcp-transitory", set_unsigned, POOL(transitory, TRANSITORY),
	    .min = 240, .max = 86400 },
	{ "default-gateway", set_gateway, TO(gateway4), LINE(gateway_line),
	    .list = true },
	{ "uplink", set_interface, TO(uplink), LINE(uplink_line) },
	{ "lan-interface", set_interface, TO(lan_interface),
	    LINE(lan_interface_line) },
	{ "interface", set_interface, TO(interface), LINE(interface_line) },
	{ "egress-interface", set_interface, TO(egress_interface),
	    LINE(egress_line) },
	{ "mtu", set_mtu, TO(mtu), LINE(mtu_line), .min = 576, .max = 9000 },
	{ "dscp", set_dscp, TO(dscp), LINE(dscp_line), .max = 63 },
	{ "icmp-errors", set_u16, TO(icmp_errors), LINE(icmp_errors_line),
	    .max = 10000 },
	{ .name = NULL },
};

const struct keydef keys_group[] = {
	{ "members", set_prefix, .to = offsetof(struct conf_group, members),
	    .line = offsetof(struct conf_group, members.line),
	    .min = KEYS_MEMBERS, .list = true },
	{ .name = NULL },
};

#undef TO
#undef LINE
#define TO(member) .to = offsetof(struct conf_breakout, member)
#define LINE(member) .line = offsetof(struct conf_breakout, member)

const struct keydef keys_breakout[] = {
	{ "location", set_ref, TO(locations), LINE(locations.line),
	    .list = true },
	{ "from", set_ref, TO(from), LINE(from.line), .list = true },
	{ "to", set_ref, TO(to), LINE(to.line), .list = true },
	{ "filter", set_filter, TO(filter), LINE(filter_line),
	    .list = true },
	{ .name = NULL },
};

#undef TO
#undef LINE
#define TO(member) .to = offsetof(struct conf_publish, member)
#define LINE(member) .line = offsetof(struct conf_publish, member)

const struct keydef keys_publish[] = {
	{ "server", set_one_ref, TO(server), .line = 0 },
	{ "match", set_match, .to = 0, LINE(match_line) },
	{ "to", set_to, .to = 0, LINE(to_line) },
	{ "from", set_prefix, TO(from), LINE(from.line), .min = KEYS_FROM,
	    .list = true },
	{ .name = NULL },
};

const struct keydef *
keys_find(const struct keydef *table, const char *name)
{
	for (const struct keydef *k = table; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}
