/* SPDX-License-Identifier: ISC */
#include "io/resolvconf.h"

#include "base/addr.h"
#include "base/die.h"
#include "proc/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATH "/etc/resolv.conf"

enum { FD_ASKER = 3, TEXT = 16384 };

/* ---- the file ---- */

void
resolvconf_look(struct resolvconf_mark *m)
{
	if (stat(PATH, &m->st) < 0)
		memset(&m->st, 0, sizeof(m->st));
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool
resolvconf_differs(struct resolvconf_mark *m)
{
	struct stat was = m->st, is;

	if (stat(PATH, &is) < 0)
		return false;
	m->st = is;
	return is.st_dev != was.st_dev || is.st_ino != was.st_ino ||
	    is.st_size != was.st_size ||
	    !same_time(&is.st_mtim, &was.st_mtim) ||
	    !same_time(&is.st_ctim, &was.st_ctim);
}

/* An address, perhaps with a scope ("fe80::1%eth0"). */
static bool
is_server(const char *word)
{
	char host[ADDR_STRLEN];
	size_t n = strcspn(word, "%");
	struct addr a;

	if (n >= sizeof(host) || strlen(word) > n + 17)
		return false;
	memcpy(host, word, n);
	host[n] = '\0';
	return addr_parse(&a, host);
}

static void
read_servers(char servers[static RESOLVCONF_SERVERS], char *text)
{
	size_t have = 0;
	char *more = NULL, word[RESOLVCONF_SERVERS / 4];

	servers[0] = '\0';
	for (char *line = strtok_r(text, "\n", &more); line != NULL;
	    line = strtok_r(NULL, "\n", &more)) {
		if (sscanf(line, " nameserver %127s", word) != 1 ||
		    !is_server(word) ||
		    have + strlen(word) + 2 > RESOLVCONF_SERVERS)
			continue;
		have += (size_t)sprintf(servers + have, "%s%s",
		    have > 0 ? "," : "", word);
	}
}

/* ---- who reads it ---- */

/* An answer: whether it is another, and the servers. */
struct answer {
	bool news;
	char servers[RESOLVCONF_SERVERS];
};

static void
look_again(struct resolvconf_mark *m, struct answer *a)
{
	char text[TEXT];
	ssize_t n;
	int fd;

	*a = (struct answer){ .news = false };
	if (!resolvconf_differs(m) ||
	    (fd = open(PATH, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return;
	text[n] = '\0';
	a->news = true;
	read_servers(a->servers, text);
}

static void
answer_all(void *mark)
{
	struct answer a;
	char question;

	while (read(FD_ASKER, &question, 1) == 1) {
		look_again(mark, &a);
		if (write(FD_ASKER, &a, sizeof(a)) != sizeof(a))
			break;
	}
	_exit(0);
}

int
resolvconf_open(void)
{
	struct resolvconf_mark m;
	int pair[2];

	resolvconf_look(&m);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	const struct child c = { .name = "bh-resolve-conf",
		.user = "_bh-names", .sandbox = SANDBOX_FILES,
		.fd = &pair[1], .nfds = 1, .run = answer_all, .arg = &m };
	pid_t pid = child_start(&c);
	int error = errno;
	close(pair[1]);
	if (pid > 0)
		return pair[0];
	close(pair[0]);
	errno = error;
	return -1;
}

bool
resolvconf_news(int *fd, char servers[static RESOLVCONF_SERVERS])
{
	struct answer a;

	if (*fd < 0)
		return false;
	if (write(*fd, "?", 1) != 1 || read(*fd, &a, sizeof(a)) != sizeof(a)) {
		warnx("changes of " PATH " are not seen any more: who read it "
		    "has died");
		close(*fd);
		*fd = -1;
		return false;
	}
	a.servers[RESOLVCONF_SERVERS - 1] = '\0';
	memcpy(servers, a.servers, RESOLVCONF_SERVERS);
	return a.news;
}
