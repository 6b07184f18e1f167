/* SPDX-License-Identifier: ISC */
#include "io/source.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER = 1024 };

struct question {
	struct nlmsghdr h;
	struct rtmsg m;
	uint8_t attribute[64];
};

int
source_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);
}

static void
put(struct question *q, unsigned short type, const void *p, size_t n)
{
	struct rtattr a = { .rta_type = type,
		.rta_len = (unsigned short)RTA_LENGTH(n) };
	uint8_t *at = (uint8_t *)q + NLMSG_ALIGN(q->h.nlmsg_len);

	memcpy(at, &a, sizeof(a));
	memcpy(at + RTA_LENGTH(0), p, n);
	q->h.nlmsg_len = NLMSG_ALIGN(q->h.nlmsg_len) +
	    (uint32_t)RTA_SPACE(n);
}

static bool
ask(int fd, const struct addr *to, uint32_t mark)
{
	bool four = addr_is_v4(to);
	struct question q = {
		.h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			.nlmsg_type = RTM_GETROUTE,
			.nlmsg_flags = NLM_F_REQUEST },
		.m = { .rtm_family = four ? AF_INET : AF_INET6,
			.rtm_dst_len = four ? 32 : 128 },
	};

	put(&q, RTA_DST, to->b + (four ? 12 : 0), four ? 4 : 16);
	if (mark != 0)
		put(&q, RTA_MARK, &mark, sizeof(mark));
	return write(fd, &q, q.h.nlmsg_len) == (ssize_t)q.h.nlmsg_len;
}

static bool
read_source(struct nlmsghdr *h, struct addr *from)
{
	struct rtmsg *m = NLMSG_DATA(h);
	int left = (int)RTM_PAYLOAD(h);

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return false;
	for (struct rtattr *a = RTM_RTA(m); RTA_OK(a, left);
	    a = RTA_NEXT(a, left)) {
		if (a->rta_type != RTA_PREFSRC)
			continue;
		if (m->rtm_family == AF_INET && RTA_PAYLOAD(a) == 4)
			*from = addr_from_v4(RTA_DATA(a));
		else if (m->rtm_family == AF_INET6 && RTA_PAYLOAD(a) == 16)
			memcpy(from->b, RTA_DATA(a), sizeof(from->b));
		else
			return false;
		return true;
	}
	return false;
}

bool
source_of(int fd, const struct addr *to, uint32_t mark, struct addr *from)
{
	static _Alignas(struct nlmsghdr) uint8_t buf[ANSWER];
	bool found = false;
	ssize_t n;

	/* the kernel answers within the call; what is there is of now */
	if (!ask(fd, to, mark))
		return false;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		struct nlmsghdr *h = (struct nlmsghdr *)buf;
		if (NLMSG_OK(h, (unsigned)n))
			found = read_source(h, from);
	}
	return found;
}
