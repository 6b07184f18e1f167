# SPDX-License-Identifier: ISC
# workers = N: several processes of bh-tunnel share a server's peers, each with
# a bh-egress and a TUN device of its own behind it.  Three branches of ours and
# one that runs wireguard-go, on one, two and three.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

# The fourth: one host, whose Internet is behind the tunnel.
foreign_branch() {
	world_host wgo
	world_cable wgo eth0 '192.0.14.2/24' wan wgo '192.0.14.1/24'
	world_default wgo 192.0.14.1
	ip netns exec "$W-wgo" wireguard-go -f "${W}g" </dev/null \
		>>"$W_DIR/wgo.log" 2>&1 3>&- &
	disown
	world_until in_host wgo ip link show dev "${W}g"
	in_host wgo wg set "${W}g" private-key "$W_DIR/keys/branch4.key" \
		peer "$(world_key hq)" endpoint 198.51.100.2:51820 \
		allowed-ips 0.0.0.0/0
	ip -n "$W-wgo" addr add 10.4.0.1/32 dev "${W}g"
	ip -n "$W-wgo" link set "${W}g" mtu 1420 up
	ip -n "$W-wgo" route add 203.0.113.80/32 dev "${W}g" src 10.4.0.1
}

foreign_location() {
	printf '%s\n' '[location branch4]' \
		"public-key = $(world_key branch4)" 'lan = 10.4.0.0/20' \
		'internal = 10.4.0.0/16' 'backhaul = client' 'server = hq'
}

domain() {	# WORKERS
	world_domain "workers = $1\ninterface = ${W}s\n" \
		"interface = ${W}c\n" "$(world_client 2 "interface = ${W}d")
$(world_client 3 "interface = ${W}e")
$(foreign_location)"
}

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_branch 2
	world_branch 3
	ip -n "$W-srv" route add 192.0.0.0/16 via 198.51.100.1
	domain 1
	foreign_branch
	mkdir "$W_DIR/www"
	head -c 3M /dev/urandom >"$W_DIR/www/3m"
	world_servers inet "$W_DIR/www"
	cli_backhaul up
	world_backhaul cli2 branch2 up
	world_backhaul cli3 branch3 up
}

HOSTS='lan lan2 lan3 wgo'

reaches_inet() {	# HOST
	in_host "$1" ping -q -c 1 -W 1 203.0.113.80
}
all_reach() {
	local host
	for host in $HOSTS; do
		world_until reaches_inet "$host"
	done
}

count() {	# PROGRAM VERDICT
	world_count hq "$1" "$2"
}

# Both programs have seen the same packets.
adds_up() {
	[ "$(count bh-tunnel internet)" -eq "$(count bh-egress internet)" ]
}

# What a worker has let through is what the bh-egress behind it has; of all the
# first have the rest.
chain_adds_up() {	# NUMBER
	[ "$(count "bh-tunnel-$1" internet)" -eq \
		"$(count "bh-egress-$1" internet)" ]
}

bytes() {	# rx|tx DEVICE: by the kernel's count
	in_srv ip -s -j link show dev "$2" | jq ".[].stats64.$1.bytes"
}

# Each device has carried what its own peers have had, both ways.
devices_have() {	# WORKERS
	local i n k dev
	for ((i = 0; i < $1; i++)); do
		n=0 dev=bhx0
		[ $i -eq 0 ] || dev=bhx0-$i
		for k in 0 1 2 3; do
			[ $((k % $1)) -ne $i ] || n=$((n + 1))
		done
		for k in rx tx; do
			[ "$(bytes $k $dev)" -gt $((n * 3000000)) ]
			[ "$(bytes $k $dev)" -lt $((n * 3600000)) ]
		done
	done
}

pid_of() {	# PROGRAM
	srv_backhaul status | awk -v p="$1" '$1 == p { print $3 }'
}
first() { pid_of bh-tunnel; }
worker() { pgrep -P "$(first)" -x "bh-tunnel-$1"; }

wgo_anew() {
	in_host wgo wg set "${W}g" peer "$(world_key hq)" remove
	in_host wgo wg set "${W}g" peer "$(world_key hq)" \
		endpoint 198.51.100.2:51820 allowed-ips 0.0.0.0/0
}

