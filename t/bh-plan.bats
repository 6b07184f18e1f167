# SPDX-License-Identifier: ISC
# bh-plan: what the kernel is told, compared as text and read by the kernel.
bats_require_minimum_version 1.8.0

setup() {
	BH_BIN=${BH_BIN:-$PWD/build/release}
	. t/lib/world.bash
	export W=bp$$ W_DIR=$BATS_TEST_TMPDIR
	mkdir -p "$W_DIR/keys"
	world_host gw
	for dev in lan0 up0 dmz0; do
		ip -n "$W-gw" link add $dev type veth peer name "peer-$dev"
		ip -n "$W-gw" link set $dev up
	done
	ip -n "$W-gw" addr add 10.0.0.1/20 dev lan0
	ip -n "$W-gw" addr add 10.0.200.1/24 dev dmz0
	ip -n "$W-gw" addr add 198.51.100.2/24 dev up0
}

teardown() {
	world_down
}

# Two IPv4 locations; further lines for each.
domain() {	# [HQ [BRANCH1 [MORE]]]
	cat >"$W_DIR/d.ini" <<-EOF
	[domain]
	name = test
	[location hq]
	public-key = $(world_key hq)
	endpoint = 198.51.100.2:51820
	lan = 10.0.0.0/20
	internal = 10.0.0.0/16
	address = 10.0.0.1
	backhaul = server
	uplink = up0
	lan-interface = lan0
	$(printf '%b' "${1:-}")
	[location branch1]
	public-key = $(world_key branch1)
	lan = 10.1.0.0/20
	internal = 10.1.0.0/16
	backhaul = client
	server = hq
	uplink = up0
	lan-interface = lan0
	$(printf '%b' "${2:-}")
	$(printf '%b' "${3:-}")
	EOF
}

plan() {	# LOCATION PART
	in_host gw "$BH_BIN/bh-plan" -f "$W_DIR/d.ini" -l "$1" \
		-D /run/backhaul/test "$2"
}

same() {	# LOCATION PART: standard input
	cat >"$W_DIR/want"
	plan "$1" "$2" >"$W_DIR/got"
	diff -u "$W_DIR/want" "$W_DIR/got"
}

@test "env: a client has three programs, a server four" {
	domain
	same branch1 env <<-'EOF'
	LOCATION='branch1'
	ROLE='client'
	PROGRAMS='bh-tunnel bh-classify bh-keep'
	HOP_NAME=''
	TUN='bh0'
	EGRESS_TUN=''
	LAN_IF='lan0'
	UPLINK='up0'
	MTU=1440
	PROTO=176
	EOF
	eval "$(plan hq env)"
	[ "$PROGRAMS" = 'bh-tunnel bh-classify bh-egress bh-keep' ]
	[ "$ROLE $TUN $EGRESS_TUN" = 'server bh0 bhx0' ]
}

