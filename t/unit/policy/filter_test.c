/* SPDX-License-Identifier: ISC */
/* Filters of breakouts: what is taken, what is refused and how it is told. */

#include "policy/breakout.h"
#include "policy/filter.h"

#include "heap.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *text;
	enum filter_kind kind;
	const char *why;
} texts[] = {
	{ "udp port 53", FILTER_SOME, "" },
	{ "tcp && port 80 || !(udp)", FILTER_SOME, "" },
	{ "udp dst portrange 100-200", FILTER_SOME, "" },
	{ "dst net 203.0.113.0/24 or dst net 2001:db8::/32", FILTER_SOME, "" },
	{ "dst net cafe::/16", FILTER_SOME, "" },
	{ "tcp port https and ip proto \\tcp", FILTER_SOME, "" },
	{ "icmp[icmptype] = icmp-echo or icmp6[0] = 128", FILTER_SOME, "" },
	{ "icmp[4:2] = 3", FILTER_SOME, "" },
	{ "net 10.0.0.0 mask 255.0.0.0", FILTER_SOME, "" },
	{ "ah", FILTER_SOME, "" }, { "esp", FILTER_SOME, "" },
	{ "igmp", FILTER_SOME, "" }, { "igrp", FILTER_SOME, "" },
	{ "pim", FILTER_SOME, "" }, { "sctp", FILTER_SOME, "" },
	{ "vrrp", FILTER_SOME, "" }, { "carp", FILTER_SOME, "" },
	{ "ip multicast", FILTER_SOME, "" },
	{ "icmp[icmpcode] = 1", FILTER_SOME, "" },
	{ "icmp[0:2] = 1", FILTER_SOME, "" },
	{ "icmp6[icmp6type] = 1", FILTER_SOME, "" },
	{ "icmp6[icmp6code] = 1", FILTER_SOME, "" },
	{ "ip or ip6", FILTER_ALWAYS, "" },
	{ "net 0.0.0.0/0 or ip6", FILTER_ALWAYS, "" },
	{ "udp and tcp", FILTER_NEVER, "" },
	{ "src host 192.0.2.1 and src host 192.0.2.2", FILTER_NEVER, "" },
	/* the token, not just that there is one */
	{ "udp port and tcp", FILTER_BAD, "'and' cannot stand there" },
	{ "udp port 1 and and tcp", FILTER_BAD, "'and' cannot stand there" },
	{ "udp dst port 443)", FILTER_BAD, "')' cannot stand there" },
	{ "(udp port 3", FILTER_BAD, "ends too early" },
	{ "not", FILTER_BAD, "ends too early" },
	{ "icmp[", FILTER_BAD, "ends too early" },
	{ "icmp[0", FILTER_BAD, "ends too early" },
	{ "icmp[0]", FILTER_BAD, "ends too early" },
	{ "udp portrange", FILTER_BAD, "ends too early" },
	{ "udp and tcp )", FILTER_BAD, "')' cannot stand there" },
	{ "icmx", FILTER_BAD, "'icmx' is nothing that can be asked" },
	{ "udp prt 53", FILTER_BAD, "'prt'" },
	{ "port foo", FILTER_BAD, "unknown port 'foo'" },
	{ "host 10.0.0.256", FILTER_BAD, "'10.0.0.256'" },
	{ "net 10.0.0.1/8", FILTER_BAD, "non-network bits" },
	/* the DNS is never asked */
	{ "host example.com", FILTER_BAD, "'example.com'" },
	{ "dst net localnet", FILTER_BAD, "'localnet'" },
	/* what differs within a flow */
	{ "less 100", FILTER_BAD, "'less'" },
	{ "len < 100", FILTER_BAD, "'len'" },
	{ "tcp[13] & 2 != 0", FILTER_BAD, "'['" },
	{ "ip[8] < 5", FILTER_BAD, "'['" },
	{ "icmp[8] = 3", FILTER_BAD, "'8'" },
	{ "icmp[2] = 3", FILTER_BAD, "'2'" },
	{ "icmp[0 + 8] = 3", FILTER_BAD, "'+'" },
	{ "icmp[0 + icmp[0]] = 1", FILTER_BAD, "'+'" },
	{ "icmp[1 | 8] = 1", FILTER_BAD, "'|'" },
	{ "icmp [ 0 ] + icmp[1] = 3", FILTER_SOME, "" },
	{ "icmp[icmp[0]] = 1", FILTER_BAD, "'icmp'" },
	{ "inbound", FILTER_BAD, "'inbound'" },
	{ "vlan 3", FILTER_BAD, "'vlan'" },
	{ "ip6 protochain 6", FILTER_BAD, "'protochain'" },
};

