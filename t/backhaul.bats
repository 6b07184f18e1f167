# SPDX-License-Identifier: ISC
# backhaul: up, down, status, restart; what it leaves behind; what it says.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_domain 'partners = branch1\n' 'partners = hq\n'
	cp "$W_DIR/domain.ini" "$W_DIR/good.ini"
	world_until world_settled
	world_state cli >"$W_DIR/cli.state"
	world_state srv >"$W_DIR/srv.state"
}

teardown() {
	cli_backhaul down
	srv_backhaul down
}

# The branch's gateway is as it was before.
untouched() {
	world_state cli | diff "$W_DIR/cli.state" -
	[ ! -e "$run" ]
	[ -z "$(netns_pids "$W-cli")" ]
}

# Of an up that failed nothing stays but the guard, and of that nothing after
# down.
only_guard() {
	run -1 cli_backhaul status
	[[ $output == 'branch1: shut: not up ('*')' ]]
	in_cli nft delete table inet backhaul
	read -r _ loop _ <"$run/bolt/bh-bolt.state"
	kill "$loop"
	world_until world_ended "$loop"
	world_state cli | diff "$W_DIR/cli.state" -
	[ -z "$(netns_pids "$W-cli")" ]
	cli_backhaul down
	untouched
}
W_STAYS="backhaul: the guard stays: nothing of the LAN gets out until \
'backhaul up' succeeds or 'backhaul down'"

pid_of() {	# PROGRAM
	cli_backhaul status | awk -v p="$1" '$1 == p { print $3 }'
}

# Running again, as another process.
replaced() {	# PROGRAM PID
	cli_backhaul status >"$BATS_TEST_TMPDIR/status" &&
		[ "$(pid_of "$1")" != "$2" ]
}

@test "a client and a server come up and are ready" {
	srv_backhaul up
	cli_backhaul up
	run -0 srv_backhaul status
	[ "${lines[0]}" = 'hq: server, guard in force' ]
	[ "$(grep -c ' running ' <<<"$output")" -eq 4 ]
	run -0 cli_backhaul status
	[ "${lines[0]}" = 'branch1: client, guard in force' ]
	[ "$(grep -c ' running ' <<<"$output")" -eq 3 ]
}

# How many programs look how long they have to wait for a processor.
waiting() {
	for p in $(netns_pids "$W-cli"); do
		ls -l "/proc/$p/fd"
	done | grep -c schedstat
}

@test "programs take turns, and keep to a policy that was chosen" {
	cli_backhaul up
	[ "$(waiting)" -eq 2 ]
	cli_backhaul down
	(chrt -i -p 0 $BASHPID; cli_backhaul up)
	[ "$(waiting)" -eq 0 ]
	for p in $(netns_pids "$W-cli"); do
		chrt -p "$p" | grep -q SCHED_IDLE || [ ! -d "/proc/$p" ]
	done
}

@test "up a second time changes nothing" {
	cli_backhaul up
	before=$(world_state cli; cli_backhaul status |
		awk '$2 == "running" { print $1, $3 }')
	run -0 --separate-stderr cli_backhaul up
	[ -z "$output$stderr" ]
	after=$(world_state cli; cli_backhaul status |
		awk '$2 == "running" { print $1, $3 }')
	[ "$before" = "$after" ]
}

@test "down restores routes, rules, nftables and parameters exactly" {
	srv_backhaul up
	cli_backhaul up
	cli_backhaul down
	srv_backhaul down
	untouched
	world_state srv | diff "$W_DIR/srv.state" -
	run -0 --separate-stderr cli_backhaul down
	[ -z "$output$stderr" ]
}

@test "down restores what an administrator had set before" {
	in_cli sysctl -qw net.ipv6.conf.all.forwarding=1
	in_cli sysctl -qw net.ipv6.conf.up0.forwarding=0
	in_cli sysctl -qw net.ipv4.conf.lan0.forwarding=1
	in_cli ip rule add pref 100 from 10.1.7.7 lookup 100
	in_cli ip route add 10.9.9.0/24 via 192.0.2.1 table 100
	in_cli nft add table inet mine
	world_state cli >"$BATS_TEST_TMPDIR/before"
	cli_backhaul up
	cli_backhaul down
	world_state cli | diff "$BATS_TEST_TMPDIR/before" -
	in_cli nft delete table inet mine
	in_cli ip rule del pref 100
	in_cli ip route flush table 100
	in_cli sysctl -qw net.ipv6.conf.all.forwarding=0 \
		net.ipv4.conf.lan0.forwarding=0
}

