/* SPDX-License-Identifier: ISC */
#include "show/facts.h"

#include "base/json.h"
#include "conf/prefixes.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *words;
	enum topic_kind kind;
} topics[] = {
#define TOPIC_ENTRY(id, name, words, kind) { name, words, kind },
	TOPICS(TOPIC_ENTRY)
#undef TOPIC_ENTRY
};

static struct fact *
append(struct facts *fs)
{
	if (fs->n == fs->room) {
		size_t room = fs->room == 0 ? 32 : fs->room * 2;
		struct fact *f = realloc(fs->f, room * sizeof(*f));
		if (f == NULL) {
			fs->failed = true;
			return NULL;
		}
		fs->f = f;
		fs->room = room;
	}
	return &fs->f[fs->n];
}

void
facts_add(struct facts *fs, enum topic t, const char *fmt, ...)
{
	struct fact *f = append(fs);
	va_list ap;

	if (f == NULL)
		return;
	va_start(ap, fmt);
	int n = vasprintf(&f->text, fmt, ap);
	va_end(ap);
	f->topic = t;
	if (n < 0)
		fs->failed = true;
	else
		fs->n++;
}

/* A host stands without a length. */
static const char *
format(const struct prefix *p, char buf[static PREFIX_STRLEN])
{
	return p->len == 128 ? addr_format(&p->addr, buf) :
	    prefix_format(p, buf);
}

void
facts_add_prefixes(struct facts *fs, enum topic t, const struct prefix *p,
    size_t n)
{
	char text[PREFIX_STRLEN];

	for (size_t i = 0; i < n; i++)
		facts_add(fs, t, "%s", format(&p[i], text));
}

void
facts_fini(struct facts *fs)
{
	for (size_t i = 0; i < fs->n; i++)
		free(fs->f[i].text);
	free(fs->f);
	*fs = (struct facts){ 0 };
}

void
facts_print(const struct facts *fs, const char *location, FILE *out)
{
	fprintf(out, "%s\n", location);
	for (size_t i = 0; i < fs->n; i++) {
		const struct fact *f = &fs->f[i];
		bool first = i == 0 || f[-1].topic != f->topic;
		fprintf(out, "  %-33s %s\n", first ? topics[f->topic].words :
		    "", f->text);
	}
}

static void
print_json(const char *location, const char *change, const char *topic,
    const char *text, const char *was, FILE *out)
{
	const struct {
		const char *key, *value;
	} member[] = {
		{ "location", location }, { "change", change },
		{ "topic", topic }, { "text", text }, { "was", was },
	};

	for (size_t i = 0; i < sizeof(member) / sizeof(member[0]); i++) {
		if (member[i].value == NULL)
			continue;
		fprintf(out, "%s\"%s\":", i == 0 ? "{" : ",", member[i].key);
		json_string(out, member[i].value);
	}
	fputs("}\n", out);
}

void
facts_print_json(const struct facts *fs, const char *location, FILE *out)
{
	for (size_t i = 0; i < fs->n; i++)
		print_json(location, NULL, topics[fs->f[i].topic].name,
		    fs->f[i].text, NULL, out);
}

/* The facts of one topic stand together. */
static const struct fact *
find_topic(const struct facts *fs, enum topic t, size_t *n)
{
	size_t first = 0;

	while (first < fs->n && fs->f[first].topic != t)
		first++;
	for (*n = 0; first + *n < fs->n && fs->f[first + *n].topic == t; ++*n)
		;
	return *n > 0 ? &fs->f[first] : NULL;
}

static int
cmp_text(const void *a, const void *b)
{
	const struct fact *p = a, *q = b;

	return strcmp(p->text, q->text);
}

/* A copy in order of text. */
static struct fact *
sorted(const struct fact *f, size_t n)
{
	struct fact *copy = calloc(n + 1, sizeof(*copy));

	if (copy != NULL && n > 0) {
		memcpy(copy, f, n * sizeof(*f));
		qsort(copy, n, sizeof(*copy), cmp_text);
	}
	return copy;
}

/* Where facts_compare prints. */
struct change {
	const char *location;
	bool json;
	FILE *out;
	size_t n;
};

