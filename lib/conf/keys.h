/* SPDX-License-Identifier: ISC */
#ifndef BH_KEYS_H
#define BH_KEYS_H

/*
 * The one table of what a domain file may say.  A row is a key: its section,
 * identifier and name, the type of its value (conf/types.h) and the member that
 * it sets; then what else there is: its default as text, the bounds of a
 * number, the words to choose from, who may have it.  The loader reads by it,
 * conf_print writes by it, bh-check names by it, and a test holds bh.conf(5)
 * against it.  So a new key is a member, a row, its use and its paragraph.
 */

#include <stdbool.h>
#include <stddef.h>

#define CONF_KEYS(X) \
	X(DOMAIN, DOMAIN_NAME, "name", name, name, .always = true) \
	X(DOMAIN, PRIVATE_IS_INTERNAL, "private-is-internal", yes_no, \
	    private_is_internal, .def = "yes", .always = true) \
	X(DOMAIN, REQUIRE_SANDBOX, "require-sandbox", yes_no, \
	    require_sandbox, .def = "no") \
	X(DOMAIN, RESERVED, "reserved", word, reserved, .def = "none", \
	    .words = keys_reserved, .always = true) \
	\
	X(LOCATION, ACTIVE, "active", yes_no, active, .def = "yes", \
	    .always = true) \
	X(LOCATION, PUBLIC_KEY, "public-key", key, public_key) \
	X(LOCATION, ENDPOINT, "endpoint", endpoint, endpoint_host) \
	X(LOCATION, LISTEN_PORT, "listen-port", number, listen_port, \
	    .min = 1, .max = 65535) \
	X(LOCATION, KEEPALIVE, "keepalive", number, keepalive, .max = 65535) \
	X(LOCATION, WORKERS, "workers", number, workers, .def = "1", \
	    .min = 1, .max = CONF_WORKERS_MAX) \
	X(LOCATION, LAN, "lan", prefixes, lan) \
	X(LOCATION, INTERNAL, "internal", prefixes, internal) \
	X(LOCATION, ADDRESS, "address", hosts, address) \
	X(LOCATION, RESOLVER, "resolver", hosts, resolver) \
	X(LOCATION, PARTNERS, "partners", refs, partners) \
	X(LOCATION, BACKHAUL, "backhaul", word, role, .def = "none", \
	    .words = keys_roles) \
	X(LOCATION, SERVER, "server", refs, servers) \
	X(LOCATION, SERVER_MODE, "server-mode", word, server_mode, \
	    .def = "failover", .words = keys_modes, .of = KEY_OF_CLIENT) \
	X(LOCATION, FAILBACK, "failback", failback, failback, \
	    .def = "hold 60s", .min = 1, .max = CONF_HOLD_MAX, \
	    .of = KEY_OF_CLIENT) \
	X(LOCATION, PROBE, "probe", address, probe, .of = KEY_OF_CLIENT) \
	X(LOCATION, SOURCES, "backhaul-sources", word, sources, \
	    .def = "lan", .words = keys_sources, .of = KEY_OF_CLIENT) \
	X(LOCATION, NAT, "nat", word, nat, .def = "masquerade", \
	    .words = keys_nats, .of = KEY_OF_SERVER) \
	X(LOCATION, NAT6, "nat6", nat6, nat6, .of = KEY_OF_SERVER) \
	X(LOCATION, NAT_UPSTREAM, "nat-upstream", word, nat_upstream, \
	    .def = "no", .words = keys_upstreams, .of = KEY_OF_SERVER) \
	X(LOCATION, NAT_PORTS, "nat-ports", ports, nat_port_first, \
	    .def = "16384-32767", .min = 1024, .max = 65535, \
	    .of = KEY_OF_SERVER | KEY_OF_BREAKOUT) \
	X(LOCATION, NAT_ADDRESS, "nat-address", pair, nat_address, \
	    .of = KEY_OF_CLIENT) \
	X(LOCATION, NAT_POOL, "nat-pool", prefixes, pool.addr, \
	    .of = KEY_OF_SERVER | KEY_OF_POOL) \
	X(LOCATION, PORT_BLOCK, "port-block", number, pool.block, \
	    .def = "512", .min = 64, .max = 8192, .of = KEY_OF_POOL) \
	X(LOCATION, NAT_DETERMINISTIC, "nat-deterministic", yes_no, \
	    pool.deterministic, .def = "no", .of = KEY_OF_POOL) \
	X(LOCATION, FILTERING, "filtering", word, pool.filter, \
	    .def = "address-port", .words = keys_filters, \
	    .of = KEY_OF_POOL) \
	X(LOCATION, NAT_REFRESH, "nat-refresh", word, pool.refresh, \
	    .def = "outbound", .words = keys_refreshes, .of = KEY_OF_POOL) \
	X(LOCATION, NAT_TABLE, "nat-table", number, pool.flows, \
	    .def = "65536", .min = 1024, .max = 16777216, \
	    .of = KEY_OF_POOL) \
	X(LOCATION, NAT_QUOTA_HOST, "nat-quota-host", number, \
	    pool.host_flows, .def = "4096", .min = 1, .max = 16777216, \
	    .of = KEY_OF_POOL | KEY_OF_MASQUERADE) \
	X(LOCATION, NAT_QUOTA_LOCATION, "nat-quota-location", number, \
	    pool.site_flows, .min = 1, .max = 16777216, \
	    .of = KEY_OF_POOL | KEY_OF_MASQUERADE) \
	X(LOCATION, NAT_UDP_TIMEOUT, "nat-udp-timeout", number, pool.udp, \
	    .def = "300", .min = 120, .max = 86400, \
	    .of = KEY_OF_POOL | KEY_OF_MASQUERADE) \
	X(LOCATION, NAT_ICMP_TIMEOUT, "nat-icmp-timeout", number, pool.icmp, \
	    .def = "60", .min = 60, .max = 86400, .of = KEY_OF_POOL) \
	X(LOCATION, NAT_TCP_TIMEOUT, "nat-tcp-timeout", number, pool.tcp, \
	    .def = "7440", .min = 7440, .max = 604800, \
	    .of = KEY_OF_POOL | KEY_OF_MASQUERADE) \
	X(LOCATION, NAT_TCP_TRANSITORY, "nat-tcp-transitory", number, \
	    pool.transitory, .def = "240", .min = 240, .max = 86400, \
	    .of = KEY_OF_POOL) \
	X(LOCATION, DEFAULT_GATEWAY, "default-gateway", gateway, gateway4, \
	    .of = KEY_OF_SERVER) \
	X(LOCATION, UPLINK, "uplink", interface, uplink) \
	X(LOCATION, LAN_INTERFACE, "lan-interface", interface, \
	    lan_interface) \
	X(LOCATION, INTERFACE, "interface", interface, interface, \
	    .def = "bh0") \
	X(LOCATION, EGRESS_INTERFACE, "egress-interface", interface, \
	    egress_interface, .def = "bhx0", \
	    .of = KEY_OF_SERVER | KEY_OF_BREAKOUT) \
	X(LOCATION, MTU, "mtu", mtu, mtu, .def = "auto", .min = 576, \
	    .max = 9000) \
	X(LOCATION, DSCP, "dscp", dscp, dscp, .def = "zero", .max = 63) \
	X(LOCATION, ICMP_ERRORS, "icmp-errors", number, icmp_errors, \
	    .def = "1000", .max = 10000) \
	\
	X(GROUP, MEMBERS, "members", prefixes, members) \
	\
	X(BREAKOUT, BREAKOUT_LOCATION, "location", refs, locations) \
	X(BREAKOUT, BREAKOUT_FROM, "from", refs, from) \
	X(BREAKOUT, BREAKOUT_TO, "to", refs, to) \
	X(BREAKOUT, BREAKOUT_FILTER, "filter", filter, filter) \
	\
	X(PUBLISH, PUBLISH_SERVER, "server", ref, server) \
	X(PUBLISH, PUBLISH_MATCH, "match", match, match) \
	X(PUBLISH, PUBLISH_TO, "to", to, to) \
	X(PUBLISH, PUBLISH_FROM, "from", prefixes, from)

