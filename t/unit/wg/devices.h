/* SPDX-License-Identifier: ISC */
#ifndef BH_T_DEVICES_H
#define BH_T_DEVICES_H

/* Two devices that are each other's peer, in time that a test sets. */

#include "fresh.h"
#include "test.h"

#define SEC NSEC_SEC
#define MS NSEC_MS

static struct device *dev[2];	/* each other's peer number 0 */
static struct key keys[2], publics[2];
static struct path at[2];
static struct moment now;

static inline void
set_now(nsec t)
{
	now = (struct moment){ t, 1700000000 * SEC + t };
}

static inline void
setup(uint16_t persistent)
{
	static const struct key none;

	set_now(1000 * SEC);
	for (int i = 0; i < 2; i++) {
		struct noise_local l;
		memset(&keys[i], 1 + i, sizeof(keys[i]));
		noise_local_init(&l, &keys[i]);
		publics[i] = l.public_key;
		at[i] = (struct path){ .remote = { addr_from_v4((uint8_t[]){
		    192, 0, 2, (uint8_t)(1 + i) }), 51820, 0 } };
	}
	for (int i = 0; i < 2; i++) {
		device_free(dev[i]);
		dev[i] = device_new_whole(1, &keys[i], fresh());
		device_add(dev[i], 0, &publics[!i], &none, &at[!i].remote,
		    i == 0 ? persistent : 0, now.now);
	}
}

static inline enum verdict
give(int to, const struct device_out *o, struct device_out *answer)
{
	return device_handshake(dev[to], &now, fresh(), o->msg, o->n, &at[!to],
	    answer);
}

static inline bool
tick(int i, struct device_out *o)
{
	o->todo = DEVICE_NOTHING;
	return device_tick(dev[i], &now, fresh(), o);
}

static inline bool
is_initiation(const struct device_out *o)
{
	return o->todo == DEVICE_SEND && o->n == 148 && o->msg[0] == 1;
}

/* As if data had been sent, or received, in the session. */
static inline void
sent(int i, bool data)
{
	struct session *s = device_sender(dev[i], 0, now.now);

	s->counter++;
	device_sent(dev[i], 0, s, data, 32, now.now);
}

static inline enum verdict
received(int i, struct session *s, uint64_t n, bool data)
{
	bool ready;

	return device_received(dev[i], 0, s, n, data ? 32 : 0, &at[!i],
	    now.now, &ready);
}

/* A whole handshake with side 0 as initiator; false if anything fails. */
static inline bool
connect_both(void)
{
	struct device_out init, resp, done;
	struct peer *p = device_peer(dev[1], 0);

	device_sender(dev[0], 0, now.now);
	if (!tick(0, &init) || !is_initiation(&init) ||
	    give(1, &init, &resp) != V_SELF || resp.n != 92 ||
	    give(0, &resp, &done) != V_SELF || done.todo != DEVICE_READY)
		return false;
	/* side 0 confirms */
	sent(0, false);
	return received(1, p->next, 0, false) == V_NEXT;
}

#endif
