/* SPDX-License-Identifier: ISC */
/* uapi: whatever the text, what is taken comes back as the same item, its text
 * is stable, and a refused line moves nothing; whatever the item's bytes, what
 * is let through can be written and read again. */
#include "fuzz.h"

#include "wg/uapi.h"

/* parse(format(it)) == it, from the same place. */
static void
check_back(const struct uapi_item *it, enum uapi_place from)
{
	char text[UAPI_LINE_MAX], again[UAPI_LINE_MAX];
	enum uapi_place at = from;
	struct uapi_item back;
	size_t len = uapi_put(it, text);

	must(len > 0 && len < UAPI_LINE_MAX && text[len - 1] == '\n');
	text[len - 1] = '\0';
	must(uapi_parse(&back, &at, text));
	must(back.key == it->key && back.minus == it->minus);
	must(uapi_put(&back, again) == len);
	must(memcmp(text, again, len - 1) == 0);
}

static void
check_text(const uint8_t *data, size_t n)
{
	static uint8_t room[8192];
	enum uapi_place at = UAPI_START;
	char *line, *next;

	n = n < sizeof(room) ? n : sizeof(room) - 1;
	memcpy(room, data, n);
	room[n] = '\0';
	next = (char *)at_edge(room, n + 1);
	while ((line = strsep(&next, "\n")) != NULL) {
		enum uapi_place before = at;
		struct uapi_item it;
		if (uapi_parse(&it, &at, line))
			check_back(&it, before);
		else
			must(at == before);
	}
}

static void
check_forged(const uint8_t *data, size_t n)
{
	struct uapi_item it;

	for (; n >= sizeof(it); data += sizeof(it), n -= sizeof(it)) {
		memcpy(&it, data, sizeof(it));
		for (enum uapi_place p = UAPI_START; p <= UAPI_PEER; p++) {
			enum uapi_place at = p;
			/* an endpoint without a port has no text */
			if (uapi_follows(&it, &at) && it.key != UAPI_ENDPOINT)
				check_back(&it, p);
			must(at <= UAPI_PEER);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	check_text(data, n);
	check_forged(data, n);
	return 0;
}
