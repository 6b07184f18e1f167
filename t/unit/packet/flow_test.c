/* SPDX-License-Identifier: ISC */
/* The cache of what was found out about flows: an answer is a flow's own. */
#include "packet/flow.h"

#include "test.h"

#include <string.h>

enum { ROOM = 4096, MANY = 2048 };

static bool
finds(struct flows *fs, const struct ip *ip, uint16_t **answer)
{
	bool known;

	*answer = flows_entry(fs, ip, &known);
	return known;
}

static struct ip
flow(unsigned n)
{
	struct ip ip = { .version = 4, .proto = 6, .sport = 4000,
		.dport = 443, .ports = true };

	memset(&ip.src, 0xa5, sizeof(ip.src));
	memset(&ip.dst, 0x5a, sizeof(ip.dst));
	ip.src.b[15] = (uint8_t)n;
	return ip;
}

/* What a flow is known by: bytes of addresses, bits of what comes after. */
static void
test_own(void)
{
	struct ip one = flow(0), other;
	struct flows *fs = flows_new(2);
	uint16_t *answer;

	for (unsigned i = 0; i < 72; i++) {
		other = one;
		if (i < 16)
			other.src.b[i] ^= 1;
		else if (i < 32)
			other.dst.b[i - 16] ^= 1;
		else if (i < 48)
			other.sport ^= (uint16_t)(1 << (i - 32));
		else if (i < 64)
			other.dport ^= (uint16_t)(1 << (i - 48));
		else
			other.proto ^= (uint8_t)(1 << (i - 64));
		finds(fs, &one, &answer);
		*answer = 7;
		bool known = finds(fs, &other, &answer);
		*answer = 8;
		OKF(!known && finds(fs, &one, &answer) && *answer == 7 &&
		    finds(fs, &other, &answer) && *answer == 8,
		    "another flow in part %u has its own answer", i);
	}
	flows_free(fs);
	/* a flow of zeros is no flow that nobody has asked for */
	fs = flows_new(1);
	other = (struct ip){ .version = 4 };
	OK(!finds(fs, &other, &answer) && finds(fs, &other, &answer));
	flows_free(fs);
	flows_free(NULL);
}

/* Of three that meet, the two that were used last stay. */
static void
test_displaced(void)
{
	struct ip a = flow(1), b = flow(2), c = flow(3);
	struct flows *fs = flows_new(2);
	uint16_t *answer;

	OK(!finds(fs, &a, &answer) && !finds(fs, &b, &answer));
	OK(finds(fs, &a, &answer) && finds(fs, &b, &answer));
	OK(finds(fs, &a, &answer) && !finds(fs, &c, &answer));
	OK(finds(fs, &a, &answer) && finds(fs, &c, &answer));
	OK(!finds(fs, &b, &answer) && finds(fs, &c, &answer) &&
	    !finds(fs, &a, &answer));
	flows_free(fs);
}

/* Many that differ in one half of a word only, by ones: they meet by chance only,
 * so that three quarters of them share their two places with one other at most. */
static void
test_spread(void)
{
	static const char *const where[] = { "the source's first bytes",
		"... second", "... third", "... fourth", "the destination's",
		"... second", "... third", "... fourth", "the ports" };
	uint16_t *answer;

	for (unsigned part = 0; part < 9; part++) {
		struct flows *fs = flows_new(ROOM);
		unsigned known = 0;
		for (unsigned round = 0; round < 2; round++)
			for (unsigned i = 0; i < MANY; i++) {
				struct ip ip = flow(0);
				uint8_t *b = part < 4 ? ip.src.b + part * 4 :
				    ip.dst.b + part % 4 * 4;
				if (part < 8)
					memcpy(b, &i, 4);
				else
					ip.sport = (uint16_t)i;
				known += finds(fs, &ip, &answer);
			}
		OKF(known > MANY * 5 / 8 && known < MANY, "%s: %u of %d are "
		    "known again", where[part], known, MANY);
		flows_free(fs);
	}
}

int
main(void)
{
	test_own();
	test_displaced();
	test_spread();
	return DONE();
}
