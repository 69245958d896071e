/* Configuration files: refused with a message that names the file, or taken; then what is printed reads back the same. */
#include "tests/fuzz/fuzz.h"

#include "orchestrator/config/config_file.h"
#include "tests/unit/orchestrator/config/config_text.h"

#include <stdlib.h>
#include <string.h>

static char *print(const struct config *config, size_t *len)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, len);

	config_print(config, to);
	fclose(to);
	return text;
}

static const unsigned char key[CONFIG_KEY_SIZE] = {1};

static void check_again(const struct config *config)
{
	size_t len = 0, again_len = 0;
	char *text = print(config, &len);
	struct config *again;
	struct err err;
	bool ok = config_of_text(text, len, &again, &err);

	assert(ok && config_service_count(again) == config_service_count(config));
	char *again_text = print(again, &again_len);
	assert(len == again_len && memcmp(text, again_text, len) == 0);
	for (size_t i = 0; i < config_service_count(config); i++) {
		char hash[ENGINE_SPEC_SIZE], again_hash[ENGINE_SPEC_SIZE];
		config_spec_hash(config, config_service_at(config, i), key, hash);
		config_spec_hash(again, config_service_at(again, i), key, again_hash);
		assert(strcmp(hash, again_hash) == 0);
	}
	free(text);
	free(again_text);
	config_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config;
	struct err err = {0};

	if (!config_of_text((const char *)data, size, &config, &err)) {
		assert(strncmp(err.message, "/proc/self/fd/", 14) == 0);
		return 0;
	}
	check_again(config);
	config_free(config);
	return 0;
}
