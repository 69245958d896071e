# docker/up --swarm, docker/join and docker/down on a Docker swarm: the swarm, and a PostgreSQL cluster for the data. Sourced by bash,
# after docker/common.sh. What docker/up made is noted in $state/made, a line each, so that docker/down takes away no more than that:
#
#   swarm NODE-ID        this node was made a swarm of its own
#   cluster VERSION NAME of Debian's PostgreSQL
# shellcheck shell=bash
# shellcheck disable=SC2154  # state, name: set_state sets them

# swarm_says FIELD: of `docker info`, such as LocalNodeState.
swarm_says() {
	docker info --format "{{.Swarm.$1}}" 2>/dev/null
}

note_made() {
	mkdir -p "$state"
	echo "$*" >>"$state/made"
}

# made WHAT: the rest of its line; false: docker/up made none.
made() {
	sed -n "s/^$1 //p" "$state/made" 2>/dev/null | tail -1 | grep .
}

forget_made() {
	[ ! -f "$state/made" ] || sed -i "/^$1 /d" "$state/made"
}

# ask QUESTION: true for yes; with --yes nobody is asked. Sees `yes`.
ask() {
	local answer
	[ -z "$yes" ] || return 0
	[ -t 0 ] || fail "$1 Nobody is here to ask: --yes says yes"
	read -r -p "$1 [y/N] " answer
	[[ $answer = [yY]* ]]
}

# --- the swarm ---------------------------------------------------------------------------------------------------------

# make_swarm [ADDRESS]: by which the other nodes reach this one; without, Docker chooses. A node that is lost is known to be after three
# heartbeats.
make_swarm() {
	case $(swarm_says LocalNodeState) in
	active)
		[ "$(swarm_says ControlAvailable)" = true ] ||
			fail "this node is a worker of its swarm, and the orchestrator has to be on a manager: call this there, or" \
				"\`docker node promote $(swarm_says NodeID)\` on one"
		return
		;;
	inactive) ;;
	*) fail "this node's swarm is $(swarm_says LocalNodeState): $(swarm_says Error)" ;;
	esac
	ask "This makes the Docker of this machine a swarm of one node. Go on?" || fail "nothing was changed"
	say "making a swarm of this node"
	docker swarm init --dispatcher-heartbeat 1s --task-history-limit 1 ${1:+--advertise-addr "$1"} >/dev/null ||
		fail "docker swarm init failed: see above (an address is chosen by --advertise-addr ADDRESS)"
	note_made swarm "$(swarm_says NodeID)"
}

other_nodes() {
	docker node ls --format '{{.ID}} {{.Self}}' | grep -c ' false$'
}

other_managers() {
	docker node ls --format '{{.Self}} {{.ManagerStatus}}' | grep -c '^false .'
}

# Of other orchestrators of this name, that may be on other managers, they are as well.
remove_swarm_services() {
	local services
	services=$(docker service ls --quiet --filter "label=selfless.name=$name")
	if [ "$(other_managers)" -gt 0 ]; then
		[ -z "$services" ] || say "the swarm has other managers: its containers stay; this takes them away for all:" \
			"docker service rm \$(docker service ls -q --filter label=selfless.name=$name)"
		return
	fi
	if [ -n "$services" ]; then
		say "removing $(wc -l <<<"$services") services of the swarm"
		xargs docker service rm <<<"$services" >/dev/null || fail "services are left: \`docker service ls\` shows them"
		until_true 30 tasks_are_gone || say "containers are left on nodes that do not answer: they end when those are back"
	fi
	docker config rm "$name-identity" >/dev/null 2>&1 || true
}

# Deleted services take their time to end.
tasks_are_gone() {
	[ -z "$(containers_of "$name")" ]
}

leave_swarm() {
	local node
	node=$(made swarm) || { say "this swarm was not made by docker/up: it stays"; return; }
	[ "$node" = "$(swarm_says NodeID)" ] || { say "this node is in another swarm by now: it stays"; forget_made swarm; return; }
	[ "$(other_nodes)" = 0 ] ||
		fail "$(other_nodes) other nodes are in the swarm: \`docker swarm leave\` on each, \`docker node rm\` of each here, then this again"
	say "leaving the swarm"
	docker swarm leave --force >/dev/null || fail "docker swarm leave --force failed: see above"
	forget_made swarm
}

# --- the store ---------------------------------------------------------------------------------------------------------

postgresql_version() {
	find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | sed 's|^/usr/lib/postgresql/\([^/]*\)/.*|\1|' | sort -V | tail -1 | grep . ||
		fail "there is no PostgreSQL here: apt-get install postgresql, or give STORE_URL"
}

