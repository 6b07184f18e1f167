/* SPDX-License-Identifier: ISC */
#include "conf/set.h"

#include "base/text.h"
#include "conf/publish.h"
#include "conf/value.h"

#include <stdlib.h>
#include <string.h>

enum { NPT_LEN_MAX = 64 };	/* RFC 6296 3.5 */

static int
no_memory(char *why)
{
	snprintf(why, VALUE_WHYLEN, "no memory");
	return BH_FILE_SIZE;
}

int
set_name(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return value_name(to, v, why);
}

int
set_bool(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	static const char *const words[] = { "no", "yes", NULL };
	unsigned n;
	int code = value_word(&n, words, v, why);

	(void)t, (void)k;
	if (code == 0)
		*(bool *)to = n != 0;
	return code;
}

/* Enums without negative members are unsigned to gcc and clang. */
int
set_word(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t;
	return value_word(to, k->words, v, why);
}

int
set_u16(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	unsigned n;
	int code = value_number(&n, k->min, k->max, v, why);

	(void)t;
	if (code == 0)
		*(uint16_t *)to = (uint16_t)n;
	return code;
}

int
set_unsigned(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t;
	return value_number(to, k->min, k->max, v, why);
}

int
set_ports(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	unsigned first, last;
	int code = value_range(&first, &last, k->min, k->max, v, why);

	(void)to;
	if (code == 0) {
		t->loc->nat_port_first = (uint16_t)first;
		t->loc->nat_port_last = (uint16_t)last;
	}
	return code;
}

int
set_public_key(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return value_key(to, v, why);
}

int
set_endpoint(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)k, (void)to;
	return value_endpoint(t->loc->endpoint_host, &t->loc->endpoint_port, v,
	    why);
}

int
set_interface(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return value_interface(to, v, why);
}

int
set_prefix(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct keys_set *set = &t->set[k->min];
	bool not = *v == '!';
	struct addr first, last;
	int code = value_addresses(&first, &last, v + not, why);

	(void)to;
	if (code == 0 && !prefix_list_add_range(
	    not ? &set->exclude : &set->include, &first, &last))
		return no_memory(why);
	return code;
}

int
set_address(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct prefix p = { .len = 128 };
	int code = value_address(&p.addr, v, why);

	(void)to;
	if (code == 0 && !prefix_list_add(&t->set[k->min].include, &p))
		return no_memory(why);
	return code;
}

static int
take_ref(struct conf_ref *ref, const struct keys_target *t, const char *v,
    char *why)
{
	*ref = (struct conf_ref){ .location = CONF_NONE, .line = t->line };
	return value_name(ref->name, v, why);
}

int
set_one_ref(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)k;
	return take_ref(to, t, v, why);
}

int
set_ref(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct conf_refs *refs = to;
	struct conf_ref ref;
	int code = take_ref(&ref, t, v, why);

	(void)k;
	if (code != 0)
		return code;
	if (refs->n == refs->room) {
		size_t room = refs->room == 0 ? 4 : refs->room * 2;
		struct conf_ref *r = realloc(refs->r, room * sizeof(*r));
		if (r == NULL)
			return no_memory(why);
		refs->r = r;
		refs->room = room;
	}
	refs->r[refs->n++] = ref;
	return 0;
}

/* A filter is a list of words here, so that it can go on in the next line. */
int
set_filter(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	char *text = to;
	size_t n = strlen(text);

	(void)t, (void)k;
	if (n + strlen(v) + 2 > CONF_FILTERLEN) {
		snprintf(why, VALUE_WHYLEN, "the filter has more than %d "
		    "bytes; name its addresses as a group",
		    (int)CONF_FILTERLEN);
		return BH_BREAKOUT_FILTER;
	}
	snprintf(text + n, CONF_FILTERLEN - n, "%s%s", n > 0 ? " " : "", v);
	return 0;
}

int
set_mtu(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)to;
	t->loc->mtu_auto = strcmp(v, "auto") == 0;
	int code = t->loc->mtu_auto ? 0 : set_u16(t, k, &t->loc->mtu, v, why);

	if (t->loc->mtu_auto)
		t->loc->mtu = CONF_MTU_AUTO;
	if (code != 0)
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither auto nor a "
		    "number from %u to %u", v, k->min, k->max);
	return code;
}

