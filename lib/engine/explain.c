/* SPDX-License-Identifier: ISC */
#include "engine/lint_part.h"

#include <stddef.h>

/* What bh-check -x says: what a finding means, why it matters, what to do. */
static const struct explanation explanations[] = {
	{ BH_FILE_READ,
	    "Reading ended before the end of the file, so what was checked is "
	    "not all of it. The reason is the system's; is it a directory, or "
	    "did the disk fail?" },
	{ BH_FILE_SIZE,
	    "A domain file has less than 16 MiB and at most 4096 locations, "
	    "and must fit in memory. A larger one is a mistake of whatever "
	    "wrote it." },
	{ BH_LINE_LONG,
	    "A line has at most 198 bytes. For a long list write the key "
	    "again on the next line, or go on in a line that begins with a "
	    "blank; the parts add up." },
	{ BH_LINE_NUL,
	    "A domain file is text. A NUL byte usually means a file in UTF-16 "
	    "or one that a full disk cut." },
	{ BH_LINE_SYNTAX,
	    "A line is a [section], a 'key = value', a comment that begins "
	    "with ';' or '#', or empty. A line that continues a list begins "
	    "with a blank." },
	{ BH_SECTION_SYNTAX,
	    "Sections are [domain], [location NAME], [group NAME] and [publish "
	    "NAME], each on a line of its own. The keys below a malformed one "
	    "are not looked at, since nobody knows whose they are." },
	{ BH_SECTION_UNKNOWN,
	    "Sections of other names do not exist. They are errors and not "
	    "ignored: a misspelt section would silently take its keys along." },
	{ BH_SECTION_TWICE,
	    "All that is said about one of them stands in one section. Two of "
	    "one name are most often a copy whose name was not changed." },
	{ BH_KEY_UNKNOWN,
	    "bh.conf(5) lists the keys. Unknown ones are errors and not "
	    "ignored, since a misspelt 'internal' would take the guard away." },
	{ BH_KEY_TWICE,
	    "A key that takes one value was given a second one, and nobody "
	    "can tell which was meant. Lists (lan, internal, address, "
	    "partners, server, default-gateway) may be repeated and add up; "
	    "of next hops there is one for each family." },
	{ BH_KEY_STRAY,
	    "Every key belongs to a section: [domain] or [location NAME]." },
	{ BH_KEY_CONTINUED,
	    "A line that begins with a blank continues the key above it. Only "
	    "lists can be continued. Keys must not be indented: begin them in "
	    "the first column." },
	{ BH_KEY_EMPTY,
	    "The key stands there without a value. Give one, or take the line "
	    "out to get the default." },
	{ BH_BAD_PREFIX,
	    "A prefix is 192.0.2.0/24 or 2001:db8::/32; a host may stand "
	    "without a length. '!' in front takes it out of the set. IPv6 "
	    "prefixes that hold ::ffff:0:0/96 cannot be used: all unicast of "
	    "IPv6 is 2000::/3." },
	{ BH_HOST_BITS,
	    "10.0.0.5/20 can mean the host or the network, and they differ by "
	    "4095 addresses. Write 10.0.0.0/20 for the network, 10.0.0.5 for "
	    "the host." },
	{ BH_BAD_ADDRESS,
	    "An address is 192.0.2.1 or 2001:db8::1, in numbers and without a "
	    "length." },
	{ BH_BAD_ENDPOINT,
	    "An endpoint is where others send this location's datagrams: "
	    "gw.example.net:51820, 192.0.2.1:51820 or [2001:db8::1]:51820. The "
	    "port is always said, and the address is one of a host." },
	{ BH_BAD_KEY,
	    "A public key is 32 bytes in base64: 44 characters, the last of "
	    "which is '='. 'bh-key pubkey' prints it. Private keys never stand "
	    "in this file." },
	{ BH_BAD_NUMBER,
	    "Numbers are decimal digits without sign or unit, and a range is "
	    "FIRST-LAST. The message has the bounds." },
	{ BH_BAD_WORD,
	    "The key takes one of a few words, which the message lists." },
	{ BH_BAD_NAME,
	    "A location's name becomes part of file names and of messages, so "
	    "it has letters, digits, '-', '_' and '.', a letter or digit "
	    "first, and at most 40 characters. Give each gateway the name that "
	    "its host has: then no program needs -l." },
	{ BH_BAD_INTERFACE,
	    "A network interface has at most 15 characters: letters, digits, "
	    "'-', '_' and '.', a letter or digit first." },
	{ BH_GATEWAY_NAME,
	    "The next hop of backhauled traffic is an address, one of each "
	    "family, or a name of the DNS that stands for them, which the "
	    "gateway asks for again when an answer has run out." },
	{ BH_FEW_LOCATIONS,
	    "Backhaul needs at least two active locations, a server and a "
	    "client. 'active = no' takes a location out without deleting it." },
	{ BH_NO_SERVER,
	    "A client sends all Internet traffic of its LAN to a server. "
	    "Without a server all of it is refused; nothing is let out in "
	    "clear instead." },
	{ BH_NO_CLIENT,
	    "A server without any client has nothing to let out. If it is only "
	    "a partner of others, write 'backhaul = none'." },
	{ BH_NO_BACKHAUL,
	    "The domain has partners only. That works: their traffic with each "
	    "other goes through tunnels. Internet traffic of each location is "
	    "not touched." },
	{ BH_KEY_MISSING,
	    "Without the public key nobody can have a tunnel with this "
	    "location. Make the pair on the gateway (bh-key genkey), keep the "
	    "private half there in KEYDIR/LOCATION.key, and write the public "
	    "half here." },
	{ BH_KEY_ZERO,
	    "The all-zero key is what templates have. Put the location's own "
	    "key in." },
	{ BH_KEY_LOW_ORDER,
	    "On Curve25519 a few points give the same shared secret with every "
	    "private key (RFC 7748 section 6.1), so anybody could read and "
	    "write. No honest program makes such a key." },
	{ BH_KEY_ENCODING,
	    "The key is one of the second ways to write a point: the highest "
	    "bit is set, or it is not less than 2^255 - 19. No private key has "
	    "it for its public key, so handshakes would always fail." },
	{ BH_KEY_SHARED,
	    "A key is a location's identity. With one key for two, packets of "
	    "one would be taken for the other's, or both tunnels would fail in "
	    "turn." },
	{ BH_NAME_CASE,
	    "Names are compared byte by byte, so [location HQ] and [location "
	    "hq] are two. On the telephone they are one, and so are their key "
	    "files where they are copied to a medium that ignores case. For "
	    "example call one hq-old." },
	{ BH_LAN_MISSING,
	    "'lan' is what takes part. A client without it has no traffic to "
	    "send, and a partner has nothing that others could reach; every "
	    "packet would be refused for its source." },
	{ BH_LAN_OUTSIDE,
	    "'internal' is every address of the corporate network at the site, "
	    "whether it takes part or not, so it holds all of 'lan'. If it "
	    "does not, it was probably forgotten when the LAN grew." },
	{ BH_NO_INTERNAL_SERVER,
	    "The guard tells the server's own subnets from the Internet by "
	    "'internal'. Without it a packet from a client to a subnet of the "
	    "server's site that does not take part (a management network, "
	    "say) looks like Internet traffic and is let through to it, past "
	    "every rule that keeps the branch out. List every corporate "
	    "address of the site, taking part or not." },
	{ BH_NO_INTERNAL,
	    "Without 'internal', subnets at this location that do not take "
	    "part are taken for Internet: the location's own hosts that send "
	    "to them are sent to the server, and other locations' guards do "
	    "not know them. List every corporate address of the site." },
	{ BH_LAN_LAN,
	    "A packet goes to the location whose 'lan' holds its destination. "
	    "If two claim it, one of them gets the other's traffic. Renumber, "
	    "or exclude the part that is not there with '!'." },
	{ BH_LAN_INTERNAL,
	    "The longest prefix decides where an address belongs. A part of "
	    "this lan, or all of it, is claimed by another location's "
	    "'internal' with a prefix as long or longer, so its hosts would be "
	    "refused as that location's. Exclude it on one side with '!'." },
	{ BH_INTERNAL_INTERNAL,
	    "The longest prefix decides where an address belongs, so this "
	    "works: what is left of the wider network belongs to its location "
	    "and is refused elsewhere. Often the wider one is as wide as the "
	    "whole company (10.0.0.0/8); make sure that this is what you "
	    "mean." },
	{ BH_SPECIAL,
	    "Loopback, link-local, multicast and 'this network' addresses are "
	    "never forwarded. A prefix that holds them is wider than any site; "
	    "0.0.0.0/0 in 'internal' would leave no Internet at all." },
	{ BH_V4_ONLY,
	    "IPv6 is treated as IPv4 is, or refused; it is never ignored. "
	    "Hosts of this LAN that have IPv6 will see it refused, and use "
	    "IPv4. Give the LAN's IPv6 prefix to backhaul it as well." },
	{ BH_ADDRESS_OUTSIDE,
	    "'address' lists the gateway's own addresses as its LAN sees it, "
	    "for packets to the gateway itself. One outside the site's "
	    "networks is most often a typing mistake." },
	{ BH_PUBLIC_WIDE,
	    "What stands in 'lan' or 'internal' never counts as Internet: "
	    "packets to it stay at the site, or are refused. With 'internal = "
	    "8.0.0.0/6' by mistake for 10.0.0.0/8, a part of the Internet "
	    "would be left out of the tunnel, which is what the attack "
	    "TunnelCrack does by DHCP. IPv4 wider than /16 and IPv6 wider "
	    "than /29 is more than one company is commonly given. If it is "
	    "yours all the same, list it in prefixes of that size." },
	{ BH_RESERVED,
	    "[domain] says 'reserved = corente': the domain goes on where "
	    "Oracle's Corente gateways were, which keep 10.10.0.1, 10.0.0.1, "
	    "10.255.255.253, 10.255.255.254, 223.255.255.255 and 1.1.1.0/30 "
	    "for themselves, and the last from hosts, too. Give the gateway "
	    "another address, exclude 1.1.1.0/30 with '!', or take the line "
	    "out once no such gateway is left." },
	{ BH_EXCLUDES_NOTHING,
	    "'lan = 10.1.0.0/20, !10.9.9.0/24' takes 10.9.9.0/24 out of a set "
	    "that never held it. Most often a digit is wrong, or the "
	    "exclusion was meant for 'internal'; then a network that should "
	    "be out is in." },
	{ BH_RESOLVER_REFUSED,
	    "'resolver' says whom the hosts of a site ask for names. This one "
	    "is of another location that is no partner, or does not take part "
	    "there, or is private and claimed by nobody: queries to it are "
	    "refused, so everything that needs a name stops. Make the sites "
	    "partners, put the resolver into 'lan' where it is, or name one in "
	    "the Internet." },
	{ BH_RESOLVER_ELSEWHERE,
	    "The hosts ask their gateway, and the gateway asks by its own "
	    "default route: in clear, past the server and its filters, with "
	    "the names of everything the site looks at. That is how names "
	    "leak from most tunnels. Let the gateway's resolver forward to "
	    "one that a LAN host runs, or hand the hosts a resolver that is "
	    "reached through the server." },
	{ BH_ADDRESS_SPECIAL,
	    "127.0.0.1, 0.0.0.0/8, 169.254.0.0/16, multicast and their IPv6 "
	    "twins are no address under which one host reaches another through "
	    "a network. A default-gateway may be an IPv6 link-local address." },
	{ BH_PUBLIC_OWN,
	    "Hosts of a client may have public addresses, and then this is "
	    "as it should be. If they have not, a prefix of the Internet was "
	    "written down as the site's own: what is sent there is not "
	    "backhauled but stays here or is refused (TunnelCrack's LocalNet "
	    "attack, made by hand). IPv6 networks are public everywhere, so "
	    "nothing is said of them." },
	{ BH_INDIRECT,
	    "Two locations that have no tunnel with each other see no "
	    "conflict, but a third one that has a tunnel with both does: it "
	    "has one route for the addresses and two places to send them to. "
	    "Renumber one site, or exclude at one of them what is not there." },
	{ BH_RESOLVER_CLEAR,
	    "The site asks a resolver of the Internet, and the breakout "
	    "matches the questions, so the names of all that the site looks "
	    "at leave by its own uplink, in clear, past the server and its "
	    "filters. Let the breakout be about what was meant, or give the "
	    "site a resolver that is reached through the server." },
	{ BH_PARTNER_UNKNOWN,
	    "A partner is the NAME of another [location NAME] of this file." },
	{ BH_PARTNER_INACTIVE,
	    "The partner takes no part in the domain for now. Nothing is sent "
	    "to it and nothing taken from it." },
	{ BH_PARTNER_SELF,
	    "Traffic inside a location needs no tunnel. Was another location "
	    "meant?" },
	{ BH_PARTNER_ONE_SIDED,
	    "Partnership is mutual: each of the two names the other. If only "
	    "one does, both gateways drop everything between them, and no "
	    "program can tell which of the two was meant." },
	{ BH_PARTNER_TWICE,
	    "Naming a partner once is enough. Was another location meant by "
	    "one of the two?" },
	{ BH_CLIENT_NO_SERVER,
	    "A client names the location that lets its Internet traffic out: "
	    "'server = NAME'." },
	{ BH_SERVER_UNKNOWN,
	    "'server' is the NAME of a [location NAME] of this file that has "
	    "'backhaul = server'." },
	{ BH_SERVER_INACTIVE,
	    "The server takes no part in the domain for now, so the client's "
	    "Internet traffic would be refused. Name another, or make it "
	    "active." },
	{ BH_SERVER_ROLE,
	    "The location named as server does not act as one, so it would "
	    "refuse everything. In particular a client of a client does not "
	    "exist." },
	{ BH_ROLE_BOTH,
	    "The roles exclude each other: a server lets traffic out where it "
	    "is, and has no server of its own." },
	{ BH_ROLE_UNSAID,
	    "The role is never guessed from other keys. A client says "
	    "'backhaul = client' and 'server = NAME'." },
	{ BH_KEY_ROLE,
	    "The key means nothing in this location's role. Either the role is "
	    "wrong, or the key was copied from elsewhere." },
	{ BH_PUBLIC_LAN,
	    "With 'nat = none' a client's packets reach the Internet with "
	    "their own, public source addresses. Replies follow the Internet's "
	    "routes to those addresses, so they arrive at the branch in clear "
	    "and not at the server; connections hang, and the filter sees one "
	    "half. Let the server translate (nat = masquerade), or, if a "
	    "device behind the server does, say 'nat-upstream = yes'." },
	{ BH_NO_TRANSLATION,
	    "With 'nat = none' a client's private source addresses leave the "
	    "server as they are. Something behind it must translate them, or "
	    "no reply comes back. Say 'nat-upstream = yes' if it does." },
	{ BH_GATEWAY_ELSEWHERE,
	    "'default-gateway' is the next hop of backhauled traffic and must "
	    "be a neighbour of the server. An address of another location "
	    "would send the traffic back into a tunnel." },
	{ BH_SERVER_IDLE,
	    "No active client names this server. Right if it waits for one." },
	{ BH_GATEWAY_HALF,
	    "With 'default-gateway' what clients send goes to that next hop "
	    "and no other, since any other way would go past the filter. A "
	    "family without one is refused. Write both, for example 'default- "
	    "gateway = 192.0.2.1, 2001:db8::1', or leave it so if that family "
	    "is to be closed." },
	{ BH_SERVER_TWICE,
	    "Naming a server once is enough. Was another location meant by "
	    "one of the two?" },
	{ BH_SERVERS_TOGETHER,
	    "A second server is there for the day when the first is not. Two "
	    "that share an address, a line or a next hop are lost on the same "
	    "day. Only what the file tells is seen here: look also at "
	    "providers, power and the building." },
	{ BH_SERVERS_NAT,
	    "After a failover, or host by host when balanced, this site's "
	    "traffic would be translated at one server and not at the other, "
	    "so filters and logs behind them see different addresses, and "
	    "answers may not come back. Give both servers the same 'nat' and "
	    "'nat-upstream'." },
	{ BH_SERVERS_ROOM,
	    "A client keeps a tunnel open to each of its servers and chooses "
	    "among 16 at most. Most need two." },
	{ BH_SERVER_ALONE,
	    "'server-mode' and 'failback' say how to choose among several "
	    "servers, and 'server' names one. Probably the second was "
	    "forgotten: 'server = hq, dr'." },
	{ BH_PROBE_CLASS,
	    "'probe' is asked through each server's tunnel and out to the "
	    "Internet, so that a server without Internet counts as down. The "
	    "guard at the server refuses addresses of the company, private "
	    "and special ones, so every server would be down for ever. Use "
	    "one that answers ping and belongs to the provider, or a public "
	    "resolver." },
	{ BH_PROBE_SOURCE,
	    "The gateway asks the probe from its own address on the LAN, "
	    "since the server lets out nothing else. 'address' must have one "
	    "of the probe's family, inside 'lan' (or 'internal', unless "
	    "'backhaul-sources = participating'): 'address = 10.1.0.1'." },
	{ BH_SERVERS_PLAIN,
	    "WireGuard by itself sends a packet to the one peer that owns its "
	    "destination, and 0.0.0.0/0 has one owner. So a phone or a router "
	    "in a cloud has no second server; its file (bh-check -e) has the "
	    "first one." },
	{ BH_SERVER_OFF,
	    "The others take its place, in the order of the list. If it is "
	    "out of service for a while that is as it should be." },
	{ BH_SERVER_PUBLISH,
	    "Who asks from the Internet comes in by the server that publishes, "
	    "and the answer of the host goes out by the server that its site "
	    "uses. With another one it leaves with another address, and the "
	    "connection never comes about. Publish at the site's first server, "
	    "and use 'server-mode = failover'; while that is down, what it "
	    "publishes is down too." },
	{ BH_NO_WAY,
	    "Of two locations that talk, one must know where to send the first "
	    "datagram. A location behind a translating router can do without "
	    "an endpoint if the other has one: it dials out and keeps the way "
	    "open ('keepalive')." },
	{ BH_ENDPOINT_INSIDE,
	    "An endpoint is an address of the outer network. If it took part "
	    "at a site, the way to it would lead through the tunnel that ends "
	    "there. Take it out: 'lan = 192.0.2.0/24, !192.0.2.1'." },
	{ BH_ENDPOINT_SHARED,
	    "Datagrams to one address and port arrive at one gateway. Two "
	    "behind one public address need two ports, each forwarded to its "
	    "own." },
	{ BH_ENDPOINT_PORT,
	    "Others send to the endpoint's port, and the gateway listens on "
	    "another. Right if a router in between forwards the one to the "
	    "other." },
	{ BH_ENDPOINT_INTERNAL,
	    "The tunnel's own datagrams reach it: they never enter a tunnel. "
	    "Hosts of other locations do not, since it is internal. Right for "
	    "a public block of the company's that holds the gateway." },
	{ BH_ENDPOINT_SPECIAL,
	    "An endpoint is where other sites send this one's datagrams, "
	    "across the Internet or whatever is between them. 127.0.0.1, "
	    "0.0.0.0, 169.254.0.0/16 and IPv6 link-local addresses end at the "
	    "sender or at the next wire." },
	{ BH_ENDPOINT_PRIVATE,
	    "The address is of RFC 1918, RFC 6598 or RFC 4193. Over the "
	    "Internet nobody reaches it; behind a router that forwards a port, "
	    "the endpoint is the router's public address. Where all gateways "
	    "share a private outer network it is right." },
	{ BH_ENDPOINT_NAME,
	    "The top-level domains localhost, local, invalid, test, example "
	    "and onion are kept out of the DNS (RFC 6761, 6762, 7686), so the "
	    "gateways will not find the address. Give a name that is in the "
	    "DNS, or the address." },
	{ BH_IF_MISSING,
	    "'backhaul up' needs to know where the LAN is and which interface "
	    "leads to the outer network, for the routes and for the rules that "
	    "keep LAN traffic from leaving in clear." },
	{ BH_IF_NONE,
	    "A client or a partner can be any WireGuard endpoint: a phone, a "
	    "router in a cloud; 'bh-check -e wg-quick LOCATION' writes its "
	    "file. If it is a gateway of ours, name its interfaces." },
	{ BH_IF_SAME,
	    "'interface' and 'egress-interface' are made by 'backhaul up' and "
	    "must be names that nothing else has. Only 'uplink' and "
	    "'lan-interface' may be the same, on a gateway with one arm." },
	{ BH_MTU_SMALL,
	    "IPv6 needs links that carry 1280 bytes (RFC 8200 section 5)." },
	{ BH_PORTS_LISTEN,
	    "The server gives translated flows source ports from 'nat-ports'. "
	    "If the tunnel's own port is among them, a flow can take it, and "
	    "the tunnel's datagrams would be delivered to a client." },
	{ BH_PORTS_EPHEMERAL,
	    "The gateway's own programs get their ports from "
	    "net.ipv4.ip_local_port_range, 32768-60999 as Linux comes. A "
	    "client's flow on such a port can shadow one of theirs. The "
	    "default, 16384-32767, is below." },
	{ BH_MTU_LARGE,
	    "Around each packet the tunnel puts 60 bytes over IPv4 and 80 "
	    "over IPv6. 'mtu = 1500' therefore sends 1560, which an Ethernet "
	    "of 1500 takes in two fragments, or not at all. 1420 fits any "
	    "outer path of 1500, 1440 one of IPv4 only. More is right where "
	    "the outer network has larger frames on all of the path." },
	{ BH_MTU_ENDS,
	    "Each gateway sends packets up to its own 'mtu'. The end with the "
	    "smaller one is told so for a reason, most often a narrow outer "
	    "path, and the same path lies between both. Give both ends the "
	    "smaller value." },
	{ BH_KEEPALIVE_LONG,
	    "A gateway without endpoint is reached by answering it: a "
	    "translating router in front of it has to remember its flow. RFC "
	    "4787 (REQ-5) lets it forget after 120 silent seconds, and many "
	    "forget UDP after 30. Between the forgetting and the next "
	    "keepalive nobody can begin a connection to the site." },
	{ BH_KEEPALIVE_OFF,
	    "A location without endpoint cannot be called, so it has to keep "
	    "its tunnel open itself. With 'keepalive = 0' it is reached as "
	    "long as its own hosts talk, and not after." },
	{ BH_ICMP_SILENT,
	    "With 'icmp-errors = 0' a host that the policy refuses hears "
	    "nothing and waits for its own patience to end: each refusal "
	    "looks like a broken network. Only what is too big is still told, "
	    "since path MTU discovery would fail. Take the line out, unless "
	    "silence is what you want." },
	{ BH_DSCP_COPY,
	    "With 'dscp = copy' each datagram has the differentiated services "
	    "codepoint of the packet in it, so that networks on the way can "
	    "serve calls before downloads, and whoever watches can tell them "
	    "apart. Right where the provider honours it; else take the line "
	    "out." },
	{ BH_KEYFILE_MISSING,
	    "bh-check -k looks for KEYDIR/LOCATION.key, as 'backhaul up' does. "
	    "Make it on that gateway: 'umask 077; bh-key genkey "
	    ">KEYDIR/LOCATION.key', then put what 'bh-key pubkey' prints into "
	    "the domain file." },
	{ BH_KEYFILE_OPEN,
	    "Somebody other than the owner could read the key, so 'backhaul "
	    "up' refuses it. Whoever has it can be this location. 'chmod 600' "
	    "closes the file; a key that was open for long is better "
	    "replaced." },
	{ BH_KEYFILE_BAD,
	    "A key file has one line: 32 bytes in base64, 44 characters. For "
	    "example 'bh-key genkey' makes a private key, 'bh-key genpsk' a "
	    "preshared one." },
	{ BH_KEYFILE_OTHER,
	    "The gateway would sign on with another key than the one that all "
	    "others know it by, and nobody would answer. Either the file is "
	    "another location's, or the domain file has an old key: 'bh-key "
	    "pubkey <KEYDIR/LOCATION.key' prints the one to write." },
	{ BH_GROUP_NAME,
	    "Some words stand for a set of their own (lan, internal, internet, "
	    "default, dmz ...), here or in what people used before. A group "
	    "of that name would be read as the other thing." },
	{ BH_GROUP_EMPTY,
	    "A group without an address matches nothing, so a rule that names "
	    "it never does anything. Most often an exclusion takes away more "
	    "than was meant." },
	{ BH_GROUP_SAME,
	    "Groups may overlap, but two that hold exactly the same addresses "
	    "are one group with two names, and sooner or later only one of "
	    "them is kept up to date." },
	{ BH_POOL_MISSING,
	    "With 'nat = pool' the server lends addresses of its own to the "
	    "branches' hosts. 'nat-pool' lists them: prefixes, ranges or "
	    "single addresses that are routed to this gateway." },
	{ BH_POOL_SIZE,
	    "A pool has at most 4096 addresses: the ports of each take some "
	    "memory. One IPv4 address serves hundreds of hosts." },
	{ BH_POOL_OVERLAP,
	    "An address of the pool has another job: it is inside somebody's "
	    "network, ends a tunnel, is a next hop, or is in another pool. "
	    "Answers to translated flows would go there, or the guard would "
	    "refuse them." },
	{ BH_POOL_SPECIAL,
	    "Routers do not forward to loopback, link-local, multicast and "
	    "other special-purpose addresses, so nothing would come back." },
	{ BH_POOL_BLOCK,
	    "Blocks of ports are powers of two from 64 to 8192: small ones "
	    "let more hosts share an address, large ones make fewer lines in "
	    "the log." },
	{ BH_POOL_FIXED,
	    "With 'nat-deterministic = yes' every possible host has a block "
	    "of its own for good, so that who had a port can be computed. "
	    "There must be as many blocks as addresses in the clients' "
	    "networks: addresses of the pool times 64512 ports, divided by "
	    "port-block." },
	{ BH_POOL_SMALL,
	    "A host needs a block of ports while it talks to the Internet. "
	    "If all the addresses of the clients' networks were active at "
	    "once, some would get none. That is usual, as most addresses are "
	    "unused; the log warns when the pool is four fifths full." },
	{ BH_POOL_FAMILY,
	    "What has no address to be translated to is refused, never let "
	    "out as it is. Give the pool addresses of that family, too, if "
	    "the clients should reach the Internet with it." },
	{ BH_POOL_UNUSED,
	    "The key says how 'nat = pool' translates, and another 'nat' is "
	    "in force here." },
	{ BH_POOL_QUOTA,
	    "Quotas keep one host or location from taking the table away "
	    "from the others; a quota larger than the table does not." },
	{ BH_KEYDIR_OPEN,
	    "Whoever can write into KEYDIR can give the gateway another "
	    "private key, or a preshared key that he knows. It belongs to "
	    "root alone: 'install -d -m 700 /etc/backhaul/keys'." },
	{ BH_BREAKOUT_FILTER,
	    "The filter is an expression of pcap-filter(7) about what all "
	    "packets of a flow have in common: addresses, protocol, ports, and "
	    "of ICMP type, code and identifier. Whatever else a packet holds "
	    "differs within a flow, and names of hosts mean something else "
	    "tomorrow; neither may decide what leaves in clear." },
	{ BH_BREAKOUT_NEVER,
	    "Nothing can match: the expression contradicts itself, or no "
	    "address of a group that it names can be meant. What somebody "
	    "wanted to leave here goes through the tunnel." },
	{ BH_BREAKOUT_ALWAYS,
	    "All Internet traffic of these hosts leaves in clear by their own "
	    "uplink, and none of it passes the filters at the server. If that "
	    "is meant, the location need not be a client." },
	{ BH_BREAKOUT_SHADOWED,
	    "Breakouts are tried in the order of the file and the first that "
	    "matches wins, so this one never does. Its counters will stay at "
	    "zero; take it out, or put the narrower one first." },
	{ BH_BREAKOUT_NOWHERE,
	    "A breakout is for the locations it names; without one it is for "
	    "nobody." },
	{ BH_BREAKOUT_UNKNOWN,
	    "The location or group is not in the file. Is it misspelt?" },
	{ BH_BREAKOUT_ROLE,
	    "Only a backhaul client sends its Internet traffic elsewhere, so "
	    "only there something can be let out on the spot. At a location "
	    "without role Internet traffic leaves by its own routes as it is; "
	    "a server lets everything out." },
	{ BH_BREAKOUT_ONE_ARM,
	    "What is let out is recognised on its way back by the interface it "
	    "comes in by, and the guard never forwards between uplink and LAN. "
	    "Both need two interfaces; give the gateway a second one, or a "
	    "VLAN." },
	{ BH_BREAKOUT_EMPTY,
	    "Without filter, from and to a breakout would let out everything. "
	    "Say at least one of them." },
};

const char *
lint_explain(int code)
{
	for (size_t i = 0;
	    i < sizeof(explanations) / sizeof(explanations[0]); i++)
		if ((int)explanations[i].code == code)
			return explanations[i].text;
	for (const struct explanation *e = explain_published; e->text != NULL;
	    e++)
		if ((int)e->code == code)
			return e->text;
	return NULL;
}
