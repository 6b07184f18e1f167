/* SPDX-License-Identifier: ISC */
/* The UDP socket on loopback, both families, with and without trains. */
#include "test.h"

#include "base/bytes.h"
#include "io/udp.h"
#include "io/udp_port.h"
#include "wg/index.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
	int port[UDP_LANES];

	OKF(udp_first(port, port_of(&a), 0, 1) < 0 && errno == EADDRINUSE,
	    "a port is bound once, also if its owner would share it");
}

/* ---- steering ---- */

static int port[UDP_LANES];

/* Which of the sockets got what was sent, if its first word is type and `next'
 * stands at next_at; UDP_LANES: none. */
static enum udp_lane
lane_of(const char *to, uint32_t type, size_t n, size_t next_at, uint32_t next)
{
	le32 t = le32_put(type), u = le32_put(next);
	struct udp_out o = { .data = data, .len = n, .size = n };
	struct pollfd p[UDP_LANES];
	enum udp_lane got = UDP_LANES;
	char c;

	memcpy(data + next_at, &u, sizeof(u));
	memcpy(data, &t, sizeof(t));
	addr_parse(&o.path.remote.addr, to);
	o.path.remote.port = udp_port(port[0]);
	udp_send(&a, &o, 1);
	for (int i = 0; i < UDP_LANES; i++)
		p[i] = (struct pollfd){ .fd = port[i], .events = POLLIN };
	if (poll(p, UDP_LANES, 1000) != 1)
		return UDP_LANES;
	for (int i = 0; i < UDP_LANES; i++)
		if (p[i].revents != 0 && recv(port[i], &c, 1, 0) >= 0)
			got = i;
	return got;
}

static void
test_steering(const char *to)
{
	static const struct {
		uint32_t type;
		size_t n;
		enum udp_lane lane;
	} c[] = {
		{ 1, 148, UDP_HANDSHAKES }, { 1, 147, UDP_JUNK },
		{ 2, 92, UDP_HANDSHAKES }, { 2, 91, UDP_JUNK },
		{ 3, 64, UDP_HANDSHAKES }, { 3, 63, UDP_JUNK },
		{ 1, 149, UDP_JUNK }, { 1, 179, UDP_JUNK },
		{ 2, 148, UDP_JUNK }, { 2, 93, UDP_JUNK },
		{ 3, 65, UDP_JUNK }, { 3, 148, UDP_JUNK },
		{ 4, 32, UDP_DATA }, { 4, 31, UDP_JUNK },
		{ 4, 1452, UDP_DATA }, { 4, 60000, UDP_DATA },
		{ 0, 148, UDP_JUNK }, { 5, 148, UDP_JUNK },
		{ 0x100, 148, UDP_JUNK }, { 0x01000000, 148, UDP_JUNK },
		{ 0x80000004, 148, UDP_JUNK }, { 4, 4, UDP_JUNK },
		{ 4, 3, UDP_JUNK }, { 4, 0, UDP_JUNK },
		/* a train, of which nobody believes what its first says */
		{ 5, 1472, UDP_JUNK }, { 5, 1473, UDP_DATA },
		{ 1, 1473, UDP_DATA },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++)
		OKF(lane_of(to, c[i].type, c[i].n, 160, 0) == c[i].lane,
		    "W1 %zu bytes of type %#x to %s go to socket %d", c[i].n,
		    c[i].type, to, c[i].lane);
}

/* Trains as the kernel makes them of what comes close together. */
static void
test_steering_trains(void)
{
	static const struct {
		uint32_t first;
		size_t size;
		uint32_t next;
		size_t n;
		enum udp_lane lane;
	} c[] = {
		{ 1, 148, 4, 180, UDP_HANDSHAKES },
		{ 1, 148, 2, 240, UDP_HANDSHAKES },
		{ 1, 148, 1, 1480, UDP_HANDSHAKES },
		{ 2, 92, 4, 124, UDP_HANDSHAKES },
		{ 3, 64, 3, 128, UDP_HANDSHAKES },
		{ 1, 148, 4, 179, UDP_JUNK },
		{ 1, 148, 5, 296, UDP_JUNK },
		{ 1, 148, 0, 296, UDP_JUNK },
		{ 1, 148, 0x101, 296, UDP_JUNK },
		{ 2, 92, 0x1000001, 184, UDP_JUNK },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++)
		OKF(lane_of("127.0.0.1", c[i].first, c[i].n, c[i].size,
		    c[i].next) == c[i].lane, "W1 %zu bytes of type %#x, with "
		    "type %#x behind it, go to socket %d", c[i].n, c[i].first,
		    c[i].next, c[i].lane);
}

/* Data go to the worker that the receiver index is of, handshakes to nobody
 * else than before; whoever they come from. */
