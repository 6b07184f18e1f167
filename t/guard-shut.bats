# SPDX-License-Identifier: ISC
# What opens, and when: a host that forwards before backhaul(8) does anything
# lets nothing of its LAN out in clear from the first command to `down'.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_domain
	cp "$W_DIR/domain.ini" "$W_DIR/good.ini"
	world_routes cli
	# in clear it would get there and back
	ip -n "$W-wan" route add 10.1.0.0/20 via 192.0.2.2
	ip -n "$W-wan" -6 route add 2001:db8:1::/64 via 2001:db8:a::2
	world_default wan 198.51.100.2 2001:db8:b::2
	srv_backhaul up
	for to in 203.0.113.80 2001:db8:c::80; do
		world_bg lan ping -q -i 0.02 -p 43414e415259 $to
	done
}

teardown() {
	[ -z "${FG:-}" ] || kill "$FG" || true
	cli_backhaul down
}

# From here on the LAN's word is looked for on the uplink.
watch() {
	world_capture wan cli0 "$BATS_TEST_TMPDIR/wan.pcap" \
		src net 10.1.0.0/16 or src net 2001:db8:1::/48
}
# Nothing was seen, though the LAN goes on to send.
nothing() {
	sleep 0.2
	world_captured
	world_none "$BATS_TEST_TMPDIR/wan.pcap"
}
open() {
	watch
	world_until grep -q CANARY "$BATS_TEST_TMPDIR/wan.pcap"
	kill -INT "$W_CAPTURE"
}
carries() {
	world_until in_lan ping -c 1 -W 1 203.0.113.80
	world_until in_lan ping -c 1 -W 1 2001:db8:c::80
}
says() {	# STATUS
	[ "$(cli_backhaul status | head -n 1)" = "branch1: $1" ]
}
no_rules() {
	! in_cli ip rule | grep 'proto 176'
}
foreground() {
	NETNS=$W-cli ip netns exec "$W-cli" "$BH_BIN/backhaul" up -F \
		-f "$W_DIR/domain.ini" -l branch1 -k "$W_DIR/keys" -d "$run" \
		</dev/null 2>>"$BATS_TEST_TMPDIR/err" 3>&- &
	FG=$!
}
ended() {	# CODE: up -F has
	local code=0
	wait "$FG" || code=$?
	FG=
	[ "$code" -eq "$1" ]
}

@test "the measure itself: this host is open without us, and after down" {
	open
	cli_backhaul up
	cli_backhaul down
	open
}

@test "F1: a first up that fails leaves the LAN shut, and says why" {
	sed -i '/location branch1/,$s/^uplink = up0/uplink = ppp9/' \
		"$W_DIR/domain.ini"
	run -111 cli_backhaul up
	watch
	says 'shut: not up (no interface ppp9)'
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	mv "$W_DIR/keys/branch1.key" "$W_DIR/keys/away"
	run cli_backhaul up
	mv "$W_DIR/keys/away" "$W_DIR/keys/branch1.key"
	[ "$status" -ge 100 ]
	[[ $output == *"the guard stays"* ]]
	run -1 cli_backhaul status
	[[ $output == 'branch1: shut: not up ('* ]]
	cli_backhaul up
	carries
	says 'client, guard in force'
	nothing
}

@test "F1b: what has our TUN's name: left behind by somebody, or in use" {
	in_cli ip tuntap add dev bh0 mode tun
	run -0 cli_backhaul up
	[[ $output == *'interface bh0, which nobody used, is made anew'* ]]
	watch
	carries
	cli_backhaul stop
	world_bg cli socat TUN,iff-up,tun-name=bh0 PIPE
	world_until in_cli ip link show dev bh0
	run -111 cli_backhaul up
	[[ $output == *'cannot make interface bh0: there is one already'* ]]
	kill "$W_PID"
	in_cli ip link show dev bh0 || true
	nothing
}

@test "F1c: a first up that is killed or interrupted leaves the LAN shut" {
	NETNS=$W-cli ip netns exec "$W-cli" "$BH_BIN/backhaul" up \
		-f "$W_DIR/domain.ini" -l branch1 -k "$W_DIR/keys" -d "$run" \
		</dev/null >/dev/null 2>&1 3>&- &
	first=$!
	world_until test -e "$run/guard"
	kill -KILL $first || true
	wait $first || true
	watch
	sleep 0.3
	cli_backhaul up
	cli_backhaul status
	nothing
}

