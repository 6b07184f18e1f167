/* SPDX-License-Identifier: ISC */
#ifndef BH_T_FUZZ_FILE_H
#define BH_T_FUZZ_FILE_H

/* Inputs as files in memory, for what opens them by name. */

#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* An empty directory of our own, which is gone when we are. */
static char file_room[] = "/dev/shm/bh-fuzz.XXXXXX";

static inline void
file_clear(void)
{
	static const char *const name[] = { "bh-tunnel.stat",
		"bh-tunnel-keys.stat", "bh-egress.nat", "bh-egress.nat.new",
		"test.link" };
	char path[64];

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", file_room, name[i]);
		unlink(path);
	}
	rmdir(file_room);
}

static inline const char *
file_dir(void)
{
	static bool made;

	if (!made) {
		must(mkdtemp(file_room) != NULL);
		atexit(file_clear);
	}
	made = true;
	return file_room;
}

static inline const char *
file_path(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", file_dir(), name);
	return path;
}

static inline void
file_write(const char *name, const void *p, size_t n)
{
	int fd = open(file_path(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	must(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	close(fd);
}

#endif
