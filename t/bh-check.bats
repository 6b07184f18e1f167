# bh-check: every finding, in both directions, and how it is reported.

bats_require_minimum_version 1.8.0

setup() {
	check=${BH_BIN:-$PWD/build/release}/bh-check
	data=t/data/check
	dir=$BATS_TEST_TMPDIR
}

# judge COLUMN: runs that column of the table of cases; a line for each case:
# its number, what was to be found, what was found
judge() {
	local n=0 found bad good
	mkdir "$dir/out"
	while IFS=$'\t' read -r found bad good; do
		[[ $found == \#* ]] && continue
		sed "${!1}" $data/base.ini >"$dir/case.ini"
		if cmp -s "$dir/case.ini" $data/base.ini; then
			echo "sed '${!1}' changes nothing"
			return 1
		fi
		{ echo "$found"; "$check" -f "$dir/case.ini" || :; } \
			>"$dir/out/$((++n))"
	done <$data/cases
	perl -e 'for my $file (@ARGV) {
			open(my $f, "<", $file) or die;
			my $want = join(" ", sort split(" ", <$f>));
			my %code;
			while (<$f>) {
				$code{$1} = 1 if /^\S+ \w+ (BH\d{3}): /;
			}
			print("$file\t$want\t", join(" ", sort keys %code), "\n");
		}' "$dir"/out/*
}

@test "the base file of the table has no finding at all" {
	run --separate-stderr "$check" -W -f $data/base.ini
	[ "$status" -eq 0 ]
	[ "$output" = "$data/base.ini: 3 locations, 0 errors, 0 warnings" ]
}

@test "each finding is found where it is, and nothing else with it" {
	judge bad >"$dir/judged"
	[ "$(wc -l <"$dir/judged")" -gt 100 ]
	awk -F'\t' '$2 != $3 { print; bad = 1 } END { exit bad }' "$dir/judged"
}

@test "each finding is not found where a file only comes near it" {
	judge good >"$dir/judged"
	# the first of the codes is the one meant; the list is sorted
	grep -v '^#' $data/cases | cut -c1-5 >"$dir/meant"
	awk -F'\t' '{ n = $1; sub(/.*\//, "", n); print n "\t" $3 }' \
		"$dir/judged" | sort -n | cut -f2 | paste "$dir/meant" - |
		awk -F'\t' 'index($2, $1) { print; bad = 1 } END { exit bad }'
}

@test "the table of cases has every code but those of more than a file" {
	"$check" -x all | sed -n 's/^\(BH...\)  .*/\1/p' |
		grep -v -e BH001 -e BH002 -e BH015 -e BH609 -e BH8 | sort >"$dir/all"
	grep -v '^#' $data/cases | cut -c1-5 | sort -u >"$dir/tested"
	diff -u "$dir/all" "$dir/tested"
}

# starts PROGRAM FILE: as far as it comes; its exit status
starts() {
	local status=0
	case $1 in
	bh-classify) set -- "$1" "$2" -e '10.0.0.1 > 10.0.0.2 udp' ;;
	bh-egress) set -- "$1" "$2" -p branch -r "$dir/pcap" ;;
	bh-tunnel) set -- "$1" "$2" -k "$dir" ;;
	bh-plan) set -- "$1" "$2" env ;;
	esac
	"${check%/*}/$1" -f "$2" -l hq -D "$dir" "${@:3}" >/dev/null \
		2>"$dir/stderr" || status=$?
	echo $status
}

