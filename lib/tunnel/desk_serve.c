/* SPDX-License-Identifier: ISC */
#include "tunnel/desk_serve.h"

#include "proc/descriptors.h"
#include "proc/sandbox.h"
#include "tunnel/desk.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000, TEXT = 16384 };

/* Descriptors, after everything else that we inherited is closed. */
enum { FD_TUNNEL = 3, FD_LISTENER, FD_LINKS };

enum request { NOTHING_YET, GET, SET };

/* One client at a time: who has come waits for the one before. */
static struct {
	int client;			/* -1: none */
	bool may_set;
	unsigned ifindex;
	enum request request;
	enum uapi_place place;
	bool bad;
	size_t have;			/* bytes of in */
	char in[TEXT], out[TEXT];
	struct desk_note note;
} desk;

/* ---- the other process ---- */

static void
tell(enum desk_kind kind)
{
	size_t n = offsetof(struct desk_note, item) +
	    desk.note.n * sizeof(desk.note.item[0]);

	desk.note.kind = kind;
	if (write(FD_TUNNEL, &desk.note, n) != (ssize_t)n)
		_exit(0);	/* it has gone */
	sodium_memzero(&desk.note, n);
}

static void
hear(void)
{
	ssize_t n;

	do
		n = read(FD_TUNNEL, &desk.note, sizeof(desk.note));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		_exit(0);
}

/* ---- the client ---- */

static void
hang_up(void)
{
	close(desk.client);
	desk.client = -1;
	sodium_memzero(desk.in, sizeof(desk.in));
	desk.have = 0;
	desk.request = NOTHING_YET;
	if (desk.note.n > 0 || desk.place != UAPI_START) {
		desk.note.n = 0;
		tell(DESK_FORGET);
	}
	desk.place = UAPI_START;
	desk.bad = false;
}

/* False if it does not take what it has asked for. */
static bool
say(const char *text, size_t n)
{
	struct pollfd fd = { .fd = desk.client, .events = POLLOUT };

	while (n > 0) {
		ssize_t r = write(desk.client, text, n);
		if (r < 0 && errno == EAGAIN &&
		    poll(&fd, 1, PATIENCE_MS) == 1)
			continue;
		if (r <= 0)
			return false;
		text += r;
		n -= (size_t)r;
	}
	return true;
}

/* Writes the items of a note; *last: the answer is complete. */
static bool
say_note(bool *last)
{
	size_t n = 0;

	*last = false;
	for (uint32_t i = 0; i < desk.note.n && i < DESK_ITEMS; i++) {
		const struct uapi_item *it = &desk.note.item[i];
		n += uapi_put(it, desk.out + n);
		*last = it->key == UAPI_ERRNO;
		if (*last)
			desk.out[n++] = '\n';
		if (TEXT - n <= UAPI_LINE_MAX || i + 1 == desk.note.n) {
			if (!say(desk.out, n))
				return false;
			n = 0;
		}
	}
	return true;
}

static bool
say_error(unsigned error)
{
	bool last;

	desk.note.n = 1;
	desk.note.item[0] = uapi_number(UAPI_ERRNO, error);
	bool ok = say_note(&last);
	desk.note.n = 0;
	return ok;
}

/* Who was started again answers what it was not asked. */
static void
forget_answers(void)
{
	char c;

	while (recv(FD_TUNNEL, &c, sizeof(c), MSG_DONTWAIT) > 0)
		;
}

/* Carries answers to the client until the last. */
static bool
say_answers(enum desk_kind ask)
{
	bool last = false, ok = true;

	forget_answers();

	while (ok && !last) {
		tell(ask);
		hear();
		ok = say_note(&last);
		sodium_memzero(&desk.note, sizeof(desk.note));
		ask = DESK_MORE;
	}
	sodium_memzero(desk.out, sizeof(desk.out));
	return ok;
}

/* ---- requests ---- */

/* An empty line: the request is complete. */
static bool
finish_request(void)
{
	enum request request = desk.request;
	bool bad = desk.bad;

	desk.request = NOTHING_YET;
	desk.place = UAPI_START;
	desk.bad = false;
	if (request == GET && !bad)
		return say_answers(DESK_GET);
	if (request == SET && !bad && desk.may_set) {
		if (desk.note.n > 0)
			tell(DESK_SET);
		return say_answers(DESK_COMMIT);
	}
	desk.note.n = 0;
	tell(DESK_FORGET);
	return say_error(request == SET && !bad ? EPERM : EINVAL);
}

