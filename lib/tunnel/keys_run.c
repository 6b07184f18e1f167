/* SPDX-License-Identifier: ISC */
#include "tunnel/keys_process.h"

#include "base/die.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
	ROUNDS = 8,	/* before time is read again and others have a turn */
	WORDS = 64,	/* of the data process, likewise */
};

/* Junk costs a wake-up at most so often, however much of it comes. */
#define JUNK_INTERVAL (NSEC_SEC / 10)
/* Bad handshakes are waited for together: each costs no wake-up of its own, and
 * a peer that sends a good one beside them can wait so long. */
#define REST (2 * NSEC_MS)

static void
hear(struct key_process *k, unsigned worker)
{
	int r = 1;

	for (int i = 0; i < WORDS && r > 0; i++) {
		r = channel_receive(k->channel[worker], &k->word, false);
		if (r < 0)
			keys_end();
		if (r > 0)
			keys_dispatch(k, worker, &k->word);
	}
}

/* ---- the loop ---- */

static void
count_junk(struct key_process *k)
{
	counters_add_unseen(k->stat, V_TYPE,
	    udp_junk(k->junk, &k->dropped));
	k->listen = k->at.now + JUNK_INTERVAL;
}

static void
receive_handshakes(struct key_process *k)
{
	bool more = true;

	k->bothered = false;
	for (int i = 0; i < ROUNDS && more; i++)
		more = keys_receive(k);
	if (k->bothered && !more)
		k->rest = k->at.now + REST;
}

/* Our parent has died.  Nothing of what we do needs it, but nobody would start
 * us again. */
static void
miss_parent(struct key_process *k)
{
	warnx("who would start the process that makes handshakes again has "
	    "died: all will end with it");
	close(k->life);
	k->life = -1;
	k->stat->helpers_lost++;
}

/* Ends rests that are over; how long the first of the others takes, as for
 * poll(2). */
static int
look_at_clock(struct key_process *k)
{
	if (k->listen <= k->at.now)
		k->listen = 0;
	if (k->rest <= k->at.now)
		k->rest = 0;
	return clock_poll_ms(k->rest == 0 || (k->listen != 0 &&
	    k->listen < k->rest) ? k->listen : k->rest, k->at.now);
}

_Noreturn void
keys_run(struct key_process *k)
{
	enum { HANDSHAKES, JUNK, UAPI, LIFE, CHANNEL,	/* one each worker */
		NFDS = CHANNEL + CONF_WORKERS_MAX };
	struct pollfd fd[NFDS] = { 0 };

	for (int i = 0; i < NFDS; i++)
		fd[i].events = POLLIN;
	fd[LIFE].events = 0;		/* POLLERR: our parent has died */
	for (unsigned i = 0; i < k->workers; i++)
		fd[CHANNEL + i].fd = k->channel[i];
	for (;;) {
		int ms = look_at_clock(k);
		fd[HANDSHAKES].fd = k->rest == 0 ? k->udp.fd : -1;
		fd[JUNK].fd = k->listen == 0 ? k->junk : -1;
		fd[UAPI].fd = k->uapi;
		fd[LIFE].fd = k->life;
		if (poll(fd, CHANNEL + k->workers, ms) < 0 && errno != EINTR)
			_exit(1);
		k->at = (struct moment){ clock_now(), clock_wall() };
		for (unsigned i = 0; i < k->workers; i++)
			if (fd[CHANNEL + i].revents != 0)
				hear(k, i);
		if (fd[LIFE].revents != 0)
			miss_parent(k);
		if (fd[HANDSHAKES].revents != 0)
			receive_handshakes(k);
		if (fd[JUNK].revents != 0)
			count_junk(k);
		if (fd[UAPI].revents != 0)
			keys_config(k);
	}
}
