/* SPDX-License-Identifier: ISC */
#include "io/udp_steer.h"

#include "io/udp_port.h"

#include <linux/filter.h>
#include <sys/socket.h>

enum {
	LEAST = 32,		/* bytes of any message: a keepalive's (W1) */
	RECEIVER = 4,		/* where the index is; little-endian */
	ETHERNET = 1500 - 28,	/* the longest datagram, less its headers */
};

/* The first word of a message, as BPF loads it: its type, little-endian. */
#define TYPE(t) (UINT32_C(t) << 24)
#define DATA TYPE(4)		/* the greatest */
#define RESERVED UINT32_C(0xffffff)

#define LOAD_LENGTH BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0)
#define LOAD_WORD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
/* Otherwise n instructions are skipped. */
#define IF(op, k, n) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, 0, n)
#define UNLESS(op, k, n) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, n, 0)
#define GIVE_TO(lane) BPF_STMT(BPF_RET | BPF_K, lane)
#define CHOOSE(at, n, first) \
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at), \
	BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n), \
	BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, first), \
	BPF_STMT(BPF_RET | BPF_A, 0)

/* One of that type, alone or in front of another message.  What is loaded
 * when it is neither cannot be taken for another type by what follows. */
#define HANDSHAKE(type, size) \
	IF(BPF_JEQ, TYPE(type), 9), \
	LOAD_LENGTH, \
	IF(BPF_JEQ, size, 1), \
	GIVE_TO(UDP_HANDSHAKES), \
	IF(BPF_JGE, (size) + LEAST, 5), \
	LOAD_WORD(size), \
	UNLESS(BPF_JSET, RESERVED, 3), \
	UNLESS(BPF_JGT, DATA, 2), \
	UNLESS(BPF_JEQ, 0, 1), \
	GIVE_TO(UDP_HANDSHAKES)

/* t/assume/reuseport.c: which socket it names, for both families. */
int
udp_steer(int fd, unsigned workers)
{
	struct sock_filter f[] = {
		LOAD_LENGTH,
		UNLESS(BPF_JGE, LEAST, 1),
		GIVE_TO(UDP_JUNK),
		LOAD_WORD(0),
		IF(BPF_JEQ, DATA, 4),
		CHOOSE(RECEIVER, workers,
		    UDP_DATA),
		HANDSHAKE(1, 148),
		HANDSHAKE(2, 92),
		HANDSHAKE(3, 64),
		LOAD_LENGTH,
		IF(BPF_JGT, ETHERNET, 1),
		GIVE_TO(UDP_DATA),
		GIVE_TO(UDP_JUNK),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(f[0]), f };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
	    sizeof(prog));
}