/* libpcap itself loads nothing else than what the flow as a packet has, and
 * what is alike in all of the flow. */
static bool
is_fair(const struct bpf_insn *i)
{
	uint64_t end = (uint64_t)i->k + (BPF_SIZE(i->code) == BPF_W ? 4 :
	    BPF_SIZE(i->code) == BPF_H ? 2 : 1);

	if (BPF_CLASS(i->code) != BPF_LD)
		return true;
	return BPF_MODE(i->code) == BPF_ABS ? end <= 46 :
	    BPF_MODE(i->code) == BPF_IND ? end <= 6 :
	    BPF_MODE(i->code) != BPF_LEN;
}

static bool
are_fair(const struct bpf_program *f)
{
	for (unsigned i = 0; i < f->bf_len; i++)
		if (!is_fair(&f->bf_insns[i]))
			return false;
	return true;
}

static void
test_texts(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char why[FILTER_WHYLEN] = "";
		struct bpf_program f;
		enum filter_kind kind = filter_compile(&f, texts[i].text, why);
		OKF(kind == texts[i].kind && (kind != FILTER_BAD ||
		    strstr(why, texts[i].why) != NULL), "filter '%s': %d, %s",
		    texts[i].text, (int)kind, kind == FILTER_BAD ? why : "");
		if (kind < FILTER_ALWAYS)
			continue;
		OKF(are_fair(&f), "'%s' loads what a flow has", texts[i].text);
		pcap_freecode(&f);
	}
}

static bool
matches(const char *text, const char *src, const char *dst, uint8_t proto,
    uint16_t sport, uint16_t dport)
{
	struct ip ip = { .proto = proto, .sport = sport, .dport = dport,
		.ttl = 3, .tos = 8, .len = 100, .frag = true };
	char why[FILTER_WHYLEN];
	struct bpf_program f;
	bool good = addr_parse(&ip.src, src) && addr_parse(&ip.dst, dst);

	ip.version = addr_is_v4(&ip.src) ? 4 : 6;
	if (!good || filter_compile(&f, text, why) < FILTER_ALWAYS)
		return false;
	good = filter_matches(&f, &ip);
	pcap_freecode(&f);
	return good;
}

