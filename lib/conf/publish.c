/* SPDX-License-Identifier: ISC */
#include "conf/publish.h"

#include "base/text.h"
#include "conf/prefixes.h"
#include "conf/value.h"

#include <stdarg.h>
#include <string.h>

enum { PROTO_TCP = 6, PROTO_UDP = 17 };
enum { WORDS_MAX = 4 };		/* one more than there may be */

static const struct {
	const char *name;
	uint8_t number;
} protos[] = { { "", 0 }, { "tcp", PROTO_TCP }, { "udp", PROTO_UDP } };

enum { NPROTOS = sizeof(protos) / sizeof(protos[0]) };

__attribute__((format(printf, 3, 4)))
static int
wrong(int code, char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, VALUE_WHYLEN, fmt, ap);
	va_end(ap);
	return code;
}

static bool
parse_proto(uint8_t *proto, const char *word)
{
	for (size_t i = 1; i < NPROTOS; i++)
		if (strcmp(protos[i].name, word) == 0) {
			*proto = protos[i].number;
			return true;
		}
	return false;
}

/* "443" or "8000-8009" */
static bool
parse_ports(struct conf_publish *p, const char *word)
{
	char why[VALUE_WHYLEN];
	unsigned first, last;

	if (value_number(&first, 1, UINT16_MAX, word, why) == 0)
		last = first;
	else if (value_range(&first, &last, 1, UINT16_MAX, word, why) != 0)
		return false;
	p->first = (uint16_t)first;
	p->last = (uint16_t)last;
	return true;
}

int
publish_match(struct conf_publish *p, const char *s, char *why)
{
	char buf[VALUE_LEN], *save, *word[WORDS_MAX] = { NULL };
	size_t n = 0;

	p->last = UINT16_MAX;
	text_copy(buf, sizeof(buf), s);
	for (char *w = strtok_r(buf, " \t", &save); w != NULL && n < WORDS_MAX;
	    w = strtok_r(NULL, " \t", &save))
		word[n++] = w;
	if (n < 1 || n == WORDS_MAX)
		return wrong(BH_BAD_MATCH, why, "'%.80s' is not an address, "
		    "then tcp or udp, then a port or a range", s);
	int code = value_address(&p->match, word[0], why);
	if (code != 0)
		return code;
	if (n > 1 && !parse_proto(&p->proto, word[1]))
		return wrong(BH_BAD_MATCH, why, "'%.80s' is neither tcp nor "
		    "udp; give none for the whole address", word[1]);
	if (n > 2 && !parse_ports(p, word[2]))
		return wrong(BH_BAD_MATCH, why, "'%.80s' is neither a port "
		    "from 1 to 65535 nor a range such as 8000-8009", word[2]);
	return 0;
}

/* An address by itself, else an endpoint that is no name. */
int
publish_to(struct conf_publish *p, const char *s, char *why)
{
	char host[VALUE_HOSTLEN];
	uint16_t port;

	if (addr_parse(&p->to, s))
		return 0;
	if (value_endpoint(host, &port, s, why) != 0 ||
	    !addr_parse(&p->to, host))
		return wrong(BH_BAD_TO, why, "'%.80s' is no host; write "
		    "10.1.0.20, 10.1.0.20:8443 or [2001:db8::20]:8443", s);
	p->to_port = port;
	return 0;
}

bool
publish_is_of(const struct conf *cf, const struct conf_publish *p, size_t i)
{
	const struct conf_location *l = &cf->location[i];

	return p->server.location == (int)i && l->active &&
	    l->role == CONF_ROLE_SERVER;
}

bool
publish_has(const struct conf_publish *p, const struct addr *a, uint8_t proto,
    uint16_t port)
{
	return addr_eq(&p->match, a) && (p->proto == 0 ||
	    (p->proto == proto && p->first <= port && port <= p->last));
}

static bool
is_from(const struct conf_publish *p, const struct addr *src)
{
	const struct prefix host = { *src, 128 };

	return p->said[KEY_PUBLISH_FROM] == 0 ||
	    prefixes_find(p->from.p, p->from.n, &host) != NULL;
}

const struct conf_publish *
publish_find(const struct conf *cf, size_t server, const struct addr *src,
    const struct addr *dst, uint8_t proto, uint16_t port)
{
	const struct conf_publish *whole = NULL;

	for (size_t i = 0; i < cf->npublish; i++) {
		const struct conf_publish *p = &cf->publish[i];
		if (!publish_is_of(cf, p, server) || !is_from(p, src) ||
		    !publish_has(p, dst, proto, port))
			continue;
		if (p->proto != 0)
			return p;
		whole = p;
	}
	return whole;
}

bool
publish_meet(const struct conf_publish *p, const struct conf_publish *q)
{
	/* ports go before the rest of their address */
	return addr_eq(&p->match, &q->match) && p->proto == q->proto &&
	    p->first <= q->last && q->first <= p->last;
}

const char *
publish_proto(const struct conf_publish *p)
{
	size_t i = 0;

	while (i + 1 < NPROTOS && protos[i].number != p->proto)
		i++;
	return protos[i].name;
}

const char *
publish_format_match(const struct conf_publish *p,
    char buf[static PUBLISH_STRLEN])
{
	char a[ADDR_STRLEN], ports[16] = "";

	if (p->first == p->last)
		snprintf(ports, sizeof(ports), " %u", p->first);
	else if (p->first > 0)
		snprintf(ports, sizeof(ports), " %u-%u", p->first, p->last);
	snprintf(buf, PUBLISH_STRLEN, "%s%s%s%s", addr_format(&p->match, a),
	    p->proto != 0 ? " " : "", publish_proto(p), ports);
	return buf;
}

const char *
publish_format_to(const struct conf_publish *p,
    char buf[static PUBLISH_STRLEN])
{
	const struct endpoint e = { .addr = p->to, .port = p->to_port };

	return p->to_port != 0 ? endpoint_format(&e, buf) :
	    addr_format(&p->to, buf);
}
