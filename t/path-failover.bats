# SPDX-License-Identifier: ISC
# shellcheck disable=SC2154
# Two servers and a client: one fails, comes back, both fail.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

# dr, beside hq: on the same wan, towards the same Internet.
second_server() {
	world_host dr
	world_cable dr wan0 '198.51.101.2/24' wan dr0 '198.51.101.1/24'
	world_cable dr up0 '203.0.114.1/24' inet eth1 '203.0.114.80/24'
	# a LAN, and nobody in it
	ip -n "$W-dr" link add lan0 type veth peer name lan1
	ip -n "$W-dr" addr add 10.8.0.1/20 dev lan0
	ip -n "$W-dr" link set lan0 up
	ip -n "$W-dr" link set lan1 up
	world_default dr 203.0.114.80
	ip -n "$W-dr" route add 192.0.0.0/16 via 198.51.101.1
	# one address of the Internet, reached by either way
	ip -n "$W-inet" addr add 203.0.115.80/32 dev lo
}

# Lines for branch1's section.
client() {	# LINES
	world_domain '' "$1" "
[location dr]
public-key = $(world_key dr)
endpoint = 198.51.101.2:51820
lan = 10.8.0.0/20
internal = 10.8.0.0/16
backhaul = server
uplink = up0
lan-interface = lan0
"
	sed -i 's/^server = hq/server = hq, dr/; s/, 2001:db8[^ ]*//g' \
		"$W_DIR/domain.ini"
}

# All with another file.
again() {	# LINES
	client "$1"
	gateways down
	gateways up
}

gateways() {	# COMMAND
	world_backhaul srv hq "$1"
	world_backhaul dr dr "$1"
	world_backhaul cli branch1 "$1"
}

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	second_server
	mkdir "$W_DIR/www"
	echo page >"$W_DIR/www/index.html"
	world_web inet "$W_DIR/www"
	client 'probe = 203.0.115.80\nfailback = now\n'
	gateways up
}

# What the router on the way says of it.
NOT_WAN='and not (icmp and src host 192.0.2.1)'

# Whose address the Internet sees of a host behind branch1.
leaves_by() {	# ADDRESS [SOURCE]
	: >"$W_DIR/inet.log"
	in_lan curl -sS --max-time 3 ${2:+--interface "$2"} -o /dev/null \
		http://203.0.115.80/ && grep -q "^::ffff:$1 " "$W_DIR/inet.log"
}
refused() {
	run in_lan ping -c 1 -W 1 203.0.115.80
	[ "$status" -ne 0 ]
	[[ $output == *"10.1.0.1"*"Destination Net Unreachable"* ]]
}
state() {	# SERVER
	"$BH_BIN/bh-ctl" -D "$W_DIR/run/branch1" servers |
		awk -v s="$1" '$1 == s { print $2 }'
}
is_state() {	# SERVER STATE
	[ "$(state "$1")" = "$2" ]
}
# The way between a server and the wan, or its Internet.
cut_off() { ip -n "$W-$1" link set "$2" down; }
join_up() {
	ip -n "$W-$1" link set "$2" up
	case $1:$2 in
	srv:wan0) ip -n "$W-srv" route replace 192.0.2.0/24 via 198.51.100.1 ;;
	dr:wan0) ip -n "$W-dr" route replace 192.0.0.0/16 via 198.51.101.1 ;;
	srv:up0) ip -n "$W-srv" route replace default via 203.0.113.80 ;;
	dr:up0) ip -n "$W-dr" route replace default via 203.0.114.80 ;;
	esac
}

@test "traffic leaves at the preferred server, and the other is ready" {
	leaves_by 203.0.113.1
	world_until is_state dr ready
	is_state hq used
	run -0 world_backhaul cli branch1 status
	[[ $output == *"hq           used"*"dr           ready"* ]]
}

@test "the tunnel to the first dies: traffic leaves at the second, none in clear" {
	world_capture wan cli0 "$BATS_TEST_TMPDIR/p"
	cut_off srv wan0
	world_until is_state hq down
	is_state dr used
	leaves_by 203.0.114.1
	world_captured
	world_none "$BATS_TEST_TMPDIR/p" "$W_NOT_TUNNEL $NOT_WAN"
	grep -q 'bh-classify: server hq does not answer' \
		"$W_DIR/run/branch1/log"
	grep -q 'bh-classify: Internet traffic now leaves at dr' \
		"$W_DIR/run/branch1/log"
}

@test "both are dead: traffic is refused, counted, and not in clear" {
	world_capture wan cli0 "$BATS_TEST_TMPDIR/p"
	cut_off dr wan0
	world_until is_state dr down
	is_state hq down
	refused
	[ "$(world_count branch1 bh-classify no-server)" -gt 0 ]
	world_captured
	world_none "$BATS_TEST_TMPDIR/p" "$W_NOT_TUNNEL $NOT_WAN"
	grep -q 'no server answers: Internet traffic is refused' \
		"$W_DIR/run/branch1/log"
}

