# SPDX-License-Identifier: ISC
# nat = pool, end to end: two branches behind a server's pool of addresses.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_branch 4
	ip -n "$W-srv" route add 192.0.14.0/24 via 198.51.100.1
	ip -n "$W-inet" route add 203.0.117.0/24 via 203.0.113.1
	ip -n "$W-inet" -6 route add 2001:db8:f::/64 via 2001:db8:c::1
	mkdir "$W_DIR/www"
	echo page >"$W_DIR/www/index.html"
	world_servers inet "$W_DIR/www"
	world_web lan4 "$W_DIR/www"
	pool_up
}

teardown_file() {
	cli_backhaul down
	world_backhaul cli4 branch4 down
	srv_backhaul down
	world_down
}

setup() {
	: >"$W_DIR/inet.log"
}

pool_up() {
	world_domain "$POOL" '' "\
[location branch4]\n\
public-key = $(world_key branch4)\n\
endpoint = 192.0.14.2:51820\n\
lan = 10.4.0.0/20, 2001:db8:4::/64\n\
internal = 10.4.0.0/16, 2001:db8:4::/48\n\
address = 10.4.0.1, 2001:db8:4::1\n\
backhaul = client\n\
server = hq\n\
uplink = up0\n\
lan-interface = lan0\n\
[publish web]\n\
server = hq\n\
match = 203.0.117.12 tcp 8080\n\
to = 10.4.0.5:80\n"
	srv_backhaul up
	cli_backhaul up
	world_backhaul cli4 branch4 up
}
POOL='nat = pool\nnat-pool = 203.0.117.8, 203.0.117.12-203.0.117.13\n'
POOL+='nat-pool = 2001:db8:f::8\n'

