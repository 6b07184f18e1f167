/* SPDX-License-Identifier: ISC */
/*
 * exhaust [-s SED] FILE: do bh-classify, bh-egress and nftables say the same
 * of every packet there can be?
 *
 * Each prefix of the domain file and of the table of special addresses cuts the
 * addresses into atoms, whose members are alike to all rules.  The first and
 * the last of each atom, in every pair, with every class of protocol, go out
 * and back between each server and each of its clients, and each client and
 * what it lets break out; the judgement is asked for both programs (judge_ask),
 * and the kernel whether the sets of the guard hold the address, after what
 * bh-plan says was loaded with nft(8).  Run it in a network namespace of its
 * own (unshare -n).  SED changes the guard before it is loaded, so that a test
 * can see that a difference is found.
 *
 * Where the three differ a line says who lets more through; then it exits 1.
 * The differences that are meant stand in `meant'.
 */
#include "base/die.h"
#include "base/special.h"
#include "conf/prefixes.h"
#include "packet/wire.h"
#include "policy/judge.h"
#include "start/start.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINES_MAX = 20, LOCATIONS_MAX = 64, ESP = 50 };

/* ---- atoms ---- */

struct atoms {
	struct addr *a;
	size_t n, room;
	bool *guard, *site;	/* what the kernel's sets hold */
};

static void
add(struct atoms *t, struct addr a)
{
	if (t->n == t->room) {
		t->room = t->room * 2 + 64;
		t->a = realloc(t->a, t->room * sizeof(*t->a));
		if (t->a == NULL)
			die(EXIT_RETRY, "no memory");
	}
	t->a[t->n++] = a;
}

/* First, last, and the neighbours outside. */
static void
cut(struct atoms t[static 2], const struct prefix *p)
{
	struct addr first = p->addr, last = prefix_last(p),
	    at[] = { first, last, first, last };

	addr_step(&at[2], -1);
	addr_step(&at[3], 1);
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++)
		if (addr_is_v4(&at[i]) == prefix_is_v4(p))
			add(&t[!addr_is_v4(&at[i])], at[i]);
}

static void
cut_all(struct atoms t[static 2], const struct conf_prefixes *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		cut(t, &ps->p[i]);
}

static int
cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct addr));
}

static void
atoms_of(struct atoms t[static 2], const struct conf *cf)
{
	struct prefix host = { .len = 128 };

	for (size_t i = 0; i < special_count; i++)
		cut(t, &special_table[i].prefix);
	for (size_t i = 0; i < cf->nlocations; i++) {
		const struct conf_location *l = &cf->location[i];
		cut_all(t, &l->lan);
		cut_all(t, &l->internal);
		cut_all(t, &l->address);
		cut_all(t, &l->pool.addr);
		if (addr_parse(&host.addr, l->endpoint_host))
			cut(t, &host);
	}
	for (size_t i = 0; i < cf->ngroups; i++)
		cut_all(t, &cf->group[i].members);
	for (size_t i = 0; i < cf->npublish; i++) {
		host.addr = cf->publish[i].match;
		cut(t, &host);
	}
	for (int f = 0; f < 2; f++) {
		size_t n = 0;
		qsort(t[f].a, t[f].n, sizeof(*t[f].a), cmp);
		for (size_t i = 0; i < t[f].n; i++)
			if (i == 0 || !addr_eq(&t[f].a[i], &t[f].a[i - 1]))
				t[f].a[n++] = t[f].a[i];
		t[f].n = n;
		t[f].guard = calloc(n, sizeof(bool));
		t[f].site = calloc(n, sizeof(bool));
	}
}

/* ---- the kernel ---- */

static void
put_attr(struct nlmsghdr *h, uint16_t type, const void *data, size_t n)
{
	struct nlattr *a = (void *)((char *)h + NLMSG_ALIGN(h->nlmsg_len));

	*a = (struct nlattr){ .nla_len = (uint16_t)(NLA_HDRLEN + n),
		.nla_type = type };
	memcpy((char *)a + NLA_HDRLEN, data, n);
	h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) +
	    (uint32_t)NLA_ALIGN(a->nla_len);
}

/* A key, in the four attributes around it. */
static void
put_key(struct nlmsghdr *h, const uint8_t *key, size_t n)
{
	static const uint16_t around[] = { NFTA_SET_ELEM_LIST_ELEMENTS,
		NFTA_LIST_ELEM, NFTA_SET_ELEM_KEY };
	enum { DEPTH = sizeof(around) / sizeof(*around) };
	struct nlattr *open[DEPTH];

	for (size_t i = 0; i < DEPTH; i++) {
		open[i] = (void *)((char *)h + NLMSG_ALIGN(h->nlmsg_len));
		put_attr(h, around[i] | NLA_F_NESTED, "", 0);
	}
	put_attr(h, NFTA_DATA_VALUE, key, n);
	for (size_t i = 0; i < DEPTH; i++)
		open[i]->nla_len = (uint16_t)((char *)h + h->nlmsg_len -
		    (char *)open[i]);
}

