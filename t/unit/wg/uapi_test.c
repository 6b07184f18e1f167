/* SPDX-License-Identifier: ISC */
/* The userspace configuration protocol: each line, there and back. */
#include "test.h"

#include "wg/uapi.h"

#include <sodium.h>
#include <stddef.h>
#include <string.h>

#define HEX "b85996fecc9c7f1fc6d2572a76eda11d59bcd20be8e543b15ce4bd85a8e75a33"

static const struct {
	enum uapi_place at;
	const char *line, *back;	/* back NULL: the same */
} good[] = {
	{ UAPI_START, "get=1", NULL },
	{ UAPI_START, "set=1", NULL },
	{ UAPI_DEVICE, "private_key=" HEX, NULL },
	{ UAPI_DEVICE, "listen_port=0", NULL },
	{ UAPI_DEVICE, "listen_port=65535", NULL },
	{ UAPI_DEVICE, "fwmark=4294967295", NULL },
	{ UAPI_DEVICE, "fwmark=0x1f", "fwmark=31" },
	{ UAPI_DEVICE, "replace_peers=true", NULL },
	{ UAPI_DEVICE, "public_key=" HEX, NULL },
	{ UAPI_PEER, "public_key=" HEX, NULL },
	{ UAPI_PEER, "remove=true", NULL },
	{ UAPI_PEER, "update_only=true", NULL },
	{ UAPI_PEER, "preshared_key=" HEX, NULL },
	{ UAPI_PEER, "endpoint=192.0.2.1:51820", NULL },
	{ UAPI_PEER, "endpoint=[2001:db8::1]:1", NULL },
	{ UAPI_PEER, "endpoint=[fe80::1%3]:1", NULL },
	{ UAPI_PEER, "persistent_keepalive_interval=65535", NULL },
	{ UAPI_PEER, "replace_allowed_ips=true", NULL },
	{ UAPI_PEER, "allowed_ip=10.0.0.0/8", NULL },
	{ UAPI_PEER, "allowed_ip=0.0.0.0/0", NULL },
	{ UAPI_PEER, "allowed_ip=::/0", NULL },
	{ UAPI_PEER, "allowed_ip=10.1.2.3/8", "allowed_ip=10.0.0.0/8" },
	{ UAPI_PEER, "allowed_ip=-2001:db8::/32", NULL },
	{ UAPI_PEER, "protocol_version=1", NULL },
};

static const struct {
	enum uapi_place at;
	const char *line;
} bad[] = {
	{ UAPI_START, "" }, { UAPI_START, "get" }, { UAPI_START, "get=" },
	{ UAPI_START, "get=2" }, { UAPI_START, "set=0" },
	{ UAPI_START, "listen_port=1" }, { UAPI_START, "=1" },
	{ UAPI_DEVICE, "get=1" }, { UAPI_DEVICE, "set=1" },
	{ UAPI_DEVICE, "listen_port=65536" },
	{ UAPI_DEVICE, "listen_port=-1" }, { UAPI_DEVICE, "listen_port= 1" },
	{ UAPI_DEVICE, "listen_port=18446744073709551617" },
	{ UAPI_DEVICE, "listen_port=1x" }, { UAPI_DEVICE, "fwmark=0x" },
	{ UAPI_DEVICE, "fwmark=4294967296" },
	{ UAPI_DEVICE, "replace_peers=false" },
	{ UAPI_DEVICE, "private_key=00" },
	{ UAPI_DEVICE, "private_key=" HEX "0" },
	{ UAPI_DEVICE, "private_key=x" HEX },
	{ UAPI_DEVICE, "remove=true" }, { UAPI_DEVICE, "endpoint=1.2.3.4:5" },
	{ UAPI_DEVICE, "rx_bytes=1" }, { UAPI_DEVICE, "errno=0" },
	{ UAPI_DEVICE, "nonsense=1" },
	{ UAPI_PEER, "private_key=" HEX }, { UAPI_PEER, "listen_port=1" },
	{ UAPI_PEER, "endpoint=192.0.2.1" }, { UAPI_PEER, "endpoint=:1" },
	{ UAPI_PEER, "endpoint=192.0.2.1:0" },
	{ UAPI_PEER, "endpoint=[192.0.2.1]:1" },
	{ UAPI_PEER, "endpoint=2001:db8::1:1" },
	{ UAPI_PEER, "endpoint=[2001:db8::1:1" },
	{ UAPI_PEER, "endpoint=host.example:1" },
	{ UAPI_PEER, "endpoint=[fe80::1%x]:1" },
	{ UAPI_PEER, "endpoint=[fe80::1%]:1" },
	{ UAPI_PEER, "endpoint=[fe80::1%4294967296]:1" },
	{ UAPI_PEER, "endpoint=192.0.2.1%3:1" },
	{ UAPI_PEER, "endpoint=192.0.2.1:65536" },
	{ UAPI_PEER, "endpoint=[2001:0db8:0000:0000:0000:0000:0000:0000:0000:"
	    "0000:0000:0000:0001]:1" },
	{ UAPI_PEER, "persistent_keepalive_interval=off" },
	{ UAPI_PEER, "allowed_ip=10.0.0.0/33" }, { UAPI_PEER, "allowed_ip=-" },
	{ UAPI_PEER, "allowed_ip=--10.0.0.0/8" },
	{ UAPI_PEER, "protocol_version=2" }, { UAPI_PEER, "tx_bytes=1" },
};

