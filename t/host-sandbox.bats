# SPDX-License-Identifier: ISC
# What the programs of a client and a server may still do while they run.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

# One line a program that sees packets: its name and its pid.
programs() {
	{ cli_backhaul status; srv_backhaul status; } |
		awk '$2 == "running" && $1 != "bh-keep" { print $1, $3 }'
}

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	# /var/run/wireguard is the host's: names that nobody else has there
	world_domain "interface = bs$$s\n" "interface = bs$$c\n"
	srv_backhaul up
	cli_backhaul up
	PROGRAMS=$(programs)
	export PROGRAMS
}

# Runs a check, with the name and the pid, for all five; names who fails it.
each_program() {	# COMMAND...
	local name pid n=0
	while read -r name pid; do
		"$@" "$name" "$pid" || { echo "$name ($pid): $*"; return 1; }
		n=$((n + 1))
	done <<<"$PROGRAMS"
	[ "$n" -eq 5 ]
}

# A field of the process's status is this.
field_is() {	# FIELD VALUE NAME PID
	[ "$(sed -n "s/^$1:[[:space:]]*//p" "/proc/$4/status")" = "$2" ]
}

limit_is_0() {	# NAME-OF-LIMIT NAME PID
	[ "$(sed -n "s/^$1  *\([^ ]*\)  *\([^ ]*\) .*/\1 \2/p" \
		"/proc/$3/limits")" = '0 0' ]
}

# What the descriptors are: a kind, or a path.
descriptors() {	# PID
	local fd
	for fd in "/proc/$1/fd"/*; do
		readlink "$fd"
	done | sed 's/:.*//' | sort -u
}

@test "each program runs under a system call filter" {
	each_program field_is Seccomp 2
	each_program field_is NoNewPrivs 1
}

@test "no program has a capability, or could get one" {
	local set
	for set in CapEff CapPrm CapInh CapBnd CapAmb; do
		each_program field_is "$set" 0000000000000000
	done
}

is_a_user() {	# NAME PID
	local u
	u=$(uid_of "$2")
	[ "$u" -ne 0 ] && [ "$u" -ne 65534 ] &&
		field_is Uid "$u	$u	$u	$u" "$@" &&
		field_is Gid "$u	$u	$u	$u" "$@" &&
		field_is Groups '' "$@"
}
uid_of() { awk '$1 == "Uid:" { print $2 }' "/proc/$1/status"; }

@test "no program is root, in a group of root's, or nobody" {
	each_program is_a_user
}

# One line a process: its kind and its pid.
processes() {
	local name pid
	while read -r name pid; do
		echo "$name $pid"
		pgrep -P "$pid" -l | awk '{ print $2, $1 }'
		pgrep -P "$(pgrep -d , -P "$pid"),0" -l | grep ' bh-' |
			awk '{ print $2, $1 }'
	done <<<"$PROGRAMS" | sort -u
}

@test "F32: a user for each kind of process, and no two kinds share one" {
	local kind pid
	processes | grep -v ' $' | while read -r kind pid; do
		echo "$kind $(uid_of "$pid")"
	done | sort -u >"$BATS_TEST_TMPDIR/uids"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/uids")" -eq 5 ]
	[ "$(awk '{ print $2 }' "$BATS_TEST_TMPDIR/uids" | sort -u |
		wc -l)" -eq 5 ]
	for kind in bh-tunnel bh-tunnel-keys bh-tunnel-uapi bh-classify \
	    bh-egress; do
		grep -q "^$kind " "$BATS_TEST_TMPDIR/uids"
	done
}

@test "F32b: neither nobody nor a sibling can end, stop or trace any" {
	local kind pid uid
	processes | while read -r kind pid; do
		for uid in 65534 $(processes | while read -r _ other; do
			uid_of "$other"; done | sort -u); do
			[ "$uid" != "$(uid_of "$pid")" ] || continue
			# shellcheck disable=SC2016 # for the inner shell
			run setpriv --reuid "$uid" --regid "$uid" \
				--clear-groups sh -c 'kill -0 "$0"' "$pid"
			[ "$status" -ne 0 ] || { echo "$uid: $kind"; exit 1; }
		done
	done
	[ "$(programs)" = "$PROGRAMS" ]
}

