/* SPDX-License-Identifier: ISC */
/* Keys: text and back, files, X25519. */
#include "proc/keyfile.h"

#include "test.h"
#include "vectors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char good[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

static void
test_text(void)
{
	static const char *const bad[] = {
		"",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8==",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
		" AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		/* bits set that no byte has: a second text of one key */
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-=",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH===",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A",
		"AAECAwQFBgcICQoL DA0ODxAREhMUFRYXGBkaGxwdHh8",
	};
	struct key k, back;
	char text[KEY_STRLEN];
	bool counts = true, turns = true;

	OK(key_parse(&k, good));
	for (int i = 0; i < KEY_LEN; i++)
		counts = counts && k.b[i] == i;
	OKF(counts, "base64 gives the bytes 0..31");
	OK(strcmp(key_format(&k, text), good) == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&k, 1, sizeof(k));
		OKF(!key_parse(&k, bad[i]) && key_is_zero(&k),
		    "no key, no. %zu", i);
	}
	for (int i = 0; i < 1000; i++) {
		randombytes_buf(k.b, KEY_LEN);
		turns = turns && key_parse(&back, key_format(&k, text)) &&
		    key_eq(&k, &back);
	}
	OKF(turns, "1000 random keys to text and back");
	back.b[31] ^= 0x80;
	OK(!key_eq(&k, &back));
	OK(!key_is_zero(&k));
	key_wipe(&k);
	OK(key_is_zero(&k));
}

/* Reads a file of this content and mode: 0, or what went wrong. */
static enum keyfile
read_file(const char *text, mode_t mode, uid_t owner)
{
	char path[] = "/tmp/key_test.XXXXXX";
	struct key k;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 ||
	    fchmod(fd, mode) < 0 || fchown(fd, owner, (gid_t)-1) < 0)
		printf("Bail out! %s\n", strerror(errno));
	close(fd);
	enum keyfile what = keyfile_read(&k, path);
	unlink(path);
	return what;
}

static void
test_files(void)
{
	char line[128];
	uid_t me = geteuid();
	struct key k;

	snprintf(line, sizeof(line), "%s\n", good);
	OK(read_file(line, 0600, me) == KEYFILE_GOOD);
	OK(read_file(good, 0400, me) == KEYFILE_GOOD);
	OKF(read_file(line, 0640, me) == KEYFILE_OPEN,
	    "refuses a file of the group");
	OKF(read_file(line, 0604, me) == KEYFILE_OPEN,
	    "refuses a file of all");
	OKF(me != 0 || read_file(line, 0600, 1000) == KEYFILE_OWNER,
	    "refuses another user's file");
	OKF(read_file("", 0600, me) == KEYFILE_BAD, "refuses an empty file");
	OKF(read_file("\n", 0600, me) == KEYFILE_BAD,
	    "refuses an empty line");
	snprintf(line, sizeof(line), "%s\n\n", good);
	OKF(read_file(line, 0600, me) == KEYFILE_BAD, "refuses two lines");
	snprintf(line, sizeof(line), "%s\n%s\n", good, good);
	OKF(read_file(line, 0600, me) == KEYFILE_BAD, "refuses two keys");
	OK(keyfile_read(&k, "/nonexistent/key") == KEYFILE_NONE &&
	    errno == ENOENT);
	OK(keyfile_read(&k, "/") == KEYFILE_NONE && errno == EISDIR);
}

/* The wrapper equals each vector, but for the zero results it refuses. */
static void
test_x25519(void)
{
	FILE *fp = fopen("t/data/x25519.txt", "r");
	static struct vector v;
	unsigned ran = 0, zero = 0;
	struct key k[3], shared;

	for (; fp != NULL && vector_next(&v, fp); ran++) {
		for (int i = 0; i < 3; i++)
			memcpy(k[i].b, v.f[i].b, KEY_LEN);
		memset(&shared, 1, sizeof(shared));
		bool ok = key_agree(&shared, &k[0], &k[1]);
		if (ok == key_is_zero(&k[2]) || !key_eq(&shared, &k[2]))
			OKF(false, "W22 %s", v.name);
		zero += key_is_zero(&k[2]);
	}
	OKF(ran == 518 && zero == 31, "W22 X25519: the vectors of Wycheproof, "
	    "%u, of which %u are refused", ran, zero);
	if (fp != NULL)
		fclose(fp);
}

static void
test_clamp(void)
{
	struct key k, clamped, a, b;

	memset(&k, 0xff, sizeof(k));
	clamped = k;
	key_clamp(&clamped);
	OK(clamped.b[0] == 0xf8 && clamped.b[31] == 0x7f &&
	    clamped.b[1] == 0xff);
	memset(&k, 0, sizeof(k));
	clamped = k;
	key_clamp(&clamped);
	OK(clamped.b[0] == 0 && clamped.b[31] == 0x40);
	randombytes_buf(k.b, KEY_LEN);
	clamped = k;
	key_clamp(&clamped);
	key_public(&a, &k);
	key_public(&b, &clamped);
	OKF(key_eq(&a, &b), "clamping does not change the public key");
}

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	test_text();
	test_files();
	test_x25519();
	test_clamp();
	return DONE();
}
