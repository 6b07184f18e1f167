/* SPDX-License-Identifier: ISC */
#include "io/udp.h"

#include "proc/turn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IPV6_MTU_MIN = 1280 };	/* RFC 8200 5 */

/* ---- opening ---- */

static const struct {
	int level, name, value;
	bool v6_only;
} options[] = {
	{ SOL_IP, IP_RECVTOS, 1, false },
	{ SOL_IP, IP_PKTINFO, 1, false },
	/* outer fragments are better than a black hole; routers make them, and
	 * whoever forges their ICMP does not make us make smaller ones */
	{ SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT, false },
	{ SOL_IPV6, IPV6_RECVTCLASS, 1, true },
	{ SOL_IPV6, IPV6_RECVPKTINFO, 1, true },
	{ SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT, true },
	{ SOL_UDP, UDP_GRO, 1, false },
	{ SOL_SOCKET, SO_RXQ_OVFL, 1, false },
};

static bool
is_dual(int fd)
{
	int domain = AF_INET6;
	socklen_t n = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n);
	return domain == AF_INET6;
}

/* None of these is worth failing for: each has a slower or coarser way. */
void
udp_prepare(int fd)
{
	int room = UDP_QUEUE;
	bool dual = is_dual(fd);

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (dual || !options[i].v6_only)
			setsockopt(fd, options[i].level, options[i].name,
			    &options[i].value, sizeof(int));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
	    sizeof(room)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room,
	    sizeof(room)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

/* What recvmmsg(2) writes over where it has received something. */
static void
arm(struct mmsghdr *m)
{
	m->msg_hdr.msg_namelen = sizeof(struct sockaddr_storage);
	m->msg_hdr.msg_controllen = UDP_CONTROL;
}

/* What never changes from call to call. */
static void
wire_slots(struct udp *u)
{
	for (int i = 0; i < UDP_BATCH; i++) {
		struct udp_slot *s = &u->in_slot[i];
		s->iov = (struct iovec){ u->buffer + i * UDP_BUFFER,
			UDP_BUFFER };
		u->in[i].msg_hdr = (struct msghdr){ .msg_name = &s->addr,
			.msg_iov = &s->iov, .msg_iovlen = 1,
			.msg_control = s->control };
		arm(&u->in[i]);
	}
	for (int i = 0; i < UDP_TRAIN_MAX; i++) {
		struct udp_slot *s = &u->out_slot[i];
		u->out[i].msg_hdr = (struct msghdr){ .msg_name = &s->addr,
			.msg_iov = &s->iov, .msg_iovlen = 1,
			.msg_control = s->control };
	}
}

void
udp_replace(struct udp *u, int fd)
{
	int size;
	socklen_t n = sizeof(size);

	if (u->fd >= 0)
		close(u->fd);
	u->fd = fd;
	u->dropped = u->told = 0;
	u->ask = UDP_BATCH;
	u->whole = u->deaf = false;
	u->dual = is_dual(fd);
	u->segment = getsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, &n) == 0;
}

int
udp_open(struct udp *u, int fd)
{
	memset(u, 0, sizeof(*u));
	u->fd = -1;
	u->buffer = malloc((size_t)UDP_BATCH * UDP_BUFFER);
	if (u->buffer == NULL)
		return -1;
	/* touched now, or memory would grow when much arrives; of memset(3)
	 * the compiler makes calloc(3), which touches nothing */
	explicit_bzero(u->buffer, (size_t)UDP_BATCH * UDP_BUFFER);
	udp_prepare(fd);
	udp_replace(u, fd);
	wire_slots(u);
	return 0;
}

static void
set_int(struct udp *u, int level, int name, int value)
{
	setsockopt(u->fd, level, name, &value, sizeof(value));
}

void
udp_whole(struct udp *u, bool on)
{
	set_int(u, SOL_IP, IP_MTU_DISCOVER,
	    on ? IP_PMTUDISC_PROBE : IP_PMTUDISC_OMIT);
	if (u->dual)
		set_int(u, SOL_IPV6, IPV6_MTU_DISCOVER,
		    on ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT);
	u->whole = on;
	u->deaf = false;
}

void
udp_close(struct udp *u)
{
	close(u->fd);
	free(u->buffer);
}

/* ---- receiving (t/assume/udp_gro.c) ---- */

static int
control_int(const struct cmsghdr *c)
{
	int v = 0;

	/* the kernel gives IP_TOS as one byte, all else as an int */
	memcpy(&v, CMSG_DATA(c), c->cmsg_len == CMSG_LEN(1) ? 1 : sizeof(v));
	return v;
}

