# Tab completion knows what the programs know.

bats_require_minimum_version 1.8.0

# What TAB offers after these words, one a line.
offers() {	# WORD...
	bash -c '. contrib/completion/backhaul.bash
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_backhaul
		printf "%s\n" "${COMPREPLY[@]}"' _ "$@"
}

setup() {
	bin=${BH_BIN:-$PWD/build/release}
	PATH=$bin:$PATH
}

@test "offers every option of every program, and nothing else" {
	for p in "$bin"/bh-* "$bin/backhaul"; do
		[ -f "$p" ] || continue
		{ printf '%s\n' h V; "$p" -h | sed 's/^usage: [^ ]* //' |
			grep -oE -- '(^|[[ |])-[a-zA-Z0-9]+' | sed 's/^.*-//' |
			fold -w1; } | sort -u >"$BATS_TEST_TMPDIR/is"
		offers "${p##*/}" - | sed 's/^-//' | sort -u \
			>"$BATS_TEST_TMPDIR/offered"
		diff -u "$BATS_TEST_TMPDIR/is" "$BATS_TEST_TMPDIR/offered" ||
			{ echo "$p"; false; }
	done
}

@test "offers the locations of the domain file that is named" {
	run offers backhaul up -f etc/examples/two-sites.ini -l ''
	[ "$output" = "hq
branch1" ]
	run offers bh-check -f etc/examples/two-sites.ini -l b
	[ "$output" = branch1 ]
}

@test "H12: a domain file runs nothing at TAB" {
	local f=$BATS_TEST_TMPDIR/d.ini did=$BATS_TEST_TMPDIR/did
	cat >"$f" <<-EOF
		[location \$(touch $did.1)]
		[location \`touch $did.2\`]
		[location a\$(touch $did.3)b]
		[location hq] ; \$(touch $did.4)]
		[location x; touch $did.5]
		[location \${x:=\$(touch $did.6)}]
		[location a[\$(touch $did.7)]]
		[location <(touch $did.8)]
		[location \$((a[\$(touch $did.9)]))]
		[location \$HOME]
		[location ~root]
		[location *]
		 [location	branch-1_b.c ]
		[ location spaced ]
		[location -f]
	EOF
	printf '[location \xc2\x9bx]\n[location \033]0;x\007]\n' >>"$f"
	run offers backhaul up -f "$f" -l ''
	[ "$output" = "hq
branch-1_b.c
spaced" ]
	run offers bh-classify -f "$f" -p h
	[ "$output" = hq ]
	# nor does a file whose name is a command
	run offers bh-check -f "\$(touch $did.a)" -l ''
	run offers bh-check -f "\$(touch $did.b)"
	run offers bh-check "\$(touch $did.c)"
	[ -z "$(find "$BATS_TEST_TMPDIR" -name 'did.*')" ]
}

@test "offers commands, parts, verdicts and codes" {
	run offers backhaul re
	[ "$output" = restart ]
	run offers bh-ctl p
	[ "$output" = peers ]
	run offers bh-plan nf
	[ "$output" = nft ]
	run offers bh-classify -c par
	[ "$output" = partner ]
	run offers bh-check -x BH30
	[[ $output == *BH303* ]]
}
