/* supervisor_words: why something does not serve, in a sentence for people. */
#include "orchestrator/fleet/supervisor_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void message_write(char message[SUPERVISOR_MESSAGE_SIZE], const char *format, ...)
{
	static const char cut[] = "...";
	va_list args;
	size_t at = SUPERVISOR_MESSAGE_SIZE - sizeof(cut);
	int len;

	va_start(args, format);
	len = vsnprintf(message, SUPERVISOR_MESSAGE_SIZE, format, args);
	va_end(args);
	if (len < SUPERVISOR_MESSAGE_SIZE)
		return;
	while (at > SUPERVISOR_MESSAGE_SIZE / 2 && message[at - 1] != ' ')
		at--;
	memcpy(message + at, cut, sizeof(cut));
}

void container_explain(const struct container *container, char text[SUPERVISOR_MESSAGE_SIZE])
{
	const char *finding = container->backend != NULL ? backend_finding(container->backend) : "";

	if (finding[0] != '\0')
		message_write(text, "%s", finding);
	else if (container->gone)
		message_write(text, "its container was removed by somebody else");
	else if (container->oom)
		message_write(text, "it was killed for want of memory: does it need a larger memory_mb?");
	else if (container->exit_code >= 0)
		message_write(text, "it exited with code %d", container->exit_code);
	else
		text[0] = '\0';
}
