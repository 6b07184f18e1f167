/* SPDX-License-Identifier: ISC */
/*
 * A log that is asked who had a port.  The input is the port (2 bytes), when (1)
 * and the log, which whoever has its descriptor writes.  What is answered has
 * words that end, and nothing of them is for a terminal.
 */
#include "fuzz.h"

#include "capture/nat_who.h"

static bool
is_clean(const char *s, size_t room)
{
	size_t n = strnlen(s, room);

	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return n < room;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct nat_answer a;
	struct nat_question q = { .proto = 17 };
	char printed[512];

	if (n < 4)
		return 0;
	must(addr_parse(&q.outside, "198.51.100.1"));
	q.port = (uint16_t)(data[0] | data[1] << 8);
	q.time = data[2] == 0 ? UINT64_MAX : data[2];
	struct nat_log_reader *r = nat_log_open(&q);
	FILE *log = fmemopen((void *)(uintptr_t)(data + 3), n - 3, "r");
	must(r != NULL && log != NULL);
	nat_log_read(r, log);
	fclose(log);
	if (nat_log_answer(r, &a)) {
		must(is_clean(a.location, sizeof(a.location)));
		must(is_clean(a.rule, sizeof(a.rule)));
		FILE *out = fmemopen(printed, sizeof(printed), "w");
		must(out != NULL);
		nat_answer_print(&a, out);
		must(fclose(out) == 0);
	}
	nat_log_has_epoch(r);
	nat_log_close(r);
	return 0;
}