/* Whether a set of our table holds an address: the kernel's own look-up. */
static bool
set_has(int fd, const char *set, const struct addr *a)
{
	static uint32_t seq;
	_Alignas(struct nlmsghdr) char buf[4096] = { 0 };
	struct nlmsghdr *h = (void *)buf;
	struct nfgenmsg *g = NLMSG_DATA(h);
	bool v4 = addr_is_v4(a);

	h->nlmsg_len = NLMSG_LENGTH(sizeof(*g));
	h->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM;
	h->nlmsg_flags = NLM_F_REQUEST;
	h->nlmsg_seq = ++seq;
	g->nfgen_family = 1;	/* NFPROTO_INET */
	put_attr(h, NFTA_SET_ELEM_LIST_TABLE, "backhaul", sizeof("backhaul"));
	put_attr(h, NFTA_SET_ELEM_LIST_SET, set, strlen(set) + 1);
	put_key(h, v4 ? a->b + 12 : a->b, v4 ? 4 : 16);
	if (send(fd, buf, h->nlmsg_len, 0) < 0 ||
	    recv(fd, buf, sizeof(buf), 0) < 0)
		die(EXIT_RETRY, "cannot ask nftables");
	if (h->nlmsg_type != NLMSG_ERROR)
		return true;
	errno = -((struct nlmsgerr *)NLMSG_DATA(h))->error;
	if (errno != ENOENT)
		die(EXIT_RETRY, "set %s", set);
	return false;
}

static void
ask_kernel(struct atoms t[static 2])
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);

	for (int f = 0; f < 2; f++)
		for (size_t i = 0; i < t[f].n; i++) {
			t[f].guard[i] = set_has(fd, f == 0 ? "guard4" :
			    "guard6", &t[f].a[i]);
			t[f].site[i] = set_has(fd, f == 0 ? "site4" : "site6",
			    &t[f].a[i]);
		}
	close(fd);
}

/* False: there is no guard between this location and the Internet. */
static bool
load_guard(const char *file, const struct conf_location *l, const char *sed)
{
	char run[2000];
	const char *bin = getenv("BH_BIN");

	snprintf(run, sizeof(run), "nft delete table inet backhaul "
	    "2>/dev/null; ip link add '%s' type dummy 2>/dev/null; "
	    "ip link add '%s' type dummy 2>/dev/null; '%s/bh-plan' -f '%s' "
	    "-l '%s' -D /run/backhaul/exhaust nft | sed '%s' | nft -f - && "
	    "nft list set inet backhaul guard4 >/dev/null 2>&1", l->uplink,
	    l->lan_interface, bin != NULL ? bin : "build/release", file,
	    l->name, sed);
	return system(run) == 0;
}

/* ---- packets ---- */

static const struct kind {
	const char *name;
	uint8_t proto[2];	/* by family */
	uint16_t sport, dport;
	bool ports;
} kinds[] = {
	{ "tcp", { PROTO_TCP, PROTO_TCP }, 49152, 443, true },
	{ "udp", { PROTO_UDP, PROTO_UDP }, 49152, 53, true },
	{ "echo", { PROTO_ICMP, PROTO_ICMP6 }, 0, 7, true },
	{ "error", { PROTO_ICMP, PROTO_ICMP6 }, 0, 0, true },
	{ "esp", { ESP, ESP }, 0, 0, false },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds), ECHO = 2, ERROR = 3 };

static struct ip
packet(int f, size_t kind, const struct addr *src, const struct addr *dst)
{
	const struct kind *k = &kinds[kind];
	unsigned type = kind == ERROR ? (f == 0 ? 3 : 1) : f == 0 ? 8 : 128;

	return (struct ip){ .src = *src, .dst = *dst,
		.version = f == 0 ? 4 : 6, .proto = k->proto[f],
		.ports = k->ports, .sport = kind == ECHO || kind == ERROR ?
		    (uint16_t)(type << 8) : k->sport, .dport = k->dport };
}

/* ---- what is compared ---- */

enum who { CLASSIFY, EGRESS, NFTABLES, WHO };
static const char *const who_name[WHO] = { "bh-classify", "bh-egress",
	"nftables" };

struct exhaust {
	const struct conf *cf;
	const struct policy *pol;	/* by location */
	struct judge *judge;
	struct atoms t[2];
	size_t asked, differences;
};

/* One packet, and where it goes to or comes from outside. */
struct item {
	struct ip ip;
	size_t kind, client, server;
	const struct addr *inside, *outside;
	bool out, inside_is_clients;
	bool guard, site;	/* hold `outside', `inside' */
};

