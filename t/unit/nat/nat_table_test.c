/* SPDX-License-Identifier: ISC */
/* The table of flows against a list: filled to the last record, emptied in
 * another order, filled again, so that entries stand far from their places and
 * move back. */
#include "test.h"

#include "nat/nat_table.h"
#include "packet/wire.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 50000, LOCALS = SIZE / 4 };

static struct nat_table t;
static uint32_t number[SIZE];	/* of the flow of each key; 0: none */

static uint32_t
draw(void)
{
	static uint64_t state = 7;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33);
}

/* Four remote ends of each local one; every other one is IPv6. */
static struct nat_flow
flow_of(uint32_t k)
{
	uint32_t local = k % LOCALS;
	struct addr a = k % 2 ? addr_from_v4((const uint8_t[]){ 10, 1,
		(uint8_t)(local >> 8), (uint8_t)local }) :
	    addr_from_v6((const uint8_t[16]){ 0x20, 1, [14] =
		(uint8_t)(local >> 8), (uint8_t)local });
	struct nat_flow f = { .inside = a, .outside = a, .remote = a,
		.inside_port = 5, .outside_port = (uint16_t)(1024 + local),
		.remote_port = (uint16_t)(1 + k / LOCALS),
		.proto = PROTO_UDP, .expires = k };

	f.outside.b[15] ^= 0x55;
	return f;
}

static struct nat_key
key_of(const struct nat_flow *f, enum nat_index which)
{
	bool in = which == NAT_IN || which == NAT_OUTSIDE;

	return (struct nat_key){ .local = in ? f->outside : f->inside,
		.local_port = in ? f->outside_port : f->inside_port,
		.remote = f->remote, .remote_port = f->remote_port,
		.proto = f->proto };
}

/* Found by both ends if it is there; its mapping if one of the four is. */
static bool
is_right(uint32_t k)
{
	struct nat_flow f = flow_of(k);
	bool mapped = false, ok = true;

	for (uint32_t m = k % LOCALS; m < SIZE; m += LOCALS)
		mapped = mapped || number[m] != 0;
	for (int which = 0; which < NAT_INDEXES; which++) {
		struct nat_key key = key_of(&f, which);
		uint32_t i = nat_table_find(&t, which, &key);
		uint64_t h = nat_table_hash(&t, which, &key);
		ok = ok && i == nat_table_find_hashed(&t, which, &key, h) &&
		    (i == 0 || nat_table_guess(&t, which, h) != 0);
		if (which == NAT_OUT || which == NAT_IN)
			ok = ok && i == number[k];
		else
			ok = ok && (i != 0) == mapped && (i == 0 ||
			    t.flow[i].expires % LOCALS == k % LOCALS);
	}
	return ok;
}

static bool
all_right(void)
{
	uint32_t n = 0, used = 0;

	for (uint32_t k = 0; k < SIZE; k++) {
		n += is_right(k);
		used += number[k] != 0;
	}
	return n == SIZE && used == t.used;
}

static void
add(uint32_t k)
{
	struct nat_flow f = flow_of(k);

	if (number[k] == 0)
		number[k] = nat_table_add(&t, &f);
}

/* True if that was as it should be. */
static bool
take_out(uint32_t k)
{
	bool last = true;

	if (number[k] == 0)
		return true;
	uint32_t i = number[k];
	number[k] = 0;
	for (uint32_t m = k % LOCALS; m < SIZE; m += LOCALS)
		last = last && number[m] == 0;
	return nat_table_remove(&t, i) == last;
}

/* The bytes of a key that its hash is of, by index: of IPv4 what can differ. */
static void
test_hash(void)
{
	for (unsigned v6 = 0; v6 < 2; v6++)
		for (int which = 0; which < NAT_INDEXES; which++) {
			struct nat_flow f = flow_of(v6 ? 2 : 1);
			struct nat_key k = key_of(&f, which), other;
			bool whole = which == NAT_OUT || which == NAT_IN;
			unsigned wrong = 0;
			for (size_t i = 0; i < 37; i++) {
				memcpy(&other, &k, sizeof(k));
				((uint8_t *)&other)[i] ^= 1;
				if (!v6 && i < 32 && i % 16 < 12)
					continue;	/* no longer IPv4 */
				bool counts = whole || i < 16 || i == 32 ||
				    i == 33 || i == 36;
				wrong += (nat_table_hash(&t, which, &other) !=
				    nat_table_hash(&t, which, &k)) != counts;
			}
			OKF(wrong == 0, "IPv%d, index %d: what is hashed",
			    v6 ? 6 : 4, which);
		}
}

int
main(void)
{
	static const uint8_t key[16] = "table";
	struct nat_flow *flow = calloc(SIZE + 1, sizeof(*flow));
	struct nat_run *run = calloc(SIZE + 1, sizeof(*run));
	void *mem = calloc(1, nat_table_memory(SIZE));
	struct nat_flow more = flow_of(0);
	uint32_t wrong = 0, far = 0;

	nat_table_init(&t, SIZE, flow, run, mem, key);
	test_hash();
	for (uint32_t k = 0; k < SIZE; k++)
		add(k);
	more.remote_port = 99;
	OK(t.used == SIZE && nat_table_add(&t, &more) == 0);
	OK(all_right());
	for (uint32_t at = 0; at < t.entries; at++)
		far += (t.entry[NAT_OUT][at] >> t.bits & 15) == 15;
	OK(far > 0);	/* farther than an entry can say */
	for (int round = 0; round < 4; round++) {
		for (uint32_t n = 0; n < SIZE; n++)
			wrong += !take_out(draw() % SIZE);
		OK(all_right() && wrong == 0 && t.used < SIZE);
		for (uint32_t n = 0; n < SIZE; n++)
			add(draw() % SIZE);
		OK(all_right());
	}
	for (uint32_t k = 0; k < SIZE; k++)
		wrong += !take_out(k);
	OK(t.used == 0 && wrong == 0);
	for (int which = 0; which < NAT_INDEXES; which++)
		for (uint32_t at = 0; at < t.entries; at++)
			wrong += t.entry[which][at] != 0;
	OK(wrong == 0);
	free(flow);
	free(run);
	free(mem);
	return DONE();
}
