/* health_hint: which URL the HEALTHCHECK of an image asks, if it asks one. Pure. */
#pragma once

#include <stdbool.h>

#define HEALTH_HINT_PATH_SIZE 256

struct health_hint {
	int port; /* 0: it does not say, or says it by a variable */
	char path[HEALTH_HINT_PATH_SIZE];
};

/* command: "curl -f http://localhost:8080/health || exit 1", "wget -q --spider 127.0.0.1/", "/bin/check". False: no URL. */
bool health_hint_read(const char *command, struct health_hint *hint);
