/* SPDX-License-Identifier: ISC */
#include "capture/trace.h"

#include "base/die.h"
#include "base/json.h"
#include "gate/nat_log.h"
#include "packet/l2.h"
#include "policy/judge.h"
#include "proc/open.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	IO_BUFFER = 1 << 20,
	PACKET_MAX = 65535,
	PORTS_LEN = 4,		/* of a transport header, for a verdict line */
	RULE_LEN = 16 + CONF_NAMELEN,
};

/* One packet of the capture on its way through. */
struct item {
	uint64_t number;
	const struct pcap_pkthdr *h;
	const uint8_t *p;	/* the IP packet; NULL if there is none */
	size_t n, wire;		/* bytes captured and sent */
	struct timeval ts;	/* with nanoseconds */
	const char *frame;	/* what it is if it is no packet, else NULL */
	enum policy_point at;	/* where it is decided on */
	uint16_t from;
	const char *direction;
	struct ip ip;
	struct decision d;
};

struct run {
	const struct trace *t;
	struct judge judge;
	pcap_t *in;
	int dlt;
	pcap_t *form;		/* of the output */
	pcap_dumper_t *out;
	FILE *text;
	uint64_t matched;
	uint64_t untimely;	/* packets whose time is none */
	struct sum {
		uint64_t packets, bytes;
	} verdict[TRACE_COUNT], total, *group;
	uint8_t whole[PACKET_MAX];	/* rewritten here */
};

static FILE *
open_file(const char *name, const char *mode, FILE *standard)
{
	FILE *f = open_named(name, mode, standard);

	setvbuf(f, NULL, _IOFBF, IO_BUFFER);
	return f;
}

static bool
is_gzip(FILE *f)
{
	return fseek(f, 0, SEEK_SET) == 0 && getc(f) == 0x1f;
}

/* False if the file does not even begin as a capture. */
static bool
open_capture(struct run *r)
{
	char why[PCAP_ERRBUF_SIZE];
	const char *name = r->t->read;
	FILE *f = open_file(name, "rb", stdin);

	r->in = pcap_fopen_offline_with_tstamp_precision(f,
	    PCAP_TSTAMP_PRECISION_NANO, why);
	if (r->in == NULL) {
		warnx("%s: %s%s", name, why, is_gzip(f) ?
		    "; it is compressed: zcat it into -r -" : "");
		return false;
	}
	r->dlt = pcap_datalink(r->in);
	if (!l2_known(r->dlt)) {
		const char *type = pcap_datalink_val_to_name(r->dlt);
		diex(EXIT_FIX, "%s: packets of link type %s (%d) cannot be "
		    "read", name, type != NULL ? type : "unknown", r->dlt);
	}
	return true;
}

/* Verdicts go where the capture does not. */
static void
open_output(struct run *r)
{
	const struct trace *t = r->t;

	if (t->write != NULL) {
		FILE *f = open_file(t->write, "wb", stdout);
		r->form = pcap_open_dead_with_tstamp_precision(DLT_RAW,
		    PACKET_MAX, PCAP_TSTAMP_PRECISION_NANO);
		if (r->form == NULL)
			die(EXIT_RETRY, "cannot write %s", t->write);
		r->out = pcap_dump_fopen(r->form, f);
		if (r->out == NULL)
			diex(EXIT_RETRY, "cannot write %s: %s", t->write,
			    pcap_geterr(r->form));
		if (f == stdout) {
			r->text = stderr;
			return;
		}
	}
	r->text = stdout;
	setvbuf(stdout, NULL, _IOFBF, IO_BUFFER);
}

/* Its time by the capture; not 0. */
static nsec
time_of(const struct item *i)
{
	return (nsec)i->ts.tv_sec * NSEC_SEC + (nsec)i->ts.tv_usec + 1;
}

static int64_t
between(int64_t least, int64_t v, int64_t most)
{
	return v < least ? least : v > most ? most : v;
}

/* The last second there is, so that whatever begins in it may also end. */
#define TIME_LAST (UINT32_MAX - (UINT32_C(1) << 20))

/* A file may say any number.  Its seconds are 32 bits without a sign, which
 * libpcap gives one. */
static void
read_time(struct run *r, struct item *i)
{
	int64_t s = i->h->ts.tv_sec, ns = i->h->ts.tv_usec;

	if (s < 0 && s >= INT32_MIN)
		s += INT64_C(1) << 32;
	i->ts.tv_sec = (time_t)between(0, s, TIME_LAST);
	i->ts.tv_usec = (suseconds_t)between(0, ns, NSEC_SEC - 1);
	r->untimely += i->ts.tv_sec != s || i->ts.tv_usec != ns;
}

