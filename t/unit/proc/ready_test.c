/* SPDX-License-Identifier: ISC */
/* Readiness is told from inside the sandbox, to a descriptor and to systemd. */
#include "test.h"

#include "base/die.h"
#include "proc/ready.h"
#include "proc/sandbox.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/bh-ready-XXXXXX";

/* A datagram socket bound at path; @ for the abstract kind. */
static int
listen_at(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(un.sun_path, path, strlen(path));
	if (un.sun_path[0] == '@')
		un.sun_path[0] = '\0';
	bind(fd, (struct sockaddr *)&un, (socklen_t)(offsetof(struct
	    sockaddr_un, sun_path) + strlen(path)));
	return fd;
}

static void
test_tell(const char *path)
{
	char got[64] = "", line[64] = "";
	int fd = listen_at(path), p[2], status = -1;

	setenv("NOTIFY_SOCKET", path, 1);
	if (pipe(p) < 0)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		int notifier = ready_notifier();
		sandbox_enter(SANDBOX_GATE, "_bh-classify");
		ready_tell(p[1], notifier);
		_exit(0);
	}
	close(p[1]);
	waitpid(pid, &status, 0);
	OKF(status == 0, "%s: the sandbox lets it tell", path);
	OK(read(p[0], line, sizeof(line) - 1) > 0 &&
	    strcmp(line, "bh-test ready\n") == 0);
	OK(recv(fd, got, sizeof(got) - 1, 0) == 7 &&
	    strcmp(got, "READY=1") == 0);
	close(p[0]);
	close(fd);
}

int
main(void)
{
	char path[64];

	die_name("/usr/sbin/bh-test");
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/notify", dir);
	test_tell(path);
	unlink(path);
	rmdir(dir);
	snprintf(path, sizeof(path), "@%s", dir);
	test_tell(path);
	setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
	OK(ready_notifier() == -1);
	unsetenv("NOTIFY_SOCKET");
	OK(ready_notifier() == -1);
	return DONE();
}
