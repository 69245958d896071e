# What docker/up, docker/down and docker/images share. Sourced by bash; `root` is the repository's root.
# shellcheck shell=bash
# shellcheck disable=SC2034  # what is set here is used there

say() {
	printf '== %s\n' "$*"
}

fail() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

usage_error() {
	printf '%s: %s (see --help)\n' "${0##*/}" "$*" >&2
	exit 2
}

# The comment at the head of a script, which is its help.
show_help() {
	sed -n '2,/^set /{s/^# \{0,1\}//p}' "$1"
	exit 0
}

# as_typed WORD...: one line that a shell takes for these words.
as_typed() {
	local line
	printf -v line ' %q' "$@"
	printf '%s' "${line# }"
}

# Everything here wants root: packages, dockerd, port 80.
become_root() {
	[ "$(id -u)" = 0 ] && return
	command -v sudo >/dev/null || fail "must run as root: su -c '$(as_typed "$0" "$@")'"
	exec sudo --preserve-env=NO_INSTALL,DOCKER_HOST,STORE_URL -- "$0" "$@"
}

# One docker/up or docker/down at a time. What runs on in the background must close descriptor 9.
take_lock() {
	mkdir -p /run/lock
	exec 9>/run/lock/selfless-up.lock
	flock --nonblock 9 || fail "another docker/up or docker/down is under way: wait for it"
}

# Whether an Engine answers. The docker command is asked only where curl cannot: it is a package of its own in some
# releases, and one that is missing says nothing of the Engine.
docker_answers() {
	local host=${DOCKER_HOST:-unix:///var/run/docker.sock}
	if [[ $host = unix://* ]] && command -v curl >/dev/null; then
		[ "$(curl --silent --max-time 10 --unix-socket "${host#unix://}" http://docker/_ping 2>/dev/null)" = OK ]
	else
		command -v docker >/dev/null && docker version --format '{{.Server.Version}}' >/dev/null 2>&1
	fi
}

# use_engine SOCKET: from here on the Engine is the one that the configuration names, so that images are where they are used.
use_engine() {
	[ -z "${DOCKER_HOST:-}" ] || [ "$(realpath -m "${DOCKER_HOST#unix://}")" = "$(realpath -m "$1")" ] ||
		fail "DOCKER_HOST is $DOCKER_HOST, but the configuration says \"docker_socket\": \"$1\": unset DOCKER_HOST, or give a" \
			"configuration (-c FILE) with that unix socket as docker_socket"
	export DOCKER_HOST=unix://$1
}

need_client() {
	command -v docker >/dev/null ||
		fail "a Docker Engine answers, but there is no docker command: apt-get install docker-cli (of older releases: docker.io)"
}

# until_true SECONDS COMMAND...: tries it every 0.2 s; false when the time is over.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

# --- the orchestrator that docker/up started ---------------------------------------------------------------------------

# set_state NAME: where its pid, log and configuration are kept.
set_state() {
	[[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || fail "\"$1\" cannot be the name of an orchestrator"
	name=$1
	state=/var/lib/$name/up
	log=$state/orchestrator.log
}

# setting KEY: a text at the top of a configuration as --print-config writes it.
setting() {
	sed -n "s/^  \"$1\": \"\(.*\)\",\{0,1\}\$/\1/p"
}

# Prints the pid, if it runs. A pid alone is not believed: after a reboot another process may have it.
running_pid() {
	local pid exe
	pid=$(cat "$state/pid" 2>/dev/null) || return 1
	exe=$(readlink "/proc/$pid/exe") || return 1
	[ "$(basename "${exe% (deleted)}")" = orchestrator ] || return 1
	echo "$pid"
}

is_running() {
	running_pid >/dev/null
}

is_stopped() {
	! is_running
}

containers_of() {
	docker ps --all --quiet --filter "label=selfless.name=$1"
}
