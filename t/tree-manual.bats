# What the manuals say is what there is.

bats_require_minimum_version 1.8.0

setup() {
	bin=${BH_BIN:-$PWD/build/release}
}

@test "F26: bh.conf(5) does not promise that gateways compare their files" {
	# nothing of ours is sent from gateway to gateway that could tell
	! grep -q 'gateways that hold different files' man/bh.conf.5
	grep -q '^Gateways do not notice when it is not:' man/bh.conf.5
	# it is the link between two programs that carries the file's hash
	grep -q 'h->generation != me->generation' lib/io/link.c
	[ "$(grep -l 'generation' lib/wg/*.[ch] | wc -l)" -eq 0 ]
}

@test "bh(7) names exactly the verdicts of the code, with the same words" {
	sed -n 's/^\tX(V_[A-Z0-9_]*, "\([^"]*\)", *"\([^"]*\)").*/\1\n\2/p' \
		lib/base/verdict.h >"$BATS_TEST_TMPDIR/code"
	sed -n '/^\.Ss Verdicts/,/^\.Sh FILES/p' man/bh.7 |
		sed -n '/^\.It Cm /{s///p;n;p}' >"$BATS_TEST_TMPDIR/man"
	[ -s "$BATS_TEST_TMPDIR/code" ]
	diff -u "$BATS_TEST_TMPDIR/code" "$BATS_TEST_TMPDIR/man"
}

@test "bh(7) says of each verdict what its sender is told, as the code does" {
	sed -n 's/^\tX(\(V_[A-Z_]*\), \([0-9]*\), \([0-9]*\), \([0-9]*\), \([0-9]*\)).*/\1 \2\/\3 \4\/\5/p' \
		lib/packet/icmp.h | while read -r id four six; do
		name=$(sed -n "s/^\tX($id, \"\([^\"]*\)\".*/\1/p" \
			lib/base/verdict.h)
		echo "$name $four $six"
	done >"$BATS_TEST_TMPDIR/code"
	sed -n '/^\.Ss ICMP errors/,/^\.El/s/^\.It \([^ ]*\) Ta \([0-9/]*\) Ta \([0-9/]*\) Ta .*/\1 \2 \3/p' \
		man/bh.7 >"$BATS_TEST_TMPDIR/man"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/code")" -ge 13 ]
	diff -u "$BATS_TEST_TMPDIR/code" "$BATS_TEST_TMPDIR/man"
}

@test "every program has a page, and every page has EXIT STATUS and EXAMPLES" {
	for p in "$bin"/bh-* "$bin/backhaul"; do
		[ -f "$p" ] || continue
		page=$(ls man/"${p##*/}".[18])
		grep -q '^\.Sh EXIT STATUS' "$page"
		grep -q '^\.Sh EXAMPLES' "$page"
	done
}

@test "every program prints its synopsis for -h and a version for -V" {
	for p in "$bin"/bh-* "$bin/backhaul"; do
		[ -f "$p" ] || continue
		run --separate-stderr "$p" -h
		[ "$status" -eq 0 ]
		[[ ${lines[0]} == "usage: ${p##*/} "* ]]
		run --separate-stderr "$p" -V
		[ "$status" -eq 0 ]
		[[ $output == "${p##*/} 0.1"* ]]
	done
}

@test "every program says usage and exits 100 for an unknown option" {
	for p in "$bin"/bh-* "$bin/backhaul"; do
		[ -f "$p" ] || continue
		run --separate-stderr "$p" -Z
		[ "$status" -eq 100 ] || { echo "$p: $status"; false; }
		[[ $stderr == *usage:* ]]
	done
}

@test "each option that a synopsis names is in its page, and the other way" {
	for p in "$bin"/bh-* "$bin/backhaul"; do
		[ -f "$p" ] || continue
		page=$(ls man/"${p##*/}".[18])
		"$p" -h | sed 's/^usage: [^ ]*//' |
			grep -oE -- '(^|[[ |])-[a-zA-Z0-9]+' | sed 's/^.*-//' |
			fold -w1 |
			sort -u >"$BATS_TEST_TMPDIR/h"
		sed -n '/^\.Sh DESCRIPTION/,$p' "$page" |
			sed -n 's/^\.It Fl \([a-zA-Z0-9]\).*/\1/p' |
			grep -v '[hV]' | sort -u >"$BATS_TEST_TMPDIR/m"
		grep -v '[hV]' "$BATS_TEST_TMPDIR/h" >"$BATS_TEST_TMPDIR/h2" || :
		diff -u "$BATS_TEST_TMPDIR/h2" "$BATS_TEST_TMPDIR/m" ||
			{ echo "$page"; false; }
	done
}

@test "each line of SECURITY names tests that there are" {
	ids=$(grep -oE '\<[A-Z][0-9]+\>' SECURITY | sort -u)
	[ "$(wc -w <<<"$ids")" -ge 30 ]
	for id in $ids; do
		grep -qE "\"([^\"]*[ ,])?$id[a-z]?[ :,]" \
			t/*.bats t/unit/*/*.c || { echo "no test of $id"; false; }
	done
}
