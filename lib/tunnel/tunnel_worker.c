/* SPDX-License-Identifier: ISC */
#include "tunnel/tunnel_state.h"

#include "base/die.h"
#include "base/worker.h"
#include "proc/child.h"
#include "start/start.h"
#include "tunnel/keys_start.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

static void
tell_processors(unsigned workers)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n > 0 && (unsigned long)n < workers)
		warnx("%u workers for %ld processor%s: they take turns",
		    workers, n, n > 1 ? "s" : "");
}

void
tunnel_divide(struct tunnel *t, unsigned n, const int channel[],
    const int socket[])
{
	int pipe[2] = { -1, -1 };
	char name[WORKER_NAMELEN];
	pid_t pid = -1;

	if (n > 1) {
		tell_processors(n);
		keys_await(channel[0], t->keys.pid);
		t->keys.pid = 0;
		if (pipe2(pipe, O_CLOEXEC) < 0)
			die(EXIT_RETRY, "cannot make a pipe");
	}
	for (unsigned i = 1; i < n && pid != 0; i++) {
		pid = child_fork();
		if (pid < 0)
			die(EXIT_RETRY, "cannot start a process");
		if (pid == 0)
			t->workers.self = i;
	}
	for (unsigned i = 0; i < n; i++)
		if (i != t->workers.self) {
			close(channel[i]);
			close(socket[i]);
		}
	t->keys.fd = channel[t->workers.self];
	t->workers.start = pipe[t->workers.self > 0];
	t->workers.n = n;
	if (n == 1)
		return;
	close(pipe[t->workers.self == 0]);
	if (t->workers.self > 0)	/* for ps(1) */
		prctl(PR_SET_NAME, worker_name(name, "bh-tunnel",
		    t->workers.self), 0, 0, 0);
	start_worker(&t->policy, t->workers.self);
}

bool
tunnel_first(struct tunnel *t)
{
	char byte = 0;

	if (t->workers.self > 0) {
		if (write(t->workers.start, &byte, sizeof(byte)) < 0)
			die(EXIT_RETRY, "the first process is gone");
		close(t->workers.start);
		return false;
	}
	for (unsigned i = 1; i < t->workers.n; i++)
		if (read(t->workers.start, &byte, sizeof(byte)) != sizeof(byte))
			diex(EXIT_RETRY, "a process did not start");
	if (t->workers.n > 1)
		close(t->workers.start);
	return true;
}
