/* host_name: a host as a person writes it, in the one form in which hosts are compared. Pure.
 *
 * Names are A-labels (RFC 5890) in small letters without a dot at the end; what is written in another script is turned into them
 * here, and only here (UTS 46, non-transitional): requests carry A-labels. IP addresses have their shortest form, without
 * brackets, IPv4 in IPv6 as IPv4.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

#define HOST_NAME_SIZE 256 /* bytes: a name has 253 at most, a wildcard two more, and a NUL */

/* "Example.ORG." -> "example.org", "*.Bücher.de" -> "*.xn--bcher-kva.de", "[0::1]" -> "::1". False: it is no host; err says what
 * is wrong with it and what to write, and fits behind the text and a colon. */
bool host_name_read(const char *text, char name[HOST_NAME_SIZE], struct err *err) MUST_CHECK;

/* Does this name, as host_name_read gave it, stand for all names below another one? */
static inline bool host_name_is_wildcard(const char *name)
{
	return name[0] == '*';
}

/* Is it an IP address? */
bool host_name_is_address(const char *name);
