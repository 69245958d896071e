/* hosts: open addressing in a table that is never more than half full. A name is hashed from its end to its start, so that all
 * that it may be below have been passed when its own hash is there; the last one found is the longest.
 */
#include "orchestrator/proxy/hosts.h"

#include "common/hash.h"
#include "common/http_chars.h"
#include "common/mem.h"
#include "orchestrator/base/address.h"
#include "orchestrator/config/host_name.h"

#include <stdlib.h>
#include <string.h>

struct hosts {
	struct host *cells; /* name NULL: free */
	size_t cell_count;  /* a power of 2 */
	size_t sites;
	bool any_below;
};

/* --- requests' hosts ------------------------------------------------------------------------------------------- */

/* Where the port's colon is, or the end. A colon within brackets is none. */
static uint32_t host_len(struct http_text authority)
{
	uint32_t len = authority.len;

	while (len > 0 && http_char_is(authority.data[len - 1], HTTP_CHAR_DIGIT))
		len--;
	return len > 0 && authority.data[len - 1] == ':' ? len - 1 : authority.len;
}

struct http_text hosts_port(struct http_text authority)
{
	uint32_t len = host_len(authority);
	struct http_text port = {authority.data + len, authority.len - len};

	return port.len > 1 ? port : (struct http_text){"", 0};
}

static size_t read_address(struct http_text host, char name[HOSTS_NAME_SIZE])
{
	char bare[INET6_ADDRSTRLEN];
	struct address address;

	if (host.len < 2 || host.len - 2 >= sizeof(bare) || host.data[host.len - 1] != ']')
		return 0;
	memcpy(bare, host.data + 1, host.len - 2);
	bare[host.len - 2] = '\0';
	if (!address_of_host(bare, 0, &address))
		return 0;
	address_format_host((const struct sockaddr *)&address.addr, name);
	return strlen(name);
}

size_t hosts_read(struct http_text authority, char name[HOSTS_NAME_SIZE])
{
	struct http_text host = {authority.data, host_len(authority)};

	if (host.len > 0 && host.data[0] == '[')
		return read_address(host, name);
	if (host.len > 0 && host.data[host.len - 1] == '.')
		host.len--;
	if (host.len >= HOSTS_NAME_SIZE)
		return 0;
	for (uint32_t i = 0; i < host.len; i++)
		name[i] = http_lower(host.data[i]);
	name[host.len] = '\0';
	return host.len;
}

/* --- the table ------------------------------------------------------------------------------------------------- */

static uint64_t hash_from_end(const char *name)
{
	uint64_t hash = HASH_START;

	for (size_t i = strlen(name); i > 0; i--)
		hash = hash_add(hash, &name[i - 1], 1);
	return hash;
}

/* The cell of this name, or the free one where it would go. */
static struct host *cell_of(const struct hosts *hosts, uint64_t hash, const char *name, bool below)
{
	size_t at = hash_cell(hash, hosts->cell_count);

	while (hosts->cells[at].name != NULL &&
	       (hosts->cells[at].below != below || strcmp(hosts->cells[at].name, name) != 0))
		at = (at + 1) & (hosts->cell_count - 1);
	return &hosts->cells[at];
}

static const struct host *look_up(const struct hosts *hosts, uint64_t hash, const char *name, bool below)
{
	const struct host *host = cell_of(hosts, hash, name, below);

	return host->name != NULL ? host : NULL;
}

static struct host *cell_of_name(const struct hosts *hosts, const char *name)
{
	bool below = host_name_is_wildcard(name);
	const char *bare = below ? name + 2 : name;

	return cell_of(hosts, hash_from_end(bare), bare, below);
}

size_t hosts_site(const struct hosts *hosts, const char *name)
{
	return cell_of_name(hosts, name)->site;
}

size_t hosts_sites(const struct hosts *hosts)
{
	return hosts->sites;
}

const struct host *hosts_find(const struct hosts *hosts, struct http_text authority)
{
	char name[HOSTS_NAME_SIZE];
	size_t len = hosts_read(authority, name);
	uint64_t hash = HASH_START;
	const struct host *above = NULL;

	for (size_t i = len; i > 0; i--) {
		if (hosts->any_below && name[i - 1] == '.' && i > 1) {
			const struct host *found = look_up(hosts, hash, name + i, true);
			above = found != NULL ? found : above;
		}
		hash = hash_add(hash, &name[i - 1], 1);
	}
	const struct host *exact = len > 0 ? look_up(hosts, hash, name, false) : NULL;
	return exact != NULL ? exact : above;
}

/* --- making ---------------------------------------------------------------------------------------------------- */

/* Many services may have the same one. */
static struct host *add(struct hosts *hosts, const char *name)
{
	struct host *host = cell_of_name(hosts, name);

	if (host->name != NULL)
		return host;
	host->below = host_name_is_wildcard(name);
	host->name = mem_dup(host->below ? name + 2 : name);
	hosts->any_below |= host->below;
	return host;
}

/* config was checked: what it names are hosts. */
static void read_name(const char *text, char name[HOST_NAME_SIZE])
{
	struct err err;

	if (!host_name_read(text, name, &err))
		name[0] = '\0';
}

static void add_service(struct hosts *hosts, const struct config_service *service)
{
	char name[HOST_NAME_SIZE];

	for (size_t i = 0; i < service->hosts.count; i++) {
		read_name(service->hosts.items[i], name);
		struct host *host = add(hosts, name);
		if (host->site == 0)
			host->site = hosts->sites++;
	}
}

static void add_redirect(struct hosts *hosts, const struct config_redirect *redirect)
{
	char name[HOST_NAME_SIZE];

	read_name(redirect->from, name);
	struct host *host = add(hosts, name);
	read_name(redirect->to, name);
	host->to = strchr(name, ':') != NULL ? mem_format("[%s]", name) : mem_dup(name);
	host->code = (int)redirect->code;
}

static size_t count_names(const struct config *config)
{
	size_t count = config_redirect_count(config);

	for (size_t i = 0; i < config_service_count(config); i++)
		count += config_service_at(config, i)->hosts.count;
	return count;
}

struct hosts *hosts_new(const struct config *config)
{
	size_t names = count_names(config);

	if (names == 0)
		return NULL;
	struct hosts *hosts = mem_zero(sizeof(*hosts));
	hosts->sites = 1;
	hosts->cell_count = 4;
	while (hosts->cell_count < 2 * names)
		hosts->cell_count *= 2;
	hosts->cells = mem_zero(hosts->cell_count * sizeof(*hosts->cells));
	for (size_t i = 0; i < config_service_count(config); i++)
		add_service(hosts, config_service_at(config, i));
	for (size_t i = 0; i < config_redirect_count(config); i++)
		add_redirect(hosts, config_redirect_at(config, i));
	return hosts;
}

void hosts_free(struct hosts *hosts)
{
	if (hosts == NULL)
		return;
	for (size_t i = 0; i < hosts->cell_count; i++) {
		free(hosts->cells[i].name);
		free(hosts->cells[i].to);
	}
	free(hosts->cells);
	free(hosts);
}
