/* SPDX-License-Identifier: ISC */
/* udpflows FLOWS ROUNDS: a datagram of each of so many flows, to 198.18.0.0/15,
 * and nanoseconds of processor time a datagram for each round, of which the
 * first makes what a router remembers of them. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 256 };

static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void
send_all(int fd, uint32_t flows)
{
	static struct sockaddr_in to[BATCH];
	static char payload[8];
	static struct iovec iov = { payload, sizeof(payload) };
	static struct mmsghdr m[BATCH];

	for (uint32_t i = 0; i < flows; i += BATCH) {
		for (uint32_t k = 0; k < BATCH; k++) {
			to[k] = (struct sockaddr_in){ .sin_family = AF_INET,
				.sin_port = htons((uint16_t)(1000 + i / 65536)),
				.sin_addr.s_addr = htonl(0xc6120000 + 256 +
				    (i + k) % 65536) };
			m[k].msg_hdr = (struct msghdr){ &to[k], sizeof(to[k]),
				&iov, 1, NULL, 0, 0 };
		}
		if (sendmmsg(fd, m, BATCH, 0) < 0)
			perror("sendmmsg");
	}
}

int
main(int argc, char *argv[])
{
	uint32_t flows = argc > 1 ? (uint32_t)atoi(argv[1]) : 1000000;
	int rounds = argc > 2 ? atoi(argv[2]) : 2;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	for (int r = 0; r < rounds; r++) {
		uint64_t began = now();
		send_all(fd, flows);
		printf("%.0f ", (double)(now() - began) / flows);
	}
	putchar('\n');
	return 0;
}
