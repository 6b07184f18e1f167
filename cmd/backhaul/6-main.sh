# ---- what was asked for ---------------------------------------------------

check_name() {
	case $run in
	*[!A-Za-z0-9/._@+-]*)
		die $FIX "cannot use run directory '$run':" \
			"letters, digits and /._@+- only" ;;
	esac
}

# The guard says by name whose it is: each directory has one.  If it is itself
# a link, check_run refuses it.
name_run() {
	case $run in /*) ;; *) run=$PWD/$run ;; esac
	while case $run in */ | */.) [ "$run" != / ] ;; *) false ;; esac; do
		run=${run%/*}
	done
	check_name
	case $run in
	*/..) run=$(readlink -m "$run") ;;
	*) at=$(readlink -m "${run%/*}/") && run=${at%/}/${run##*/} ;;
	esac || die $FIX "cannot use run directory $run: links in it lead nowhere"
	check_name
}

file=/etc/backhaul/backhaul.ini location='' keys=/etc/backhaul/keys run='' good=''
foreground='' verbose='' running='' replace='' strict='' shut='' reason='' patience=''
failed_code=$RETRY
notify=${NOTIFY_SOCKET:-}
unset NOTIFY_SOCKET	# ours to answer, not each program's

[ $# -gt 0 ] || usage
command=$1
shift
while getopts f:l:k:d:FrvhV opt; do
	case $opt in
	f) file=$OPTARG ;;
	l) location=$OPTARG ;;
	k) keys=$OPTARG ;;
	d) run=$OPTARG ;;
	F) foreground=y ;;
	r) replace=y ;;
	v) verbose=y ;;
	h) answer print_usage ;;
	V) answer print_version ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))

: "${location:=$(uname -n)}"
: "${run:=/run/backhaul/$location}"
name_run
case $run in
/run/backhaul/*) good=/var/lib/backhaul/$location.ini ;;
*) good=$run.good ;;
esac
case $keys in /*) ;; *) keys=$PWD/$keys ;; esac

check_run
case $command:$# in
up:0) cmd_up ;;
guard:0) cmd_guard ;;
stop:0) cmd_stop ;;
down:0) cmd_down ;;
status:0) answer cmd_status ;;
restart:[01]) cmd_restart "$@" ;;
mend:0) cmd_mend ;;
-h:*) answer print_usage ;;
-V:*) answer print_version ;;
*) usage ;;
esac