@test "several workers: each has its bh-egress, its device and its peers" {
	domain 'workers = 2\ndefault-gateway = 10.0.200.2\n' '' "$(
		for n in 2 3; do printf '%s\n' "[location branch$n]" \
			"public-key = $(world_key branch$n)" \
			"lan = 10.$n.0.0/24" "internal = 10.$n.0.0/24" \
			'backhaul = client' 'server = hq'
		done)"
	eval "$(plan hq env)"
	[ "$PROGRAMS" = 'bh-tunnel bh-classify bh-egress bh-egress-1 bh-keep' ]
	[ "$EGRESS_TUN" = 'bhx0 bhx0-1' ]
	plan hq ip4 | grep -v unreachable >"$W_DIR/got"
	diff -u - <(grep 'dev bhx0\|iif bhx0' "$W_DIR/got") <<-'EOF'
	route replace 10.1.0.0/16 dev bhx0 src 10.0.0.1 table 7802 proto 176
	route replace 10.2.0.0/24 dev bhx0-1 src 10.0.0.1 table 7802 proto 176
	route replace 10.3.0.0/24 dev bhx0 src 10.0.0.1 table 7802 proto 176
	rule add pref 784 from all iif bhx0 lookup 7803 protocol 176
	rule add pref 784 from all iif bhx0-1 lookup 7803 protocol 176
	EOF
	for dev in bhx0 bhx0-1; do
		ip -n "$W-gw" tuntap add dev $dev mode tun
	done
	plan hq sysctl >"$W_DIR/got"
	for key in 'rp_filter 2' 'forwarding 1'; do
		grep -q "ipv4/conf/bhx0/$key " "$W_DIR/got"
		grep -q "ipv4/conf/bhx0-1/$key " "$W_DIR/got"
	done
	plan hq nft >"$W_DIR/nft"
	in_host gw nft -c -f "$W_DIR/nft"
	# nowhere is one named without the other
	[ "$(grep -c '"bhx0", "bhx0-1"' "$W_DIR/nft")" -gt 8 ]
	[ "$(grep -c bhx0 "$W_DIR/nft")" -eq \
		"$(grep -c '"bhx0", "bhx0-1"' "$W_DIR/nft")" ]
	# published, too, and with the longest of names
	domain 'workers = 2\negress-interface = abcdefghijklmno\n' '' "$(
		printf '%s\n' '[location branch2]' \
			"public-key = $(world_key branch2)" \
			'lan = 10.2.0.0/24' 'internal = 10.2.0.0/24' \
			'backhaul = client' 'server = hq' \
			'nat-address = 198.51.100.4' '[publish a]' \
			'server = hq' 'match = 198.51.100.3' 'to = 10.1.0.5')"
	eval "$(plan hq env)"
	[ "$EGRESS_TUN" = 'abcdefghijklmno abcdefghijkl-1' ]
	plan hq nft >"$W_DIR/nft"
	in_host gw nft -c -f "$W_DIR/nft"
	[ "$(grep -c abcdefgh "$W_DIR/nft")" -eq "$(grep -c \
		'"abcdefghijklmno", "abcdefghijkl-1"' "$W_DIR/nft")" ]
	grep -q 'snat ip to 198.51.100.4' "$W_DIR/nft"
}

@test "several workers: what bh-egress translates it has in one piece" {
	local more
	for more in 'nat = pool\nnat-pool = 198.51.100.8/29\n' \
		'nat6 = npt 2001:db8:f::/48\n'; do
		domain "workers = 2\n$more" '' "$(
			printf '%s\n' '[location branch2]' \
			"public-key = $(world_key branch2)" \
			'lan = 10.2.0.0/24' 'internal = 10.2.0.0/24' \
			'backhaul = client' 'server = hq')"
		eval "$(plan hq env)"
		[ "$PROGRAMS" = 'bh-tunnel bh-classify bh-egress bh-keep' ]
		[ "$EGRESS_TUN" = bhx0 ]
		plan hq ip4 >"$W_DIR/got"
		grep -q '10.2.0.0/24 dev bhx0 ' "$W_DIR/got"
		run ! grep -q bhx0-1 "$W_DIR/got"
	done
}

@test "env: without role and partners there is nothing to run" {
	domain '' '' "[location home]
public-key = $(world_key home)
lan = 10.9.0.0/24
internal = 10.9.0.0/24
"
	eval "$(plan home env)"
	[ "$ROLE:$PROGRAMS:$TUN" = none:: ]
}

@test "client: all of the LAN's traffic goes into the TUN, or nowhere" {
	domain
	same branch1 ip4 <<-'EOF'
	route replace throw 10.1.0.0/20 table 7800 proto 176
	route replace 0.0.0.0/0 dev bh0 table 7800 proto 176
	route replace unreachable 0.0.0.0/0 metric 4294967294 table 7800 proto 176
	rule add pref 789 from all nop protocol 176
	rule add pref 780 from all ipproto udp sport 51820 iif lo goto 789 protocol 176
	rule add pref 781 from all iif lo lookup 7801 protocol 176
	rule add pref 782 from all iif lan0 lookup 7800 protocol 176
	rule add pref 783 from all iif bh0 goto 789 protocol 176
	EOF
	same branch1 ip6 <<-'EOF'
	route replace ::/0 dev bh0 table 7800 proto 176
	route replace unreachable ::/0 metric 4294967294 table 7800 proto 176
	rule add pref 789 from all nop protocol 176
	rule add pref 780 from all ipproto udp sport 51820 iif lo goto 789 protocol 176
	rule add pref 781 from all iif lo lookup 7801 protocol 176
	rule add pref 782 from all iif lan0 lookup 7800 protocol 176
	rule add pref 783 from all iif bh0 goto 789 protocol 176
	EOF
}