@test "what is an error, no program starts with, and says so alike" {
	# a case in four for each program, so that each meets all families
	local n=0 found bad good
	printf '\xd4\xc3\xb2\xa1\2\0\4\0%08d\xff\xff\0\0\145\0\0\0' 0 |
		tr 0 '\0' >"$dir/pcap"
	while IFS=$'\t' read -r found bad good; do
		[[ $found == \#* ]] && continue
		sed "$bad" $data/base.ini >"$dir/d.ini"
		"$check" -f "$dir/d.ini" | grep ' error ' >"$dir/errors" ||
			continue
		set -- bh-classify bh-egress bh-tunnel bh-plan
		shift $((n++ % 4))
		[ "$(starts "$1" "$dir/d.ini")" = 100 ]
		grep ' error ' "$dir/stderr" | diff "$dir/errors" -
	done <$data/cases
	[ $n -gt 80 ]
	# and none of them refuses a file with no more than a warning
	sed 24d $data/base.ini >"$dir/d.ini"
	[ "$(starts bh-egress "$dir/d.ini")" = 0 ]
	[ "$(starts bh-plan "$dir/d.ini")" = 0 ]
	[ "$(starts bh-classify "$dir/d.ini")" -lt 100 ]
	starts bh-tunnel "$dir/d.ini"
	grep -q "there is no key file .*hq.key" "$dir/stderr"
}

@test "backhaul(8) sets nothing up with an error, and says all of them" {
	run --separate-stderr "${check%/*}/backhaul" up -f $data/messy.ini \
		-l hq -k "$dir" -d "$dir/run"
	[ "$status" -eq 100 ]
	diff <(grep ' error ' $data/messy.out) <(grep ' error ' <<<"$stderr")
	[ ! -e "$dir/run" ]
}

@test "a run directory too long for a socket is refused, with the number" {
	long=$dir/$(printf '%0100d' 0)
	mkdir -p "$long"
	run --separate-stderr "${check%/*}/bh-classify" -f $data/base.ini \
		-l branch -D "$long"
	[ "$status" -eq 100 ]
	[[ $stderr == *"-D: a socket's path has room for 90 "* ]]
}

@test "BH001: says that a file cannot be read, and exits 111" {
	run --separate-stderr "$check" -f "$dir"
	[ "$status" -eq 111 ]
	[ "${lines[0]}" = "$dir: error BH001: cannot read: Is a directory" ]
}

@test "BH002: refuses more locations than there can be, and an endless file" {
	for ((i = 0; i < 4097; i++)); do
		printf '[location l%d]\nactive = no\n' $i
	done >"$dir/many.ini"
	run --separate-stderr "$check" -f "$dir/many.ini"
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "$dir/many.ini:8193: error BH002: [location l4096] more than 4096 locations" ]
	yes '; a comment' | head -c 17M >"$dir/long.ini"
	run --separate-stderr "$check" -f "$dir/long.ini"
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "$dir/long.ini: error BH002: the file has 16777216 bytes or more" ]
	run --separate-stderr timeout 20 "$check" -f /dev/zero
	[ "$status" -eq 1 ]
}

# A server with that many partners in one line, and these.
star() {	# PARTNERS
	local i all=
	for ((i = 0; i < $1; i++)); do all+=${all:+, }branch$i; done
	echo "[location hq]"
	echo "public-key = y8A1VcorvWNcCzol+fIbYOj/LRhwm6YIeWNRUaFOCVo="
	echo "endpoint = hq.example.net:51820"
	echo "lan = 10.0.0.0/20"
	echo "internal = 10.0.0.0/16"
	echo "partners = $all ; a comment"
	for ((i = 0; i < $1; i++)); do
		echo "[location branch$i]"
		echo "public-key = $(printf '%032d' $i | base64)"
		echo "lan = 10.1.$i.0/24"
		echo "internal = 10.1.$i.0/24"
		echo "partners = hq"
	done
}

@test "F30: forty partners stand on one line" {
	star 40 >"$dir/star.ini"
	run --separate-stderr "$check" -W -f "$dir/star.ini"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == "$dir/star.ini: 41 locations, 0 errors, 0 warnings"* ]]
	# the last of them is looked at as the first is
	sed -i 's/branch39 ;/branch93 ;/' "$dir/star.ini"
	run --separate-stderr "$check" -f "$dir/star.ini"
	[ "$status" -eq 1 ]
	[ "$(grep -c ' error ' <<<"$output")" -eq 1 ]
	[[ $output == *"star.ini:6: error BH401: [location hq] partners: there is no [location branch93]; did you mean 'branch"* ]]
}

