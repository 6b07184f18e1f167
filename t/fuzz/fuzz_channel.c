/* SPDX-License-Identifier: ISC */
/*
 * The data process, the key process and the uapi process of bh-tunnel, any of
 * which may have been taken over: what they say to the key process, and it to
 * the data process.  The input is a row of messages: whom it goes to and what of
 * it is given (1 byte), its kind (1), how many bytes follow (1, times 8), and
 * these; or that time passes.  Nobody is hurt, what the uapi process is answered
 * can be written as text, and a descriptor that comes with a message is closed,
 * once.
 */
#include "fuzz.h"
#include "toy.h"
#include "toy_socket.h"

#include "tunnel/keys_process.h"
#include "tunnel/tunnel_state.h"
#include "wg/device_state.h"

#include <fcntl.h>
#include <sodium.h>

enum { PEERS = 4, TO_KEYS = 0, TO_DATA, FROM_UAPI, LATER, WAYS,
	RAW = 0x80, SEALED = 0x40, PASSED = 0x20 };

static struct key_process k;
static struct tunnel t;
static int to_keys, to_data, uapi;
static union channel_message word, heard;

static struct cookie_maker maker;
static uint64_t drawn;

/* Else the same input would not be the same run. */
void
randombytes_buf(void *p, size_t n)
{
	uint8_t *b = p;

	must(n % sizeof(drawn) == 0);
	for (size_t i = 0; i < n; i += sizeof(drawn)) {
		drawn = drawn * 6364136223846793005u + 1442695040888963407u;
		memcpy(b + i, &drawn, sizeof(drawn));
	}
}

static int
join(int *ours)
{
	int pair[2];

	toy_pair(pair);
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
	k.workers = t.workers.n = 1;
	k.channel[0] = join(&to_keys);
	k.uapi = join(&uapi);
	t.keys.fd = join(&to_data);
	k.junk = t.names.fd = t.keys.passed = -1;
	must(udp_open(&k.udp, socket(AF_INET, SOCK_DGRAM, 0)) == 0);
	must(udp_open(&t.udp, socket(AF_INET6, SOCK_DGRAM, 0)) == 0);
	/* standalone, where more may be asked for */
	t.alone.tun = open("/dev/null", O_WRONLY);
	t.sibling[SIBLING_CLASSIFY].link.fd = -1;
	t.sibling[SIBLING_EGRESS].link.fd = -1;
	k.stat = counters_create(NULL, "keys", PEERS);
	t.stat = counters_create(NULL, "packets", PEERS);
	k.device = device_new(DEVICE_KEYS, PEERS, random);
	t.device = device_new(DEVICE_DATA, PEERS, NULL);
	must(k.stat && t.stat && k.device && t.device);
	device_set_private_key(k.device, &own, 1);
	cookie_maker_init(&maker, device_public_key(k.device));
	k.config.may_set = true;
	k.config.room = t.config.room = 4096;
	k.config.item = need(4096 * sizeof(struct uapi_item));
	t.config.item = need(4096 * sizeof(struct uapi_item));
	t.alone.allowed = allowed_new(4096, PEERS);
	t.out.stage = stage_new(PEERS, 16, 1500);
	t.aead = aead_open(NULL);
	must(t.alone.allowed && t.out.stage && t.aead);
	t.frame = need(FRAME_MAX);
	t.out.box.arena = need(OUT_ARENA);
	t.out.touched.peer = need(PEERS * sizeof(*t.out.touched.peer));
	t.out.touched.is = need(PEERS * sizeof(*t.out.touched.is));
	t.sources.peer = need(PEERS * sizeof(*t.sources.peer));
	t.out.box.mtu = t.out.box.cut = 1420;
	tunnel_join_parts(&t);
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
	drawn = k.nrandom = 0;
	k.at.now = t.at.now += NSEC_SEC;
	k.at.wall = t.at.wall = (uint64_t)t.at.now + 1700000000u * NSEC_SEC;
	for (uint16_t i = 0; i < PEERS; i++) {
		if (device_identity(k.device, i) != NULL)
			device_remove(k.device, i);
		if (device_peer(t.device, i) != NULL)
			device_remove(t.device, i);
		allowed_clear(t.alone.allowed, i);
	}
	allowed_commit(t.alone.allowed);
	for (uint16_t i = 0; i < 2; i++)
		add(i);
	k.config.nitems = t.config.nitems = 0;
	k.config.asked = 0;
	k.config.begun = false;
	k.config.told = NULL;
	k.nout = 0;
	k.misdirected = t.keys.misdirected = 0;
}