static void
say(struct change *c, enum topic t, const char *now, const char *was)
{
	const char *words = topics[t].words;

	c->n++;
	if (c->json)
		print_json(c->location, now == NULL ? "removed" :
		    was == NULL ? "added" : "changed", topics[t].name,
		    now != NULL ? now : was, now != NULL ? was : NULL, c->out);
	else if (topics[t].kind == TOPIC_ONE && now != NULL && was != NULL)
		fprintf(c->out, "%s: %s now %s; before: %s\n", c->location,
		    words, now, was);
	else if (topics[t].kind == TOPIC_ONE)
		fprintf(c->out, "%s: %s %s %s\n", c->location, words,
		    now != NULL ? "now" : "no longer",
		    now != NULL ? now : was);
	else
		fprintf(c->out, "%s: %s %s: %s\n", c->location,
		    now != NULL ? "now" : "no longer", words,
		    now != NULL ? now : was);
}

/* Two sorted lists; what is in one only. */
static void
compare_many(struct change *c, enum topic t, const struct fact *a, size_t na,
    const struct fact *b, size_t nb)
{
	while (na > 0 || nb > 0) {
		int cmp = na == 0 ? 1 : nb == 0 ? -1 : cmp_text(a, b);
		if (cmp < 0)
			say(c, t, NULL, a->text);
		else if (cmp > 0)
			say(c, t, b->text, NULL);
		if (cmp <= 0)
			a++, na--;
		if (cmp >= 0)
			b++, nb--;
	}
}

static void
compare_texts(struct change *c, enum topic t, const struct fact *a, size_t na,
    const struct fact *b, size_t nb)
{
	struct fact *was = sorted(a, na), *is = sorted(b, nb);

	if (was != NULL && is != NULL)
		compare_many(c, t, was, na, is, nb);
	free(was);
	free(is);
}

/* The texts of a set were made from prefixes. */
static bool
get_set(struct prefix_list *to, const struct fact *f, size_t n)
{
	struct prefix p;
	bool host_bits;

	for (size_t i = 0; i < n; i++)
		if (!prefix_parse(&p, f[i].text, &host_bits) ||
		    !prefix_list_add(to, &p))
			return false;
	return true;
}

/* Says what is in one set and not in the other. */
static void
say_rest(struct change *c, enum topic t, struct prefix_list *in,
    struct prefix_list *not, bool added)
{
	struct prefix_list rest = { 0 };
	char text[PREFIX_STRLEN];

	if (prefixes_normal(in, not, &rest))
		for (size_t i = 0; i < rest.n; i++) {
			format(&rest.p[i], text);
			say(c, t, added ? text : NULL, added ? NULL : text);
		}
	prefix_list_fini(&rest);
}

static void
compare_sets(struct change *c, enum topic t, const struct fact *a, size_t na,
    const struct fact *b, size_t nb)
{
	struct prefix_list was = { 0 }, is = { 0 };

	if (get_set(&was, a, na) && get_set(&is, b, nb)) {
		say_rest(c, t, &was, &is, false);
		say_rest(c, t, &is, &was, true);
	}
	prefix_list_fini(&was);
	prefix_list_fini(&is);
}

static void
compare_topic(struct change *c, enum topic t, const struct facts *old,
    const struct facts *now)
{
	size_t na, nb;
	const struct fact *a = find_topic(old, t, &na);
	const struct fact *b = find_topic(now, t, &nb);

	if (topics[t].kind == TOPIC_SET)
		compare_sets(c, t, a, na, b, nb);
	else if (topics[t].kind == TOPIC_MANY || a == NULL || b == NULL)
		compare_texts(c, t, a, na, b, nb);
	else if (strcmp(a->text, b->text) != 0)
		say(c, t, b->text, a->text);
}

size_t
facts_compare(const struct facts *old, const struct facts *now,
    const char *location, bool json, FILE *out)
{
	struct change c = { location, json, out, 0 };

	for (int t = 0; t < TOPIC_COUNT; t++)
		compare_topic(&c, (enum topic)t, old, now);
	return c.n;
}
