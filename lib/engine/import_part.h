/* SPDX-License-Identifier: ISC */
#ifndef BH_IMPORT_PART_H
#define BH_IMPORT_PART_H

/* What the two halves of the importer share; nobody else includes this. */

#include "conf/conf.h"
#include "conf/prefixes.h"
#include "conf/value.h"

enum { IMPORT_PEERS_MAX = 4096 };

/* One [Peer] of one file. */
struct peer {
	size_t from, to;		/* sites */
	struct key key;
	struct prefix_list allowed;	/* without the default routes */
	bool all;			/* with one */
	char host[VALUE_HOSTLEN];	/* "": none */
	uint16_t port;
	int line;
};

struct site {
	struct conf_location l;
	struct prefix_list address, net;	/* of each Address, both */
	struct prefix_list resolver;
	char path[256];		/* "": known from peers only */
};

struct import {
	struct diags d;
	struct site *site;
	struct peer *peer;
	size_t nsites, npeers, room;
	size_t from;		/* the site whose file is being read */
	bool in_peer, in_interface, failed;
};

/* One of that name with nothing said. */
struct conf_location import_location(const char *name);
/* Takes one file in, a site more; 0, or an exit status: reported. */
int import_read(struct import *im, const char *path);

#endif
