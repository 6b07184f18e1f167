/* SPDX-License-Identifier: ISC */
/*
 * A log that is asked who had a port.  The input is the port (2 bytes), when (1)
 * and the log, which whoever has its descriptor writes.  What is answered has
 * words that end, nothing of them is for a terminal, and the port is one of the
 * block that is named.
 */
#include "clean.h"

#include "capture/nat_who.h"

static char printed[512];
static FILE *out;
static struct nat_log_reader *reader;
static struct nat_question question = { .proto = 17 };

static void
open_all(void)
{
	must(addr_parse(&question.outside, "198.51.100.1"));
	reader = nat_log_open(&question);
	out = fmemopen(printed, sizeof(printed), "w");
	must(reader != NULL && out != NULL);
}

/* As a file of these bytes would be read. */
static void
read_lines(const uint8_t *p, size_t n)
{
	while (n > 0) {
		const uint8_t *end = memchr(p, '\n', n);
		size_t len = end != NULL ? (size_t)(end - p) + 1 : n;
		if (len > NAT_LOG_LINE - 1)
			len = NAT_LOG_LINE - 1;
		char *line = (char *)at_edge(p, len + 1);
		line[len] = '\0';
		nat_log_line(reader, line);
		p += len;
		n -= len;
	}
}

/* "block 1024-1535 since 9", "deterministic 1024-1535" */
static void
check_rule(const char *rule)
{
	const char *at = strchr(rule, ' ');
	unsigned long first, last;
	char *end;

	must(at != NULL);	/* strtoul(3) takes a sign */
	must(strchr(rule, '+') == NULL);
	first = strtoul(at + 1, &end, 10);
	must(*end == '-');
	last = strtoul(end + 1, &end, 10);
	must(*end == '\0' || strncmp(end, " since ", 7) == 0);
	must(first <= question.port && question.port <= last &&
	    last <= UINT16_MAX);
}

static void
check(const struct nat_answer *a)
{
	must(is_clean(a->location, sizeof(a->location)));
	must(is_clean(a->rule, sizeof(a->rule)));
	check_rule(a->rule);
	rewind(out);
	nat_answer_print(a, out);
	must(fflush(out) == 0 && !ferror(out));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t text[8192];
	struct nat_answer a;

	if (reader == NULL)
		open_all();
	if (n < 4 || n > sizeof(text))
		return 0;
	question.port = (uint16_t)(data[0] | data[1] << 8);
	question.time = data[2] == 0 ? UINT64_MAX : data[2];
	nat_log_again(reader, &question);
	memcpy(text, data + 3, n - 3);
	read_lines(text, n - 3);
	bool answered = nat_log_answer(reader, &a);
	must(!answered || nat_log_knows(reader) || nat_log_has_epoch(reader));
	if (answered)
		check(&a);
	return 0;
}
