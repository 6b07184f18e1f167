/* SPDX-License-Identifier: ISC */
/* Which address the kernel would send from, in a namespace of the test's. */
#include "io/source.h"

#include "test.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const setup[] = {
	"ip link set lo up", "ip link add d0 type veth peer name d1",
	"ip link set d1 up", "ip link set d0 addrgenmode none up",
	"ip addr add 192.0.2.1/24 dev d0", "ip addr add 192.0.2.2/24 dev d0",
	"ip addr add 2001:db8::1/64 dev d0 nodad",
	"ip addr add 2001:db8::2/64 dev d0 nodad preferred_lft 0",
	"ip route add 203.0.113.0/24 dev d0 src 192.0.2.2",
	"ip route add unreachable 198.51.100.0/24",
	"ip -4 rule add fwmark 0x12345678 table 7",
	"ip -6 rule add fwmark 0x12345678 table 7",
	"ip -4 route add default dev d0 src 192.0.2.2 table 7",
	"ip -6 route add default dev d0 src 2001:db8::2 table 7",
};

/* "": nothing leads there. */
static const struct {
	const char *to;
	uint32_t mark;
	const char *from;
} row[] = {
	{ "192.0.2.9", 0, "192.0.2.1" },
	{ "203.0.113.255", 0, "192.0.2.2" },
	{ "203.0.114.0", 0, "" },
	{ "198.51.100.9", 0, "" },
	{ "2001:db8::9", 0, "2001:db8::1" },
	{ "2001:db8:1::9", 0, "" },
	{ "203.0.114.0", 0x12345678, "192.0.2.2" },
	{ "203.0.114.0", 0x12345679, "" },
	{ "2001:db8:1::9", 0x12345678, "2001:db8::2" },
};

int
main(void)
{
	if (unshare(CLONE_NEWNET) < 0) {
		printf("Bail out! no namespace\n");
		return 1;
	}
	for (size_t i = 0; i < sizeof(setup) / sizeof(*setup); i++)
		OKF(system(setup[i]) == 0, "%s", setup[i]);
	int fd = source_open();
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct addr to, from = { { 0 } }, want;
		char buf[ADDR_STRLEN];
		addr_parse(&to, row[i].to);
		bool found = source_of(fd, &to, row[i].mark, &from);
		OKF(found == (row[i].from[0] != '\0') && (!found ||
		    (addr_parse(&want, row[i].from) && addr_eq(&from, &want))),
		    "to %s with mark %x from %s (%s)", row[i].to, row[i].mark,
		    row[i].from, found ? addr_format(&from, buf) : "none");
	}
	close(fd);
	OKF(!source_of(fd, &(struct addr){ { 0 } }, 0, &(struct addr){ { 0 } }),
	    "by no socket");
	return DONE();
}
