/* SPDX-License-Identifier: ISC */
#include "policy/filter.h"

#include "base/bytes.h"
#include "packet/wire.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	TEXT_MAX = 2048,
	PORTS = 8,		/* bytes of a transport header that we show */
	TTL = 64,
};

/* The words of pcap-filter(7) that can be asked of a flow. */
static const char *const words[] = {
	"and", "or", "not", "src", "dst", "host", "net", "mask", "port",
	"portrange", "proto", "ip", "ip6", "tcp", "udp", "icmp", "icmp6",
	"igmp", "sctp", "ah", "esp", "pim", "vrrp", "carp", "igrp", "multicast",
};

/* Behind these stands a name of /etc/services or /etc/protocols, or a
 * number. */
static const char *const namers[] = { "port", "portrange", "proto" };
/* Of icmp[] and icmp6[]: type, code, identifier. */
static const char *const places[] = { "0", "1", "0:2", "4:2", "icmptype",
	"icmpcode", "icmp6type", "icmp6code" };

struct token {
	const char *p;
	size_t n;
};

static bool
is(const struct token *t, const char *word)
{
	return strlen(word) == t->n && strncmp(t->p, word, t->n) == 0;
}

static bool
is_one_of(const struct token *t, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is(t, list[i]))
			return true;
	return false;
}

#define IS_ONE_OF(t, list) is_one_of(t, list, sizeof(list) / sizeof(*(list)))

/* A word, with what addresses consist of; or one other character. */
static bool
next_token(const char **s, struct token *t)
{
	static const char others[] = "_.:/-\\";

	while (isspace((unsigned char)**s))
		(*s)++;
	t->p = *s;
	while (isalnum((unsigned char)**s) ||
	    (**s != '\0' && strchr(others, **s) != NULL))
		(*s)++;
	if (*s == t->p && **s != '\0')
		(*s)++;
	t->n = (size_t)(*s - t->p);
	return t->n > 0;
}

/* A number or an address, as far as it cannot be a name. */
static bool
is_numeric(const struct token *t)
{
	return isdigit((unsigned char)*t->p) ||
	    memchr(t->p, ':', t->n) != NULL;
}

static enum filter_kind __attribute__((format(printf, 2, 3)))
bad(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, FILTER_WHYLEN, fmt, ap);
	va_end(ap);
	return FILTER_BAD;
}

#define SHOW(t) (int)((t)->n < 60 ? (t)->n : 60), (t)->p

/* Of icmp[] and icmp6[] no more than those places: what is computed of a packet
 * can be any place of it. */
static bool
is_out_of_place(const struct token *t, const struct token *last,
    const struct token *before)
{
	if (*t->p == '[')
		return !is(last, "icmp") && !is(last, "icmp6");
	if (*last->p == '[')
		return !IS_ONE_OF(t, places);
	return *before->p == '[' && *t->p != ']';
}

/*
 * These words libpcap would take, and a flow cannot answer.  It would ask the
 * DNS about a word that is none of its own, and a gateway must not let out what
 * it would not have let out yesterday.
 */
static enum filter_kind
check_words(const char *text, char *why)
{
	struct token t, last = { "", 0 }, before = { "", 0 };

	for (const char *s = text; next_token(&s, &t); last = t) {
		if (is_out_of_place(&t, &last, &before))
			return bad(why, "'%.*s' cannot stand there: bytes of "
			    "packets differ within a flow, but for type, code "
			    "and identifier: icmp[0], icmp[1], icmp[4:2]",
			    SHOW(&t));
		before = last;
		if (!isalpha((unsigned char)*t.p) || is_numeric(&t) ||
		    IS_ONE_OF(&t, words) || strncmp(t.p, "icmp", 4) == 0 ||
		    IS_ONE_OF(&last, namers))
			continue;
		return bad(why, "'%.*s' is nothing that can be asked of a flow "
		    "(names of hosts are not looked up)", SHOW(&t));
	}
	return FILTER_SOME;
}

/* What one number or address costs behind that word: measured, for both
 * versions of IP, and for each of three protocols that have ports. */
static unsigned
steps_behind(const struct token *t, bool proto)
{
	if (is(t, "port"))
		return proto ? 26 : 66;
	if (is(t, "portrange"))
		return proto ? 38 : 95;
	return is(t, "proto") ? 16 : 31;
}

static bool
begins_anew(const struct token *t)
{
	static const char *const joints[] = { "and", "or", "not", "(", "&", "|",
		"!" };

	return IS_ONE_OF(t, joints);
}

unsigned
filter_steps(const char *text)
{
	static const char *const kinds[] = { "port", "portrange", "proto",
		"host", "net" };
	static const char *const protos[] = { "tcp", "udp", "sctp" };
	struct token t, last = { "", 0 };
	unsigned steps = 0, each = 31;
	bool proto = false;

	for (const char *s = text; next_token(&s, &t); last = t) {
		if (begins_anew(&t))
			proto = false;
		else if (IS_ONE_OF(&t, protos))
			proto = true;
		if (IS_ONE_OF(&t, kinds))
			each = steps_behind(&t, proto);
		else if (is_numeric(&t) || IS_ONE_OF(&last, namers))
			steps += each;
		else if (isalpha((unsigned char)*t.p))
			steps += 8;
	}
	return steps;
}

