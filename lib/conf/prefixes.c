/* SPDX-License-Identifier: ISC */
#include "conf/prefixes.h"

#include "base/special.h"

#include <stdlib.h>
#include <string.h>

bool
prefix_list_add(struct prefix_list *l, const struct prefix *p)
{
	if (l->n == l->room) {
		size_t room = l->room == 0 ? 16 : l->room * 2;
		struct prefix *q = realloc(l->p, room * sizeof(*q));
		if (q == NULL)
			return false;
		l->p = q;
		l->room = room;
	}
	l->p[l->n++] = *p;
	return true;
}

struct prefix
prefix_around(const struct addr *a, uint8_t len)
{
	struct prefix p = { .len = len };

	addr_put_bits(&p.addr, a, len);
	return p;
}

struct addr
prefix_last(const struct prefix *p)
{
	struct addr a;

	memset(&a, 0xff, sizeof(a));
	addr_put_bits(&a, &p->addr, p->len);
	return a;
}

/* The longest prefix that begins at the address and does not pass last. */
static struct prefix
widest(const struct addr *a, const struct addr *last)
{
	struct prefix p = { *a, 128 };

	while (p.len > 0 && !addr_bit(a, p.len - 1u)) {
		struct prefix wider = { *a, (uint8_t)(p.len - 1) };
		struct addr end = prefix_last(&wider);
		if (memcmp(&end, last, sizeof(end)) > 0)
			break;
		p = wider;
	}
	return p;
}

bool
prefix_list_add_range(struct prefix_list *l, const struct addr *first,
    const struct addr *last)
{
	struct addr a = *first;

	for (;;) {
		struct prefix p = widest(&a, last);
		if (!prefix_list_add(l, &p))
			return false;
		a = prefix_last(&p);
		if (memcmp(&a, last, sizeof(a)) >= 0)
			return true;
		for (int i = 15; ++a.b[i] == 0; i--)
			continue;
	}
}

void
prefix_list_fini(struct prefix_list *l)
{
	free(l->p);
	*l = (struct prefix_list){ 0 };
}

int
prefix_cmp(const void *a, const void *b)
{
	const struct prefix *p = a, *q = b;
	int c = memcmp(&p->addr, &q->addr, sizeof(p->addr));

	return c != 0 ? c : p->len - q->len;
}

void
prefix_sort(struct prefix *p, size_t n)
{
	if (n > 1)
		qsort(p, n, sizeof(*p), prefix_cmp);
}

/*
 * The normal form is what a walk over the binary tree of all addresses yields:
 * a node is wholly in the set, wholly out of it, or is cut in two.  The lists
 * are sorted, so those parts of them that lie below a node are slices; a prefix
 * that is the node itself comes first in its slice.
 */
enum node { OUT, IN, CUT };

struct slice {
	const struct prefix *p;
	size_t n;
};

static bool
slice_covers(const struct slice *s, const struct prefix *node)
{
	return s->n > 0 && s->p[0].len <= node->len;
}

