/* SPDX-License-Identifier: ISC */
#ifndef BH_TEST_H
#define BH_TEST_H

/* TAP on standard output: OK(expr) a point, DONE() the plan and the status. */

#include <stdio.h>

static int t_n, t_bad;

#define OK(expr) OKF(expr, "%s", #expr)

/* The same, with a name made by printf: for tables and vectors. */
#define OKF(expr, ...) \
	do { \
		int t_ok = !!(expr); \
		t_bad += !t_ok; \
		printf("%sok %d - ", t_ok ? "" : "not ", ++t_n); \
		printf(__VA_ARGS__); \
		printf("%s\n", t_ok ? "" : " # line " T_STR(__LINE__)); \
	} while (0)
#define T_STR(x) T_STR2(x)
#define T_STR2(x) #x

#define DONE() (printf("1..%d\n", t_n), t_bad != 0)

#endif
