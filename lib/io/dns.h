/* SPDX-License-Identifier: ISC */
#ifndef BH_DNS_H
#define BH_DNS_H

/*
 * Addresses of names, with how long they are good for, which getaddrinfo(3)
 * does not tell.  Questions run side by side and block nobody; the sockets are
 * the resolver library's (c-ares).
 */

#include "base/addr.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_ADDRS_MAX = 16, DNS_FDS_MAX = 16 };

enum dns_status {
	DNS_FOUND,
	DNS_NONE,	/* there is no such name, or it has no address */
	DNS_SILENT,	/* no server gave an answer that counts */
};

struct dns_answer {
	enum dns_status status;
	struct addr addr[DNS_ADDRS_MAX];	/* sorted */
	size_t n;
	uint32_t ttl;	/* seconds; UINT32_MAX: for ever */
};

struct dns;

/* Of resolv.conf's servers, or of that one, "ADDRESS" or "ADDRESS:PORT".
 * Starting up only; NULL and *why. */
struct dns *dns_open(const char *server, const char **why);
void dns_close(struct dns *d);

/* What the hosts file says, for ever; false: nothing.  Reads it. */
bool dns_hosts(struct dns *d, const char *name, struct dns_answer *a);

/* From now on these servers are asked, "ADDRESS,ADDRESS", what has not been
 * answered yet, too.  False: there is none among them, and all stays. */
bool dns_servers(struct dns *d, const char *servers);

/* Calls done once, perhaps at once, with what is good until it returns; name is
 * the caller's, and there until then. */
void dns_ask(struct dns *d, const char *name,
    void (*done)(void *arg, const struct dns_answer *a), void *arg);

/* What to wait for: descriptors, their number; no longer than *ms, which is
 * lowered if it must be (-1: for ever). */
size_t dns_wait(const struct dns *d, struct pollfd fd[static DNS_FDS_MAX],
    int *ms);
/* After that wait, or a timeout. */
void dns_step(struct dns *d, const struct pollfd *fd, size_t n);

#endif