static void
read_local(struct path *p, const struct cmsghdr *c, bool dual)
{
	if (c->cmsg_level == SOL_IPV6) {
		struct in6_pktinfo i6;
		memcpy(&i6, CMSG_DATA(c), sizeof(i6));
		memcpy(p->local.b, &i6.ipi6_addr, sizeof(p->local.b));
	} else if (!dual) {
		struct in_pktinfo i4;
		memcpy(&i4, CMSG_DATA(c), sizeof(i4));
		p->local = addr_from_v4((const uint8_t *)&i4.ipi_addr);
	}
}

static void
read_control(struct udp_in *in, struct msghdr *m, bool dual)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	    c = CMSG_NXTHDR(m, c)) {
		int level = c->cmsg_level, type = c->cmsg_type;
		if ((level == SOL_IP && type == IP_PKTINFO) ||
		    (level == SOL_IPV6 && type == IPV6_PKTINFO))
			read_local(&in->path, c, dual);
		else if ((level == SOL_IP && type == IP_TOS) ||
		    (level == SOL_IPV6 && type == IPV6_TCLASS))
			in->tos = (uint8_t)control_int(c);
		else if (level == SOL_UDP && type == UDP_GRO)
			in->size = (size_t)control_int(c);
		else if (level == SOL_SOCKET && type == SO_RXQ_OVFL)
			in->dropped = (uint32_t)control_int(c);
	}
}

static bool
read_message(struct udp_in *in, struct mmsghdr *m, bool dual)
{
	*in = (struct udp_in){ .data = m->msg_hdr.msg_iov->iov_base,
		.len = m->msg_len, .size = m->msg_len };
	if (!endpoint_from_sockaddr(&in->path.remote, m->msg_hdr.msg_name))
		return false;
	read_control(in, &m->msg_hdr, dual);
	return in->size > 0 || in->len == 0;
}

/* The next buffers will be as the last ones were. */
static void
expect(struct udp *u, size_t size)
{
	size_t n = TURN_BYTES / (size + 1);

	u->ask = n == 0 ? 1 : n < UDP_BATCH ? n : UDP_BATCH;
}

size_t
udp_recv(struct udp *u, struct udp_in in[static UDP_BATCH])
{
	size_t taken = 0, bytes = 0;

	int n = recvmmsg(u->fd, u->in, (unsigned)u->ask, MSG_DONTWAIT, NULL);
	u->more = n == (int)u->ask;
	for (int i = 0; i < n; i++) {
		bytes += u->in[i].msg_len;
		taken += read_message(&in[taken], &u->in[i], u->dual);
		arm(&u->in[i]);
	}
	if (taken > 0 && in[taken - 1].dropped != 0)
		u->dropped = in[taken - 1].dropped;
	if (n > 0)
		expect(u, bytes / (size_t)n);
	return taken;
}

uint32_t
udp_overrun(struct udp *u)
{
	uint32_t n = u->dropped - u->told;

	u->told = u->dropped;
	return n;
}

/* ---- sending ---- */

static void
put_control(struct msghdr *m, int level, int type, const void *data, size_t n)
{
	struct cmsghdr *c = (struct cmsghdr *)((uint8_t *)m->msg_control +
	    m->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), data, n);
	m->msg_controllen += CMSG_SPACE(n);
}

static void
put_local(const struct udp *u, struct msghdr *m, const struct path *p)
{
	struct in6_pktinfo i6 = { 0 };
	struct in_pktinfo i4 = { 0 };

	if (u->dual) {
		memcpy(&i6.ipi6_addr, p->local.b, sizeof(i6.ipi6_addr));
		put_control(m, SOL_IPV6, IPV6_PKTINFO, &i6, sizeof(i6));
	} else {
		memcpy(&i4.ipi_spec_dst, p->local.b + 12, 4);
		put_control(m, SOL_IP, IP_PKTINFO, &i4, sizeof(i4));
	}
}

/* Fills a slot with a datagram, or a train that the kernel is to cut. */
static void
put_train(struct udp *u, int at, const struct udp_out *o)
{
	struct msghdr *m = &u->out[at].msg_hdr;
	struct udp_slot *s = &u->out_slot[at];
	bool v4 = addr_is_v4(&o->path.remote.addr);
	int tos = o->tos, hops = o->hops;

	s->iov = (struct iovec){ (void *)(uintptr_t)o->data, o->len };
	m->msg_namelen = endpoint_to_sockaddr(&o->path.remote, u->dual,
	    &s->addr);
	m->msg_controllen = 0;
	put_control(m, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_TOS : IPV6_TCLASS, &tos,
	    sizeof(tos));
	if (hops != 0)
		put_control(m, v4 ? SOL_IP : SOL_IPV6,
		    v4 ? IP_TTL : IPV6_HOPLIMIT, &hops, sizeof(hops));
	if (path_has_local(&o->path))
		put_local(u, m, &o->path);
	if (o->len > o->size) {
		uint16_t size = (uint16_t)o->size;
		put_control(m, SOL_UDP, UDP_SEGMENT, &size, sizeof(size));
	}
}

