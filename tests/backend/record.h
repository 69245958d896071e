/* record: what reached this backend, one JSON line a piece, appended to the file named by RECORD; and when probes came.
 *
 * The file outlives the container (a host directory is mounted), so a request that killed its backend is still told.
 * Lines: {"backend","connection","request","head"} when a head is in, {..., "body"} when its body is; bytes are hex.
 */
#pragma once

#include "tests/backend/request.h"

/* Opens the file; harmless when path is NULL. Ends the process when it cannot be opened. */
void record_open(const char *path, const char *backend);
/* PROBES, the same: a line "BACKEND MS" for each request on the health path; MS of CLOCK_MONOTONIC. */
void record_probes_open(const char *path);
void record_probe(void);

void record_head(const struct connection *connection, const struct request *request);
void record_body(const struct connection *connection, const struct request *request);
