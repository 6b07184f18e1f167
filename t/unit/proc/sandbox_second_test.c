/* SPDX-License-Identifier: ISC */
/* A second opinion: libseccomp makes a filter of the same tables, and both are
 * asked the same at random. */
#include "sandboxed.h"

#include "proc/sandbox_calls.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { ASKED = 1000000, PROGRAM_MAX = 4096, RULE_ARGS = 4 };

/* ---- what the kernel would say ---- */

/* As much of classic BPF as filters are made of; 0 is no verdict. */
static uint32_t
judge(const struct sock_filter *f, size_t n, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t i = 0; i < n; i++)
		switch (f[i].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)d + f[i].k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f[i].k;
			break;
		case BPF_JMP | BPF_JA:
			i += f[i].k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			i += a == f[i].k ? f[i].jt : f[i].jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			i += a >= f[i].k ? f[i].jt : f[i].jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			i += a > f[i].k ? f[i].jt : f[i].jf;
			break;
		case BPF_RET | BPF_K:
			return f[i].k;
		default:
			return 0;
		}
	return 0;
}

/* ---- the other filter ---- */

/* One rule for each choice of values, one purpose after another. */
static bool
add_choices(scmp_filter_ctx ctx, enum sandbox which, unsigned call,
    size_t from, struct scmp_arg_cmp *cmp, unsigned ncmp)
{
	size_t n;
	const struct sandbox_purpose *p = sandbox_purposes(&n);

	while (from < n && (p[from].call != call ||
	    (p[from].who & (1u << which)) == 0))
		from++;
	if (from == n)
		return seccomp_rule_add_exact_array(ctx, SCMP_ACT_ALLOW,
		    (int)call, ncmp, cmp) == 0;
	for (unsigned i = 0; i < p[from].n; i++) {
		cmp[ncmp] = (struct scmp_arg_cmp){ p[from].arg,
			SCMP_CMP_MASKED_EQ, (uint32_t)~p[from].ignored,
			p[from].value[i] };
		if (!add_choices(ctx, which, call, from + 1, cmp, ncmp + 1))
			return false;
	}
	return true;
}

static bool
add_options(scmp_filter_ctx ctx, const struct sandbox_rules *r)
{
	for (size_t i = 0; i < r->noptions; i++) {
		struct scmp_arg_cmp cmp[] = {
			{ 1, SCMP_CMP_MASKED_EQ, UINT32_MAX,
				(uint32_t)r->option[i].level },
			{ 2, SCMP_CMP_MASKED_EQ, UINT32_MAX,
				(uint32_t)r->option[i].name },
		};
		if (seccomp_rule_add_exact_array(ctx, SCMP_ACT_ALLOW,
		    SCMP_SYS(setsockopt), 2, cmp) != 0)
			return false;
	}
	return true;
}

static bool
add_all(scmp_filter_ctx ctx, enum sandbox which)
{
	const struct sandbox_rules *r = sandbox_rules(which);
	struct scmp_arg_cmp cmp[RULE_ARGS];

	for (size_t i = 0; i < r->n; i++) {
		bool set = r->call[i] == __NR_setsockopt && !r->any_option;
		if (!(set ? add_options(ctx, r) :
		    add_choices(ctx, which, r->call[i], 0, cmp, 0)))
			return false;
	}
	return true;
}

/* Its length; 0. */
static size_t
compile(enum sandbox which, struct sock_filter f[static PROGRAM_MAX])
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t n = 0;

	if (ctx != NULL && add_all(ctx, which) && seccomp_attr_set(ctx,
	    SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
	    seccomp_export_bpf(ctx, fd) == 0)
		n = pread(fd, f, PROGRAM_MAX * sizeof(*f), 0);
	close(fd);
	seccomp_release(ctx);
	return n < 0 ? 0 : (size_t)n / sizeof(*f);
}

/* ---- questions ---- */

static uint64_t seed = 1;

static uint64_t
draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* One that some purpose or option is about, or nearly so, or anything. */
static uint64_t
draw_value(const struct sandbox_rules *r)
{
	size_t n;
	const struct sandbox_purpose *p = sandbox_purposes(&n);
	uint64_t v = draw();

	switch (draw() % 8) {
	case 0:
		return v;
	case 1:
		return v & 0xff;
	case 2:
	case 3:
		if (r->noptions == 0)
			return 0;
		const struct sandbox_option *o =
		    &r->option[v % r->noptions];
		return (uint64_t)(draw() % 2 == 0 ? o->level : o->name);
	default:
		p += v % n;
		v = p->value[draw() % p->n];
		return draw() % 4 == 0 ? v ^ 1ull << draw() % 64 : v;
	}
}

static void
draw_question(struct seccomp_data *d, const struct sandbox_rules *r)
{
	static const uint32_t arch[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86,
		SCMP_ARCH_AARCH64 };
	unsigned kind = draw() % 16;

	memset(d, 0, sizeof(*d));
	d->arch = kind == 0 ? arch[draw() % 3] : seccomp_arch_native();
	d->nr = (int)(kind < 12 ? r->call[draw() % r->n] : draw() % 1024);
	if (kind == 1)
		d->nr |= 0x40000000;
	for (int i = 0; i < 6; i++)
		d->args[i] = draw_value(r);
}

static void
test_both(enum sandbox which, const char *name)
{
	struct sock_filter ours[SANDBOX_FILTER_MAX], theirs[PROGRAM_MAX];
	size_t n = sandbox_filter(ours, which), m = compile(which, theirs);
	struct seccomp_data d;
	unsigned wrong = 0, passed = 0;

	for (int i = 0; i < ASKED && m > 0; i++) {
		draw_question(&d, sandbox_rules(which));
		uint32_t a = judge(ours, n, &d), b = judge(theirs, m, &d);
		passed += a == SECCOMP_RET_ALLOW;
		if (a == b || wrong++ > 4)
			continue;
		printf("# %s: arch %x call %d (%lx, %lx, %lx): %x, and "
		    "libseccomp %x\n", name, d.arch, d.nr,
		    (unsigned long)d.args[0], (unsigned long)d.args[1],
		    (unsigned long)d.args[2], a, b);
	}
	OKF(m > 0 && wrong == 0 && passed > ASKED / 100 && passed < ASKED,
	    "H18: %s: libseccomp's filter of these tables judges %d calls "
	    "likewise", name, ASKED);
}

int
main(void)
{
	test_both(SANDBOX_GATE, "gate");
	test_both(SANDBOX_TUNNEL, "tunnel");
	test_both(SANDBOX_ALONE, "alone");
	test_both(SANDBOX_KEYS, "keys");
	test_both(SANDBOX_ALONE_KEYS, "alone with keys");
	test_both(SANDBOX_SPARE, "spare");
	test_both(SANDBOX_UAPI, "uapi process");
	test_both(SANDBOX_FILES, "files");
	test_both(SANDBOX_WATCH, "watch");
	test_both(SANDBOX_RESOLVE, "resolve");
	test_both(SANDBOX_JOURNAL, "journal");
	test_both(SANDBOX_NAMES, "names");
	return DONE();
}