@test "F30b: a line of a megabyte is a line like others, and means the same" {
	perl -e 'print "lan = ", join(", ", map { sprintf("2001:db8:0:%x::/64",
		2 * $_) } 0 .. 2047), " ; x" x 250000, "\n"' >"$dir/line"
	[ "$(wc -c <"$dir/line")" -gt 1000000 ]
	sed -e "6{r $dir/line" -e d\} -e "7s/.*/internal = 2001:db8::\/48/" \
		$data/base.ini >"$dir/long.ini"
	run --separate-stderr "$check" -p -f "$dir/long.ini"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^lan = 2001:db8:0:' <<<"$output")" -eq 2047 ]
	printf '%s\n' "$output" >"$dir/plain.ini"
	diff "$dir/plain.ini" <("$check" -p -f "$dir/plain.ini")
}

@test "F30c: one mistake of form is one finding" {
	t/lib/one-mistake "$check" $data/base.ini etc/backhaul.ini \
		etc/examples/{failover,filter}.ini
}

@test "F30d: what cannot be read to its end is one finding" {
	truncate -s 100M "$dir/huge"
	for f in "$dir" "$dir/huge" /dev/zero; do
		run --separate-stderr timeout 20 "$check" -f "$f"
		[ "$status" -gt 0 ]
		[ "${#lines[@]}" -eq 2 ]
		[[ ${lines[1]} == "$f: 0 locations, 1 error, 0 warnings" ]]
		run --separate-stderr "${check%/*}/bh-plan" -f "$f" -l hq env
		[ "$status" -eq 100 ]
		[ "$(wc -l <<<"$stderr")" -eq 2 ]
	done
}

@test "F30e: a value is never cut" {
	# 1023 zeros and a number, of which the beginning is another number
	printf '[location a]\nmtu = %01022d1400\n' 0 >"$dir/cut.ini"
	run --separate-stderr "$check" -f "$dir/cut.ini"
	[[ $output == *"cut.ini:2: error BH014: [location a] mtu: '0000"*"...' has 1026 characters; 1023 is the most"* ]]
	printf '[location a]\nlan = 10.0.0.0/8, %01023d\n' 0 >"$dir/cut.ini"
	run --separate-stderr "$check" -f "$dir/cut.ini"
	[[ $output != *BH014* ]]
	printf '[location a]\nlan = 10.0.0.0/8, %01024d\n' 0 >"$dir/cut.ini"
	run --separate-stderr "$check" -f "$dir/cut.ini"
	[[ $output == *"cut.ini:2: error BH014: [location a] lan: "* ]]
}

@test "F31: public addresses that are routed to the head office pass" {
	# a company's own /48, a part of it at the branch
	sed -e 's/ 10\.[0-9.]*\/[0-9]*,//' -e '9s/$/\nnat = none/' \
		$data/base.ini >"$dir/own.ini"
	run --separate-stderr "$check" -f "$dir/own.ini"
	[ "$status" -eq 1 ]
	[[ $output == *" BH509: "*"'nat-upstream = routed' if the Internet's routes to 2001:db8:1::/52 lead to hq"* ]]
	sed -i 's/^nat = none/&\nnat-upstream = routed/' "$dir/own.ini"
	run --separate-stderr "$check" -W -f "$dir/own.ini"
	[ "$status" -eq 0 ]
	[[ $output == *": 3 locations, 0 errors, 0 warnings" ]]
	run --separate-stderr "$check" -p -f "$dir/own.ini"
	[[ $output == *"nat-upstream = routed"* ]]
	run --separate-stderr "$check" -l hq -f "$dir/own.ini"
	[[ $output == *"none here, the Internet's routes lead here"* ]]
	# private ones are routed nowhere
	sed '9s/$/\nnat = none\nnat-upstream = routed/' $data/base.ini \
		>"$dir/own.ini"
	run --separate-stderr "$check" -f "$dir/own.ini"
	[[ $output == *" notice BH510: "* && $output != *BH509* ]]
}

