/* docker_json_address: see the header. */
#include "orchestrator/engine/docker/docker_json_address.h"

#include "orchestrator/engine/docker/docker_body.h"
#include "orchestrator/engine/docker/docker_json_values.h"
#include "orchestrator/engine/socket_dir.h"

#include <string.h>

#define HOST_SIZE INET6_ADDRSTRLEN

/* What there is to choose from; "" where there is none. */
struct ways {
	const struct json_value *labels;
	char host[HOST_SIZE];   /* its port is published on this address of the host */
	char bridge[HOST_SIZE]; /* its own address on our network */
};

/* What an earlier release made does not say. */
static enum engine_reach guess_reach(const struct ways *ways, const char *socket_dir)
{
	if (socket_dir[0] != '\0')
		return REACH_SOCKET;
	return ways->host[0] != '\0' ? REACH_PUBLISHED : REACH_BRIDGE;
}

static enum engine_reach take_reach(const struct ways *ways, const char *socket_dir)
{
	const struct json_value *label = json_get(ways->labels, DOCKER_LABEL_REACH);

	for (int i = 0; docker_reach_words[i] != NULL; i++)
		if (json_text_is(label, docker_reach_words[i]))
			return (enum engine_reach)i;
	return guess_reach(ways, socket_dir);
}

static bool is_port(int port)
{
	return port > 0 && port <= UINT16_MAX;
}

static void choose(const struct ways *ways, struct address *address)
{
	int inside = docker_json_take_number(json_get(ways->labels, DOCKER_LABEL_INSIDE), 0);
	int port = docker_json_take_number(json_get(ways->labels, DOCKER_LABEL_PORT), 0);
	char dir[SOCKET_DIR_SIZE];
	bool known = false;

	docker_json_take_text(json_get(ways->labels, DOCKER_LABEL_SOCKET), dir, sizeof(dir));
	switch (take_reach(ways, dir)) {
	case REACH_SOCKET:
		known = dir[0] != '\0' && socket_dir_address(dir, address);
		break;
	case REACH_PUBLISHED:
		known = is_port(port) && address_of_host(ways->host, port, address);
		break;
	case REACH_BRIDGE:
		known = is_port(inside) && address_of_host(ways->bridge, inside, address);
		break;
	}
	if (!known)
		*address = (struct address){.len = 0};
	address_make_reachable(address);
}

/* Ports: [{"IP": "127.0.0.1", "PrivatePort": 8000, "PublicPort": 8001, "Type": "tcp"}, ...]; some without a public one. */
static void take_listed_host(const struct json_value *ports, int port, char host[HOST_SIZE])
{
	for (const struct json_value *one = ports != NULL ? ports->first : NULL; one != NULL; one = one->next) {
		int64_t public;

		if (json_int(json_get(one, "PublicPort"), &public) && public == port) {
			docker_json_take_text(json_get(one, "IP"), host, HOST_SIZE);
			return;
		}
	}
}

void docker_json_listed_address(const struct json_value *value, const char *network, struct address *address)
{
	struct ways ways = {.labels = json_get(value, "Labels")};
	int port = docker_json_take_number(json_get(ways.labels, DOCKER_LABEL_PORT), 0);

	take_listed_host(json_get(value, "Ports"), port, ways.host);
	docker_json_take_text(json_path(value, "NetworkSettings", "Networks", network, "IPAddress", NULL), ways.bridge,
	                      sizeof(ways.bridge));
	choose(&ways, address);
}

/* Ports: {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8001"}, ...], "9000/tcp": null, ...}. */
static void take_inspected_host(const struct json_value *ports, int port, char host[HOST_SIZE])
{
	for (const struct json_value *inside = ports != NULL ? ports->first : NULL; inside != NULL;
	     inside = inside->next)
		for (const struct json_value *one = inside->first; one != NULL; one = one->next)
			if (docker_json_take_number(json_get(one, "HostPort"), 0) == port) {
				docker_json_take_text(json_get(one, "HostIp"), host, HOST_SIZE);
				return;
			}
}

bool docker_json_inspected_address(const struct json_value *root, const char *network, struct address *address)
{
	const struct json_value *settings = json_get(root, "NetworkSettings");
	struct ways ways = {.labels = json_path(root, "Config", "Labels", NULL)};
	int port = docker_json_take_number(json_get(ways.labels, DOCKER_LABEL_PORT), 0);

	take_inspected_host(json_get(settings, "Ports"), port, ways.host);
	docker_json_take_text(json_path(settings, "Networks", network, "IPAddress", NULL), ways.bridge,
	                      sizeof(ways.bridge));
	choose(&ways, address);
	return ways.bridge[0] != '\0';
}

static void add_source(const struct json_value *text, struct engine_sources *sources)
{
	char host[HOST_SIZE];
	struct address address;

	docker_json_take_text(text, host, sizeof(host));
	if (sources->count < ENGINE_SOURCES_MAX && address_of_host(host, 0, &address) &&
	    address_to_v6((const struct sockaddr *)&address.addr, &sources->items[sources->count]))
		sources->count++;
}

void docker_json_sources(const struct json_value *networks, struct engine_sources *sources)
{
	sources->count = 0;
	for (const struct json_value *one = networks != NULL ? networks->first : NULL; one != NULL; one = one->next) {
		add_source(json_get(one, "IPAddress"), sources);
		add_source(json_get(one, "GlobalIPv6Address"), sources);
	}
}
