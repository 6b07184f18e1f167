/* SPDX-License-Identifier: ISC */
#include "conf/value.h"

#include "base/text.h"
#include "conf/guess.h"
#include "conf/prefixes.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int __attribute__((format(printf, 3, 4)))
wrong(enum code code, char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, VALUE_WHYLEN, fmt, ap);
	va_end(ap);
	return code;
}

size_t
value_next(const char **list, char item[static VALUE_LEN])
{
	static const char separators[] = ", \t\v\f\r";
	const char *s = *list + strspn(*list, separators);
	size_t n = strcspn(s, separators);

	*list = s + n;
	text_copy_n(item, VALUE_LEN, s, n);
	return n;
}

/* A '#' at the end of a value is the usual reason. */
static const char *
comment_hint(const char *s)
{
	return *s == '#' ? "; a comment after a value begins with ' ;'" : "";
}

static const struct prefix v4_all = {
	{ { [10] = 0xff, [11] = 0xff } }, PREFIX_V4
};

/* ::ffff:0:0/96 is where this program keeps IPv4; a prefix of IPv6 that holds
 * it, or lies in it, cannot be told from IPv4. */
static bool
prefix_mixes(const struct prefix *p, const char *s)
{
	return strchr(s, ':') != NULL &&
	    (prefix_has(p, &v4_all.addr) || prefix_has(&v4_all, &p->addr));
}

int
value_prefix(struct prefix *p, const char *s, char why[static VALUE_WHYLEN])
{
	char right[PREFIX_STRLEN];
	bool host_bits;

	if (!prefix_parse(p, s, &host_bits))
		return wrong(BH_BAD_PREFIX, why, "'%.80s' is not a prefix; "
		    "write 192.0.2.0/24 or 2001:db8::/32%s", s,
		    comment_hint(s));
	if (prefix_mixes(p, s))
		return wrong(BH_BAD_PREFIX, why, "'%s' holds IPv4-mapped "
		    "addresses; all unicast of IPv6 is 2000::/3", s);
	if (host_bits)
		return wrong(BH_HOST_BITS, why, "'%s' has bits set beyond its "
		    "length; write %s for the network, or leave out '%s' for "
		    "the host", s, prefix_format(p, right), strchr(s, '/'));
	return 0;
}

/* Both ends of one family; an IPv6 range must not run across IPv4. */
static int
value_ends(struct addr *first, struct addr *last, const char *s,
    const char *dash, char why[static VALUE_WHYLEN])
{
	char from[ADDR_STRLEN];

	text_copy_n(from, sizeof(from), s, (size_t)(dash - s));
	if (dash - s >= (int)sizeof(from) || !addr_parse(first, from) ||
	    !addr_parse(last, dash + 1))
		return wrong(BH_BAD_PREFIX, why, "'%.80s' is not a range; "
		    "write 192.0.2.5-192.0.2.9%s", s, comment_hint(s));
	if (addr_is_v4(first) != addr_is_v4(last) ||
	    (addr_is_v4(first) && strchr(s, ':') != NULL) ||
	    (!addr_is_v4(first) && memcmp(first, &v4_all.addr,
	    sizeof(*first)) < 0 && memcmp(last, &v4_all.addr,
	    sizeof(*last)) > 0))
		return wrong(BH_BAD_PREFIX, why, "'%.80s' is a range of two "
		    "families", s);
	if (memcmp(first, last, sizeof(*first)) > 0)
		return wrong(BH_BAD_PREFIX, why, "'%.80s' ends before it "
		    "begins", s);
	return 0;
}

int
value_addresses(struct addr *first, struct addr *last, const char *s,
    char why[static VALUE_WHYLEN])
{
	const char *dash = strchr(s, '-');
	struct prefix p;

	if (dash != NULL)
		return value_ends(first, last, s, dash, why);
	int code = value_prefix(&p, s, why);
	if (code == 0) {
		*first = p.addr;
		*last = prefix_last(&p);
	}
	return code;
}