/* What a filter costs, as it was measured. */
static void
test_steps(void)
{
	static const struct {
		const char *text;
		unsigned steps;
	} row[] = {
		{ "", 0 }, { "udp", 8 }, { "port 53", 66 },
		{ "udp port 53", 34 }, { "tcp port 53", 34 },
		{ "sctp port 53", 34 }, { "port http", 66 },
		{ "portrange 1-2", 95 }, { "udp portrange 1-2", 46 },
		{ "proto 6", 16 }, { "proto \\tcp", 16 },
		{ "host 10.0.0.1", 31 }, { "net 10.0.0.0/8", 31 },
		{ "10.0.0.1", 31 }, { "src cafe::1", 39 },
		{ "udp and port 53", 8 + 8 + 66 },
		{ "udp or port 53", 8 + 8 + 66 },
		{ "udp && port 53", 8 + 66 }, { "udp || port 53", 8 + 66 },
		{ "! udp port 53", 34 }, { "udp ! port 53", 8 + 66 },
		{ "udp (port 53)", 8 + 66 }, { "udp not port 53", 16 + 66 },
		{ "udp port 1 or 2", 8 + 26 + 8 + 26 },
		{ "port 1 or host 10.0.0.1 or 10.0.0.2", 66 + 8 + 31 + 8 + 31 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		OKF(filter_steps(row[i].text) == row[i].steps, "'%s' takes %u "
		    "steps: %u", row[i].text, row[i].steps,
		    filter_steps(row[i].text));
}

/* The longest that there may be, and the dearest. */
static void
test_limits(void)
{
	static char text[4096];
	char why[FILTER_WHYLEN] = "";
	struct bpf_program f;
	size_t n = 0, at = 0;

	memset(text, ' ', sizeof(text));
	memcpy(text, "udp", 3);
	text[2047] = '\0';
	OK(filter_compile(&f, text, why) == FILTER_SOME);
	pcap_freecode(&f);
	text[2047] = ' ';
	text[2048] = '\0';
	OK(filter_compile(&f, text, why) == FILTER_BAD &&
	    strstr(why, "too long") != NULL);
	memset(text, ' ', sizeof(text));
	memcpy(text + 2039, "udp port", 9);
	OK(filter_compile(&f, text, why) == FILTER_BAD &&
	    strstr(why, "too early") != NULL);
	/* steps: 31 for the first address, 39 for each that follows */
	at = (size_t)sprintf(text, "host 10.0.0.0");
	for (n = 31; n + 39 <= FILTER_STEPS_MAX; n += 39)
		at += (size_t)sprintf(text + at, " or 10.0.0.1");
	enum filter_kind kind = filter_compile(&f, text, why);
	OKF(kind == FILTER_SOME, "%zu of %d steps", n, FILTER_STEPS_MAX);
	if (kind >= FILTER_ALWAYS)
		pcap_freecode(&f);
	sprintf(text + at, " or 10.0.0.1");
	OKF(filter_compile(&f, text, why) == FILTER_BAD &&
	    strstr(why, "steps") != NULL, "and one more");
}

/* The packet that is asked about, byte by byte. */
static void
test_packet(void)
{
	static const struct {
		uint8_t version, proto, n, packet[48];
	} row[] = {
		{ 4, 17, 28, { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0,
		    10, 1, 0, 5, 203, 0, 113, 9, 0x12, 0x34, 0x56, 0x78 } },
		{ 4, 1, 28, { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0,
		    10, 1, 0, 5, 203, 0, 113, 9, 0x12, 0x34, 0, 0, 0x56,
		    0x78 } },
		{ 6, 6, 48, { 0x60, 0, 0, 0, 0, 8, 6, 64, 0x20, 1, 0xd, 0xb8,
		    [23] = 5, [24] = 0x20, 1, 0xd, 0xb8, 0, 0xc, [39] = 0x80,
		    0x12, 0x34, 0x56, 0x78 } },
		{ 6, 58, 48, { 0x60, 0, 0, 0, 0, 8, 58, 64, 0x20, 1, 0xd, 0xb8,
		    [23] = 5, [24] = 0x20, 1, 0xd, 0xb8, 0, 0xc, [39] = 0x80,
		    0x12, 0x34, 0, 0, 0x56, 0x78 } },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct ip ip = { .version = row[i].version,
			.proto = row[i].proto, .sport = 0x1234,
			.dport = 0x5678, .ttl = 3, .tos = 8, .len = 99 };
		unsigned wrong = 0;
		addr_parse(&ip.src, ip.version == 4 ? "10.1.0.5" :
		    "2001:db8::5");
		addr_parse(&ip.dst, ip.version == 4 ? "203.0.113.9" :
		    "2001:db8:c::80");
		for (unsigned k = 0; k <= row[i].n; k++) {
			struct bpf_insn code[] = {
				BPF_STMT(BPF_LD | BPF_B | BPF_ABS, k),
				BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
				    row[i].packet[k < 48 ? k : 0], 0, 1),
				BPF_STMT(BPF_RET | BPF_K, 1),
				BPF_STMT(BPF_RET | BPF_K, 0) };
			struct bpf_program f = { 4, code };
			wrong += filter_matches(&f, &ip) != (k < row[i].n);
		}
		OKF(wrong == 0, "a flow as a packet: IPv%d, protocol %d",
		    row[i].version, row[i].proto);
	}
}

/* Who, to whom, by what; the first that matches, and never those. */
static void
test_breakout(void)
{
	static const struct {
		const char *src, *dst;
		uint16_t dport, id;
	} row[] = {
		{ "10.1.0.5", "203.0.113.9", 53, 30 },
		{ "10.1.0.5", "203.0.113.9", 54, 20 },
		{ "10.1.0.6", "203.0.113.9", 53, 30 },
		{ "10.1.0.6", "203.0.113.9", 54, BREAKOUT_NONE },
		{ "10.1.0.5", "203.0.113.10", 54, BREAKOUT_NONE },
		{ "10.1.0.6", "203.0.113.11", 53, BREAKOUT_NONE },
		{ "10.1.0.5", "203.0.113.11", 54, BREAKOUT_NONE },
		{ "10.1.0.7", "203.0.113.10", 54, 10 },
	};
	struct lpm_entry e = { .prefix = { .len = 128 }, .value = 1 };
	struct bpf_program f;
	char why[FILTER_WHYLEN];
	struct lpm *set[4];
	static const char *const host[] = { "10.1.0.5", "203.0.113.9",
		"203.0.113.11", "10.1.0.7" };

	for (size_t i = 0; i < 4; i++) {
		addr_parse(&e.prefix.addr, host[i]);
		set[i] = lpm_new_of(&e, 1);
	}
	filter_compile(&f, "udp dst port 53", why);
	const struct breakout_rule rule[] = {
		{ .from = set[3], .id = 10 },
		{ .filter = &f, .id = 30 },
		{ .from = set[0], .to = set[1], .id = 20 },
	};
	struct breakouts b = { .rule = rule, .n = 3, .never = set[2] };
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct ip ip = { .version = 4, .proto = 17, .sport = 1000,
			.dport = row[i].dport };
		addr_parse(&ip.src, row[i].src);
		addr_parse(&ip.dst, row[i].dst);
		OKF(breakout_find(&b, &ip) == row[i].id, "breakout: %s > %s "
		    "port %d: %d", row[i].src, row[i].dst, row[i].dport,
		    row[i].id);
	}
	b.never = NULL;
	struct ip ip = { .version = 4, .proto = 17, .dport = 53 };
	addr_parse(&ip.dst, host[2]);
	OK(breakout_find(&b, &ip) == 30);
	pcap_freecode(&f);
	for (size_t i = 0; i < 4; i++)
		lpm_free(set[i]);
}