@test "L4 client: an MTU too small for IPv6 refuses IPv6, not lets it out" {
	domain '' 'mtu = 1200\n'
	plan branch1 ip6 >"$W_DIR/got"
	grep -q '^route replace unreachable ::/0' "$W_DIR/got"
	run ! grep -q 'dev bh0' "$W_DIR/got"
}

@test "server: partners go into the tunnel with the gateway's own address" {
	domain 'partners = branch1\n' 'partners = hq\n'
	same hq ip4 <<-'EOF'
	route replace 10.1.0.0/16 dev bh0 table 7800 proto 176
	route replace unreachable 10.1.0.0/16 metric 4294967294 table 7800 proto 176
	route replace throw 10.0.0.0/16 table 7800 proto 176
	route replace 10.1.0.0/20 dev bh0 src 10.0.0.1 table 7801 proto 176
	route replace unreachable 10.1.0.0/20 metric 4294967294 table 7801 proto 176
	route replace 10.1.0.0/16 dev bhx0 src 10.0.0.1 table 7802 proto 176
	route replace unreachable 10.1.0.0/16 metric 4294967294 table 7802 proto 176
	rule add pref 789 from all nop protocol 176
	rule add pref 780 from all ipproto udp sport 51820 iif lo goto 789 protocol 176
	rule add pref 781 from all iif lo lookup 7801 protocol 176
	rule add pref 782 from 10.0.0.0/16 iif lan0 lookup 7800 protocol 176
	rule add pref 782 from 10.0.0.0/20 iif lan0 lookup 7800 protocol 176
	rule add pref 783 from all iif bh0 goto 789 protocol 176
	rule add pref 784 from all iif bhx0 goto 789 protocol 176
	rule add pref 785 from all lookup 7802 protocol 176
	EOF
}

@test "F37: a route that a shorter one does as well is left out, and no other" {
	# hq's own and another's networks lie in one another
	domain 'internal = 10.1.64.0/20\n' 'lan = 10.1.64.0/24\n'
	plan hq ip4 | grep -v unreachable | grep -E 'table 780[02]' >"$W_DIR/got"
	diff -u - "$W_DIR/got" <<-'EOF'
	route replace 10.1.0.0/16 dev bh0 table 7800 proto 176
	route replace 10.1.64.0/24 dev bh0 table 7800 proto 176
	route replace throw 10.0.0.0/16 table 7800 proto 176
	route replace throw 10.1.64.0/20 table 7800 proto 176
	route replace 10.1.0.0/16 dev bhx0 src 10.0.0.1 table 7802 proto 176
	EOF
}

@test "server: only participating hosts come back if the client says so" {
	domain '' 'backhaul-sources = participating\n'
	plan hq ip4 >"$W_DIR/got"
	grep -q '^route replace 10.1.0.0/20 dev bhx0' "$W_DIR/got"
	run ! grep -q '10.1.0.0/16 dev bhx0' "$W_DIR/got"
}

@test "server: default-gateway has its own table, and one family only" {
	domain 'default-gateway = 10.0.200.9\n'
	plan hq ip4 | grep -E 'table 7803|pref 784|lookup 7803' >"$W_DIR/got"
	diff -u - "$W_DIR/got" <<-'EOF'
	route replace 0.0.0.0/0 via 10.0.200.9 dev dmz0 table 7803 proto 176
	route replace unreachable 0.0.0.0/0 metric 4294967294 table 7803 proto 176
	rule add pref 784 from all iif bhx0 lookup 7803 protocol 176
	EOF
	plan hq ip6 | grep 'route.*7803' >"$W_DIR/got"
	diff -u - "$W_DIR/got" <<-'EOF'
	route replace unreachable ::/0 metric 4294967294 table 7803 proto 176
	EOF
	plan hq nft | grep egress_hop | tail -n +2 |
		tr -d '\t' >"$W_DIR/got"
	diff -u - "$W_DIR/got" <<-'EOF'
			meta nfproto ipv4 oifname != "dmz0" counter name "egress_hop" drop
			meta nfproto ipv4 rt ip nexthop != 10.0.200.9 counter name "egress_hop" drop
			meta nfproto ipv6 counter name "egress_hop" drop
	EOF
	plan hq sysctl | grep -qx 'net/ipv4/conf/dmz0/forwarding 1 0'
}

@test "server: a default-gateway on no network of ours is refused with 111" {
	domain 'default-gateway = 10.0.77.9\n'
	run --separate-stderr plan hq ip4
	[ "$status" -eq 111 ]
	[ -z "$output" ]
	[[ $stderr == *"default-gateway: no interface is on the network of 10.0.77.9" ]]
}

