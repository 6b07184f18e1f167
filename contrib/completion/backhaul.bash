# bash completion for backhaul and its programs

_backhaul_locations() {
	local file=/etc/backhaul/backhaul.ini i
	for ((i = 1; i < ${#COMP_WORDS[@]} - 1; i++)); do
		[[ ${COMP_WORDS[i]} == -f ]] && file=${COMP_WORDS[i + 1]}
	done
	# names only: compgen expands what it is given, and this is a file's
	LC_ALL=C sed -n 's/^[[:space:]]*\[[[:blank:]]*location[[:blank:]]\{1,\}\([A-Za-z0-9][A-Za-z0-9_.-]*\)[[:blank:]]*\].*/\1/p' \
		"$file" 2>/dev/null
}

_backhaul() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local prog=${COMP_WORDS[0]##*/} words=

	[[ $prog$prev != backhaul-r ]] || prev=	# a file elsewhere
	case $prev in
	-f | -o | -r | -w | -N) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	-D | -k) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	-l | -p) words=$(_backhaul_locations) ;;
	-a) [[ $prog == bh-tunnel ]] && words='sodium ipsec-mb' ;;
	-c) words='self local partner internet breakout' ;;
	-d)
		if [[ $prog == backhaul ]]; then
			mapfile -t COMPREPLY < <(compgen -d -- "$cur")
			return
		fi
		words='in out'
		[[ $prog == bh-classify ]] && words='in out back'
		;;
	-x) words="all $(bh-check -x all 2>/dev/null | grep -o 'BH[0-9]*')" ;;
	*)
		case $prog in
		backhaul) words='up guard stop down status restart -f -l -k -d -F -r -v -h -V' ;;
		bh-announce) words='-n -h -V' ;;
		bh-bolt) words='-f -l -D -R -h -V' ;;
		bh-check) words='-f -l -j -k -n -x -b -D -e -g -i -p -r -v -W -h -V' ;;
		bh-classify) words='-f -l -r -w -c -e -i -j -s -d -p -D -R -h -V' ;;
		bh-ctl) words='counters peers servers sandbox egress -a -j -D -l -h -V' ;;
		bh-egress) words='-f -l -r -w -c -e -j -s -d -p -n -N -S -q -t -D -R -h -V' ;;
		bh-keep) words='-f -l -D -R -h -V' ;;
		bh-key) words='genkey pubkey genpsk check -o -f -k -l -h -V' ;;
		bh-plan) words='env sysctl before ip4 ip6 nft gen flows bolt hop4 hop6 neigh -f -l -D -h -V' ;;
		bh-resolve) words='-1 -m -s -w -h -V' ;;
		bh-run) words='-f -l -D -k -o -h -V' ;;
		bh-tunnel) words='-f -l -k -a -D -R -i -n -h -V' ;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _backhaul backhaul bh-announce bh-bolt bh-check bh-classify bh-ctl bh-egress bh-keep \
	bh-key bh-plan bh-resolve bh-run bh-tunnel
