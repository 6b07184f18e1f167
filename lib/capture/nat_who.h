/* SPDX-License-Identifier: ISC */
#ifndef BH_NAT_WHO_H
#define BH_NAT_WHO_H

/*
 * Answers who was behind an outside address and port: by the state that is
 * there now, by the log's lines about blocks, or by computing it, if the
 * translation was deterministic, from what the log said when it began (an
 * epoch), so that an old question gets its right answer after the domain file
 * has changed.
 */

#include "conf/conf.h"
#include "nat/nat_store.h"

#include <stdbool.h>
#include <stdio.h>

struct nat_question {
	struct addr outside;
	uint16_t port;		/* or identifier of an echo request */
	uint8_t proto;
	uint64_t time;		/* seconds, wall clock; 0: now */
};

struct nat_answer {
	struct addr host;
	uint16_t port;		/* of the host; 0: not known */
	char location[CONF_NAMELEN];
	char rule[128];		/* by what it had the port */
};

/* "ADDRESS:PORT" and "tcp", "udp", "icmp"; "SECONDS" since 1970 or
 * "YYYY-MM-DDTHH:MM:SS" (UTC).  NULL, or what is wrong with it. */
const char *nat_question_parse(struct nat_question *q, const char *outside,
    const char *proto, const char *time);

/* By what is published at a server; by its state; by computing it. */
bool nat_who_published(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf, size_t server);
bool nat_who_state(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf, const struct nat_view *v);
bool nat_who_computed(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf, size_t server);

/* Finds by a server's state who has, or has had, a block since before that
 * time: for what no log reaches back to. */
bool nat_who_held(struct nat_answer *a, const struct nat_question *q,
    const struct conf *cf, const struct nat_view *v);

/* By logs, in the order of time. */
enum { NAT_LOG_LINE = 512 };
struct nat_log_reader;
/* NULL: no memory. */
struct nat_log_reader *nat_log_open(const struct nat_question *q);
/* As if it had just been opened, with another question. */
void nat_log_again(struct nat_log_reader *r, const struct nat_question *q);
/* A line of fewer than NAT_LOG_LINE bytes, whoever has written it; all of a
 * file's, of which a longer one is taken for several. */
void nat_log_line(struct nat_log_reader *r, const char *line);
void nat_log_read(struct nat_log_reader *r, FILE *f);
bool nat_log_answer(struct nat_log_reader *r, struct nat_answer *a);
void nat_log_close(struct nat_log_reader *r);
/* They say something of the port's block at that time, if only that it was
 * nobody's. */
bool nat_log_knows(const struct nat_log_reader *r);
/* There was an epoch: what the domain file says now says nothing of then. */
bool nat_log_has_epoch(const struct nat_log_reader *r);

/* "LOCATION HOST[:PORT] RULE", by tabs. */
void nat_answer_print(const struct nat_answer *a, FILE *out);

#endif
