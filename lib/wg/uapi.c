/* SPDX-License-Identifier: ISC */
#include "wg/uapi.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum kind { NUMBER, SECRET, ENDPOINT, PREFIX };
enum { AT_START = 1 << UAPI_START, AT_DEVICE = 1 << UAPI_DEVICE,
    AT_PEER = 1 << UAPI_PEER, ANSWER = 0 };

/* A flag is a number that can only be "true". */
static const struct {
	const char *name;
	enum kind kind;
	unsigned where;		/* in a request; ANSWER: in none */
	enum uapi_place then;
	uint64_t max;		/* of a NUMBER; 1: it means nothing else */
	bool flag;
} keys[UAPI_KEYS] = {
	[UAPI_GET] = { "get", NUMBER, AT_START, UAPI_START, .max = 1 },
	[UAPI_SET] = { "set", NUMBER, AT_START, UAPI_DEVICE, .max = 1 },
	[UAPI_PRIVATE_KEY] = { "private_key", SECRET, AT_DEVICE,
	    .then = UAPI_DEVICE },
	[UAPI_LISTEN_PORT] = { "listen_port", NUMBER, AT_DEVICE, UAPI_DEVICE,
	    .max = UINT16_MAX },
	[UAPI_FWMARK] = { "fwmark", NUMBER, AT_DEVICE, UAPI_DEVICE,
	    .max = UINT32_MAX },
	[UAPI_REPLACE_PEERS] = { "replace_peers", NUMBER, AT_DEVICE,
	    UAPI_DEVICE, 1, true },
	[UAPI_PUBLIC_KEY] = { "public_key", SECRET, AT_DEVICE | AT_PEER,
	    .then = UAPI_PEER },
	[UAPI_REMOVE] = { "remove", NUMBER, AT_PEER, UAPI_PEER, 1, true },
	[UAPI_UPDATE_ONLY] = { "update_only", NUMBER, AT_PEER, UAPI_PEER, 1,
	    true },
	[UAPI_PRESHARED_KEY] = { "preshared_key", SECRET, AT_PEER,
	    .then = UAPI_PEER },
	[UAPI_ENDPOINT] = { "endpoint", ENDPOINT, AT_PEER,
	    .then = UAPI_PEER },
	[UAPI_KEEPALIVE] = { "persistent_keepalive_interval", NUMBER, AT_PEER,
	    UAPI_PEER, .max = UINT16_MAX },
	[UAPI_REPLACE_ALLOWED_IPS] = { "replace_allowed_ips", NUMBER, AT_PEER,
	    UAPI_PEER, 1, true },
	[UAPI_ALLOWED_IP] = { "allowed_ip", PREFIX, AT_PEER,
	    .then = UAPI_PEER },
	[UAPI_PROTOCOL_VERSION] = { "protocol_version", NUMBER, AT_PEER,
	    UAPI_PEER, .max = 1 },
	[UAPI_HANDSHAKE_SEC] = { "last_handshake_time_sec", NUMBER,
	    .where = ANSWER },
	[UAPI_HANDSHAKE_NSEC] = { "last_handshake_time_nsec", NUMBER,
	    .where = ANSWER },
	[UAPI_RX_BYTES] = { "rx_bytes", NUMBER, .where = ANSWER },
	[UAPI_TX_BYTES] = { "tx_bytes", NUMBER, .where = ANSWER },
	[UAPI_ERRNO] = { "errno", NUMBER, .where = ANSWER },
};

/* ---- values ---- */

/* Decimal digits only, or "0x" and hexadecimal ones, and nothing too large. */
static bool
number_parse(uint64_t *v, const char *text, uint64_t max)
{
	bool hex = text[0] == '0' && text[1] == 'x';
	unsigned base = hex ? 16 : 10;
	const char *p = hex ? text + 2 : text;

	*v = 0;
	if (*p == '\0')
		return false;
	for (; *p != '\0'; p++) {
		unsigned d = *p >= '0' && *p <= '9' ? (unsigned)(*p - '0') :
		    *p >= 'a' && *p <= 'f' ? (unsigned)(*p - 'a') + 10 : base;
		if (d >= base || *v > (max - d) / base)
			return false;
		*v = *v * base + d;
	}
	return *v <= max;
}

static bool
secret_parse(struct key *k, const char *text)
{
	size_t n = strlen(text), used;

	return n == 2 * KEY_LEN && sodium_hex2bin(k->b, KEY_LEN, text, n, NULL,
	    &used, NULL) == 0 && used == KEY_LEN;
}