@test "server: an own host inside another's network stays own (LPM)" {
	# 10.0.0.0/16 of hq lies inside 10.0.0.0/8 of the branch
	domain '' '' "[location depot]
public-key = $(world_key depot)
lan = 10.5.0.0/20
internal = 10.0.0.0/8
"
	plan hq nft | sed -n '/set elsewhere4/,/}$/p' >"$W_DIR/got"
	run ! grep -q '10.0.0.0/8' "$W_DIR/got"
	grep -q '10.1.0.0-10.255.255.255' "$W_DIR/got"
	plan hq ip4 | grep -qx \
	    'route replace throw 10.0.0.0/16 table 7800 proto 176'
}

@test "one interface for LAN and Internet: no redirects, LAN by source" {
	domain
	sed -i '/location hq/,/location branch1/s/^uplink = up0/uplink = lan0/' \
		"$W_DIR/d.ini"
	plan hq sysctl | grep -qx 'net/ipv4/conf/lan0/send_redirects 0 1'
	plan hq nft | grep -q 'oifname { "bh0", "bhx0" } counter name "egress_cross"'
	plan hq nft | grep -q 'iifname "lan0" meta l4proto { tcp, udp } th dport 16384-32767 ct state new'
}

@test "a host that routed before goes on; one that did not routes for us only" {
	domain
	plan hq nft | grep -c not_forwarded >"$W_DIR/got"
	[ "$(cat "$W_DIR/got")" -eq 4 ]
	world_routes gw
	plan hq nft | grep -c not_forwarded >"$W_DIR/got"
	[ "$(cat "$W_DIR/got")" -eq 1 ]
}

@test "the tunnel's port is not tracked on a server, unless it is translated" {
	untracked() { plan "$1" nft | grep -c notrack; }
	domain
	plan hq nft | grep -qF 'udp dport 51820 fib daddr type local notrack'
	plan hq nft | grep -qF 'udp sport 51820 notrack'
	run untracked branch1
	[ "$output" -eq 0 ]
	domain 'listen-port = 4500\n'
	run untracked hq
	[ "$output" -eq 0 ]
	domain '' '' '[publish dns]\nserver = hq\nmatch = 198.51.100.3 udp 53\nto = 10.1.0.20\n'
	run untracked hq
	[ "$output" -eq 2 ]
	domain '' '' '[publish other]\nserver = hq\nmatch = 198.51.100.3 udp 51820\nto = 10.1.0.20\n'
	run untracked hq
	[ "$output" -eq 0 ]
}

@test "the uplink goes on hearing router advertisements" {
	domain
	plan branch1 sysctl | grep -qx 'net/ipv6/conf/up0/accept_ra 2 1'
	in_host gw sysctl -qw net.ipv6.conf.up0.accept_ra=0
	[ -z "$(plan branch1 sysctl | grep accept_ra)" ]
}

@test "nat-ports must be below this host's own ports, and hold no listener" {
	domain 'nat-ports = 16384-40000\n'
	run --separate-stderr plan hq nft
	[ "$status" -eq 100 ]
	[[ $stderr == *"nat-ports: 16384-40000 reaches into this host's own ports"* ]]
	domain 'nat-ports = 16384-20000\nlisten-port = 17000\n'
	run --separate-stderr plan hq nft
	[ "$status" -eq 100 ]
}

@test "a location with a tunnel needs lan-interface and uplink" {
	for key in lan-interface uplink; do
		domain
		sed -i "/location branch1/,\$s/^$key = .*//" "$W_DIR/d.ini"
		run --separate-stderr plan branch1 env
		[ "$status" -eq 100 ]
		[[ $stderr == *"[location branch1] $key: "* ]]
	done
}

