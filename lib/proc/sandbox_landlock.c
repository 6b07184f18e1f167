/* SPDX-License-Identifier: ISC */
#include "proc/sandbox_landlock.h"

#include "base/die.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/*
 * Landlock, without the header of any particular kernel: which rights each
 * version of its ABI knows (landlock(7)).  All that are known are taken, and
 * no rule gives one back.
 */
static const struct {
	int abi;
	uint64_t fs, net, scoped;
} rights[] = {
	{ 1, 0x1fff, 0, 0 },	/* files and directories */
	{ 2, 0x3fff, 0, 0 },	/* links between directories */
	{ 3, 0x7fff, 0, 0 },	/* truncate */
	{ 4, 0x7fff, 3, 0 },	/* TCP bind and connect */
	{ 5, 0xffff, 3, 0 },	/* ioctl of devices opened from now on */
	{ 6, 0xffff, 3, 3 },	/* abstract sockets and signals */
};
#define NEWEST rights[COUNT(rights) - 1].abi

enum {
	READ = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
		LANDLOCK_ACCESS_FS_READ_DIR,
	MAKE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
		LANDLOCK_ACCESS_FS_MAKE_REG,
	TRUNCATE = 1 << 14,	/* since ABI 3 */
};

int
landlock_version(void)
{
	long abi = syscall(__NR_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : abi > NEWEST ? NEWEST : (int)abi;
}

/* Of those that are handled. */
static void
allow(int ruleset, const char *dir, uint64_t access)
{
	struct landlock_path_beneath_attr below = { .allowed_access = access,
		.parent_fd = open(dir, O_PATH | O_CLOEXEC) };

	if (below.parent_fd < 0)
		return;
	if (syscall(__NR_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &below, 0) < 0)
		die(EXIT_RETRY, "cannot allow access to %s", dir);
	close(below.parent_fd);
}

bool
landlock_enter(bool connects, const char *dir)
{
	struct {
		uint64_t fs, net, scoped;
	} attr = { 0 };
	int abi = landlock_version();

	if (abi == 0)
		return false;
	for (size_t i = 0; i < COUNT(rights) && rights[i].abi <= abi; i++) {
		attr.fs = rights[i].fs;
		attr.net = connects ? 0 : rights[i].net;
		attr.scoped = rights[i].scoped;
	}
	int fd = (int)syscall(__NR_landlock_create_ruleset, &attr,
	    sizeof(attr), 0);
	if (fd >= 0 && dir != NULL) {
		allow(fd, "/", READ);
		allow(fd, dir, (MAKE | TRUNCATE) & attr.fs);
	}
	if (fd < 0 || syscall(__NR_landlock_restrict_self, fd, 0) < 0)
		die(EXIT_RETRY, "cannot restrict access by landlock");
	close(fd);
	return true;
}