@test "F31b: two hundred notices of a kind are one line, and warnings are ten" {
	star 200 >"$dir/star.ini"
	sed -i -e '4s/$/\naddress = 192.0.2.1, 192.0.2.2/' \
		-e 's/^lan = 10.1.*/&\nkeepalive = 600/' "$dir/star.ini"
	run --separate-stderr "$check" -f "$dir/star.ini"
	[ "$status" -eq 0 ]
	[ "$(grep -c ' notice ' <<<"$output")" -eq 2 ]
	[ "$(grep -c ' warning BH310' <<<"$output")" -eq 2 ]
	[ "$(grep -c ' warning BH709' <<<"$output")" -eq 10 ]
	[ "$(grep -c '; and 200 more like this (-v)$' <<<"$output")" -eq 1 ]
	[ "$(grep -c '; and 190 more like this (-v)$' <<<"$output")" -eq 1 ]
	[[ ${lines[-1]} == *": 201 locations, 0 errors, 202 warnings, 202 notices; 390 not shown" ]]
	run --separate-stderr "$check" -v -f "$dir/star.ini"
	[ "$(grep -c ' notice BH702' <<<"$output")" -eq 201 ]
	[ "$(grep -c ' warning BH709' <<<"$output")" -eq 200 ]
	[[ $output != *"more like this"* && $output != *"not shown"* ]]
	run --separate-stderr "$check" -j -f "$dir/star.ini"
	[ "$(jq -r .code <<<"$output" | grep -c BH702)" -eq 201 ]
	# errors are all shown
	sed 's/^public-key/publick-key/' "$dir/star.ini" >"$dir/wrong.ini"
	run --separate-stderr "$check" -f "$dir/wrong.ini"
	[ "$(grep -c ' error BH009' <<<"$output")" -eq 201 ]
}

@test "F31c: BH935 names what counts, and what makes it less" {
	pool='nat = pool\nnat-pool = 198.51.100.8\nnat-deterministic = yes'
	sed "9s/$/\n$pool/" $data/base.ini >"$dir/pool.ini"
	run --separate-stderr "$check" -f "$dir/pool.ini"
	grep " BH935: .* 65536 hosts may come (the clients' 'internal').*, or clients 'backhaul-sources = participating', of whom only 'lan' counts$" \
		<<<"$output"
	# which is less indeed
	sed -i 's/^backhaul = client/&\nbackhaul-sources = participating/' \
		"$dir/pool.ini"
	run --separate-stderr "$check" -f "$dir/pool.ini"
	[[ $output == *" BH935: "*"4096 hosts may come (the clients' 'lan')"*"less 'lan'"* ]]
}

@test "says all mistakes of a file in one run, by line, word for word" {
	run --separate-stderr "$check" -f $data/messy.ini
	[ "$status" -eq 1 ]
	[ -z "$stderr" ]
	diff -u $data/messy.out <(printf '%s\n' "$output")
}

@test "a file with CRLF and a byte order mark means the same" {
	sed 's/$/\r/;1s/^/\xef\xbb\xbf/' $data/base.ini >"$dir/dos.ini"
	run --separate-stderr "$check" -W -f "$dir/dos.ini"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "$dir/dos.ini: 3 locations, 0 errors, 0 warnings" ]
}

@test "a last line without newline counts" {
	printf '%s\nmtu = 9' "$(cat $data/base.ini)" >"$dir/cut.ini"
	run --separate-stderr "$check" -f "$dir/cut.ini"
	[ "$status" -eq 1 ]
	[[ ${lines[0]} == "$dir/cut.ini:28: error BH106: [location site] mtu: "* ]]
}

