/* SPDX-License-Identifier: ISC */
/* What the data process of bh-tunnel takes from the processes beside
 * it, should they be somebody else's by now. */
#include "test.h"

#include "tunnel/tunnel_state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BY_ADDRESS, BY_NAME, NOWHERE, PEERS };

static struct tunnel t;
static int names;

static struct endpoint
at(uint8_t last, uint16_t port)
{
	return (struct endpoint){ addr_from_v4((uint8_t[]){ 192, 0, 2, last }),
		port, 0 };
}

static void
setup(void)
{
	static uint16_t named[PEERS] = { [BY_NAME] = 51820 }, touched[PEERS];
	static bool is_touched[PEERS];
	const struct endpoint e[PEERS] = { [BY_ADDRESS] = at(1, 51820) };
	int pair[2] = { -1, -1 };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		abort();
	t = (struct tunnel){ .npeers = PEERS, .alone.tun = -1,
		.names = { pair[0], named },
		.out.touched = { .peer = touched, .is = is_touched },
		.out.box = { .mtu = 1420, .cut = 1420 },
		.device = device_new(DEVICE_DATA, PEERS, NULL) };
	names = pair[1];
	for (uint16_t i = 0; i < PEERS; i++) {
		device_add(t.device, i, NULL, NULL, &e[i], 0, 0);
		device_set_homes(t.device, i, &e[i], e[i].port != 0, 0);
	}
}

/* Where the peer is after that word. */
static struct endpoint
say(uint16_t peer, struct endpoint e)
{
	struct names_word w = { .peer = peer, .n = 1, .at = { e } };

	if (send(names, &w, sizeof(w), 0) < 0)
		abort();
	tunnel_hear_names(&t);
	return peer < PEERS ? device_peer(t.device, peer)->home[0] :
	    (struct endpoint){ .port = 0 };
}

static bool
is(struct endpoint a, struct endpoint b)
{
	return endpoint_eq(&a, &b);
}

static void
test_names(void)
{
	OKF(is(say(BY_ADDRESS, at(9, 51820)), at(1, 51820)),
	    "H10: a peer whose endpoint is an address is not moved by names");
	OKF(say(NOWHERE, at(9, 51820)).port == 0,
	    "H10: nor is one that has none");
	OKF(say(BY_NAME, at(9, 53)).port == 0,
	    "H10: a name moves a peer to an address, not to a port");
	say(PEERS, at(9, 51820));
	OKF(is(say(BY_NAME, at(9, 51820)), at(9, 51820)),
	    "a peer whose endpoint is a name is where that says");
	OK(t.names.fd >= 0);
}

/* Is there an answer? */
static bool
note(uint32_t kind, uint32_t n, uint64_t number)
{
	static struct note m;

	m = (struct note){ .kind = kind, .n = n };
	for (uint32_t i = 0; i < n; i++)
		m.item[i] = uapi_number(UAPI_LISTEN_PORT, number);
	return tunnel_config(&t, &m);
}

static void
test_config(void)
{
	OKF(!note(NOTE_MTU, 1, 9000) && t.out.box.mtu == 1420,
	    "H10b: a gateway's MTU is the domain file's");
	OKF(!note(NOTE_TRY, 3, 7) && !note(NOTE_SET, 1, 7) &&
	    !note(NOTE_COMMIT, 0, 0),
	    "H10c: nor does it change port, peers or prefixes");
}

int
main(void)
{
	setup();
	test_names();
	test_config();
	return DONE();
}