static void
test_workers(unsigned n)
{
	int fd[UDP_DATA + 16], alone[UDP_LANES];
	struct udp_out o = { .data = data, .len = 32, .size = 32 };
	bool open = udp_first(alone, 0, 0, n) == 0, right = true;
	unsigned char got[32];

	memcpy(fd, alone, sizeof(alone));
	for (unsigned i = 0; open && i < n; i++)
		open = (fd[UDP_DATA + i] = udp_join(udp_port(fd[0]), 0)) >= 0;
	addr_parse(&o.path.remote.addr, "127.0.0.1");
	o.path.remote.port = udp_port(fd[0]);
	for (unsigned low = 0; open && low < 256; low++) {
		uint32_t index = index_for_worker(0x12345600 | low, low % n, n);
		le32 head[] = { le32_put(4), le32_put(index) };
		struct pollfd p = { .fd = fd[UDP_DATA + low % n],
			.events = POLLIN };
		memcpy(data, head, sizeof(head));
		udp_send(low % 2 == 0 ? &a : &b, &o, 1);
		right &= index_worker(index, n) == low % n &&
		    index >> 8 == 0x123456 && poll(&p, 1, 1000) == 1 &&
		    recv(p.fd, got, sizeof(got), 0) == 32 &&
		    memcmp(got, head, sizeof(head)) == 0;
	}
	OKF(open && right, "of %u workers each gets what is for its sessions",
	    n);
	for (unsigned i = 0; i < UDP_DATA + n; i++)
		close(fd[i]);
}

/* Which of them the kernel asks depends on the flow. */
static void
test_joining(void)
{
	for (int i = 0; i < UDP_LANES; i++) {
		struct udp u = { .fd = -1 };
		int joined = 0;
		socklen_t n = sizeof(joined);

		if (i != UDP_JUNK) {
			udp_open(&u, dup(port[i]));
			udp_close(&u);
		}
		getsockopt(port[i], SOL_UDP, UDP_GRO, &joined, &n);
		OKF(joined != 0, "socket %d lets datagrams be joined", i);
	}
}

static void
test_lock(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { 1, &all };
	bool refused = true;

	for (int i = 0; i < UDP_LANES; i++) {
		refused &= setsockopt(port[i], SOL_SOCKET, SO_ATTACH_FILTER,
		    &prog, sizeof(prog)) < 0 && errno == EPERM;
		refused &= setsockopt(port[i], SOL_SOCKET,
		    SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof(prog)) < 0 &&
		    errno == EPERM;
	}
	OKF(refused, "nobody who has a socket changes how it is steered");
}

static void
test_junk(void)
{
	struct udp_out o = { .data = data, .len = 148, .size = 148 };
	uint32_t dropped = 0;
	unsigned n = 0;

	udp_junk(port[UDP_JUNK], &dropped);
	data[0] = 9;
	addr_parse(&o.path.remote.addr, "127.0.0.1");
	o.path.remote.port = udp_port(port[0]);
	for (int i = 0; i < 1000; i++)
		udp_send(&a, &o, 1);
	for (int i = 0; i < 100 && n < 1000; i++)
		n += udp_junk(port[UDP_JUNK], &dropped);
	OKF(n == 1000 && dropped > 900, "of 1000 pieces of junk the kernel "
	    "drops %u, and none is missing", dropped);
}

/* Trains of 10, 10 and 5 bytes, of an empty datagram, and of one. */
static void
test_next(void)
{
	static uint8_t bytes[25];
	static const size_t want[] = { 10, 10, 5, 0, 7 };
	const struct udp_in in[] = { { .data = bytes, .len = 25, .size = 10 },
		{ .data = bytes }, { .data = bytes, .len = 7, .size = 7 } };
	struct udp_datagram d = { 0 }, none = { 0 };
	unsigned n = 0, right = 0;

	while (udp_next(&d, in, 3)) {
		right += n < 5 && d.n == want[n] &&
		    d.p == (n < 3 ? bytes + 10 * n : bytes) &&
		    d.of == &in[n < 3 ? 0 : n - 2];
		n++;
	}
	OK(n == 5 && right == 5);
	OK(!udp_next(&none, in, 0));
}

int
main(void)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	if (udp_open(&a, udp_join(0, 0)) < 0 ||
	    udp_open(&b, udp_join(0, 0)) < 0 || udp_first(port, 0, 0, 1) < 0 ||
	    (port[UDP_DATA] = udp_join(udp_port(port[0]), 0)) < 0) {
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
	test_steering("127.0.0.1");
	test_steering("::1");
	test_steering_trains();
	test_workers(1);
	test_workers(3);
	test_workers(16);
	test_joining();
	test_lock();
	test_junk();
	udp_close(&a);
	udp_close(&b);
	test_next();
	return DONE();
}