@test "the shipped domain files have no error and no warning" {
	for f in etc/backhaul.ini etc/examples/*.ini; do
		run --separate-stderr "$check" -W -f "$f"
		[ "$status" -eq 0 ] || { echo "$output"; false; }
	done
	run --separate-stderr "$check" -f etc/backhaul.ini
	[ "$output" = "etc/backhaul.ini: 2 locations, 0 errors, 0 warnings" ]
}

@test "the example of bh.conf(5) has no finding, word for word" {
	sed -n '/^\.Bd -literal/,/^\.Ed/p' man/bh.conf.5 | sed '1d;$d' \
		>"$dir/example.ini"
	run --separate-stderr "$check" -W -f "$dir/example.ini"
	[ "$status" -eq 0 ]
	[ "$output" = "$dir/example.ini: 3 locations, 0 errors, 0 warnings" ]
}

@test "bh-check(1) lists exactly the findings that exist" {
	"$check" -x all | grep ^BH >"$dir/code"
	sed -n 's/^\.It \(BH...\) Ta \([a-z]*\) Ta \(.*\)/\1  \2: \3/p' \
		man/bh-check.1 >"$dir/man"
	diff -u "$dir/code" "$dir/man"
}

@test "the examples of bh-check(1) run as they stand" {
	sed -n 's/^\.Dl \$ //p' man/bh-check.1 >"$dir/examples"
	[ "$(wc -l <"$dir/examples")" -ge 5 ]
	cp etc/backhaul.ini "$dir/domain.ini"
	cp t/data/check/views/import/spoke1.conf "$dir/wg0.conf"
	bin=$(realpath "${check%/*}")
	while read -r line; do
		run --separate-stderr env -C "$dir" PATH="$bin:$PATH" \
			bash -eo pipefail -c "$line"
		[ "$status" -eq 0 ] || { echo "$line: $status"; false; }
	done <"$dir/examples"
}

@test "exits 1 for errors, and for warnings only with -W" {
	sed 24d $data/base.ini >"$dir/warning.ini"
	run --separate-stderr "$check" -f "$dir/warning.ini"
	[ "$status" -eq 0 ]
	[ "${lines[1]}" = "$dir/warning.ini: 3 locations, 0 errors, 1 warning" ]
	run --separate-stderr "$check" -W -f "$dir/warning.ini"
	[ "$status" -eq 1 ]
	sed 7d $data/base.ini >"$dir/error.ini"
	run --separate-stderr "$check" -f "$dir/error.ini"
	[ "$status" -eq 1 ]
	# a notice is no warning
	sed '14s/,.*//' $data/base.ini >"$dir/notice.ini"
	run --separate-stderr "$check" -W -f "$dir/notice.ini"
	[ "$status" -eq 0 ]
	[ "${lines[1]}" = "$dir/notice.ini: 3 locations, 0 errors, 0 warnings, 1 notice" ]
}

@test "a server without internal: says what would leak" {
	sed 7d $data/base.ini >"$dir/d.ini"
	run --separate-stderr "$check" -f "$dir/d.ini"
	[ "${lines[0]}" = "$dir/d.ini:3: error BH303: [location hq] internal: a server must list every corporate address of its site; without it, what clients send to subnets here that do not take part is let through as if it were Internet" ]
}

@test "-l prints what concerns a location, on whichever side it was found" {
	# the overlap is found at branch and names hq; the mtu is of site only
	sed '14s/$/, 10.0.0.5/;27s/$/\nmtu = 5/' $data/base.ini >"$dir/d.ini"
	run --separate-stderr "$check" -l hq -f "$dir/d.ini"
	[ "$status" -eq 1 ]
	[[ $output == *"BH305: [location branch]"* ]]
	[[ $output != *BH106* ]]
	[ "${lines[-1]}" = "$dir/d.ini: 3 locations, 3 errors, 0 warnings; 2 not shown" ]
	run --separate-stderr "$check" -l site -f "$dir/d.ini"
	[ "$status" -eq 1 ]
	[[ $output == *"BH106: [location site]"* ]]
	[[ $output != *BH305* ]]
}

@test "-l with a name that is not there exits 100" {
	run --separate-stderr "$check" -l nosuch -f $data/base.ini
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-check: $data/base.ini: no [location nosuch]" ]
}

@test "-f - reads standard input, and -j prints JSON whatever the bytes are" {
	printf '[location a"\\\001\377\303\244]\n' >"$dir/odd.ini"
	run --separate-stderr "$check" -j -f - <"$dir/odd.ini"
	[ "$status" -eq 1 ]
	jq -es 'length > 0 and all(.file == "<stdin>" and .code != "")' \
		<<<"$output"
	[ "$(jq -r 'select(.code == "BH108") | .section' <<<"$output")" = \
		$'location a"\\?\xef\xbf\xbd\xc3\xa4' ]
}

@test "a finding never sends control characters to the terminal" {
	printf '[location a]\n\033[2Jx = \033]0;y\007\n' >"$dir/esc.ini"
	run --separate-stderr "$check" -f "$dir/esc.ini"
	[ "$status" -eq 1 ]
	[[ $output != *$'\033'* && $output != *$'\007'* ]]
}