whole_path() {	# WORKERS
	local host sum n i
	domain "$1"
	srv_backhaul down
	srv_backhaul up
	# it has forgotten them, and they would take 15 s to see that
	cli_backhaul restart &
	world_backhaul cli2 branch2 restart &
	world_backhaul cli3 branch3 restart &
	wgo_anew
	wait
	sum=$(sha256sum <"$W_DIR/www/3m")
	all_reach
	for host in $HOSTS; do
		in_host "$host" curl -sS --max-time 60 \
			http://203.0.113.80/3m | sha256sum >"$W_DIR/$host.sum" &
		in_host "$host" socat -t 60 - TCP:203.0.113.80:9000 \
			<"$W_DIR/www/3m" | cut -c -64 >"$W_DIR/$host.up" &
	done
	wait
	for host in $HOSTS; do
		[ "$(cat "$W_DIR/$host.sum")" = "$sum" ]
		[ "$(cat "$W_DIR/$host.up")" = "${sum:0:64}" ]
	done
	in_lan ping -q -c 1 -W 5 2001:db8:c::80
	for ((i = 1; i < $1; i++)); do
		[ "$(count "bh-tunnel-$i" internet)" -gt 20 ]
		world_until chain_adds_up $i
	done
	[ ! -e "$W_DIR/run/hq/bh-tunnel-$1.stat" ]
	[ ! -e "$W_DIR/run/hq/bh-egress-$1.stat" ]
	[ "$(srv_backhaul status | grep -c '^bh-egress.* running ')" -eq "$1" ]
	world_until adds_up
	devices_have "$1"
	[ "$(count bh-egress peer)" -eq 0 ]
	# everybody is there once, and has been served
	n=$("$BH_BIN/bh-ctl" -D "$W_DIR/run/hq" peers |
		awk '$3 > 0 && $4 > 3000000 && $5 > 3000000 { print $1 }' |
		sort | tr '\n' ' ')
	[ "$n" = 'branch1 branch2 branch3 branch4 ' ]
	n=$(in_srv wg show "${W}s" transfer |
		awk '$2 > 3000000 && $3 > 3000000 { n++ } END { print n }')
	[ "$n" -eq 4 ]
	[ "$(in_srv wg show "${W}s" latest-handshakes |
		awk '$2 > 0' | wc -l)" -eq 4 ]
	[ "$(in_srv wg show "${W}s" listen-port)" = 51820 ]
}

@test "the whole path with one worker" { whole_path 1; }
@test "the whole path with two" { whole_path 2; }
@test "the whole path with three, of whom each has his peers" {
	whole_path 3
}

@test "each worker is caged, as nobody, and has one channel and one socket" {
	local i pid
	for i in 1 2; do
		for pid in "$(worker $i)" "$(pid_of bh-egress-$i)"; do
			grep -qx 'Seccomp:	2' "/proc/$pid/status"
			grep -qx 'NoNewPrivs:	1' "/proc/$pid/status"
			grep -qx 'CapEff:	0000000000000000' \
				"/proc/$pid/status"
			[ "$(awk '$1 == "Uid:" { print $2 }' \
				"/proc/$pid/status")" -ne 0 ]
		done
		[ "$(cat "/proc/$pid/comm")" = "bh-egress-$i" ]
	done
	# two of them the key process's, of whom the spare has both as well
	[ "$(in_srv ss -Hulpn 'sport = :51820' | wc -l)" -eq 5 ]
	[ "$(in_srv ss -Hulpn 'sport = :51820' |
		grep -c "pid=$(worker 1),")" -eq 1 ]
	[ "$(in_srv ss -Hulpn 'sport = :51820' |
		grep -c "pid=$(first),")" -eq 1 ]
}

@test "the keys are in no worker's memory" {
	local pid
	for pid in "$(first)" "$(worker 1)" "$(worker 2)"; do
		[ "$(python3 t/lib/memory.py "$pid" \
			"$W_DIR/keys/hq.key")" -eq 0 ]
	done
}

@test "order is kept within each flow, up and down" {
	local host came late flows n=0
	in_inet python3 t/lib/order.py take 7000 >"$W_DIR/order" 3>&- &
	world_until grep -q ready "$W_DIR/order"
	for host in $HOSTS; do
		in_host "$host" python3 t/lib/order.py send 203.0.113.80 7000 \
			8 500 >"$W_DIR/$host.order" 3>&- &
		n=$((n + 8))
	done
	wait
	read -r came late flows < <(tail -n 1 "$W_DIR/order")
	echo "up: $came came, $late late, of $flows flows" >&2
	[ "$late" -eq 0 ]
	[ "$flows" -eq $n ]
	[ "$came" -gt $((n * 250)) ]
	for host in $HOSTS; do
		read -r came late <"$W_DIR/$host.order"
		echo "down: $host $came came, $late late" >&2
		[ "$late" -eq 0 ]
		[ "$came" -gt 1000 ]
	done
}

@test "a new session of one peer disturbs no other" {
	local before
	before=$("$BH_BIN/bh-ctl" -D "$W_DIR/run/hq" peers |
		awk '$1 == "branch1" { print $3 }')
	in_host lan2 ping -q -c 200 -i 0.02 -W 5 203.0.113.80 \
		>"$W_DIR/ping" 3>&- &
	local pid=$!
	cli_backhaul restart
	world_until reaches_inet lan
	wait $pid
	grep -q ' 200 received' "$W_DIR/ping"
	[ "$("$BH_BIN/bh-ctl" -D "$W_DIR/run/hq" peers |
		awk '$1 == "branch1" { print $3 }')" -ge "$before" ]
}

