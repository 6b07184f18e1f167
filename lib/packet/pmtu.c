/* SPDX-License-Identifier: ISC */
#include "packet/pmtu.h"

#include <string.h>

#define CONFIRM (NSEC_SEC / 2)		/* between two confirmations */
#define PATIENCE NSEC_SEC		/* RFC 8899 5.1.1: for the tiny one */
#define GRACE (30 * NSEC_MS)		/* for who was overtaken by it */
#define RAISE (600 * NSEC_SEC)		/* RFC 8899 5.1.1 */

/* What paths there are: Ethernet, PPPoE, tunnels, the least of IPv6, hotels. */
static const uint16_t usual[] = { 576, 1006, 1124, 1200, 1280, 1320, 1360, 1400,
    1420, 1440, 1460, 1480, 1492, 1500 };

static void
ask(struct pmtu *m, uint16_t size)
{
	unsigned at = m->nask;

	if (size <= m->fits || size >= m->fails || size > m->max ||
	    m->nask == PMTU_ASK)
		return;
	while (at > 0 && m->ask[at - 1] >= size)
		at--;
	if (at < m->nask && m->ask[at] == size)
		return;
	memmove(m->ask + at + 1, m->ask + at,
	    (m->nask - at) * sizeof(m->ask[0]));
	m->ask[at] = size;
	m->nask++;
}

static void
new_step(struct pmtu *m, enum pmtu_phase phase, nsec now)
{
	m->phase = (uint8_t)phase;
	m->nask = m->tries = 0;
	m->round++;
	m->sent = 0;
	m->due = now;
}

/* Quiet again, until something large is sent or more may be tried. */
static void
rest(struct pmtu *m, nsec now)
{
	m->sent = 0;
	m->large = false;
	m->confirmed = now;
	m->due = m->mtu < m->max ? m->raise : 0;
}

static void
found(struct pmtu *m, nsec now)
{
	if (m->phase != PMTU_FOUND)
		m->raise = now + RAISE;
	m->phase = PMTU_FOUND;
	m->mtu = m->fits;
	rest(m, now);
}

/* Between what fits and what does not: the usual sizes first, then evenly. */
static void
search(struct pmtu *m, bool first, nsec now)
{
	unsigned gap = m->fails - m->fits;

	if (gap <= 1) {
		found(m, now);
		return;
	}
	new_step(m, PMTU_SEARCH, now);
	if (first) {
		ask(m, m->mtu);
		ask(m, m->max);
		for (size_t i = sizeof(usual) / sizeof(*usual); i-- > 0;)
			if (usual[i] > m->over)
				ask(m, (uint16_t)(usual[i] - m->over));
		return;
	}
	for (unsigned i = 1; i <= PMTU_ASK; i++)
		ask(m, (uint16_t)(m->fits + (gap * i + PMTU_ASK) /
		    (PMTU_ASK + 1)));
}

static void
search_all(struct pmtu *m, nsec now)
{
	m->fits = PMTU_LEAST;
	m->fails = (uint16_t)(m->max + 1);
	search(m, true, now);
}

void
pmtu_begin(struct pmtu *m, uint16_t max, uint16_t over, nsec now)
{
	if (m->phase == PMTU_OFF)
		m->mtu = max < PMTU_USUAL ? max : PMTU_USUAL;
	m->max = max;
	m->over = over;
	m->fits = 0;
	m->fails = (uint16_t)(max + 1);
	new_step(m, PMTU_HELLO, now);
	ask(m, max);
}

/* A try has ended: the tiny probe was answered a while ago, or never. */
static void
judge(struct pmtu *m, nsec now)
{
	bool again = ++m->tries < PMTU_TRIES;

	m->sent = 0;
	m->due = now;
	if (!m->heard && again)
		return;
	if (!m->heard) {
		/* all is lost, which says nothing of sizes */
		m->raise = now + RAISE;
		m->phase = m->phase == PMTU_HELLO ? PMTU_DEAF : PMTU_FOUND;
		rest(m, now);
	} else if (m->phase != PMTU_SEARCH) {
		search_all(m, now);
	} else if (!again) {
		m->fails = m->ask[0];
		if (m->fits < m->mtu)
			m->mtu = m->fits;
		search(m, false, now);
	}
}

/* FOUND, and time has come to confirm, or to try more. */
static void
begin_round(struct pmtu *m, nsec now)
{
	m->large = false;
	if (m->mtu < m->max && m->raise <= now) {
		m->fits = m->mtu;
		m->fails = (uint16_t)(m->max + 1);
		search(m, true, now);
		return;
	}
	m->fits = 0;
	m->fails = (uint16_t)(m->max + 1);
	new_step(m, PMTU_FOUND, now);
	ask(m, m->mtu);
}

size_t
pmtu_step(struct pmtu *m, nsec now, uint16_t size[PMTU_ASK + 1])
{
	size_t n = 0;

	if (m->sent != 0)
		judge(m, now);
	else if (m->phase == PMTU_FOUND)
		begin_round(m, now);
	else if (m->phase == PMTU_DEAF)
		pmtu_begin(m, m->max, m->over, now);
	if (m->due != now)
		return 0;
	m->sent = now;
	m->heard = false;
	m->due = now + PATIENCE;
	for (unsigned i = m->nask; i-- > 0;)
		size[n++] = m->ask[i];
	size[n++] = PMTU_TINY;
	return n;
}

/* All that is not larger fits, too. */
static void
fits(struct pmtu *m, uint16_t size, nsec now)
{
	unsigned i = 0;

	while (i < m->nask && m->ask[i] <= size)
		i++;
	m->nask = (uint8_t)(m->nask - i);
	memmove(m->ask, m->ask + i, m->nask * sizeof(m->ask[0]));
	if (size > m->fits)
		m->fits = size;
	if (size > m->mtu)
		m->mtu = size;
	if (m->nask > 0)
		return;
	if (m->phase == PMTU_SEARCH)
		search(m, false, now);
	else
		found(m, now);
}

void
pmtu_heard(struct pmtu *m, uint16_t round, uint16_t size, nsec now)
{
	if (m->sent == 0 || round != m->round || size > m->max)
		return;
	if (size == PMTU_TINY) {
		m->heard = true;
		m->due = now + GRACE + (now - m->sent) / 4;
	} else if (m->nask > 0 && size >= m->ask[0]) {
		fits(m, size, now);
	}
}

void
pmtu_wake(struct pmtu *m, nsec now)
{
	nsec next = m->confirmed + CONFIRM;

	if (next < now)
		next = now;
	if (m->due == 0 || next < m->due)
		m->due = next;
}
