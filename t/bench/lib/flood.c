/* SPDX-License-Identifier: ISC */
/* flood KIND ADDRESS PORT RATE SECONDS [PUBLIC-KEY]: datagrams from addresses
 * of 10.66.0.0/16 that nobody has, so many a second, for so long.  For network
 * namespaces only.  With ADDRESS%DEV they are put on the wire as they are, with
 * no route and no filter in between; the neighbour must be known already.  KIND
 * is
 *
 *   garbage      of any size and type, half of them almost a message
 *   data         data messages of no session
 *   initiations  with a mac1 that is right for the public key, and no more
 *   one          the same from one address
 *   forged       the same from all over the Internet
 *
 * Addresses and ports are new for each, the rest is made beforehand and comes
 * again, so that the mob takes no more time than it must from whoever has the
 * same processors.  Prints how many were sent, and how many bytes of UDP
 * payload, also when it is told to end (SIGTERM). */
#include "base/bytes.h"
#include "base/key.h"
#include "packet/csum.h"
#include "packet/wire.h"
#include "wg/cookie.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, SIZE = 1400, PER_SECOND = 1000, MADE = 2048 };

struct datagram {
	struct ip4_hdr ip;
	struct udp_hdr udp;
	uint8_t data[SIZE];
};

static struct datagram made[MADE];
static size_t size[MADE];
static struct mmsghdr out[MADE];
static struct iovec iov[MADE];
static struct cookie_maker maker;
static uint64_t seed = 1;
static volatile sig_atomic_t ended;

static uint64_t
draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void
fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(draw() >> 24);
}

static size_t
garbage(uint8_t *p)
{
	size_t n = draw() % SIZE;

	fill(p, n);
	if (n >= 4 && draw() % 2 == 0)
		memcpy(p, (uint8_t[]){ (uint8_t)(draw() % 6), 0, 0, 0 }, 4);
	return n;
}

static size_t
data(uint8_t *p)
{
	fill(p, 96);
	memcpy(p, (uint8_t[]){ MSG_DATA, 0, 0, 0 }, 4);
	return 96;
}

static size_t
initiation(uint8_t *p)
{
	struct msg_initiation *m = (struct msg_initiation *)p;

	fill(p, sizeof(*m));
	m->type = le32_put(MSG_INITIATION);
	cookie_add_macs(&maker, m, sizeof(*m), 1);
	return sizeof(*m);
}

struct kind {
	const char *name;
	size_t (*make)(uint8_t *);
	unsigned free;			/* bytes of the address, at its end */
};

static const struct kind kinds[] = {
	{ "garbage", garbage, 2 },
	{ "data", data, 2 },
	{ "initiations", initiation, 2 },
	{ "one", initiation, 0 },
	{ "forged", initiation, 4 },
};

static void
make_source(uint8_t from[4], unsigned bytes)
{
	uint32_t r = (uint32_t)draw();

	memcpy(from, (uint8_t[]){ 10, 66, 0, 1 }, 4);
	memcpy(from + 4 - bytes, &r, bytes);
	/* 11.0.0.0 to 126.255.255.255 */
	if (bytes == 4)
		from[0] = (uint8_t)(11 + from[0] % 116);
}

static void
make(struct datagram *d, size_t n, in_addr_t to, int port)
{
	d->ip.vhl = 0x45;
	d->ip.ttl = 64;
	d->ip.proto = IPPROTO_UDP;
	d->ip.len = be16_put((uint16_t)(28 + n));
	memcpy(&d->ip.dst, &to, 4);
	d->udp.dport = be16_put((uint16_t)port);
	d->udp.len = be16_put((uint16_t)(8 + n));
}

static void
end(int sig)
{
	(void)sig;
	ended = 1;
}

/* Whom to send to: an address, or who has it on a wire. */
struct target {
	struct sockaddr_in to;
	struct sockaddr_ll wire;
	bool on_wire;
};