@test "H15: no file turns a terminal or its text around" {
	# U+0080 to U+009F, also as bytes, marks of direction, ends of lines
	perl -CO -e 'print map { chr } 0x80 .. 0x9f, 0x61c, 0x200e, 0x200f,
		0x2028 .. 0x202e, 0x2066 .. 0x2069, 0xfeff' >"$dir/marks"
	perl -e 'print map { chr } 0x80 .. 0x9f' >>"$dir/marks"
	perl -e '
		open(my $f, "<:raw", "$ARGV[0]/marks") or die;
		my $m = join("", <$f>);
		my @u = ($m =~ /[\xc2\xd8][\x80-\xbf]|[\xe2\xef]..|[\x80-\x9f]/gs);
		for my $c (@u) {
			print "[location a${c}b]\nk${c}y = v${c}w\n",
				"lan = 10.0${c}.0/8\n[group ${c}]\n",
				"[breakout x$c]\nfilter = udp ${c} port 5\n",
				"no key${c} here\n[x${c}\n";
		}
		print STDERR scalar(@u), "\n"' "$dir" >"$dir/marks.ini" \
		2>"$dir/n"
	[ "$(cat "$dir/n")" -eq 79 ]
	for how in -v -j; do
		"$check" $how -f "$dir/marks.ini" >"$dir/out" || true
		[ "$(wc -l <"$dir/out")" -gt 300 ]
		perl -ne 'exit 1 if /\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xef\xbb\xbf|(?<![\xc2-\xf4\x80-\xbf])[\x80-\x9f]/' \
			"$dir/out"
	done
	jq -es 'length > 300' "$dir/out"
	# what stands beside them, and other letters, is left as it is
	printf '[location a\xc2\x9bb\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80c]\n' \
		>"$dir/marks.ini"
	run --separate-stderr "$check" -f "$dir/marks.ini"
	[[ $output == *$'[location a?b\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80c]'* ]]
}

# As many breakouts with that filter, in which each N is another number.
breakouts() {	# COUNT FILTER
	cat $data/base.ini
	perl -e 'for my $i (1 .. $ARGV[0]) {
		(my $f = $ARGV[1]) =~ s/N/1000 + ($i * 7 + $n++) % 5000/ge;
		print "[breakout b$i]\nlocation = branch\nfilter = $f\n";
	}' "$1" "$2"
}

@test "H16: filters cost bh-check no more time than there is, and say so once" {
	ports="port N$(printf ' or N%.0s' {1..115})"
	sides="tcp port N$(printf ' and not udp port N%.0s' {1..40})"
	wrong="udp port N$(printf ' or udp port N%.0s' {1..50}) )"
	# one that would take seconds by itself, and hundreds of them
	for n in 1 256; do
		breakouts $n "$ports" >"$dir/f.ini"
		run --separate-stderr timeout 60 "$check" -f "$dir/f.ini"
		[ "$status" -eq 1 ]
		[ "$(grep -c 'error BH903: .* steps, and 4096 is the most' \
			<<<"$output")" -eq $n ]
	done
	# many that take a little each; the mistake in each is still told
	breakouts 1000 "$sides" >"$dir/f.ini"
	run --separate-stderr timeout 60 "$check" -f "$dir/f.ini"
	[ "$status" -eq 1 ]
	[ "$(grep -c 'error BH' <<<"$output")" -eq 1 ]
	[[ $output == *" BH903: "*"all breakouts take too many steps together"* ]]
	breakouts 1000 "$wrong" >"$dir/f.ini"
	run --separate-stderr timeout 60 "$check" -f "$dir/f.ini"
	[[ $output == *"')' cannot stand there"* ]]
	[ "$(grep -c 'too many steps together' <<<"$output")" -eq 1 ]
	# programs refuse it likewise
	run --separate-stderr timeout 60 "${check%/*}/bh-plan" -f "$dir/f.ini" \
		-l hq env
	[ "$status" -eq 100 ]
	# what people write is far from that
	breakouts 250 'udp dst port N or udp dst portrange 10000-2N or net 203.0.113.0/24' \
		>"$dir/f.ini"
	run --separate-stderr timeout 60 "$check" -f "$dir/f.ini"
	[ "$status" -eq 0 ]
	breakouts 1 "$(printf 'host 203.0.113.9 or %.0s' {1..45})udp port N" \
		>"$dir/f.ini"
	run --separate-stderr timeout 60 "$check" -f "$dir/f.ini"
	[ "$status" -eq 0 ]
}