# bh-resolve, which needs no more than a name, in a host with another passwd(5).
resolve_as() {	# LINE-OF-PASSWD
	(cat /etc/passwd; printf '%b' "$1") >"$BATS_TEST_TMPDIR/passwd"
	# shellcheck disable=SC2016 # for the inner shell
	coproc R { exec unshare -m sh -c 'mount --bind "$0" /etc/passwd &&
		exec "$@"' "$BATS_TEST_TMPDIR/passwd" "$BH_BIN/bh-resolve" \
		localhost 2>"$BATS_TEST_TMPDIR/err"; }
	read -r -t 10 -u "${R[0]}" _ || return 1
}
its_uid() {	# UID
	[ "$(uid_of "$R_PID")" -eq "$1" ]
}

@test "F32c: the user's number is the host's, if it has that user" {
	resolve_as '_bh-names:x:4321:4321::/:/bin/false\n'
	world_until its_uid 4321
	kill "$R_PID"
}

@test "F32d: without a user a number that nobody has, and else it says so" {
	resolve_as ''
	world_until its_uid 78004
	kill "$R_PID"
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
	wait "$R_PID" || true
	resolve_as 'other:x:78004:100::/:/bin/false\n'
	world_until its_uid 65534
	kill "$R_PID"
	[[ $(cat "$BATS_TEST_TMPDIR/err") == "bh-resolve: no user '_bh-names', and no number for it: runs as nobody"* ]]
}

@test "F32e: a user that is root after all is refused" {
	(cat /etc/passwd; echo '_bh-names:x:0:0::/:/bin/false') \
		>"$BATS_TEST_TMPDIR/passwd"
	# shellcheck disable=SC2016 # for the inner shell
	run -100 --separate-stderr unshare -m sh -c '
		mount --bind "$0" /etc/passwd && exec "$@"' \
		"$BATS_TEST_TMPDIR/passwd" "$BH_BIN/bh-resolve" -1 localhost
	[ "$stderr" = "bh-resolve: user '_bh-names' is root, or of root's group" ]
}

@test "F32f: code, manual and sysusers.d name the same users" {
	sed -n 's/^	{ "\(_bh-[a-z]*\)", [0-9]* },/\1/p' lib/proc/sandbox_user.c |
		sort >"$BATS_TEST_TMPDIR/code"
	sed -n 's/^u \(_bh-[a-z]*\) .*/\1/p' contrib/sysusers.d/backhaul.conf |
		sort >"$BATS_TEST_TMPDIR/sysusers"
	sed -n 's/^\.It Sy \(_bh-[a-z]*\).*/\1/p' man/bh.7 |
		sort >"$BATS_TEST_TMPDIR/man"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/code")" -eq 8 ]
	diff "$BATS_TEST_TMPDIR/code" "$BATS_TEST_TMPDIR/sysusers"
	diff "$BATS_TEST_TMPDIR/code" "$BATS_TEST_TMPDIR/man"
}

# That is how other tests see that nothing is left after `down'.
@test "F32g: a process that has left its namespace is found, and ended" {
	(W=$W-away; world_host x	# world_down ends all of W's
	NETNS=$W-x ip netns exec "$W-x" unshare -n setsid sleep 300 3>&- &
	away() { [ "$(netns_names "$W-x")" = sleep ] &&
		[ -z "$(ip netns pids "$W-x")" ]; }
	world_until away
	world_down
	gone() { [ -z "$(netns_pids "$W-x")" ]; }
	world_until gone)
}

# ---- what there is to see and to keep ----

has_empty_root() {	# PID
	[[ $(readlink "/proc/$1/root") == *' (deleted)' ]] &&
		[ -z "$(ls -A "/proc/$1/root/")" ]
}

@test "H18: there are no files where the programs are" {
	local kind pid
	processes | while read -r kind pid; do
		has_empty_root "$pid" || { echo "$kind"; exit 1; }
	done
	# and nothing is left of the directories
	[ -z "$(ls -d /run/bh-?????? 2>/dev/null | xargs -rn 1 stat -c '%u %Y' |
		awk -v t="$(($(date +%s) - 2))" '$2 < t')" ]
}