/* Sends slots [at, n); how many the kernel took.  Only 0 tells that it refused
 * the first, and why: sendmmsg(2) forgets an error that comes later. */
static int
send_slots(struct udp *u, int at, int n)
{
	int r;

	do
		r = sendmmsg(u->fd, u->out + at, (unsigned)(n - at), 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? 0 : r;
}

/* One datagram a message.  False, and errno, if not all were sent. */
static bool
send_singly(struct udp *u, const struct udp_out *o)
{
	struct udp_out one = *o;
	int n = 0, sent = 0, r;

	for (size_t done = 0; done < o->len; done += one.len, n++) {
		one.data = o->data + done;
		one.len = o->len - done < o->size ? o->len - done : o->size;
		put_train(u, n, &one);
	}
	while (sent < n && (r = send_slots(u, sent, n)) > 0)
		sent += r;
	return sent == n;
}

/* A full queue is no reason to try harder. */
static bool
queue_is_full(int error)
{
	return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

/* The kernel refused a train: perhaps it cannot cut it (no checksum offload:
 * EIO; larger than the path's MTU: EINVAL, EMSGSIZE), perhaps the address that
 * we answer from has gone. */
static bool
send_hard(struct udp *u, struct udp_out *o)
{
	if (queue_is_full(errno))
		return false;
	if (errno == EMSGSIZE && o->len <= o->size)
		return false;
	if (errno == EIO && o->len > o->size)
		u->segment = false;
	if (o->len > o->size && send_singly(u, o))
		return true;
	if (!path_has_local(&o->path) || queue_is_full(errno))
		return false;
	o->moved = true;
	o->path.local = (struct addr){ { 0 } };
	return send_singly(u, o);
}

/* No router fragments IPv6, so we have to, for a path that we know to be
 * smaller than the datagram (RFC 2473 7.1). */
static bool
is_split(const struct udp_out *o)
{
	return o->split && !addr_is_v4(&o->path.remote.addr);
}

static bool
send_split(struct udp *u, const struct udp_out *o)
{
	set_int(u, SOL_IPV6, IPV6_MTU, IPV6_MTU_MIN);
	bool ok = send_singly(u, o);
	set_int(u, SOL_IPV6, IPV6_MTU, 0);
	return ok;
}

/* The socket must be set otherwise for it. */
static bool
hears_else(const struct udp *u, const struct udp_out *o)
{
	return u->dual && !u->whole && u->deaf != o->fits &&
	    !addr_is_v4(&o->path.remote.addr);
}

/* An attacker who forges ICMPv6 must not make us send in fragments what fits;
 * but until a probe has found out what does, nothing else tells (P5). */
static void
be_deaf(struct udp *u, bool deaf)
{
	set_int(u, SOL_IPV6, IPV6_MTU_DISCOVER,
	    deaf ? IPV6_PMTUDISC_OMIT : IPV6_PMTUDISC_DONT);
	u->deaf = deaf;
}

/* As many of n trains as the kernel takes in one call; 0: not the first. */
static size_t
send_trains(struct udp *u, const struct udp_out *out, size_t n)
{
	if (hears_else(u, out))
		be_deaf(u, out->fits);
	if (is_split(out))
		return send_split(u, out) ? 1 : 0;
	if (!u->segment && out->len > out->size)
		return send_singly(u, out) ? 1 : 0;
	for (size_t i = 0; i < n; i++) {
		if (is_split(&out[i]) || hears_else(u, &out[i]) ||
		    (!u->segment && out[i].len > out[i].size))
			n = i;
		else
			put_train(u, (int)i, &out[i]);
	}
	return (size_t)send_slots(u, 0, (int)n);
}

void
udp_send(struct udp *u, struct udp_out *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i].failed = out[i].moved = false;
	for (size_t i = 0, sent; i < n; i += sent) {
		sent = send_trains(u, out + i, n - i);
		if (sent == 0) {
			out[i].failed = !send_hard(u, &out[i]);
			sent = 1;
		}
	}
}
