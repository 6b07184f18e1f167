/* SPDX-License-Identifier: ISC */
/* What an administrator changes while the device runs. */
#include "wg/device_impl.h"

#include <sodium.h>
#include <string.h>

uint16_t
device_lookup(struct device *d, const struct key *public_key)
{
	const struct peer *p = device_find(d, public_key);

	return p == NULL ? DEVICE_NOBODY : device_number(d, p);
}

bool
device_private_key(const struct device *d, struct key *k)
{
	*k = d->local.private_key;
	return d->has_key;
}

void
device_remove(struct device *d, uint16_t i)
{
	struct peer *p = &d->peer[i];
	unsigned at = 0;

	device_forget_keys(d, p);
	timers_set(&d->timers, &p->timer, 0);
	while (d->by_key[at] != i)
		at++;
	memmove(d->by_key + at, d->by_key + at + 1,
	    (--d->nkeys - at) * sizeof(*d->by_key));
	sodium_memzero(p, sizeof(*p));
}

/* It was to be kept open, and there was no way so far. */
static void
knock(struct device *d, struct peer *p, nsec now)
{
	if (p->persistent != 0)
		peer_set(p, &d->timers, PT_PERSISTENT, now);
}

/* As if it had never spoken with us: the next packet begins a handshake. */
static void
begin_anew(struct device *d, struct peer *p, nsec now)
{
	struct noise_remote old = p->remote;

	device_forget_keys(d, p);
	p->handshake_sent = 0;
	noise_remote_init(&p->remote, &d->local, &old.public_key, &old.psk);
	sodium_memzero(&old, sizeof(old));
	knock(d, p, now);
}

void
device_set_private_key(struct device *d, const struct key *private_key,
    nsec now)
{
	struct noise_local l;

	noise_local_init(&l, private_key);
	bool has_key = !key_is_zero(private_key);
	if (has_key == d->has_key &&
	    key_eq(&l.private_key, &d->local.private_key))
		return;
	d->local = l;
	d->has_key = has_key;
	struct peer *own = device_find(d, &l.public_key);
	if (has_key && own != NULL)
		device_remove(d, device_number(d, own));
	cookie_checker_init(&d->checker, &l.public_key);
	for (unsigned i = 0; i < d->nkeys; i++)
		begin_anew(d, &d->peer[d->by_key[i]], now);
	sodium_memzero(&l, sizeof(l));
}

void
device_set_psk(struct device *d, uint16_t i, const struct key *psk)
{
	d->peer[i].remote.psk = *psk;
}

void
device_set_endpoint(struct device *d, uint16_t i, const struct endpoint *e,
    nsec now)
{
	d->peer[i].path = (struct path){ .remote = *e };
	knock(d, &d->peer[i], now);
}

void
device_set_persistent(struct device *d, uint16_t i, uint16_t seconds, nsec now)
{
	struct peer *p = &d->peer[i];

	p->persistent = seconds * NSEC_SEC;
	peer_set(p, &d->timers, PT_PERSISTENT, seconds != 0 ? now : 0);
}
