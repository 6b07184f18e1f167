/* SPDX-License-Identifier: ISC */
/* bh-key: make keys, as wg(8) does, and look at those that are there.  See
 * bh-key(1). */

#include "base/die.h"
#include "base/key.h"
#include "start/start.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYNOPSIS \
	"[-o FILE] genkey | genpsk\npubkey\n" \
	"[-f FILE] [-k KEYDIR] [-l LOCATION] check"

struct options {
	struct start start;
	const char *keydir;		/* -k */
	const char *file;		/* -o; NULL: standard output */
	bool looks;			/* an option of check was given */
};

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
static bool
put_key(int fd, struct key *k)
{
	char line[KEY_STRLEN];

	key_format(k, line);
	line[KEY_STRLEN - 1] = '\n';
	ssize_t n = write(fd, line, sizeof(line));
	sodium_memzero(line, sizeof(line));
	key_wipe(k);
	if (n >= 0 && n != sizeof(line))
		errno = ENOSPC;
	return n == sizeof(line);
}

static void
print_key(struct key *k)
{
	if (!put_key(STDOUT_FILENO, k))
		die(EXIT_RETRY, "cannot write the key");
}

/* A new file, which nobody but its owner may read: a key that is there is not
 * lost. */
static int
make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		diex(EXIT_FIX, "there is %s already; remove it first", path);
	if (fd < 0)
		die(errno == ENOENT ? EXIT_FIX : EXIT_RETRY, "cannot make %s",
		    path);
	return fd;
}

static void
put_secret(const struct options *o, struct key *k)
{
	if (o->file == NULL) {
		warn_if_readable();
		print_key(k);
		return;
	}
	int fd = make_file(o->file);
	if (put_key(fd, k) && fsync(fd) == 0 && close(fd) == 0)
		return;
	int error = errno;
	unlink(o->file);	/* which has no key, or may lose it */
	errno = error;
	die(EXIT_RETRY, "cannot write %s", o->file);
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

static int
genpsk(const struct options *o)
{
	struct key k;

	randombytes_buf(k.b, KEY_LEN);
	put_secret(o, &k);
	return 0;
}

static int
genkey(const struct options *o)
{
	struct key k;

	randombytes_buf(k.b, KEY_LEN);
	key_clamp(&k);
	put_secret(o, &k);
	return 0;
}

static int
pubkey(const struct options *o)
{
	struct key private_key, public_key;

	(void)o;
	if (!read_key(&private_key)) {
		key_wipe(&private_key);
		diex(EXIT_FIX, "standard input is not a key: "
		    "44 characters of base64 are wanted");
	}
	key_public(&public_key, &private_key);
	key_wipe(&private_key);
	print_key(&public_key);
	return 0;
}

static int
check(const struct options *o)
{
	struct conf cf;

	start_conf(&cf, &o->start);
	return start_keys_fit(&cf, start_location(&cf, &o->start),
	    o->keydir) ? 0 : EXIT_FIX;
}

static const struct command {
	const char *name;
	int (*run)(const struct options *o);
	bool makes, looks;		/* takes -o; takes -f, -k and -l */
} commands[] = {
	{ "genkey", genkey, true, false },
	{ "genpsk", genpsk, true, false },
	{ "pubkey", pubkey, false, false },
	{ "check", check, false, true },
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	diex(EXIT_FIX, "no command '%s'; there are genkey, genpsk, pubkey "
	    "and check", name);
}

static const struct command *
parse(struct options *o, int argc, char *argv[])
{
	int opt;

	start_init(&o->start, argv[0]);
	while ((opt = getopt(argc, argv, "f:k:l:o:hV")) != -1) {
		o->looks |= opt == 'f' || opt == 'k' || opt == 'l';
		if (opt == 'o')
			o->file = optarg;
		else if (opt == 'k')
			o->keydir = optarg;
		else if (!start_option(&o->start, opt, optarg, SYNOPSIS, NULL))
			start_usage(SYNOPSIS);
	}
	if (argc - optind != 1)
		start_usage(SYNOPSIS);
	const struct command *c = find_command(argv[optind]);
	if ((o->looks && !c->looks) || (o->file != NULL && !c->makes))
		start_usage(SYNOPSIS);
	return c;
}

int
main(int argc, char *argv[])
{
	struct options o = { .keydir = START_KEYDIR };

	const struct command *c = parse(&o, argc, argv);
	if (sodium_init() < 0)
		diex(EXIT_RETRY, "cannot start libsodium");
	return c->run(&o);
}
