# SPDX-License-Identifier: ISC
# What another user could change is refused, by every program and at once: keys,
# the key directory, the run directory.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_domain ''
	cp -a "$W_DIR/keys" "$W_DIR/keys.good"
}

setup() {
	rm -rf "$W_DIR/keys"
	cp -a "$W_DIR/keys.good" "$W_DIR/keys"
	key=$W_DIR/keys/branch1.key
	run=$W_DIR/run/branch1
	PATH=$BH_BIN:$PATH
}

teardown() {
	cli_backhaul down 2>/dev/null || true
	rm -rf "$W_DIR/run"/*
}

# Each way in which a key is no good.
spoil() {	# HOW
	case $1 in
	open) chmod 640 "$key" ;;
	owner) chown 1000 "$key" ;;
	none) rm "$key" ;;
	text) echo secretsecretsecret >"$key" ;;
	other) cp "$W_DIR/keys/hq.key" "$key" ;;
	psk) (umask 022; bh-key genpsk >"$W_DIR/keys/hq.psk") 2>/dev/null ;;
	dir) chmod 777 "$W_DIR/keys" ;;
	dirowner) chown 1000 "$W_DIR/keys" ;;
	nodir) rm -r "$W_DIR/keys" ;;
	esac
}
KINDS='open owner none text other psk dir dirowner nodir'

afresh() {
	rm -rf "$W_DIR/keys"
	cp -a "$W_DIR/keys.good" "$W_DIR/keys"
}

@test "F20: up with a key that is no good: 100, one line, nothing was started" {
	for how in $KINDS; do
		afresh
		spoil $how
		run -100 --separate-stderr cli_backhaul up
		[ "$(grep -c "$W_DIR/keys" <<<"$stderr")" -eq 1 ] ||
			{ echo "$how: $stderr"; false; }
		[[ $stderr != *bh-tunnel:* && $stderr != *secretsecret* ]]
		# it was said before any program could have said it
		! ls "$run"/*.state 2>/dev/null
	done
}

@test "F20b: the command that up names is the one that mends it" {
	for how in open owner dir dirowner; do
		afresh
		spoil $how
		run -100 --separate-stderr cli_backhaul up
		mend=$(grep -o "'[^']*'" <<<"$stderr" | head -n 1 | tr -d "'")
		[ -n "$mend" ]
		sh -c "$mend"
		bh-key check -f "$W_DIR/domain.ini" -l branch1 -k "$W_DIR/keys"
	done
	# first the directory, then the key, of which the domain file then has
	# to know
	spoil nodir
	for _ in 1 2; do
		run -100 --separate-stderr cli_backhaul up
		sh -c "$(grep -o "'[^']*'" <<<"$stderr" | head -n 1 | tr -d "'")"
	done
	[ "$(stat -c %a "$key")" = 600 ]
	run -100 --separate-stderr cli_backhaul up
	[[ $stderr == *"public-key: it is not that of key file $key"* ]]
	[[ $stderr == *"$(bh-key pubkey <"$key")"* ]]
}

@test "F20c: bh-tunnel says the same by itself, always with 100" {
	mkdir -p "$run"
	chmod 700 "$run"
	# another fault besides does not decide about it
	world_bg cli socat -u UDP6-RECV:51820,ipv6only=0 OPEN:/dev/null
	socat=$W_PID
	world_until world_listens cli udp 51820
	for how in $KINDS; do
		afresh
		spoil $how
		run -100 --separate-stderr in_cli timeout 10 bh-tunnel \
			-f "$W_DIR/domain.ini" -l branch1 -k "$W_DIR/keys" \
			-D "$run"
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == "bh-tunnel: "*"$W_DIR/keys"* ]]
	done
	kill "$socat"
}

@test "F20d: what README tells to type makes keys that are taken" {
	lines=$(sed -n '/^    install -d .*keys$/,/^    bh-key pubkey/p' README |
		sed "s,/etc/backhaul/keys,$BATS_TEST_TMPDIR/k,; s/ #.*//")
	[ "$(wc -l <<<"$lines")" -ge 3 ]
	public=$(umask 022; sh -ec "$lines")
	sed "/^\[location branch1\]/,/^public-key/s|^public-key.*|public-key = $public|" \
		"$W_DIR/domain.ini" >"$BATS_TEST_TMPDIR/d.ini"
	run -0 bh-key check -f "$BATS_TEST_TMPDIR/d.ini" -l branch1 \
		-k "$BATS_TEST_TMPDIR/k"
	[ -z "$output" ]
}

# ---- the run directory ----

# A run directory that is no good, with an env that would be run.
bad_run() {	# HOW
	rm -rf "$run" "$W_DIR/elsewhere"
	mkdir -m 700 "$run"
	cat >"$run/env" <<-EOF
	touch "$W_DIR/was-run"
	PROGRAMS=bh-tunnel
	EOF
	case $1 in
	owner) chown 1000 "$run" ;;
	group) chmod 770 "$run" ;;
	others) chmod 707 "$run" ;;
	link) mv "$run" "$W_DIR/elsewhere"; ln -s "$W_DIR/elsewhere" "$run" ;;
	esac
}

@test "F33: a run directory of somebody else: every command refuses it, 100" {
	for how in owner group others link; do
		bad_run $how
		for command in up down status restart; do
			run -100 --separate-stderr cli_backhaul $command
			[[ $stderr == "backhaul: cannot use run directory $run: "* ]]
			[ "${#stderr_lines[@]}" -eq 1 ]
			[ -z "$output" ]
		done
		# its slash does not lead around that
		run -100 --separate-stderr in_cli backhaul status -l branch1 \
			-d "$run//"
		[ ! -e "$W_DIR/was-run" ]
		[ ! -e "$run/lock" ]
	done
}

@test "F33b: and so does every program" {
	for how in owner group others link; do
		bad_run $how
		while read -r words; do
			# shellcheck disable=SC2086 # words
			run -100 --separate-stderr in_cli timeout 10 $words
			[[ $stderr == *"cannot use run directory $run "* ]] ||
				{ echo "$words: $stderr"; false; }
			[ "${#stderr_lines[@]}" -eq 1 ]
			[ -z "$output" ]
		done <<-EOF
		bh-tunnel -f $W_DIR/domain.ini -l branch1 -k $W_DIR/keys -D $run
		bh-tunnel -i wg$$ -D $run/
		bh-classify -f $W_DIR/domain.ini -l branch1 -D $run
		bh-egress -f $W_DIR/domain.ini -l hq -D $run
		bh-keep -f $W_DIR/domain.ini -l hq -D $run
		bh-plan -f $W_DIR/domain.ini -l branch1 -D $run env
		bh-ctl -D $run counters
		bh-ctl -D $run/ peers
		bh-ctl -D $run servers
		bh-ctl -D $run egress who 192.0.2.1:1 tcp
		EOF
		[ "$(ls "$run/")" = env ]
	done
}

@test "F33c: what a lock that is a link leads to is not cut" {
	mkdir -m 700 "$run"
	echo precious >"$W_DIR/precious"
	ln -s "$W_DIR/precious" "$run/lock"
	run -100 --separate-stderr cli_backhaul down
	[ "$stderr" = "backhaul: $run/lock is a symbolic link: remove it" ]
	[ "$(cat "$W_DIR/precious")" = precious ]
}
