/* SPDX-License-Identifier: ISC */
#include "proc/ready.h"

#include "base/die.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
ready_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
ready_signal(int fd)
{
	struct signalfd_siginfo si;

	if (read(fd, &si, sizeof(si)) != sizeof(si))
		return 0;
	return (int)si.ssi_signo;
}

int
ready_notifier(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path != NULL ? strlen(path) : 0;

	if (n == 0 || n >= sizeof(un.sun_path))
		return -1;
	memcpy(un.sun_path, path, n);
	if (un.sun_path[0] == '@')
		un.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&un,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void
tell(int fd, const char *text, size_t n)
{
	if (fd < 0)
		return;
	ssize_t r = write(fd, text, n);
	(void)r;	/* who asked may have gone */
	close(fd);
}

void
ready_tell(int fd, int notifier)
{
	static const char systemd[] = "READY=1";	/* sd_notify(3) */
	char line[64];
	int n = snprintf(line, sizeof(line), "%s ready\n", die_myname());

	tell(fd, line, (size_t)n);
	tell(notifier, systemd, sizeof(systemd) - 1);
}

void
ready_leave(int fd, int notifier)
{
	if (fd >= 0)
		close(fd);
	if (notifier >= 0)
		close(notifier);
}