static bool
is_here(const struct policy *pol, const struct addr *a)
{
	uint32_t place = lpm_lookup(pol->where, a);

	return place != LPM_NONE && PLACE_LOC(place) == pol->self;
}

/* An answer goes the other way, and a breakout's not through the tunnel. */
static bool
broke_out(struct run *r, const struct item *i, const struct ip *ip)
{
	struct question q = { .at = POLICY_OUT, .from = PEER_NONE,
		.now = time_of(i), .ip = *ip };

	if (r->t->pol->breakouts == NULL)
		return false;
	ip_turn(&q.ip);
	return judge_ask(&r->judge, &q).verdict == V_BREAKOUT;
}

/*
 * On a LAN packets go both ways.  A packet from elsewhere to a host of the
 * location came by the gateway, which decided on it: out of the tunnel of the
 * location that has its source, or of the server if no location has it.
 */
static void
find_way(struct run *r, struct item *i)
{
	const struct policy *pol = r->t->pol;
	struct ip ip;

	i->at = r->t->at;
	i->from = r->t->from;
	i->direction = r->t->direction;
	if (!r->t->both ||
	    ip_parse(&ip, i->p, i->wire) != (enum verdict)V_NEXT ||
	    is_here(pol, &ip.src) || !is_here(pol, &ip.dst))
		return;
	uint32_t place = lpm_lookup(pol->where, &ip.src);
	uint16_t from = place == LPM_NONE ? pol->server :
	    (uint16_t)PLACE_LOC(place);
	if (from == PEER_NONE)
		return;
	bool back = place == LPM_NONE && broke_out(r, i, &ip);
	i->at = back ? POLICY_BACK : POLICY_IN;
	i->from = back ? PEER_NONE : from;
	i->direction = back ? "back" : "in";
}

/*
 * A capture may hold only the first bytes of each packet.  The rest is taken
 * as zeros, so that lengths agree and the verdict is what the whole packet
 * would get; unless the ports themselves are missing.
 */
static void
make_whole(struct run *r, struct item *i)
{
	if (r->whole != i->p)
		memcpy(r->whole, i->p, i->n);
	memset(r->whole + i->n, 0, i->wire - i->n);
	i->p = r->whole;
}

/* Where nothing is translated, nothing is written. */
static struct decision
judge(struct run *r, struct item *i)
{
	find_way(r, i);
	struct question q = { .at = i->at, .from = i->from,
		.p = (uint8_t *)(uintptr_t)i->p, .n = i->wire,
		.now = time_of(i) };
	struct decision d = judge_ask(&r->judge, &q);

	i->ip = q.ip;
	if (d.rule != JUDGE_NO_RULE && q.ip.frag_off == 0 &&
	    i->n < q.ip.l4 + (size_t)PORTS_LEN)
		return judge_refuse(V_SHORT);
	return d;
}