@test "F2: stop, and up again, also with another file: never open between" {
	cli_backhaul up
	watch
	cli_backhaul stop
	says 'shut: not up (stopped)'
	no_rules
	run ! in_cli ip link show dev bh0
	! ls "$run"/*.state
	cli_backhaul stop
	run -111 cli_backhaul restart
	sed -i 's/^\(server = hq\)/\1\nmtu = 1400/' "$W_DIR/domain.ini"
	cli_backhaul up
	carries
	in_cli ip link show dev bh0 | grep -q 'mtu 1400'
	nothing
}

@test "F2b: down opens last of all" {
	# every step of it takes its time
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nsleep 0.1\nexec /usr/sbin/ip "$@"\n' \
		>"$BATS_TEST_TMPDIR/bin/ip"
	chmod 755 "$BATS_TEST_TMPDIR/bin/ip"
	cli_backhaul up
	watch
	PATH=$BATS_TEST_TMPDIR/bin:$PATH cli_backhaul down &
	down=$!
	world_until no_rules
	! in_cli nft list table inet backhaul >/dev/null ||
		world_none "$BATS_TEST_TMPDIR/wan.pcap"
	wait $down
	kill -INT "$W_CAPTURE"
}

@test "F9: the guard by itself, before there is any interface" {
	sed -i '/location branch1/,$s/^uplink = up0/uplink = ppp9/' \
		"$W_DIR/domain.ini"
	cli_backhaul guard
	watch
	says 'shut: not up (only the guard is loaded)'
	cli_backhaul guard
	nothing
	run -100 cli_backhaul guard -l branch9
	cli_backhaul down
	open
}

@test "F9b: up -F waits for an uplink that comes late, and can be stopped" {
	sed -i '/location branch1/,$s/^uplink = up0/uplink = late0/' \
		"$W_DIR/domain.ini"
	foreground
	world_until says 'shut: not up (no interface late0)'
	watch
	kill "$FG"
	ended 0
	says 'shut: not up (stopped)'
	foreground
	world_until says 'shut: not up (no interface late0)'
	cli_backhaul stop
	ended 0
	foreground
	world_until says 'shut: not up (no interface late0)'
	ip -n "$W-cli" link add late0 up type bridge
	world_until cli_backhaul status
	[ "$(grep -c 'waiting for interface late0' \
		"$BATS_TEST_TMPDIR/err")" -eq 3 ]
	ip -n "$W-cli" link del late0
	nothing
}

@test "F9c: a service's restart, and one with a mistake in the file" {
	foreground
	world_until cli_backhaul status
	watch
	for _ in 1 2; do
		kill "$FG"
		ended 0
		foreground
		world_until cli_backhaul status
	done
	echo 'nonsense = yes' >>"$W_DIR/domain.ini"
	kill "$FG"
	ended 0
	foreground
	ended 100
	says 'shut: not up (the domain file is wrong)'
	nothing
}

no_bolt() { ! in_cli nft list table inet backhaul_bolt >/dev/null 2>&1; }
# Nothing of ours is left but what is on the disk.
reboot() {
	local at
	for at in 2 4; do	# the loop of the second bolt, then bh-bolt
		kill "$(cut -d ' ' -f $at "$run/bolt/bh-bolt.state")" || true
	done
	world_until no_bolt
	in_cli nft flush ruleset
	rm -r "$run"
}

@test "F9e: a mistake in the file at boot: shut by the last that was right" {
	cli_backhaul guard
	[ "$(stat -c '%a %u' "$run.good")" = '600 0' ]
	cmp "$run.good" "$W_DIR/good.ini"
	reboot
	echo 'nonsense = yes' >>"$W_DIR/domain.ini"
	run -100 cli_backhaul guard
	[[ $output == *'the domain file is wrong: shut by the one of 20'* ]]
	[[ $output != *'guard stays'* ]]
	watch
	says 'shut: not up (the domain file is wrong)'
	run -100 cli_backhaul up
	says 'shut: not up (the domain file is wrong)'
	cmp "$run.good" "$W_DIR/good.ini"
	nothing
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	watch
	cli_backhaul up
	carries
	cli_backhaul status
	nothing
}

@test "F9f: a file that is not there, at up and up -F; down has no memory" {
	cli_backhaul up
	cli_backhaul stop
	reboot
	rm "$W_DIR/domain.ini"
	run -100 cli_backhaul up
	watch
	says 'shut: not up (the domain file is wrong)'
	nothing
	reboot
	foreground
	ended 100
	grep -q 'shut by the one of' "$BATS_TEST_TMPDIR/err"
	watch
	says 'shut: not up (the domain file is wrong)'
	nothing
	cli_backhaul down
	run ! ls "$run".good*
	run ! cli_backhaul guard
	open
}

@test "F9g: a copy of another's making, or with nothing in it, is not used" {
	local what
	echo 'nonsense = yes' >>"$W_DIR/domain.ini"
	for what in 'chown 1' 'truncate -s 0' 'ln -sf good.ini'; do
		cp "$W_DIR/good.ini" "$run.good"
		$what "$run.good"
		run -100 cli_backhaul guard
		[[ $output != *'shut by'* ]]
		run ! in_cli nft list table inet backhaul
	done
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	cli_backhaul guard
	[ ! -L "$run.good" ]
	cmp "$run.good" "$W_DIR/good.ini"
}

@test "F9h: below /run the copy is elsewhere: /run is gone after a boot" {
	# with directories of its own, in its own mount namespace
	cat >"$BATS_TEST_TMPDIR/boot" <<-'EOF'
	mount -t tmpfs none /run && mount -t tmpfs none /var/lib || exit
	b() { "$BH_BIN/backhaul" "$@" -l branch1; }
	b guard -f "$W_DIR/domain.ini" || exit
	ls /run/backhaul /var/lib/backhaul
	b stop
	for at in 2 4; do
		kill $(cut -d ' ' -f $at /run/backhaul/branch1/bolt/*.state)
	done
	while nft list table inet backhaul_bolt >/dev/null 2>&1; do :; done
	umount -l /run; mount -t tmpfs none /run
	nft delete table inet backhaul
	b guard -f /nowhere
	echo "code $?"
	b status
	b down
	ls /var/lib/backhaul
	EOF
	run in_cli sh "$BATS_TEST_TMPDIR/boot" 3>&-
	[[ $output == *'branch1.ini'*'shut by the one of'*'code 100'* ]]
	echo "$output"
	[[ $output == *'branch1: shut: not up (the domain file is wrong)' ]]
}

@test "F9i: down forgets the copy, and says if its directory must stay" {
	cli_backhaul guard
	touch "$run/of-somebody"
	run -1 cli_backhaul down
	run ! ls "$run.good"
	open
	rm -r "$run"
}

@test "F9d: the units: the guard comes before the network and outlives" {
	cd contrib/systemd
	grep -q '^Before=network-pre.target$' backhaul-guard@.service
	grep -q '^ExecStop=.*/backhaul down ' backhaul-guard@.service
	grep -q '^RequiresMountsFor=.* /var/lib/backhaul' \
		backhaul-guard@.service
	grep -q '^KillMode=process$' backhaul-guard@.service
	run ! grep -q 'Conflicts=shutdown\|^ExecStop' backhaul@.service
	grep -q '^StartLimitIntervalSec=0$' backhaul@.service
	grep -q '^TimeoutStartSec=infinity$' backhaul@.service
	# what systemd says of them, where it is
	command -v systemd-analyze >/dev/null || return 0
	mkdir "$BATS_TEST_TMPDIR/u"
	for u in backhaul backhaul-guard; do
		sed "s,/usr/local/sbin,$BH_BIN," "$u@.service" \
			>"$BATS_TEST_TMPDIR/u/$u@.service"
	done
	cd "$BATS_TEST_TMPDIR/u"
	run systemd-analyze verify --man=no backhaul-guard@x.service \
		backhaul@x.service
	[[ $output != *backhaul*:*nknown* ]]
}

