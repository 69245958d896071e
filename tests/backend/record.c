/* Job: append one line a piece; many containers share the file.
 * Invariant: a line is one write to a descriptor in append mode, so lines of several processes never mix. */
#include "tests/backend/record.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORD_BYTES_MAX 65536 /* of one head or body */

static int record_fd = -1, probes_fd = -1;
static const char *record_backend = "";

static int record_file(const char *name, const char *path)
{
	int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (path != NULL && fd == -1)
		err(1, "%s=%s", name, path);
	return fd;
}

void record_open(const char *path, const char *backend)
{
	record_backend = backend;
	record_fd = record_file("RECORD", path);
}

void record_probes_open(const char *path)
{
	probes_fd = record_file("PROBES", path);
}

void record_probe(void)
{
	struct timespec now;
	char line[256];

	if (probes_fd == -1)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(line, sizeof(line), "%s %lld\n", record_backend, (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
	if (write(probes_fd, line, strlen(line)) == -1)
		warn("probes");
}

static void record_write(const struct connection *connection, const char *kind, const char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *line = NULL;
	size_t size = 0;
	FILE *to;

	if (record_fd == -1)
		return;
	to = open_memstream(&line, &size);
	if (to == NULL)
		err(1, "memory");
	fprintf(to, "{\"backend\":\"%s\",\"connection\":%u,\"request\":%u,\"%s\":\"", record_backend, connection->id,
	        connection->requests, kind);
	for (size_t i = 0; i < len && i < RECORD_BYTES_MAX; i++) {
		putc(digits[(unsigned char)bytes[i] >> 4], to);
		putc(digits[bytes[i] & 15], to);
	}
	fprintf(to, "\",\"length\":%zu}\n", len);
	fclose(to);
	if (write(record_fd, line, size) == -1)
		warn("record");
	free(line);
}

void record_head(const struct connection *connection, const struct request *request)
{
	record_write(connection, "head", request->head, request->head_len);
}

void record_body(const struct connection *connection, const struct request *request)
{
	record_write(connection, "body", request->body, request->body_len);
}