/* "a.b.c.d:port" or "[address%scope]:port", the scope a number. */
static bool
endpoint_parse(struct endpoint *e, const char *text)
{
	char host[ADDR_STRLEN + 16];
	const char *colon = strrchr(text, ':');
	size_t n = colon == NULL ? sizeof(host) : (size_t)(colon - text);
	uint64_t port, scope = 0;
	char *h = host;

	if (n == 0 || n >= sizeof(host) ||
	    !number_parse(&port, colon + 1, UINT16_MAX) || port == 0)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (*h == '[') {
		if (host[n - 1] != ']')
			return false;
		host[n - 1] = '\0';
		h++;
	}
	char *percent = h == host ? NULL : strchr(h, '%');
	if (percent != NULL) {
		*percent = '\0';
		if (!number_parse(&scope, percent + 1, UINT32_MAX))
			return false;
	}
	*e = (struct endpoint){ .port = (uint16_t)port,
		.scope = (uint32_t)scope };
	return addr_parse(&e->addr, h) && (h == host) == addr_is_v4(&e->addr);
}

static bool
allowed_parse(struct uapi_item *it, const char *text)
{
	bool host_bits;

	it->minus = *text == '-';
	return prefix_parse(&it->u.prefix, text + it->minus, &host_bits);
}

static bool
value_parse(struct uapi_item *it, const char *text)
{
	switch (keys[it->key].kind) {
	case SECRET:
		return secret_parse(&it->u.secret, text);
	case ENDPOINT:
		return endpoint_parse(&it->u.endpoint, text);
	case PREFIX:
		return allowed_parse(it, text);
	case NUMBER:
		break;
	}
	if (keys[it->key].flag) {
		it->u.number = 1;
		return strcmp(text, "true") == 0;
	}
	return number_parse(&it->u.number, text, keys[it->key].max);
}

/* ---- lines ---- */

/* Within its length, and no bit beyond: tables rely on it. */
static bool
prefix_is_sound(const struct prefix *p)
{
	for (unsigned i = p->len; i < 128; i++)
		if (addr_bit(&p->addr, i))
			return false;
	return p->len <= 128;
}

bool
uapi_follows(const struct uapi_item *it, enum uapi_place *at)
{
	if (it->key >= UAPI_KEYS || (keys[it->key].where & 1u << *at) == 0)
		return false;
	if (keys[it->key].kind == NUMBER && (it->u.number > keys[it->key].max ||
	    (it->u.number == 0 && keys[it->key].max == 1)))
		return false;
	if (it->minus > (keys[it->key].kind == PREFIX))
		return false;
	if (keys[it->key].kind == PREFIX && !prefix_is_sound(&it->u.prefix))
		return false;
	*at = keys[it->key].then;
	return true;
}

bool
uapi_parse(struct uapi_item *it, enum uapi_place *at, const char *line)
{
	const char *equals = strchr(line, '=');
	size_t n = equals == NULL ? 0 : (size_t)(equals - line);

	memset(it, 0, sizeof(*it));
	for (unsigned k = 0; equals != NULL && k < UAPI_KEYS; k++) {
		if (strlen(keys[k].name) != n ||
		    memcmp(keys[k].name, line, n) != 0)
			continue;
		it->key = (uint8_t)k;
		return value_parse(it, equals + 1) && uapi_follows(it, at);
	}
	return false;
}

/* Nothing looks for the end of the digits, and nothing else keeps them. */
static size_t
put_secret(char *out, const char *name, const struct key *k)
{
	size_t n = (size_t)snprintf(out, UAPI_LINE_MAX, "%s=", name);

	sodium_bin2hex(out + n, UAPI_LINE_MAX - n, k->b, KEY_LEN);
	n += 2 * KEY_LEN;
	memcpy(out + n, "\n", 2);
	return n + 1;
}

size_t
uapi_put(const struct uapi_item *it, char out[static UAPI_LINE_MAX])
{
	char text[ENDPOINT_STRLEN];

	if (it->key >= UAPI_KEYS || it->minus > 1)
		return 0;
	switch (keys[it->key].kind) {
	case SECRET:
		return put_secret(out, keys[it->key].name, &it->u.secret);
	case ENDPOINT:
		endpoint_format(&it->u.endpoint, text);
		break;
	case PREFIX:
		text[0] = '-';
		prefix_format(&it->u.prefix, text + it->minus);
		break;
	case NUMBER:
		/* errors are negative there */
		snprintf(text, sizeof(text), "%s%" PRIu64, it->key ==
		    UAPI_ERRNO && it->u.number != 0 ? "-" : "", it->u.number);
		if (keys[it->key].flag)
			snprintf(text, sizeof(text), "true");
		break;
	}
	return (size_t)snprintf(out, UAPI_LINE_MAX, "%s=%s\n",
	    keys[it->key].name, text);
}
