/* SPDX-License-Identifier: ISC */
/* bh-announce: tells neighbours whose an address is.  See bh-announce(8). */

#include "base/addr.h"
#include "base/die.h"
#include "base/version.h"
#include "start/start.h"

#include <libnet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYNOPSIS "[-n COUNT]"

enum { DEVS_MAX = 16, ADDRS_MAX = 4096, COUNT = 3, COUNT_MAX = 100 };

/* RFC 4861 4.4: it takes the place of what the neighbour knew. */
enum { OVERRIDE = 0x20000000, HOPS = 255 };

struct dev {
	char name[IFNAMSIZ];
	libnet_t *net;
};

static struct dev devs[DEVS_MAX];
static struct {
	struct addr addr;
	struct dev *dev;
} announced[ADDRS_MAX];

static struct dev *
get_dev(const char *name)
{
	char why[LIBNET_ERRBUF_SIZE];
	struct dev *d = devs;

	for (; d < devs + DEVS_MAX && d->net != NULL; d++)
		if (strcmp(d->name, name) == 0)
			return d;
	if (d == devs + DEVS_MAX)
		diex(EXIT_FIX, "more than %d interfaces", (int)DEVS_MAX);
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->net = libnet_init(LIBNET_LINK_ADV, d->name, why);
	if (d->net == NULL)
		diex(EXIT_RETRY, "cannot use %s: %s", name, why);
	return d;
}

/* Of an interface without an address for it, nobody's (RFC 4861 4.4). */
static struct libnet_in6_addr
own_source(libnet_t *l)
{
	struct libnet_in6_addr a = libnet_get_ipaddr6(l);

	if (memcmp(&a, &in6addr_error, sizeof(a)) == 0)
		memset(&a, 0, sizeof(a));
	return a;
}

/* RFC 5227 2.3: as a question and as an answer, since some hosts learn from
 * one, some from the other. */
static bool
build_arp(libnet_t *l, const struct addr *a, const uint8_t *mac, int op)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	uint8_t ip[4], to[6] = { 0 };

	memcpy(ip, a->b + 12, sizeof(ip));
	if (op == ARPOP_REPLY)
		memcpy(to, mac, sizeof(to));
	return libnet_autobuild_arp((uint16_t)op, mac, ip, to, ip, l) != -1 &&
	    libnet_autobuild_ethernet(all, ETHERTYPE_ARP, l) != -1;
}

static bool
build_nd(libnet_t *l, const struct addr *a, const uint8_t *mac)
{
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const struct libnet_in6_addr all = { { { 0xff, 2,
	    [15] = 1 } } };
	struct libnet_in6_addr target;
	uint8_t option[6];

	memcpy(&target, a->b, sizeof(target));
	memcpy(option, mac, sizeof(option));
	return libnet_build_icmpv6_ndp_opt(ND_OPT_TARGET_LINKADDR, option,
	    sizeof(option), l, 0) != -1 &&
	    libnet_build_icmpv6_ndp_nadv(ND_NEIGHBOR_ADVERT, 0, 0, OVERRIDE,
	    target, NULL, 0, l, 0) != -1 &&
	    libnet_build_ipv6(0, 0, LIBNET_ICMPV6_NDP_NADV_H + 8,
	    IPPROTO_ICMPV6, HOPS, own_source(l), all, NULL, 0, l, 0) != -1 &&
	    libnet_autobuild_ethernet(group, ETHERTYPE_IPV6, l) != -1;
}

static bool
send_it(libnet_t *l, bool built)
{
	bool sent = built && libnet_write(l) != -1;

	libnet_clear_packet(l);
	return sent;
}

static bool
announce(const struct dev *d, const struct addr *a)
{
	libnet_t *l = d->net;
	const struct libnet_ether_addr *mac = libnet_get_hwaddr(l);

	if (mac == NULL)
		return false;
	const uint8_t *m = mac->ether_addr_octet;
	if (!addr_is_v4(a))
		return send_it(l, build_nd(l, a, m));
	return send_it(l, build_arp(l, a, m, ARPOP_REQUEST)) &&
	    send_it(l, build_arp(l, a, m, ARPOP_REPLY));
}

/* "DEVICE ADDRESS", one a line. */
static size_t
read_lines(void)
{
	char line[128], dev[IFNAMSIZ], text[ADDR_STRLEN];
	size_t n = 0;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (n == ADDRS_MAX)
			diex(EXIT_FIX, "more than %d addresses",
			    (int)ADDRS_MAX);
		if (sscanf(line, "%15s %47s", dev, text) != 2 ||
		    !addr_parse(&announced[n].addr, text))
			diex(EXIT_FIX, "'%.*s' is no interface and address",
			    (int)strcspn(line, "\n"), line);
		announced[n++].dev = get_dev(dev);
	}
	return n;
}

int
main(int argc, char *argv[])
{
	unsigned count = COUNT;
	int opt, code = 0;

	die_name(argv[0]);
	while ((opt = getopt(argc, argv, "n:hV")) != -1)
		switch (opt) {
		case 'n':
			count = start_number(optarg, "-n", 1, COUNT_MAX);
			break;
		case 'h':
			printf("usage: %s %s\n", die_myname(), SYNOPSIS);
			die_unwritten();
			return 0;
		case 'V':
			printf("%s %s\n", die_myname(), BH_VERSION);
			die_unwritten();
			return 0;
		default:
			start_usage(SYNOPSIS);
		}
	if (optind != argc)
		start_usage(SYNOPSIS);
	size_t n = read_lines();
	for (unsigned round = 0; n > 0 && round < count; round++) {
		if (round > 0)
			sleep(1);
		for (size_t i = 0; i < n; i++)
			if (!announce(announced[i].dev, &announced[i].addr))
				code = EXIT_RETRY;
	}
	if (code != 0)
		warnx("not everything could be sent");
	return code;
}