int
value_address(struct addr *a, const char *s, char why[static VALUE_WHYLEN])
{
	struct prefix p;

	if (!addr_parse(a, s))
		return wrong(BH_BAD_ADDRESS, why, "'%.80s' is not an address; "
		    "write 192.0.2.1 or 2001:db8::1%s%s", s,
		    strchr(s, '/') != NULL ? ", without a length" : "",
		    comment_hint(s));
	p = (struct prefix){ *a, 128 };
	if (prefix_mixes(&p, s))
		return wrong(BH_BAD_ADDRESS, why, "'%s' is an IPv4-mapped "
		    "address; write it as IPv4", s);
	return 0;
}

static bool
is_hostname(const char *s)
{
	size_t n = strlen(s), label = 0;

	if (n == 0 || n > 253)
		return false;
	/* digits and dots alone are an address gone wrong */
	if (strspn(s, "0123456789.") == n)
		return false;
	for (; *s != '\0'; s++) {
		bool hyphen = *s == '-' || *s == '_';
		if (*s == '.' && (label == 0 || s[-1] == '-'))
			return false;
		if (*s != '.' && !isalnum((unsigned char)*s) && !hyphen)
			return false;
		if (*s == '-' && label == 0)
			return false;
		label = *s == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return s[-1] != '-';
}

/* Cuts "host:port" or "[host]:port" in place; NULL: malformed. */
static char *
cut_port(char *s, char **host)
{
	char *port;

	*host = s;
	if (*s == '[') {
		*host = s + 1;
		port = strchr(s, ']');
		if (port == NULL || port[1] != ':')
			return NULL;
		*port++ = '\0';
	} else {
		port = strchr(s, ':');
		if (port == NULL || strchr(port + 1, ':') != NULL)
			return NULL;
	}
	*port = '\0';
	return port + 1;
}

static bool
is_unicast(const struct addr *a)
{
	static const struct addr any6;
	const uint8_t *b = a->b;

	if (addr_is_v4(a))
		return b[12] != 0 && b[12] < 224;
	return b[0] != 0xff && !addr_eq(a, &any6);
}

int
value_hostname(char host[static VALUE_HOSTLEN], const char *s,
    char why[static VALUE_WHYLEN])
{
	if (!is_hostname(s))
		return wrong(BH_BAD_NAME, why, "'%.80s' is not a host name%s",
		    s, comment_hint(s));
	for (size_t i = 0; i == 0 || s[i - 1] != '\0'; i++)
		host[i] = (char)tolower((unsigned char)s[i]);
	return 0;
}

static int
endpoint_host(char host[static VALUE_HOSTLEN], const char *s, bool brackets,
    char *why)
{
	struct addr a;

	if (addr_parse(&a, s)) {
		if (!is_unicast(&a))
			return wrong(BH_BAD_ENDPOINT, why, "'%s' is no address "
			    "that a datagram can be sent to", s);
		addr_format(&a, host);
		return 0;
	}
	if (brackets || value_hostname(host, s, why) != 0)
		return wrong(BH_BAD_ENDPOINT, why, "'%.80s' is neither an "
		    "address nor a host name", s);
	return 0;
}

int
value_endpoint(char host[static VALUE_HOSTLEN], uint16_t *port, const char *s,
    char why[static VALUE_WHYLEN])
{
	char buf[VALUE_LEN], *h, *p;
	unsigned n;
	struct addr a;

	text_copy(buf, sizeof(buf), s);
	p = cut_port(buf, &h);
	if (p == NULL && addr_parse(&a, s))
		return wrong(BH_BAD_ENDPOINT, why, "'%s' has no port; write "
		    "%s%s%s:51820", s, addr_is_v4(&a) ? "" : "[", s,
		    addr_is_v4(&a) ? "" : "]");
	if (p == NULL)
		return wrong(BH_BAD_ENDPOINT, why, "'%.80s' is not an "
		    "endpoint; write name:51820, 192.0.2.1:51820 or "
		    "[2001:db8::1]:51820", s);
	int code = endpoint_host(host, h, buf[0] == '[', why);
	if (code == 0)
		code = value_number(&n, 1, 65535, p, why);
	if (code != 0) {
		host[0] = '\0';
		return BH_BAD_ENDPOINT;
	}
	*port = (uint16_t)n;
	return 0;
}

int
value_key(struct key *k, const char *s, char why[static VALUE_WHYLEN])
{
	size_t n = strlen(s);

	if (key_parse(k, s))
		return 0;
	if (n != KEY_STRLEN - 1)
		return wrong(BH_BAD_KEY, why, "a key has %d characters of "
		    "base64, this has %zu; print it with 'bh-key pubkey'",
		    KEY_STRLEN - 1, n);
	/* which may be a private one in the wrong place: it is not shown */
	return wrong(BH_BAD_KEY, why, "it is not 32 bytes in base64; print the "
	    "key with 'bh-key pubkey'");
}

/* Decimal digits only, up to end. */
static bool
number(unsigned *v, const char *s, char end, const char **rest)
{
	char *e;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	unsigned long n = strtoul(s, &e, 10);
	if (*e != end || errno != 0 || n > UINT32_MAX)
		return false;
	*v = (unsigned)n;
	*rest = e;
	return true;
}

int
value_number(unsigned *v, unsigned min, unsigned max, const char *s,
    char why[static VALUE_WHYLEN])
{
	const char *rest;
	unsigned n;

	if (!number(&n, s, '\0', &rest) || n < min || n > max)
		return wrong(BH_BAD_NUMBER, why, "'%.80s' is not a number from "
		    "%u to %u%s", s, min, max, comment_hint(s));
	*v = n;
	return 0;
}

int
value_range(unsigned *first, unsigned *last, unsigned min, unsigned max,
    const char *s, char why[static VALUE_WHYLEN])
{
	const char *rest;
	unsigned a, b;

	if (!number(&a, s, '-', &rest) || !number(&b, rest + 1, '\0', &rest) ||
	    a < min || b > max || a > b)
		return wrong(BH_BAD_NUMBER, why, "'%.80s' is not a range such "
		    "as %u-%u, within that", s, min, max);
	*first = a;
	*last = b;
	return 0;
}

int
value_word(unsigned *v, const char *const *words, const char *s,
    char why[static VALUE_WHYLEN])
{
	struct guess g;
	char hint[96], all[128] = "";
	size_t n = 0;

	guess_init(&g, s);
	for (unsigned i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], s) == 0) {
			*v = i;
			return 0;
		}
		guess_try(&g, words[i]);
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
		    i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ",
		    words[i]);
	}
	return wrong(BH_BAD_WORD, why, "'%.80s' is not %s%s", s, all,
	    guess_format(&g, hint));
}

