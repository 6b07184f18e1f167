# bh-check: a domain from other sides than its own, word for word.

bats_require_minimum_version 1.8.0

setup() {
	bin=${BH_BIN:-$PWD/build/release}
	check=$bin/bh-check
	views=t/data/check/views
	dir=$BATS_TEST_TMPDIR
}

teardown() {
	[ -z "${pid:-}" ] || kill "$pid"
	[ -z "${ns:-}" ] || ip netns del "$ns"
	[ -z "${dev:-}" ] || rm -f "/var/run/wireguard/$dev.sock"
}

# golden FILE OPTION...: what is printed is FILE
golden() {
	local file=$1
	shift
	"$check" "$@" >"$dir/out"
	diff -u "$views/$file" "$dir/out"
}

# a key pair in keys/, and the public key in the domain file
put_key() {	# LOCATION FILE
	mkdir -p "$dir/keys"
	(umask 077; "$bin/bh-key" genkey >"$dir/keys/$1.key")
	local public
	public=$("$bin/bh-key" pubkey <"$dir/keys/$1.key")
	sed -i "/^\[location $1\]/,/^public-key/s|^public-key.*|public-key = $public|" "$2"
}

@test "-l says what a location's gateway will do, in words" {
	for l in hq branch site phone closed; do
		golden "$l.view" -f $views/domain.ini -l $l
	done
}

# What the view says of routes, devices, ports and translation is in what the
# kernel is told, and the other way round.
agree() {	# FILE LOCATION
	"$check" -j -f "$1" -l "$2" >"$dir/json"
	jq -r 'select(.topic).text' "$dir/json" >"$dir/view"
	for part in env ip4 ip6 nft; do
		"$bin/bh-plan" -f "$1" -l "$2" -D "$dir" $part || return
	done >"$dir/plan"
	# a table that may be empty has no line of its own
	diff <(grep -E -o 'rule.* lookup 78[0-9]+' "$dir/plan" |
		grep -o '78[0-9]*$' | sort -u) \
		<(grep -o 'table 78[0-9]*' "$dir/view" | cut -d ' ' -f 2 |
			sort -u)
	diff <(sed -n "s/^\(TUN\|EGRESS_TUN\|LAN_IF\|UPLINK\)='\(.*\)'/\2/p" \
		"$dir/plan" | tr ' ' '\n' | grep . | sort -u) \
		<(jq -r 'select(.topic == "device").text' "$dir/json" |
			sed 's/[, ].*//' | sort -u)
	diff <(grep -o 'sport [0-9]* iif lo goto' "$dir/plan" |
		cut -d ' ' -f 2 | sort -u) \
		<(sed -n 's/^listens on UDP port \([0-9]*\).*/\1/p' \
			"$dir/view")
	diff <(grep -o 'masquerade to :[0-9-]*' "$dir/plan" |
		cut -d : -f 2 | sort -u) \
		<(sed -n 's/.*from the ports \([0-9-]*\)$/\1/p' "$dir/view")
}

