/* SPDX-License-Identifier: ISC */
/*
 * Files of wg-quick(8), two of them with a zero byte between.  Whatever they
 * say, it is imported or refused; what is imported is a domain file that can be
 * read, and names each location once; no private or preshared key is in it or
 * in what is said of it, and all that is said is for a terminal.
 */
#include "fuzz.h"
#include "toy.h"

#include "base/die.h"
#include "base/text.h"
#include "conf/conf.h"
#include "show/import_sites.h"

#include <stdio.h>

enum { FILES = 2, ROOM = 1 << 20, SEEN = 1 << 16, SITES = FILES +
	IMPORT_PEERS_MAX };

static const char *const name[FILES] = { "hub.conf", "spoke.conf" };
static struct site site[SITES];
static struct peer peer[IMPORT_PEERS_MAX];
static struct import im = { .site = site, .peer = peer };
static char text[ROOM], said[ROOM];
static FILE *out;

/* Both are written to memory, and begun anew each time. */
static void
open_all(void)
{
	must(sodium_init() >= 0);
	out = fmemopen(text, sizeof(text), "w");
	stderr = fmemopen(said, sizeof(said), "w");
	must(out != NULL && stderr != NULL);
	setvbuf(out, NULL, _IOFBF, 1 << 16);
	setvbuf(stderr, NULL, _IOFBF, 1 << 16);
}

/* Ends what was written, and tells how long it is. */
static size_t
finish(FILE *f, char *at)
{
	long n = ftell(f);

	must(fflush(f) == 0 && n >= 0 && n < ROOM);
	at[n] = '\0';
	rewind(f);
	return (size_t)n;
}

/* Lines, and nothing that turns a terminal around. */
static void
check_shown(const char *s, size_t n)
{
	uint32_t c;

	must(strlen(s) == n);
	for (; *s != '\0'; s++)
		must((*s >= ' ' && *s <= '~') || *s == '\n' ||
		    text_unsafe(s, &c) == 0 ||
		    ((unsigned char)*s & 0xc0) == 0x80);
}

static void
check_secret(const struct key *k)
{
	char word[KEY_STRLEN];

	if (key_is_zero(k))
		return;
	key_format(k, word);
	must(strstr(text, word) == NULL && strstr(said, word) == NULL);
}

/* Who uses a private key as a public one, too, has told it. */
static bool
is_told(const struct key *k)
{
	for (size_t i = 0; i < im.npeers; i++)
		if (key_eq(&im.peer[i].key, k))
			return true;
	for (size_t i = 0; i < im.nsites; i++)
		if (key_eq(&im.site[i].l.public_key, k))
			return true;
	return false;
}

static void
check_secrets(void)
{
	for (size_t i = 0; i < im.nsites; i++)
		if (!is_told(&im.site[i].key))
			check_secret(&im.site[i].key);
	for (size_t i = 0; i < im.npeers; i++)
		if (!is_told(&im.peer[i].psk))
			check_secret(&im.peer[i].psk);
}

/* The same text as lately needs not be loaded again. */
static bool
is_new(size_t n)
{
	static uint64_t seen[SEEN];
	static const unsigned char key[crypto_shorthash_KEYBYTES];
	unsigned char b[crypto_shorthash_BYTES];
	uint64_t h;

	crypto_shorthash(b, (const unsigned char *)text, n, key);
	memcpy(&h, b, sizeof(h));
	uint64_t was = seen[h % SEEN];
	seen[h % SEEN] = h;
	return was != h;
}

static void
check_loads(size_t n)
{
	struct conf cf;
	struct diags ds;
	FILE *f = fmemopen(text, n, "r");

	must(f != NULL);
	diag_init(&ds);
	conf_load(&cf, &ds, f);
	fclose(f);
	must(cf.nlocations == im.nsites);
	for (size_t i = 0; i < ds.n; i++)
		must(ds.d[i].code != BH_LINE_SYNTAX &&
		    ds.d[i].code != BH_SECTION_SYNTAX &&
		    ds.d[i].code != BH_SECTION_UNKNOWN &&
		    ds.d[i].code != BH_KEY_UNKNOWN);
	diag_fini(&ds);
	conf_fini(&cf);
}

/* One file, at the end of what may be touched. */
static int
take(size_t i, const uint8_t *p, size_t n)
{
	static uint8_t copy[ROOM];

	memcpy(copy, p, n);
	return import_text(&im, name[i], (char *)at_edge(copy, n + 1), n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *half = memchr(data, 0, n);
	size_t first = half != NULL ? (size_t)(half - data) : n;

	if (out == NULL)
		open_all();
	if (n > EDGE_ROOM / 2)
		return 0;
	int code = take(0, data, first);
	if (half != NULL) {
		int other = take(1, half + 1, n - first - 1);
		code = other > code ? other : code;
	}
	if (code == 0)
		code = import_combine(&im, half != NULL ? 2 : 1, out);
	must(code == 0 || code == EXIT_FIX);
	size_t length = finish(out, text);
	check_shown(said, finish(stderr, said));
	check_secrets();
	must((code == 0) == (length > 0));
	if (code == 0 && is_new(length)) {
		check_shown(text, length);
		check_loads(length);
	}
	im.failed = false;
	import_forget(&im);
	return 0;
}