static bool
has(const struct lpm *t, const struct addr *a)
{
	return lpm_lookup(t, a) != LPM_NONE;
}

/*
 * Differences that are meant: who may let less through, and when.
 */
static bool
is_error_of_ours(const struct exhaust *x, const struct item *i)
{
	return !i->out && i->kind == ERROR &&
	    (has(x->pol[i->server].own, i->outside) ||
	    (special_kinds(i->outside) & SPECIAL_DUMMY) != 0);
}

static bool
is_endpoint(const struct exhaust *x, const struct item *i)
{
	return has(x->pol[i->server].endpoints, i->outside);
}

static bool
is_published(const struct exhaust *x, const struct item *i)
{
	const struct policy *pol = &x->pol[i->server];

	return pol->npublished > 0 && has(pol->published_at, i->outside);
}

/* At the client only the place of the source is known, not whether it is the
 * server's gateway. */
static bool
is_error_of_servers(const struct exhaust *x, const struct item *i)
{
	uint32_t place = lpm_lookup(x->pol[i->client].where, i->outside);

	return !i->out && i->kind == ERROR && place != LPM_NONE &&
	    PLACE_LOC(place) == i->server;
}

static bool
is_to_gateway(const struct exhaust *x, const struct item *i)
{
	return !i->out && has(x->pol[i->client].own, i->inside);
}

static const struct {
	enum who less;
	bool (*is)(const struct exhaust *x, const struct item *i);
} meant[] = {
	/* An error of the server's host itself is not forwarded, so the
	 * guard does not see it; that of another is none of ours. */
	{ NFTABLES, is_error_of_ours },
	/* The client believes any address of the server's site. */
	{ EGRESS, is_error_of_servers }, { NFTABLES, is_error_of_servers },
	/* The server does not know which addresses the client's gateway has,
	 * which hears nothing of the Internet through the tunnel. */
	{ CLASSIFY, is_to_gateway },
	/* The server refuses what would go into a tunnel again; the client
	 * does not, and what comes from an endpoint is an answer. */
	{ EGRESS, is_endpoint }, { NFTABLES, is_endpoint },
	/* Hairpins have a chain of their own before the guard. */
	{ NFTABLES, is_published }, { CLASSIFY, is_published },
};

static bool
is_meant(const struct exhaust *x, const struct item *i, enum who less)
{
	for (size_t k = 0; k < sizeof(meant) / sizeof(*meant); k++)
		if (meant[k].less == less && meant[k].is(x, i))
			return true;
	return false;
}

static void
say(struct exhaust *x, const struct item *i, enum who more, enum who less)
{
	char src[ADDR_STRLEN], dst[ADDR_STRLEN];

	if (is_meant(x, i, less))
		return;
	if (x->differences++ < LINES_MAX)
		printf("%s, %s %s: %s > %s %s: %s lets more through than %s\n",
		    x->cf->location[i->client].name, i->out ? "to" : "from",
		    i->server == i->client ? "its uplink" :
		    x->cf->location[i->server].name,
		    addr_format(&i->ip.src, src), addr_format(&i->ip.dst, dst),
		    kinds[i->kind].name, who_name[more], who_name[less]);
}

/* nftables judges what is outside only, so it is asked about hosts that are a
 * client's. */
static void
compare(struct exhaust *x, const struct item *i, const bool lets[static WHO],
    size_t from, size_t to)
{
	x->asked++;
	for (size_t a = from; a < to; a++)
		for (size_t b = from; b < to; b++)
			if (lets[a] && !lets[b] &&
			    (i->inside_is_clients ||
			    (a != NFTABLES && b != NFTABLES)))
				say(x, i, (enum who)a, (enum who)b);
}

static struct decision
ask(struct exhaust *x, size_t at, enum policy_point point, size_t from,
    const struct ip *ip)
{
	struct question q = { .at = point, .from = (uint16_t)from, .now = 1,
		.ip = *ip };

	return judge_ask(&x->judge[at], &q);
}

/* Is it Internet traffic, for the client's own program?  What is partners' comes
 * out of the same tunnel, and is nothing to the server's bh-egress; but its
 * errors look alike. */
static bool
client_lets(struct exhaust *x, const struct item *i)
{
	enum verdict v = i->out ?
	    ask(x, i->client, POLICY_OUT, PEER_NONE, &i->ip).verdict :
	    ask(x, i->client, POLICY_IN, i->server, &i->ip).verdict;

	return v == V_INTERNET || (i->out && v == V_BREAKOUT) ||
	    (!i->out && v == V_PARTNER && i->kind == ERROR);
}

