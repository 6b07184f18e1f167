/* SPDX-License-Identifier: ISC */
#include "net/watch.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
watch_open(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR |
		    RTMGRP_IPV6_IFADDR };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&nl, sizeof(nl)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void
take_neighbour(struct watch_news *w, const struct nlmsghdr *h)
{
	const struct ndmsg *nd = NLMSG_DATA(h);
	long left = (long)h->nlmsg_len - (long)NLMSG_SPACE(sizeof(*nd));
	const struct rtattr *a = (const void *)((const char *)nd +
	    NLMSG_ALIGN(sizeof(*nd)));

	if (h->nlmsg_len < NLMSG_SPACE(sizeof(*nd)) ||
	    (nd->ndm_state & NUD_FAILED) == 0)
		return;
	for (; RTA_OK(a, left) && w->ndead < WATCH_DEAD_MAX;
	    a = RTA_NEXT(a, left)) {
		if (a->rta_type != NDA_DST)
			continue;
		if (nd->ndm_family == AF_INET && RTA_PAYLOAD(a) == 4)
			w->dead[w->ndead++] = addr_from_v4(RTA_DATA(a));
		else if (nd->ndm_family == AF_INET6 && RTA_PAYLOAD(a) == 16)
			w->dead[w->ndead++] = addr_from_v6(RTA_DATA(a));
	}
}

static void
take(struct watch_news *w, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		w->link = true;
		break;
	case RTM_NEWNEIGH:
		take_neighbour(w, h);
		break;
	}
}

void
watch_read(int fd, struct watch_news *w)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	ssize_t n;

	*w = (struct watch_news){ .link = false };
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0 ||
	    (n < 0 && errno == ENOBUFS)) {
		w->link |= n < 0;
		for (const struct nlmsghdr *h = (const void *)buf;
		    n > 0 && NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n))
			take(w, h);
	}
}