# Of the same kind as this shell's.
shares() {	# PID KIND
	[ "$(readlink "/proc/$1/ns/$2")" = "$(readlink "/proc/$$/ns/$2")" ]
}
has_no_network() {	# PID
	! shares "$1" net &&
		[ -z "$(nsenter -t "$1" -n ip -o address)" ] &&
		[ -z "$(nsenter -t "$1" -n ip route show table all)" ]
}
# All of them, also who is nobody's child.
each_process() {	# COMMAND...: with the pid
	local host pid n=0
	for host in cli srv; do
		for pid in $(netns_pids "$W-$host"); do
			case $(cat "/proc/$pid/comm") in
			bh-tunnel* | bh-classify* | bh-egress*) ;;
			*) continue ;;
			esac
			"$@" "$pid" || { ps -p "$pid"; return 1; }
			n=$((n + 1))
		done
	done
	[ "$n" -ge 11 ]
}

@test "H18c: where the programs are there is no network" {
	each_process has_no_network
	# those that watch over them need it
	pid=$(netns_named "$W-cli" bh-resolve)
	run ! has_no_network "$pid"
	[ "$(readlink "/proc/$pid/ns/net")" = \
		"$(in_cli readlink /proc/self/ns/net)" ]
}

of_its_own() {	# KIND PID
	! shares "$2" "$1"
}

@test "H18d: nor System V IPC, a host's name or control groups of others" {
	local kind
	for kind in ipc uts cgroup; do
		each_process of_its_own $kind
		of_its_own $kind "$(netns_named "$W-cli" bh-resolve)"
	done
}

@test "H11: keys are neither swapped out nor dumped" {
	local kind pid n=0
	while read -r kind pid; do
		case $kind in bh-tunnel*) ;; *) continue ;; esac
		n=$((n + 1))
		[ "$(awk '$1 == "VmLck:" { print $2 }' "/proc/$pid/status")" \
			-gt 0 ]
		# dd is "do not dump"
		awk '/^[0-9a-f]+-[0-9a-f]+ / { heap = /\[(heap|stack)\]/ }
			heap && /^VmFlags:/' "/proc/$pid/smaps" \
			>"$BATS_TEST_TMPDIR/flags"
		[ -s "$BATS_TEST_TMPDIR/flags" ]
		! grep -v ' dd' "$BATS_TEST_TMPDIR/flags" ||
			{ echo "$kind"; false; }
	done < <(processes)
	[ "$n" -eq 8 ]
}

ALL='user capabilities no-new-privs seccomp landlock network root ipc uts cgroup mdwe no-dump no-fork'

@test "H18b: bh-ctl sandbox says of each process what the kernel does" {
	local n=0
	run -0 --separate-stderr "$BH_BIN/bh-ctl" -D "$W_DIR/run/branch1" sandbox
	# bh-keep is a script, and root
	said=$output
	output=$(grep -E '^bh-(tun|cla)' <<<"$output")
	[ "$(grep -c '^bh-' <<<"$output")" -eq 5 ]
	[ "$(cut -f 3 <<<"$output" | sort -u | wc -l)" -eq 4 ]
	while IFS=$'\t' read -r name pid _ locked holds lacks; do
		case $lacks in
		-) [ "$(sed 's/=[0-9]*//' <<<"$holds")" = "$ALL" ] ;;
		# the one that starts the other
		*) [ "$name $lacks" = 'bh-tunnel-keys no-fork' ]; n=$((n + 1)) ;;
		esac
		[ "$(cat "/proc/$pid/comm")" = "$name" ]
		[[ $name != bh-tunnel* ]] || [ "$locked" -gt 0 ]
	done <<<"$output"
	[ "$n" -eq 1 ]
	# who is less in a sandbox is said to be
	grep -P '^bh-keep\t[0-9]+\troot\t0\t-\t'"$ALL" <<<"$said"
	grep -P '^bh-resolve\t.*\tnetwork$' <<<"$said"
	grep -P '^bh-bolt\t.*\tno-new-privs landlock=[1-6] ipc uts cgroup mdwe\tuser capabilities' <<<"$said"
	run -0 "$BH_BIN/bh-ctl" -j -D "$W_DIR/run/hq" sandbox
	jq -es 'all(.[] | select(.process | test("^bh-(tun|cla|egr)"));
		.layers.seccomp and .layers.root and .layers.network and
		.layers.landlock >= 1 and .capabilities ==
		"0000000000000000") and length >= 6' <<<"$output"
	run -1 "$BH_BIN/bh-ctl" -D "$BATS_TEST_TMPDIR/none" sandbox
	mkdir -m 700 "$BATS_TEST_TMPDIR/empty"
	run -1 "$BH_BIN/bh-ctl" -D "$BATS_TEST_TMPDIR/empty" sandbox
}

