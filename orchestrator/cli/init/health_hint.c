/* health_hint: the first word that looks like a URL of the container's own: with a scheme, or with one of the names by which a
 * program asks itself.
 */
#include "orchestrator/cli/init/health_hint.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535
#define ENDS_PATH " \t\r\n\"'`|;&<>()\\$"

static const char *host_of(const char *command)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "0.0.0.0", "[::1]"};
	const char *scheme = strstr(command, "http://");

	if (scheme != NULL)
		return scheme + strlen("http://");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = strstr(command, names[i]);

		if (at != NULL)
			return at;
	}
	return NULL;
}

static const char *behind_host(const char *at)
{
	if (*at == '[')
		at += strcspn(at, "]");
	while (*at != '\0' && strchr(":/" ENDS_PATH, *at) == NULL)
		at++;
	return at;
}

bool health_hint_read(const char *command, struct health_hint *hint)
{
	const char *at = host_of(command);

	*hint = (struct health_hint){.path = "/"};
	if (at == NULL)
		return false;
	at = behind_host(at);
	if (*at == ':') {
		char *end;
		long port = strtol(at + 1, &end, 10);

		hint->port = isdigit((unsigned char)at[1]) && port > 0 && port <= PORT_MAX ? (int)port : 0;
		at = end + strcspn(end, "/" ENDS_PATH);
		if (*at == '$') /* :${PORT}/path, :$PORT/path */
			at += strcspn(at, "/ \t\"'|;&");
	}
	size_t len = *at == '/' ? strcspn(at, ENDS_PATH) : 0;
	if (len > 0 && len < sizeof(hint->path))
		snprintf(hint->path, sizeof(hint->path), "%.*s", (int)len, at);
	return true;
}