@test "C31 wrong configuration: every mistake is named, exit 100, nothing done" {
	sed -i 's/^lan-interface = .*/lan-interfaces = lan0/; s/^server = hq/server = hp/' \
		"$W_DIR/domain.ini"
	run -100 --separate-stderr cli_backhaul up
	[ -z "$output" ]
	[[ $stderr == *"domain.ini:"*"lan-interfaces"*"lan-interface"* ]]
	[[ $stderr == *"server"*"hp"* ]]
	untouched
}

@test "an unknown location and a missing file exit 100" {
	run -100 --separate-stderr world_backhaul cli branch9 up
	[[ $stderr == *"no [location branch9]"* ]]
	rm "$W_DIR/domain.ini"
	run -100 --separate-stderr cli_backhaul up
	[[ $stderr == *"cannot open $W_DIR/domain.ini: No such file"* ]]
	untouched
}

@test "a missing key gives one clear line, exit 100 or 111, the guard stays" {
	mv "$W_DIR/keys/branch1.key" "$W_DIR/keys/away"
	run --separate-stderr cli_backhaul up
	mv "$W_DIR/keys/away" "$W_DIR/keys/branch1.key"
	[ "$status" -eq 100 ] || [ "$status" -eq 111 ]
	[ "$(grep -c branch1.key <<<"$stderr")" -eq 1 ]
	only_guard
}

@test "a key that others may read is refused" {
	chmod 644 "$W_DIR/keys/branch1.key"
	run --separate-stderr cli_backhaul up
	chmod 600 "$W_DIR/keys/branch1.key"
	[ "$status" -eq 100 ] || [ "$status" -eq 111 ]
	[[ $stderr == *branch1.key* ]]
	only_guard
}

@test "a used port gives one clear line and 111, the guard stays" {
	world_bg cli socat -u UDP6-RECV:51820 STDOUT
	socat=$W_PID
	world_until world_listens cli udp 51820
	run -111 --separate-stderr cli_backhaul up
	kill "$socat"
	[ "$(grep -c '^bh-tunnel: .*51820: another program has it' <<<"$stderr")" -eq 1 ]
	only_guard
}