/* What the heap holds once all texts have been tried. */
static size_t
used_after(void)
{
	char why[FILTER_WHYLEN];
	struct bpf_program f;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (filter_compile(&f, texts[i].text, why) >= FILTER_ALWAYS)
			pcap_freecode(&f);
	filter_within("udp", "tcp");
	return heap_used();
}

#define V4 "10.1.0.5", "203.0.113.9"
#define V6 "2001:db8:1::5", "2001:db8:c::80"

int
main(int argc, char *argv[])
{
	(void)argc;
	heap_begin(argv);
	test_texts();
	test_steps();
	test_limits();
	test_packet();
	test_breakout();
	size_t before = used_after();
	OKF(used_after() == before, "nothing is left in memory");
	OK(matches("udp dst port 53", V4, 17, 1000, 53));
	OK(!matches("udp dst port 53", V4, 17, 53, 1000));
	OK(!matches("udp dst port 53", V4, 6, 1000, 53));
	OK(matches("udp dst port 53", V6, 17, 1000, 53));
	OK(matches("ip6 and src net 2001:db8:1::/48", V6, 6, 1, 2));
	OK(!matches("ip6", V4, 6, 1, 2));
	OK(matches("dst host 203.0.113.9", V4, 47, 0, 0));
	OK(matches("icmp[0] = 8 and icmp[1] = 3", V4, 1, 8 << 8 | 3, 77));
	OK(matches("icmp[4:2] = 77", V4, 1, 8 << 8, 77));
	OK(matches("icmp6[0] = 128", V6, 58, 128 << 8, 77));
	OK(filter_within("udp dst port 53", "udp"));
	OK(!filter_within("udp", "udp dst port 53"));
	OK(filter_within("udp port 53", "port 53 or ip6"));
	return DONE();
}
