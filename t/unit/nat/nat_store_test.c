/* SPDX-License-Identifier: ISC */
/* The translator's state as a file: what is in it, what is taken over from it,
 * and what is no such file. */
#include "natworld.h"

#include "nat/nat_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FLOWS = 100, NOW = 5000, WALL = 1700000000 };

static struct world w;
static char dir[] = "/tmp/nat-store-XXXXXX", path[64];

static int
whose(const void *arg, const struct addr *inside)
{
	return inside->b[13] == 1 ? *(const int *)arg : -1;
}

/* What the process has open, and has of the directory's files in memory. */
static unsigned
open_files(void)
{
	unsigned n = 0;
	DIR *d = opendir("/proc/self/fd");

	while (d != NULL && readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static unsigned
mappings(void)
{
	char line[512];
	unsigned n = 0;
	FILE *f = fopen("/proc/self/maps", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, dir) != NULL;
	fclose(f);
	return n;
}

static size_t
start(const char *file, bool offline)
{
	static int site = 1;
	struct nat_store s = { .path = file, .offline = offline,
		.key = "not a secret", .place = whose, .arg = &site };

	world_config(&w, 2);
	w.cfg.flows = FLOWS;
	w.cfg.block = 64;
	w.now = NOW * NSEC_SEC;
	return nat_store_open(&w.nat, &w.cfg, &s, w.now, WALL * NSEC_SEC);
}

static bool
sends(uint16_t port)
{
	return out(&w, 1, (struct leg){ .proto = PROTO_UDP, .src = "10.1.0.5",
	    .sport = port, .dst = "203.0.113.7", .dport = 53,
	    .payload = 8 });
}

static void
put(const char *file, long at, const void *p, size_t n)
{
	FILE *f = fopen(file, "r+");

	fseek(f, at, SEEK_SET);
	fwrite(p, n, 1, f);
	fclose(f);
}

static void
boot_of(uint8_t boot[16])
{
	char text[40] = "";
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");

	memset(boot, 0, 16);
	for (int i = 0; fgets(text, 37, f) != NULL && i < 36; i++)
		for (; i < 36; i++)
			boot[i % 16] ^= (uint8_t)(text[i] * (i + 1));
	fclose(f);
}

static void
test_file(void)
{
	struct nat_view v;
	struct stat st;
	uint8_t boot[16];
	unsigned fds = open_files();

	OKF(start(NULL, false) == 0 && sends(5000) && open_files() == fds &&
	    mappings() == 0, "state: in memory, without a file");
	OKF(start(path, false) == 0 && sends(5000) && sends(5001) &&
	    sends(5002), "state: begun anew");
	nat_tick(&w.nat, (NOW + 7) * NSEC_SEC, NAT_SWEEP);
	OKF(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600 &&
	    mappings() == 1 && open_files() == fds,
	    "state: nobody else reads it, and nothing is left open");
	OKF(nat_view_open(&v, path) == 0 && v.image.flows == FLOWS &&
	    v.image.npool == w.cfg.npool && v.image.block == 64 &&
	    v.image.version == NAT_IMAGE_VERSION &&
	    v.image.wall == WALL - NOW && v.image.clock == NOW + 7,
	    "state: says what it is of");
	boot_of(boot);
	OKF(memcmp(v.image.boot, boot, sizeof(boot)) == 0,
	    "state: whose clock it is");
	OKF(memcmp(v.pool, w.pool, w.cfg.npool * sizeof(*v.pool)) == 0 &&
	    v.rec.flow[1].inside_port == 5000 &&
	    v.rec.flow[3].inside_port == 5002 && v.rec.flow[4].seal == 0 &&
	    v.rec.run[1].site == 1, "state: the pool and the flows");
	unsigned owners = 0;
	for (uint32_t b = 0; b < nat_ports_blocks(&w.cfg); b++)
		owners += v.rec.owner[b].seal != 0;
	OKF(owners == 1, "state: and who has which block");
	OKF(mappings() == 2 && open_files() == fds, "state: a second look");
	nat_view_close(&v);
	OKF(mappings() == 1, "state: that ends");
}

static void
test_taken_over(void)
{
	static const uint8_t other[16] = "another boot";
	unsigned fds = open_files(), maps = mappings();

	OKF(start(path, false) == 3 && w.nat.table.used == 3 && sends(5001) &&
	    w.nat.table.used == 3, "state: taken over");
	OKF(open_files() == fds && mappings() <= maps + 1,
	    "state: and the old one is let go");
	put(path, offsetof(struct nat_image, boot), other, sizeof(other));
	OKF(start(path, false) == 0 && w.nat.table.used == 0,
	    "state: not from before the last boot");
	/* a capture's clock is the file's */
	unlink(path);
	OKF(start(path, true) == 0 && sends(5000), "state: of captures");
	nat_tick(&w.nat, (NOW + 100) * NSEC_SEC, NAT_SWEEP);
	sends(5001);
	OKF(start(path, true) == 2 && w.nat.wheel.at == NOW + 100,
	    "state: goes on where a capture ended");
}

static bool
is_refused(const char *file, int with)
{
	struct nat_view v;
	unsigned fds = open_files(), maps = mappings();

	errno = 0;
	return nat_view_open(&v, file) == -1 && errno == with &&
	    open_files() == fds && mappings() == maps;
}

static void
test_no_image(void)
{
	static const struct {
		const char *what;
		size_t at;
		uint32_t value;
	} row[] = {
		{ "magic", offsetof(struct nat_image, magic), 0x616e2d61 },
		{ "magic's end", 4, 0x000b7461 },
		{ "version", offsetof(struct nat_image, version), 1 },
		{ "next version", offsetof(struct nat_image, version), 3 },
		{ "pool", offsetof(struct nat_image, npool), 4097 },
		{ "no pool", offsetof(struct nat_image, npool), 0 },
		{ "block", offsetof(struct nat_image, block), 63 },
		{ "large block", offsetof(struct nat_image, block), 8193 },
		{ "flows", offsetof(struct nat_image, flows), FLOWS + 3 },
		{ "many flows", offsetof(struct nat_image, flows),
		    0x80000000 },
	};
	struct nat_view v;
	struct nat_image m;
	struct stat st;
	char file[80];

	nat_view_open(&v, path);
	m = v.image;
	nat_view_close(&v);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		put(path, (long)row[i].at, &row[i].value, 4);
		OKF(is_refused(path, EPROTO), "state: no image: %s",
		    row[i].what);
		put(path, 0, &m, sizeof(m));
	}
	OKF(nat_view_open(&v, path) == 0, "state: it was those");
	nat_view_close(&v);
	stat(path, &st);
	if (truncate(path, st.st_size - 1) == 0)
		OKF(is_refused(path, EPROTO), "state: a byte is missing");
	if (truncate(path, st.st_size + 64) == 0)
		OKF(is_refused(path, EPROTO), "state: a line too many");
	if (truncate(path, 63) == 0)
		OKF(is_refused(path, EPROTO), "state: less than a line");
	OKF(start(path, false) == 0 && nat_view_open(&v, path) == 0,
	    "state: beginning anew replaces it");
	nat_view_close(&v);
	OKF(is_refused(dir, EPROTO), "state: a directory");
	snprintf(file, sizeof(file), "%s/none", dir);
	OKF(is_refused(file, ENOENT), "state: none");
	if (symlink(path, file) == 0)
		OKF(is_refused(file, ELOOP), "state: a link");
	unlink(file);
	if (mkfifo(file, 0600) == 0)
		OKF(is_refused(file, EPROTO), "state: a pipe");
	unlink(file);
}

/* What a process ends with that opens it, of so many bytes at most. */
static int
status_of(const char *file, rlim_t most)
{
	int status = 0;
	fflush(stdout);		/* or the child says it again */
	pid_t pid = fork();

	if (pid == 0) {
		const struct rlimit size = { most, most };
		setrlimit(RLIMIT_FSIZE, &size);
		start(file, false);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* It says at once that it cannot, and is not there by half. */
static void
test_refused(void)
{
	char file[80];

	fflush(stdout);
	snprintf(file, sizeof(file), "%s/none/nat", dir);
	OKF(status_of(file, RLIM_INFINITY) == 111, "state: no directory");
	OKF(status_of(path, 4096) == 111, "state: a disk that is full");
	OKF(status_of(dir, RLIM_INFINITY) == 111, "state: a directory's name");
	OKF(status_of(path, RLIM_INFINITY) == 0, "state: else it can");
	snprintf(file, sizeof(file), "%s.new", dir);
	unlink(file);
	snprintf(file, sizeof(file), "%s.new", path);
	unlink(file);
}

/* So many flows that the file is all holes. */
static void
test_many_flows(void)
{
	struct nat_image m;
	struct nat_view v;
	uint32_t most = UINT32_MAX / 2;

	nat_view_open(&v, path);
	m = v.image;
	off_t others = (off_t)v.size - (FLOWS + 1) * 64 -
	    (((FLOWS + 1) * 24 + 63) & ~63);
	nat_view_close(&v);
	for (uint32_t more = 0; more < 2; more++) {
		off_t flows = (off_t)most + 1 + more;
		m.flows = most + more;
		put(path, 0, &m, sizeof(m));
		if (truncate(path, others + flows * 64 +
		    ((flows * 24 + 63) & ~(off_t)63)) < 0)
			continue;
		OKF(more ? is_refused(path, EPROTO) :
		    nat_view_open(&v, path) == 0, "state: %u flows", m.flows);
		if (!more)
			nat_view_close(&v);
	}
}

/* What npool and block may be at most. */
static void
test_limits(void)
{
	static struct addr pool[NAT_POOL_MAX];
	static struct nat nat;
	struct nat_config cfg = { .pool = pool, .npool = NAT_POOL_MAX,
		.flows = 2, .block = NAT_BLOCK_MAX };
	struct nat_store s = { .path = path };
	struct nat_view v;

	unlink(path);
	nat_store_open(&nat, &cfg, &s, NSEC_SEC, NSEC_SEC);
	OKF(nat_view_open(&v, path) == 0 && v.image.npool == NAT_POOL_MAX,
	    "state: the largest pool and blocks");
	nat_view_close(&v);
}

int
main(void)
{
	/* files may be bounded where this runs, t/mutate's are */
	signal(SIGXFSZ, SIG_IGN);
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/nat", dir);
	test_file();
	test_taken_over();
	test_no_image();
	test_many_flows();
	test_limits();
	test_refused();
	unlink(path);
	OKF(rmdir(dir) == 0, "state: no other file is left");
	return DONE();
}
