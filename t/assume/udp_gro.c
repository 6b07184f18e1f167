/* SPDX-License-Identifier: ISC */
/* A train of datagrams of one size is one send (UDP_SEGMENT) and, with UDP_GRO,
 * one receive that says the size; the last may be shorter (io/udp.c). */
#include "../unit/test.h"

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EACH = 1000, LAST = 300, ALL = 3 * EACH + LAST };

static ssize_t
send_train(int fd, const uint8_t *data)
{
	union {
		struct cmsghdr h;
		uint8_t b[CMSG_SPACE(sizeof(uint16_t))];
	} control = { .h = { .cmsg_len = CMSG_LEN(sizeof(uint16_t)),
		.cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT } };
	struct iovec iov = { (void *)(uintptr_t)data, ALL };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	const uint16_t each = EACH;

	memcpy(CMSG_DATA(&control.h), &each, sizeof(each));
	return sendmsg(fd, &m, 0);
}

static ssize_t
receive_train(int fd, uint8_t *data, size_t room, int *each)
{
	union {
		struct cmsghdr h;
		uint8_t b[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { data, room };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, 0);

	*each = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); n >= 0 && c != NULL;
	    c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(each, CMSG_DATA(c), sizeof(*each));
	return n;
}

int
main(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(sin);
	static uint8_t data[ALL], got[2 * ALL];
	int in = socket(AF_INET, SOCK_DGRAM, 0), on = 1, each;
	int out = socket(AF_INET, SOCK_DGRAM, 0);

	memset(data, 'x', sizeof(data));
	OK(setsockopt(in, SOL_UDP, UDP_GRO, &on, sizeof(on)) == 0);
	OK(bind(in, (void *)&sin, n) == 0);
	OK(getsockname(in, (void *)&sin, &n) == 0);
	OK(connect(out, (void *)&sin, n) == 0);
	OK(send_train(out, data) == ALL);
	OK(receive_train(in, got, sizeof(got), &each) == ALL);
	OK(each == EACH);
	OK(memcmp(got, data, ALL) == 0);
	return DONE();
}
