/* SPDX-License-Identifier: ISC */
/* The UDP socket on loopback, both families, with and without trains. */
#include "test.h"

#include "net/udp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

static struct udp a, b;
static uint8_t data[65536];

static uint16_t
port_of(const struct udp *u)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);
	struct endpoint e = { .port = 0 };

	getsockname(u->fd, (struct sockaddr *)&ss, &n);
	endpoint_from_sockaddr(&e, &ss);
	return e.port;
}

/* Until all is there, or nothing comes for a second. */
static size_t
collect(uint8_t *buf, struct udp_in *first, unsigned *datagrams)
{
	struct udp_in in[UDP_BATCH];
	struct pollfd p = { .fd = b.fd, .events = POLLIN };
	size_t got = 0;

	*datagrams = 0;
	memset(first, 0, sizeof(*first));
	while (got < sizeof(data) && poll(&p, 1, got == 0 ? 1000 : 50) > 0) {
		size_t n = udp_recv(&b, in);
		for (size_t i = 0; i < n; i++) {
			if (got == 0)
				*first = in[i];
			memcpy(buf + got, in[i].data, in[i].len);
			got += in[i].len;
			*datagrams += (unsigned)((in[i].len + in[i].size - 1) /
			    in[i].size);
		}
	}
	return got;
}

static void
test_train(const char *to, size_t size, size_t len, uint8_t tos, bool local)
{
	static uint8_t buf[sizeof(data)];
	struct udp_out o = { .data = data, .len = len, .size = size,
		.tos = tos };
	struct udp_in first;
	unsigned n;

	addr_parse(&o.path.remote.addr, to);
	o.path.remote.port = port_of(&b);
	if (local)
		addr_parse(&o.path.local, to);
	udp_send(&a, &o, 1);
	size_t got = collect(buf, &first, &n);
	OKF(!o.failed && got == len && memcmp(buf, data, len) == 0 &&
	    n == (len + size - 1) / size,
	    "%zu bytes by %zu to %s%s%s", len, size, to,
	    local ? ", from there" : "", a.segment ? "" : ", singly");
	OKF(first.tos == tos, "with the traffic class");
	OKF(addr_eq(&first.path.local, &o.path.remote.addr),
	    "which address was contacted is known");
	OKF(first.path.remote.port == port_of(&a) && (!local ||
	    addr_eq(&first.path.remote.addr, &o.path.local)),
	    "and who sent it");
}

static void
test_errors(void)
{
	struct udp_out o[2] = {
		{ .data = data, .len = 100, .size = 100 },
		{ .data = data, .len = 100, .size = 100 },
	};
	static uint8_t buf[sizeof(data)];
	struct udp_in first;
	unsigned n;

	/* the first cannot be sent: documentation addresses have no route in
	 * an empty namespace, and 0xffffffff is broadcast in any */
	addr_parse(&o[0].path.remote.addr, "255.255.255.255");
	o[0].path.remote.port = 9;
	addr_parse(&o[1].path.remote.addr, "127.0.0.1");
	addr_parse(&o[1].path.local, "192.0.2.99");
	o[1].path.remote.port = port_of(&b);
	udp_send(&a, o, 2);
	OKF(o[0].failed, "what the kernel refuses is told");
	OKF(!o[1].failed && o[1].moved,
	    "an address that is not ours any more is not insisted on");
	OK(collect(buf, &first, &n) == 100 && n == 1);
}

static void
test_port(void)
{
	struct udp c;

	OKF(udp_open(&c, port_of(&a)) < 0 && errno == EADDRINUSE,
	    "a port is bound once");
}

int
main(void)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	if (udp_open(&a, 0) < 0 || udp_open(&b, 0) < 0) {
		perror("udp_open");
		return 1;
	}
	for (int way = 0; way < 2; way++) {
		for (size_t i = 0; i < 2; i++) {
			test_train(hosts[i], 1452, 1452 * 44 + 99, 2, false);
			test_train(hosts[i], 1452, 1452 * 10, 0x88, true);
			test_train(hosts[i], 32, 32 * 64, 0, false);
			test_train(hosts[i], 148, 148, 0x88, true);
			test_train(hosts[i], 60000, 60000, 1, false);
		}
		a.segment = false;
	}
	a.segment = true;
	test_errors();
	test_port();
	udp_close(&a);
	udp_close(&b);
	return DONE();
}