@test "F25: up with a changed file says so; up -r applies it, shut between" {
	cli_backhaul up
	sed -i 's/^\(server = hq\)/\1\nmtu = 1400/' "$W_DIR/domain.ini"
	run -1 --separate-stderr cli_backhaul up
	[[ $stderr == *"domain.ini has changed since 'backhaul up'"*"up -r"* ]]
	in_cli ip link show dev bh0 | grep -q 'mtu 1440'
	watch
	run -0 cli_backhaul up -r
	in_cli ip link show dev bh0 | grep -q 'mtu 1400'
	run -0 --separate-stderr cli_backhaul up
	[ -z "$stderr" ]
	carries
	# a mistake changes nothing
	before=$(cli_backhaul status | awk '$2 == "running" { print $1, $3 }')
	echo 'nonsense = yes' >>"$W_DIR/domain.ini"
	run -100 cli_backhaul up
	[[ $output == *'the gateway goes on as it was'* ]]
	run -100 cli_backhaul up -r
	[ "$before" = "$(cli_backhaul status |
		awk '$2 == "running" { print $1, $3 }')" ]
	nothing
}

@test "F25b: up -r of a gateway that runs in the foreground" {
	# as by nohup(1): what a shell ignores from the start, it always does
	trap '' HUP
	foreground
	world_until cli_backhaul status
	watch
	sed -i 's/^\(server = hq\)/\1\nmtu = 1400/' "$W_DIR/domain.ini"
	run -1 cli_backhaul up
	run -0 cli_backhaul up -r
	kill -0 "$FG"
	in_cli ip link show dev bh0 | grep -q 'mtu 1400'
	carries
	# what cannot be set up stays shut, and ends it
	in_cli ip link add dev bh7 type bridge
	sed -i 's/^\(server = hq\)/\1\ninterface = bh7/' "$W_DIR/domain.ini"
	run -111 cli_backhaul up -r
	ended 111
	in_cli ip link del dev bh7
	says 'shut: not up (cannot make interface bh7: there is one already)'
	nothing
}

