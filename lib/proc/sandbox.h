/* SPDX-License-Identifier: ISC */
#ifndef BH_SANDBOX_H
#define BH_SANDBOX_H

/*
 * Nothing left to regret: after sandbox_enter a program has no privileges,
 * opens no file, makes no socket and starts no process.
 */

enum sandbox {
	SANDBOX_GATE,	/* bh-classify, bh-egress: a TUN and a link */
	SANDBOX_TUNNEL, /* bh-tunnel: UDP, links, getrandom(2) */
	SANDBOX_ALONE,	/* the same with a TUN, and other sockets that the
			 * next has made */
	SANDBOX_KEYS,	/* its process that has the keys */
	SANDBOX_ALONE_KEYS, /* the same, and other ports */
	SANDBOX_SPARE,	/* starts SANDBOX_KEYS again when it has died */
	SANDBOX_WATCH,	/* bh-classify -i: a capture, and memory to sort it */
	SANDBOX_UAPI,	/* the part of bh-tunnel that wg(8) talks to */
	SANDBOX_RESOLVE, /* a resolver library: sockets, and memory */
	SANDBOX_JOURNAL, /* of bh-egress: a pipe, and files to append to */
	SANDBOX_FILES,	/* reads what everybody may read, for who may not */
	SANDBOX_NAMES,	/* starts SANDBOX_RESOLVE when it has ended; reads what
			 * everybody may read */
};

/*
 * From now on none of the layers is gone without: whatever the kernel does not
 * know, or does not let us have, is an exit with EXIT_FIX and a line that names
 * it, now, before anything is begun.  So is a build that is for tests.
 */
void sandbox_require(void);

/*
 * In this order: no line of the log is waited for (die_hurry); no core, and
 * nothing of what has keys in any dump or swapped out; an empty network (not
 * SANDBOX_ALONE_KEYS, _RESOLVE, _NAMES: they make sockets) and IPC, UTS and
 * cgroup namespaces of its own; an empty root directory, if started as root
 * (not SANDBOX_FILES, _NAMES); no-new-privs; the bounding
 * set empty; user and group of `user', one of those in bh(7), no other groups,
 * read back (left alone when not started as root); all capabilities gone
 * (SANDBOX_ALONE_KEYS: but what a mark and a port below 1024 need); not
 * dumpable, no new process (but of SANDBOX_SPARE and _NAMES); landlock without
 * a single rule (not SANDBOX_FILES, _NAMES), where the kernel has it; a seccomp
 * allow-list that kills.  Dies with EXIT_RETRY if a layer cannot be put in
 * force, EXIT_FIX if the user is none of them or root.
 */
void sandbox_enter(enum sandbox which, const char *user);
/* From SANDBOX_SPARE or _NAMES, in the process it has started: what is left to
 * do. */
void sandbox_narrow(enum sandbox which);
/*
 * For bh-bolt, which has a table of nftables and asks bh-plan what is to be in
 * it: it stays root by name, since the domain file is root's, with
 * CAP_NET_ADMIN, which no program that it runs has.  It reads files, writes in
 * that directory alone, and signals nobody else (landlock); no filter, since
 * libnftables and another program are not ours to list the calls of.
 */
void sandbox_bolt(const char *dir);

#endif