static bool
find_on_wire(struct target *t, const char *dev)
{
	struct arpreq r = { .arp_pa.sa_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	memcpy(&r.arp_pa, &t->to, sizeof(t->to));
	snprintf(r.arp_dev, sizeof(r.arp_dev), "%s", dev);
	if (ioctl(fd, SIOCGARP, &r) < 0 || (r.arp_flags & ATF_COM) == 0)
		return false;
	t->wire = (struct sockaddr_ll){ .sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_IP), .sll_halen = ETH_ALEN,
		.sll_ifindex = (int)if_nametoindex(dev) };
	memcpy(t->wire.sll_addr, r.arp_ha.sa_data, ETH_ALEN);
	t->on_wire = true;
	return true;
}

static int
open_socket(const struct target *t)
{
	int fd = t->on_wire ? socket(AF_PACKET, SOCK_DGRAM, 0) :
	    socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (t->on_wire)
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &(int){ 1 },
		    sizeof(int));
	return fd;
}

static void
make_all(const struct target *t, const struct kind *what)
{
	const struct sockaddr_in *to = &t->to;
	void *name = t->on_wire ? (void *)(uintptr_t)&t->wire :
	    (void *)(uintptr_t)to;

	for (size_t i = 0; i < MADE; i++) {
		size[i] = what->make(made[i].data);
		make(&made[i], size[i], to->sin_addr.s_addr,
		    ntohs(to->sin_port));
		iov[i] = (struct iovec){ &made[i], 28 + size[i] };
		out[i].msg_hdr = (struct msghdr){
			.msg_name = name, .msg_namelen = t->on_wire ?
			    sizeof(t->wire) : sizeof(*to),
			.msg_iov = &iov[i], .msg_iovlen = 1 };
	}
}

/* Sends n; the bytes of their payload, 0 if the system refuses. */
static unsigned long
send_some(int fd, const struct kind *what, int n)
{
	static int next;
	unsigned long bytes = 0;

	if (next + n > MADE)
		next = 0;
	for (int i = next; i < next + n; i++) {
		uint8_t from[4];
		make_source(from, what->free);
		memcpy(&made[i].ip.src, from, 4);
		made[i].udp.sport = be16_put((uint16_t)(1024 +
		    draw() % 60000));
		made[i].ip.csum = be16_put(0);
		made[i].ip.csum = be16_put((uint16_t)~csum_fold(csum_add(0,
		    &made[i].ip, sizeof(made[i].ip))));
		bytes += size[i];
	}
	bool ok = sendmmsg(fd, out + next, (unsigned)n, 0) == n;
	next += n;
	return ok ? bytes : 0;
}

static int
flood(const struct target *to, const struct kind *what, long rate,
    long seconds)
{
	int fd = open_socket(to);
	unsigned long sent = 0, bytes = 0, some;
	struct timespec next;

	make_all(to, what);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long t = 1; t <= seconds * PER_SECOND && !ended; t++) {
		unsigned long due = (unsigned long)(rate * t / PER_SECOND);
		for (int n; sent < due; sent += (unsigned long)n) {
			n = due - sent < BATCH ? (int)(due - sent) : BATCH;
			if ((some = send_some(fd, what, n)) == 0) {
				perror("flood: cannot send");
				return 111;
			}
			bytes += some;
		}
		next.tv_nsec += 1000000000 / PER_SECOND;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	printf("%lu %lu\n", sent, bytes);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct target to = { .to.sin_family = AF_INET };
	char *dev = argc > 2 ? strchr(argv[2], '%') : NULL;
	const struct kind *what = NULL;
	struct key k = { { 0 } };

	if (dev != NULL)
		*dev++ = '\0';

	for (size_t i = 0; argc > 5 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(argv[1], kinds[i].name) == 0)
			what = &kinds[i];
	if (what == NULL || inet_pton(AF_INET, argv[2], &to.to.sin_addr) != 1 ||
	    (argc > 6 && !key_parse(&k, argv[6]))) {
		fprintf(stderr, "usage: flood garbage|data|initiations|"
		    "one|forged ADDRESS[%%DEV] PORT RATE SECONDS [PUBLIC-KEY]\n");
		return 100;
	}
	if (dev != NULL && !find_on_wire(&to, dev)) {
		fprintf(stderr, "flood: %s is no neighbour on %s\n", argv[2],
		    dev);
		return 111;
	}
	signal(SIGTERM, end);
	cookie_maker_init(&maker, &k);
	to.to.sin_port = htons((uint16_t)atoi(argv[3]));
	return flood(&to, what, atol(argv[4]), atol(argv[5]));
}
