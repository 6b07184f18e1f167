/* SPDX-License-Identifier: ISC */
/* What the data process and the key process say to each other: room for it, and
 * what is no message at all. */
#include "test.h"

#include "tunnel/channel.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS = 1000 };

static union channel_message word;
static int pair[2];

static bool
say(uint32_t kind, uint16_t peer)
{
	word.event = (struct channel_event){ .kind = kind, .peer = peer };
	return channel_send(pair[0], &word, false);
}

/* After a restart a server asks for all its peers at once; what the
 * key process has no time for yet must not wait for the next try, 5 s later. */
static void
test_room(void)
{
	int sent = 0, taken = 0;

	OK(channel_open(pair, PEERS));
	while (sent < PEERS && say(CHANNEL_INITIATE, (uint16_t)sent))
		sent++;
	OKF(sent == PEERS, "a word about each of 1,000 peers: %d", sent);
	word.note = (struct note){ .kind = NOTE_ANSWER, .n = NOTE_ITEMS };
	OKF(channel_send(pair[0], &word, false), "and an answer for wg(8)");
	while (channel_receive(pair[1], &word, false) == 1 &&
	    word.event.peer == taken && word.kind == CHANNEL_INITIATE)
		taken++;
	OKF(taken == PEERS && word.kind == NOTE_ANSWER && word.note.n ==
	    NOTE_ITEMS, "all of it arrives, in order");
	OKF(channel_receive(pair[1], &word, false) == 0, "then there is none");
}

static int
take_bytes(const void *p, size_t n)
{
	return send(pair[0], p, n, MSG_DONTWAIT) == (ssize_t)n ?
	    channel_receive(pair[1], &word, false) : -2;
}

static void
test_junk(void)
{
	union channel_message m;

	memset(&m, 0, sizeof(m));
	m.kind = CHANNEL_END;
	OKF(take_bytes(&m, sizeof(m.event)) == -1, "a kind that is none");
	m.kind = CHANNEL_MISDIRECTED;
	OKF(take_bytes(&m, sizeof(m.event) - 1) == -1, "a word cut short");
	OKF(take_bytes(&m, sizeof(m.event) + 1) == -1, "one too long");
	m.event.n = CHANNEL_MESSAGE + 1;
	OKF(take_bytes(&m, sizeof(m.event)) == -1, "a message too long");
	memset(&m, 0, sizeof(m));
	m.kind = CHANNEL_BEGIN;
	memset(&m.event.keys.initiator, 2, 1);
	OKF(take_bytes(&m, sizeof(m.event)) == -1,
	    "H8: a truth that is neither true nor false");
	memset(&m, 0, sizeof(m));
	m.note.n = 1;
	OKF(take_bytes(&m, offsetof(struct note, item)) == -1,
	    "a note without its item");
	m.note.n = NOTE_ITEMS + 1;
	OKF(take_bytes(&m, sizeof(m)) == -1, "more items than there are");
	OKF(take_bytes(&m, 1) == -1, "a byte");
	m.note.n = 0;
	OKF(take_bytes(&m, offsetof(struct note, item)) == 1,
	    "a note of nothing is one");
	close(pair[0]);
	OKF(channel_receive(pair[1], &word, false) == -1,
	    "nobody is there any more");
	OKF(!say(CHANNEL_FORGET, 0), "and nobody hears");
}

int
main(void)
{
	test_room();
	test_junk();
	return DONE();
}
