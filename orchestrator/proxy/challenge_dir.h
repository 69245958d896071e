/* challenge_dir: the files that an ACME client (certbot, lego, uacme, dehydrated) puts into a directory for its CA to see: http-01
 * (RFC 8555 section 8.3), by key acme_challenge_dir.
 *
 * TOKEN is looked for as DIR/TOKEN and as DIR/.well-known/acme-challenge/TOKEN, each time it is asked for. Given out are regular
 * files of at most CHALLENGE_BYTES_MAX; symbolic links below DIR are not followed.
 */
#pragma once

#include "common/http_head.h"

#include <stdbool.h>
#include <stddef.h>

#define CHALLENGE_BYTES_MAX 4096

/* The token of a target under /.well-known/acme-challenge/, without a query; len 0: none that may be one (base64url). False: the
 * target is not there. */
bool challenge_token(struct http_text target, struct http_text *token);

/* data: CHALLENGE_BYTES_MAX bytes. False: there is none. Reads a small local file: DIR is to be on a disk of this host. */
bool challenge_dir_read(const char *dir, struct http_text token, char *data, size_t *len);