@test "F25c: a better file ends the waiting for an interface that never comes" {
	sed -i '/location branch1/,$s/^uplink = up0/uplink = upp0/' \
		"$W_DIR/domain.ini"
	foreground
	world_until says 'shut: not up (no interface upp0)'
	watch
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	run -0 cli_backhaul up
	kill -0 "$FG"
	cli_backhaul status
	carries
	nothing
}

@test "F25d: up -F waits on for its interface, whoever brings it which file" {
	sed -i '/location branch1/,$s/^lan-interface = .*/lan-interface = lan9/' \
		"$W_DIR/domain.ini"
	foreground
	world_until says 'shut: not up (no interface lan9)'
	watch
	for r in '' -r; do
		run -111 cli_backhaul up $r
		[ "$output" = 'backhaul: the gateway waits for interface lan9; it has this file already' ]
	done
	for m in 1400 1390; do
		sed -i "/^mtu/d; s/^\(server = hq\)/\1\nmtu = $m/" \
			"$W_DIR/domain.ini"
		run -111 cli_backhaul up -r
		[ "$output" = 'backhaul: the gateway waits for interface lan9; it has the new file' ]
		cmp "$run/domain.ini" "$W_DIR/domain.ini"
	done
	# while it loads the guard, too, and while it starts
	( while kill -HUP "$FG"; do sleep 0.02; done ) 2>/dev/null 3>&- &
	hups=$!
	run -111 cli_backhaul up
	says 'shut: not up (no interface lan9)'
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	run -0 cli_backhaul up
	carries
	kill "$hups"
	cli_backhaul status
	kill "$FG"
	ended 0
	nothing
}

@test "F33d: a run directory is the same by whatever name, but not by a link" {
	ln -sfn run "$W_DIR/link"
	cli_backhaul up
	cd "$W_DIR"
	for d in "$W_DIR//run/branch1" "/.$W_DIR/./run/branch1//" \
		"$W_DIR/run/branch1/." "$W_DIR/run/../link/branch1" \
		./run//branch1; do
		run -0 --separate-stderr cli_backhaul up -d "$d"
		[ -z "$stderr" ]
		cli_backhaul status -d "$d"
	done
	cli_backhaul stop -d "$W_DIR//run/branch1"
	says 'shut: not up (stopped)'
	cli_backhaul up -d "$W_DIR/./run/branch1"
	ln -s branch1 run/alias
	for d in alias alias/ alias/.; do
		run -100 cli_backhaul down -d "$W_DIR/run/$d"
		[ "$output" = "backhaul: cannot use run directory $W_DIR/run/alias: it is no directory" ]
	done
	rm run/alias
	cli_backhaul down -d "$W_DIR/link/branch1/"
	[ ! -e "$run" ]
	run ! ls "$run.good"
	run ! in_cli nft list table inet backhaul
}

@test "F1f a run directory that is full or read-only leaves nothing open" {
	local how
	run_dir=$W_DIR/run/branch1
	for how in size=4k size=16k nr_inodes=1 ro; do
		mkdir -p -m 700 "$run_dir"
		mount -t tmpfs -o "mode=700,$how" t "$run_dir"
		case $how in size=*)
			head -c 1000000 /dev/zero >"$run_dir/fill" 2>/dev/null || true
			truncate -s -4096 "$run_dir/fill" 2>/dev/null || true ;;
		esac
		cli_backhaul guard || true
		watch
		for command in guard up; do
			run cli_backhaul $command
			[ "$status" -ne 100 ]
			in_cli nft list table inet backhaul >/dev/null
			run -1 cli_backhaul status
			[[ $output == *shut* ]]
		done
		nothing
		umount "$run_dir"
		cli_backhaul down
		rm -rf "$run_dir"
	done
}

@test "F2c an env that is no file is an error, not a location without a role" {
	mkdir -p -m 700 "$W_DIR/run/branch1/env"
	run -111 cli_backhaul up
	in_cli nft list table inet backhaul >/dev/null
	rmdir "$W_DIR/run/branch1/env"
	cli_backhaul up
}