static enum filter_kind
compile(struct bpf_program *f, const char *text, char *why)
{
	pcap_t *form = pcap_open_dead(DLT_RAW, UINT16_MAX);

	if (form == NULL)
		return bad(why, "no memory");
	int code = pcap_compile(form, f, text, 1, PCAP_NETMASK_UNKNOWN);
	if (code != 0)
		bad(why, "%s", pcap_geterr(form));
	pcap_close(form);
	if (code == 0)
		return FILTER_SOME;
	return strstr(why, "rejects all packets") != NULL ? FILTER_NEVER :
	    FILTER_BAD;
}

/* The first n bytes of text can be the beginning of an expression: one of a few
 * ends makes it whole. */
static bool
can_begin(const char *text, size_t n)
{
	static const char *const ends[] = { "", " 1", " 1-2", " tcp",
		" port 1", " 1.2.3.4", " 1.2.3.0/24", " 0] = 1", "] = 1",
		" = 1" };
	char whole[TEXT_MAX + 64], why[FILTER_WHYLEN];
	struct bpf_program f;
	int open = 0;

	for (size_t i = 0; i < n; i++)
		open += (text[i] == '(') - (text[i] == ')');
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t len = (size_t)snprintf(whole, sizeof(whole), "%.*s%s",
		    (int)n, text, ends[i]);
		for (int k = 0; k < open && len < sizeof(whole) - 1; k++)
			whole[len++] = ')';
		whole[len] = '\0';
		if (compile(&f, whole, why) == FILTER_SOME) {
			pcap_freecode(&f);
			return true;
		}
		if (strstr(why, "syntax error") == NULL)
			return true;
	}
	return false;
}

/* libpcap says that the syntax is wrong, not where.  If an expression can begin
 * with these words, it can begin with fewer of them. */
static enum filter_kind
blame(const char *text, char *why)
{
	struct token t[TEXT_MAX];
	size_t n = 0, good = 0, wrong;

	for (const char *s = text; n < TEXT_MAX && next_token(&s, &t[n]);)
		n++;
	for (wrong = n; good < wrong;) {
		size_t at = good + (wrong - good) / 2;
		if (can_begin(text, (size_t)(t[at].p + t[at].n - text)))
			good = at + 1;
		else
			wrong = at;
	}
	if (wrong == n)
		return bad(why, "it ends too early");
	return bad(why, "'%.*s' cannot stand there", SHOW(&t[wrong]));
}

bool
filter_within(const char *text, const char *other)
{
	char both[2 * TEXT_MAX + 64], why[FILTER_WHYLEN];
	struct bpf_program f;

	snprintf(both, sizeof(both), "(ip or ip6) and (%s) and not (%s)", text,
	    other);
	enum filter_kind kind = compile(&f, both, why);
	if (kind == FILTER_SOME)
		pcap_freecode(&f);
	return kind == FILTER_NEVER;
}

enum filter_kind
filter_compile(struct bpf_program *f, const char *text,
    char why[static FILTER_WHYLEN])
{
	if (strlen(text) >= TEXT_MAX)
		return bad(why, "it is too long");
	enum filter_kind kind = check_words(text, why);
	unsigned steps = filter_steps(text);
	if (kind != FILTER_BAD && steps > FILTER_STEPS_MAX)
		return bad(why, "it takes about %u steps, and %d is the most; "
		    "name addresses as a group, ports as a range, and 'tcp' or "
		    "'udp' before 'port'", steps, (int)FILTER_STEPS_MAX);
	if (kind != FILTER_BAD)
		kind = compile(f, text, why);
	if (kind == FILTER_SOME)
		return filter_within("ip or ip6", text) ? FILTER_ALWAYS : kind;
	if (kind == FILTER_BAD && strstr(why, "syntax error") != NULL)
		return blame(text, why);
	return kind;
}

static void
put_transport(uint8_t *p, const struct ip *ip)
{
	struct udp_hdr *h = (void *)p;
	struct icmp_hdr *icmp = (void *)p;

	h->sport = be16_put(ip->sport);
	if (ip->proto == PROTO_ICMP || ip->proto == PROTO_ICMP6)
		icmp->id = be16_put(ip->dport);
	else
		h->dport = be16_put(ip->dport);
}

/* The flow as a packet: without options, extension headers or data. */
static size_t
build(uint8_t p[static IP6_HLEN + PORTS], const struct ip *ip)
{
	size_t hlen = ip->version == 4 ? IP4_HLEN : IP6_HLEN;

	memset(p, 0, IP6_HLEN + PORTS);
	if (ip->version == 4) {
		struct ip4_hdr *h = (void *)p;
		h->vhl = 4 << 4 | IP4_HLEN / 4;
		h->len = be16_put(IP4_HLEN + PORTS);
		h->ttl = TTL;
		h->proto = ip->proto;
		memcpy(h->src, ip->src.b + 12, 4);
		memcpy(h->dst, ip->dst.b + 12, 4);
	} else {
		struct ip6_hdr *h = (void *)p;
		p[0] = 6 << 4;
		h->len = be16_put(PORTS);
		h->next = ip->proto;
		h->hops = TTL;
		memcpy(h->src, ip->src.b, 16);
		memcpy(h->dst, ip->dst.b, 16);
	}
	put_transport(p + hlen, ip);
	return hlen + PORTS;
}

bool
filter_matches(const struct bpf_program *f, const struct ip *ip)
{
	uint8_t p[IP6_HLEN + PORTS];
	bpf_u_int32 n = (bpf_u_int32)build(p, ip);

	return bpf_filter(f->bf_insns, p, n, n) != 0;
}
