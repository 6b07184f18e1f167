/* SPDX-License-Identifier: ISC */
/*
 * The loader alone, on small files: fast enough for very many of them.  Most
 * changes know the grammar: they put a key of the key table, a value that some
 * key takes or nearly takes, a section, or bytes that readers stumble over into
 * a file, so that what comes of it still gets past the first line.
 */
#include "conf.h"

#include "conf/keys.h"

#include <stdio.h>

/* ---- the input as a file that costs no allocation ---- */

static struct {
	const uint8_t *p;
	size_t n;
} rest;

static ssize_t
take(void *cookie, char *buf, size_t n)
{
	(void)cookie;
	n = n < rest.n ? n : rest.n;
	memcpy(buf, rest.p, n);
	rest.p += n;
	rest.n -= n;
	return (ssize_t)n;
}

static FILE *
input(const uint8_t *data, size_t n)
{
	static FILE *f;
	static char buf[512];	/* less than is asked for: not used */

	if (f == NULL) {
		f = fopencookie(NULL, "r",
		    (cookie_io_functions_t){ .read = take });
		must(f != NULL);
		must(setvbuf(f, buf, _IOFBF, sizeof(buf)) == 0);
	}
	rest.p = data;
	rest.n = n;
	clearerr(f);
	return f;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct conf cf;
	struct diags d;

	diag_init(&d);
	conf_load(&cf, &d, input(data, n));
	must(rest.n == 0);
	check_conf(&cf);
	check_diags(&d, count_lines(data, n));
	conf_fini(&cf);
	diag_fini(&d);
	return 0;
}

/* ---- changes ---- */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { PIECE = 256 };

struct text {
	uint8_t *p;
	size_t n, max;
};

static unsigned dice;

static unsigned
roll(size_t sides)
{
	dice = dice * 1664525 + 1013904223;
	return (unsigned)((uint64_t)dice * sides >> 32);
}

/* Puts n bytes where cut bytes are; nothing if they do not fit. */
static void
put(struct text *t, size_t at, size_t cut, const void *p, size_t n)
{
	if (t->n - cut + n > t->max)
		return;
	memmove(t->p + at + n, t->p + at + cut, t->n - at - cut);
	memcpy(t->p + at, p, n);
	t->n = t->n - cut + n;
}

struct line {
	size_t begin, value, end;	/* value: behind the '=', or end */
};

static struct line
some_line(const struct text *t)
{
	struct line l = { .begin = t->n > 0 ? roll(t->n) : 0 };

	l.end = l.begin;
	while (l.begin > 0 && t->p[l.begin - 1] != '\n')
		l.begin--;
	while (l.end < t->n && t->p[l.end] != '\n')
		l.end++;
	l.value = l.begin;
	while (l.value < l.end && t->p[l.value++] != '=')
		continue;
	return l;
}

static const struct keydef *
some_key(void)
{
	return &conf_keys[roll(KEY_COUNT)];
}

static const char *const values[] = {
	"yes", "no", "auto", "copy", "zero", "none", "now", "never",
	"hold 60s", "hold 0s", "hold 86401s", "a", "b", "c", "nobody", "-x",
	"0", "1", "65535", "65536", "4294967296", "99999999999999999999",
	"0x10", "16384-32767", "2-1", "1024-65535", "-",
	"10.0.0.0/8", "10.0.0.0/20", "!10.0.1.0/24", "10.0.0.1/8", "!",
	"10.0.0.5-10.0.0.9", "10.0.0.9-10.0.0.5", "0.0.0.0/0", "10.1/16",
	"0.0.0.1-255.255.255.254", "192.0.2.1", "192.0.2.1/32", "224.0.0.1",
	"010.0.0.1", "1.2.3", "256.0.0.1", "::/0", "2000::/3", "2001:db8::/48",
	"2001:db8::1", "::ffff:10.0.0.1", "::ffff:0:0/96", "fe80::1%eth0",
	"2001:db8::-2001:db8::ffff", "::1-ffff::", "fc00::/7", "::",
	"npt 2001:db8:f::/48", "npt 10.0.0.0/8", "npt", "npt 2001:db8::/65",
	"y8A1VcorvWNcCzol+fIbYOj/LRhwm6YIeWNRUaFOCVo=",
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	"7f///////////////////////////////////////38=",
	"y8A1VcorvWNcCzol+fIbYOj/LRhwm6YIeWNRUaFOCVp=", "y8A1",
	"hq.example.net:51820", "192.0.2.1:51820", "[2001:db8::1]:51820",
	"[2001:db8::1]", "192.0.2.1", "a..b:1", "-a:1", "a:0", "[::]:1", ":1",
	"192.0.2.1 tcp 443", "192.0.2.1 udp 8000-8009", "192.0.2.1 icmp",
	"192.0.2.1 tcp 0", "10.1.0.20:8443", "[2001:db8::20]:8443",
	"udp port 3478 and dst net 203.0.113.0/24", "tcp[13] & 2 != 0", "(",
	"eth0", "a-name-too-long-for-any", "bh0", "..", "a/b", "\xc3\xa9",
};

static const char *const odd[] = {
	"\r", "\n", "\r\n", "\n\n", "\t", " ", "\v", "\f", "\n ", "\n\t", "=",
	"= =", ",", ", ,", ";", " ;", "#", " # ", "[", "]", "[]", "[ ]", "!",
	"!!", "-", "--", "/", "/0", "/128", "/33", ":", "::", "%", "%n", "%s",
	"\"", "'", "\\", "\\\n", "\xef\xbb\xbf", "\xc3\xa9", "\xff\xfe",
	"\xf0\x9f\x98\x80", "\x7f", "\x1b[31m", "\x80", "0", "00", "9", ".",
};

