# SPDX-License-Identifier: ISC
# Many sites: two servers, three clients, a site without a role, an inactive
# one.  Each client names its server; partners are who says so.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

# A second server, dr, beside hq: on the same wan, towards the same Internet.
second_server() {
	world_host dr drlan
	world_cable drlan eth0 '10.8.0.5/20' dr lan0 '10.8.0.1/20'
	world_cable dr wan0 '198.51.101.2/24' wan dr0 '198.51.101.1/24'
	world_cable dr up0 '203.0.114.1/24' inet eth1 '203.0.114.80/24'
	world_default drlan 10.8.0.1
	world_default dr 203.0.114.80
	ip -n "$W-dr" route add 192.0.0.0/16 via 198.51.101.1
	ip -n "$W-dr" route add 198.51.100.0/24 via 198.51.101.1
	ip -n "$W-srv" route add 192.0.0.0/16 via 198.51.100.1
	ip -n "$W-srv" route add 198.51.101.0/24 via 198.51.100.1
	# one address of the Internet, reached by either way
	ip -n "$W-inet" addr add 203.0.115.80/32 dev lo
}

# A site without a role.
plain_site() {
	world_host home homelan
	world_cable homelan eth0 '10.7.0.5/20' home lan0 '10.7.0.1/20'
	world_cable home up0 '192.0.70.2/24' wan home0 '192.0.70.1/24'
	world_default homelan 10.7.0.1
	world_default home 192.0.70.1
}

branch() {	# N SERVER PARTNERS [LINES]
	cat <<-EOF
	[location branch$1]
	public-key = $(world_key "branch$1")
	lan = 10.$1.0.0/20
	internal = 10.$1.0.0/16
	address = 10.$1.0.1
	partners = $3
	backhaul = client
	server = $2
	uplink = up0
	lan-interface = lan0
	keepalive = 25
	$(printf '%b' "${4:-}")

	EOF
}

domain() {
	cat <<-EOF
	[domain]
	name = many

	[location hq]
	public-key = $(world_key hq)
	endpoint = 198.51.100.2:51820
	lan = 10.0.0.0/20
	internal = 10.0.0.0/16
	partners = branch1, branch2, dr, home
	backhaul = server
	uplink = up0
	lan-interface = lan0

	[location dr]
	public-key = $(world_key dr)
	endpoint = 198.51.101.2:51820
	lan = 10.8.0.0/20
	internal = 10.8.0.0/16
	partners = hq
	backhaul = server
	uplink = up0
	lan-interface = lan0

	[location home]
	public-key = $(world_key home)
	endpoint = 192.0.70.2:51820
	lan = 10.7.0.0/20
	internal = 10.7.0.0/16
	partners = hq
	uplink = up0
	lan-interface = lan0

	[location gone]
	active = no
	public-key = $(world_key gone)
	lan = 10.6.0.0/20
	internal = 10.6.0.0/16
	partners = hq
	backhaul = client
	server = hq

	EOF
	branch 1 hq 'hq, branch2' 'endpoint = 192.0.2.2:51820\n'
	branch 2 dr 'hq, branch1' 'endpoint = 192.0.12.2:51820\n'
	branch 3 dr ''
}

gateways() {	# COMMAND
	world_backhaul srv hq "$1"
	world_backhaul dr dr "$1"
	world_backhaul home home "$1"
	world_backhaul cli branch1 "$1"
	world_backhaul cli2 branch2 "$1"
	world_backhaul cli3 branch3 "$1"
}

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_branch 2
	world_branch 3
	second_server
	plain_site
	domain | sed '/^partners = $/d' >"$W_DIR/domain.ini"
	mkdir "$W_DIR/www"
	echo page >"$W_DIR/www/index.html"
	world_web inet "$W_DIR/www"
	gateways up
}

reaches() {	# HOST ADDRESS
	in_host "$1" ping -c 1 -W 5 "$2"
}
unreached() {	# LOCATION VERDICT HOST ADDRESS
	local before
	before=$(world_count "$1" bh-classify "$2")
	run in_host "$3" ping -c 1 -W 1 "$4"
	[ "$status" -ne 0 ]
	[ "$(world_count "$1" bh-classify "$2")" -gt "$before" ]
}