/* What was said to the uapi, as it writes it for wg(8). */
static void
read_answers(void)
{
	char line[UAPI_LINE_MAX];
	ssize_t n;

	while ((n = recv(uapi, &heard, sizeof(heard), 0)) > 0) {
		must(heard.note.kind == NOTE_ANSWER &&
		    heard.note.n <= NOTE_ITEMS);
		for (uint32_t i = 0; i < heard.note.n; i++)
			must(uapi_put(&heard.note.item[i], line) <
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

	must(t.out.touched.n <= PEERS);
	for (unsigned i = 0; i < t.out.touched.n; i++)
		t.out.touched.is[t.out.touched.peer[i]] = false;
	t.out.touched.n = 0;
	t.keys.child_died = false;
	k.nout = 0;
	must(t.config.nitems <= t.config.room);
	must(k.config.nitems <= k.config.room);
	must(allowed_count(t.alone.allowed) <= 4096);
	for (uint16_t i = 0; i < PEERS; i++)
		if (device_identity(k.device, i) != NULL)
			key_format(&device_identity(k.device, i)->
			    remote.public_key, name);
	read_answers();
	toy_drain(to_keys);
	toy_drain(to_data);
	must(toy_open == 0);
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

/* What the data process answers when it is asked: this, if it is a message, and
 * in the end that it has said all. */
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

/* Whoever is about to be asked knows the peer by this number, or another. */
static uint32_t
near_epoch(uint8_t whom, const struct channel_event *e)
{
	const struct identity *id = device_identity(k.device, e->peer);
	const struct peer *p = device_peer(t.device, e->peer);
	uint32_t known = whom == TO_KEYS ? (id != NULL ? id->epoch : 0) :
	    p != NULL ? p->epoch : 0;
	static const uint32_t off[] = { 0, 1, UINT32_MAX };

	return e->epoch % 4 == 3 ? e->epoch : known + off[e->epoch % 4];
}

/* A handshake that gets beyond the first look at it. */
static void
add_macs(struct channel_event *e)
{
	le32 type;

	memcpy(&type, e->message, sizeof(type));
	if (le32_get(type) == MSG_INITIATION)
		e->n = sizeof(struct msg_initiation);
	else if (le32_get(type) == MSG_RESPONSE)
		e->n = sizeof(struct msg_response);
	else
		return;
	cookie_add_macs(&maker, e->message, e->n, k.at.now);
}

static void
say(uint8_t whom, size_t n, bool passed)
{
	static union channel_message before;
	static size_t nbefore;

	bool note = is_note(&word.note, n);
	if (whom != TO_KEYS && note && asks_for_port(&word.note))
		return;
	switch (whom) {
	case TO_KEYS:
		toy_put(to_keys, &word, n, passed);
		if (channel_receive(k.channel[0], &k.word, false) == 1)
			keys_dispatch(&k, 0, &k.word);
		break;
	case TO_DATA:
		toy_put(to_data, &word, n, passed);
		tunnel_hear(&t);
		break;
	default:
		if (!note)	/* it would hang up, and say so */
			return;
		answer(&before, nbefore);
		toy_put(uapi, &word, n, passed);
		keys_config(&k);
		must(k.uapi >= 0);
		toy_drain(k.channel[0]);
	}
	memcpy(&before, &word, n);
	nbefore = n;
	check();
}

static void
say_event(uint8_t how, uint8_t whom, uint8_t kind)
{
	struct channel_event *e = &word.event;

	e->kind = CHANNEL_FIRST + kind / 2 % (CHANNEL_END - CHANNEL_FIRST);
	e->peer %= PEERS + 1;
	e->n %= CHANNEL_MESSAGE + 1;
	e->epoch = near_epoch(whom, e);
	if ((how & SEALED) != 0 && e->kind == CHANNEL_MISDIRECTED)
		add_macs(e);
	say(whom, sizeof(*e), (how & PASSED) != 0);
}

static void
say_note(uint8_t how, uint8_t whom, uint8_t kind, size_t len)
{
	word.note.kind = kind / 2 % (NOTE_TRY + 1);
	word.note.n = (uint32_t)(len / sizeof(word.note.item[0]));
	say(whom, offsetof(struct note, item) +
	    word.note.n * sizeof(word.note.item[0]), (how & PASSED) != 0);
}

static void
take_word(uint8_t how, uint8_t kind, size_t len)
{
	uint8_t whom = (how & 31) % WAYS;

	if (whom == LATER)
		k.at.now = t.at.now += (nsec)kind * kind * 8 * NSEC_MS;
	else if ((how & RAW) != 0)
		say(whom, len, (how & PASSED) != 0);
	else if (kind % 2 == 0)
		say_event(how, whom, kind);
	else
		say_note(how, whom, kind, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	begin();
	while (n >= 3) {
		size_t len = data[2] * (size_t)8;
		if (len > n - 3)
			len = n - 3;
		/* as much as is looked at of any word */
		memset(&word, 0, sizeof(word.event) > len + sizeof(*word.note.item) ?
		    sizeof(word.event) : len + sizeof(*word.note.item));
		memcpy(&word, data + 3, len);
		take_word(data[0], data[1], len);
		data += 3 + len;
		n -= 3 + len;
	}
	return 0;
}
