/* SPDX-License-Identifier: ISC */
/* Filters of breakouts: what is taken, what is refused and how it is told. */

#include "policy/filter.h"

#include "test.h"

#include <string.h>

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
	{ "inbound", FILTER_BAD, "'inbound'" },
	{ "vlan 3", FILTER_BAD, "'vlan'" },
	{ "ip6 protochain 6", FILTER_BAD, "'protochain'" },
};

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
		if (kind >= FILTER_ALWAYS)
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

#define V4 "10.1.0.5", "203.0.113.9"
#define V6 "2001:db8:1::5", "2001:db8:c::80"

int
main(void)
{
	test_texts();
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
