# What is in contrib/ for other people's tools.

bats_require_minimum_version 1.8.0

setup() {
	bin=${BH_BIN:-$PWD/build/release}
	PATH=$bin:$PATH
	top=$PWD
	dir=$BATS_TEST_TMPDIR
}

@test "the problem matcher finds file, line, code and text of every finding" {
	for f in t/data/check/messy.ini /dev/zero; do
		timeout 20 bh-check -f "$f" | head -n -1 >"$dir/findings" || :
		[ -s "$dir/findings" ]
		for s in error warning notice; do
			re=$(jq -r --arg o "bh-check-$s" '.problemMatcher[] |
				select(.owner == $o).pattern[0].regexp' \
				contrib/problem-matcher.json)
			[ "$(grep -c " $s BH" "$dir/findings")" -eq \
				"$(jq -R --arg re "$re" 'select(test($re))' \
				"$dir/findings" | wc -l)" ]
		done
	done
	re=$(jq -r '.problemMatcher[0].pattern[0].regexp' \
		contrib/problem-matcher.json)
	run jq -rR --arg re "$re" 'select(test($re)) | [capture(
		"^(?<f>[^:]+):(?<l>\\d+): error (?<c>BH\\d{3}): (?<t>.*)$")[]] |
		join("|")' <<<'a.ini:7: error BH305: [location b] lan: x: y'
	[ "$output" = 'a.ini|7|BH305|[location b] lan: x: y' ]
}

@test "the pre-commit hook stops a bad domain file and tells what changes" {
	export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=t \
		GIT_AUTHOR_EMAIL=t@example.net GIT_COMMITTER_NAME=t \
		GIT_COMMITTER_EMAIL=t@example.net
	git init -q "$dir/repo"
	cp contrib/pre-commit "$dir/repo/.git/hooks/pre-commit"
	cp etc/backhaul.ini "$dir/repo"
	cd "$dir/repo"
	git add backhaul.ini
	git commit -qm first

	# what is staged counts, not what lies there
	sed -i '0,/^lan = /s//lam = /' backhaul.ini
	run --separate-stderr git commit -qam second
	[ "$status" -eq 1 ]
	[[ $stderr == *"backhaul.ini:"*"BH009"*"nothing was committed"* ]]
	[ "$(git rev-list --count HEAD)" -eq 1 ]

	git checkout -q HEAD backhaul.ini
	sed -i 's/^\[location branch1\]/&\nbackhaul-sources = participating/' \
		backhaul.ini
	run --separate-stderr git commit -qam third
	[ "$status" -eq 0 ]
	[[ $stderr == *"branch1: backhauled traffic now is that of hosts that take part"* ]]
	echo "; a comment" >>backhaul.ini
	run --separate-stderr git commit -qam fourth
	[ "$status" -eq 0 ]
	[[ $stderr == *"nothing changes for any gateway"* ]]
}

@test "every example is clean, and make gallery draws it" {
	for f in etc/examples/*.ini; do
		run --separate-stderr bh-check -W -f "$f"
		[ "$status" -eq 0 ] || { echo "$output"; false; }
		# and every program loads it, for every location
		for l in $(sed -n 's/^\[location \(.*\)\]/\1/p' "$f"); do
			[[ $(bh-check -f "$f" -l "$l") != *inactive* ]] || continue
			bh-classify -f "$f" -l "$l" \
				-e '192.0.2.1 > 192.0.2.2 udp' >/dev/null ||
				[ $? -eq 1 ]
		done
	done
	make -s BUILD="$(basename "$bin")" gallery | grep svg >"$dir/drawn"
	[ "$(wc -l <"$dir/drawn")" -eq "$(ls etc/examples/*.ini | wc -l)" ]
	for f in $(cat "$dir/drawn"); do
		[[ $(tail -n 1 "$f") == "</svg>" ]]
	done
}
