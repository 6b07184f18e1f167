/* SPDX-License-Identifier: ISC */
/* bh.conf(5) says of every key what its row says: where it may stand, whose it
 * is, its words, its bounds and its default. */
#include "conf/section.h"
#include "conf/types.h"
#include "conf/value.h"

#include "test.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What the page says of one key, as words between single blanks. */
struct entry {
	enum conf_kind kind;
	unsigned of;		/* whose, by the words above the list */
	char head[512];		/* "nat = masquerade | pool | none" */
	char text[8192];	/* what follows */
};

/* A line of mdoc(7) as the words that it prints, punctuation apart. */
static void
add_words(char *to, size_t room, char *line)
{
	static const char *const macros[] = { "Ic", "Ar", "Cm", "Li", "Ns",
		"Op", "Pq", "Po", "Pc", "Xr", "No", "Pa", "It", "Sq", NULL };
	size_t n = strlen(to);
	char *save;

	for (char *w = strtok_r(line, " \t\n", &save); w != NULL;
	    w = strtok_r(NULL, " \t\n", &save)) {
		const char *bare = *w == '.' ? w + 1 : w;
		size_t i = 0;
		while (macros[i] != NULL && strcmp(macros[i], bare) != 0)
			i++;
		if (macros[i] == NULL && n < room)
			n += (size_t)snprintf(to + n, room - n, "%s ", w);
	}
}

static const struct {
	const char *line;
	unsigned of;
} groups[] = {
	{ "A client also has:\n", KEY_OF_CLIENT },
	{ "A server also has:\n", KEY_OF_SERVER },
	{ "How its gateway is built:\n", 0 },
};

static bool
read_section(char *line, enum conf_kind *kind)
{
	const char *name = strchr(line, '[');

	if (strncmp(line, ".Ss The section", 15) != 0 || name == NULL)
		return false;
	name++;
	for (*kind = 0; *kind < CONF_KINDS; (*kind)++) {
		const char *k = conf_kind_name(*kind);
		if (strncmp(name, k, strlen(k)) == 0)
			return true;
	}
	return false;
}

/* The page's keys; their number. */
static size_t
read_page(FILE *f, struct entry *e, size_t room)
{
	enum conf_kind kind = CONF_KINDS;
	unsigned of = 0;
	size_t n = 0;
	char *line = NULL;
	size_t size = 0;
	bool in = false;

	while (getline(&line, &size, f) > 0) {
		for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
			if (strcmp(groups[i].line, line) == 0)
				of = groups[i].of;
		if (read_section(line, &kind) || strncmp(line, ".S", 2) == 0) {
			in = false;
			of = 0;
		} else if (strncmp(line, ".It Ic ", 7) == 0 && n < room) {
			e[n] = (struct entry){ .kind = kind, .of = of };
			add_words(e[n].head, sizeof(e[n].head), line);
			n++;
			in = true;
		} else if (in) {
			add_words(e[n - 1].text, sizeof(e->text), line);
		}
	}
	free(line);
	return n;
}

/* The words stand there side by side, whatever their case and whatever stands
 * behind them. */
static bool
says(const char *text, const char *words)
{
	size_t n = strlen(words);

	for (const char *p = strcasestr(text, words); p != NULL;
	    p = strcasestr(p + 1, words))
		if ((p == text || !isalnum((unsigned char)p[-1])) &&
		    !isalnum((unsigned char)p[n]) &&
		    !(p[n] == '-' && isalnum((unsigned char)p[n + 1])))
			return true;
	return false;
}

static bool
says_default(const struct entry *e, const char *def)
{
	static const char *const forms[] = { "default %s", "default is %s",
		"%s , the default", "%s, the default" };
	char words[128];

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(words, sizeof(words), forms[i], def);
#pragma GCC diagnostic pop
		if (says(e->text, words))
			return true;
	}
	return false;
}

static bool
says_bounds(const struct entry *e, const struct keydef *k)
{
	char words[64];

	snprintf(words, sizeof(words), "%u to %u", k->min, k->max);
	if (says(e->text, words))
		return true;
	snprintf(words, sizeof(words), "%u-%u", k->min, k->max);
	return says(e->text, words);
}

/* "a | b | c", in any order. */
static bool
says_words(const struct entry *e, const char *const *words)
{
	size_t n = 0, bars = 0;

	for (; words[n] != NULL; n++)
		if (!says(strchr(e->head, '='), words[n]))
			return false;
	for (const char *p = e->head; *p != '\0'; p++)
		bars += *p == '|';
	return bars + 1 == n;
}