static bool
take_line(const char *line)
{
	struct uapi_item it;

	if (*line == '\0')
		return finish_request();
	if (desk.bad || !uapi_take(&it, &desk.place, line)) {
		desk.bad = true;
		return true;
	}
	if (it.key == UAPI_GET || it.key == UAPI_SET) {
		desk.bad = desk.request != NOTHING_YET;
		desk.request = it.key == UAPI_GET ? GET : SET;
		return true;
	}
	desk.note.item[desk.note.n++] = it;
	if (desk.note.n == DESK_ITEMS)
		tell(DESK_SET);
	sodium_memzero(&it, sizeof(it));
	return true;
}

/* False if the client is to be left alone. */
static bool
take_text(void)
{
	ssize_t n = read(desk.client, desk.in + desk.have, TEXT - desk.have);
	char *line = desk.in, *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	desk.have += (size_t)n;
	while ((end = memchr(line, '\n', desk.have)) != NULL) {
		desk.bad |= memchr(line, '\0', (size_t)(end - line)) != NULL;
		*end++ = '\0';
		desk.have -= (size_t)(end - line);
		if (!take_line(line))
			return false;
		line = end;
	}
	memmove(desk.in, line, desk.have);
	sodium_memzero(desk.in + desk.have, TEXT - desk.have);
	return desk.have < TEXT;
}

/* ---- the device ---- */

static void
take_link(struct nlmsghdr *h)
{
	struct ifinfomsg *info = NLMSG_DATA(h);
	int left = (int)IFLA_PAYLOAD(h);
	uint32_t mtu;

	if (h->nlmsg_type != RTM_NEWLINK ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) ||
	    info->ifi_index != (int)desk.ifindex)
		return;
	for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left);
	    a = RTA_NEXT(a, left)) {
		if (a->rta_type != IFLA_MTU || RTA_PAYLOAD(a) != sizeof(mtu))
			continue;
		memcpy(&mtu, RTA_DATA(a), sizeof(mtu));
		struct desk_note gathered = desk.note;
		desk.note.n = 1;
		desk.note.item[0] = uapi_number(UAPI_LISTEN_PORT, mtu);
		tell(DESK_MTU);
		desk.note = gathered;
		sodium_memzero(&gathered, sizeof(gathered));
	}
}

static void
take_links(void)
{
	static _Alignas(struct nlmsghdr) char buf[TEXT];
	ssize_t n = read(FD_LINKS, buf, sizeof(buf));
	unsigned left = n < 0 ? 0 : (unsigned)n;

	for (struct nlmsghdr *h = (struct nlmsghdr *)buf; NLMSG_OK(h, left);
	    h = NLMSG_NEXT(h, left))
		take_link(h);
}

/* ---- the process ---- */

/* Keeps what it needs, at the numbers above, and nothing else. */
static void
settle(const struct desk_fds *fds)
{
	const int keep[] = { fds->tunnel, fds->listener, fds->links };

	desk.ifindex = if_nametoindex(fds->name);
	descriptors_keep(keep, 3);
	static const int quiet[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1,
		SIGPIPE };
	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		signal(quiet[i], SIG_IGN);
}

_Noreturn void
desk_serve(const struct desk_fds *fds, bool may_set)
{
	enum { TUNNEL, LINKS, WHO, NFDS };
	struct pollfd fd[NFDS] = {
		[TUNNEL] = { .fd = FD_TUNNEL },	/* POLLHUP: it has gone */
		[LINKS] = { .fd = fds->links < 0 ? -1 : FD_LINKS,
		    .events = POLLIN },
		[WHO] = { .events = POLLIN },
	};

	desk.client = -1;
	desk.may_set = may_set;
	settle(fds);
	prctl(PR_SET_NAME, "bh-tunnel-desk", 0, 0, 0);	/* for ps(1) */
	sandbox_enter(SANDBOX_DESK, "_bh-desk");
	for (;;) {
		fd[WHO].fd = desk.client < 0 ? FD_LISTENER : desk.client;
		int n = poll(fd, NFDS, desk.client < 0 ? -1 : PATIENCE_MS);
		if (n > 0 && fd[TUNNEL].revents != 0)
			_exit(0);
		if (n > 0 && fd[LINKS].revents != 0)
			take_links();
		if (n > 0 && fd[WHO].revents != 0 && desk.client < 0)
			desk.client = accept4(FD_LISTENER, NULL, NULL,
			    SOCK_CLOEXEC | SOCK_NONBLOCK);
		else if (desk.client >= 0 && (n == 0 ||
		    (fd[WHO].revents != 0 && !take_text())))
			hang_up();
	}
}