enum conf_key {
#define KEY_ID(section, id, ...) KEY_##id,
	CONF_KEYS(KEY_ID)
#undef KEY_ID
	KEY_COUNT,
	KEY_NONE = KEY_COUNT	/* what concerns a section, and no key of it */
};

enum conf_kind {
	CONF_DOMAIN, CONF_LOCATION, CONF_GROUP, CONF_BREAKOUT, CONF_PUBLISH,
	CONF_KINDS
};

/* The roles that may have a key; 0: all of them.  A pool and masquerade are
 * servers' ways to translate: the key does nothing with another one. */
enum {
	KEY_OF_CLIENT = 1 << 0,
	KEY_OF_SERVER = 1 << 1,
	KEY_OF_BREAKOUT = 1 << 2,	/* a client that has one */
	KEY_OF_POOL = 1 << 3,
	KEY_OF_MASQUERADE = 1 << 4,
};

struct key_type;

struct keydef {
	enum conf_kind kind;
	const char *name;
	const struct key_type *type;
	size_t to, size;		/* the member */
	const char *def;		/* NULL: none, or computed */
	unsigned min, max;		/* of a number; max 0: it is none */
	const char *const *words;	/* ends with NULL */
	unsigned of;
	bool always;			/* printed although nobody said it */
};

extern const struct keydef conf_keys[KEY_COUNT];

/* KEY_NONE: no such key in sections of that kind. */
enum conf_key keys_find(enum conf_kind kind, const char *name);
/* "" for KEY_NONE. */
const char *keys_name(enum conf_key key);

#endif
