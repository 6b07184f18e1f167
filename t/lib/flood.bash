# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034
#
# A mob behind the same router as the client: it sends what it likes from
# addresses of 10.66.0.0/16, and what is answered there is counted on the way.
#
#   ┌─────┐ 192.0.66.2    mob0 ┌─────┐
#   │ mob ├────────────────────┤ wan │   of t/lib/world.bash
#   └─────┘                    └─────┘

flood_up() {
	world_host mob
	world_cable mob eth0 192.0.66.2/24 wan mob0 192.0.66.1/24
	world_default mob 192.0.66.1
	ip -n "$W-wan" route add 10.66.0.0/16 via 192.0.66.2
	ip -n "$W-srv" route add 10.66.0.0/16 via 198.51.100.1
	in_wan nft -f - <<-E
	table ip flood {
		counter asked { }
		counter answered { }
		counter cookies { }
		chain f {
			type filter hook forward priority 0
			ip saddr 10.66.0.0/16 counter name asked
			ip daddr 10.66.0.0/16 counter name answered
			ip daddr 192.0.12.2 udp length 72 @th,64,8 3 \
				counter name cookies
		}
	}
	E
}

# Bytes of UDP payload, asked or answered, since the last reset.
flood_bytes() {	# COUNTER
	in_wan nft -j list counter ip flood "$1" |
		jq '.nftables[] | .counter? | select(.) | .bytes - 28 * .packets'
}
flood_reset() {
	in_wan nft reset counters table ip flood >/dev/null
}

# In the background; the pid is in $FLOOD, what it says in $W_DIR/flood.
flood_start() {	# KIND RATE SECONDS [PORT [HOST [%DEV]]]
	ip netns exec "$W-${5:-mob}" "$BH_BIN/t/bench/lib/flood" "$1" \
		"198.51.100.2${6:-}" "${4:-51820}" "$2" "$3" \
		"$(world_key hq)" </dev/null \
		>"$W_DIR/flood" 2>&1 3>&- &
	FLOOD=$!
}
flood_end() {
	wait "$FLOOD"
	[[ $(<"$W_DIR/flood") == [0-9]* ]] || { cat "$W_DIR/flood"; return 1; }
	FLOOD_SENT=$(cut -d ' ' -f 1 "$W_DIR/flood")
}

# Memory of their own that the processes of the server's tunnel have, in kB.
flood_memory() {
	local pid
	for pid in $(netns_pids "$W-srv"); do
		[[ $(<"/proc/$pid/comm") != bh-tunnel* ]] ||
			grep ^RssAnon "/proc/$pid/status"
	done | awk '{ n += $2 } END { print n }'
}
# It has not moved: a page or two are for a peer that was not there before.
flood_memory_stays() {	# KB
	local now
	now=$(flood_memory)
	[ $((now - $1)) -le 32 ] || { echo "$1 kB, then $now"; return 1; }
}
