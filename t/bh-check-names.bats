# SPDX-License-Identifier: ISC
# bh-check -n: what the DNS says of a domain, asked in a namespace.
bats_require_minimum_version 1.8.0

setup() {
	. t/lib/world.bash
	export W=bcn$$ W_DIR=$BATS_TEST_TMPDIR
	world_host ns
	mkdir -p "/etc/netns/$W-ns"
	echo 'nameserver 127.0.0.1' >"/etc/netns/$W-ns/resolv.conf"
	echo '192.0.2.77 other.example.net' >"/etc/netns/$W-ns/hosts"
	cp t/data/check/base.ini "$W_DIR/d.ini"
}

teardown() {
	world_down
	rm -rf "/etc/netns/$W-ns"
}

serve() {	# LINE...: of a hosts file
	printf '%s\n' "$@" >"$W_DIR/names"
	world_bg ns dnsmasq -k -C /dev/null --pid-file --user=root \
		--no-resolv --no-hosts --addn-hosts="$W_DIR/names" \
		--local=/net/
	world_until world_listens ns udp 53
}
check() { in_host ns timeout 60 "$BH_BIN/bh-check" -f "$W_DIR/d.ini" "$@"; }

@test "BH609: a name without an address, or without a server that answers" {
	run check -W
	[ "$status" -eq 0 ]
	run check -n -W
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "$W_DIR/d.ini:5: warning BH609: [location hq] endpoint: no server of the DNS answered for 'hq.example.net'; ask again, or look at resolv.conf(5)" ]
	serve '192.0.2.1 hq.example.net'
	run check -n -W
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	sed -i '5s/hq\./qh./;9s/$/\ndefault-gateway = gw.example.net/' \
		"$W_DIR/d.ini"
	run check -n
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "$W_DIR/d.ini:5: warning BH609: [location hq] endpoint: the DNS has no address of 'qh.example.net'; correct the name, or add it there" ]
	[[ ${lines[1]} == "$W_DIR/d.ini:10: warning BH609: [location hq] default-gateway: the DNS has no address of 'gw.example.net'; "* ]]
}

@test "what a name stands for is checked like an address of the file" {
	serve '10.1.0.9 hq.example.net' '10.1.0.8 gw.example.net' \
		'198.51.100.3 again.example.net'
	run check
	[ "$status" -eq 0 ]
	run check -n	# a loop
	[ "$status" -eq 1 ]
	[[ $output == *"error BH602: [location hq] endpoint: 10.1.0.9 is inside 10.1.0.0/20"* ]]
	sed -i '5s/hq\./again./;9s/$/\ndefault-gateway = gw.example.net/' \
		"$W_DIR/d.ini"
	run check -n
	[ "$status" -eq 1 ]
	[[ $output == *"BH603: [location site] endpoint: [location hq] has the same"* ]]
	[[ $output == *"BH511: [location hq] default-gateway: "* ]]
	# the hosts file counts, too, and with -j nothing is said otherwise
	sed -i '5s/again\./other./;10d' "$W_DIR/d.ini"
	run check -n -j
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "-n goes with findings, not with views" {
	run check -n -p
	[ "$status" -eq 100 ]
}
