#!/bin/sh
# SPDX-License-Identifier: ISC
# The rooms of lib/ (lib/README): which others each may include, and which of
# its headers they may.  Anything else is refused; so is a circle, since each
# room stands below those that it may include.  cmd/ may include them all.
cd "$(dirname "$0")/../.." || exit 1

rooms='
base    :
	: addr batch bytes clock die json key once path rate ratelimit special
	  text verdict version worker
conf    : base
	: conf diag guess ini pool prefixes print publish space value
packet  : base
	: allowed csum echo ecn flow frag gso icmp ip l2 lpm mss pmtu reset
	  sparse vnet wire
proc    : base
	: child counters descriptors keyfile layers open ready sandbox trust turn
	  waiter
wg      : base
	: aead device index peer stage timers uapi
io      : base packet proc
	: dns link monitor nftgen resolvconf resolve source tun udp udp_port
nat     : base packet
	: nat nat_config nat_store npt
plan    : base conf nat packet
	: plan plan_host
policy  : base conf nat packet
	: filter judge policy servers
check   : base conf io nat packet policy proc
	: lint
show    : base check conf plan policy proc
	: import report views
start   : base check conf io policy proc
	: start
run     : base proc
	: run
tunnel  : base conf io packet policy proc start wg
	: tunnel
gate    : base conf io nat packet policy proc start
	: egress gate nat_conf nat_journal nat_log
capture : base conf gate nat packet policy proc start
	: nat_ask offline watch
'
grep -rnE '^#include "[^"]+"' lib cmd --include='*.[ch]' |
awk -F: -v rooms="$rooms" '
BEGIN {
	n = split(rooms, word, /[ \t\n]+/)
	for (i = 1; i <= n; i++) {
		if (word[i] == "")
			continue
		if (word[i] == ":")
			colons++
		else if (i < n && word[i + 1] == ":" && colons % 2 == 0)
			known[room = word[i]] = 1
		else if (colons % 2 == 1) {
			if (!(word[i] in known))
				print "layers.sh: " room " stands above " word[i]
			edge[room, word[i]] = 1
		} else
			public[room, word[i]] = 1
	}
}
{
	split($1, at, "/")
	from = at[1] == "cmd" ? "cmd" : at[2]
	split($3, quoted, "\"")
	if (split(quoted[2], to, "/") != 2) {
		print $1 ":" $2 ": not written from lib/: " quoted[2]
		next
	}
	sub(/\.h$/, "", to[2])
	if (from != "cmd" && !(from in known))
		print $1 ": no room of that name in layers.sh"
	if (from == to[1])
		next
	if (from != "cmd" && !((from, to[1]) in edge))
		print $1 ":" $2 ": " from " may not include " to[1]
	if (!((to[1], to[2]) in public))
		print $1 ":" $2 ": " quoted[2] " is private to " to[1]
}' | sort -u
exit 0
