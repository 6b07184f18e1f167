/* SPDX-License-Identifier: ISC */
/* Names, asked of a server that this test is itself. */
#include "test.h"

#include "base/bytes.h"
#include "io/dns.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { A = 1, CNAME = 5, AAAA = 28, NXDOMAIN = 3, REFUSED = 5, HEAD = 12 };

/* ---- the server ---- */

static struct server {
	int fd;
	char at[32];
	unsigned asked;
} server[2];

/* What it says of a name, whichever type is asked for. */
static const struct record {
	const char *name;
	uint16_t type;
	uint32_t ttl;
	const char *data;	/* an address */
} records[] = {
	{ "two", A, 300, "192.0.2.9" }, { "two", A, 60, "192.0.2.1" },
	{ "two", AAAA, 200, "2001:db8::1" },
	{ "alias", CNAME, 7, NULL }, { "alias", A, 300, "192.0.2.1" },
	{ "six", AAAA, 20, "2001:db8::6" },
	{ "many", A, 9, "192.0.2.1" }, { "many", A, 9, "192.0.2.2" },
	{ "many", A, 9, "192.0.2.3" }, { "many", A, 9, "192.0.2.4" },
	{ "many", A, 9, "192.0.2.5" }, { "many", A, 9, "192.0.2.6" },
	{ "many", A, 9, "192.0.2.7" }, { "many", A, 9, "192.0.2.8" },
	{ "many", A, 9, "192.0.2.9" }, { "many", A, 9, "192.0.2.10" },
	{ "many", A, 9, "192.0.2.11" }, { "many", A, 9, "192.0.2.12" },
	{ "many", A, 9, "192.0.2.13" }, { "many", A, 9, "192.0.2.14" },
	{ "many", A, 9, "192.0.2.15" }, { "many", A, 9, "192.0.2.16" },
	{ "many", A, 9, "192.0.2.17" }, { "many", A, 9, "192.0.2.18" },
};

static void
server_open(struct server *s)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);

	s->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(s->fd, (struct sockaddr *)&in, sizeof(in)) != 0 ||
	    getsockname(s->fd, (struct sockaddr *)&in, &len) != 0)
		exit(1);
	snprintf(s->at, sizeof(s->at), "127.0.0.1:%u", ntohs(in.sin_port));
}

static size_t
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return 2;
}

/* One record; of an alias that the name behind it is asked for, too. */
static size_t
put_record(uint8_t *p, const struct record *r)
{
	bool last = r->type == A && strcmp(r->name, "alias") == 0;
	size_t n = 0;

	/* the name that was asked for, or the one that it stands for */
	if (last) {
		memcpy(p, "\4real", 6);
		n = 6;
	} else {
		n = put16(p, 0xc000 | HEAD);
	}
	n += put16(p + n, r->type);
	n += put16(p + n, 1);
	n += put16(p + n, r->ttl >> 16);
	n += put16(p + n, r->ttl & 0xffff);
	size_t len = r->type == A ? 4 : r->type == AAAA ? 16 : 6;
	n += put16(p + n, (unsigned)len);
	if (r->type == CNAME)
		memcpy(p + n, "\4real", 6);
	else
		inet_pton(r->type == A ? AF_INET : AF_INET6, r->data, p + n);
	return n + len;
}

/* Answers one question; the name "none" is none, "refused" is refused. */
static void
server_step(struct server *s)
{
	uint8_t m[2048];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t got = recvfrom(s->fd, m, 512, MSG_DONTWAIT,
	    (struct sockaddr *)&from, &len);
	char name[64] = "";
	unsigned count = 0;

	if (got < HEAD + 6 || m[HEAD] >= sizeof(name))
		return;
	s->asked++;
	memcpy(name, m + HEAD + 1, m[HEAD]);
	size_t n = HEAD + 1u + m[HEAD] + 1u;
	unsigned type = (unsigned)(m[n] << 8 | m[n + 1]);
	n += 4;
	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++)
		if (strcmp(records[i].name, name) == 0 &&
		    (records[i].type == type || records[i].type == CNAME)) {
			n += put_record(m + n, &records[i]);
			count++;
		}
	m[2] = 0x85;
	m[3] = strcmp(name, "none") == 0 ? 0x80 | NXDOMAIN :
	    strcmp(name, "refused") == 0 ? 0x80 | REFUSED : 0x80;
	put16(m + 6, count);
	put16(m + 8, 0);
	put16(m + 10, 0);
	sendto(s->fd, m, n, 0, (struct sockaddr *)&from, len);
}

/* ---- questions ---- */

static struct dns_answer got;
static unsigned answers;

static void
done(void *arg, const struct dns_answer *a)
{
	*(struct dns_answer *)arg = *a;
	answers++;
}