@test "the kernel takes every plan, and twice" {
	domain 'partners = branch1\ndefault-gateway = 10.0.200.9\n' \
		'partners = hq\n'
	for location in hq branch1; do
		plan $location nft >"$W_DIR/nft"
		in_host gw nft -f "$W_DIR/nft"
		in_host gw nft list table inet backhaul >"$W_DIR/once"
		in_host gw nft -f "$W_DIR/nft"
		in_host gw nft list table inet backhaul | diff "$W_DIR/once" -
		in_host gw nft delete table inet backhaul
		for tun in bh0 bhx0; do
			in_host gw ip tuntap add $tun mode tun vnet_hdr
			in_host gw ip link set $tun up
		done
		for v in 4 6; do
			plan $location ip$v >"$W_DIR/ip"
			in_host gw ip -$v -batch "$W_DIR/ip"
			in_host gw ip -$v rule flush protocol 176
			in_host gw ip -$v route flush table all proto 176
			[ -z "$(in_host gw ip -$v route show table all proto 176)" ]
		done
		in_host gw ip link del bh0
		in_host gw ip link del bhx0
	done
}

@test "each counter of the guard is in the manual, and the other way round" {
	domain
	plan hq nft | awk '$1 == "counter" && $3 == "{}" { print $2 }' | sort >"$W_DIR/plan"
	sed -n '/^\.Ss Guard/,/^\.Ss Routes/s/^\.It Cm //p' man/backhaul.8 |
		sort | diff "$W_DIR/plan" -
}

@test "sysctl: what is right already is not mentioned" {
	domain
	plan branch1 sysctl >"$W_DIR/got"
	grep -qx 'net/ipv6/conf/all/forwarding 1 0' "$W_DIR/got"
	grep -qx 'net/ipv6/conf/up0/forwarding - 0' "$W_DIR/got"
	world_routes gw
	plan branch1 sysctl >"$W_DIR/got"
	run ! grep -q forwarding "$W_DIR/got"
}

@test "wrong usage and unknown parts exit 100" {
	domain
	for args in '' 'frob' 'env nft'; do
		# shellcheck disable=SC2086 # a list
		run --separate-stderr "$BH_BIN/bh-plan" -f "$W_DIR/d.ini" -l hq $args
		[ "$status" -eq 100 ]
	done
}

@test "every mistake of the file is named, and nothing is printed" {
	domain 'lann = 10.0.0.0/20\nmtu = many\n'
	run --separate-stderr plan hq nft
	[ "$status" -eq 100 ]
	[ -z "$output" ]
	[[ $stderr == *"lann"* && $stderr == *"many"* ]]
}

@test "publish: translated at the edge, let in by the guard, ports first" {
	domain '' '' '[publish all]
server = hq
match = 203.0.113.9
to = 10.1.0.5
[publish web]
server = hq
match = 203.0.113.9 tcp 443
to = 10.1.0.6:8443
from = 192.0.2.0/24
[publish calls]
server = hq
match = 203.0.113.9 udp 5060-5090
to = 10.1.0.7
'
	plan hq nft >"$W_DIR/got"
	in_host gw nft -c -f "$W_DIR/got"
	sed -n '/chain published/,/^	}/p; /chain opened/,/^	}/p' "$W_DIR/got" |
		diff -u - <(cat <<'NFT'
	chain published {
		ip daddr 203.0.113.9 meta l4proto tcp th dport 443 ip saddr { 192.0.2.0/24 } dnat ip to 10.1.0.6:8443
		ip daddr 203.0.113.9 meta l4proto udp th dport 5060-5090 dnat ip to 10.1.0.7
		ip daddr 203.0.113.9 dnat ip to 10.1.0.5
	}
	chain opened {
		ct original ip daddr 203.0.113.9 meta l4proto tcp ct original proto-dst 443 ip daddr 10.1.0.6 accept
		ct original ip daddr 203.0.113.9 meta l4proto udp ct original proto-dst 5060-5090 ip daddr 10.1.0.7 accept
		ct original ip daddr 203.0.113.9 ip daddr 10.1.0.5 accept
	}
NFT
)
	plan hq ip4 >"$W_DIR/got"
	grep -qx 'route replace 203.0.113.9/32 dev bhx0 table 7802 proto 176' \
		"$W_DIR/got"
	plan branch1 nft >"$W_DIR/got"
	run ! grep -q 203.0.113.9 "$W_DIR/got"
}