static bool
is_name(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return isalnum((unsigned char)*s) && s[strspn(s, letters)] == '\0';
}

int
value_name(char name[static VALUE_NAMELEN], const char *s,
    char why[static VALUE_WHYLEN])
{
	if (!is_name(s))
		return wrong(BH_BAD_NAME, why, "'%.80s' is not a name: "
		    "letters, digits, '-', '_' and '.', a letter or digit "
		    "first%s", s, comment_hint(s));
	if (strlen(s) >= VALUE_NAMELEN)
		return wrong(BH_BAD_NAME, why, "'%.80s' has %zu characters; %d "
		    "is the most", s, strlen(s), VALUE_NAMELEN - 1);
	strcpy(name, s);
	return 0;
}

int
value_interface(char name[static IFNAMSIZ], const char *s,
    char why[static VALUE_WHYLEN])
{
	if (!is_name(s))
		return wrong(BH_BAD_INTERFACE, why, "'%.80s' is not an "
		    "interface: letters, digits, '-', '_' and '.', a letter or "
		    "digit first%s", s, comment_hint(s));
	if (strlen(s) >= IFNAMSIZ)
		return wrong(BH_BAD_INTERFACE, why, "'%.80s' has %zu "
		    "characters; an interface has at most %d", s, strlen(s),
		    IFNAMSIZ - 1);
	strcpy(name, s);
	return 0;
}
