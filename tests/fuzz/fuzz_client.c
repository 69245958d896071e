/* X-Forwarded-For of a trusted proxy, and Host: whatever they say, what comes out is an address, or a host within its bounds. */
#include "tests/fuzz/fuzz.h"

#include "common/mem.h"
#include "orchestrator/proxy/client.h"
#include "orchestrator/proxy/hosts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void check_client(struct http_text value)
{
	static char loopback[] = "127.0.0.0/8", all_v6[] = "fd00::/8";
	static struct http_head head;
	struct networks trusted = {0};
	struct address address;
	char text[INET6_ADDRSTRLEN];

	networks_read(&trusted, (char *[]){loopback, all_v6}, 2);
	head.count = 1;
	head.fields[0] = (struct http_field){.value = value, .id = HTTP_X_FORWARDED_FOR};
	if (client_find(&head, &trusted, text))
		assert(address_of_host(text, 0, &address));
	networks_clear(&trusted);
}

static void check_host(struct http_text authority)
{
	char name[HOSTS_NAME_SIZE];
	size_t len = hosts_read(authority, name);
	struct http_text port = hosts_port(authority);

	assert(len < HOSTS_NAME_SIZE && (len == 0 || strlen(name) == len));
	for (size_t i = 0; i < len; i++)
		assert(name[i] < 'A' || name[i] > 'Z');
	assert(port.len == 0 ||
	       (port.len > 1 && port.data[0] == ':' && port.data + port.len == authority.data + authority.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 4000)
		return 0;
	/* what http_head lets into a value, in memory of exactly its size */
	char *value = mem_alloc(size + (size == 0));
	for (size_t i = 0; i < size; i++)
		value[i] = data[i] == '\t' || (data[i] >= ' ' && data[i] != 0x7f) ? (char)data[i] : ',';
	struct http_text text = {value, (uint32_t)size};
	check_client(text);
	check_host(text);
	free(value);
	return 0;
}
