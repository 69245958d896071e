/* draft: one piece after the other, in the order of the file.
 *
 * reach is bridge, and nothing is published: that the container is reached so was seen when it was tried, and no port of this
 * host can then be in the way of a replacement.
 */
#include "orchestrator/cli/init/draft.h"

#include "common/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define START_MS_DEFAULT 30000
#define START_FACTOR 4 /* under load it may take so much longer */
#define REQUESTS_PER_CONTAINER 100

/* A text as JSON, in its quotes. */
static bool add_quoted(struct buf *buf, const char *text)
{
	struct json_writer w;

	json_writer_init(&w, buf);
	json_text(&w, text);
	return json_writer_ok(&w);
}

static bool add_member(struct buf *buf, const char *key, const char *value)
{
	return buf_add_format(buf, "\t\t\t\"%s\": ", key) && add_quoted(buf, value) && buf_add_text(buf, ",\n");
}

static bool write_head(const struct draft_facts *facts, struct buf *buf)
{
	return buf_add_text(buf, "// Made by: orchestrator init ") && buf_add_text(buf, facts->image) &&
	       buf_add_text(buf, "\n//\n"
	                         "//   orchestrator --check -c FILE          is it good?\n"
	                         "//   orchestrator -c FILE                  serves, in the foreground, until Ctrl-C\n"
	                         "//   orchestrator status -c FILE           what it does, in a second terminal\n"
	                         "//   orchestrator --print-config -c FILE   every key there is, with its value\n"
	                         "{\n"
	                         "\t// Where requests come in.\n"
	                         "\t\"listen\": [") &&
	       add_quoted(buf, facts->listen) && buf_add_text(buf, "],\n\n\t\"services\": [\n\t\t{\n");
}

static bool write_place(const struct draft_facts *facts, struct buf *buf)
{
	return buf_add_format(buf, "\t\t\t// Containers %s_0, %s_1, ...\n", facts->service, facts->service) &&
	       add_member(buf, "name", facts->service) && add_member(buf, "image", facts->image) &&
	       buf_add_format(buf, "\n\t\t\t// %s; it answered there %" PRId64 ".%" PRId64 " s after its start.\n",
	                      facts->exposed ? "The image exposes it" : "It was found listening",
	                      facts->ready_ms / 1000, facts->ready_ms % 1000 / 100) &&
	       buf_add_format(buf, "\t\t\t\"port\": %d,\n", facts->port) &&
	       buf_add_text(buf, "\n\t\t\t// By its address on Docker's bridge. No port of this host is taken.\n"
	                         "\t\t\t\"reach\": \"bridge\",\n\t\t\t\"publish\": [],\n");
}

static bool write_env(const struct draft_facts *facts, struct buf *buf)
{
	if (facts->env->count == 0)
		return true;
	if (!buf_add_text(buf, "\n\t\t\t\"env\": {"))
		return false;
	for (size_t i = 0; i < facts->env->count; i++) {
		const char *pair = facts->env->items[i], *equals = strchr(pair, '=');
		char name[256];

		snprintf(name, sizeof(name), "%.*s", (int)(equals - pair), pair);
		if (!buf_add_text(buf, i > 0 ? ", " : "") || !add_quoted(buf, name) || !buf_add_text(buf, ": ") ||
		    !add_quoted(buf, equals + 1))
			return false;
	}
	return buf_add_text(buf, "},\n");
}

/* "/var/lib/data" -> "NAME_var_lib_data". */
static void name_volume(const char *service, const char *path, char *name, size_t size)
{
	int len = snprintf(name, size, "%s", service);

	for (; *path != '\0' && len < (int)size - 1; path++)
		name[len++] =
		        (char)(strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", *path) != NULL
		                       ? *path
		                       : '_');
	name[len] = '\0';
}

static bool write_volumes(const struct draft_facts *facts, struct buf *buf)
{
	if (facts->volumes->count == 0)
		return true;
	if (!buf_add_text(
	            buf,
	            "\n\t\t\t// The image keeps data there. All containers share it: where the program cannot, set "
	            "scale.max to 1.\n\t\t\t\"volumes\": ["))
		return false;
	for (size_t i = 0; i < facts->volumes->count; i++) {
		char text[512], name[160];

		name_volume(facts->service, facts->volumes->items[i], name, sizeof(name));
		snprintf(text, sizeof(text), "%s:%s", name, facts->volumes->items[i]);
		if (!buf_add_text(buf, i > 0 ? ", " : "") || !add_quoted(buf, text))
			return false;
	}
	return buf_add_text(buf, "],\n");
}

static int64_t start_ms(const struct draft_facts *facts)
{
	return facts->ready_ms * START_FACTOR > START_MS_DEFAULT ? facts->ready_ms * START_FACTOR : START_MS_DEFAULT;
}

static bool write_health(const struct draft_facts *facts, struct buf *buf)
{
	const char *why =
	        facts->any_path
	                ? "It answers 2xx or 3xx to any path: where one of them shows whether it can work, name "
	                  "that one."
	                : "Asked every second. It should fail when the program cannot do its work.";

	return buf_add_format(buf, "\n\t\t\t\"routes\": [\"/\"],\n\n\t\t\t// %s\n\t\t\t\"health\": {\"path\": ", why) &&
	       add_quoted(buf, facts->path) &&
	       (start_ms(facts) == START_MS_DEFAULT ||
	        buf_add_format(buf, ", \"start_ms\": %" PRId64, start_ms(facts))) &&
	       buf_add_text(buf, "},\n");
}

static bool write_scale(struct buf *buf)
{
	return buf_add_format(
	        buf,
	        "\n\t\t\t// One container for so many requests of the last two minutes, or of what has come of "
	        "them: raise it\n\t\t\t// to what one container of yours can do.\n"
	        "\t\t\t\"scale\": {\"requests_per_container\": %d, \"min\": 1, \"max\": 10}\n",
	        REQUESTS_PER_CONTAINER);
}

static bool write_end(const struct draft_facts *facts, struct buf *buf)
{
	if (!buf_add_text(buf, "\t\t}\n\t]"))
		return false;
	if (facts->end_ms >= 0)
		return buf_add_text(buf, "\n}\n");
	return buf_add_text(
	        buf,
	        ",\n\n\t// It did not end when it was sent SIGTERM. Each container that is to end costs so long, until "
	        "the program\n\t// heeds the signal (docs/own-image.md says how).\n\t\"stop_ms\": 2000\n}\n");
}

bool draft_write(const struct draft_facts *facts, struct buf *buf)
{
	return write_head(facts, buf) && write_place(facts, buf) && write_env(facts, buf) &&
	       write_volumes(facts, buf) && write_health(facts, buf) && write_scale(buf) && write_end(facts, buf);
}
