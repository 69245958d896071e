/* service_name: the last part of an image's name, without tag and digest, in letters that a name may have. */
#include "orchestrator/cli/init/service_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FALLBACK "web"

void service_name_of_image(const char *image, char name[SERVICE_NAME_SIZE])
{
	const char *slash = strrchr(image, '/'), *at = slash != NULL ? slash + 1 : image;
	size_t len = 0;

	if (strncmp(image, "sha256:", 7) == 0)
		at = "";
	while (*at != '\0' && !isalnum((unsigned char)*at))
		at++;
	for (; *at != '\0' && *at != ':' && *at != '@' && len < SERVICE_NAME_SIZE - 1; at++)
		name[len++] = (char)(isalnum((unsigned char)*at) || strchr("_.-", *at) != NULL ? *at : '-');
	name[len] = '\0';
	if (len == 0)
		snprintf(name, SERVICE_NAME_SIZE, FALLBACK);
}