@test "failback = now: who is back first is used, and the preferred at once" {
	join_up dr wan0
	world_until is_state dr used
	world_until leaves_by 203.0.114.1
	join_up srv wan0
	world_until is_state hq used
	is_state dr ready
	leaves_by 203.0.113.1
}

@test "a server that has lost its Internet only is left as well" {
	cut_off srv up0
	world_until is_state hq down
	leaves_by 203.0.114.1
	join_up srv up0
	world_until is_state hq used
}

# What the client's gateways ask, and nothing else, is answered no more.
mute() { in_inet nft 'table ip mute { chain in { type filter hook input priority 0; icmp type echo-request ip daddr 203.0.115.80 drop; }; }'; }
speak() { in_inet nft delete table ip mute; }
said() { grep -c " bh-classify: $1" "$W_DIR/run/branch1/log"; }
says_more() { [ "$(said "$2")" -gt "$1" ]; }	# THAN LINE
status_is() {	# STATUS PATTERN
	run world_backhaul cli branch1 status
	[ "$status" -eq "$1" ] && [[ $output == *$2* ]]
}
SUSPECT='probe 203.0.115.80 does not answer by any server: the probe is suspect'

@test "F11: a probe that no server answers moves and closes nothing" {
	n=$(said "$SUSPECT") || true
	again=$(said 'probe 203.0.115.80 answers again') || true
	mute
	world_until says_more "$n" "$SUSPECT"
	sleep 2
	is_state hq used
	is_state dr ready
	leaves_by 203.0.113.1
	[ "$(said "$SUSPECT")" -eq $((n + 1)) ]
	speak
	world_until says_more "$again" 'probe 203.0.115.80 answers again'
}

@test "failback = hold: the first is used again when its time has come" {
	again 'probe = 203.0.115.80\nfailback = hold 2s\n'
	cut_off srv wan0
	world_until is_state hq down
	join_up srv wan0
	world_until is_state hq held
	leaves_by 203.0.114.1
	world_until is_state hq used
	leaves_by 203.0.113.1
}

@test "balance: each host keeps its server; both are used; one takes all" {
	again 'probe = 203.0.115.80\nserver-mode = balance\nfailback = now\n'
	is_state hq used
	is_state dr used
	local a b by
	# keys are new in each run: as many hosts as it takes to see both
	for a in 10.1.1.{1..40}; do
		ip -n "$W-lan" addr add "$a/20" dev eth0
		by=203.0.114.1
		! leaves_by 203.0.113.1 "$a" || by=203.0.113.1
		leaves_by $by "$a"
		echo "$a $by" >>"$BATS_TEST_TMPDIR/by"
		[ "$(cut -d ' ' -f 2 "$BATS_TEST_TMPDIR/by" | sort -u |
			wc -l)" -eq 1 ] || break
	done
	grep -q ' 203.0.113.1$' "$BATS_TEST_TMPDIR/by"
	grep -q ' 203.0.114.1$' "$BATS_TEST_TMPDIR/by"
	cut_off srv wan0
	world_until is_state hq down
	while read -r a b; do
		leaves_by 203.0.114.1 "$a"
	done <"$BATS_TEST_TMPDIR/by"
	join_up srv wan0
	world_until is_state hq used
	read -r a b <"$BATS_TEST_TMPDIR/by"
	leaves_by "$b" "$a"
}

@test "without a probe the silence of a gateway tells, and a handshake its return" {
	again 'failback = now\n'
	leaves_by 203.0.113.1
	world_until is_state dr ready
	world_bg lan ping -q -i 0.2 203.0.115.80
	ping=$W_PID
	cut_off srv wan0
	world_until is_state hq down || world_until is_state hq down
	is_state dr used
	leaves_by 203.0.114.1
	join_up srv wan0
	world_until is_state hq used
	kill -INT "$ping"
	leaves_by 203.0.113.1
}

# Lines for branch1's section, which has one server.
alone() {	# [LINES]
	client "${1:-}"
	sed -i 's/^server = hq, dr/server = hq/' "$W_DIR/domain.ini"
	gateways down
	gateways up
}

@test "F11b: of one server a silent probe says nothing" {
	alone 'probe = 203.0.115.80\n'
	leaves_by 203.0.113.1
	mute
	world_until says_more 0 "$SUSPECT"
	status_is 0 'hq           used'
	leaves_by 203.0.113.1
	speak
}

@test "F21: the only server is gone, and nothing is sent: it is said" {
	alone
	leaves_by 203.0.113.1
	cut_off srv wan0
	# after a minute, or two on a machine that is busy
	for _ in 1 2 3 4; do
		! world_until status_is 1 'Internet: refused, no server answers' || break
	done
	is_state hq down
	refused
	join_up srv wan0
	world_until status_is 0 'hq           used'
	leaves_by 203.0.113.1
}

@test "all of it goes down again" {
	gateways down
	for host in srv dr cli; do
		[ -z "$(in_host $host nft list ruleset)" ]
		[ -z "$(netns_pids "$W-$host")" ]
	done
}