/* The list that it stands in is for those who may have it. */
static bool
is_in_place(const struct entry *e, const struct keydef *k)
{
	if ((k->of & KEY_OF_CLIENT) != 0)
		return e->of == KEY_OF_CLIENT;
	if ((k->of & (KEY_OF_SERVER | KEY_OF_POOL)) != 0)
		return e->of == KEY_OF_SERVER ||
		    (e->of == 0 && says(e->text, "on a server"));
	return true;
}

static void
test_key(const struct entry *e, const struct keydef *k)
{
	static const char *const yes_no[] = { "yes", "no", NULL };
	const char *const *words = k->type == &type_yes_no ? yes_no : k->words;

	OKF(says(e->head, "list") == k->type->list, "%s is%s a list", k->name,
	    k->type->list ? "" : " not");
	OKF(is_in_place(e, k), "%s stands with those that may have it",
	    k->name);
	if (words != NULL)
		OKF(says_words(e, words), "the words of %s: %s", k->name,
		    e->head);
	if (k->def != NULL)
		OKF(says_default(e, k->def), "%s is %s by default", k->name,
		    k->def);
	if (k->max > 0)
		OKF(says_bounds(e, k), "%s is from %u to %u", k->name, k->min,
		    k->max);
}

static const struct entry *
find(const struct entry *e, size_t n, const struct keydef *k)
{
	char head[64];

	snprintf(head, sizeof(head), "%s = ", k->name);
	for (size_t i = 0; i < n; i++)
		if (e[i].kind == k->kind &&
		    strncmp(e[i].head, head, strlen(head)) == 0)
			return &e[i];
	return NULL;
}

/* What a row gives by default is printed, and read again it is the same. */
static void
test_default(enum conf_key k)
{
	static union {
		struct conf_section section;
		struct conf cf;
		struct conf_location l;
	} a, b;
	const struct keydef *row = &conf_keys[k];
	char *text, why[VALUE_WHYLEN];
	size_t n;
	FILE *f = open_memstream(&text, &n);
	const struct key_place at = { .key = row, .section = &b,
		.to = section_member(&b, k) };

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	section_defaults(&a, row->kind);
	row->type->print(row, &a, f);
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	OKF(strncmp(text, row->name, strlen(row->name)) == 0 &&
	    row->type->parse(&at, strchr(text, '=') + 2, why) == 0 &&
	    memcmp(section_member(&a, k), section_member(&b, k),
	    row->size) == 0, "%s: what is printed is read again", text);
	free(text);
}

/* Two defaults follow from another key: those of a location that has none. */
static void
test_computed(const struct entry *e, size_t n)
{
	static const enum conf_key computed[] = { KEY_KEEPALIVE,
		KEY_LISTEN_PORT };
	char text[] = "[location a]\n", number[16];
	FILE *f = fmemopen(text, strlen(text), "r");
	struct diags d;
	struct conf cf;

	diag_init(&d);
	conf_load(&cf, &d, f);
	fclose(f);
	for (size_t i = 0; i < sizeof(computed) / sizeof(*computed); i++) {
		const struct keydef *k = &conf_keys[computed[i]];
		const struct entry *at = find(e, n, k);
		snprintf(number, sizeof(number), "%u", k->size ==
		    sizeof(uint16_t) ? cf.location[0].listen_port :
		    cf.location[0].keepalive);
		OKF(at != NULL && says(at->text, number),
		    "%s is %s without an endpoint", k->name, number);
	}
	conf_fini(&cf);
	diag_fini(&d);
}

int
main(void)
{
	FILE *f = fopen("man/bh.conf.5", "r");
	struct entry *e = calloc(KEY_COUNT * 2, sizeof(*e));
	size_t n = f == NULL || e == NULL ? 0 :
	    read_page(f, e, (size_t)KEY_COUNT * 2);

	OKF(n == KEY_COUNT, "bh.conf(5) has as many keys as there are: %zu, %d",
	    n, (int)KEY_COUNT);
	for (enum conf_key k = 0; k < KEY_COUNT; k++) {
		const struct entry *at = find(e, n, &conf_keys[k]);
		OKF(at != NULL, "bh.conf(5) has %s of [%s]", conf_keys[k].name,
		    conf_kind_name(conf_keys[k].kind));
		if (at != NULL)
			test_key(at, &conf_keys[k]);
		OK(conf_keys[k].type->print != NULL);
		if (conf_keys[k].def != NULL)
			test_default(k);
	}
	test_computed(e, n);
	if (f != NULL)
		fclose(f);
	free(e);
	return DONE();
}
