/* config_file: reads a file through the tables and completes what is left open.
 *
 * Order: text -> json tree (line and column of everything) -> options_read -> config_complete -> config_check.
 */
#include "orchestrator/config/config_file.h"

#include "common/json.h"
#include "common/mem.h"
#include "common/text_file.h"
#include "orchestrator/config/config_check.h"
#include "orchestrator/config/config_tables.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PORT 8000

static void set_text(char **text, const char *prefix, const char *name)
{
	if ((*text)[0] != '\0')
		return;
	free(*text);
	*text = mem_format("%s%s", prefix, name);
}

/* Services without a first_port get ranges one behind the other, clear of those that have one. */
static void choose_ports(struct config *config, struct config_service *service)
{
	int64_t first = FIRST_PORT;
	bool moved = true;

	while (moved) {
		moved = false;
		for (size_t i = 0; i < config->services.count; i++) {
			const struct config_service *other = config_service_at(config, i);
			if (other == service || other->first_port == 0)
				continue;
			if (first < config_port_end(other) && other->first_port < first + config_port_span(service)) {
				first = config_port_end(other);
				moved = true;
			}
		}
	}
	service->first_port = first;
}

/* A word that is the other one where another key says so. */
static void choose_half_close(struct config *config, const struct json_value *root)
{
	if (config->http1 == CONFIG_HTTP1_EVHTTP && json_get(root, "half_close") == NULL)
		config->half_close = CONFIG_HALF_CLOSE_CANCEL;
}

/* What a service counts where the file does not say: all that it serves. */
static void choose_count(struct config_service *service)
{
	for (size_t k = 0; k < service->routes.count; k++)
		strings_add(&service->scale.count, service->routes.items[k]);
}

/* Whoever names hosts, and no paths, means all that is asked of them. */
static void choose_routes(struct config_service *service)
{
	if (service->hosts.count == 0)
		return;
	strings_clear(&service->routes);
	strings_add(&service->routes, "/");
}

static void choose_paths(struct config *config, const struct json_value *root)
{
	struct config_service *services = config->services.items;
	const struct json_value *list = json_get(root, "services");
	const struct json_value *object = list != NULL ? list->first : NULL;

	for (size_t i = 0; object != NULL; i++, object = object->next) {
		if (json_get(object, "routes") == NULL)
			choose_routes(&services[i]);
		if (json_path(object, "scale", "count", NULL) == NULL)
			choose_count(&services[i]);
	}
}

/* Relative to the folder of the file, wherever the program was started. */
static void find_file(char **path, const char *folder)
{
	char *found;

	if ((*path)[0] == '/' || (*path)[0] == '\0')
		return;
	found = mem_format("%s/%s", folder, *path);
	free(*path);
	*path = found;
}

static void find_files(struct config *config, const char *file)
{
	struct config_certificate *certificates = config->tls.certificates.items;
	char *copy = mem_dup(file), *folder = realpath(dirname(copy), NULL);

	if (folder != NULL) {
		find_file(&config->acme_challenge_dir, folder);
		find_file(&config->acme.ca_file, folder);
		find_file(&config->acme.eab_key_file, folder);
	}
	for (size_t i = 0; folder != NULL && i < config->tls.certificates.count; i++) {
		find_file(&certificates[i].cert, folder);
		find_file(&certificates[i].key, folder);
	}
	free(folder);
	free(copy);
}

static void config_complete(struct config *config, const char *file)
{
	find_files(config, file);
	set_text(&config->socket_dir, "/run/", config->name);
	set_text(&config->state_dir, "/var/lib/", config->name);
	struct config_service *services = config->services.items;
	for (size_t i = 0; i < config->services.count; i++) {
		if (services[i].first_port == 0)
			choose_ports(config, &services[i]);
		if (services[i].roll_port == 0)
			services[i].roll_port =
			        services[i].first_port + services[i].scale.max + services[i].scale.spares;
	}
}

/* "line 3, column 5: what" becomes "file:3:5: what", as all other errors of a configuration read. */
static bool name_file(const char *file, struct err *err)
{
	struct err found = *err;
	unsigned line, column;
	int at = 0;

	if (sscanf(found.message, "line %u, column %u: %n", &line, &column, &at) != 2 || at == 0)
		return err_prefix(err, "%s", file);
	return err_set(err, "%s:%u:%u: %s", file, line, column, found.message + at);
}

bool config_read(const char *file, const char *text, size_t len, struct config **config, struct err *err)
{
	struct json_limits limits = {.depth = 16, .comments = true};
	struct json_doc *doc;

	if (!json_parse(text, len, &limits, &doc, err))
		return name_file(file, err);
	struct config *made = mem_zero(sizeof(*made));
	const struct json_value *root = json_root(doc);
	bool ok = root->type == JSON_OBJECT || options_error(err, file, root, "", "must be an object");
	if (ok)
		ok = options_read(config_options, file, root, made, err);
	if (ok) {
		config_complete(made, file);
		choose_half_close(made, root);
		choose_paths(made, root);
		ok = config_check(made, file, root, err);
	}
	json_free(doc);
	if (!ok) {
		config_free(made);
		return false;
	}
	*config = made;
	return true;
}

bool config_load(const char *path, struct config **config, struct err *err)
{
	if (path == NULL)
		return config_read("(built-in configuration)", config_default, strlen(config_default), config, err);
	struct buf text;
	buf_init(&text, CONFIG_BYTES_MAX);
	bool ok = text_file_read(path, &text, err) && config_read(path, buf_text(&text), text.len, config, err);
	buf_clear(&text);
	return ok;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	options_clear(config_options, config);
	free(config);
}

void config_print(const struct config *config, FILE *to)
{
	options_print(config_options, config, to);
}

bool config_may_become(const struct config *now, const struct config *next, struct err *err)
{
	char path[OPTIONS_PATH_SIZE];

	if (options_may_change(config_options, now, next, path))
		return true;
	return err_set(err, "%s: cannot change while the orchestrator runs; restart it (its containers run on)", path);
}