/* Lets both get on until there is an answer; how often they had to. */
static void
until_answered(struct dns *d)
{
	for (int i = 0; i < 100 && answers == 0; i++) {
		struct pollfd fd[DNS_FDS_MAX + 2];
		int ms = -1;
		size_t n = dns_wait(d, fd, &ms);
		for (size_t k = 0; k < 2; k++)
			fd[n + k] = (struct pollfd){ server[k].fd, POLLIN, 0 };
		if (ms < 0 || ms > 2000 || n == 0)
			return;
		poll(fd, n + 2, ms);
		for (size_t k = 0; k < 2; k++)
			if (fd[n + k].revents != 0)
				server_step(&server[k]);
		dns_step(d, fd, n);
	}
}

static void
ask(struct dns *d, const char *name)
{
	memset(&got, 0, sizeof(got));
	answers = 0;
	dns_ask(d, name, done, &got);
	until_answered(d);
}

static bool
is(size_t i, const char *text)
{
	struct addr a;

	return addr_parse(&a, text) && i < got.n && addr_eq(&a, &got.addr[i]);
}

static void
test_answers(struct dns *d)
{
	ask(d, "two");
	OKF(got.status == DNS_FOUND && got.n == 3 && got.ttl == 60,
	    "all addresses of both families, for the least time to live");
	OKF(is(0, "192.0.2.1") && is(1, "192.0.2.9") && is(2, "2001:db8::1"),
	    "in order");
	ask(d, "alias");
	OKF(got.status == DNS_FOUND && got.n == 1 && is(0, "192.0.2.1") &&
	    got.ttl == 7, "an alias' time counts as well");
	ask(d, "six");
	OK(got.status == DNS_FOUND && got.n == 1 && is(0, "2001:db8::6") &&
	    got.ttl == 20);
	ask(d, "none");
	OKF(got.status == DNS_NONE && got.n == 0, "there is no such name");
	ask(d, "empty");
	OKF(got.status == DNS_NONE, "nor an address of this one");
	ask(d, "refused");
	OKF(answers == 1 && got.status == DNS_SILENT, "nobody says");
	ask(d, "many");
	OKF(got.status == DNS_FOUND && got.n == DNS_ADDRS_MAX &&
	    is(0, "192.0.2.1"), "no more than there is room for");
}

/* While a question is open, others become the servers: those are asked. */
static void
test_servers(struct dns *d)
{
	answers = 0;
	OKF(!dns_servers(d, ""), "no servers are no servers");
	dns_ask(d, "two", done, &got);
	dns_ask(d, "two", done, &got);
	server[0].asked = server[1].asked = 0;
	OK(dns_servers(d, server[1].at));
	OKF(answers == 0, "what was asked is not given up");
	/* what is left of the questions to the first */
	until_answered(d);
	for (int i = 0; i < 10 && answers < 2; i++) {
		unsigned before = answers;
		answers = 0;
		until_answered(d);
		answers += before;
	}
	OKF(answers == 2 && server[1].asked == 4 && got.n == 3,
	    "the others answer: %u, %u", answers, server[1].asked);
	OK(!dns_servers(d, "no address"));
}

static void
test_hosts(struct dns *d)
{
	struct dns_answer a;
	struct addr four;

	addr_parse(&four, "127.0.0.1");
	bool found = dns_hosts(d, "localhost", &a);
	bool has = false;
	for (size_t i = 0; i < a.n; i++)
		has = has || addr_eq(&a.addr[i], &four);
	OKF(found && has && a.status == DNS_FOUND && a.ttl == UINT32_MAX,
	    "the hosts file knows localhost");
	OKF(!dns_hosts(d, "no.such.host.example", &a) && a.n == 0 &&
	    a.status == DNS_NONE, "and nobody else");
}

static void
test_open(void)
{
	const char *why = NULL;

	OK(dns_open("no address", &why) == NULL && why != NULL);
	struct dns *d = dns_open(server[0].at, &why);
	dns_ask(d, "two", done, &got);
	answers = 0;
	dns_close(d);
	OKF(answers == 0, "who closes hears no more");
}

int
main(void)
{
	const char *why = NULL;

	for (int i = 0; i < 2; i++)
		server_open(&server[i]);
	setenv("HOSTALIASES", "/nonexistent", 1);
	struct dns *d = dns_open(server[0].at, &why);
	OK(d != NULL && getenv("HOSTALIASES") == NULL);
	int ms = -1;
	struct pollfd fd[DNS_FDS_MAX];
	OK(dns_wait(d, fd, &ms) == 0 && ms == -1);
	test_answers(d);
	test_servers(d);
	test_hosts(d);
	dns_close(d);
	test_open();
	return DONE();
}
