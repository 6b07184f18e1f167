# bh-check -i: files of wg-quick(8) as people have them.

bats_require_minimum_version 1.8.0

setup() {
	bin=${BH_BIN:-$PWD/build/release}
	check=$bin/bh-check
	dir=$BATS_TEST_TMPDIR
	mkdir "$dir/wg"
	cd "$dir/wg" || return
	umask 077
}

# Keys of hosts: NAME.key and NAME.pub
keys() {
	local host
	for host; do
		"$bin/bh-key" genkey >"$host.key"
		"$bin/bh-key" pubkey <"$host.key" >"$host.pub"
	done
}

# A hub with two sites and a telephone behind it, tunnels numbered from
# 10.9.0.0/24, and all that wg-quick(8) can say in it.
hub() {
	keys hub north south phone
	"$bin/bh-key" genpsk >psk
	cat >hub.conf <<-EOF
		[Interface]
		Address = 10.9.0.1/24
		ListenPort = 51820
		PrivateKey = $(cat hub.key)
		SaveConfig = true
		Table = 51
		FwMark = 0xca6c
		PreUp = sysctl -w net.ipv4.ip_forward=1
		PostUp = iptables -A FORWARD -i %i -j ACCEPT; iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
		PreDown = echo secret-$(cat psk)
		PostDown = iptables -D FORWARD -i %i -j ACCEPT

		[Peer]
		PublicKey = $(cat north.pub)
		PresharedKey = $(cat psk)
		AllowedIPs = 10.9.0.2/32, 192.168.1.0/24

		[Peer]
		PublicKey = $(cat south.pub)
		AllowedIPs = 10.9.0.3/32, 192.168.2.0/24

		[Peer]
		PublicKey = $(cat phone.pub)
		AllowedIPs = 10.9.0.4/32
	EOF
	cat >north.conf <<-EOF
		[Interface]
		Address = 10.9.0.2/24
		PrivateKey = $(cat north.key)
		DNS = 10.9.0.1, corp.example

		[Peer]
		PublicKey = $(cat hub.pub)
		PresharedKey = $(cat psk)
		Endpoint = hub.example.net:51820
		AllowedIPs = $1
		PersistentKeepalive = 25
	EOF
	cat >south.conf <<-EOF
		[Interface]
		Address = 10.9.0.3/24
		PrivateKey = $(cat south.key)
		Table = auto
		SaveConfig = false
		FwMark = off

		[Peer]
		PublicKey = $(cat hub.pub)
		Endpoint = hub.example.net:51820
		AllowedIPs = $1
	EOF
	sed "s|^Address.*|Address = 10.9.0.4/32|;s|^PrivateKey.*|PrivateKey = $(
		cat phone.key)|" south.conf >phone.conf
}

@test "F29: what a domain file does not take over is said, line by line" {
	hub '10.9.0.0/24, 192.168.0.0/16'
	run --separate-stderr "$check" -i hub.conf north.conf south.conf \
		phone.conf
	[ "$status" -eq 0 ]
	for line in hub.conf:5:SaveConfig hub.conf:6:Table hub.conf:7:FwMark \
		hub.conf:8:PreUp hub.conf:9:PostUp hub.conf:10:PreDown \
		hub.conf:11:PostDown hub.conf:15:PresharedKey north.conf:4:DNS \
		north.conf:8:PresharedKey; do
		grep "^${line%:*}: warning BH015: .*] ${line##*:}: " \
			<<<"$stderr"
	done
	[[ $stderr == *"search domain 'corp.example'"* ]]
	# what is so anyway is not worth a word
	[[ $stderr != *south.conf:[4-6]:* ]]
	# nor is a secret ever shown, or what commands hold
	[[ $output$stderr != *"$(cat psk)"* && $output$stderr != *iptables* ]]
}