page() {	# HOST [ADDRESS]
	[ "$(in_host "$1" curl -sSg --max-time 10 \
		"http://${2:-203.0.113.80}/")" = page ]
}

egress_pid() {
	netns_named "$W-srv" bh-egress
}

other_egress() {	# PID: another process has taken its place
	local pid
	pid=$(egress_pid)
	[ -n "$pid" ] && [ "$pid" != "$1" ]
}

told() {
	[ "$(world_packets "$BATS_TEST_TMPDIR/told")" -ge 1 ]
}

seen() {	# PATTERN: the web server's client
	grep -q "^\(::ffff:\)\?$1 " "$W_DIR/inet.log"
}

@test "TCP of both branches, from addresses of the pool, both families" {
	page lan
	page lan4
	seen '203\.0\.117\.\(8\|12\|13\)'
	run ! seen '203\.0\.113\.1'
	page lan '[2001:db8:c::80]'
	seen '2001:db8:f::8'
}

@test "5508-10 ping, and the errors of the server and beyond, come back" {
	in_lan ping -c 2 -i 0.2 -W 5 203.0.113.80
	in_host lan4 ping -c 1 -W 5 2001:db8:c::80
	# whoever says so, and wherever: it is about our packet
	run in_lan ping -c 1 -W 5 -t 2 203.0.113.80
	grep -i 'time to live exceeded' <<<"$output"
	run in_lan ping -6 -c 1 -W 5 -t 2 2001:db8:c::80
	grep -i 'hop limit\|time exceeded' <<<"$output"
	# a closed port beyond
	run in_lan python3 t/lib/udp.py refused 203.0.113.80 9
	[ "$output" = refused ]
}

@test "traceroute shows hops and the end" {
	run in_lan traceroute -n -q 1 -w 3 -m 6 203.0.113.80
	grep -q '203\.0\.113\.80  *[0-9.]* ms' <<<"$output"
	run in_lan traceroute -I -n -q 1 -w 3 -m 6 203.0.113.80
	grep -q '203\.0\.113\.80  *[0-9.]* ms' <<<"$output"
}

@test "4787-14 datagrams larger than the path are fragments, both ways" {
	for size in 3000 8000; do
		head -c $size /dev/zero >"$BATS_TEST_TMPDIR/big"
		in_lan socat -b 8192 -T 5 - UDP:203.0.113.80:7 \
			<"$BATS_TEST_TMPDIR/big" >"$BATS_TEST_TMPDIR/back"
		cmp "$BATS_TEST_TMPDIR/big" "$BATS_TEST_TMPDIR/back"
	done
}

@test "bulk TCP arrives as it was, from both at once" {
	head -c 30000000 /dev/urandom >"$BATS_TEST_TMPDIR/bulk"
	sum=$(sha256sum <"$BATS_TEST_TMPDIR/bulk")
	in_host lan4 socat -T 20 - TCP:203.0.113.80:9000 \
		<"$BATS_TEST_TMPDIR/bulk" >"$BATS_TEST_TMPDIR/four" 3>&- &
	[ "$(in_lan socat -T 20 - TCP:203.0.113.80:9000 \
		<"$BATS_TEST_TMPDIR/bulk")" = "$sum" ]
	wait $!
	[ "$(cat "$BATS_TEST_TMPDIR/four")" = "$sum" ]
}

@test "N4, 5508-8 no other protocol leaves, nor an inside address; who tries is told" {
	world_capture inet eth0 "$BATS_TEST_TMPDIR/wire"
	page lan
	in_lan ping -c 1 -W 5 203.0.113.80
	wire=$W_CAPTURE
	world_capture lan eth0 "$BATS_TEST_TMPDIR/told" \
		'icmp[icmptype] == 3 and icmp[icmpcode] == 13'
	in_lan python3 t/lib/udp.py raw 203.0.113.80 47 4 41 132
	world_until told
	world_captured
	W_CAPTURE=$wire W_CAPTURE_FILE=$BATS_TEST_TMPDIR/wire
	world_until test "$(world_count hq bh-egress nat-protocol)" -ge 4
	world_captured
	world_none "$BATS_TEST_TMPDIR/wire" 'net 10.0.0.0/8'
}

@test "the log has a line for each block of ports, none for flows" {
	log=$W_DIR/run/hq.log/nat-0.log
	world_until grep -Eq '^bh-egress: nat [0-9]+ take 203\.0\.117\.(8|1[23]):[0-9]+-[0-9]+ branch1 10\.1\.0\.5$' \
		"$log"
	[ "$(grep -c ' take ' "$log")" -le 6 ]
	run ! grep -q '203\.0\.113\.80' "$log"
	run ! grep -q ' nat [0-9]* take ' "$W_DIR/run/hq/log"
}

@test "C40 bh-ctl egress who: now by the state, then by the log" {
	world_capture inet eth0 "$BATS_TEST_TMPDIR/wire" 'tcp[13] == 2'
	page lan
	world_captured
	end=$(tcpdump -tnr "$BATS_TEST_TMPDIR/wire" 2>/dev/null |
		sed -n 's/^IP \(.*\)\.\([0-9]*\) > .*/\1:\2/p' | head -1)
	ctl() { "$BH_BIN/bh-ctl" -D "$W_DIR/run/hq" egress who "$@"; }
	ctl "$end" tcp | grep -Eqx $'branch1\t10\.1\.0\.5:[0-9]+\tflow'
	ctl "$end" tcp at "$(date +%s)" |
		grep -Eqx $'branch1\t10\.1\.0\.5\tblock [0-9-]+ since [0-9]+'
	run ctl "$end" tcp at 1000
	[ "$status" -eq 1 ]
}

@test "4787-13, 4787-13a too big for the way beyond: an error with the MTU, or fragments" {
	ip -n "$W-srv" link set up0 mtu 1300
	ip -n "$W-inet" link set eth0 mtu 1300
	run in_lan ping -c 1 -W 5 -M do -s 1300 203.0.113.80
	grep -qi 'frag needed.*mtu.*1300' <<<"$output"
	# not by the host, which knows the MTU now
	in_host lan4 ping -c 1 -W 5 -M dont -s 1350 203.0.113.80
	ip -n "$W-srv" link set up0 mtu 1500
	ip -n "$W-inet" link set eth0 mtu 1500
}

@test "4787-9, 6888-9 a published port, from outside and from another branch" {
	: >"$W_DIR/lan4.log"
	[ "$(in_inet curl -sS --max-time 10 http://203.0.117.12:8080/)" = page ]
	grep -q '^\(::ffff:\)\?203\.0\.113\.80 ' "$W_DIR/lan4.log"
	# hairpin: seen with the outside address of the pool
	page lan 203.0.117.12:8080
	grep -q '^\(::ffff:\)\?203\.0\.117\.\(8\|1[23]\) ' "$W_DIR/lan4.log"
	# and nothing else of that address is open
	run ! in_inet curl -sS --max-time 1 http://203.0.117.12:8081/
}

@test "C21 kill -9, again and again: a connection goes on, flows are taken over" {
	local pid n
	# others come and go meanwhile
	world_bg lan4 python3 t/lib/udp.py flows 203.0.113.80 7 20000
	load=$W_PID
	for n in 1 2 3; do
		head -c 300000 /dev/urandom | tee -a "$BATS_TEST_TMPDIR/sent"
		pid=$(egress_pid)
		kill -9 "$pid"
		world_until other_egress "$pid" >&2
	done | in_lan socat -T 30 - TCP:203.0.113.80:9000 \
		>"$BATS_TEST_TMPDIR/sum"
	[ "$(cat "$BATS_TEST_TMPDIR/sum")" = \
		"$(sha256sum <"$BATS_TEST_TMPDIR/sent")" ]
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/sent")" -eq 900000 ]
	[ "$(grep -c ' bh-egress: [0-9]* flows go on$' "$W_DIR/run/hq/log")" \
		-ge 3 ]
	kill "$load" 2>/dev/null || true
}

