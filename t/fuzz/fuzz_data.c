/* SPDX-License-Identifier: ISC */
/*
 * Data messages.  The first byte chooses: a datagram as it is; or one that was
 * sealed with the right key, what is inside, the counter and one flipped bit
 * being the input's.  It opens if no bit that is authenticated was flipped,
 * then once only, and every engine says the same.
 */
#include "wire.h"

#include "packet/ip.h"
#include "wg/aead.h"

enum { MOST = 512, HEAD = sizeof(struct msg_data) };

/* A datagram, and what must come of it. */
struct datagram {
	uint8_t b[MOST + DATA_OVERHEAD];
	size_t n;
	bool authentic;
};

static struct aead *engine[4];
static unsigned nengines;

static void
init(void)
{
	const char *name;

	wire_init();
	if (nengines > 0)
		return;
	while ((name = aead_available(nengines)) != NULL) {
		must(nengines < sizeof(engine) / sizeof(engine[0]));
		engine[nengines++] = aead_open(name);
	}
	must(nengines > 0);
}

/* Counter, bit to flip, and the inner packet. */
static void
seal(struct datagram *g, bool flip, const uint8_t *data, size_t n)
{
	struct msg_data m = { le32_put(MSG_DATA),
		le32_put(wire.session->keys.local_index), { { 0 } } };
	uint8_t nonce[12] = { 0 };
	uint16_t bit;

	memcpy(&m.counter, data, sizeof(m.counter));
	memcpy(&bit, data + 8, sizeof(bit));
	data += 10;
	n -= 10;
	memcpy(g->b, &m, sizeof(m));
	memcpy(nonce + 4, &m.counter, sizeof(m.counter));
	crypto_aead_chacha20poly1305_ietf_encrypt(g->b + HEAD, NULL, data, n,
	    NULL, 0, NULL, nonce, wire.peer_sends.b);
	g->n = n + DATA_OVERHEAD;
	if (flip)
		g->b[bit / 8 % g->n] ^= (uint8_t)(1 << bit % 8);
	/* type and index are not authenticated, but looked at before */
	g->authentic = !flip || bit / 8 % g->n < 8;
}

static bool
make(struct datagram *g, const uint8_t *data, size_t n)
{
	if (n < 1 || n > MOST)
		return false;
	g->authentic = false;
	g->n = n - 1;
	if (data[0] & 1 && n > 10)
		seal(g, data[0] & 2, data + 1, n - 1);
	else
		memcpy(g->b, data + 1, n - 1);
	return true;
}

/* All engines: into another buffer and in place; *out is the last's. */
static bool
open_all(const struct datagram *g, const struct session *s, uint64_t counter,
    uint8_t *out)
{
	size_t n = g->n - DATA_OVERHEAD;
	uint8_t other[MOST + DATA_OVERHEAD];
	bool ok = false;

	for (unsigned i = 0; i < nengines; i++) {
		struct aead_job job = { .key = s->keys.receive.b,
			.counter = counter, .src = out, .n = n,
			.dst = i == 0 ? other : out };
		memcpy(out, g->b + HEAD, n + TAG_LEN);
		aead_open_burst(engine[i], &job, 1);
		must(i == 0 || job.ok == ok);
		must(i == 0 || memcmp(out, other, n) == 0);
		must(job.ok || sodium_is_zero(job.dst, n));
		ok = job.ok;
		if (nengines == 1)
			memcpy(out, other, n);
	}
	return ok;
}

/* W12, W17: accepted once, and then the peer is where it came from. */
static void
accepted(struct session *s, uint64_t counter, size_t n)
{
	struct peer *p = device_peer(wire.d, 0);
	struct path from = wire.from;
	enum verdict want = counter < REJECT_AFTER_MESSAGES ? V_NEXT :
	    V_REPLAY;
	bool ready;

	from.remote.port++;
	must(device_received(wire.d, 0, s, counter, n, &from, wire.at.now,
	    &ready) == want && !ready);
	must((memcmp(&p->path, &from, sizeof(from)) == 0) == (want == V_NEXT));
	must(device_received(wire.d, 0, s, counter, n, &from, wire.at.now,
	    &ready) == V_REPLAY);
	if (want == V_NEXT)
		*p = wire.peer;
}

static void
check(const struct datagram *g)
{
	static const le32 type = { { MSG_DATA } };
	static uint8_t out[MOST + DATA_OVERHEAD];
	struct session *s;
	struct msg_data m;
	struct ip ip;
	uint16_t peer;

	if (g->n < DATA_OVERHEAD || memcmp(g->b, &type, sizeof(type)) != 0)
		return;
	memcpy(&m, g->b, sizeof(m));
	bool known = le32_get(m.receiver) == wire.session->keys.local_index;
	enum verdict v = device_receiver(wire.d, le32_get(m.receiver),
	    wire.at.now, &s, &peer);
	must(v == (known ? V_NEXT : V_INDEX));
	if (!known)
		return;
	must(peer == 0 && s == wire.session);
	bool ok = open_all(g, s, le64_get(m.counter), out);
	must(ok == g->authentic);
	if (ok) {
		size_t n = g->n - DATA_OVERHEAD;
		accepted(s, le64_get(m.counter), n);
		v = ip_parse(&ip, at_edge(out, n), n);
		must(v != V_NEXT || ip.len <= n);
	}
	must(memcmp(&wire.peer, device_peer(wire.d, 0),
	    sizeof(wire.peer)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct datagram g;

	init();
	if (make(&g, data, n))
		check(&g);
	return 0;
}
