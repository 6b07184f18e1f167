# SPDX-License-Identifier: ISC
# The rooms of lib/ (lib/README), by what their files need of each other.  What
# they include, t/lint/layers.sh holds.
bats_require_minimum_version 1.8.0

# A line for each file that needs a symbol of another one: both names.
needs() {
	# of sources that are there: an old object may still lie about
	printf '%s\n' lib/*/*.c cmd/*.c | sed 's/c$/o/' |
		( cd "$BH_BIN" && xargs nm -A ) |
	awk '
	{ sub(/\.o:/, " ") }
	$2 ~ /^[0-9a-f]+$/ && $3 ~ /[A-TV-Z]/ && $1 ~ /^lib/ { owner[$4] = $1 }
	$2 == "U" { n++; from[n] = $1; symbol[n] = $3 }
	END {
		for (i = 1; i <= n; i++)
			if (symbol[i] in owner && owner[symbol[i]] != from[i])
				print from[i], owner[symbol[i]]
	}' | sort -u
}

@test "no circle between files: each stands above those that it needs" {
	needs >"$BATS_TEST_TMPDIR/needs"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/needs")" -gt 500 ]
	run -0 --separate-stderr tsort "$BATS_TEST_TMPDIR/needs"
	[ -z "$stderr" ]
}

@test "lib/README names functions that there are, in rooms that have them" {
	local room name n=0
	while read -r room name _; do
		grep -rqE "^$name\(" "lib/$room" || {
			echo "$room has no $name"
			return 1
		}
		n=$((n + 1))
	done < <(sed -n "/^A packet's way out/,/^C34/p" lib/README |
		sed -n 's/^    \([a-z]\)/\1/p')
	[ "$n" -gt 10 ]
}