/* Index of the first prefix at or after the address. */
static size_t
slice_find(const struct slice *s, const struct addr *a)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (memcmp(&s->p[mid].addr, a, sizeof(*a)) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct slice
slice_half(const struct slice *s, const struct prefix *right, bool upper)
{
	size_t at = slice_find(s, &right->addr);

	if (s->n == 0)
		return *s;	/* of no array, perhaps */
	return upper ? (struct slice){ s->p + at, s->n - at } :
	    (struct slice){ s->p, at };
}

struct walk {
	struct prefix_list *out;
	bool failed;
};

static void
emit(struct walk *w, const struct prefix *p)
{
	if (!prefix_list_add(w->out, p))
		w->failed = true;
}

/* At the root of IPv4 merging ends: ::/95 is no prefix that anybody wants. */
static bool
is_v4_root(const struct prefix *p)
{
	return p->len == PREFIX_V4 && addr_is_v4(&p->addr);
}

/* A node that holds all of a slice, which is not empty, and begins with the
 * bytes that all of it shares: a prefix that holds others comes before them. */
static struct prefix
slice_root(const struct slice *s)
{
	const struct prefix *first = &s->p[0], *last = &s->p[s->n - 1];
	struct prefix root = { .len = 0 };

	for (unsigned i = 0; i < first->len / 8u &&
	    first->addr.b[i] == last->addr.b[i]; i++) {
		root.addr.b[i] = first->addr.b[i];
		root.len += 8;
	}
	return root;
}

/* Emits the parts of a node that is cut; of one that is wholly in, nothing:
 * its parent may be in as well.  Deep as an address has bits. */
static enum node
walk(struct walk *w, const struct prefix *node, bool in, struct slice inc,
    struct slice exc)
{
	if (slice_covers(&exc, node))
		return OUT;
	if (in || slice_covers(&inc, node)) {
		in = true;
		inc.n = 0;
	}
	if (!in && inc.n == 0)
		return OUT;
	if (in && exc.n == 0)
		return IN;
	if (exc.n == 0) {
		struct prefix root = slice_root(&inc);
		if (root.len > node->len) {
			if (walk(w, &root, false, inc, exc) == IN)
				emit(w, &root);
			return CUT;
		}
	}

	struct prefix left = { node->addr, (uint8_t)(node->len + 1) };
	struct prefix right = left;
	addr_set_bit(&right.addr, node->len);

	size_t mark = w->out->n;
	enum node l = walk(w, &left, in, slice_half(&inc, &right, false),
	    slice_half(&exc, &right, false));
	if (l == IN)
		emit(w, &left);
	enum node r = walk(w, &right, in, slice_half(&inc, &right, true),
	    slice_half(&exc, &right, true));
	if (l == IN && r == IN && !is_v4_root(&right)) {
		w->out->n = mark;
		return IN;
	}
	if (r == IN)
		emit(w, &right);
	return l == OUT && r == OUT ? OUT : CUT;
}

bool
prefixes_normal(struct prefix_list *include, struct prefix_list *exclude,
    struct prefix_list *out)
{
	static const struct prefix all = { .len = 0 };
	struct walk w = { .out = out };

	prefix_sort(include->p, include->n);
	prefix_sort(exclude->p, exclude->n);
	out->n = 0;
	if (walk(&w, &all, false, (struct slice){ include->p, include->n },
	    (struct slice){ exclude->p, exclude->n }) == IN)
		emit(&w, &all);
	return !w.failed;
}

/* How many begin at or before p. */
static size_t
count_before(const struct prefix *set, size_t n, const struct prefix *p)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (memcmp(&set[mid].addr, &p->addr, sizeof(p->addr)) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct prefix *
prefixes_find(const struct prefix *set, size_t n, const struct prefix *p)
{
	size_t at = count_before(set, n, p);

	if (at == 0 || set[at - 1].len > p->len ||
	    !prefix_has(&set[at - 1], &p->addr))
		return NULL;
	return &set[at - 1];
}

bool
prefixes_meet(const struct prefix *set, size_t n, const struct prefix *p)
{
	size_t at = count_before(set, n, p);

	return (at > 0 && (prefix_has(&set[at - 1], &p->addr) ||
	    prefix_has(p, &set[at - 1].addr))) ||
	    (at < n && prefix_has(p, &set[at].addr));
}

bool
prefix_is_private(const struct prefix *p)
{
	for (size_t i = 0; i < special_count; i++) {
		const struct special *s = &special_table[i];
		if ((s->kinds & SPECIAL_PRIVATE) != 0 &&
		    prefixes_find(&s->prefix, 1, p) != NULL)
			return true;
	}
	return false;
}

bool
prefixes_special(struct prefix_list *out, unsigned kinds)
{
	struct prefix_list in = { 0 }, not = { 0 };
	bool ok = true;

	for (size_t i = 0; i < special_count && ok; i++) {
		const struct special *s = &special_table[i];
		if ((s->kinds & kinds) != 0)
			ok = prefix_list_add(&in, &s->prefix);
		else if (s->kinds == 0)
			ok = prefix_list_add(&not, &s->prefix);
	}
	ok = ok && prefixes_normal(&in, &not, out);
	prefix_list_fini(&in);
	prefix_list_fini(&not);
	return ok;
}
