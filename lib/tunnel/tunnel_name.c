/* SPDX-License-Identifier: ISC */
/* What is said by who resolves the names of endpoints: tunnel/names.h. */
#include "tunnel/tunnel_impl.h"

#include "base/die.h"

#include <unistd.h>

enum { WORDS = 64 };	/* before packets have their turn */

/* Believed as far as the addresses of a name go: who is there has to prove who
 * it is.  What is no name is not its business, nor is the port. */
static void
take(struct tunnel *t, const struct names_word *w)
{
	if (device_peer(t->device, w->peer) == NULL || t->named[w->peer] == 0)
		return;
	for (unsigned i = 0; i < w->n; i++)
		if (!endpoint_is_host(&w->at[i]) ||
		    w->at[i].port != t->named[w->peer])
			return;
	device_set_homes(t->device, w->peer, w->at, w->n, t->at.now);
	tunnel_touch(t, w->peer);
}

void
tunnel_names(struct tunnel *t)
{
	struct names_word w;
	int r = 1;

	for (int i = 0; i < WORDS && (r = names_receive(t->names, &w)) > 0; i++)
		take(t, &w);
	if (r >= 0)
		return;
	warnx("names are not resolved any more: that process is gone");
	t->stat->helpers_lost++;
	close(t->names);
	t->names = -1;
}

void
tunnel_lost(struct tunnel *t, uint16_t peer)
{
	if (t->names >= 0)
		names_ask(t->names, peer);
}
