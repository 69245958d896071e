/* settings: one table: the variables, their defaults, what they mean. */
#include "services/settings.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/text_file.h"
#include "services/store/store.h"

#include <ctype.h>
#include <stdlib.h>

struct setting {
	const char *name;
	const char *fallback;
	size_t offset;
	int64_t min, max; /* max 0: text */
	const char *help;
};

static const struct setting SETTINGS[] = {
        {"LISTEN", "0.0.0.0:8000", offsetof(struct settings, listen), 0, 0,
         "address:port or unix:/path, comma between"},
        {"DATA_DIR", "/static", offsetof(struct settings, data_dir), 0, 0, "folder that holds the data"},
        {"STORE_URL", "", offsetof(struct settings, store_url), 0, 0,
         "sqlite:/path/to/file, postgresql://user:password@host/database; empty: a file in DATA_DIR"},
        {"MAX_BODY_BYTES", "16777216", offsetof(struct settings, max_body_bytes), 1, 1 << 30, "largest request body"},
        {"USERS_URL", "http://users:8000", offsetof(struct settings, users_url), 0, 0,
         "where the users service is (acts)"},
        {"USERS_TIMEOUT_MS", "2000", offsetof(struct settings, users_timeout_ms), 1, 600000,
         "longest wait for the users service (acts)"},
        {"SELFLESS_ID", "", offsetof(struct settings, identity), 0, 0,
         "which container this is, as _health says; the orchestrator sets it"},
};

#define FILE_BYTES 65536 /* most that NAME_FILE may hold */
#define SETTING_COUNT (sizeof(SETTINGS) / sizeof(SETTINGS[0]))

static bool read_number(const struct setting *setting, const char *text, int64_t *number, struct err *err)
{
	int64_t value = 0;
	bool good = *text != '\0';

	for (const char *at = text; good && *at != '\0'; at++) {
		good = isdigit((unsigned char)*at) && value <= setting->max;
		value = value * 10 + (*at - '0');
	}
	if (!good || value < setting->min || value > setting->max)
		return err_set(err, "%s: \"%s\" must be a whole number from %lld to %lld", setting->name, text,
		               (long long)setting->min, (long long)setting->max);
	*number = value;
	return true;
}

static bool read_level(struct err *err)
{
	const char *word = getenv("LOG_LEVEL");
	enum log_level level;

	if (word == NULL || *word == '\0')
		return true;
	if (!log_level_parse(word, &level))
		return err_set(err, "LOG_LEVEL: \"%s\" must be one of error, warn, info, debug", word);
	log_set_level(level);
	return true;
}

/* The variable's text, or that of the file that NAME_FILE names, without what ends its last line; free it. */
static bool read_text(const struct setting *setting, char **text, struct err *err)
{
	char *file_name = mem_format("%s_FILE", setting->name);
	const char *value = getenv(setting->name), *path = getenv(file_name);
	struct buf held;
	bool good = true;

	buf_init(&held, FILE_BYTES);
	if (value == NULL || *value == '\0')
		value = setting->fallback;
	else if (path != NULL && *path != '\0')
		good = err_set(err, "%s and %s are both set: one of them must go", setting->name, file_name);
	if (good && path != NULL && *path != '\0') {
		good = text_file_read(path, &held, err) || err_prefix(err, "%s", file_name);
		while (held.len > 0 && isspace((unsigned char)held.data[held.len - 1]))
			held.len--;
		value = buf_text(&held);
		if (good && *value == '\0')
			good = err_set(err, "%s: %s is empty: it must hold what %s is to be, or %s must go", file_name,
			               path, setting->name, file_name);
	}
	*text = good ? mem_dup(value) : NULL;
	buf_clear(&held);
	free(file_name);
	return good;
}

static bool read_one(struct settings *settings, const struct setting *setting, struct err *err)
{
	void *at = (char *)settings + setting->offset;
	char *text;

	if (!read_text(setting, &text, err))
		return false;
	if (setting->max == 0) {
		*(char **)at = text;
		return true;
	}
	bool good = read_number(setting, text, at, err);
	free(text);
	return good;
}

/* It becomes a field's value. */
static bool check_identity(const char *identity, struct err *err)
{
	size_t len = 0;

	while (isalnum((unsigned char)identity[len]))
		len++;
	if (identity[len] != '\0' || len > SETTINGS_IDENTITY_MOST)
		return err_set(err, "SELFLESS_ID: \"%s\" must be at most %d letters and digits", identity,
		               SETTINGS_IDENTITY_MOST);
	return true;
}

bool settings_read(struct settings *settings, struct err *err)
{
	*settings = (struct settings){.listen = NULL};
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (!read_one(settings, &SETTINGS[i], err))
			return false;
	}
	if (!check_identity(settings->identity, err))
		return false;
	if (*settings->store_url != '\0' && !store_url_check(settings->store_url, err))
		return err_prefix(err, "STORE_URL");
	return read_level(err);
}

char *settings_store_url(const struct settings *settings, const char *service)
{
	if (*settings->store_url != '\0')
		return mem_dup(settings->store_url);
	char *path = mem_format("%s/%s.db", settings->data_dir, service);
	char *url = store_url_of_file(path);
	free(path);
	return url;
}

void settings_clear(struct settings *settings)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (SETTINGS[i].max == 0)
			free(*(char **)((char *)settings + SETTINGS[i].offset));
	}
}

void settings_help(FILE *to)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		fprintf(to, "  %-18s [%s] %s\n", SETTINGS[i].name, SETTINGS[i].fallback, SETTINGS[i].help);
	fprintf(to, "  %-18s [info] error, warn, info or debug\n", "LOG_LEVEL");
	fputs("each but LOG_LEVEL also as NAME_FILE: the path of a file that holds it\n", to);
}
