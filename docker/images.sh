# Putting images together FROM scratch: a program, the libraries that ldd names, and a list of all that. Sourced by bash;
# `here` is the folder of this file.
# shellcheck shell=bash
# shellcheck disable=SC2154  # here: whoever sources this has set it

# shellcheck source=docker/common.sh
. "$here/common.sh"

into=   # folder in which the files are put together
suffix= # behind the images' names
quiet=

# image:program
images=(actscontainer:acts usercontainer:users)

# The libraries of a binary and its loader, as absolute paths.
list_libraries() {
	local text
	text=$(ldd "$1") || fail "ldd $1 failed: is it a dynamic executable of this machine?"
	if grep -q 'not found' <<<"$text"; then
		fail "libraries of $1 are missing: $(grep 'not found' <<<"$text" | xargs): install them, or build again"
	fi
	awk '$2 == "=>" && $3 ~ /^\// { print $3; next } $1 ~ /^\// { print $1 }' <<<"$text"
}

# add_file MODE FILE PATH: copies it, and adds it to the list of what the image holds. Sees stage's `to`.
add_file() {
	install -D -m "$1" "$2" "$to/files/$3"
	printf '%s\t%s\n' "$3" "$2" >>"$to/files.list"
}

# All libraries go where the C library is, a folder the loader looks at by itself; the loader goes where the binary
# wants it.
stage_libraries() {
	local binary=$1 libraries folder library
	libraries=$(list_libraries "$binary")
	folder=$(dirname "$(grep -m1 '/libc\.so' <<<"$libraries")")
	while read -r library; do
		case $library in
		*/ld-linux* | */ld64* | */ld-musl*) add_file 755 "$library" "${library#/}" ;;
		*) add_file 644 "$library" "${folder#/}/$(basename "$library")" ;;
		esac
	done <<<"$libraries"
}

# files/ belongs to root in the image, owned/ to the user that the service runs as.
stage() {
	local name=$1 binary=$2 to=$into/$1 version
	[ -x "$binary" ] || fail "$binary is not there: ${missing_hint:-install it again}"
	version=$("$binary" --version) || fail "$binary --version failed: is it a program of this machine?"
	rm -rf "$to"
	mkdir -p "$to/owned/static" "$to/owned/tmp" "$to/owned/run/selfless"
	add_file 755 "$binary" "$(basename "$binary")"
	stage_libraries "$binary"
	cp "$here/$name/Dockerfile" "$to/Dockerfile"
	"$here/sbom" "$name" "${version##* }" "$to/files" <"$to/files.list" >"$to/sbom.spdx.json" ||
		fail "$to/sbom.spdx.json, the list of what image $name holds, cannot be written: see above"
}

build_image() {
	local name=$1 log=$into/$1.log
	DOCKER_BUILDKIT=0 docker build --tag "$name$suffix" "$into/$name" >"$log" 2>&1 || {
		tail -20 "$log" >&2
		fail "building image $name$suffix failed; the lines above are the last of $log"
	}
	[ -n "$quiet" ] || say "image $name$suffix"
}

need_docker() {
	docker_answers || fail "no Docker Engine answers at ${DOCKER_HOST:-/var/run/docker.sock}: start it ($1)"
	need_client
}

check_suffix() {
	[[ $suffix =~ ^[a-z0-9._-]*$ ]] || usage_error "--suffix may have a-z 0-9 . _ - only"
}

# stage_images FOLDER: files of all images, from the programs there: FOLDER/acts, or FOLDER/acts/acts as in a build.
stage_images() {
	local image program binary
	for image in "${images[@]}"; do
		program=${image#*:}
		binary=$1/$program
		[ ! -d "$binary" ] || binary=$binary/$program
		stage "${image%%:*}" "$binary"
	done
}

# What the new images replace goes, unless a container still runs from it.
build_images() {
	local image
	for image in "${images[@]}"; do
		build_image "${image%%:*}"
	done
	docker image prune --force --filter label=selfless.image >/dev/null 2>&1 || true
}