# A translator that knows nothing of what was: as another server's, to which a
# client's traffic has moved.
forget() {
	local pid
	pid=$(egress_pid)
	rm "$W_DIR/run/hq/bh-egress.nat"
	kill -9 "$pid"
	world_until other_egress "$pid"
}

@test "F15: a connection that the translator does not know ends at once; UDP goes on" {
	world_bg lan python3 t/lib/udp.py ticks 203.0.113.80 7 \
		"$BATS_TEST_TMPDIR/ticks"
	ticks=$W_PID
	for fam in 203.0.113.80 2001:db8:c::80; do
		world_bg lan python3 t/lib/hang.py "$fam" 9000 \
			"$BATS_TEST_TMPDIR/$fam"
		world_until grep -q open "$BATS_TEST_TMPDIR/$fam"
	done
	world_until test -s "$BATS_TEST_TMPDIR/ticks"
	forget
	for fam in 203.0.113.80 2001:db8:c::80; do
		world_until grep -q ended "$BATS_TEST_TMPDIR/$fam"
		grep -q 'ended ConnectionResetError' "$BATS_TEST_TMPDIR/$fam"
	done
	[ "$(world_count hq bh-egress nat-reset)" -ge 2 ]
	: >"$BATS_TEST_TMPDIR/ticks"
	world_until test -s "$BATS_TEST_TMPDIR/ticks"
	kill "$ticks"
}

switches() { awk '/^voluntary/ { print $2 }' "/proc/$1/status"; }
sleeps() {	# PID: at most one wake-up in five seconds
	local n
	n=$(switches "$1")
	sleep 5
	[ $(($(switches "$1") - n)) -le 1 ]
}

