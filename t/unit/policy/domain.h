/* SPDX-License-Identifier: ISC */
#ifndef BH_DOMAIN_H
#define BH_DOMAIN_H

/* The domain of t/data/truth.ini as policies, built without its loader. */

#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

enum { HQ, BRANCH1, BRANCH2, DC, SITES };
static const char *const site_name[SITES] = { "hq", "branch1", "branch2",
	"dc" };
static const struct {
	const char *prefix;
	uint32_t place;
} domain[] = {
	{ "10.0.0.0/16", PLACE(HQ, false) },
	{ "192.0.2.0/24", PLACE(HQ, false) },
	{ "2001:db8::/48", PLACE(HQ, false) },
	{ "10.1.0.0/16", PLACE(BRANCH1, false) },
	{ "2001:db8:1::/48", PLACE(BRANCH1, false) },
	{ "10.2.0.0/16", PLACE(BRANCH2, false) },
	{ "2001:db8:2::/48", PLACE(BRANCH2, false) },
	{ "10.3.0.0/16", PLACE(DC, false) },
	{ "2001:db8:3::/48", PLACE(DC, false) },
	{ "10.0.0.0/20", PLACE(HQ, true) },
	{ "2001:db8::/52", PLACE(HQ, true) },
	{ "10.1.0.0/20", PLACE(BRANCH1, true) },
	{ "2001:db8:1::/52", PLACE(BRANCH1, true) },
	{ "10.2.0.0/20", PLACE(BRANCH2, true) },
	{ "2001:db8:2::/52", PLACE(BRANCH2, true) },
	{ "10.3.0.0/20", PLACE(DC, true) },
	{ "2001:db8:3::/52", PLACE(DC, true) },
};
static const char *const own_address[SITES][2] = {
	{ "10.0.0.1", "2001:db8::1" }, { "10.1.0.1", "2001:db8:1::1" },
	{ "10.2.0.1", "2001:db8:2::1" }, { "10.3.0.1", "2001:db8:3::1" },
};
static const char *const endpoint[2] = { "198.51.100.1",
	"2001:db8:ffff::3" };
static const struct {
	enum role role;
	uint16_t server;
	struct policy_site site[SITES];
} view[SITES] = {
	[HQ] = { ROLE_SERVER, PEER_NONE, {
		[HQ] = { .whole_lan = true },
		[BRANCH1] = { .partner = true, .client = true,
		    .whole_lan = true },
		[BRANCH2] = { .client = true },
		[DC] = { .whole_lan = true } } },
	[BRANCH1] = { ROLE_CLIENT, HQ, {
		[HQ] = { .partner = true, .server = true, .whole_lan = true },
		[BRANCH1] = { .whole_lan = true },
		[DC] = { .partner = true, .whole_lan = true } } },
	[BRANCH2] = { ROLE_CLIENT, HQ, {
		[HQ] = { .server = true, .whole_lan = true },
		[BRANCH1] = { .whole_lan = true },
		[DC] = { .whole_lan = true } } },
	[DC] = { ROLE_NONE, PEER_NONE, {
		[HQ] = { .whole_lan = true },
		[BRANCH1] = { .partner = true, .whole_lan = true },
		[DC] = { .whole_lan = true } } },
};

static inline _Noreturn void
bail(const char *what, const char *text)
{
	printf("Bail out! %s: %s\n", what, text);
	exit(1);
}

static inline struct addr
addr(const char *text)
{
	struct addr a;

	if (!addr_parse(&a, text))
		bail("no address", text);
	return a;
}

static inline struct lpm *
hosts(const char *const text[2])
{
	struct lpm_entry e[2];

	for (size_t i = 0; i < 2; i++)
		e[i] = (struct lpm_entry){ { addr(text[i]), 128 }, 1 };
	return lpm_new_of(e, 2);
}

static inline struct policy
policy_of(uint16_t self)
{
	struct lpm_entry e[sizeof(domain) / sizeof(*domain)];
	bool host_bits;

	for (size_t i = 0; i < sizeof(e) / sizeof(*e); i++) {
		if (!prefix_parse(&e[i].prefix, domain[i].prefix, &host_bits))
			bail("no prefix", domain[i].prefix);
		e[i].value = domain[i].place;
	}
	return (struct policy){
		.where = lpm_new_of(e, sizeof(e) / sizeof(*e)),
		.endpoints = hosts(endpoint), .own = hosts(own_address[self]),
		.site = view[self].site, .nsites = SITES, .self = self,
		.server = view[self].server, .role = view[self].role,
		.private_is_internal = true,
	};
}

static inline void
policy_fini(struct policy *pol)
{
	lpm_free(pol->where);
	lpm_free(pol->endpoints);
	lpm_free(pol->own);
}

#endif