static bool
server_lets(struct exhaust *x, const struct item *i)
{
	struct decision d = i->out ?
	    ask(x, i->server, POLICY_EGRESS, i->client, &i->ip) :
	    ask(x, i->server, POLICY_RETURN, PEER_NONE, &i->ip);

	return verdict_delivers(d.verdict) &&
	    (i->out || d.peer == i->client);
}

static void
judge_tunnel(struct exhaust *x, const struct item *i)
{
	const bool lets[WHO] = { [CLASSIFY] = client_lets(x, i),
		[EGRESS] = server_lets(x, i), [NFTABLES] = !i->guard };

	compare(x, i, lets, CLASSIFY, WHO);
}

/* What would break out, if a breakout were about it; and its answer. */
static void
judge_breakout(struct exhaust *x, const struct item *i)
{
	enum verdict v = i->out ?
	    ask(x, i->client, POLICY_OUT, PEER_NONE, &i->ip).verdict :
	    ask(x, i->client, POLICY_BACK, PEER_NONE, &i->ip).verdict;
	bool endpoint = has(x->pol[i->client].endpoints, i->outside);
	const bool lets[WHO] = { [CLASSIFY] = (i->out && !endpoint &&
	    (v == V_INTERNET || v == V_NO_SERVER)) || v == V_BREAKOUT,
		[NFTABLES] = i->site && !i->guard };

	x->asked++;
	if (!i->inside_is_clients || lets[CLASSIFY] == lets[NFTABLES])
		return;
	say(x, i, lets[CLASSIFY] ? CLASSIFY : NFTABLES, lets[CLASSIFY] ?
	    NFTABLES : CLASSIFY);
}

/* The host's Internet traffic is backhauled: its location's, as no longer
 * prefix of another one. */
static bool
is_clients(const struct exhaust *x, size_t client, const struct addr *a)
{
	uint32_t place = lpm_lookup(x->pol[client].where, a);

	return place != LPM_NONE && PLACE_LOC(place) == client &&
	    (special_kinds(a) & (SPECIAL_MARTIAN | SPECIAL_NEVER)) == 0 &&
	    (PLACE_PARTICIPATES(place) ||
	    x->pol[client].site[client].whole_lan);
}

static void
each_pair(struct exhaust *x, size_t server, size_t client,
    void (*judge)(struct exhaust *x, const struct item *i))
{
	struct item i = { .client = client, .server = server };

	for (int f = 0; f < 2; f++)
		for (size_t n = x->t[f].n, k = 0; k < n * n * KINDS * 2; k++) {
			size_t in = k / 2 / KINDS % n, to = k / 2 / KINDS / n;
			i.kind = k / 2 % KINDS;
			i.out = k % 2 == 0;
			i.inside = &x->t[f].a[in];
			i.outside = &x->t[f].a[to];
			i.guard = x->t[f].guard[to];
			i.site = x->t[f].site[in];
			i.inside_is_clients = is_clients(x, client, i.inside);
			i.ip = i.out ? packet(f, i.kind, i.inside, i.outside) :
			    packet(f, i.kind, i.outside, i.inside);
			judge(x, &i);
		}
}

static void
exhaust(struct exhaust *x, size_t self)
{
	for (size_t i = 0; i < x->cf->nlocations; i++)
		if (conf_is_client_of(x->cf, i, self))
			each_pair(x, self, i, judge_tunnel);
	if (conf_has_breakout(x->cf, self))
		each_pair(x, self, self, judge_breakout);
}

int
main(int argc, char *argv[])
{
	static struct conf cf;
	static struct policy pol[LOCATIONS_MAX];
	static struct judge judge[LOCATIONS_MAX];
	struct exhaust x = { .cf = &cf, .pol = pol, .judge = judge };
	struct start s = { .conf = argv[argc - 1] };
	const char *sed = argc == 4 ? argv[2] : "";
	size_t guards = 0;

	if (argc != 2 && argc != 4)
		diex(EXIT_FIX, "usage: exhaust [-s SED] FILE");
	start_conf(&cf, &s);
	atoms_of(x.t, &cf);
	if (cf.nlocations > LOCATIONS_MAX)
		diex(EXIT_FIX, "more than %d locations", LOCATIONS_MAX);
	for (size_t i = 0; i < cf.nlocations; i++) {
		start_policy(&pol[i], &cf, i);
		judge_init(&judge[i], &pol[i]);
	}
	for (size_t i = 0; i < cf.nlocations; i++) {
		if (!cf.location[i].active ||
		    !load_guard(s.conf, &cf.location[i], sed))
			continue;
		guards++;
		ask_kernel(x.t);
		exhaust(&x, i);
	}
	printf("%s: %zu and %zu addresses, %zu guards, %zu packets, "
	    "%zu differences\n", s.conf, x.t[0].n, x.t[1].n, guards, x.asked,
	    x.differences);
	return x.differences > 0 || guards == 0;
}
