/* SPDX-License-Identifier: ISC */
/* bh-key: make keys, as wg(8) does.  See bh-key(1). */

#include "base/die.h"
#include "base/key.h"
#include "base/version.h"

#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYNOPSIS "genkey | genpsk | pubkey"

/* A secret that others may read is none. */
static void
warn_if_readable(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077) != 0)
		warnx("warning: others may read the file this goes to; "
		    "set umask 077 first");
}

/* Not by stdio, whose buffers nobody wipes. */
static void
print_key(struct key *k)
{
	char line[KEY_STRLEN];

	key_format(k, line);
	line[KEY_STRLEN - 1] = '\n';
	ssize_t n = write(STDOUT_FILENO, line, sizeof(line));
	sodium_memzero(line, sizeof(line));
	key_wipe(k);
	if (n < 0)
		die(EXIT_RETRY, "cannot write the key");
	if (n != sizeof(line))
		diex(EXIT_RETRY, "cannot write the whole key");
}

/* A character of standard input, or EOF. */
static int
next_char(void)
{
	unsigned char c;
	ssize_t n;

	do
		n = read(STDIN_FILENO, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		die(EXIT_RETRY, "cannot read the key");
	return n == 1 ? c : EOF;
}

/* The key, and white space up to the end. */
static bool
read_key(struct key *k)
{
	char text[KEY_STRLEN] = "";
	int c = 0;

	for (size_t i = 0; i < KEY_STRLEN - 1 && (c = next_char()) != EOF; i++)
		text[i] = (char)c;
	bool ok = key_parse(k, text);
	sodium_memzero(text, sizeof(text));
	while (ok && (c = next_char()) != EOF)
		ok = isspace(c);
	return ok;
}

static void
genpsk(void)
{
	struct key k;

	warn_if_readable();
	randombytes_buf(k.b, KEY_LEN);
	print_key(&k);
}

static void
genkey(void)
{
	struct key k;

	warn_if_readable();
	randombytes_buf(k.b, KEY_LEN);
	key_clamp(&k);
	print_key(&k);
}

static void
pubkey(void)
{
	struct key private_key, public_key;

	if (!read_key(&private_key)) {
		key_wipe(&private_key);
		diex(EXIT_FIX, "standard input is not a key: "
		    "44 characters of base64 are wanted");
	}
	key_public(&public_key, &private_key);
	key_wipe(&private_key);
	print_key(&public_key);
}

static const struct {
	const char *name;
	void (*run)(void);
} commands[] = {
	{ "genkey", genkey },
	{ "genpsk", genpsk },
	{ "pubkey", pubkey },
};

static void
parse(int argc, char *argv[])
{
	int opt;

	die_name(argv[0]);
	while ((opt = getopt(argc, argv, "hV")) != -1)
		switch (opt) {
		case 'h':
			printf("usage: bh-key " SYNOPSIS "\n");
			exit(0);
		case 'V':
			printf("bh-key " BH_VERSION "\n");
			exit(0);
		default:
			diex(EXIT_FIX, "usage: bh-key " SYNOPSIS);
		}
	if (argc - optind != 1)
		diex(EXIT_FIX, "usage: bh-key " SYNOPSIS);
}

int
main(int argc, char *argv[])
{
	parse(argc, argv);
	if (sodium_init() < 0)
		diex(EXIT_RETRY, "cannot start libsodium");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[optind], commands[i].name) == 0) {
			commands[i].run();
			return 0;
		}
	diex(EXIT_FIX, "no command '%s'; there are genkey, genpsk and pubkey",
	    argv[optind]);
}