@test "H18e: status -v says it, too" {
	run -0 cli_backhaul status -v
	[ "$(grep -c '^bh-.* user capabilities no-new-privs seccomp landlock=' \
		<<<"$output")" -ge 6 ]
	grep '^bh-keep .*root  *without: user' <<<"$output"
	run -0 cli_backhaul status
	run ! grep landlock <<<"$output"
}

# The kernel gives what belongs to who cannot be dumped to root.
is_not_dumpable() {	# NAME PID
	[ "$(stat -c %u "/proc/$2/mem")" -eq 0 ] &&
		! field_is Uid "0	0	0	0" "$@"
}

@test "no program leaves a core, lets itself be read, or can fork" {
	each_program limit_is_0 'Max core file size'
	each_program limit_is_0 'Max processes'
	each_program is_not_dumpable
}

# Standard streams apart, which the supervisor chose.
holds() {	# NAME PID
	local have
	have=$(descriptors "$2" | grep -vxF -e "$(readlink "/proc/$2/fd/0")" \
		-e "$(readlink "/proc/$2/fd/1")" \
		-e "$(readlink "/proc/$2/fd/2")" | tr '\n' ' ')
	case $1 in
	bh-tunnel) [[ $have != *tun* && $have != *keys* && $have != *ini* ]] ;;
	*) [[ $have == *'/dev/net/tun'* && $have != *ini* ]] ;;
	esac || { echo "$1 holds $have"; return 1; }
}

@test "bh-tunnel holds no TUN device, and nobody a file of the configuration" {
	each_program holds
}

# No inode of a UDP socket is among the descriptors.
has_udp() {	# PID HOST
	local inode
	for inode in $(in_host "$2" ss -Huane | grep -o 'ino:[0-9]*'); do
		find "/proc/$1/fd" -lname "socket:\[${inode#ino:}\]" |
			grep -q . && return 0
	done
	return 1
}

@test "only bh-tunnel has a UDP socket" {
	local host name pid
	for host in cli srv; do
		while read -r name pid; do
			if [ "$name" = bh-tunnel ]; then
				has_udp "$pid" "$host"
			else
				! has_udp "$pid" "$host" || return 1
			fi
		done < <("${host}_backhaul" status |
			awk '$2 == "running" { print $1, $3 }')
	done
}

@test "what a program does while it runs passes the filter" {
	in_lan ping -q -c 3 -i 0.1 -W 5 203.0.113.80
	each_program poke
	in_lan ping -q -c 3 -i 0.1 -W 5 203.0.113.80
	[ "$(programs)" = "$PROGRAMS" ]
}

# Its counters on standard error; a wait that is taken up again.
poke() {	# NAME PID
	kill -USR1 "$2" && kill -STOP "$2" && kill -CONT "$2"
}

@test "a sibling that was killed finds the others as they were" {
	local before
	before=$(grep bh-tunnel <<<"$PROGRAMS")
	kill -KILL "$(cli_backhaul status | awk '$1 == "bh-classify" { print $3 }')"
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	[ "$(programs | grep bh-tunnel)" = "$before" ]
}

