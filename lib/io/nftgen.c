/* SPDX-License-Identifier: ISC */
#include "io/nftgen.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool
ask(int fd)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg g;
	} m = {
		.h = { .nlmsg_len = sizeof(m), .nlmsg_flags = NLM_F_REQUEST,
		    .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 |
		    NFT_MSG_GETGEN },
		.g = { .version = NFNETLINK_V0 },
	};

	return send(fd, &m, sizeof(m), 0) == (ssize_t)sizeof(m);
}

/* The first attribute is the number; others say who changed it last. */
static bool
receive(int fd, uint32_t *gen)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg g;
		struct nlattr a;
		uint32_t id;
		uint8_t others[256];
	} m;

	if (recv(fd, &m, sizeof(m), 0) <
	    (ssize_t)(sizeof(m) - sizeof(m.others)) ||
	    m.h.nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN) ||
	    m.a.nla_type != NFTA_GEN_ID)
		return false;
	*gen = ntohl(m.id);
	return true;
}

bool
nftgen_read(uint32_t *gen)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
	    NETLINK_NETFILTER);

	if (fd < 0)
		return false;
	bool ok = ask(fd) && receive(fd, gen);
	close(fd);
	return ok;
}
