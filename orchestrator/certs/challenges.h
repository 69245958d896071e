/* challenges: the answers to http-01 challenges (RFC 8555 section 8.3) that a CA may come for now. */
#pragma once

#include <stddef.h>

struct challenges;

struct challenges *challenges_new(void);
void challenges_free(struct challenges *challenges); /* NULL is fine */

void challenges_put(struct challenges *challenges, const char *token,
                    const char *answer);                                /* copied; another answer takes its place */
void challenges_take(struct challenges *challenges, const char *token); /* one that is not there is fine */

/* NULL: there is no such token. */
const char *challenges_find(const struct challenges *challenges, const char *token, size_t len);