static void
test_good(void)
{
	char out[UAPI_LINE_MAX], want[UAPI_LINE_MAX];
	struct uapi_item it;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		enum uapi_place at = good[i].at;
		bool ok = uapi_parse(&it, &at, good[i].line);
		size_t n = ok ? uapi_put(&it, out) : 0;
		snprintf(want, sizeof(want), "%s\n", good[i].back != NULL ?
		    good[i].back : good[i].line);
		OKF(ok && n == strlen(want) && memcmp(out, want, n) == 0,
		    "%s", good[i].line);
	}
}

static void
test_bad(void)
{
	struct uapi_item it;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum uapi_place at = bad[i].at;
		OKF(!uapi_parse(&it, &at, bad[i].line) && at == bad[i].at,
		    "refused, and nothing moves: '%s'", bad[i].line);
	}
}

/* What means something as 1 only. */
static void
test_ones(void)
{
	static const struct {
		enum uapi_place at;
		enum uapi_key key;
	} ones[] = {
		{ UAPI_START, UAPI_GET }, { UAPI_START, UAPI_SET },
		{ UAPI_DEVICE, UAPI_REPLACE_PEERS }, { UAPI_PEER, UAPI_REMOVE },
		{ UAPI_PEER, UAPI_UPDATE_ONLY },
		{ UAPI_PEER, UAPI_REPLACE_ALLOWED_IPS },
		{ UAPI_PEER, UAPI_PROTOCOL_VERSION },
	};

	for (size_t i = 0; i < sizeof(ones) / sizeof(ones[0]); i++)
		for (uint64_t v = 0; v < 4; v++) {
			enum uapi_place at = ones[i].at;
			struct uapi_item it = uapi_number(ones[i].key, v);
			OKF(uapi_follows(&it, &at) == (v == 1),
			    "H8: item %d is 1, not %d", (int)ones[i].key,
			    (int)v);
		}
}

/* What a uapi process that has been taken over might send. */
static void
test_forged(void)
{
	enum uapi_place at = UAPI_PEER;
	struct uapi_item it = { .key = UAPI_ALLOWED_IP };

	it.u.prefix = (struct prefix){ .len = 129 };
	OK(!uapi_follows(&it, &at));
	it.u.prefix = (struct prefix){ { .b[15] = 1 }, 127 };
	OKF(!uapi_follows(&it, &at), "bits beyond the length");
	it.u.prefix.len = 128;
	OK(uapi_follows(&it, &at));
	it.minus = 2;
	OK(!uapi_follows(&it, &at));
	it = uapi_number(UAPI_KEEPALIVE, 65536);
	OK(!uapi_follows(&it, &at));
	it = uapi_number(UAPI_REMOVE, 0);
	OK(!uapi_follows(&it, &at));
	it.key = UAPI_KEYS;
	OK(!uapi_follows(&it, &at));
	test_ones();
	it.key = 255;
	OK(!uapi_follows(&it, &at));
	at = UAPI_START;
	it = uapi_number(UAPI_ERRNO, 22);
	char out[UAPI_LINE_MAX];
	OK(uapi_put(&it, out) == 10 && memcmp(out, "errno=-22\n", 10) == 0);
	for (unsigned key = UAPI_KEYS; key < 256; key++) {
		it.key = (uint8_t)key;
		if (uapi_put(&it, out) != 0)
			OKF(false, "H8: %u is no item", key);
	}
	for (unsigned minus = 2; minus < 256; minus++) {
		it = (struct uapi_item){ .key = UAPI_ALLOWED_IP,
			.minus = (uint8_t)minus };
		if (uapi_put(&it, out) != 0)
			OKF(false, "H8: nor is one with %u minuses", minus);
	}
}

/* What is only said, never asked. */
static void
test_answers(void)
{
	static const struct {
		enum uapi_key key;
		const char *line;
	} answers[] = {
		{ UAPI_HANDSHAKE_SEC, "last_handshake_time_sec=7\n" },
		{ UAPI_HANDSHAKE_NSEC, "last_handshake_time_nsec=7\n" },
		{ UAPI_RX_BYTES, "rx_bytes=7\n" },
		{ UAPI_TX_BYTES, "tx_bytes=7\n" },
		{ UAPI_ERRNO, "errno=-7\n" },
	};
	char out[UAPI_LINE_MAX];

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct uapi_item it = uapi_number(answers[i].key, 7);
		size_t n = uapi_put(&it, out);
		bool ok = n == strlen(answers[i].line) &&
		    memcmp(out, answers[i].line, n) == 0;
		for (enum uapi_place at = UAPI_START; at <= UAPI_PEER; at++) {
			enum uapi_place moved = at;
			ok = ok && !uapi_follows(&it, &moved);
		}
		OKF(ok, "an answer: %.*s", (int)n - 1, out);
	}
	struct uapi_item none = uapi_number(UAPI_ERRNO, 0);
	OK(uapi_put(&none, out) == 8 && memcmp(out, "errno=0\n", 8) == 0);
}

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_good();
	test_bad();
	test_forged();
	test_answers();
	return DONE();
}