@test "-l agrees with what bh-plan(8) tells the kernel, in every example" {
	local f l n=0
	for f in etc/examples/*.ini $views/domain.ini; do
		# no host here is on the network of a next hop
		sed '/^default-gateway/d' "$f" >"$dir/d.ini"
		for l in $(sed -n 's/^\[location \(.*\)\]/\1/p' "$dir/d.ini" |
			head -4); do
			"$bin/bh-plan" -f "$dir/d.ini" -l "$l" env \
				>/dev/null 2>&1 || continue
			agree "$dir/d.ini" "$l" || { echo "$f $l"; false; }
			n=$((n + 1))
		done
	done
	[ $n -gt 20 ]
	# as many devices as workers
	sed '/^default-gateway/d; /^backhaul = server/a workers = 2' \
		etc/examples/hub-20.ini >"$dir/d.ini"
	agree "$dir/d.ini" hq
	grep -q '^bhx0-1, a TUN device' "$dir/view"
}

@test "-l shows no view of a file that has an error" {
	sed 's/^lan = 10.1.0.0/lan = 10.0.0.0/' $views/domain.ini >"$dir/d.ini"
	run --separate-stderr "$check" -f "$dir/d.ini" -l branch
	[ "$status" -eq 1 ]
	[[ ${lines[-1]} == *" errors, "* ]]
}

@test "-l -j gives findings and facts as objects with the same members" {
	"$check" -j -l phone -f $views/domain.ini >"$dir/out"
	jq -es 'all(has("code") or (.location == "phone" and has("topic") and
		has("text")))' "$dir/out"
	[ "$(jq -r 'select(.topic == "lan").text' "$dir/out")" = \
		$'10.9.0.2\n2001:db8:9::2' ]
}

@test "C6: -r says what routers are told, why, and in three languages" {
	golden routers -f $views/domain.ini -r
}

@test "C6: -r -l is for one location, and some need nothing" {
	golden routers.branch -f $views/domain.ini -r -l branch
	run --separate-stderr "$check" -f $views/domain.ini -r -l phone
	[ "$status" -eq 0 ]
	[ "$output" = "no router needs to be told anything" ]
}

@test "C6: the lines for Linux are taken by ip(8), each of them" {
	ns=bhview$$
	ip netns add $ns
	ip -n $ns link add lan0 type veth peer name lan1
	ip -n $ns link set lan0 up
	ip -n $ns link set lan1 up
	ip -n $ns address add 10.0.0.9/20 dev lan0
	ip -n $ns -6 address add 2001:db8::9/52 dev lan0 nodad
	"$check" -f $views/domain.ini -r -l hq | sed -n '/^# Linux/,$p' \
		>"$dir/routes"
	[ "$(grep -c ^ip "$dir/routes")" -eq 5 ]
	ip netns exec $ns sh -e "$dir/routes"
	[ "$(ip -n $ns route get 10.1.0.9 | head -1 | cut -d' ' -f3)" = 10.0.0.1 ]
}

@test "-r -j has a route an object, with null where the file has no address" {
	"$check" -j -r -f $views/domain.ini >"$dir/out"
	[ "$(jq -r 'select(.location == "branch" and .to == "::/0").via' \
		"$dir/out")" = null ]
	[ "$(jq -rs 'map(select(.location == "hq")) | length' "$dir/out")" -eq 5 ]
}

@test "-b says what may leave in clear, whose, where to and by what" {
	golden clear -f $views/clear.ini -b
	golden clear.b -f $views/clear.ini -b -l b
	"$check" -f $views/clear.ini -b -j >"$dir/out"
	[ "$(jq -r '[.location, .breakout] | join(" ")' "$dir/out")" = \
		$'a video\na guests\nb video\nb guests\nb all-cdn\nc ' ]
	[ "$(jq -r 'select(.location == "b" and .breakout == "all-cdn").filter' \
		"$dir/out")" = null ]
	run --separate-stderr "$check" -f $views/clear.ini -b -l c
	[ "$status" -eq 0 ]
	[ "$output" = "c: nothing of the LAN" ]
}

# The ends of every set of -b, and their neighbours, as lines "LOCATION SOURCE
# DESTINATION IN", IN being whether the set has both.
edges() {
	python3 - "$1" <<-'EOF'
		import ipaddress, json, sys
		def ends(prefixes):
		    nets = [ipaddress.ip_network(p) for p in prefixes]
		    for n in nets:
		        for a in int(n[0]) - 1, int(n[0]), int(n[-1]), int(n[-1]) + 1:
		            a = type(n[0])(a)
		            yield a, any(a in m for m in nets)
		for line in open(sys.argv[1]):
		    o = json.loads(line)
		    if o["breakout"] != "video":
		        continue
		    for s, has_s in ends(o["from"]):
		        for d, has_d in ends(o["to"]):
		            if s.version == d.version:
		                print(o["location"], s, d, int(has_s and has_d))
	EOF
}

@test "-b agrees with bh-classify(8) at the ends of every set" {
	"$check" -f $views/clear.ini -b -j >"$dir/json"
	edges "$dir/json" >"$dir/edges"
	[ "$(grep -c ' 1$' "$dir/edges")" -gt 20 ]
	[ "$(grep -c ' 0$' "$dir/edges")" -gt 20 ]
	while read -r location source destination in; do
		"$bin/bh-classify" -f $views/clear.ini -l "$location" \
			-e "$source > $destination udp 3478" >"$dir/said" || :
		out=0
		! grep -q '^  yes  breakout video,' "$dir/said" || out=1
		[ $out = "$in" ] || {
			echo "$location: $source > $destination: $in"
			cat "$dir/said"
			false
		}
	done <"$dir/edges"
}

@test "-D says what changes in consequences, and nothing where nothing does" {
	golden changes -f $views/domain.ini -D $views/old.ini
	run --separate-stderr "$check" -D $views/old.ini -f - <<<"$(
		sed 's/^lan = 10.1.0.0\/21, 10.1.8.0\/22/lan = 10.1.8.0\/22,10.1.0.0\/22 10.1.4.0\/22/;/^;/d' $views/old.ini)"
	[ "$status" -eq 0 ]
	[ "$output$stderr" = "" ]
}

@test "-D: another server is one line, in words that say what it means" {
	sed 's/^server = hq$/server = dr/' etc/examples/many-sites.ini \
		>"$dir/new.ini"
	run --separate-stderr "$check" -D etc/examples/many-sites.ini \
		-f "$dir/new.ini" -l north
	[ "$status" -eq 0 ]
	[[ ${lines[*]} == *"north: Internet traffic now leaves at dr, and goes there encrypted; before: leaves at hq, and goes there encrypted"* ]]
}

@test "-D has something to say of every key that a program reads" {
	local at key value
	sed 's/^backhaul = server/&\nnat = pool\nport-block = 64\nnat-pool = 203.0.113.0\/24, 2001:db8:f::1/' \
		$views/clear.ini >"$dir/pool.ini"
	while IFS='|' read -r at key value; do
		sed "/^\[$at/,/^\[/{/^$key = /d};s#^\[$at.*#&\n$key = $value#" \
			"$dir/pool.ini" >"$dir/new.ini"
		echo "$at $key"
		"$check" -f "$dir/new.ini" -D "$dir/pool.ini" >"$dir/said"
		[ -s "$dir/said" ]
	done <<-'EOF'
		domain|private-is-internal|no
		location c|active|no
		location a|public-key|CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
		location hq|endpoint|192.0.2.1:51820
		location hq|listen-port|51821
		location a|keepalive|20
		location a|lan|10.1.0.0/21, 10.1.15.0/24
		location a|internal|10.1.0.0/16, 10.9.0.0/16, 2001:db8:1::/48
		location a|address|10.1.0.1
		location a|backhaul-sources|participating
		location hq|nat|masquerade
		location hq|nat6|none
		location a|nat-address|198.51.100.99
		location hq|nat-pool|203.0.113.0/25
		location hq|port-block|1024
		location hq|nat-deterministic|yes
		location hq|filtering|address
		location hq|nat-refresh|both
		location hq|nat-table|100000
		location hq|nat-quota-host|77
		location hq|nat-quota-location|77
		location hq|nat-udp-timeout|400
		location hq|nat-icmp-timeout|70
		location hq|nat-tcp-timeout|8000
		location hq|nat-tcp-transitory|300
		location hq|default-gateway|10.0.0.254
		location a|uplink|eth7
		location a|lan-interface|eth7
		location a|interface|bh7
		location hq|egress-interface|bhx7
		location a|mtu|1400
		location a|dscp|46
		location a|icmp-errors|5
		group cdn|members|198.51.100.64/26
		breakout video|location|b
		breakout guests|to|cdn
		breakout video|from|guests
		breakout video|filter|udp port 3479
	EOF
}

@test "-D -j tells added, removed and changed apart" {
	"$check" -j -f $views/domain.ini -D $views/old.ini >"$dir/out"
	[ "$(jq -r .change "$dir/out" | sort -u | tr '\n' ' ')" = \
		"added changed removed " ]
	jq -es 'all(.change != "changed" or has("was"))' "$dir/out"
}

@test "-D wants both files right, and says which is not" {
	sed 's/^lan = /lam = /' $views/old.ini >"$dir/bad.ini"
	run --separate-stderr "$check" -f $views/domain.ini -D "$dir/bad.ini"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[[ $stderr == "$dir/bad.ini:"*"error BH009"* ]]
}

@test "-g dot draws the domain, and -g svg with dot" {
	golden dot -f $views/domain.ini -g dot
	golden clear.dot -f $views/clear.ini -g dot
	"$check" -f $views/domain.ini -g svg >"$dir/svg"
	[[ $(cat "$dir/svg") == *"<svg"*">branch<"*"</svg>"* ]]
	run --separate-stderr env PATH=/nonexistent "$check" \
		-f $views/domain.ini -g svg
	[ "$status" -eq 111 ]
	[[ $stderr == *"is graphviz installed?"* ]]
	run --separate-stderr "$check" -f $views/domain.ini -g png
	[ "$status" -eq 100 ]
}

# The partnerships of a domain are those of its drawing, each once.
drawn_as_said() {	# N HOW...
	python3 t/lib/mesh.py "$@" >"$dir/mesh.ini"
	"$check" -f "$dir/mesh.ini" -g dot >"$dir/mesh.dot"
	python3 t/lib/mesh.py drawn <"$dir/mesh.dot" | sort >"$dir/drawn"
	awk '/^\[location/ { l = substr($2, 1, length($2) - 1) }
		/^partners/ { gsub(/,/, ""); for (i = 3; i <= NF; i++)
			print (l < $i ? l " " $i : $i " " l) }' "$dir/mesh.ini" |
		sort -u | diff "$dir/drawn" -
}

@test "F38: a mesh is drawn, and does not grow with its square" {
	for n in 60 200 1000; do
		python3 t/lib/mesh.py $n all >"$dir/mesh.ini"
		timeout 120 "$check" -f "$dir/mesh.ini" -g svg >"$dir/mesh.svg"
		grep -q '</svg>' "$dir/mesh.svg"
		[ "$("$check" -f "$dir/mesh.ini" -g dot | wc -l)" -lt \
			$((4 * n)) ]
	done
}

@test "F38b: what a drawing joins is who is partner of whom, and no other" {
	drawn_as_said 60 all
	[ "$(wc -l <"$dir/drawn")" -eq 1770 ]
	drawn_as_said 60 all-but 3-7
	drawn_as_said 60 all-but 3-7 3-8 9-10 11-12
	drawn_as_said 12 random 40
	drawn_as_said 4 all
	drawn_as_said 5 all
	drawn_as_said 9 random 3
	# two meshes with one partner in common
	python3 - <<-'PY' >"$dir/pairs"
	groups = ({*range(0, 9)}, {*range(8, 20)})
	print(*["%d-%d" % (a, b) for b in range(20) for a in range(b)
	        if not any({a, b} <= g for g in groups)])
	PY
	# shellcheck disable=SC2046
	drawn_as_said 20 all-but $(cat "$dir/pairs")
	[ "$(grep -c 'of each other' "$dir/mesh.dot")" -eq 2 ]
}

@test "F38c: of what is too much to be drawn it is said what to do" {
	python3 t/lib/mesh.py 300 random 20001 >"$dir/mesh.ini"
	run --separate-stderr timeout 60 "$check" -f "$dir/mesh.ini" -g svg
	[ "$status" -eq 100 ]
	[[ $stderr == "bh-check: cannot draw more than 20000 lines between partners; -g dot prints them all,"* ]]
	[ "$("$check" -f "$dir/mesh.ini" -g dot | grep -c dir=both)" -eq 20001 ]
}

@test "-p prints the plainest form, which means and prints the same" {
	for f in $views/*.ini etc/backhaul.ini etc/examples/*.ini; do
		"$check" -p -f "$f" >"$dir/1.ini"
		"$check" -p -f "$dir/1.ini" >"$dir/2.ini"
		cmp "$dir/1.ini" "$dir/2.ini"
		run --separate-stderr "$check" -f "$dir/1.ini" -D "$f"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
	golden plain -p -f $views/domain.ini
}

@test "-e wg-quick is a file that wg-quick(8) and a QR code take" {
	golden phone.conf -f $views/domain.ini -e wg-quick phone
	cp $views/domain.ini "$dir/d.ini"
	put_key phone "$dir/d.ini"
	(umask 077; "$bin/bh-key" genpsk >"$dir/keys/hq.psk")
	(umask 077; "$check" -f "$dir/d.ini" -k "$dir/keys" \
		-e wg-quick phone >"$dir/phone.conf")
	[ "$(wg-quick strip "$dir/phone.conf" | grep -c .)" -gt 5 ]
	grep -qFx "PrivateKey = $(cat "$dir/keys/phone.key")" "$dir/phone.conf"
	grep -qFx "PresharedKey = $(cat "$dir/keys/hq.psk")" "$dir/phone.conf"
	qrencode -t ASCII -o "$dir/qr" <"$dir/phone.conf"
	[ -s "$dir/qr" ]
}

@test "-e wg is what wg setconf takes" {
	ns=bhexp$$
	cp $views/domain.ini "$dir/d.ini"
	put_key phone "$dir/d.ini"
	"$check" -f "$dir/d.ini" -k "$dir/keys" -e wg phone >"$dir/wg.conf"
	ip netns add $ns
	dev=bhe$$
	ip netns exec $ns "$bin/bh-tunnel" -i $dev 3>&- &
	pid=$!
	for ((i = 0; i < 100; i++)); do
		wg show $dev >/dev/null 2>&1 && break
		sleep 0.05
	done
	wg setconf $dev "$dir/wg.conf"
	[ "$(wg show $dev public-key)" = \
		"$("$bin/bh-key" pubkey <"$dir/keys/phone.key")" ]
	[ "$(wg show $dev endpoints | cut -f2)" = 192.0.2.1:51820 ]
}

@test "-e of a server, or of an inactive location, is refused" {
	run --separate-stderr "$check" -f $views/domain.ini -e wg hq
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-check: [location hq] is a server: plain WireGuard has no guard; nothing was written" ]
	run --separate-stderr "$check" -f $views/domain.ini -e wg closed
	[ "$status" -eq 100 ]
}

@test "-i makes a domain of wg-quick files, and asks for what they lack" {
	mkdir "$dir/wg"
	cp $views/import/*.conf "$dir/wg"
	(cd "$dir/wg" && "$check" -i hub.conf spoke1.conf spoke2.conf) \
		>"$dir/out"
	diff -u $views/import/domain.ini "$dir/out"
	run --separate-stderr "$check" -f "$dir/out"
	[ "$status" -eq 1 ]
	[[ $output == *"BH701: [location hub]"* ]]
	# with interfaces it is a domain
	sed 's/^\[location .*/&\nuplink = eth0\nlan-interface = eth1/' \
		"$dir/out" >"$dir/full.ini"
	run --separate-stderr "$check" -f "$dir/full.ini"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "-i takes what the tunnels are numbered from for nobody's LAN" {
	local host
	mkdir "$dir/wg"
	for host in hub phone; do
		"$bin/bh-key" genkey >"$dir/wg/$host.key"
		"$bin/bh-key" pubkey <"$dir/wg/$host.key" >"$dir/wg/$host.pub"
	done
	printf '%s\n' '[Interface]' 'Address = 10.8.0.1/24, fd00:8::1/64' \
		"PrivateKey = $(cat "$dir/wg/hub.key")" '[Peer]' \
		"PublicKey = $(cat "$dir/wg/phone.pub")" \
		'AllowedIPs = 10.8.0.2/32, fd00:8::2/128' >"$dir/wg/hub.conf"
	printf '%s\n' '[Interface]' 'Address = 10.8.0.2/24, fd00:8::2/64' \
		"PrivateKey = $(cat "$dir/wg/phone.key")" \
		'DNS = 9.9.9.9, example.net' \
		'[Peer]' "PublicKey = $(cat "$dir/wg/hub.pub")" \
		'AllowedIPs = 0.0.0.0/0, ::/0' \
		'Endpoint = vpn.example.net:51820' >"$dir/wg/phone.conf"
	(cd "$dir/wg" && "$check" -i hub.conf phone.conf) >"$dir/out"
	sed '/^\[location hub/,/^\[/!d' "$dir/out" | grep ^lan >"$dir/lan"
	diff - "$dir/lan" <<-'EOF'
		lan = 10.8.0.1/32
		lan = fd00:8::1/128
	EOF
	[ "$(grep ^resolver "$dir/out")" = 'resolver = 9.9.9.9' ]
	# but for its interfaces it is a domain
	sed -i 's/^\[location hub.*/&\nuplink = eth0\nlan-interface = eth1/' \
		"$dir/out"
	"$check" -W -f "$dir/out"
	# and back
	"$check" -f "$dir/out" -e wg-quick phone >"$dir/phone.conf"
	grep -qFx 'DNS = 9.9.9.9' "$dir/phone.conf"
	grep -qFx 'Address = 10.8.0.2/32, fd00:8::2/128' "$dir/phone.conf"
}

@test "-i says line and reason of what it does not understand" {
	printf '[Interface]\nPrivateKey = x\n[Peer]\nAllowedIPs = 10.0.0.0/33\n' \
		>"$dir/bad.conf"
	run --separate-stderr "$check" -i "$dir/bad.conf"
	[ "$status" -ne 0 ]
	[ -z "$output" ]
	[[ $stderr == *"bad.conf:2: error BH105"*"bad.conf:4: error BH101"* ]]
}

@test "BH801-BH805: -k looks at the keys as backhaul up does" {
	cp $views/domain.ini "$dir/d.ini"
	put_key hq "$dir/d.ini"
	put_key branch "$dir/d.ini"
	run --separate-stderr "$check" -f "$dir/d.ini" -k "$dir/keys"
	[ "$status" -eq 0 ]
	(umask 077; "$bin/bh-key" genkey >"$dir/keys/branch.key")
	run --separate-stderr "$check" -f "$dir/d.ini" -k "$dir/keys"
	[ "$status" -eq 1 ]
	[[ $output == *"BH804: [location branch] public-key"* ]]
	chmod 640 "$dir/keys/branch.key"
	run --separate-stderr "$check" -f "$dir/d.ini" -k "$dir/keys"
	[[ $output == *"BH802: [location branch]"* ]]
	(umask 077; echo none >"$dir/keys/branch.psk")
	run --separate-stderr "$check" -f "$dir/d.ini" -k "$dir/keys" -l hq
	[ "$status" -eq 1 ]
	[[ $output == *"BH803: [location hq]"*branch.psk* ]]
	run --separate-stderr "$check" -f "$dir/d.ini" -k "$dir/keys" -l site
	[ "$status" -eq 1 ]
	[[ $output == *"BH801: [location site]"* ]]
	[[ $output != *BH805* ]]
	chmod 770 "$dir/keys"
	run --separate-stderr "$check" -f "$dir/d.ini" -k "$dir/keys"
	[[ ${lines[0]} == "$dir/d.ini: error BH805: key directory $dir/keys "* ]]
}
