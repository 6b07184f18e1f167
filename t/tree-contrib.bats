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

# deps SET: contrib/deps with an apt-get, a dpkg-query and an id of our own;
# what these are told is in $dir/apt.
deps() {
	mkdir -p "$dir/fake" "$dir/lists"
	: >"$dir/apt"
	cat >"$dir/fake/dpkg-query" <<-'E'
		#!/bin/sh
		shift 3
		for p; do [ "$p" = "$NONE" ] || echo "installed $p"; done
	E
	cat >"$dir/fake/apt-get" <<-'E'
		#!/bin/sh
		echo "$@" >>"$APT"
		echo "noise"
		case $1 in
		update) : >/var/lib/apt/lists/a_Packages ;;
		install) [ "$(wc -l <"$APT")" -gt "$FAILS" ] ;;
		esac
	E
	printf '#!/bin/sh\necho ${USER_ID:-0}\n' >"$dir/fake/id"
	chmod 755 "$dir/fake"/*
	run --separate-stderr env APT="$dir/apt" NONE="${NONE-tcpdump}" \
		FAILS="${FAILS-0}" PATH="$dir/fake:$PATH" unshare -m sh -c '
		mount --bind "$1" /var/lib/apt/lists && contrib/deps "$2"' \
		deps "$dir/lists" "$1"
}

@test "F40: deps installs what is missing, says so in a line, else does nothing" {
	NONE='' deps demo
	[ "$status" -eq 0 ]
	[ "$output$stderr" = "deps: all there" ]
	[ ! -s "$dir/apt" ]

	deps demo
	[ "$status" -eq 0 ]
	[ "$output$stderr" = "deps: installing tcpdump" ]
	grep '^install .*--no-install-recommends tcpdump$' "$dir/apt"

	# what another set wants is not looked for
	deps build
	[ "$output" = "deps: all there" ]
	deps no-such
	[ "$status" -eq 100 ]
	[ "$stderr" = "deps: no such set: no-such" ]
}

@test "F40b: deps asks for the lists when there are none, old or wrong ones" {
	deps demo
	[ "$(cut -c1-7 "$dir/apt" | xargs)" = "update install" ]
	deps demo
	[ "$(cut -c1-7 "$dir/apt" | xargs)" = install ]
	touch -d '1 day ago' "$dir/lists"
	deps demo
	[ "$(cut -c1-7 "$dir/apt" | xargs)" = "update install" ]
	# what they speak of is not there any more
	FAILS=1 deps demo
	[ "$status" -eq 0 ]
	[ "$(cut -c1-7 "$dir/apt" | xargs)" = "install update install" ]
	[ "$output$stderr" = "deps: installing tcpdump" ]

	FAILS=9 deps demo
	[ "$status" -eq 111 ]
	[[ $stderr == *noise*"deps: apt-get could not install tcpdump" ]]
}

@test "F40c: deps without root, and where there is no Debian" {
	USER_ID=1000 deps demo
	[ "$status" -eq 100 ]
	[ "$stderr" = "deps: only root can install what is missing: tcpdump" ]
	[ ! -s "$dir/apt" ]
	USER_ID=1000 NONE='' deps demo
	[ "$status" -eq 0 ]

	run --separate-stderr env PATH="$dir/fake/none" \
		/bin/sh contrib/deps demo
	[ "$status" -eq 0 ]
	[[ $output == "deps: this is not Debian, "*" gcc "*" tcpdump is needed" ]]
}
