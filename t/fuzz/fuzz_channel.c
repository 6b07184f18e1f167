/* SPDX-License-Identifier: ISC */
/*
 * The data process, the key process and the uapi process of bh-tunnel, any of
 * which may have been taken over: what they say to the key process, and it to
 * the data process.  The input is a row of messages: whom it goes to and what of
 * it is given (1 byte), its kind (1), how many bytes follow (1, times 8), and
 * these.  Nobody is hurt, and what the uapi process is answered can be written
 * as text.
 */
#include "fuzz.h"

#include "tunnel/keys_process.h"
#include "tunnel/tunnel_impl.h"
#include "wg/device_impl.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS = 4, TO_KEYS = 0, TO_DATA, FROM_UAPI, RAW = 0x80,
	SOMEWHERE = 0x40 };

static struct key_process k;
static struct tunnel t;
static int to_keys, to_data, uapi;
static union channel_message word;

/* A pair of sockets, of which neither end ever waits. */
static int
join(int *ours)
{
	int pair[2];

	must(channel_open(pair, PEERS));
	must(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
	must(fcntl(pair[1], F_SETFL, O_NONBLOCK) == 0);
	*ours = pair[1];
	return pair[0];
}

static void *
need(size_t n)
{
	void *p = calloc(1, n);

	must(p != NULL);
	return p;
}

static void
open_processes(void)
{
	static const uint8_t random[DEVICE_RANDOM];
	struct key own = { { 1 } };

	must(sodium_init() >= 0);
	k.npeers = t.npeers = PEERS;
	k.workers = t.workers = 1;
	k.channel[0] = join(&to_keys);
	k.uapi.fd = join(&uapi);
	t.channel = join(&to_data);
	k.udp.fd = t.udp.fd = k.junk = t.names = -1;
	/* standalone, where more may be asked for */
	t.tun = open("/dev/null", O_WRONLY);
	t.sibling[SIBLING_CLASSIFY].link.fd = -1;
	t.sibling[SIBLING_EGRESS].link.fd = -1;
	k.stat = counters_create(NULL, "keys", PEERS);
	t.stat = counters_create(NULL, "packets", PEERS);
	k.device = device_new(DEVICE_KEYS, PEERS, random);
	t.device = device_new(DEVICE_DATA, PEERS, NULL);
	must(k.stat && t.stat && k.device && t.device);
	device_set_private_key(k.device, &own, 1);
	k.config.may_set = true;
	k.config.room = t.config.room = 4096;
	k.config.item = need(4096 * sizeof(struct uapi_item));
	t.config.item = need(4096 * sizeof(struct uapi_item));
	t.allowed = allowed_new(4096, PEERS);
	t.stage = stage_new(PEERS, 16, 1500);
	t.aead = aead_open(NULL);
	t.frame = need(FRAME_MAX);
	t.out.arena = need(OUT_ARENA);
	t.dirty = need(PEERS * sizeof(*t.dirty));
	t.is_dirty = need(PEERS * sizeof(*t.is_dirty));
	t.steer = need(PEERS * sizeof(*t.steer));
	t.mtu = t.cut = 1420;
	must(t.allowed && t.stage && t.aead);
}

static void
add(uint16_t i)
{
	static const struct endpoint nowhere;
	struct key key = { { (uint8_t)(9 + i) } }, public_key;

	key_clamp(&key);
	key_public(&public_key, &key);
	device_add(k.device, i, &public_key, NULL, &nowhere, 0, k.at.now);
	device_add(t.device, i, NULL, NULL, &nowhere, 0, t.at.now);
}

/* Two peers, and nothing else but the time. */
static void
begin(void)
{
	if (t.device == NULL)
		open_processes();
	k.at.now = t.at.now += NSEC_SEC;
	k.at.wall = t.at.wall = (uint64_t)t.at.now + 1700000000u * NSEC_SEC;
	for (uint16_t i = 0; i < PEERS; i++) {
		if (device_identity(k.device, i) != NULL)
			device_remove(k.device, i);
		if (device_peer(t.device, i) != NULL)
			device_remove(t.device, i);
		allowed_clear(t.allowed, i);
	}
	allowed_commit(t.allowed);
	for (uint16_t i = 0; i < 2; i++)
		add(i);
	k.config.nitems = t.config.nitems = 0;
	k.config.asked = 0;
	k.config.begun = false;
	k.config.told = NULL;
	k.nout = 0;
	k.misdirected = t.in.misdirected = 0;
}

static void
drain(int fd)
{
	while (recv(fd, &word, sizeof(word), 0) > 0)
		;
}

/* What was said to the uapi process, as it writes it for wg(8). */
static void
read_answers(void)
{
	char line[UAPI_LINE_MAX];
	ssize_t n;

	while ((n = recv(uapi, &word, sizeof(word), 0)) > 0) {
		must(word.note.kind == NOTE_ANSWER &&
		    word.note.n <= NOTE_ITEMS);
		for (uint32_t i = 0; i < word.note.n; i++)
			must(uapi_put(&word.note.item[i], line) <
			    UAPI_LINE_MAX);
	}
}

/* Each session has one index, and each index a session. */
static void
check_indices(void)
{
	unsigned indices = 0, sessions = 0;

	for (uint32_t i = 0; i <= t.device->index.mask; i++)
		indices += t.device->index.entry[i].index != 0;
	for (uint16_t i = 0; i < PEERS; i++)
		for (int s = 0; s < PEER_SESSIONS; s++)
			sessions += device_peer(t.device, i) != NULL &&
			    t.device->peer[i].session[s].born != 0;
	must(indices == sessions);
}

static void
check(void)
{
	char name[KEY_STRLEN];

	check_indices();

	must(t.ndirty <= PEERS);
	for (unsigned i = 0; i < t.ndirty; i++)
		t.is_dirty[t.dirty[i]] = false;
	t.ndirty = 0;
	t.child_died = false;
	k.nout = 0;
	must(t.config.nitems <= t.config.room);
	must(k.config.nitems <= k.config.room);
	must(allowed_count(t.allowed) <= 4096);
	for (uint16_t i = 0; i < PEERS; i++)
		if (device_identity(k.device, i) != NULL)
			key_format(&device_identity(k.device, i)->
			    remote.public_key, name);
	read_answers();
	drain(to_keys);
	drain(to_data);
}

/* Of that size. */
static bool
is_note(const struct note *n, size_t size)
{
	return size >= offsetof(struct note, item) &&
	    n->n <= NOTE_ITEMS && size == offsetof(struct note, item) +
	    n->n * sizeof(n->item[0]);
}

/* Sockets are asked for by nobody here. */
static bool
asks_for_port(const struct note *n)
{
	for (uint32_t i = 0; i < n->n; i++)
		if (n->kind == NOTE_TRY || n->item[i].key == UAPI_LISTEN_PORT ||
		    n->item[i].key == UAPI_FWMARK)
			return true;
	return false;
}

/* What the data process answers when the key process asks: this, if it is a
 * message, and in the end that it has said all. */
static void
answer(const union channel_message *m, size_t n)
{
	static const union channel_message last = { .note = { NOTE_ANSWER, 1,
		{ { .key = UAPI_ERRNO } } } };

	if (m->kind == NOTE_ANSWER && is_note(&m->note, n))
		send(to_keys, m, n, 0);
	for (int i = 0; i < 3; i++)
		send(to_keys, &last, offsetof(struct note, item) +
		    sizeof(last.note.item[0]), 0);
}

static void
say(uint8_t how, union channel_message *m, size_t n)
{
	static union channel_message before;
	static size_t nbefore;

	bool note = is_note(&m->note, n);
	if (how % 3 != TO_KEYS && note && asks_for_port(&m->note))
		return;
	switch (how % 3) {
	case TO_KEYS:
		send(to_keys, m, n, 0);
		if (channel_receive(k.channel[0], &k.word, false) == 1)
			keys_dispatch(&k, 0, &k.word);
		break;
	case TO_DATA:
		send(to_data, m, n, 0);
		tunnel_hear(&t);
		break;
	default:
		if (!note)	/* it would hang up, and say so */
			return;
		answer(&before, nbefore);
		send(uapi, m, n, 0);
		keys_config(&k);
		must(k.uapi.fd >= 0);
		while (recv(k.channel[0], &word, sizeof(word), 0) > 0)
			;
	}
	before = *m;
	nbefore = n;
	check();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static union channel_message m;

	begin();
	while (n >= 3) {
		uint8_t how = data[0], kind = data[1];
		size_t len = data[2] * (size_t)8;
		data += 3;
		n -= 3;
		len = len < n ? len : n;
		memset(&m, 0, sizeof(m));
		memcpy(&m, data, len);
		if (!(how & RAW) && kind % 2 == 0) {
			m.kind = CHANNEL_FIRST + kind / 2 % (CHANNEL_END -
			    CHANNEL_FIRST);
			m.event.peer %= PEERS + 1;
			m.event.n %= CHANNEL_MESSAGE + 1;
			m.event.epoch %= 4;
			say(how, &m, sizeof(m.event));
		} else if (!(how & RAW)) {
			m.kind = kind / 2 % (NOTE_TRY + 1);
			m.note.n = (uint32_t)(len / sizeof(m.note.item[0]));
			say(how, &m, offsetof(struct note, item) +
			    m.note.n * sizeof(m.note.item[0]));
		} else {
			say(how, &m, len);
		}
		data += len;
		n -= len;
	}
	return 0;
}
