/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include "base/text.h"
#include "check/checks.h"
#include "io/dns.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Names of gateways, asked for once, all side by side. */

struct questions {
	struct diags *d;
	size_t open;		/* without an answer */
};

struct question {
	struct questions *all;
	struct conf_location *l;
	bool gateway;		/* default-gateway, else endpoint */
};

static void
complain(const struct question *q, const char *name, enum dns_status status)
{
	struct lint lt = { .d = q->all->d };

	lint_say(&lt, &q->l->section, BH_NAME_UNANSWERED, q->gateway ?
	    KEY_DEFAULT_GATEWAY : KEY_ENDPOINT, status == DNS_NONE ?
	    "the DNS has no address of '%s'; correct the name, or add it "
	    "there" : "no server of the DNS answered for '%s'; ask again, or "
	    "look at resolv.conf(5)", name);
}

/* One next hop of each family. */
static void
set_gateway(struct conf_location *l, const struct dns_answer *a)
{
	for (size_t i = 0; i < a->n; i++) {
		bool v4 = addr_is_v4(&a->addr[i]);
		bool *has = v4 ? &l->has_gateway4 : &l->has_gateway6;
		if (!*has)
			*(v4 ? &l->gateway4 : &l->gateway6) = a->addr[i];
		*has = true;
	}
	l->gateway_name[0] = '\0';
}

static void
on_answer(void *arg, const struct dns_answer *a)
{
	const struct question *q = arg;
	struct conf_location *l = q->l;
	char text[ADDR_STRLEN];

	q->all->open--;
	if (a->status != DNS_FOUND)
		complain(q, q->gateway ? l->gateway_name : l->endpoint_host,
		    a->status);
	else if (q->gateway)
		set_gateway(l, a);
	else
		text_copy(l->endpoint_host, sizeof(l->endpoint_host),
		    addr_format(&a->addr[0], text));
}

static void
ask(struct dns *dns, struct question *q)
{
	const char *name = q->gateway ? q->l->gateway_name :
	    q->l->endpoint_host;
	struct addr numeric;
	struct dns_answer a;

	if (!q->l->active || name[0] == '\0' || addr_parse(&numeric, name))
		return;
	q->all->open++;
	if (dns_hosts(dns, name, &a))
		on_answer(q, &a);
	else
		dns_ask(dns, name, on_answer, q);
}

static bool
wait_all(struct dns *dns, const struct questions *all)
{
	struct pollfd fd[DNS_FDS_MAX];

	while (all->open > 0) {
		int ms = -1;
		size_t n = dns_wait(dns, fd, &ms);
		if (poll(fd, n, ms) < 0)
			return false;
		dns_step(dns, fd, n);
	}
	return true;
}

bool
lint_names(struct conf *cf, struct diags *d, const char **why)
{
	struct questions all = { .d = d };
	struct question *q = calloc(2 * cf->nlocations + 1, sizeof(*q));
	struct dns *dns = dns_open(NULL, why);

	*why = q == NULL ? "no memory" : *why;
	for (size_t i = 0; q != NULL && dns != NULL &&
	    i < 2 * cf->nlocations; i++) {
		q[i] = (struct question){ &all, &cf->location[i / 2], i % 2 };
		ask(dns, &q[i]);
	}
	bool ok = q != NULL && dns != NULL && wait_all(dns, &all);
	if (dns != NULL)
		dns_close(dns);
	free(q);
	return ok;
}

const struct lint_explanation explain_names[] = {
	{ BH_NAME_UNANSWERED,
	    "With -n the DNS was asked, as this host asks it: there is no such "
	    "name, or no server answered. The gateways that ask the same "
	    "servers will not get through, until there is an answer.",
	    NULL,
	    "bh-resolve -1 gw.example.net    # until it has an address" },
	{ .text = NULL },
};
