/* SPDX-License-Identifier: ISC */
#include "check/checks.h"

/* Findings of the loader (conf/) and of the importer. */

const struct lint_explanation explain_load[] = {
	{ BH_EXCLUDES_NOTHING,
	    "'lan = 10.1.0.0/20, !10.9.9.0/24' takes 10.9.9.0/24 out of a set "
	    "that never held it. Most often a digit is wrong, or the "
	    "exclusion was meant for 'internal'; then a network that should "
	    "be out is in.",
	    "lan = 10.1.0.0/20, !10.9.9.0/24",
	    "lan = 10.1.0.0/20, !10.1.9.0/24" },
	{ BH_FILE_READ,
	    "Reading ended before the end of the file, so what was checked is "
	    "not all of it. The reason is the system's; is it a directory, or "
	    "did the disk fail?",
	    NULL,
	    "bh-check -f domain.ini    # a file, readable" },
	{ BH_FILE_SIZE,
	    "A domain file has less than 16 MiB and at most 4096 locations, "
	    "and must fit in memory. A larger one is a mistake of whatever "
	    "wrote it.",
	    NULL,
	    "split the domain, or mend what wrote the file" },
	{ BH_LINE_NUL,
	    "A domain file is text. A NUL byte usually means a file in UTF-16 "
	    "or one that a full disk cut.",
	    NULL,
	    "iconv -f utf-16 -t utf-8 <domain.ini >new.ini" },
	{ BH_LINE_SYNTAX,
	    "A line is a [section], a 'key = value', a comment that begins "
	    "with ';' or '#', or empty. A line that continues a list begins "
	    "with a blank.",
	    "lan 10.1.0.0/20",
	    "lan = 10.1.0.0/20" },
	{ BH_SECTION_SYNTAX,
	    "Sections are [domain], [location NAME], [group NAME], [breakout "
	    "NAME] and [publish NAME], each on a line of its own. The keys "
	    "below a malformed one are not looked at if nobody can tell "
	    "whose they are.",
	    "[location branch1",
	    "[location branch1]" },
	{ BH_SECTION_UNKNOWN,
	    "Sections of other names do not exist. They are errors and not "
	    "ignored: a misspelt section would silently take its keys along.",
	    "[locaton branch1]",
	    "[location branch1]" },
	{ BH_SECTION_TWICE,
	    "All that is said about one of them stands in one section. Two of "
	    "one name are most often a copy whose name was not changed.",
	    "[location branch1]\n[location branch1]",
	    "[location branch1]\n[location branch2]" },
	{ BH_KEY_UNKNOWN,
	    "bh.conf(5) lists the keys. Unknown ones are errors and not "
	    "ignored, since a misspelt 'internal' would take the guard away.",
	    "intrenal = 10.1.0.0/16",
	    "internal = 10.1.0.0/16" },
	{ BH_KEY_TWICE,
	    "A key that takes one value was given a second one, and nobody "
	    "can tell which was meant. Lists (lan, internal, address, "
	    "partners, server, default-gateway) may be repeated and add up; "
	    "of next hops there is one for each family.",
	    "mtu = 1420\nmtu = 1400",
	    "mtu = 1400" },
	{ BH_KEY_STRAY,
	    "Every key belongs to the section above it, and the first line "
	    "that is no comment begins one, most often [domain].",
	    "name = example\n[domain]",
	    "[domain]\nname = example" },
	{ BH_KEY_CONTINUED,
	    "A line that begins with a blank continues the key above it. Only "
	    "lists can be continued. Keys must not be indented: begin them in "
	    "the first column.",
	    "uplink = eth0\n\teth1",
	    "uplink = eth0\nlan-interface = eth1" },
	{ BH_KEY_EMPTY,
	    "The key stands there without a value. Give one, or take the line "
	    "out to get the default.",
	    "uplink =",
	    "uplink = eth0" },
	{ BH_VALUE_LONG,
	    "Nothing that a domain file says needs more than 1023 bytes: no "
	    "prefix, no name, no filter's word. A list may be of any length, "
	    "and so may a line: what is too long is one item of it.",
	    NULL,
	    "lan = 10.1.0.0/24, 10.1.1.0/24    # a comma or blank between" },
	{ BH_IMPORT_DROPPED,
	    "bh-check -i makes a domain file of wg-quick(8) files. What these "
	    "say and a domain file cannot, such as secrets, commands, routing "
	    "tables, or what hosts reach through another host, is said line by "
	    "line, so that nothing is lost without a word.",
	    NULL,
	    "bh-check -k KEYDIR -i wg0.conf    # secrets go to KEYDIR" },
	{ BH_BAD_PREFIX,
	    "A prefix is 192.0.2.0/24 or 2001:db8::/32; a host may stand "
	    "without a length. '!' in front takes it out of the set. IPv6 "
	    "prefixes that hold ::ffff:0:0/96 cannot be used: all unicast of "
	    "IPv6 is 2000::/3.",
	    "lan = 10.1.0.0/33",
	    "lan = 10.1.0.0/24" },
	{ BH_HOST_BITS,
	    "10.0.0.5/20 can mean the host or the network, and they differ by "
	    "4095 addresses. Write 10.0.0.0/20 for the network, 10.0.0.5 for "
	    "the host.",
	    "lan = 10.0.0.5/20",
	    "lan = 10.0.0.0/20" },
	{ BH_BAD_ADDRESS,
	    "An address is 192.0.2.1 or 2001:db8::1, in numbers and without a "
	    "length.",
	    "address = 10.1.0.1/20",
	    "address = 10.1.0.1" },
	{ BH_BAD_ENDPOINT,
	    "An endpoint is where others send this location's datagrams: "
	    "gw.example.net:51820, 192.0.2.1:51820 or [2001:db8::1]:51820. "
	    "The port is always said, and the address is one of a host.",
	    "endpoint = gw.example.net",
	    "endpoint = gw.example.net:51820" },
	{ BH_BAD_KEY,
	    "A public key is 32 bytes in base64: 44 characters, the last of "
	    "which is '='. 'bh-key pubkey' prints it. Private keys never "
	    "stand in this file.",
	    "public-key = y8A1VcorvWNcCzol",
	    "public-key = y8A1VcorvWNcCzol+fIbYOj/LRhwm6YIeWNRUaFOCVo=" },
	{ BH_BAD_NUMBER,
	    "Numbers are decimal digits without sign or unit, and a range is "
	    "FIRST-LAST. The message has the bounds.",
	    "keepalive = 25s",
	    "keepalive = 25" },
	{ BH_BAD_WORD,
	    "The key takes one of a few words, which the message lists.",
	    "backhaul = sever",
	    "backhaul = server" },
	{ BH_BAD_NAME,
	    "A location's name becomes part of file names and of messages, so "
	    "it has letters, digits, '-', '_' and '.', a letter or digit "
	    "first, and at most 40 characters. Give each gateway the name "
	    "that its host has: then no program needs -l.",
	    "[location branch:1]",
	    "[location branch-1]" },
	{ BH_BAD_INTERFACE,
	    "A network interface has at most 15 characters: letters, digits, "
	    "'-', '_' and '.', a letter or digit first.",
	    "uplink = eth0:1",
	    "uplink = eth0.1" },
	{ BH_GATEWAY_NAME,
	    "The next hop of backhauled traffic is an address, one of each "
	    "family, or a name of the DNS that stands for them, which the "
	    "gateway asks for again when an answer has run out.",
	    "default-gateway = 10.0.0.254/24",
	    "default-gateway = 10.0.0.254" },
	{ BH_BAD_MATCH,
	    "What the Internet may begin: an address of the server's side, "
	    "then tcp or udp, then a port or a range. '198.51.100.9 tcp 443' "
	    "is one port, '198.51.100.9 udp 8000-8009' are ten, "
	    "'198.51.100.9' is the whole address, which then is that of the "
	    "host for what it sends itself, too.",
	    "match = 198.51.100.9:443",
	    "match = 198.51.100.9 tcp 443" },
	{ BH_BAD_TO,
	    "A host behind a client, by its own address: '10.1.0.20', or with "
	    "the port that it listens on, '10.1.0.20:8443' or "
	    "'[2001:db8::20]:8443'. Names are not looked up: what is opened "
	    "must not change with a name.",
	    "to = web.example.net:8443",
	    "to = 10.1.0.20:8443" },
	{ BH_BAD_NAT6,
	    "'nat6 = none' lets IPv6 leave as it is, 'nat6 = npt PREFIX' puts "
	    "that prefix in the place of the clients' own (RFC 6296), 'nat6 = "
	    "pool' has bh-egress translate it to the IPv6 addresses of "
	    "nat-pool, whatever 'nat' says of IPv4; without the key IPv6 is "
	    "translated as IPv4 is. The prefix has at most 64 bits, since "
	    "what is behind them makes up for the change.",
	    "nat6 = npt",
	    "nat6 = npt 2001:db8:f::/48" },
	{ .text = NULL },
};
