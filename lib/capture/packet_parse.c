/* SPDX-License-Identifier: ISC */
#include "capture/packet_parse.h"

#include "base/bytes.h"
#include "packet/csum.h"
#include "packet/wire.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TCP_HLEN = 20,
	L4_HLEN = 8,		/* UDP, ICMP, and what we know nothing of */
	TTL = 64,
	ECHO4 = 8, ECHO6 = 128,
	ANY_PORT = 49152,	/* of nobody (RFC 6335) */
	TEXT_MAX = 200,
};

struct wanted {
	struct endpoint src, dst;
	int proto;
	int number;		/* -1: none */
};

static int
number(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v > UINT16_MAX)
		return -1;
	return (int)v;
}

/* By its number or by a name, ours or that of protocols(5). */
static int
protocol(char *text)
{
	for (char *c = text; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	int proto = ip_proto_parse(text);
	const struct protoent *known = proto < 0 ? getprotobyname(text) : NULL;
	return known != NULL ? known->p_proto : proto;
}

/* By its number or by a name of services(5); of ICMP a type is meant. */
static int
port_number(const char *text, int proto)
{
	int n = number(text);
	const struct servent *known = n >= 0 ? NULL : getservbyname(text,
	    proto == PROTO_TCP ? "tcp" : proto == PROTO_UDP ? "udp" : "none");

	return known != NULL ? ntohs((uint16_t)known->s_port) : n;
}

/* ADDR, ADDR:PORT for IPv4, [ADDR]:PORT for either. */
static bool
parse_side(struct endpoint *e, char *text)
{
	char *port = NULL;

	*e = (struct endpoint){ .port = 0 };
	if (addr_parse(&e->addr, text))
		return true;
	if (*text == '[') {
		port = strchr(++text, ']');
		if (port == NULL || port[1] != ':')
			return false;
		*port++ = '\0';
	} else {
		port = strchr(text, ':');
	}
	if (port == NULL)
		return false;
	*port++ = '\0';
	int n = number(port);
	e->port = (uint16_t)n;
	return n >= 0 && addr_parse(&e->addr, text);
}

/* NULL, or what is wrong. */
static const char *
parse_text(struct wanted *w, const char *text)
{
	char buf[TEXT_MAX], *save, *word[4] = { NULL };
	const char *arrow = strchr(text, '>');
	size_t n = 0;

	if (arrow == NULL)
		return "there is no '>' between source and destination";
	/* "->" is an arrow as well */
	int left = (int)(arrow - text) - (arrow > text && arrow[-1] == '-');
	if (snprintf(buf, sizeof(buf), "%.*s %s", left, text, arrow + 1) >=
	    (int)sizeof(buf))
		return "it is too long";
	for (char *t = strtok_r(buf, " \t", &save); t != NULL;
	    t = strtok_r(NULL, " \t", &save)) {
		if (n == 4)
			return "there is something after the port";
		word[n++] = t;
	}
	if (n < 3)
		return "it needs a source, a destination and a protocol";
	if (!parse_side(&w->src, word[0]))
		return "the source is no address";
	if (!parse_side(&w->dst, word[1]))
		return "the destination is no address";
	if (addr_is_v4(&w->src.addr) != addr_is_v4(&w->dst.addr))
		return "source and destination are of two families";
	w->proto = protocol(word[2]);
	if (w->proto < 0)
		return "the protocol is neither a name nor a number";
	w->number = word[3] != NULL ? port_number(word[3], w->proto) : -1;
	if (word[3] != NULL && w->number < 0)
		return "the port is no number up to 65535 and no service";
	return NULL;
}

/* No flow has port 0: where the text names none, any other will do. */
static be16
port_or_any(uint16_t port)
{
	return be16_put(port != 0 ? port : ANY_PORT);
}

static size_t
put_transport(uint8_t *p, const struct wanted *w, int proto)
{
	size_t len = proto == PROTO_TCP ? TCP_HLEN : L4_HLEN;
	bool given = w->number >= 0;

	memset(p, 0, len);
	if (proto == PROTO_ICMP || proto == PROTO_ICMP6) {
		p[0] = (uint8_t)(given ? w->number :
		    proto == PROTO_ICMP ? ECHO4 : ECHO6);
		return len;
	}
	be16 ports[2] = { port_or_any(w->src.port),
		port_or_any(given ? (uint16_t)w->number : w->dst.port) };
	memcpy(p, ports, sizeof(ports));
	if (proto == PROTO_TCP) {
		p[12] = TCP_HLEN / 4 << 4;
		p[13] = TCP_SYN;
	} else if (proto == PROTO_UDP) {
		p[5] = L4_HLEN;
	}
	return len;
}

size_t
packet_parse(const char *text, uint8_t buf[static PACKET_PARSE_MAX],
    const char **why)
{
	struct wanted w;

	*why = parse_text(&w, text);
	if (*why != NULL)
		return 0;
	bool v4 = addr_is_v4(&w.src.addr);
	/* icmp stands for that of the family */
	int proto = !v4 && w.proto == PROTO_ICMP ? PROTO_ICMP6 : w.proto;
	size_t hlen = v4 ? IP4_HLEN : IP6_HLEN;
	size_t n = put_transport(buf + hlen, &w, proto);

	memset(buf, 0, hlen);
	if (!v4) {
		buf[0] = 6 << 4;
		buf[5] = (uint8_t)n;
		buf[6] = (uint8_t)proto;
		buf[7] = TTL;
		memcpy(buf + 8, w.src.addr.b, 16);
		memcpy(buf + 24, w.dst.addr.b, 16);
		return hlen + n;
	}
	buf[0] = 4 << 4 | IP4_HLEN / 4;
	buf[3] = (uint8_t)(hlen + n);
	buf[8] = TTL;
	buf[9] = (uint8_t)proto;
	memcpy(buf + 12, w.src.addr.b + 12, 4);
	memcpy(buf + 16, w.dst.addr.b + 12, 4);
	be16 sum = be16_put((uint16_t)~csum_fold(csum_add(0, buf, hlen)));
	memcpy(buf + 10, &sum, sizeof(sum));
	return hlen + n;
}
