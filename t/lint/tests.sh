#!/bin/sh
# SPDX-License-Identifier: ISC
# Where a test stands says what it is about: a unit test in the folder of its
# room, a bats file with the name of an area or of a program before it.
cd "$(dirname "$0")/../.." || exit 1

areas='check gate guard host nat path tree tunnel wg'
programs=$(basename -a -s .c cmd/*)

for t in t/unit/*_test.c t/unit/*/*_test.c; do
	[ -e "$t" ] || continue
	room=$(basename "$(dirname "$t")")
	[ -d "lib/$room" ] || echo "$t: not in the folder of a room of lib/"
done
for t in t/*.bats; do
	name=$(basename "$t" .bats)
	for known in $areas $programs; do
		case $name in
		"$known"-*) continue 2 ;;
		esac
	done
	echo "$programs" | grep -qx "$name" ||
		echo "$t: begins with no area ($areas), and is no program's"
done
exit 0
