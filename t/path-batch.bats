# SPDX-License-Identifier: ISC
# How many packets are handled at a time, and by which cipher engine, is a
# matter of speed only: the whole path with batches of 1, 2, 7 (this one with
# sanitizers) and full, each engine at each.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	local san='-fsanitize=address,undefined -fno-sanitize-recover=all'
	make -s -j2 BUILD=batch1 CFLAGS='-O0 -DBH_BATCH=1' all >/dev/null
	make -s -j2 BUILD=batch2 CFLAGS='-O0 -DBH_BATCH=2' all >/dev/null
	make -s -j2 BUILD=batch7 CFLAGS="-O0 -DBH_BATCH=7 $san" LDFLAGS="$san" \
		all >/dev/null
	world_up "$BATS_FILE_TMPDIR"
	world_domain
	mkdir "$W_DIR/www"
	head -c 3M /dev/urandom >"$W_DIR/www/3m"
	world_servers inet "$W_DIR/www"
}

setup() {
	export ASAN_OPTIONS=detect_leaks=0	# of programs that end at once
}

teardown() {
	cli_backhaul down
	srv_backhaul down
}

# The programs of a build, with bh-tunnel made to use one engine.
use() {	# DIRECTORY ENGINE
	local dir=$W_DIR/bin.$BATS_TEST_NUMBER p
	mkdir "$dir"
	for p in "$1"/bh-* "$1/backhaul"; do
		ln -s "$(realpath "$p")" "$dir/"
	done
	rm "$dir/bh-tunnel"
	printf '#!/bin/sh\nexec %s -a %s "$@"\n' "$(realpath "$1/bh-tunnel")" \
		"$2" >"$dir/bh-tunnel"
	chmod 755 "$dir/bh-tunnel"
	BH_BIN=$dir
}

# TCP both ways, IPv4 and IPv6, and single packets; what came is what went.
whole_path() {	# DIRECTORY ENGINE
	local sum to n
	use "$1" "$2"
	srv_backhaul up
	cli_backhaul up
	sum=$(sha256sum <"$W_DIR/www/3m")
	for to in 203.0.113.80 '[2001:db8:c::80]'; do
		[ "$(in_lan curl -sSg --max-time 30 "http://$to/3m" |
			sha256sum)" = "$sum" ]
		[ "$(in_lan socat -t 30 - "TCP:$to:9000" <"$W_DIR/www/3m" |
			cut -c -64)" = "${sum:0:64}" ]
	done
	for n in 1 31 1372; do		# it looks at what comes back
		in_lan ping -q -c 20 -i 0.002 -s $n -W 5 203.0.113.80
	done
	! grep -E 'Sanitizer|runtime error' "$W_DIR"/run/*/log
}

@test "batches of 1, sodium" { whole_path build/batch1 sodium; }
@test "batches of 1, ipsec-mb" { whole_path build/batch1 ipsec-mb; }
@test "batches of 2, sodium" { whole_path build/batch2 sodium; }
@test "batches of 2, ipsec-mb" { whole_path build/batch2 ipsec-mb; }
@test "batches of 7 with sanitizers, sodium" {
	whole_path build/batch7 sodium
}
@test "batches of 7 with sanitizers, ipsec-mb" {
	whole_path build/batch7 ipsec-mb
}
@test "full batches, sodium" { whole_path "$BH_BIN" sodium; }
@test "full batches, ipsec-mb" { whole_path "$BH_BIN" ipsec-mb; }
