/* SPDX-License-Identifier: ISC */
/* Files that a program writes to while another reads them: the writer is an
 * enemy, who changes what was just checked. */
#include "natworld.h"

#include "capture/nat_who.h"
#include "nat/nat_store.h"
#include "proc/counters.h"
#include "tunnel/stampfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PEERS = 64, READS = 3000 };

static char dir[] = "/tmp/bh-shared.XXXXXX";

/* Maps a file of ours as its program has it. */
static void *
map_file(const char *name, size_t *size)
{
	char path[200];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_RDWR);
	if (fd < 0 || fstat(fd, &st) < 0)
		exit(111);
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	close(fd);
	*size = (size_t)st.st_size;
	return p;
}

/* A process that puts one value after the other there, as fast as it can. */
static pid_t
flip(volatile uint32_t *at, const uint32_t *value, size_t n)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0;; i++)
		*at = value[i % n];
}

static void
stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool
is_clean(const char *s, size_t room)
{
	size_t n = strnlen(s, room);

	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return n < room;
}

static void
test_counters(void)
{
	static const uint32_t lies[] = { PEERS, 1370, PEERS, UINT32_MAX, PEERS,
		0 };
	struct counters *c = counters_create(dir, "bh-tunnel", PEERS);
	unsigned bad = 0, got = 0, other = 0;
	uint32_t n;

	memset(c->program, 'x', sizeof(c->program));
	for (int i = 0; i < PEERS; i++) {
		memset(c->peer[i].name, i % 2 ? '\x1b' : 'x',
		    sizeof(c->peer[i].name));
		memset(c->peer[i].state, 0x9b, sizeof(c->peer[i].state));
	}
	pid_t pid = flip(&c->npeers, lies, sizeof(lies) / sizeof(lies[0]));
	/* the writer may have no turn for long */
	for (int i = 0; i < READS || got == 0; i++) {
		struct counters *a = counters_all(dir, "bh-tunnel");
		other += a == NULL && errno != EPROTO;
		if (a == NULL)
			continue;
		got++;
		bad += a->npeers != PEERS ||
		    !is_clean(a->program, sizeof(a->program));
		for (int k = 0; k < PEERS; k++)
			bad += !is_clean(a->peer[k].name, COUNTERS_NAMELEN) ||
			    !is_clean(a->peer[k].state, 8);
		free(a);
	}
	stop(pid);
	OKF(bad == 0 && other == 0 && got > 0, "H7: counters while npeers "
	    "changes: %u of %d reads, all sound", got, READS);
	c->npeers = PEERS;
	const struct counters *live = counters_map(dir, "bh-tunnel", &n);
	c->npeers = UINT32_MAX;
	OKF(live != NULL && n == PEERS, "H7: who watches counters knows by the "
	    "file's size how many there are");
	counters_close(c, PEERS);
}

/* Its size is that of no number of peers, or of too many. */
static void
test_sizes(void)
{
	char path[200];
	size_t size;

	counters_close(counters_create(dir, "bh-egress", 2), 2);
	struct counters *c = map_file("bh-egress.stat", &size);
	snprintf(path, sizeof(path), "%s/bh-egress.stat", dir);
	for (size_t i = 0; i <= size; i += i < 64 ? 1 : 13) {
		if (truncate(path, (off_t)i) < 0)
			exit(111);
		if (i < size && counters_read(dir, "bh-egress") != NULL)
			OKF(false, "H7: %zu bytes are no counters", i);
	}
	if (truncate(path, (off_t)1 << 40) < 0)
		exit(111);
	OKF(counters_read(dir, "bh-egress") == NULL && errno == EPROTO,
	    "H7: nor is a terabyte of holes");
	munmap(c, size);
	unlink(path);
	OK(mkfifo(path, 0600) == 0);
	OKF(counters_read(dir, "bh-egress") == NULL,
	    "H7: a pipe is neither, and nobody waits for it");
	unlink(path);
}

/* ---- a translator's state ---- */

static int
nowhere(const void *arg, const struct addr *inside)
{
	(void)arg;
	(void)inside;
	return 0;
}

static void
test_nat(void)
{
	static struct world w;
	struct conf cf = { 0 };
	struct nat_question q = { .port = 2000, .proto = PROTO_UDP };
	struct nat_answer a;
	struct nat_view v;
	char path[200];
	size_t size;
	unsigned got = 0, bad = 0;

	world_config(&w, 2);
	w.cfg.flows = 1024;
	snprintf(path, sizeof(path), "%s/bh-egress.nat", dir);
	struct nat_store s = { .path = path, .place = nowhere };
	nat_store_open(&w.nat, &w.cfg, &s, NSEC_SEC, NSEC_SEC);
	struct nat_image *m = map_file("bh-egress.nat", &size);
	/* flows, npool, block: one after the other */
	for (int which = 0; which < 3; which++) {
		uint32_t *at[] = { &m->flows, &m->npool, &m->block };
		uint32_t was = *at[which];
		const uint32_t lies[] = { was, UINT32_MAX / 2, was, 0, was,
			UINT32_MAX };
		pid_t pid = flip(at[which], lies, 6);
		for (int i = 0; i < READS / 3 || got == 0; i++) {
			if (nat_view_open(&v, path) < 0) {
				bad += errno != EPROTO;
				continue;
			}
			got++;
			bad += v.image.flows != 1024 || v.image.npool != w.cfg.npool;
			q.outside = v.pool[0];
			nat_who_state(&a, &q, &cf, &v);
			nat_view_close(&v);
		}
		stop(pid);
		*at[which] = was;
	}
	OKF(bad == 0 && got > 0, "H7: a translator's state while its lengths "
	    "change: %u of %d reads, all sound", got, READS);
}

