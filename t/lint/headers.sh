#!/bin/sh
# SPDX-License-Identifier: ISC
# Each header compiles alone and says who it is.
cd "$(dirname "$0")/../.." || exit 1

for h in lib/*/*.h; do
	guard=BH_$(basename "$h" .h | tr 'a-z-' 'A-Z_')_H
	grep -q "^#ifndef $guard\$" "$h" || echo "$h: guard is not $guard"
	printf '#include "%s"\nextern int lint;\n' "${h#lib/}" |
		${CC:-cc} -std=c11 -D_GNU_SOURCE -Ilib -Wall -Wextra -Wpedantic \
		-fsyntax-only -x c - || echo "$h: does not compile alone"
done
exit 0