@test "H17: every program is built with what the compiler has against attacks" {
	cc=${CC:-cc}
	for flag in -fcf-protection -fstack-clash-protection \
		-ftrivial-auto-var-init=zero -fstack-protector-strong; do
		$cc -Werror "$flag" -c -x c -o /dev/null /dev/null 2>/dev/null ||
			continue
		for p in cmd/*.c; do
			p=$BH_BIN/$(basename "$p" .c)
			# gcc writes its own flags down; every part has them
			readelf --debug-dump=info "$p" |
				awk -v f="$flag" '/DW_AT_producer/ {
					n += index($0, "-std=c11") > 0
					with += index($0, f) > 0
				} END { exit !n || n != with }' ||
				{ echo "$p: not $flag"; false; }
		done
	done
	# what copies into a buffer of ours knows how large it is
	nm -D "$BH_BIN/bh-tunnel" | grep -q __memcpy_chk
}

# backhaul(8) where nobody may make a namespace, as in many a container.
bounded() {	# COMMAND
	in_cli setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin \
		"$BH_BIN/backhaul" "$1" -f "$W_DIR/domain.ini" -l branch1 \
		-k "$W_DIR/keys" -d "$W_DIR/run/branch1" 3>&-
}

@test "H18f: a layer that is not to be had is gone without, or require-sandbox" {
	local n
	cli_backhaul down
	bounded up
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	[ "$("$BH_BIN/bh-ctl" -D "$W_DIR/run/branch1" sandbox |
		grep -c '^bh-[tc].*	network ipc uts cgroup')" -eq 5 ]
	cli_backhaul down
	sed -i '/^name = /a require-sandbox = yes' "$W_DIR/domain.ini"
	for n in 1 2 3; do
		run -100 --separate-stderr bounded up
		grep -x 'bh-[a-z]*: require-sandbox: no empty network namespace: Operation not permitted' <<<"$stderr"
		run -1 cli_backhaul status
	done
	cli_backhaul down
	# and where all are there it runs
	cli_backhaul up
	[ "$("$BH_BIN/bh-ctl" -D "$W_DIR/run/branch1" sandbox |
		grep -c '^bh-[tc].*	-$')" -eq 4 ]
	cli_backhaul down
	sed -i '/^require-sandbox/d' "$W_DIR/domain.ini"
	cli_backhaul up
}

# With no more than the service manager leaves.
as_unit() {	# UNIT COMMAND
	local caps
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' "contrib/systemd/$1@.service" |
		tr ' ' '\n' | sed 's/^CAP_/+/' | tr 'A-Z\n' 'a-z,')
	in_cli setpriv --no-new-privs --bounding-set="-all,${caps%,}" \
		"$BH_BIN/backhaul" "$2" -f "$W_DIR/domain.ini" -l branch1 \
		-k "$W_DIR/keys" -d "$W_DIR/run/branch1" 3>&-
}

@test "H17f: the capabilities of the units are enough for every layer" {
	cli_backhaul down
	as_unit backhaul-guard guard
	as_unit backhaul up
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	[ "$("$BH_BIN/bh-ctl" -D "$W_DIR/run/branch1" sandbox |
		grep -c '^bh-[tc].*	-$')" -eq 4 ]
	as_unit backhaul-guard down
	cli_backhaul up
}

# ---- what is open ----

# A gateway with workers and with names, started by somebody who has more open
# than he should.
up_with_all() {
	cli_backhaul down
	srv_backhaul down
	mkdir -p "/etc/netns/$W-srv"
	echo '192.0.2.2 b1.test' >"/etc/netns/$W-srv/hosts"
	: >"/etc/netns/$W-srv/resolv.conf"
	sed -i -e '/^\[location hq\]/a workers = 2' \
		-e 's/^endpoint = 192.0.2.2:/endpoint = b1.test:/' \
		"$W_DIR/domain.ini"
	srv_backhaul up 20</etc/shadow
	rm -r "/etc/netns/$W-srv"
	rmdir --ignore-fail-on-non-empty /etc/netns
	cli_backhaul up 20</etc/shadow
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
}

# A line a process, with what it holds.
all_hold() {	# HOST WHAT-IT-IS
	local pid name
	for pid in $(netns_pids "$W-$1"); do
		read -r name 2>/dev/null <"/proc/$pid/comm" || continue
		case $name in bh-*) ;; *) continue ;; esac
		echo "$2 $name: $(python3 t/lib/descriptors.py "$pid" |
			sed 's/ [^ ]*\.sock$/ NAME.sock/' | paste -sd , |
			sed 's/,/, /g')"
	done
}
hold_what_they_need() {
	{ all_hold cli client; all_hold srv server; } 2>/dev/null |
		LC_ALL=C sort -u >"$BATS_TEST_TMPDIR/held"
	grep -v '^#' t/data/descriptors | LC_ALL=C sort |
		diff - "$BATS_TEST_TMPDIR/held" >"$BATS_TEST_TMPDIR/more"
}

@test "H18g: each process holds what it needs, and nothing else" {
	up_with_all
	world_until hold_what_they_need || { cat "$BATS_TEST_TMPDIR/more"; false; }
}