@test "no /dev/net/tun gives one clear line and 111" {
	# a mount namespace of its own, in which /dev/net is empty
	# shellcheck disable=SC2016 # for the inner shell
	run -111 --separate-stderr in_cli unshare -m sh -c '
		mount -t tmpfs none /dev/net && exec "$@"' sh \
		"$BH_BIN/backhaul" up -f "$W_DIR/domain.ini" -l branch1 \
		-k "$W_DIR/keys" -d "$run"
	[ "$stderr" = "backhaul: cannot open /dev/net/tun: no such device
$W_STAYS" ]
	only_guard
}

@test "a missing interface gives one clear line and 111" {
	sed -i '/location branch1/,$s/^uplink = up0/uplink = ppp9/' \
		"$W_DIR/domain.ini"
	run -111 --separate-stderr cli_backhaul up
	[ "$stderr" = "backhaul: no interface ppp9
$W_STAYS" ]
	only_guard
}

@test "an interface of somebody else with our name is left alone" {
	in_cli ip link add dev bh0 type bridge
	run -111 --separate-stderr cli_backhaul up
	[[ $stderr == *"cannot make interface bh0: there is one already"* ]]
	in_cli ip link show dev bh0
	in_cli ip link del dev bh0
	only_guard
}

@test "a second gateway in one network namespace is refused" {
	cli_backhaul up
	world_state cli | grep -v 'packets' >"$BATS_TEST_TMPDIR/before"
	run -111 --separate-stderr in_cli "$BH_BIN/backhaul" up \
		-f "$W_DIR/domain.ini" -l hq -k "$W_DIR/keys" -d "$W_DIR/run/hq"
	[[ $stderr == *"the gateway of $run runs in this network namespace"* ]]
	world_state cli | grep -v 'packets' | diff "$BATS_TEST_TMPDIR/before" -
	cli_backhaul status
}

@test "a location with neither role nor partners needs nothing" {
	cat >>"$W_DIR/domain.ini" <<-EOF
	[location home]
	public-key = $(world_key home)
	lan = 10.9.0.0/24
	internal = 10.9.0.0/24
	EOF
	run -0 --separate-stderr world_backhaul cli home up
	[[ $stderr == *"nothing to do"* ]]
	untouched
}

@test "the domain file may come by standard input" {
	in_cli "$BH_BIN/backhaul" up -f - -l branch1 -k "$W_DIR/keys" \
		-d "$run" <"$W_DIR/good.ini" 3>&-
	rm "$W_DIR/domain.ini"
	cli_backhaul status
	cli_backhaul restart
	cli_backhaul status
}

@test "G30 G31 a killed program is started again, and says how often" {
	srv_backhaul up
	cli_backhaul up
	for program in bh-classify bh-tunnel; do
		pid=$(pid_of $program)
		kill -9 "$pid"
		world_until replaced $program "$pid"
		run -0 cli_backhaul status
		[ "$(awk -v p=$program '$1 == p { print $NF }' <<<"$output")" -ge 1 ]
	done
	in_lan ping -c 1 -W 5 10.0.0.5
}

@test "G33 programs live on without their supervisor; restart brings it back" {
	cli_backhaul up
	world_still branch1	# or bh-keep brings it back
	pid=$(pid_of bh-classify)
	read -r _ loop _ <"$run/bh-classify.state"
	kill -9 "$loop"
	run -1 cli_backhaul status
	[ "$(pid_of bh-classify)" = "$pid" ]
	cli_backhaul restart bh-classify
	cli_backhaul status
	[ "$(pid_of bh-classify)" != "$pid" ]
}

@test "restart of one program leaves the others' processes alone" {
	srv_backhaul up
	cli_backhaul up
	tunnel=$(pid_of bh-tunnel) classify=$(pid_of bh-classify)
	cli_backhaul restart bh-classify
	[ "$(pid_of bh-tunnel)" = "$tunnel" ]
	[ "$(pid_of bh-classify)" != "$classify" ]
	cli_backhaul restart
	cli_backhaul status
	[ "$(pid_of bh-tunnel)" != "$tunnel" ]
	run -100 cli_backhaul restart bh-egress
}

@test "a program that a restart cannot help is named, and not started again" {
	cli_backhaul up
	pid=$(pid_of bh-tunnel)
	chmod 644 "$W_DIR/keys/branch1.key"
	kill -9 "$pid"
	world_until grep -q 'branch1.key' "$run/log"
	run -1 cli_backhaul status
	chmod 600 "$W_DIR/keys/branch1.key"
	cli_backhaul restart
	cli_backhaul status
}

@test "status says that it is not up, and that the guard is gone" {
	run -1 cli_backhaul status
	[ "$output" = 'branch1: not up' ]
	cli_backhaul up
	world_still branch1
	in_cli nft flush ruleset
	run -1 cli_backhaul status
	[[ ${lines[0]} == *"guard MISSING" ]]
}

@test "up that is killed at any moment can be taken down" {
	for tenths in 0.02 0.05 0.1 0.15 0.2 0.3 0.4; do
		netns_exec "$W-cli" timeout -s KILL $tenths \
			"$BH_BIN/backhaul" up -f "$W_DIR/domain.ini" \
			-l branch1 -k "$W_DIR/keys" -d "$run" \
			</dev/null >/dev/null 2>&1 3>&- || true
		cli_backhaul down
		world_until untouched
	done
}

@test "up after a killed up goes on from there" {
	netns_exec "$W-cli" timeout -s KILL 0.1 "$BH_BIN/backhaul" up \
		-f "$W_DIR/domain.ini" -l branch1 -k "$W_DIR/keys" -d "$run" \
		</dev/null >/dev/null 2>&1 3>&- || true
	cli_backhaul up
	cli_backhaul status
	cli_backhaul down
	untouched
}

@test "up -F stays, and takes everything but the guard down on SIGTERM" {
	NETNS=$W-cli ip netns exec "$W-cli" "$BH_BIN/backhaul" up -F \
		-f "$W_DIR/domain.ini" -l branch1 -k "$W_DIR/keys" -d "$run" \
		</dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	world_until cli_backhaul status
	# and up has done all that it had to
	world_until flock -n "$run/lock" true
	kill "$pid"
	wait "$pid"
	only_guard
}

up_in_front() {
	NETNS=$W-cli ip netns exec "$W-cli" "$BH_BIN/backhaul" up -F \
		-f "$W_DIR/domain.ini" -l branch1 -k "$W_DIR/keys" -d "$run" \
		</dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	front=$!
}
in_front() { [ "$(cut -d ' ' -f 1 "$run/foreground")" = "$front" ]; }

@test "F34: up -F takes over what runs, and is the only one" {
	# of an up without -F
	cli_backhaul up
	before=$(pid_of bh-classify)
	up_in_front
	world_until in_front
	world_until cli_backhaul status
	kill -0 "$front"
	[ "$(pid_of bh-classify)" != "$before" ]
	grep -q 'programs that run are started again' "$BATS_TEST_TMPDIR/err"
	# another one has nothing to do, and does not pretend to have done it
	run -111 --separate-stderr cli_backhaul up -F
	[[ $stderr == "backhaul: 'backhaul up -F' runs already, process $front;"* ]]
	kill -0 "$front"
	# whose shell was killed: its programs live on, and so does the guard
	kill -9 "$front"
	wait "$front" || true
	cli_backhaul status
	up_in_front
	world_until in_front
	world_until cli_backhaul status
	kill -0 "$front"
	kill "$front"
	wait "$front"
}

@test "up -F ends when another down takes the gateway away" {
	NETNS=$W-cli ip netns exec "$W-cli" "$BH_BIN/backhaul" up -F \
		-f "$W_DIR/domain.ini" -l branch1 -k "$W_DIR/keys" -d "$run" \
		</dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	world_until cli_backhaul status
	cli_backhaul down
	wait "$pid"
	world_until untouched
}

@test "the run directory is for root alone" {
	cli_backhaul up
	[ "$(stat -c %a "$run")" = 700 ]
	[ -z "$(find "$run" -type f -perm /077)" ]
}

@test "wrong usage exits 100, -h and -V exit 0" {
	for args in '' frob 'up x' 'restart a b' 'status -Q' 'down x'; do
		# shellcheck disable=SC2086 # a list
		run -100 --separate-stderr "$BH_BIN/backhaul" $args
	done
	run -0 "$BH_BIN/backhaul" -h
	[[ $output == usage:* ]]
	run -0 "$BH_BIN/backhaul" -V
	run -100 "$BH_BIN/backhaul" up -d '/tmp/a b'
}

# A pipe that is full, and that nobody reads.
fill() {	# FIFO
	dd if=/dev/zero of="$1" bs=4096 count=64 oflag=nonblock 2>/dev/null || :
}

@test "F12d: nobody reads what up -F says, and its programs are started again" {
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec 5<>"$BATS_TEST_TMPDIR/pipe"
	NETNS=$W-cli ip netns exec "$W-cli" "$BH_BIN/backhaul" up -F \
		-f "$W_DIR/domain.ini" -l branch1 -k "$W_DIR/keys" -d "$run" \
		</dev/null 2>"$BATS_TEST_TMPDIR/pipe" 3>&- 5>&- &
	pid=$!
	ready() { [ -e "$run/outcome" ] && [ ! -e "$run/shut" ]; }
	world_until ready
	fill "$BATS_TEST_TMPDIR/pipe"
	for program in bh-classify bh-tunnel bh-tunnel; do
		was=$(pid_of $program)
		kill -9 "$was"
		again() {
			now=$(pid_of $program)
			[ -n "$now" ] && [ "$now" != - ] && [ "$now" != "$was" ]
		}
		world_until again
	done
	kill "$pid"
	wait "$pid"
	exec 5>&-
}

@test "F24: the log outlives stop and up" {
	cli_backhaul up
	echo 'a line of before' >>"$run/log"
	cli_backhaul stop
	cli_backhaul up
	cli_backhaul restart
	grep -q '^a line of before$' "$run/log"
}
