/* SPDX-License-Identifier: ISC */
/* What a plan knows of its host, in a namespace of the test's. */
#include "plan/plan_host.h"

#include "test.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const setup[] = {
	"ip link set lo up", "ip link add d0 type veth peer name d1",
	"ip link add d2 type veth peer name d3",
	"ip link add d4 type veth peer name d5",
	"ip link property add dev d0 altname inside",
	"for i in 0 1 2 3 4 5; do ip link set d$i up; done",
	"ip addr add 10.0.0.1/20 dev d0",
	"ip addr add 2001:db8::1/49 dev d1 nodad",
	"ip route add 0.0.0.0/1 dev d1", "ip route add 64.0.0.0/2 dev d2",
	"ip route add default dev d3",
	"ip -6 route add 8000::/1 dev d4", "ip -6 route add c000::/2 dev d5",
	"ip -6 route add unreachable default",
};

static const struct {
	const char *dev;
	bool outward;
} outward[] = {
	{ "lo", false }, { "d0", false }, { "d1", true }, { "d2", false },
	{ "d3", true }, { "d4", true }, { "d5", false },
};

static const struct {
	const char *dev, *addr;
	uint8_t len;
} net[] = {
	{ "lo", "127.0.0.1", 96 + 8 }, { "lo", "::1", 128 },
	{ "d0", "10.0.0.1", 96 + 20 }, { "d1", "2001:db8::1", 49 },
};

static void
test_devices(const struct plan_host *h)
{
	OK(h->ndevs == sizeof(outward) / sizeof(*outward));
	for (size_t k = 0; k < sizeof(outward) / sizeof(*outward); k++) {
		unsigned good = 0;
		for (size_t i = 0; i < h->ndevs; i++)
			good += strcmp(h->dev[i].name, outward[k].dev) == 0 &&
			    h->dev[i].outward == outward[k].outward;
		OKF(good == 1, "%s leads %s", outward[k].dev,
		    outward[k].outward ? "outward" : "nowhere");
	}
}

static void
test_nets(const struct plan_host *h)
{
	for (size_t k = 0; k < sizeof(net) / sizeof(*net); k++) {
		unsigned good = 0;
		struct addr a;
		addr_parse(&a, net[k].addr);
		for (size_t i = 0; i < h->nnets; i++)
			good += strcmp(h->net[i].dev, net[k].dev) == 0 &&
			    addr_eq(&h->net[i].own, &a) &&
			    h->net[i].len == net[k].len;
		OKF(good == 1, "%s has %s", net[k].dev, net[k].addr);
	}
}

static void
test_name(const char *name, const char *want)
{
	char is[IFNAMSIZ];

	snprintf(is, sizeof(is), "%s", name);
	plan_real_name(is);
	OKF(strcmp(is, want) == 0, "%s is %s: %s", name, want, is);
}

/* RUNDIR/hop has what the name stands for, and more than there may be. */
static void
test_hops(struct plan *p, const char *path)
{
	FILE *f = fopen(path, "w");
	unsigned good = 0;

	for (unsigned i = 0; f != NULL && i < 20; i++)
		fprintf(f, "%s192.0.2.%u\n", i == 0 ? "none " : "", i);
	if (f != NULL)
		fclose(f);
	OK(plan_look(p) == NULL && p->host.nhops == 16);
	for (uint8_t i = 0; i < p->host.nhops; i++)
		good += p->host.hop[i].b[15] == i;
	OKF(good == 16, "the addresses of a name, in their order: %u", good);
}

int
main(void)
{
	struct conf_location l = { .name = "hq", .gateway_name = "isp",
		.uplink = "d3", .role = CONF_ROLE_SERVER };
	struct conf cf = { .location = &l, .nlocations = 1 };
	char dir[] = "/tmp/plan_host.XXXXXX", path[64];
	struct plan p = { .cf = &cf, .self = &l, .rundir = mkdtemp(dir) };

	if (p.rundir == NULL || unshare(CLONE_NEWNET) < 0) {
		printf("Bail out! no namespace\n");
		return 1;
	}
	for (size_t i = 0; i < sizeof(setup) / sizeof(*setup); i++)
		OKF(system(setup[i]) == 0, "%s", setup[i]);
	OK(plan_look(&p) == NULL && p.host.nhops == 0);
	test_devices(&p.host);
	test_nets(&p.host);
	test_name("inside", "d0");
	test_name("d1", "d1");
	test_name("none", "none");
	OK(plan_read_sysctl("net/ipv4/conf/d0/tag") == 0);
	OK(plan_read_sysctl("net/ipv4/ip_local_reserved_ports") == -1);
	OK(plan_read_sysctl("net/none") == -1);
	p.host = (struct plan_host){ .nnets = 0 };
	snprintf(path, sizeof(path), "%s/hop", dir);
	int before = dup(0), after;
	close(before);
	test_hops(&p, path);
	after = dup(0);
	OKF(before >= 0 && after == before, "no file stays open");
	unlink(path);
	rmdir(dir);
	return DONE();
}