static struct decision
judge_frame(struct run *r, struct item *i, int offset)
{
	if (offset < 0)
		return judge_refuse(offset == L2_SHORT ? V_SHORT : V_VERSION);
	if (i->n < i->wire || r->judge.nat != NULL || r->t->pol->npt != NULL)
		make_whole(r, i);
	return judge(r, i);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* libpcap may say that more was captured than there was. */
static void
read_packet(struct run *r, struct item *i, const uint8_t *p)
{
	size_t n = least(i->h->caplen, i->h->len);
	int offset = l2_offset(r->dlt, p, n);
	size_t skip = offset > 0 ? (size_t)offset : 0;

	i->frame = offset == L2_NOT_IP ? l2_kind(r->dlt, p, n) : NULL;
	i->at = r->t->at;
	i->direction = r->t->direction;
	i->p = p + skip;
	i->n = least(n - skip, PACKET_MAX);
	i->wire = least(i->h->len - skip, PACKET_MAX);
	memset(&i->ip, 0, sizeof(i->ip));
	i->d = judge_frame(r, i, offset);
	if (i->d.rule == JUDGE_NO_RULE)
		return;
	i->wire = i->ip.len;	/* without padding */
	i->n = least(i->n, i->wire);
}

static const char *
hop_name(const struct run *r, const struct item *i)
{
	return i->d.peer == PEER_NONE ? NULL :
	    r->t->cf->location[i->d.peer].name;
}

/* "breakout video" is rule and name. */
static const char *
rule_name(const struct run *r, const struct item *i, char buf[static RULE_LEN])
{
	const char *name = NULL, *text;

	if (i->d.rule != JUDGE_NO_RULE)
		policy_rule(i->at, i->d.rule, &name, &text);
	if (i->d.breakout == BREAKOUT_NONE)
		return name;
	snprintf(buf, RULE_LEN, "%s %s", name,
	    r->t->cf->breakout[i->d.breakout - 1].name);
	return buf;
}

/* Its verdict, or that it is no packet. */
static unsigned
outcome(const struct item *i)
{
	return i->frame != NULL ? (unsigned)TRACE_NOT_IP : i->d.verdict;
}

static const char *
outcome_name(unsigned outcome)
{
	return outcome == TRACE_NOT_IP ? "not-ip" :
	    verdict_name((enum verdict)outcome);
}

static const char *
reason(const struct item *i)
{
	return i->frame != NULL ? i->frame : verdict_why(i->d.verdict);
}

static const char *
class_name(const struct item *i)
{
	return i->frame != NULL ? "not-ip" : verdict_delivers(i->d.verdict) ?
	    verdict_name(i->d.verdict) : "refused";
}

static const char *
side(const struct item *i, const struct addr *a, uint16_t port,
    char buf[static ENDPOINT_STRLEN])
{
	struct endpoint e = { .addr = *a, .port = port };
	bool ports = i->ip.ports && i->ip.proto != 1 && i->ip.proto != 58;

	if (i->ip.version == 0)
		return "-";
	return ports ? endpoint_format(&e, buf) : addr_format(a, buf);
}

static const char *
or_dash(const char *s)
{
	return s != NULL ? s : "-";
}

static void
put_line(const struct run *r, const struct item *i)
{
	char src[ENDPOINT_STRLEN], dst[ENDPOINT_STRLEN], proto[8];
	char rule[RULE_LEN];

	fprintf(r->text, "%" PRIu64 "\t%lld.%09ld\t%s\t%s\t%s\t%s\t%s\t%s\t%s"
	    "\t%s\t%s\n", i->number, (long long)i->ts.tv_sec,
	    (long)i->ts.tv_usec, i->direction,
	    side(i, &i->ip.src, i->ip.sport, src),
	    side(i, &i->ip.dst, i->ip.dport, dst), i->ip.version == 0 ? "-" :
	    ip_proto_name(i->ip.proto, proto), outcome_name(outcome(i)),
	    class_name(i), or_dash(hop_name(r, i)),
	    or_dash(rule_name(r, i, rule)),
	    reason(i));
}

static void
put_member(FILE *f, const char *name, const char *value)
{
	fprintf(f, ",\"%s\":", name);
	if (value != NULL)
		json_string(f, value);
	else
		fputs("null", f);
}

static void
put_json(const struct run *r, const struct item *i)
{
	char a[ADDR_STRLEN], proto[8], rule[RULE_LEN];
	const struct ip *ip = &i->ip;
	bool ip_known = ip->version != 0;
	FILE *f = r->text;

	fprintf(f, "{\"number\":%" PRIu64 ",\"time\":%lld.%09ld", i->number,
	    (long long)i->ts.tv_sec, (long)i->ts.tv_usec);
	put_member(f, "direction", i->direction);
	put_member(f, "source", ip_known ? addr_format(&ip->src, a) : NULL);
	put_member(f, "destination",
	    ip_known ? addr_format(&ip->dst, a) : NULL);
	put_member(f, "protocol",
	    ip_known ? ip_proto_name(ip->proto, proto) : NULL);
	if (ip->ports && ip->proto != 1 && ip->proto != 58)
		fprintf(f, ",\"source_port\":%u,\"destination_port\":%u",
		    ip->sport, ip->dport);
	fprintf(f, ",\"length\":%zu", i->wire);
	put_member(f, "verdict", outcome_name(outcome(i)));
	put_member(f, "class", class_name(i));
	put_member(f, "next_hop", hop_name(r, i));
	put_member(f, "rule", rule_name(r, i, rule));
	put_member(f, "reason", reason(i));
	fputs("}\n", f);
}

static void
put_packet(const struct run *r, const struct item *i)
{
	struct pcap_pkthdr h = { .ts = i->ts,
		.caplen = (bpf_u_int32)i->n, .len = (bpf_u_int32)i->wire };

	pcap_dump((u_char *)r->out, &h, i->p);
}

static void
put_sum(const struct run *r, const char *what, const char *name,
    const struct sum *s)
{
	fprintf(r->text, r->t->json ? "{\"%s\":\"%s\",\"packets\":%" PRIu64
	    ",\"bytes\":%" PRIu64 "}\n" : "%s%s\t%" PRIu64 "\t%" PRIu64 "\n",
	    r->t->json ? what : strcmp(what, "group") == 0 ? "group " : "",
	    name, s->packets, s->bytes);
}

static void
put_summary(const struct run *r)
{
	for (unsigned v = 0; v < TRACE_COUNT; v++)
		if (r->verdict[v].packets != 0)
			put_sum(r, "verdict", outcome_name(v), &r->verdict[v]);
	put_sum(r, "verdict", "total", &r->total);
	for (size_t k = 0; k < r->t->cf->ngroups; k++)
		put_sum(r, "group", r->t->cf->group[k].name, &r->group[k]);
}

/* With -w alone the capture is all there is to say. */
static void
put_verdict(const struct run *r, const struct item *i)
{
	const struct trace *t = r->t;

	if (t->summary || (t->write != NULL && !t->json))
		return;
	if (t->json)
		put_json(r, i);
	else
		put_line(r, i);
}

static void
add(struct sum *s, const struct item *i)
{
	s->packets++;
	s->bytes += i->wire;
}

static void
sum_up(struct run *r, const struct item *i)
{
	const struct conf *cf = r->t->cf;

	add(&r->verdict[outcome(i)], i);
	add(&r->total, i);
	for (size_t k = 0; k < cf->ngroups && i->d.rule != JUDGE_NO_RULE; k++)
		if (conf_group_has(&cf->group[k], &i->ip.src) ||
		    conf_group_has(&cf->group[k], &i->ip.dst))
			add(&r->group[k], i);
}

static void
count_packet(struct run *r, const struct item *i)
{
	const struct trace *t = r->t;
	enum verdict v = i->d.verdict;

	if (t->select && !t->selected[outcome(i)])
		return;
	r->matched++;
	if (t->summary)
		sum_up(r, i);
	put_verdict(r, i);
	/* -c may ask for what is refused; a frame that is not IP has no place
	 * in a file of IP packets */
	if (r->out != NULL && (t->select || verdict_delivers(v)) &&
	    v != V_VERSION)
		put_packet(r, i);
}

/* Passes what waited for a fragment that has come; then logs what is due. */
static void
after_packet(struct run *r, struct item *i)
{
	const struct trace *t = r->t;
	int nowhere = -1;	/* standard error is all there is */
	uint16_t from;
	size_t n;

	if (t->nat == NULL)
		return;
	while ((n = nat_released(t->nat, r->whole, &from,
	    t->at == POLICY_RETURN, time_of(i))) > 0) {
		i->p = r->whole;
		i->n = i->wire = n;
		i->frame = NULL;
		i->d = judge(r, i);
		count_packet(r, i);
	}
	nat_log(t->nat, t->cf, &nowhere);
}

/* Whether all could be read. */
static bool
all_packets(struct run *r)
{
	struct item i = { .number = 0 };
	struct pcap_pkthdr *h;
	const uint8_t *p;
	int got;

	while ((got = pcap_next_ex(r->in, &h, &p)) == 1) {
		i.number++;
		i.h = h;
		read_time(r, &i);
		while (r->t->nat != NULL &&
		    nat_tick(r->t->nat, time_of(&i), NAT_SWEEP))
			;
		read_packet(r, &i, p);
		count_packet(r, &i);
		after_packet(r, &i);
	}
	if (r->untimely > 0)
		warnx("%s: %" PRIu64 " packets have a time that is none; the "
		    "nearest that is one is taken", r->t->read, r->untimely);
	if (got == PCAP_ERROR)
		warnx("%s: after packet %" PRIu64 ": %s", r->t->read, i.number,
		    pcap_geterr(r->in));
	return got != PCAP_ERROR;
}

static void
close_output(struct run *r)
{
	if (r->t->summary)
		put_summary(r);
	if (r->out != NULL && pcap_dump_flush(r->out) != 0)
		die(EXIT_RETRY, "cannot write %s", r->t->write);
	if (fflush(r->text) != 0 || ferror(r->text))
		die(EXIT_RETRY, "cannot write verdicts");
}

int
trace_run(const struct trace *t)
{
	static struct run r;

	r = (struct run){ .t = t,
		.group = calloc(t->cf->ngroups + 1, sizeof(*r.group)) };
	if (r.group == NULL)
		die(EXIT_RETRY, "cannot build the table of groups");
	judge_init(&r.judge, t->pol);
	r.judge.nat = t->nat;
	bool whole = open_capture(&r);
	open_output(&r);
	whole = whole && all_packets(&r);
	close_output(&r);
	judge_fini(&r.judge);
	free(r.group);
	return whole && (!t->select || r.matched > 0) ? 0 : EXIT_NO;
}
