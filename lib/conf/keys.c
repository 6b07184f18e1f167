/* SPDX-License-Identifier: ISC */
#include "conf/keys.h"

#include "conf/set.h"

#include <string.h>

static const char *const modes[] = { "failover", "balance", NULL };
static const char *const upstreams[] = { "no", "yes", "routed", NULL };
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
	{ "workers", set_unsigned, TO(workers), LINE(workers_line), .min = 1,
	    .max = CONF_WORKERS_MAX },
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
	{ "nat-upstream", set_word, TO(nat_upstream), LINE(nat_upstream_line),
	    .words = upstreams },
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