@test "wireguard-go makes a new session, and keeps its worker" {
	local i was=()
	for i in 1 2; do was[i]=$(count "bh-tunnel-$i" internet); done
	wgo_anew
	in_host wgo ping -q -c 10 -i 0.05 -W 5 203.0.113.80
	# the fourth peer is the first worker's
	for i in 1 2; do
		[ "$(count "bh-tunnel-$i" internet)" -eq "${was[i]}" ]
	done
}

endpoint_is() {	# PEER ENDPOINT
	"$BH_BIN/bh-ctl" -D "$W_DIR/run/hq" peers |
		awk -v p="$1" -v e="$2" '$1 == p && $2 == e { f = 1 }
			END { exit !f }'
}

@test "a peer that moves is followed by its worker" {
	endpoint_is branch2 192.0.12.2:51820
	ip -n "$W-cli2" addr del 192.0.12.2/24 dev up0
	ip -n "$W-cli2" addr add 192.0.12.9/24 dev up0
	ip -n "$W-cli2" route add default via 192.0.12.1
	world_until reaches_inet lan2
	world_until endpoint_is branch2 192.0.12.9:51820
}

refused() {	# PROGRAM
	echo $(($(count "$1" index) + $(count "$1" overrun)))
}

@test "garbage for every worker is counted, and goes no further" {
	local i n was=()
	for i in '' -1 -2; do was+=("$(refused "bh-tunnel$i")"); done
	in_wan python3 - <<-'E'
	import os, socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for i in range(3000):
	    s.sendto(b"\4\0\0\0" + os.urandom(60), ("198.51.100.2", 51820))
	E
	all_reach
	for i in 1 2; do
		n=$(($(refused "bh-tunnel-$i") - was[i]))
		[ "$n" -gt 800 ]
		[ "$n" -lt 1200 ]
	done
	[ $(($(refused bh-tunnel) - was[0])) -eq 3000 ]
	[ "$(count bh-egress peer)" -eq 0 ]
}

# A host of each chain but the killed one's loses nothing.
@test "one bh-egress is killed: it comes back, and the others go on" {
	local was others host pings=()
	was=$(pid_of bh-egress-1)
	others="$(first) $(pid_of bh-egress) $(pid_of bh-egress-2)"
	for host in lan lan3 wgo; do
		in_host $host ping -q -c 200 -i 0.02 -W 5 203.0.113.80 \
			>"$W_DIR/$host.ping" 3>&- &
		pings+=($!)
	done
	kill -9 "$was"
	world_until eval "[ \"\$(pid_of bh-egress-1)\" -gt 0 -a \
		\"\$(pid_of bh-egress-1)\" != $was ]"
	world_until reaches_inet lan2
	wait "${pings[@]}"
	for host in lan lan3 wgo; do
		grep -q ' 200 received' "$W_DIR/$host.ping"
	done
	[ "$(first) $(pid_of bh-egress) $(pid_of bh-egress-2)" = "$others" ]
	[ "$(srv_backhaul status |
		awk '$1 == "bh-egress-1" { print $2, $NF }')" = 'running 1' ]
}

@test "one is told to start anew, by its name" {
	local was others
	was=$(pid_of bh-egress-2)
	others="$(pid_of bh-egress) $(pid_of bh-egress-1)"
	srv_backhaul restart bh-egress-2
	[ "$(pid_of bh-egress-2)" != "$was" ]
	[ "$(pid_of bh-egress) $(pid_of bh-egress-1)" = "$others" ]
	world_until reaches_inet lan3
}

# branch2's answers are led to the third.
@test "a chain takes nothing for another's peers, whatever the routes say" {
	local was
	was=$(count bh-egress-2 no-role)
	world_still hq
	# the kernel would refuse what comes from there, too
	in_srv sysctl -qw net.ipv4.conf.bhx0-1.rp_filter=0
	in_srv ip route add 10.2.0.0/20 dev bhx0-2 table 7802 proto 176
	run ! in_host lan2 ping -q -c 3 -i 0.1 -W 1 203.0.113.80
	[ "$(count bh-egress-2 no-role)" -eq $((was + 3)) ]
	in_srv ip route del 10.2.0.0/20 dev bhx0-2 table 7802
	in_srv sysctl -qw net.ipv4.conf.bhx0-1.rp_filter=2
	srv_backhaul status
	reaches_inet lan2
}

@test "a worker is killed: all of bh-tunnel comes back, branches with it" {
	local was
	was=$(first)
	kill -9 "$(worker 2)"
	world_until eval "[ \"\$(first)\" != $was ]"
	all_reach
	[ -n "$(worker 1)" ]
	[ -n "$(worker 2)" ]
	grep -q 'ending: another process has died' "$W_DIR/run/hq/log"
	[ "$(in_srv ss -Huln 'sport = :51820' | wc -l)" -eq 5 ]
}

@test "the first is told to end: nothing is left of it" {
	local was pids
	was=$(first)
	pids="$(worker 1) $(worker 2) $(pgrep -P "$was" -x bh-tunnel-keys)"
	srv_backhaul restart
	[ "$(first)" != "$was" ]
	for was in $pids; do
		world_until world_ended "$was"
	done
	all_reach
}
