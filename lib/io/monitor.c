/* SPDX-License-Identifier: ISC */
#include "io/monitor.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
open_groups(int family, uint32_t groups)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK,
		.nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    family);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&nl, sizeof(nl)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* As a bit of nl_groups. */
#define GROUP(n) (UINT32_C(1) << ((n) - 1))

int
monitor_open(struct monitor *m, uint8_t protocol, const char *table)
{
	*m = (struct monitor){ .protocol = protocol, .table = table };
	m->fd[0] = open_groups(NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_NEIGH |
	    RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
	    RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | GROUP(RTNLGRP_IPV6_RULE) |
	    GROUP(RTNLGRP_IPV4_NETCONF) | GROUP(RTNLGRP_IPV6_NETCONF));
	/* a kernel without nftables has no guard to lose */
	m->fd[1] = open_groups(NETLINK_NETFILTER, GROUP(NFNLGRP_NFTABLES));
	return m->fd[0] < 0 ? -1 : 0;
}

static void
read_neighbour(struct monitor_news *news, const struct nlmsghdr *h)
{
	const struct ndmsg *nd = NLMSG_DATA(h);
	long left = (long)h->nlmsg_len - (long)NLMSG_SPACE(sizeof(*nd));
	const struct rtattr *a = (const void *)((const char *)nd +
	    NLMSG_ALIGN(sizeof(*nd)));

	if (h->nlmsg_len < NLMSG_SPACE(sizeof(*nd)) ||
	    (nd->ndm_state & NUD_FAILED) == 0)
		return;
	for (; RTA_OK(a, left) && news->ndead < MONITOR_DEAD_MAX;
	    a = RTA_NEXT(a, left)) {
		if (a->rta_type != NDA_DST)
			continue;
		if (nd->ndm_family == AF_INET && RTA_PAYLOAD(a) == 4)
			news->dead[news->ndead++] = addr_from_v4(RTA_DATA(a));
		else if (nd->ndm_family == AF_INET6 && RTA_PAYLOAD(a) == 16)
			news->dead[news->ndead++] = addr_from_v6(RTA_DATA(a));
	}
}

static bool
is_our_route(const struct monitor *m, const struct nlmsghdr *h)
{
	const struct rtmsg *r = NLMSG_DATA(h);

	return h->nlmsg_len >= NLMSG_LENGTH(sizeof(*r)) &&
	    r->rtm_protocol == m->protocol;
}

static void
read_route(const struct monitor *m, struct monitor_news *news,
    const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		news->link = true;
		break;
	case RTM_NEWNEIGH:
		read_neighbour(news, h);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		news->ours |= is_our_route(m, h);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
	case RTM_NEWNETCONF:
		news->ours = true;
		break;
	}
}

/* Whatever an object of nftables is, its first attribute has the number 1 and
 * is the name of its table (NFTA_CHAIN_TABLE and so on). */
static void
read_nft(const struct monitor *m, struct monitor_news *news,
    const struct nlmsghdr *h)
{
	const struct nfattr *a = (const void *)((const char *)NLMSG_DATA(h) +
	    NLMSG_ALIGN(sizeof(struct nfgenmsg)));
	size_t room = strlen(m->table) + 1;

	news->ours |= NFNL_SUBSYS_ID(h->nlmsg_type) == NFNL_SUBSYS_NFTABLES &&
	    h->nlmsg_len >= NLMSG_SPACE(sizeof(struct nfgenmsg)) +
	    NFA_LENGTH(room) && NFA_TYPE(a) == NFTA_TABLE_NAME &&
	    a->nfa_len == NFA_LENGTH(room) &&
	    memcmp(NFA_DATA(a), m->table, room) == 0;
}

typedef void read_fn(const struct monitor *m, struct monitor_news *news,
    const struct nlmsghdr *h);

static void
read_all(const struct monitor *m, int fd, struct monitor_news *news,
    read_fn *read_one)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0 ||
	    (n < 0 && errno == ENOBUFS)) {
		news->link |= n < 0;
		news->ours |= n < 0;
		for (const struct nlmsghdr *h = (const void *)buf;
		    n > 0 && NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n))
			read_one(m, news, h);
	}
}

void
monitor_read(const struct monitor *m, struct monitor_news *news)
{
	*news = (struct monitor_news){ .link = false };
	read_all(m, m->fd[0], news, read_route);
	if (m->fd[1] >= 0)
		read_all(m, m->fd[1], news, read_nft);
}
