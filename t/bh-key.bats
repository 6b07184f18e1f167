# bh-key, against wg(8).

bats_require_minimum_version 1.8.0

setup() {
	key=${BH_BIN:-$PWD/build/release}/bh-key
	not_a_key="bh-key: standard input is not a key: 44 characters of base64 are wanted"
	cd "$BATS_TEST_TMPDIR" || return
	umask 077
}

is_a_key() {	# file: one line that wg and base64 take for 32 bytes
	[ "$(wc -c <"$1")" -eq 45 ] &&
		[ "$(wc -l <"$1")" -eq 1 ] &&
		[ "$(base64 -d <"$1" | wc -c)" -eq 32 ]
}

byte() {	# file, number: that byte of the key
	base64 -d <"$1" | od -An -tu1 -v -w1 | sed -n "$(($2 + 1))p" | tr -d ' '
}

@test "genkey prints a clamped key that wg takes" {
	for _ in 1 2 3 4 5 6 7 8; do
		"$key" genkey >k 2>err
		[ ! -s err ]
		is_a_key k
		[ $(($(byte k 0) & 7)) -eq 0 ]
		[ $(($(byte k 31) & 192)) -eq 64 ]
		wg pubkey <k >/dev/null
		cat k >>all
	done
	[ "$(sort -u all | wc -l)" -eq 8 ]
}

@test "genpsk prints a key, another one each time" {
	for _ in 1 2 3 4; do
		"$key" genpsk >k
		is_a_key k
		cat k >>all
	done
	[ "$(sort -u all | wc -l)" -eq 4 ]
}

@test "pubkey says what wg says, of its own keys and of wg's" {
	for make in "$key genkey" "wg genkey" "wg genpsk" "$key genpsk"; do
		for _ in 1 2 3 4; do
			$make >k
			"$key" pubkey <k >ours
			wg pubkey <k >theirs
			cmp ours theirs
		done
	done
}

@test "pubkey takes a key without a newline, and white space after it" {
	k=$("$key" genkey)
	want=$(printf '%s\n' "$k" | "$key" pubkey)
	for after in '' '\n\n' '\r\n' '  \t\n'; do
		[ "$(printf "%s$after" "$k" | "$key" pubkey)" = "$want" ]
		[ "$(printf "%s$after" "$k" | wg pubkey)" = "$want" ]
	done
}

@test "pubkey reads a key that comes in pieces" {
	"$key" genkey >k
	for i in $(seq 45); do head -c "$i" k | tail -c 1; done | "$key" pubkey >ours
	wg pubkey <k >theirs
	cmp ours theirs
}

@test "pubkey refuses what is not a key, as wg does" {
	k=$("$key" genkey)
	for text in '' '\n' "${k%?}" "${k%?}\n" " $k" "$k$k" "$k\n$k" "$k." \
	    "${k%??}_=" "$k\n\n." "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9="; do
		printf "$text" >bad
		run wg pubkey <bad
		[ "$status" -ne 0 ]
		run --separate-stderr "$key" pubkey <bad
		[ "$status" -eq 100 ]
		[ -z "$output" ]
		[ "$stderr" = "$not_a_key" ]
	done
	run --separate-stderr "$key" pubkey </dev/zero
	[ "$status" -eq 100 ]
}

@test "warns when others may read the secret, and only then" {
	warning="bh-key: warning: others may read the file this goes to; set umask 077 first"
	for command in genkey genpsk; do
		for mode in 640 604 660 644; do
			: >k
			chmod "$mode" k
			"$key" "$command" >k 2>err
			[ "$(cat err)" = "$warning" ]
			is_a_key k
		done
		chmod 600 k
		"$key" "$command" >k 2>err
		[ ! -s err ]
		"$key" "$command" 2>err | cat >k
		[ ! -s err ]
	done
	chmod 644 k
	"$key" pubkey <k >p 2>err
	[ ! -s err ]
}

@test "F20e: -o makes a file for its owner only, and takes none that is there" {
	umask 0
	for command in genkey genpsk; do
		run --separate-stderr "$key" $command -o k
		[ "$status" -eq 0 ]
		[ -z "$output$stderr" ]
		[ "$(stat -c %a k)" = 600 ]
		is_a_key k
		cp -p k before
		run --separate-stderr "$key" $command -o k
		[ "$status" -eq 100 ]
		[ "$stderr" = "bh-key: there is k already; remove it first" ]
		cmp k before
		rm k
	done
	ln -s target k
	run --separate-stderr "$key" genkey -o k
	[ "$status" -eq 100 ]
	[ ! -e target ]
	run --separate-stderr "$key" genkey -o nowhere/k
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-key: cannot make nowhere/k: No such file or directory" ]
}

@test "F20f: -o leaves nothing where a disk is full" {
	# shellcheck disable=SC2016 # for the inner shell
	run --separate-stderr unshare -m sh -c 'mount -t tmpfs -o size=4k none . &&
		cd "$PWD" && ! dd if=/dev/zero of=fill 2>/dev/null
		"$0" genkey -o k; code=$?; ls; exit $code' "$key"
	[ "$status" -eq 111 ]
	[ "$stderr" = "bh-key: cannot write k: No space left on device" ]
	[ "$output" = fill ]
}

@test "says 111 when the system does not read or write" {
	run --separate-stderr sh -c '"$0" genkey >/dev/full' "$key"
	[ "$status" -eq 111 ]
	[ "$stderr" = "bh-key: cannot write the key: No space left on device" ]
	run --separate-stderr sh -c '"$0" genkey >&-' "$key"
	[ "$status" -eq 111 ]
	[ "$stderr" = "bh-key: cannot write the key: Bad file descriptor" ]
	run --separate-stderr "$key" pubkey </
	[ "$status" -eq 111 ]
	[ "$stderr" = "bh-key: cannot read the key: Is a directory" ]
}

@test "says 100 and the synopsis on a wrong command line" {
	usage="usage: bh-key [-o FILE] genkey | genpsk"
	run --separate-stderr "$key"
	[ "$status" -eq 100 ]
	[ "${stderr_lines[0]}" = "$usage" ]
	for words in 'genkey genkey' 'pubkey -o k' 'genkey -l hq' 'check -o k'; do
		run --separate-stderr "$key" $words
		[ "$status" -eq 100 ]
		[ "${stderr_lines[0]}" = "$usage" ]
	done
	run --separate-stderr "$key" -x
	[ "$status" -eq 100 ]
	run --separate-stderr "$key" dance
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-key: no command 'dance'; there are genkey, genpsk, pubkey and check" ]
}

@test "prints its synopsis and its version" {
	run --separate-stderr "$key" -h
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "usage: bh-key [-o FILE] genkey | genpsk" ]
	run --separate-stderr "$key" -V
	[ "$status" -eq 0 ]
	[[ $output == "bh-key "[0-9]* ]]
}

@test "the example of the manual works" {
	PATH=$(dirname "$key"):$PATH
	example=$(sed -n '/^\.Sh EXAMPLES/,/^\.Ed/{/^\.Bd/,/^\.Ed/{/^\./!p;}}' \
		"$OLDPWD/man/bh-key.1")
	[ -n "$example" ]
	run --separate-stderr sh -ec "$example"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$output" = "$(wg pubkey <branch1.key)" ]
}
