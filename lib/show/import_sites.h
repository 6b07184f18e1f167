/* SPDX-License-Identifier: ISC */
#ifndef BH_IMPORT_SITES_H
#define BH_IMPORT_SITES_H

/* The sites and peers that the importer has read. */

#include "conf/conf.h"
#include "conf/prefixes.h"
#include "conf/value.h"

enum { IMPORT_PEERS_MAX = 4096 };

/* One [Peer] of one file. */
struct peer {
	size_t from, to;		/* sites */
	struct key key, psk;		/* psk: zero if there is none */
	struct prefix_list allowed;	/* without the default routes */
	bool all;			/* with one */
	char host[VALUE_HOSTLEN];	/* "": none */
	uint16_t port;
	int line;
	bool told;			/* what it reaches through the other */
};

struct site {
	struct conf_location l;
	struct key key;				/* private */
	struct prefix_list address, net;	/* of each Address, both */
	struct prefix_list resolver;
	char path[256];		/* "": known from peers only */
};

/* A prefix of some site's. */
struct claim {
	struct prefix p;
	size_t owner;
};

struct import {
	struct diags d;
	struct site *site;
	struct peer *peer;
	size_t nsites, npeers;
	struct claim *claim;	/* of all, in order */
	size_t nclaims;
	const char *keydir;	/* where secrets go; NULL: nowhere */
	size_t from;		/* the site whose file is being read */
	int line;
	bool in_peer, in_interface;
	bool lost;		/* in a section that is none: reported */
	bool failed;
};

/* One of that name with nothing said. */
struct conf_location import_location(const char *name);
/* Takes one file in, a site more; 0, or an exit status: reported.  Of a text
 * that the caller has, with room for one byte more, some bytes are changed. */
int import_read(struct import *im, const char *path);
int import_text(struct import *im, const char *path, char *text, size_t n);
/* What they say together, of so many files; 0, or an exit status: reported. */
int import_combine(struct import *im, size_t files, FILE *out);
/* Nothing of a secret stays in memory, and there are no sites. */
void import_forget(struct import *im);
/* Puts the secrets into files of the key directory, each host's into a
 * directory of its own if there are several; 0, or an exit status: reported. */
int import_keys(const struct import *im, size_t files);

#endif
