# The Debian packages that are missing, by lists as docker/packages is one: which, and installing them. Sourced by bash,
# after docker/common.sh.
# shellcheck shell=bash

# list_packages FILE...: one a line; "?" is before a name that not every release has.
list_packages() {
	sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$@"
}

# Docker may have come from elsewhere, and then Debian's packages and that exclude each other.
has_package() {
	case $1 in
	docker.io) { command -v dockerd >/dev/null || docker_answers; } && return ;;
	docker-cli) command -v docker >/dev/null && return ;;
	esac
	dpkg-query --show --showformat '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# missing_packages: of the list on standard input, as list_packages writes it.
missing_packages() {
	local package
	while read -r package; do
		has_package "${package#\?}" || echo "$package"
	done
}

# Of the list on standard input, names without "?": all, but of those that have one only what this release has.
known_packages() {
	local package
	while read -r package; do
		[[ $package = \?* && -z $(apt-cache show --no-all-versions "${package#\?}" 2>/dev/null) ]] || echo "${package#\?}"
	done
}

# What somebody's Ctrl-C has left half installed would be in the way.
finish_interrupted() {
	[ -n "$(dpkg --audit)" ] || return 0
	say "finishing an installation that was interrupted"
	DEBIAN_FRONTEND=noninteractive dpkg --configure -a >/dev/null 9>&- ||
		fail "dpkg --configure -a failed: see the lines above"
}

# install_missing LIST: what missing_packages wrote. Says what to do where that does not work.
install_missing() {
	local names
	[ -n "$1" ] || return 0
	command -v apt-get >/dev/null ||
		fail "no apt-get here: install what docker/packages lists by hand ($(xargs <<<"$1")), then call with NO_INSTALL=1"
	[ "$(id -u)" = 0 ] || fail "only root can install what is missing: $(xargs <<<"$1")"
	finish_interrupted
	say "reading which packages there are (apt-get update)"
	apt-get update -qq -o DPkg::Lock::Timeout=120 9>&- ||
		fail "apt-get update failed: is there a network, are the sources in /etc/apt right? NO_INSTALL=1 goes on without"
	names=$(known_packages <<<"$1" | xargs)
	[ -n "$names" ] || return 0
	say "installing $names (some minutes where Docker and a compiler are among them)"
	# shellcheck disable=SC2086  # names of packages, one word each
	DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends -o DPkg::Lock::Timeout=120 $names \
		>/dev/null 9>&- ||
		fail "installing failed: see the lines above (a full disk is \`df -h /var\`), try \`apt-get install $names\` by hand"
}