int
set_dscp(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	unsigned n = strcmp(v, "copy") == 0 ? CONF_DSCP_COPY : 0;
	int code = n != 0 || strcmp(v, "zero") == 0 ? 0 :
	    value_number(&n, k->min, k->max, v, why);

	(void)t;
	if (code == 0)
		*(uint8_t *)to = (uint8_t)n;
	else
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither zero nor copy "
		    "nor a number from %u to %u", v, k->min, k->max);
	return code;
}

/* One address of each family. */
int
set_pair(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct conf_pair *p = to;
	struct addr a;
	int code = value_address(&a, v, why);
	bool v4 = code == 0 && addr_is_v4(&a);

	(void)t, (void)k;
	if (code != 0)
		return code;
	if (v4 ? p->has4 : p->has6) {
		snprintf(why, VALUE_WHYLEN, "'%s' is the second address of "
		    "IPv%c; there is one for each family", v, v4 ? '4' : '6');
		return BH_KEY_TWICE;
	}
	*(v4 ? &p->v4 : &p->v6) = a;
	*(v4 ? &p->has4 : &p->has6) = true;
	return 0;
}

/* One address of each family, or a name. */
int
set_gateway(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct conf_location *l = t->loc;
	struct addr a;
	bool is_addr = value_address(&a, v, why) == 0;
	bool v4 = is_addr && addr_is_v4(&a);
	bool *has = v4 ? &l->has_gateway4 : &l->has_gateway6;
	bool any = l->has_gateway4 || l->has_gateway6;

	(void)k, (void)to;
	if (l->gateway_name[0] != '\0' || (any && !is_addr) ||
	    (is_addr && *has)) {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is one too many; there "
		    "is one next hop for each family, or one name that "
		    "stands for them", v);
		return BH_KEY_TWICE;
	}
	if (!is_addr && (strspn(v, "0123456789.:/") == strlen(v) ||
	    value_hostname(l->gateway_name, v, why) != 0)) {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither an address "
		    "nor a host name", v);
		return BH_GATEWAY_NAME;
	}
	if (is_addr) {
		*has = true;
		*(v4 ? &l->gateway4 : &l->gateway6) = a;
	}
	return 0;
}

/* "none", "pool", "npt PREFIX" */
int
set_nat6(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	struct conf_location *l = t->loc;
	static const char npt[] = "npt";
	const char *text = v + strcspn(v, " \t");

	(void)k, (void)to;
	if (strcmp(v, "none") == 0 || strcmp(v, "pool") == 0) {
		l->nat6 = *v == 'n' ? CONF_NAT6_NONE : CONF_NAT6_POOL;
		return 0;
	}
	text += strspn(text, " \t");
	if (strncmp(v, npt, sizeof(npt) - 1) != 0 || v[3] == '\0' ||
	    strchr(" \t", v[3]) == NULL) {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is neither none nor pool "
		    "nor npt and a prefix, such as npt 2001:db8:f::/48", v);
		return BH_BAD_NAT6;
	}
	int code = value_prefix(&l->npt, text, why);
	if (code != 0)
		return code;
	if (addr_is_v4(&l->npt.addr) || l->npt.len > NPT_LEN_MAX) {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is no prefix of IPv6 "
		    "with at most %d bits", text, NPT_LEN_MAX);
		return BH_BAD_NAT6;
	}
	l->nat6 = CONF_NAT6_NPT;
	return 0;
}

int
set_match(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return publish_match(to, v, why);
}

int
set_to(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return publish_to(to, v, why);
}

/* "now", "never", or "hold 60s" */
int
set_failback(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	char seconds[VALUE_LEN] = "";
	size_t n = strlen(v);
	int code = 0;

	(void)t;
	if (strcmp(v, "now") == 0) {
		*(unsigned *)to = 0;
	} else if (strcmp(v, "never") == 0) {
		*(unsigned *)to = CONF_FAILBACK_NEVER;
	} else if (n > 6 && strncmp(v, "hold ", 5) == 0 && v[n - 1] == 's') {
		text_take(seconds, sizeof(seconds), v + 5, n - 6);
		code = value_number(to, k->min, k->max, seconds, why);
	} else {
		snprintf(why, VALUE_WHYLEN, "'%.80s' is none of now, never and "
		    "'hold 60s'", v);
		code = BH_BAD_WORD;
	}
	return code;
}

int
set_probe(const struct keys_target *t, const struct keydef *k, void *to,
    const char *v, char *why)
{
	(void)t, (void)k;
	return value_address(to, v, why);
}
