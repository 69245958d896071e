/* token: the secret that admin asks for on addresses that others can reach. */
#pragma once

#include "common/err.h"

#define TOKEN_LEN_MIN 16
#define TOKEN_LEN_MAX 1024

/* The first line of the file, without white space around it: TOKEN_LEN_MIN to _MAX visible characters. The caller
 * frees it. */
bool token_read(const char *path, char **token, struct err *err) MUST_CHECK;
