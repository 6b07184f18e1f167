/* SPDX-License-Identifier: ISC */
/* The log of who had which port: whole lines, bounded, and nothing too old. */
#include "test.h"

#include "base/clock.h"
#include "gate/nat_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINES = 400000 };	/* of 60 bytes: more than all files have */

static char dir[] = "/tmp/journal.XXXXXX", run[64], logs[PATH_MAX];

static void
write_file(unsigned n, uint64_t began, uint64_t number, const char *rest)
{
	char path[NAT_JOURNAL_PATH];
	FILE *f = fopen(nat_journal_file(logs, n, path), "w");

	fprintf(f, "bh-egress: nat %" PRIu64 " file %" PRIu64 "\n%s", began,
	    number, rest);
	fclose(f);
}

static long
size_of(unsigned n)
{
	char path[NAT_JOURNAL_PATH];
	struct stat st;

	return stat(nat_journal_file(logs, n, path), &st) < 0 ? -1 :
	    (long)st.st_size;
}

/* As much as the pipe takes at once; how often it took none. */
static unsigned
write_lines(int fd, unsigned n)
{
	char line[61];
	unsigned full = 0;

	for (unsigned i = 0; i < n;) {
		snprintf(line, sizeof(line), "%-59u\n", i);
		if (write(fd, line, 60) == 60) {
			i++;
		} else {
			full += errno == EAGAIN;
			usleep(100);
		}
	}
	return full;
}

/* The numbers of lines in a file: one after the other; the first and the last,
 * and what the file's own number is. */
static bool
read_file(unsigned n, uint64_t *number, unsigned *first, unsigned *last)
{
	char path[NAT_JOURNAL_PATH], line[200];
	FILE *f = fopen(nat_journal_file(logs, n, path), "r");
	bool right = f != NULL && fgets(line, sizeof(line), f) != NULL;

	*number = right ? nat_journal_number(line) : 0;
	*first = UINT32_MAX;
	while (right && fgets(line, sizeof(line), f) != NULL) {
		unsigned i = (unsigned)strtoul(line, NULL, 10);
		right = strlen(line) == 60 && line[59] == '\n' &&
		    (*first == UINT32_MAX || i == *last + 1);
		if (*first == UINT32_MAX)
			*first = i;
		*last = i;
	}
	if (f != NULL)
		fclose(f);
	return right;
}

static void
ended(int fd)
{
	int status = 1;

	close(fd);
	wait(&status);
	OKF(status == 0, "F24: what has been written is read to its end");
}

static void
test_ring(void)
{
	uint64_t number, newest = 0;
	unsigned first[NAT_JOURNAL_FILES], last[NAT_JOURNAL_FILES], whole = 0;
	unsigned next = LINES;
	int fd = nat_journal_open(run);

	OKF(fd >= 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0,
	    "F24: nobody waits for it");
	write_lines(fd, LINES);
	ended(fd);
	long all = 0;
	unsigned by_number[64] = { 0 };
	for (unsigned i = 0; i < NAT_JOURNAL_FILES; i++) {
		whole += read_file(i, &number, &first[i], &last[i]);
		by_number[number % 64] = i;
		newest = number > newest ? number : newest;
		all += size_of(i);
	}
	/* the newest has just begun, and one may have been cut by its age */
	OKF(whole == NAT_JOURNAL_FILES && all > 14 << 20 &&
	    all <= NAT_JOURNAL_FILES * NAT_JOURNAL_BYTES,
	    "F24: whole lines in %u files of %ld bytes", whole, all);
	for (uint64_t k = newest; k + NAT_JOURNAL_FILES > newest; k--) {
		unsigned i = by_number[k % 64];
		if (last[i] + 1 != next)
			break;
		next = first[i];
	}
	OKF(next < LINES - 250000, "F24: the last %u of them, none missing",
	    LINES - next);
}

static void
test_age(void)
{
	const uint64_t now = clock_wall() / NSEC_SEC, day = 86400;
	char path[NAT_JOURNAL_PATH];

	for (unsigned i = 0; i < NAT_JOURNAL_FILES; i++)
		unlink(nat_journal_file(logs, i, path));
	write_file(3, now - 200 * day, 7, "too old\n");
	write_file(4, now - 170 * day, 8, "old\n");
	write_file(5, now - 30 * day, 9, "cut o");
	int fd = nat_journal_open(run);
	write_lines(fd, 1);
	ended(fd);
	OKF(size_of(3) == 0, "F24: what is older than it may be is gone");
	OKF(size_of(4) > 0, "F24: what is not is not");
	FILE *f = fopen(nat_journal_file(logs, 5, path), "r");
	char text[200] = "";
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	OKF(n > 0 && text[n - 1] == '\n' && strstr(text, "cut o\n") != NULL,
	    "F24: a line that was cut off ends");
	uint64_t number;
	unsigned first, last;
	OKF(read_file(6, &number, &first, &last) && number == 10 &&
	    first == 0, "F24: after so many days another file is begun");
}

static void
test_refusals(void)
{
	char path[NAT_JOURNAL_PATH];

	for (unsigned i = 0; i < NAT_JOURNAL_FILES; i++)
		unlink(nat_journal_file(logs, i, path));
	nat_journal_file(logs, 2, path);
	OKF(symlink("/tmp/elsewhere", path) == 0 && nat_journal_open(run) < 0,
	    "F24: no symbolic link is followed");
	unlink(path);
	chmod(logs, 0777);
	OKF(nat_journal_open(run) < 0,
	    "F24: nothing is written where others can");
	chmod(logs, 0750);
	struct stat st;
	int fd = nat_journal_open(run);
	stat(nat_journal_file(logs, 0, path), &st);
	OKF(fd >= 0 && (st.st_mode & 0777) == 0640, "F24: mode 0640");
	ended(fd);
}

int
main(void)
{
	char buf[PATH_MAX];

	if (mkdtemp(dir) == NULL)
		return 1;
	umask(022);
	snprintf(run, sizeof(run), "%s/hq", dir);
	nat_journal_dir(run, logs);
	OKF(strcmp(nat_journal_dir("/run/backhaul/hq", buf),
	    "/var/log/backhaul/hq") == 0, "F24: where logs are");
	test_ring();
	test_age();
	test_refusals();
	char path[NAT_JOURNAL_PATH];
	for (unsigned i = 0; i < NAT_JOURNAL_FILES; i++)
		unlink(nat_journal_file(logs, i, path));
	rmdir(logs);
	rmdir(dir);
	return DONE();
}