@test "H16b: the word that is wrong is found in a long filter as in a short one" {
	for at in 1 7 30 58; do
		perl -e 'print "filter = ", join(" or ", map { $_ == $ARGV[0] ?
			"udp gateway port $_" : "udp port $_" } 1 .. 60), "\n"' \
			$at >"$dir/line"
		{ cat $data/base.ini; echo '[breakout b]'
			echo 'location = branch'; cat "$dir/line"; } >"$dir/f.ini"
		run --separate-stderr timeout 60 "$check" -f "$dir/f.ini"
		[[ $output == *" BH903: [breakout b] filter: 'gateway'"* ]]
		sed -i 's/gateway port/port port/' "$dir/f.ini"
		run --separate-stderr timeout 60 "$check" -f "$dir/f.ini"
		[[ $output == *" BH903: [breakout b] filter: 'port' cannot stand there"* ]]
	done
}

@test "-x explains a code, with or without BH, and refuses others" {
	run --separate-stderr "$check" -x BH305
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "BH305  error: the lan of two locations overlap" ]
	[ "${#lines[@]}" -gt 1 ]
	run --separate-stderr "$check" -x 305
	[ "$status" -eq 0 ]
	for code in BH999 BH BH305x -1 ''; do
		run --separate-stderr "$check" -x "$code"
		[ "$status" -eq 100 ]
	done
}

@test "-x all explains every code at some length" {
	"$check" -x all >"$dir/all"
	# a line with the code, then an indented paragraph
	awk 'BEGIN { RS = ""; FS = "\n" }
		NF < 2 || length($0) < 80 { print; bad = 1 }
		END { exit bad }' "$dir/all"
	[ "$(awk 'length > 80' "$dir/all" | wc -l)" -eq 0 ]
}

@test "-x has an example of each, and the fix" {
	"$check" -x all >"$dir/all"
	awk 'BEGIN { RS = "" } !/\n    (right|do) / { print; bad = 1 }
		END { exit bad }' "$dir/all"
	# where an example needs no other part of a domain it gives the finding
	local code
	for code in 005 006 007 008 009 010 012 013 101 102 103 104 105 106 107 \
		108 109 110 201 205 206 207 208 210 301 302 303 304 305 306 \
		307 308 310 311 313 314 316 318 401 402 403 404 501 506 507 \
		508 511 602 603 604 605 606 607 608 702 703 704 707 709 710 \
		720 721 900 901 902 907 911 938 952 956 961 965; do
		{
			"$check" -x $code | grep -q '^    wrong   \[' ||
				echo '[location x]'
			"$check" -x $code |
				sed -n '/^    wrong/,/^    right/s/^ .\{11\}//p' |
				sed '$d'
		} >"$dir/d.ini"
		"$check" -f "$dir/d.ini" | grep " BH$code: " || {
			cat "$dir/d.ini"
			false
		}
	done
}

@test "a missing file and wrong usage exit 100" {
	run --separate-stderr "$check" -f "$dir/none.ini"
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-check: cannot open $dir/none.ini: No such file or directory" ]
	# on a machine where nothing has been set up yet
	run --separate-stderr unshare -m sh -c \
		"mount -t tmpfs none /etc && exec '$check'"
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-check: there is no /etc/backhaul/backhaul.ini: write it (bh.conf(5)), or name another file with -f" ]
	run --separate-stderr "$check" -f $data/base.ini extra
	[ "$status" -eq 100 ]
	[[ $stderr == "usage: bh-check "* ]]
}

@test "a file that may not be opened exits 111" {
	cp $data/base.ini "$dir/secret.ini"
	chmod 0 "$dir/secret.ini"
	chmod 755 "$dir"
	run --separate-stderr setpriv --reuid 65534 --clear-groups \
		--bounding-set=-all "$check" -f "$dir/secret.ini"
	[ "$status" -eq 111 ]
	[[ $stderr == "bh-check: cannot open $dir/secret.ini: Permission denied" ]]
}
