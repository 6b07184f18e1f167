/* SPDX-License-Identifier: ISC */
#include "tunnel/uapi_serve.h"

#include "tunnel/note.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000, TEXT = 16384 };

/* Descriptors, after everything else that we inherited is closed. */
enum { FD_KEYS = 3, FD_LISTENER, FD_LINKS };

enum request { NOTHING_YET, GET, SET };

/* One client at a time: the next one waits for the one before. */
static struct {
	int client;			/* -1: none */
	struct uapi_serving how;
	enum request request;
	enum uapi_place place;
	bool bad;
	size_t have;			/* bytes of in */
	char in[TEXT], out[TEXT];
	struct note note;
} uapi;

/* ---- the key process ---- */

static void
tell(enum note_kind kind)
{
	size_t n = offsetof(struct note, item) +
	    uapi.note.n * sizeof(uapi.note.item[0]);

	uapi.note.kind = kind;
	if (write(FD_KEYS, &uapi.note, n) != (ssize_t)n)
		_exit(0);	/* it has died */
	sodium_memzero(&uapi.note, n);
}

static void
hear(void)
{
	ssize_t n;

	do
		n = read(FD_KEYS, &uapi.note, sizeof(uapi.note));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		_exit(0);
}

/* ---- the client ---- */

static void
hang_up(void)
{
	close(uapi.client);
	uapi.client = -1;
	sodium_memzero(uapi.in, sizeof(uapi.in));
	uapi.have = 0;
	uapi.request = NOTHING_YET;
	if (uapi.note.n > 0 || uapi.place != UAPI_START) {
		uapi.note.n = 0;
		tell(NOTE_FORGET);
	}
	uapi.place = UAPI_START;
	uapi.bad = false;
}

/* False if the client does not read what it has asked for. */
static bool
say(const char *text, size_t n)
{
	struct pollfd fd = { .fd = uapi.client, .events = POLLOUT };

	while (n > 0) {
		ssize_t r = write(uapi.client, text, n);
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
	for (uint32_t i = 0; i < uapi.note.n && i < NOTE_ITEMS; i++) {
		const struct uapi_item *it = &uapi.note.item[i];
		n += uapi_put(it, uapi.out + n);
		*last = it->key == UAPI_ERRNO;
		if (*last)
			uapi.out[n++] = '\n';
		if (TEXT - n <= UAPI_LINE_MAX || i + 1 == uapi.note.n) {
			if (!say(uapi.out, n))
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

	uapi.note.n = 1;
	uapi.note.item[0] = uapi_number(UAPI_ERRNO, error);
	bool ok = say_note(&last);
	uapi.note.n = 0;
	return ok;
}

/* A key process that was started again answers what it was not asked. */
static void
forget_answers(void)
{
	char c;

	while (recv(FD_KEYS, &c, sizeof(c), MSG_DONTWAIT) > 0)
		;
}

/* Carries answers to the client until the last. */
static bool
say_answers(enum note_kind ask)
{
	bool last = false, ok = true;

	forget_answers();

	while (ok && !last) {
		tell(ask);
		hear();
		ok = say_note(&last);
		sodium_memzero(&uapi.note, sizeof(uapi.note));
		ask = NOTE_MORE;
	}
	sodium_memzero(uapi.out, sizeof(uapi.out));
	return ok;
}

/* ---- requests ---- */

/* An empty line: the request is complete. */
static bool
finish_request(void)
{
	enum request request = uapi.request;
	bool bad = uapi.bad;

	uapi.request = NOTHING_YET;
	uapi.place = UAPI_START;
	uapi.bad = false;
	if (request == GET && !bad)
		return say_answers(NOTE_GET);
	if (request == SET && !bad && uapi.how.may_set) {
		if (uapi.note.n > 0)
			tell(NOTE_SET);
		return say_answers(NOTE_COMMIT);
	}
	uapi.note.n = 0;
	tell(NOTE_FORGET);
	return say_error(request == SET && !bad ? EPERM : EINVAL);
}

static bool
handle_line(const char *line)
{
	struct uapi_item it;

	if (*line == '\0')
		return finish_request();
	if (uapi.bad || !uapi_parse(&it, &uapi.place, line)) {
		uapi.bad = true;
		return true;
	}
	if (it.key == UAPI_GET || it.key == UAPI_SET) {
		uapi.bad = uapi.request != NOTHING_YET;
		uapi.request = it.key == UAPI_GET ? GET : SET;
		return true;
	}
	uapi.note.item[uapi.note.n++] = it;
	if (uapi.note.n == NOTE_ITEMS)
		tell(NOTE_SET);
	sodium_memzero(&it, sizeof(it));
	return true;
}

/* False if the client is to be hung up upon. */
static bool
read_text(void)
{
	ssize_t n = read(uapi.client, uapi.in + uapi.have, TEXT - uapi.have);
	char *line = uapi.in, *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	uapi.have += (size_t)n;
	while ((end = memchr(line, '\n', uapi.have)) != NULL) {
		uapi.bad |= memchr(line, '\0', (size_t)(end - line)) != NULL;
		*end++ = '\0';
		uapi.have -= (size_t)(end - line);
		if (!handle_line(line))
			return false;
		line = end;
	}
	memmove(uapi.in, line, uapi.have);
	sodium_memzero(uapi.in + uapi.have, TEXT - uapi.have);
	return uapi.have < TEXT;
}

/* ---- the device ---- */

static void
handle_link(struct nlmsghdr *h)
{
	struct ifinfomsg *info = NLMSG_DATA(h);
	int left = (int)IFLA_PAYLOAD(h);
	uint32_t mtu;

	if (h->nlmsg_type != RTM_NEWLINK ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) ||
	    info->ifi_index != (int)uapi.how.ifindex)
		return;
	for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left);
	    a = RTA_NEXT(a, left)) {
		if (a->rta_type != IFLA_MTU || RTA_PAYLOAD(a) != sizeof(mtu))
			continue;
		memcpy(&mtu, RTA_DATA(a), sizeof(mtu));
		struct note gathered = uapi.note;
		uapi.note.n = 1;
		uapi.note.item[0] = uapi_number(UAPI_LISTEN_PORT, mtu);
		tell(NOTE_MTU);
		uapi.note = gathered;
		sodium_memzero(&gathered, sizeof(gathered));
	}
}