/* ---- a log, which whoever has its descriptor writes ---- */

static void
test_log(void)
{
	static char log[] =
	    "bh-egress: nat 5 take 198.51.100.1:1024-1535 b\x1b[1m\x9b 10.1.0.5\n"
	    "bh-egress: nat 6 take 198.51.100.1:1024-1535\x1b[1m b 10.1.0.6\n"
	    "bh-egress: nat 6 take 198.51.100.1:1024-1535:\x1b[1m b 10.1.0.6\n";
	struct nat_answer a;
	struct nat_question q;

	nat_question_parse(&q, "198.51.100.1:1030", "tcp", "9");
	struct nat_log_reader *r = nat_log_open(&q);
	FILE *f = fmemopen(log, sizeof(log) - 1, "r");
	nat_log_read(r, f);
	fclose(f);
	bool found = nat_log_answer(r, &a);
	struct nat_answer none;
	nat_log_again(r, &q);
	OKF(!nat_log_answer(r, &none) && !nat_log_knows(r),
	    "a reader that begins anew knows nothing of the log before");
	nat_log_close(r);
	OKF(found && strcmp(a.location, "b?[1m?") == 0 &&
	    addr_eq(&a.host, &(struct addr){ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255,
	    255, 10, 1, 0, 5 } }) &&
	    strcmp(a.rule, "block 1024-1535 since 5") == 0,
	    "H7: what a log calls a location is no word for a terminal");
}

static bool
log_answers(const char *line, unsigned port)
{
	struct nat_answer a;
	struct nat_question q = { .port = (uint16_t)port, .proto = PROTO_TCP,
		.time = 9 };

	addr_parse(&q.outside, "198.51.100.1");
	struct nat_log_reader *r = nat_log_open(&q);
	nat_log_line(r, line);
	nat_log_line(r, "bh-egress: nat 3 pool 0 198.51.100.1");
	nat_log_line(r, "bh-egress: nat 3 hosts 0 4294967295 10.1.0.0 b");
	bool found = nat_log_answer(r, &a);
	nat_log_close(r);
	return found;
}

/* Fuzzing found an epoch of block=-5 that answered "1024-1018". */
static void
test_ranges(void)
{
	static const char *const sizes[] = { "-5", "63", "8193", "x", "" };
	char line[128];

	OK(log_answers("bh-egress: nat 3 epoch block=8192", 58367));
	OKF(!log_answers("bh-egress: nat 3 epoch block=8192", 58368),
	    "7422: behind the last whole block a port is nobody's");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(line, sizeof(line), "bh-egress: nat 3 epoch block=%s",
		    sizes[i]);
		OKF(!log_answers(line, 1024), "H7: a log with blocks of '%s' "
		    "ports says nothing", sizes[i]);
	}
	OK(log_answers("bh-egress: nat 5 take 198.51.100.1:1024-65535 b "
	    "10.1.0.5", 2000));
	OKF(!log_answers("bh-egress: nat 5 take 198.51.100.1:1024-65536 b "
	    "10.1.0.5", 2000) && !log_answers("bh-egress: nat 5 take "
	    "198.51.100.1:1024-+9999 b 10.1.0.5", 2000),
	    "H7: nor does one with a range that is none");
}

/* ---- time stamps ---- */

static void
test_stamps(void)
{
	struct device *d = device_new(DEVICE_KEYS, 4,
	    (const uint8_t[DEVICE_RANDOM]){ 0 });
	struct stampfile *f = stampfile_open(dir, d, 4);
	size_t size;
	uint32_t *m = map_file("bh-tunnel.stamps", &size);

	m[3] = UINT32_MAX;	/* how many there are */
	stampfile_recall(f, d, 4);
	OKF(m[3] == UINT32_MAX, "H7: time stamps are as many as they were at "
	    "first, whatever the file says now");
	device_free(d);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 111;
	test_counters();
	test_sizes();
	test_nat();
	test_log();
	test_ranges();
	test_stamps();
	if (chdir(dir) == 0) {
		unlink("bh-tunnel.stat");
		unlink("bh-egress.nat");
		unlink("bh-tunnel.stamps");
		rmdir(dir);
	}
	return DONE();
}
