/* SPDX-License-Identifier: ISC */
#include "conf/keys.h"

#include "conf/conf.h"
#include "conf/types.h"

#include <assert.h>
#include <string.h>

/* In the order of the enums in conf/conf.h. */
static const char *const keys_reserved[] = { "none", "corente", NULL };
static const char *const keys_roles[] = { "none", "client", "server", NULL };
static const char *const keys_modes[] = { "failover", "balance", NULL };
static const char *const keys_sources[] = { "lan", "participating", NULL };
static const char *const keys_nats[] = { "masquerade", "none", "pool", NULL };
static const char *const keys_upstreams[] = { "no", "yes", "routed", NULL };
static const char *const keys_filters[] = { "address-port", "address",
	"endpoint-independent", NULL };
static const char *const keys_refreshes[] = { "outbound", "both", NULL };

#define OF_DOMAIN struct conf
#define OF_LOCATION struct conf_location
#define OF_GROUP struct conf_group
#define OF_BREAKOUT struct conf_breakout
#define OF_PUBLISH struct conf_publish

/* Behind the member there may be nothing: that is an empty argument. */
#define ROW(...) ROW_OF(__VA_ARGS__, )
#define ROW_OF(section, id, text, value, member, ...) [KEY_##id] = { \
	.kind = CONF_##section, .name = text, .type = &type_##value, \
	.to = offsetof(OF_##section, member), \
	.size = sizeof(((OF_##section *)NULL)->member), __VA_ARGS__ },

const struct keydef conf_keys[KEY_COUNT] = { CONF_KEYS(ROW) };

static_assert(KEY_COUNT <= 64, "a bit for each in broken");

enum conf_key
keys_find(enum conf_kind kind, const char *name)
{
	enum conf_key k = 0;

	while (k < KEY_COUNT && (conf_keys[k].kind != kind ||
	    strcmp(conf_keys[k].name, name) != 0))
		k++;
	return k;
}

const char *
keys_name(enum conf_key key)
{
	return key == KEY_NONE ? "" : conf_keys[key].name;
}