static void
read_links(void)
{
	static _Alignas(struct nlmsghdr) char buf[TEXT];
	ssize_t n = read(FD_LINKS, buf, sizeof(buf));
	unsigned left = n < 0 ? 0 : (unsigned)n;

	for (struct nlmsghdr *h = (struct nlmsghdr *)buf; NLMSG_OK(h, left);
	    h = NLMSG_NEXT(h, left))
		handle_link(h);
}

/* ---- the process ---- */

void
uapi_serve(void *serving)
{
	enum { KEYS, LINKS, CLIENT, NFDS };
	const struct uapi_serving *how = serving;
	struct pollfd fd[NFDS] = {
		[KEYS] = { .fd = FD_KEYS },	/* POLLHUP: it has died */
		[LINKS] = { .fd = how->follows ? FD_LINKS : -1,
		    .events = POLLIN },
		[CLIENT] = { .events = POLLIN },
	};

	uapi.client = -1;
	uapi.how = *how;
	for (;;) {
		fd[CLIENT].fd = uapi.client < 0 ? FD_LISTENER : uapi.client;
		int n = poll(fd, NFDS, uapi.client < 0 ? -1 : PATIENCE_MS);
		if (n > 0 && fd[KEYS].revents != 0)
			_exit(0);
		if (n > 0 && fd[LINKS].revents != 0)
			read_links();
		if (n > 0 && fd[CLIENT].revents != 0 && uapi.client < 0)
			uapi.client = accept4(FD_LISTENER, NULL, NULL,
			    SOCK_CLOEXEC | SOCK_NONBLOCK);
		else if (uapi.client >= 0 && (n == 0 ||
		    (fd[CLIENT].revents != 0 && !read_text())))
			hang_up();
	}
}