static const char *const sections[] = {
	"[domain]\n", "[location a]\n", "[location b]\n", "[location c]\n",
	"[group a]\n", "[group b]\n", "[breakout a]\n", "[breakout b]\n",
	"[publish a]\n", "[publish b]\n", "[location]\n", "[domain x]\n",
	"[lacation a]\n", "[ location  a ] ; x\n", "[location a\n", "[\n",
	"[location a ; b]\n", "[location a]b\n", "[location -]\n", "[]\n",
	"[location a-name-of-41-bytes-a-name-of-41-bytes-12]\n",
};

/* A value for the key, or one just outside; of one in three, any key's. */
static size_t
some_value(char buf[static PIECE], const struct keydef *k)
{
	size_t words = 0;

	while (k->words != NULL && k->words[words] != NULL)
		words++;
	if (words > 0 && roll(3) > 0)
		return (size_t)snprintf(buf, PIECE, "%s",
		    k->words[roll(words)]);
	if (k->max > 0 && roll(3) > 0) {
		const unsigned n[] = { k->min - 1, k->min, k->min + 1,
			k->max - 1, k->max, k->max + 1 };
		return (size_t)snprintf(buf, PIECE, "%u", n[roll(COUNT(n))]);
	}
	return (size_t)snprintf(buf, PIECE, "%s", values[roll(COUNT(values))]);
}

static const struct keydef *
key_of(const struct text *t, const struct line *l)
{
	char name[32] = "";
	enum conf_key k = KEY_NONE;

	for (size_t i = 0; i + 1 < sizeof(name) && l->begin + i < l->value &&
	    strchr(" \t=", t->p[l->begin + i]) == NULL; i++)
		name[i] = (char)t->p[l->begin + i];
	for (enum conf_kind i = 0; i < CONF_KINDS && k == KEY_NONE; i++)
		k = keys_find(i, name);
	return k != KEY_NONE ? &conf_keys[k] : some_key();
}

static void
change_value(struct text *t, bool add)
{
	struct line l = some_line(t);
	char b[PIECE];
	size_t n = some_value(b, key_of(t, &l));

	if (add)
		put(t, l.end, 0, ", ", 2);
	put(t, add && t->n >= l.end + 2 ? l.end + 2 : l.value,
	    add ? 0 : l.end - l.value, b, n);
}

static void
add_key(struct text *t)
{
	struct line l = some_line(t);
	const struct keydef *k = some_key();
	char b[PIECE], v[PIECE];

	some_value(v, k);
	int n = snprintf(b, sizeof(b), "%s%s = %s\n", roll(16) == 0 ? " " : "",
	    k->name + (roll(16) == 0), v);
	put(t, l.begin, 0, b, (size_t)n < sizeof(b) ? (size_t)n : 0);
}

static void
long_run(struct text *t)
{
	static const char of[] = "a0.:, =[;";
	char b[PIECE];
	size_t n = 180 + roll(30);

	memset(b, of[roll(sizeof(of) - 1)], n);
	put(t, t->n > 0 ? roll(t->n) : 0, 0, b, n);
}

/* A line goes, or is there again, somewhere else. */
static void
move_line(struct text *t, bool again)
{
	struct line l = some_line(t);
	uint8_t b[PIECE];
	size_t n = l.end - l.begin + (l.end < t->n);

	n = n < sizeof(b) ? n : sizeof(b);
	memcpy(b, t->p + l.begin, n);
	if (!again)
		put(t, l.begin, n, "", 0);
	l = some_line(t);
	if (again || roll(2) == 0)
		put(t, l.begin, 0, b, n);
}

static void
put_text(struct text *t, size_t at, const char *s)
{
	/* one of the odd ones is what a C string cannot hold */
	put(t, at, 0, s, roll(32) == 0 ? 1 + strlen(s) : strlen(s));
}

static void
change(struct text *t)
{
	switch (roll(10)) {
	case 0:
	case 1:
	case 2:
		change_value(t, false);
		break;
	case 3:
		change_value(t, true);
		break;
	case 4:
		add_key(t);
		break;
	case 5:
		put_text(t, some_line(t).begin,
		    sections[roll(COUNT(sections))]);
		break;
	case 6:
	case 7:
		put_text(t, t->n > 0 ? roll(t->n) : 0, odd[roll(COUNT(odd))]);
		break;
	case 8:
		move_line(t, roll(2) == 0);
		break;
	default:
		if (roll(8) == 0)
			long_run(t);
		else
			t->n = LLVMFuzzerMutate(t->p, t->n, t->max);
	}
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
	struct text t = { data, n, max };

	dice = seed;
	for (unsigned k = roll(4); k < 4; k++)
		change(&t);
	return t.n;
}

/* The first lines of one file and the last of another. */
size_t
LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b,
    size_t nb, uint8_t *out, size_t max, unsigned seed)
{
	struct text t = { out, 0, max };

	dice = seed;
	size_t head = some_line(&(struct text){ (uint8_t *)(uintptr_t)a, na,
	    na }).end;
	size_t tail = some_line(&(struct text){ (uint8_t *)(uintptr_t)b, nb,
	    nb }).begin;
	put(&t, 0, 0, a, head);
	put(&t, t.n, 0, "\n", 1);
	put(&t, t.n, 0, b + tail, nb - tail);
	return t.n;
}
