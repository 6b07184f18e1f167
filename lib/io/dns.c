/* SPDX-License-Identifier: ISC */
#include "io/dns.h"

#include <ares.h>
#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { TIMEOUT_MS = 1000, TRIES = 2 };

static_assert((int)DNS_FDS_MAX == ARES_GETSOCK_MAXNUM, "ares_getsock");

struct dns {
	ares_channel channel;
	bool turning;			/* to other servers */
	struct question *again;		/* what those are to be asked */
};

/* One question, until it is answered. */
struct question {
	struct dns *dns;
	const char *name;
	struct question *next;
	void (*done)(void *arg, const struct dns_answer *a);
	void *arg;
};

static int
cmp_addr(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct addr));
}

static void
add(struct dns_answer *a, const struct addr *addr)
{
	if (a->n < DNS_ADDRS_MAX)
		a->addr[a->n++] = *addr;
}

static void
finish(struct dns_answer *a)
{
	qsort(a->addr, a->n, sizeof(*a->addr), cmp_addr);
	a->status = a->n > 0 ? DNS_FOUND : DNS_NONE;
}

struct dns *
dns_open(const char *server, const char **why)
{
	static char lookups[] = "b";	/* servers; the hosts file is ours */
	struct ares_options opt = { .flags = ARES_FLAG_NOSEARCH,
		.timeout = TIMEOUT_MS, .tries = TRIES, .lookups = lookups };
	struct dns *d = calloc(1, sizeof(*d));
	int rc = ares_library_init(ARES_LIB_INIT_ALL);

	unsetenv("HOSTALIASES");	/* a file that would be read later */
	if (rc == ARES_SUCCESS)
		rc = d == NULL ? ARES_ENOMEM : ares_init_options(&d->channel,
		    &opt, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS |
		    ARES_OPT_TRIES | ARES_OPT_LOOKUPS);
	if (rc == ARES_SUCCESS && server != NULL) {
		rc = ares_set_servers_ports_csv(d->channel, server);
		if (rc != ARES_SUCCESS)
			ares_destroy(d->channel);
	}
	if (rc == ARES_SUCCESS)
		return d;
	*why = ares_strerror(rc);
	free(d);
	return NULL;
}

void
dns_close(struct dns *d)
{
	ares_destroy(d->channel);
	ares_library_cleanup();
	free(d);
}

bool
dns_hosts(struct dns *d, const char *name, struct dns_answer *a)
{
	static const int family[] = { AF_INET, AF_INET6 };

	*a = (struct dns_answer){ .ttl = UINT32_MAX };
	for (size_t f = 0; f < 2; f++) {
		struct hostent *h;
		if (ares_gethostbyname_file(d->channel, name, family[f], &h) !=
		    ARES_SUCCESS)
			continue;
		for (char **p = h->h_addr_list; *p != NULL; p++) {
			struct addr addr = family[f] == AF_INET ?
			    addr_from_v4((const uint8_t *)*p) :
			    addr_from_v6((const uint8_t *)*p);
			add(a, &addr);
		}
		ares_free_hostent(h);
	}
	finish(a);
	return a->n > 0;
}

static void
add_node(struct dns_answer *a, const struct ares_addrinfo_node *node)
{
	struct sockaddr_storage ss = { 0 };
	struct endpoint e;
	size_t n = (size_t)node->ai_addrlen;

	if (n > sizeof(ss))
		return;
	memcpy(&ss, node->ai_addr, n);
	if (!endpoint_from_sockaddr(&e, &ss))
		return;
	add(a, &e.addr);
	if ((uint32_t)node->ai_ttl < a->ttl)
		a->ttl = (uint32_t)node->ai_ttl;
}

static void
on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *ai)
{
	struct question *q = arg;
	struct dns_answer a = { .status = DNS_SILENT, .ttl = UINT32_MAX };

	(void)timeouts;
	if (status == ARES_ECANCELLED && q->dns->turning) {
		q->next = q->dns->again;
		q->dns->again = q;
		return;
	}
	if (status == ARES_SUCCESS) {
		for (struct ares_addrinfo_node *n = ai->nodes; n != NULL;
		    n = n->ai_next)
			add_node(&a, n);
		for (struct ares_addrinfo_cname *c = ai->cnames; c != NULL;
		    c = c->next)
			if ((uint32_t)c->ttl < a.ttl)
				a.ttl = (uint32_t)c->ttl;
		finish(&a);
		ares_freeaddrinfo(ai);
	} else if (status == ARES_ENOTFOUND || status == ARES_ENODATA) {
		a.status = DNS_NONE;
	}
	if (status != ARES_EDESTRUCTION)
		q->done(q->arg, &a);
	free(q);
}

static void
ask(struct question *q)
{
	/* unsorted: sorting would connect to each of them */
	const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
		.ai_flags = ARES_AI_NOSORT };

	ares_getaddrinfo(q->dns->channel, q->name, NULL, &hints, on_answer, q);
}

void
dns_ask(struct dns *d, const char *name,
    void (*done)(void *arg, const struct dns_answer *a), void *arg)
{
	struct question *q = malloc(sizeof(*q));

	if (q == NULL) {
		done(arg, &(struct dns_answer){ .status = DNS_SILENT });
		return;
	}
	*q = (struct question){ .dns = d, .name = name, .done = done,
		.arg = arg };
	ask(q);
}

bool
dns_servers(struct dns *d, const char *servers)
{
	struct question *q;

	if (*servers == '\0')
		return false;
	/* it takes others only when nothing is open */
	d->turning = true;
	ares_cancel(d->channel);
	d->turning = false;
	bool ok = ares_set_servers_ports_csv(d->channel, servers) ==
	    ARES_SUCCESS;
	while ((q = d->again) != NULL) {
		d->again = q->next;
		ask(q);
	}
	return ok;
}

size_t
dns_wait(const struct dns *d, struct pollfd fd[static DNS_FDS_MAX], int *ms)
{
	ares_socket_t sock[ARES_GETSOCK_MAXNUM];
	/* not by ares.h's macros, which shift into the sign */
	unsigned bits = (unsigned)ares_getsock(d->channel, sock,
	    ARES_GETSOCK_MAXNUM);
	struct timeval tv;
	size_t n = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = (short)((bits >> i & 1 ? POLLIN : 0) |
		    (bits >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));
		if (events != 0)
			fd[n++] = (struct pollfd){ sock[i], events, 0 };
	}
	if (ares_timeout(d->channel, NULL, &tv) != NULL) {
		int left = (int)(tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000);
		if (*ms < 0 || left < *ms)
			*ms = left;
	}
	return n;
}

void
dns_step(struct dns *d, const struct pollfd *fd, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ares_process_fd(d->channel, (fd[i].revents &
		    (POLLIN | POLLERR | POLLHUP)) != 0 ? fd[i].fd :
		    ARES_SOCKET_BAD, (fd[i].revents & POLLOUT) != 0 ?
		    fd[i].fd : ARES_SOCKET_BAD);
	/* what has timed out */
	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