# The first from 5433 on that no cluster has, running or not, and nobody listens on.
free_port() {
	local port
	for ((port = 5433; port < 5533; port++)); do
		pg_lsclusters --no-header | awk '{ print $3 }' | grep -qx "$port" || listener_of "$port" >/dev/null && continue
		echo "$port"
		return
	done
	fail "no port from 5433 to 5532 is free for PostgreSQL"
}

# psql_as_owner SOCKET-FOLDER PORT: statements come on standard input.
psql_as_owner() {
	(cd / && runuser -u postgres -- psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --host="$1" --port="$2" >/dev/null)
}

# create_cluster VERSION ADDRESS SOCKET-FOLDER: containers of this node come from Docker's bridge, those of another one with its address;
# both are networks that this node is in.
create_cluster() {
	local configuration=/etc/postgresql/$1/$name port
	port=$(free_port)
	say "making a PostgreSQL cluster, $1/$name, on $2:$port"
	install -d -o postgres -g postgres "$3"
	pg_createcluster "$1" "$name" --port "$port" --socketdir "$3" --encoding UTF8 --locale C.UTF-8 -- --auth-local=peer \
		--auth-host=scram-sha-256 >/dev/null 9>&- || fail "pg_createcluster $1 $name failed: see above"
	note_made cluster "$1 $name"
	printf "listen_addresses = '%s'\n" "$2" >"$configuration/conf.d/selfless.conf"
	echo "host selfless selfless samenet scram-sha-256" >>"$configuration/pg_hba.conf"
}

start_cluster() {
	pg_ctlcluster "$1" "$2" status >/dev/null 2>&1 && return
	say "starting PostgreSQL, cluster $1/$2"
	pg_ctlcluster "$1" "$2" start 9>&- || fail "PostgreSQL does not start: see /var/log/postgresql/postgresql-$1-$2.log"
}

cluster_port() {
	pg_lsclusters --no-header | awk -v version="$1" -v name="$2" '$1 == version && $2 == name { print $3 }'
}

# create_database PORT SOCKET-FOLDER PASSWORD: harmless where it was interrupted before.
create_database() {
	psql_as_owner "$2" "$1" <<-END || fail "PostgreSQL refuses: see above"
		SELECT 'CREATE ROLE selfless LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'selfless') \gexec
		ALTER ROLE selfless PASSWORD '$3';
		SELECT 'CREATE DATABASE selfless OWNER selfless' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'selfless') \gexec
	END
}

# Sets store_url; it is kept, since nobody else knows the password.
make_store() {
	local version cluster port address password folder=/var/lib/postgresql/selfless-$name kept=$state/store-url
	store_url=${STORE_URL:-}
	[ -z "$store_url" ] || return 0
	address=$(swarm_says NodeAddr)
	made cluster >/dev/null || create_cluster "$(postgresql_version)" "$address" "$folder"
	read -r version cluster < <(made cluster)
	start_cluster "$version" "$cluster"
	if [ ! -s "$kept" ]; then
		port=$(cluster_port "$version" "$cluster")
		password=$(od -An -N20 -tx1 /dev/urandom | tr -d ' \n')
		create_database "$port" "$folder" "$password"
		(umask 077 && printf '%s\n' "postgresql://selfless:$password@$address:$port/selfless" >"$kept")
	fi
	store_url=$(<"$kept")
}

remove_cluster() {
	local cluster
	cluster=$(made cluster) || return 0
	say "removing PostgreSQL cluster ${cluster/ //}: all data is gone"
	# shellcheck disable=SC2086  # a version and a name
	pg_dropcluster --stop $cluster 9>&- || fail "pg_dropcluster --stop $cluster failed: see above"
	rm -rf "/var/lib/postgresql/selfless-$name" "$state/store-url"
	forget_made cluster
}

# --- the configuration -------------------------------------------------------------------------------------------------

# write_swarm_configuration TEMPLATE FILE LISTEN: containers of all nodes reach the orchestrator at this node's address, where other nodes
# need have none. What listens on one address alone does so there as well.
write_swarm_configuration() {
	local text address listen=${3:-0.0.0.0:80}
	local port=${listen##*:} host=${listen%:*}
	address=$(swarm_says NodeAddr)
	text=$(<"$1")
	[[ $host =~ ^(0\.0\.0\.0|\[::\]|\*|"$address"|)$ ]] || listen="$listen\", \"$address:$port"
	text=${text//@LISTEN@/\"$listen\"}
	text=${text//@ADDRESS@/$address:$port}
	mkdir -p "$state"
	(umask 077 && printf '%s\n' "${text//@STORE_URL@/$store_url}" >"$2")
}
