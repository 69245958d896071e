/* asset: a file that was built into a program. The tables are made by embed.cmake from the files of a folder. */
#pragma once

#include <stddef.h>

struct asset {
	const char *name; /* of the file, without folder */
	const char *type; /* for Content-Type */
	const char *etag; /* with its quotes */
	const unsigned char *data;
	size_t len;
};
