/* settings: one table: the variables, their defaults, what they mean. */
#include "services/settings.h"

#include "common/log.h"
#include "common/mem.h"
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
         "sqlite:/path/to/file; empty: a file in DATA_DIR"},
        {"MAX_BODY_BYTES", "16777216", offsetof(struct settings, max_body_bytes), 1, 1 << 30, "largest request body"},
        {"USERS_URL", "http://users:8000", offsetof(struct settings, users_url), 0, 0,
         "where the users service is (acts)"},
        {"USERS_TIMEOUT_MS", "2000", offsetof(struct settings, users_timeout_ms), 1, 600000,
         "longest wait for the users service (acts)"},
};

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

bool settings_read(struct settings *settings, struct err *err)
{
	*settings = (struct settings){.listen = NULL};
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *setting = &SETTINGS[i];
		void *at = (char *)settings + setting->offset;
		const char *text = getenv(setting->name);

		if (text == NULL || *text == '\0')
			text = setting->fallback;
		if (setting->max == 0)
			*(char **)at = mem_dup(text);
		else if (!read_number(setting, text, at, err))
			return false;
	}
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
}
