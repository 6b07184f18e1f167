/* SPDX-License-Identifier: ISC */
#ifndef BH_UDP_PORT_H
#define BH_UDP_PORT_H

/*
 * The UDP port of a tunnel: three sockets, among which the kernel divides what
 * arrives by the type of message, so that a flood of one kind takes no room
 * from another: handshakes; what can be no message of WireGuard; data.  The
 * second has room for next to nothing: the kernel counts what it drops, and
 * nobody is woken up for more than one in a while.
 *
 * That is no more than a guess, see io/udp_steer.h, and while a socket is
 * missing its part goes to another.  The process that gets it hands it on.
 */

#include <stdint.h>

/* In the order in which they are bound, which is how the kernel counts them. */
enum udp_lane { UDP_HANDSHAKES, UDP_JUNK, UDP_DATA, UDP_LANES };

/* Binds the first two at all addresses of both families (IPv4 only where the
 * kernel has no IPv6) and makes the kernel steer, which nobody can change
 * afterwards; port 0: any; mark 0: none.
 * -1 and errno, EADDRINUSE also if the other program would share the port. */
int udp_first(int fd[static UDP_LANES], uint16_t port, uint32_t mark,
    unsigned workers);
/* Binds the next at their port: the socket, or -1 and errno. */
int udp_join(uint16_t port, uint32_t mark);

int udp_mark(int fd, uint32_t mark);
uint16_t udp_port(int fd);
/* Empties the socket of the junk: how many datagrams have come since
 * *dropped was what the kernel had dropped, which is updated. */
unsigned udp_junk(int fd, uint32_t *dropped);

#endif