@test "F29b: preshared and private keys go to the key directory, if asked" {
	hub '10.9.0.0/24, 192.168.0.0/16'
	mkdir keys
	run --separate-stderr "$check" -k keys -i hub.conf north.conf south.conf
	[ "$status" -eq 0 ]
	[[ $stderr != *PresharedKey* ]]
	(cd keys && find . -type f | sort) >"$dir/files"
	diff - "$dir/files" <<-EOF
		./hub/hub.key
		./hub/north.psk
		./north/hub.psk
		./north/north.key
		./south/south.key
	EOF
	cmp psk keys/hub/north.psk
	cmp psk keys/north/hub.psk
	cmp hub.key keys/hub/hub.key
	[ "$(stat -c %a keys/hub/north.psk keys/hub keys/hub/hub.key)" = \
		"600
700
600" ]
	# they are what the domain wants
	printf '%s\n' "$output" >d.ini
	"$check" -f d.ini -k keys/hub -l hub
	"$check" -f d.ini -k keys/north -e wg-quick north >back.conf
	grep -qFx "PresharedKey = $(cat psk)" back.conf
	# the same again changes nothing, another key is never written over
	run --separate-stderr "$check" -k keys -i hub.conf north.conf south.conf
	[ "$status" -eq 0 ]
	"$bin/bh-key" genpsk >keys/hub/north.psk
	run --separate-stderr "$check" -i hub.conf north.conf south.conf -k keys
	[ "$status" -eq 100 ]
	[ -z "$output" ]
	[[ $stderr == *"keys/hub/north.psk is there and holds another key"* ]]
	# of one file they go to the directory itself
	mkdir one
	"$check" -k one -i north.conf >/dev/null
	cmp north.key one/north.key
	cmp psk one/peer2.psk
}

@test "F29c: a hub, and spokes that are sent whole networks, have no error" {
	hub '10.9.0.0/24, 192.168.0.0/16'
	"$check" -i hub.conf north.conf south.conf phone.conf >d.ini 2>log
	"$check" -W -f d.ini
	# what others have is not the hub's
	"$check" -f d.ini -p | sed -n '/location hub/,/^$/s/^lan = //p' >lan
	grep -qFx 10.9.0.1/32 lan
	grep -qFx 192.168.0.0/24 lan
	! grep -q -e '^192\.168\.[12]\.' -e '^10\.9\.0\.[^1]' lan
	grep '^north.conf:6: warning BH015: .*north reaches south' log
}

@test "F29d: a hub that is sent everything is a server of its spokes" {
	hub '0.0.0.0/0, ::/0'
	"$check" -i hub.conf north.conf south.conf phone.conf >d.ini
	sed -i 's/^\[location hub.*/&\nuplink = eth0\nlan-interface = eth1/' \
		d.ini
	"$check" -f d.ini
	[ "$(grep -c '^server = hub' d.ini)" -eq 3 ]
	grep -qFx 'backhaul = server' d.ini
}

@test "F29e: typing mistakes are findings, and no domain is made" {
	hub '0.0.0.0/0'
	for wrong in s/^Address/Adress/ s/^AllowedIPs/AllowedIP/ \
		s/^PublicKey/Publickeys/ s/^PrivateKey/PrivatKey/ \
		s/^DNS/DSN/ s/^Endpoint/Endpont/ 's/^\[Peer/[Pear/' \
		s/^PersistentKeepalive.*/PersistentKeepalive/ \
		s/^ListenPort.*/ListenPort=x/ 's/^\[Interface/[Interfaces/' \
		s/^SaveConfig/SafeConfig/ '1i Jc = 4'; do
		for f in hub.conf north.conf; do
			sed "$wrong" $f >wrong.conf
			cmp -s $f wrong.conf && continue
			run --separate-stderr "$check" -i wrong.conf
			[ "$status" -eq 100 ] || { echo "$wrong"; false; }
			[ -z "$output" ]
			[[ $stderr == *"wrong.conf:"*" error BH"* ]]
		done
	done
	sed 's/^AllowedIPs/AllowedIP/' north.conf >wrong.conf
	run --separate-stderr "$check" -i wrong.conf
	[[ $stderr == *"wrong.conf:10: error BH009: [Peer] AllowedIP: wg-quick has no such key here; did you mean 'AllowedIPs'?"* ]]
}

@test "F29f: indented keys, CRLF, comments, case and long lines are read" {
	hub '10.9.0.0/24, 192.168.0.0/16'
	"$check" -i hub.conf north.conf south.conf >plain.ini
	mkdir odd
	for f in hub north south; do
		sed -e 's/^[A-Z].*/\t& # as of old; [here]/' \
			-e 's/^AllowedIPs/ALLOWEDIPS/;s/ = /=/' -e 's/$/\r/' \
			-e '1s/^/\xef\xbb\xbf/' $f.conf >odd/$f.conf
	done
	"$check" -i odd/hub.conf odd/north.conf odd/south.conf >odd.ini
	diff plain.ini odd.ini
	# three hundred networks on one line are three hundred
	perl -e 'print join(", ", map { "10.77.$_.1/32" } 0 .. 255),
		", ", join(",", map { "10.78.$_.1/32" } 0 .. 255)' >nets
	sed -i "s|192.168.1.0/24|$(cat nets)|" hub.conf
	"$check" -i hub.conf north.conf south.conf >long.ini
	[ "$(grep -c '^lan = 10\.7[78]\.' long.ini)" -eq 512 ]
}

@test "F29g: an endpoint that another file says otherwise is not lost" {
	hub '0.0.0.0/0'
	sed -i 's/^Endpoint.*/Endpoint = 198.51.100.1:51820/' south.conf
	run --separate-stderr "$check" -i hub.conf north.conf south.conf
	[ "$status" -eq 0 ]
	[[ $stderr == *"south.conf:8: warning BH015: [Peer] Endpoint: 198.51.100.1:51820 is not taken over: another file says hub.example.net:51820 of hub"* ]]
}

# Eight characters of the secret, in what was printed.
shows() {	# SECRET TEXT
	local i
	for ((i = 0; i + 8 <= ${#1}; i++)); do
		[[ $2 != *"${1:i:8}"* ]] || return 0
	done
	return 1
}

@test "H13: a private or a preshared key is never shown, whatever is wrong" {
	keys hub
	key=$(cat hub.key)
	shows "$key" "x$key"		# it can tell
	n=0
	for wrong in "PrivateKey = ${key:0:20}!${key:21}" \
		"PrivateKey = ${key:0:43}" "PrivateKey = x$key" \
		"PrivateKey $key" "$key" "  $key" "PrivateKey = $key $key" \
		"PrivateKey : $key" "PrivatKey = $key" "PrivatKey $key" \
		"PresharedKey = $key" "MTU = ${key}" "Key: $key = $key" \
		"PrivateKey = ${key/=/}" "PrivateKey = $key"$'\001' \
		"[$key]" "[$key" "[Peer $key]" "DNS = $key" "DNS = 9.9.9.9, $key" \
		"DNS = PrivateKey = $key" "Address = $key/24" "Endpoint = $key:1"; do
		printf '[Interface]\n%s\n' "$wrong" >wrong.conf
		run "$check" -i wrong.conf
		[ "$status" -eq 100 ]
		! shows "$key" "$output" || { echo "$wrong: $output"; false; }
		printf '[Interface]\n[Peer]\nPublicKey = %s\n%s\n' \
			"$(cat hub.pub)" "${wrong/Private/Preshared}" >wrong.conf
		run "$check" -i wrong.conf
		! shows "$key" "$output" || { echo "$wrong: $output"; false; }
		# nor where it was put into a domain file
		n=$((n + 1))
		[[ $wrong != \[* ]] || continue
		printf '[location hq]\n%s\n' "${wrong/Private/public-}" >d.ini
		run "$check" -f d.ini
		! shows "$key" "$output" || { echo "$wrong: $output"; false; }
	done
	[ $n -eq 23 ]
	# what begins with it is no key either
	printf '%s\n' "${key:0:30}!${key:31}" >bad.key
	run "$bin/bh-key" pubkey <bad.key
	[ "$status" -ne 0 ]
	! shows "$key" "$output"
}

@test "H13b: nothing of a secret is left in memory" {
	hub '10.9.0.0/24, 192.168.0.0/16'
	cc -O1 -shared -fPIC -o scan.so "$BATS_TEST_DIRNAME/lib/scan.c"
	mkdir keys
	for secret in hub.key psk; do
		for how in '' '-k keys'; do
			# shellcheck disable=SC2086
			SECRET=$secret LD_PRELOAD=./scan.so "$check" $how \
				-i hub.conf >domain.ini 2>log
			grep -qFx 'secret: 0' log
		done
	done
	# it would be seen
	SECRET=north.pub LD_PRELOAD=./scan.so "$check" -i hub.conf 2>log \
		>domain.ini
	grep -q 'secret: [1-9]' log
}
