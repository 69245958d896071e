/* node_address: see the header. */
#include "orchestrator/config/node_address.h"

#include <stdlib.h>
#include <string.h>

#define NODE "node:"
#define PORT_DIGITS 5
#define PORT_MAX 65535

bool node_address_port(const char *text, int *port)
{
	const char *digits = text + strlen(NODE);

	if (strncmp(text, NODE, strlen(NODE)) != 0 || digits[0] == '\0' || strlen(digits) > PORT_DIGITS ||
	    digits[strspn(digits, "0123456789")] != '\0')
		return false;
	*port = (int)strtol(digits, NULL, 10);
	return *port > 0 && *port <= PORT_MAX;
}