@test "default-gateway as a name: closed until RUNDIR/hop has what it stands for" {
	domain 'default-gateway = filter.example.net\n'
	dir=$W_DIR/run
	mkdir "$dir"
	hop() {
		in_host gw "$BH_BIN/bh-plan" -f "$W_DIR/d.ini" -l hq \
			-D "$dir" "$1"
	}
	eval "$(hop env)"
	[ "$HOP_NAME" = filter.example.net ]
	[ "$PROGRAMS" = 'bh-tunnel bh-classify bh-egress bh-keep' ]
	hop hop4 | diff - <(printf '%s\n' \
		'route flush table 7803 type unicast proto 176' \
		'route replace unreachable 0.0.0.0/0 metric 4294967294 table 7803 proto 176')
	hop nft | grep -q 'meta nfproto ipv4 counter name "egress_hop" drop'
	# the first that is on a network of ours, and is not ours
	echo '192.0.2.1 10.0.200.1 10.0.200.7 10.0.200.8' >"$dir/hop"
	hop hop4 | diff - <(printf '%s\n' \
		'route replace 0.0.0.0/0 via 10.0.200.7 dev dmz0 table 7803 proto 176' \
		'route replace unreachable 0.0.0.0/0 metric 4294967294 table 7803 proto 176')
	hop nft | grep -q 'nexthop != 10.0.200.7 counter name "egress_hop" drop'
	in_host gw ip -4 -batch <(hop hop4)
	in_host gw ip -4 -batch <(hop hop4)
	# what forwarded before `up' is what `up' has noted
	hop nft | grep -q 'iifname "up0" counter name "not_forwarded" drop'
	echo 'net/ipv4/conf/up0/forwarding 1 1' >"$dir/sysctl.plan"
	run ! grep -q 'iifname "up0" counter name "not_forwarded"' <(hop nft)
}

@test "taken: an address on an interface's network is answered for there" {
	domain '' 'nat-address = 198.51.100.7\n' '[publish web]
server = hq
match = 198.51.100.9 tcp 443
to = 10.1.0.5
[publish own]
server = hq
match = 198.51.100.2 tcp 443
to = 10.1.0.5
[publish routed]
server = hq
match = 203.0.113.9 tcp 443
to = 10.1.0.5
'
	same hq neigh <<-'EOT'
	neigh replace proxy 198.51.100.9 dev up0
	neigh replace proxy 198.51.100.7 dev up0
	EOT
	plan hq sysctl | grep -q '^net/ipv4/neigh/up0/proxy_delay 0 '
}

@test "nat-pool on an interface's network is answered for there, but our own" {
	ip -n "$W-gw" addr add 198.51.100.5/24 dev up0
	domain 'nat = pool\nnat-pool = 198.51.100.3-198.51.100.5, 203.0.117.9\n'
	same hq neigh <<-'EOT'
	neigh replace proxy 198.51.100.3 dev up0
	neigh replace proxy 198.51.100.4 dev up0
	EOT
	[ "$(plan hq sysctl | grep -c proxy_delay)" -eq 1 ]
	eval "$(plan hq env)"
	[ "$PROGRAMS" = 'bh-tunnel bh-classify bh-egress bh-keep' ]
}

@test "nat = pool: this host's own address cannot be published" {
	domain 'nat = pool\nnat-pool = 203.0.117.9\n' '' '[publish web]
server = hq
match = 10.0.200.1 tcp 443
to = 10.1.0.5
'
	run --separate-stderr plan hq env
	[ "$status" -eq 100 ]
	[[ $stderr == *"[publish web] match: 10.0.200.1 is this host's own address;"* ]]
}

# What the kernel is told for the first location of each role of a domain file,
# on the host that setup makes.
golden() {	# FILE
	awk '/^\[/ { l = $2; sub(/].*/, "", l) }
		/^backhaul *=/ && !seen[$3]++ { print l }' "$1" |
	while read -r l; do
		for part in env before ip4 ip6 nft flows hop4 hop6 neigh; do
			echo "== $l $part"
			in_host gw "$BH_BIN/bh-plan" -f "$1" -l "$l" \
				-D /run/backhaul/test $part </dev/null 2>&1 ||
				echo "exit $?"
		done
	done
}

# Where the plan is meant to change: GOLDEN=write bats t/bh-plan.bats -f golden
# and git diff t/data/plan says for whom it does.
@test "H: golden: the plans of every example and role are what they were" {
	ip -n "$W-gw" addr add 2001:db8:0:f000::1/64 dev lan0 nodad
	for f in etc/backhaul.ini etc/examples/*.ini; do
		want=t/data/plan/$(basename "$f" .ini).txt
		golden "$f" >"$W_DIR/got"
		[ "${GOLDEN:-}" != write ] || cp "$W_DIR/got" "$want"
		diff -u "$want" "$W_DIR/got"
	done
}