@test "nat6 = pool: IPv6 by the pool, IPv4 by the kernel's masquerade" {
	cli_backhaul down
	world_backhaul cli4 branch4 down
	srv_backhaul down
	POOL='nat6 = pool\nnat-pool = 2001:db8:f::8\n' pool_up
	page lan
	seen '203\.0\.113\.1'
	page lan '[2001:db8:c::80]'
	seen '2001:db8:f::8'
	in_host lan4 ping -c 1 -W 5 2001:db8:c::80
	in_host lan4 ping -c 1 -W 5 203.0.113.80
	in_lan traceroute -6 -n -q 1 -w 3 -m 6 2001:db8:c::80 |
		grep -q '2001:db8:c::80  *[0-9.]* ms'
	# by blocks, as IPv4 is elsewhere; IPv4 has none
	world_until grep -Eq '^bh-egress: nat [0-9]+ take \[2001:db8:f::8\]:[0-9]+-[0-9]+ branch1 2001:db8:1::5$' \
		"$W_DIR/run/hq.log/nat-0.log"
	# what is published in IPv4 is the kernel's, and open
	[ "$(in_inet curl -sS --max-time 10 http://203.0.117.12:8080/)" = page ]
	# nobody comes in unasked, at the pool's address or the host's
	run ! in_inet curl -sSg --max-time 1 'http://[2001:db8:f::8]/'
	run ! in_inet curl -sSg --max-time 1 'http://[2001:db8:1::5]/'
	"$BH_BIN/bh-egress" -f "$W_DIR/domain.ini" -l hq -p branch1 \
		-e '2001:db8:1::5 > 2001:db8:c::80 tcp 80' |
		grep -q 'an address of nat-pool (nat6 = pool)'
	"$BH_BIN/bh-egress" -f "$W_DIR/domain.ini" -l hq -p branch1 \
		-e '10.1.0.5 > 203.0.113.80 tcp 80' | grep -q 'nat = masquerade'
}

ctl_who() { "$BH_BIN/bh-ctl" -D "$W_DIR/run/hq" egress who "$@"; }

@test "F24: who had a port is known after down and up, and by no log that is cut" {
	# as of the tests before, when all of IPv4 was a pool's
	line=$(grep -h ' take 203' "$W_DIR/run/hq.log"/nat-*.log | head -1)
	[[ $line =~ \ nat\ ([0-9]+)\ take\ ([0-9.]+):([0-9]+)- ]]
	at=${BASH_REMATCH[1]} end=${BASH_REMATCH[2]}:${BASH_REMATCH[3]}
	host=${line##* }
	ctl_who "$end" tcp at "$at" | grep -F "$host"
	srv_backhaul down
	ctl_who "$end" tcp at "$at" | grep -F "$host"
	srv_backhaul up
	ctl_who "$end" tcp at "$at" | grep -F "$host"
	[ "$(stat -c '%a %u' "$W_DIR/run/hq.log")" = '750 0' ]
	[ "$(stat -c '%a %u' "$W_DIR/run/hq.log/nat-0.log")" = '640 0' ]
	# it has nothing but a pipe and these files, and is nobody's child
	log=$(netns_named "$W-srv" bh-egress-log)
	run ! grep -q ' 00000000[0-9a-f]*[1-9a-f]' <(grep ^CapEff "/proc/$log/status")
	[ "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$log/status")" = 2 ]
	run ! grep -q 'tun\|socket' <(readlink "/proc/$log/fd"/*)
}

@test "F39: a translator without a packet sleeps" {
	cli_backhaul down
	world_backhaul cli4 branch4 down
	srv_backhaul down
	pool_up
	pid=$(egress_pid)
	# and whoever asks its kernel for neighbours and routers in between
	world_until sleeps "$pid"
	in_lan ping -c 1 -W 5 203.0.113.80
	world_until sleeps "$pid"
}

@test "F24b: a disk that makes it wait makes no packet wait" {
	log=$(netns_named "$W-srv" bh-egress-log)
	kill -STOP "$log"
	in_lan ping -c 3 -i 0.2 -W 5 203.0.113.80
	in_lan python3 t/lib/udp.py flows 203.0.113.80 7 600
	kill -9 "$log"
	in_lan python3 t/lib/udp.py flows 203.0.113.80 7 1200
	in_lan ping -c 1 -W 5 203.0.113.80
	# whoever kept it is gone: it is told, and where it goes now
	grep -q ' bh-egress: what keeps the log of ports has ended' \
		"$W_DIR/run/hq/log"
	grep -q ' bh-egress: nat [0-9]* take ' "$W_DIR/run/hq/log"
	"$BH_BIN/bh-ctl" -D "$W_DIR/run/hq" counters bh-egress |
		grep -q $'^bh-egress\thelpers-lost\t1\t-$'
}