@test "C3 each client's Internet traffic leaves at the server it names" {
	for host in lan:203.0.113.1 lan2:203.0.114.1 lan3:203.0.114.1; do
		: >"$W_DIR/inet.log"
		in_host "${host%:*}" curl -sS --max-time 10 -o /dev/null \
			http://203.0.115.80/
		grep -q "^::ffff:${host#*:} " "$W_DIR/inet.log"
	done
}

@test "C21 partners reach each other directly, servers and clients alike" {
	reaches lan 10.0.0.5
	reaches lan 10.2.0.5
	reaches lan2 10.1.0.5
	reaches lan2 10.0.0.5
	reaches hq 10.8.0.5
	reaches drlan 10.0.0.5
	reaches homelan 10.0.0.5
	reaches hq 10.7.0.5
	[ "$(world_count dr bh-egress elsewhere)" -eq 0 ]
}

@test "who is no partner is refused, also a client of the same server" {
	unreached branch1 not-partner lan 10.8.0.5
	unreached branch1 not-partner lan 10.3.0.5
	unreached branch2 not-partner lan2 10.3.0.5
	unreached branch3 not-partner lan3 10.8.0.5
	unreached branch3 not-partner lan3 10.2.0.5
	unreached home not-partner homelan 10.1.0.5
}

@test "C41 an inactive location takes no part, and its addresses are refused" {
	run -100 --separate-stderr world_backhaul cli gone up
	[[ $stderr == *"active = no"* ]]
	unreached branch1 elsewhere lan 10.6.0.5
	unreached hq elsewhere hq 10.6.0.5
	run -0 "$BH_BIN/bh-ctl" -D "$W_DIR/run/hq" peers
	[[ $output != *gone* ]]
}

@test "a location without a role uses its own uplink, and no backhaul" {
	# its own gateway does not translate: the request arrives as it is
	in_host home sysctl -qw net.ipv4.conf.lan0.forwarding=1
	world_capture wan home0 "$BATS_TEST_TMPDIR/p" 'host 10.7.0.5'
	run in_host homelan ping -c 1 -W 1 203.0.113.80
	world_captured
	# a host that was no router before `up' is not made one
	world_none "$BATS_TEST_TMPDIR/p"
	[ "$(world_guard home not_forwarded)" -gt 0 ]
	[ "$(world_count home bh-classify internet)" -eq 0 ]
}

@test "one program set a location serves all its peers" {
	run -0 "$BH_BIN/bh-ctl" -D "$W_DIR/run/hq" peers
	[ "${#lines[@]}" -eq 4 ]
	# of those that see packets one each, and the two of bh-tunnel's that
	# keep the keys
	[ "$(netns_names "$W-srv" | sort |
		grep -E '^bh-(tunnel|tunnel-keys|classify|egress)$' |
		tr '\n' ' ')" = 'bh-classify bh-egress bh-tunnel '\
'bh-tunnel-keys bh-tunnel-keys ' ]
}

@test "a second client comes and goes without disturbing the first" {
	world_bg lan3 ping -q -i 0.05 203.0.115.80
	ping=$W_PID
	pid=$(world_backhaul dr dr status | awk '$1 == "bh-tunnel" { print $3 }')
	world_backhaul cli2 branch2 down
	run -1 in_host lan2 ping -c 1 -W 1 203.0.115.80
	world_backhaul cli2 branch2 up
	reaches lan2 203.0.115.80
	kill -INT "$ping"
	world_until world_ended "$ping"
	grep -q ' 0% packet loss' "$W_DIR/lan3.log"
	[ "$(world_backhaul dr dr status |
		awk '$1 == "bh-tunnel" { print $3 }')" = "$pid" ]
}

@test "all of it goes down again" {
	gateways down
	for host in srv dr home cli cli2 cli3; do
		[ -z "$(in_host $host nft list ruleset)" ]
		[ -z "$(netns_pids "$W-$host")" ]
		[ -z "$(in_host $host ip route show table all proto 176)" ]
	done
}
