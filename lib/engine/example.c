/* SPDX-License-Identifier: ISC */
#include "engine/lint.h"

#include <stddef.h>

/* What bh-check -x shows with an explanation: lines that give the finding, and
 * what they should have been.  NULL: no line of a domain file does. */
static const struct lint_example examples[] = {
	{ BH_FILE_READ, NULL, "bh-check -f domain.ini    # a file, readable" },
	{ BH_FILE_SIZE, NULL, "split the domain, or mend what wrote the file" },
	{ BH_LINE_LONG, "lan = 10.1.0.0/24, 10.1.1.0/24, ... and so on",
	    "lan = 10.1.0.0/24, 10.1.1.0/24\n"
	    "\t10.1.2.0/24, 10.1.3.0/24" },
	{ BH_LINE_NUL, NULL, "iconv -f utf-16 -t utf-8 <domain.ini >new.ini" },
	{ BH_LINE_SYNTAX, "lan 10.1.0.0/20", "lan = 10.1.0.0/20" },
	{ BH_SECTION_SYNTAX, "[location branch1", "[location branch1]" },
	{ BH_SECTION_UNKNOWN, "[locaton branch1]", "[location branch1]" },
	{ BH_SECTION_TWICE, "[location branch1]\n[location branch1]",
	    "[location branch1]\n[location branch2]" },
	{ BH_KEY_UNKNOWN, "intrenal = 10.1.0.0/16", "internal = 10.1.0.0/16" },
	{ BH_KEY_TWICE, "mtu = 1420\nmtu = 1400", "mtu = 1400" },
	{ BH_KEY_STRAY, "name = example\n[domain]",
	    "[domain]\nname = example" },
	{ BH_KEY_CONTINUED, "uplink = eth0\n\teth1",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_KEY_EMPTY, "uplink =", "uplink = eth0" },
	{ BH_BAD_PREFIX, "lan = 10.1.0.0/33", "lan = 10.1.0.0/24" },
	{ BH_HOST_BITS, "lan = 10.0.0.5/20", "lan = 10.0.0.0/20" },
	{ BH_BAD_ADDRESS, "address = 10.1.0.1/20", "address = 10.1.0.1" },
	{ BH_BAD_ENDPOINT, "endpoint = gw.example.net",
	    "endpoint = gw.example.net:51820" },
	{ BH_BAD_KEY, "public-key = y8A1VcorvWNcCzol",
	    "public-key = y8A1VcorvWNcCzol+fIbYOj/LRhwm6YIeWNRUaFOCVo=" },
	{ BH_BAD_NUMBER, "keepalive = 25s", "keepalive = 25" },
	{ BH_BAD_WORD, "backhaul = sever", "backhaul = server" },
	{ BH_BAD_NAME, "[location branch:1]", "[location branch-1]" },
	{ BH_BAD_INTERFACE, "uplink = eth0:1", "uplink = eth0.1" },
	{ BH_GATEWAY_NAME, "default-gateway = filter.example.net",
	    "default-gateway = 192.0.2.1" },
	{ BH_FEW_LOCATIONS, "[location hq]          ; and no other",
	    "[location hq]\n[location branch1]" },
	{ BH_NO_SERVER, "[location hq]\nbackhaul = none",
	    "[location hq]\nbackhaul = server" },
	{ BH_NO_CLIENT, "[location branch1]\nbackhaul = none",
	    "[location branch1]\nbackhaul = client\nserver = hq" },
	{ BH_NO_BACKHAUL, "[location branch1]\npartners = hq",
	    "[location branch1]\npartners = hq\nbackhaul = client\n"
	    "server = hq" },
	{ BH_KEY_MISSING, "[location branch1]\nlan = 10.1.0.0/20",
	    "[location branch1]\n"
	    "public-key = mA1MAXhA+yxer1yhoYjc9fcBTJ/UNHaVDm3v8IE3qEY=\n"
	    "lan = 10.1.0.0/20" },
	{ BH_KEY_ZERO,
	    "public-key = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "public-key = mA1MAXhA+yxer1yhoYjc9fcBTJ/UNHaVDm3v8IE3qEY=" },
	{ BH_KEY_LOW_ORDER,
	    "public-key = AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "public-key = mA1MAXhA+yxer1yhoYjc9fcBTJ/UNHaVDm3v8IE3qEY=" },
	{ BH_KEY_ENCODING,
	    "public-key = CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
	    "public-key = CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ BH_KEY_SHARED, "two locations with one 'public-key'",
	    "bh-key genkey >KEYDIR/branch2.key    # on branch2" },
	{ BH_NAME_CASE, "[location hq]\n[location HQ]",
	    "[location hq]\n[location hq-old]" },
	{ BH_LAN_MISSING, "[location branch1]\nbackhaul = client",
	    "[location branch1]\nlan = 10.1.0.0/20\nbackhaul = client" },
	{ BH_LAN_OUTSIDE, "lan = 10.1.0.0/20\ninternal = 10.2.0.0/16",
	    "lan = 10.1.0.0/20\ninternal = 10.1.0.0/16" },
	{ BH_NO_INTERNAL_SERVER, "backhaul = server\nlan = 10.0.0.0/20",
	    "backhaul = server\nlan = 10.0.0.0/20\n"
	    "internal = 10.0.0.0/16" },
	{ BH_NO_INTERNAL, "lan = 10.2.0.0/20",
	    "lan = 10.2.0.0/20\ninternal = 10.2.0.0/16" },
	{ BH_LAN_LAN, "[location a]\nlan = 10.1.0.0/20\n"
	    "[location b]\nlan = 10.1.8.0/24",
	    "[location a]\nlan = 10.1.0.0/20, !10.1.8.0/24\n"
	    "[location b]\nlan = 10.1.8.0/24" },
	{ BH_LAN_INTERNAL, "[location a]\nlan = 10.1.0.0/20\n"
	    "[location b]\ninternal = 10.1.8.0/24",
	    "[location a]\nlan = 10.1.0.0/20, !10.1.8.0/24\n"
	    "[location b]\ninternal = 10.1.8.0/24" },
	{ BH_INTERNAL_INTERNAL, "[location hq]\ninternal = 10.0.0.0/8\n"
	    "[location a]\ninternal = 10.1.0.0/16",
	    "[location hq]\ninternal = 10.0.0.0/16\n"
	    "[location a]\ninternal = 10.1.0.0/16" },
	{ BH_SPECIAL, "internal = 0.0.0.0/0", "internal = 10.1.0.0/16" },
	{ BH_V4_ONLY, "lan = 10.1.0.0/20",
	    "lan = 10.1.0.0/20, 2001:db8:1::/52" },
	{ BH_ADDRESS_OUTSIDE, "lan = 10.1.0.0/20\naddress = 10.11.0.1",
	    "lan = 10.1.0.0/20\naddress = 10.1.0.1" },
	{ BH_PUBLIC_WIDE, "internal = 8.0.0.0/6", "internal = 10.0.0.0/8" },
	{ BH_RESERVED, "reserved = corente\naddress = 10.0.0.1",
	    "reserved = corente\naddress = 10.0.0.2" },
	{ BH_EXCLUDES_NOTHING, "lan = 10.1.0.0/20, !10.9.9.0/24",
	    "lan = 10.1.0.0/20, !10.1.9.0/24" },
	{ BH_RESOLVER_REFUSED, "lan = 10.1.0.0/20\nresolver = 192.168.1.53",
	    "lan = 10.1.0.0/20\nresolver = 10.1.0.53" },
	{ BH_RESOLVER_ELSEWHERE, "address = 10.1.0.1\nresolver = 10.1.0.1",
	    "address = 10.1.0.1\nresolver = 10.1.0.53" },
	{ BH_ADDRESS_SPECIAL, "address = 127.0.0.1", "address = 10.1.0.1" },
	{ BH_PUBLIC_OWN, "backhaul = client\nlan = 8.8.8.0/24",
	    "backhaul = client\nlan = 10.8.8.0/24" },
	{ BH_INDIRECT, "[location a]\nlan = 10.5.0.0/24\npartners = hq\n"
	    "[location b]\nlan = 10.5.0.0/24\npartners = hq\n"
	    "[location hq]\npartners = a, b",
	    "[location b]\nlan = 10.6.0.0/24\npartners = hq" },
	{ BH_RESOLVER_CLEAR, "[location a]\nresolver = 192.0.2.53\n"
	    "[breakout all-udp]\nlocation = a\nfilter = udp",
	    "[breakout all-udp]\nlocation = a\n"
	    "filter = udp and not port 53" },
	{ BH_PARTNER_UNKNOWN, "partners = brnach1", "partners = branch1" },
	{ BH_PARTNER_INACTIVE, "[location a]\nactive = no\n"
	    "[location b]\npartners = a",
	    "[location a]\nactive = yes\n[location b]\npartners = a" },
	{ BH_PARTNER_SELF, "[location a]\npartners = a",
	    "[location a]\npartners = b" },
	{ BH_PARTNER_ONE_SIDED, "[location a]\npartners = b\n[location b]",
	    "[location a]\npartners = b\n[location b]\npartners = a" },
	{ BH_PARTNER_TWICE, "partners = a, b, a", "partners = a, b" },
	{ BH_CLIENT_NO_SERVER, "backhaul = client",
	    "backhaul = client\nserver = hq" },
	{ BH_SERVER_UNKNOWN, "server = qh", "server = hq" },
	{ BH_SERVER_INACTIVE, "[location hq]\nactive = no\n"
	    "[location a]\nserver = hq",
	    "[location hq]\nactive = yes\n[location a]\nserver = hq" },
	{ BH_SERVER_ROLE, "[location hq]\nbackhaul = none\n"
	    "[location a]\nserver = hq",
	    "[location hq]\nbackhaul = server\n[location a]\nserver = hq" },
	{ BH_ROLE_BOTH, "backhaul = server\nserver = dr",
	    "backhaul = server" },
	{ BH_ROLE_UNSAID, "server = hq", "backhaul = client\nserver = hq" },
	{ BH_KEY_ROLE, "backhaul = client\nnat = none", "backhaul = client" },
	{ BH_PUBLIC_LAN, "[location hq]\nnat = none\n"
	    "[location lab]\nlan = 203.0.113.0/25",
	    "[location hq]\nnat = none\nnat-upstream = yes\n"
	    "[location lab]\nlan = 203.0.113.0/25" },
	{ BH_NO_TRANSLATION, "[location hq]\nnat = none",
	    "[location hq]\nnat = masquerade" },
	{ BH_GATEWAY_ELSEWHERE, "[location hq]\ndefault-gateway = 10.1.0.254\n"
	    "[location a]\nlan = 10.1.0.0/20",
	    "[location hq]\ndefault-gateway = 10.0.0.254\n"
	    "[location a]\nlan = 10.1.0.0/20" },
	{ BH_SERVER_IDLE, "[location dr]\nbackhaul = server",
	    "[location dr]\nbackhaul = server\n"
	    "[location a]\nserver = hq, dr" },
	{ BH_GATEWAY_HALF, "default-gateway = 192.0.2.1",
	    "default-gateway = 192.0.2.1, 2001:db8::1" },
	{ BH_SERVER_TWICE, "server = hq, hq", "server = hq, dr" },
	{ BH_SERVERS_TOGETHER, "[location hq]\nendpoint = 192.0.2.1:51820\n"
	    "[location dr]\nendpoint = 192.0.2.1:51821",
	    "[location hq]\nendpoint = 192.0.2.1:51820\n"
	    "[location dr]\nendpoint = 198.51.100.1:51820" },
	{ BH_SERVERS_NAT, "[location hq]\nnat = masquerade\n"
	    "[location dr]\nnat = none",
	    "[location hq]\nnat = masquerade\n"
	    "[location dr]\nnat = masquerade" },
	{ BH_SERVERS_ROOM, "server = s1, s2, ... s17", "server = s1, s2" },
	{ BH_SERVER_ALONE, "server = hq\nfailback = now",
	    "server = hq, dr\nfailback = now" },
	{ BH_PROBE_CLASS, "probe = 10.0.0.1", "probe = 192.0.2.1" },
	{ BH_PROBE_SOURCE, "probe = 192.0.2.1",
	    "probe = 192.0.2.1\naddress = 10.1.0.1" },
	{ BH_SERVERS_PLAIN, "[location phone]     ; without interfaces\n"
	    "server = hq, dr",
	    "[location phone]\nserver = hq" },
	{ BH_SERVER_OFF, "[location dr]\nactive = no\n"
	    "[location a]\nserver = hq, dr",
	    "[location a]\nserver = hq" },
	{ BH_NO_WAY, "[location hq]\n[location branch1]\nserver = hq",
	    "[location hq]\nendpoint = hq.example.net:51820\n"
	    "[location branch1]\nserver = hq" },
	{ BH_ENDPOINT_INSIDE, "endpoint = 192.0.2.1:51820\nlan = 192.0.2.0/24",
	    "endpoint = 192.0.2.1:51820\nlan = 192.0.2.0/24, !192.0.2.1" },
	{ BH_ENDPOINT_SHARED, "[location a]\nendpoint = 192.0.2.1:51820\n"
	    "[location b]\nendpoint = 192.0.2.1:51820",
	    "[location a]\nendpoint = 192.0.2.1:51820\n"
	    "[location b]\nendpoint = 192.0.2.1:51821" },
	{ BH_ENDPOINT_PORT, "endpoint = 192.0.2.1:443\nlisten-port = 51820",
	    "endpoint = 192.0.2.1:443" },
	{ BH_ENDPOINT_INTERNAL, "endpoint = 192.0.2.1:51820\n"
	    "internal = 192.0.2.0/24",
	    "endpoint = 192.0.2.1:51820\n"
	    "internal = 192.0.2.0/24, !192.0.2.1" },
	{ BH_ENDPOINT_SPECIAL, "endpoint = 127.0.0.1:51820",
	    "endpoint = 192.0.2.1:51820" },
	{ BH_ENDPOINT_PRIVATE, "endpoint = 192.168.1.2:51820",
	    "endpoint = 192.0.2.1:51820" },
	{ BH_ENDPOINT_NAME, "endpoint = gw.local:51820",
	    "endpoint = gw.example.net:51820" },
	{ BH_IF_MISSING, "lan-interface = eth1",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_IF_NONE, "[location branch1]\nbackhaul = client",
	    "[location branch1]\nbackhaul = client\nuplink = eth0\n"
	    "lan-interface = eth1" },
	{ BH_IF_SAME, "uplink = bh0\nlan-interface = eth1",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_MTU_SMALL, "lan = 2001:db8:1::/52\nmtu = 1200",
	    "lan = 2001:db8:1::/52\nmtu = 1280" },
	{ BH_PORTS_LISTEN, "listen-port = 20000\nnat-ports = 16384-32767",
	    "listen-port = 51820\nnat-ports = 16384-32767" },
	{ BH_PORTS_EPHEMERAL, "nat-ports = 16384-60000",
	    "nat-ports = 16384-32767" },
	{ BH_MTU_LARGE, "mtu = 1500", "mtu = 1420" },
	{ BH_MTU_ENDS, "[location hq]\nmtu = 1420\n[location a]\nmtu = 1380",
	    "[location hq]\nmtu = 1380\n[location a]\nmtu = 1380" },
	{ BH_KEEPALIVE_LONG, "keepalive = 600", "keepalive = 25" },
	{ BH_KEEPALIVE_OFF, "keepalive = 0", "keepalive = 25" },
	{ BH_KEYFILE_MISSING, NULL,
	    "umask 077; bh-key genkey >KEYDIR/branch1.key" },
	{ BH_KEYFILE_OPEN, NULL, "chmod 600 KEYDIR/branch1.key" },
	{ BH_KEYFILE_BAD, NULL,
	    "umask 077; bh-key genkey >KEYDIR/branch1.key" },
	{ BH_KEYFILE_OTHER, NULL, "bh-key pubkey <KEYDIR/branch1.key" },
	{ BH_KEYDIR_OPEN, NULL, "chmod 700 KEYDIR" },
	{ BH_GROUP_NAME, "[group lan]\nmembers = 10.1.0.0/20",
	    "[group branch1-lan]\nmembers = 10.1.0.0/20" },
	{ BH_GROUP_EMPTY, "[group web]\nmembers = 192.0.2.1, !192.0.2.0/24",
	    "[group web]\nmembers = 192.0.2.0/24, !192.0.2.1" },
	{ BH_GROUP_SAME, "[group a]\nmembers = 192.0.2.0/24\n"
	    "[group b]\nmembers = 192.0.2.0/25, 192.0.2.128/25",
	    "[group a]\nmembers = 192.0.2.0/24" },
	{ BH_SERVER_PUBLISH, "[location a]\nserver = hq, dr\n"
	    "[publish web]\nserver = dr\nto = 10.1.0.20",
	    "[location a]\nserver = hq, dr\n"
	    "[publish web]\nserver = hq\nto = 10.1.0.20" },
	{ BH_BREAKOUT_FILTER, "filter = tcp prot 443",
	    "filter = tcp port 443" },
	{ BH_BREAKOUT_NEVER, "filter = tcp and udp port 3478",
	    "filter = (tcp or udp) and port 3478" },
	{ BH_BREAKOUT_ALWAYS, "filter = ip or ip6",
	    "filter = udp port 3478" },
	{ BH_BREAKOUT_SHADOWED, "[breakout a]\nfilter = udp\n"
	    "[breakout b]\nfilter = udp port 3478",
	    "[breakout b]\nfilter = udp port 3478" },
	{ BH_BREAKOUT_NOWHERE, "[breakout a]\nfilter = udp port 3478",
	    "[breakout a]\nlocation = branch1\nfilter = udp port 3478" },
	{ BH_BREAKOUT_UNKNOWN, "location = brnach1", "location = branch1" },
	{ BH_BREAKOUT_ROLE, "[breakout a]\nlocation = hq     ; a server",
	    "[breakout a]\nlocation = branch1" },
	{ BH_BREAKOUT_ONE_ARM, "uplink = eth0\nlan-interface = eth0",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_BREAKOUT_EMPTY, "[breakout a]\nlocation = branch1",
	    "[breakout a]\nlocation = branch1\nfilter = udp port 3478" },
	{ BH_POOL_MISSING, "nat = pool",
	    "nat = pool\nnat-pool = 198.51.100.8/29" },
	{ BH_POOL_SIZE, "nat-pool = 2001:db8:ffff::/64",
	    "nat-pool = 2001:db8:ffff::10/124" },
	{ BH_POOL_OVERLAP, "nat-pool = 198.51.100.8/29\n"
	    "endpoint = 198.51.100.9:51820",
	    "nat-pool = 198.51.100.8/29\n"
	    "endpoint = 198.51.100.1:51820" },
	{ BH_POOL_SPECIAL, "nat-pool = 169.254.1.0/29",
	    "nat-pool = 198.51.100.8/29" },
	{ BH_POOL_BLOCK, "port-block = 100", "port-block = 128" },
	{ BH_POOL_FIXED, "nat-pool = 198.51.100.8\n"
	    "nat-deterministic = yes     ; and 4096 hosts",
	    "nat-pool = 198.51.100.8/29\nport-block = 64\n"
	    "nat-deterministic = yes" },
	{ BH_POOL_SMALL, "nat-pool = 198.51.100.8     ; and 4096 hosts",
	    "nat-pool = 198.51.100.8/29\nport-block = 64" },
	{ BH_POOL_FAMILY, "nat-pool = 198.51.100.8/29",
	    "nat-pool = 198.51.100.8/29, 2001:db8:ffff::10/124" },
	{ BH_POOL_UNUSED, "nat = masquerade\nport-block = 64",
	    "nat = pool\nport-block = 64" },
	{ BH_POOL_QUOTA, "nat-table = 65536\nnat-quota-host = 100000",
	    "nat-table = 65536\nnat-quota-host = 1024" },
	{ BH_BAD_MATCH, "match = 198.51.100.9:443",
	    "match = 198.51.100.9 tcp 443" },
	{ BH_BAD_TO, "to = web.example.net:8443",
	    "to = 10.1.0.20:8443" },
	{ BH_PUBLISH_LACKS, "[publish web]\nmatch = 198.51.100.9 tcp 443",
	    "[publish web]\nserver = hq\nmatch = 198.51.100.9 tcp 443\n"
	    "to = 10.1.0.20:8443" },
	{ BH_PUBLISH_SERVER, "server = branch1", "server = hq" },
	{ BH_PUBLISH_TO, "to = 10.99.0.20:8443", "to = 10.1.0.20:8443" },
	{ BH_PUBLISH_UNLIKE, "match = 198.51.100.9 tcp 8000-8010\n"
	    "to = 10.1.0.20:80",
	    "match = 198.51.100.9 tcp 8000-8010\nto = 10.1.0.20" },
	{ BH_PUBLISH_MEET, "[publish a]\nmatch = 198.51.100.9 tcp 443\n"
	    "[publish b]\nmatch = 198.51.100.9 tcp 400-500",
	    "[publish a]\nmatch = 198.51.100.9 tcp 443\n"
	    "[publish b]\nmatch = 198.51.100.9 tcp 444-500" },
	{ BH_PUBLISH_PORT, "endpoint = 198.51.100.9:51820\n"
	    "match = 198.51.100.9 udp 51820",
	    "endpoint = 198.51.100.9:51820\n"
	    "match = 198.51.100.9 udp 51821" },
	{ BH_PUBLISH_SPECIAL, "match = 127.0.0.1 tcp 443",
	    "match = 198.51.100.9 tcp 443" },
	{ BH_PUBLISH_INSIDE, "internal = 198.51.100.0/24\n"
	    "match = 198.51.100.9 tcp 443",
	    "internal = 198.51.100.0/24, !198.51.100.9\n"
	    "match = 198.51.100.9 tcp 443" },
	{ BH_PIN_NO_NAT, "[location hq]\nnat = none\n"
	    "[location a]\nnat-address = 198.51.100.9",
	    "[location hq]\nnat = masquerade\n"
	    "[location a]\nnat-address = 198.51.100.9" },
	{ BH_PIN_SHARED, "[location a]\nnat-address = 198.51.100.9\n"
	    "[location b]\nnat-address = 198.51.100.9",
	    "[location a]\nnat-address = 198.51.100.9\n"
	    "[location b]\nnat-address = 198.51.100.10" },
	{ BH_PIN_PUBLISHED, "nat-address = 198.51.100.9\n"
	    "[publish all]\nmatch = 198.51.100.9",
	    "nat-address = 198.51.100.10\n"
	    "[publish all]\nmatch = 198.51.100.9" },
	{ BH_PIN_SPECIAL, "nat-address = 127.0.0.1",
	    "nat-address = 198.51.100.9" },
	{ BH_ICMP_SILENT, "icmp-errors = 0", "icmp-errors = 100" },
};

const struct lint_example *
lint_example(int code)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		if ((int)examples[i].code == code)
			return &examples[i];
	return NULL;
}
