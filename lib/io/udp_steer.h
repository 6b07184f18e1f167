/* SPDX-License-Identifier: ISC */
#ifndef BH_UDP_STEER_H
#define BH_UDP_STEER_H

/*
 * A program for the kernel (classic BPF) that says which lane of a port
 * (io/udp_port.h) a datagram is for: handshakes have exactly the size of
 * theirs, data at least the least, and all else is junk (W1).  So what can
 * be no message costs neither room, nor a wake-up, nor a system call.
 *
 * What it sees may be a train of datagrams of one flow that the kernel has
 * joined (UDP_GRO), which it cannot tell from one that is long.  A handshake
 * may have another message behind it; and what is longer than any datagram on
 * an Ethernet is data whatever it begins with, or one forged datagram in front
 * would take a train of good ones with it.
 */

/* Attaches it to the group of sockets that share the port; -1 and errno.  Data
 * are divided over the last `workers' of its lanes: by the lowest byte of the
 * receiver index, which we have chosen (wg/index.h). */
int udp_steer(int fd, unsigned workers);

#endif
