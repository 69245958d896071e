/* alike: which known word did somebody mean who typed another one?
 *
 * Distance is the number of letters left out, put in, changed, or swapped with their neighbour. A word is near enough where
 * that is at most a third of what was typed, and one at least, but not all of it.
 */
#pragma once

#include <stddef.h>

#define ALIKE_LEN_MAX 63 /* longer words are like none */

struct alike {
	const char *typed;
	const char *nearest; /* of those offered; NULL: none was near enough */
	size_t distance;     /* of that */
};

void alike_begin(struct alike *alike, const char *typed);         /* typed is borrowed */
void alike_offer(struct alike *alike, const char *word);          /* borrowed; the first of equals counts */
size_t alike_distance(const char *a, const char *b, size_t most); /* most + 1: more than that */

/* ": did you mean WORD?", or "". */
#define ALIKE_QUESTION_SIZE (ALIKE_LEN_MAX + 24)
const char *alike_question(const struct alike *alike, char question[ALIKE_QUESTION_SIZE]);
