/* alike: the table of distances, three rows of it, since a swap looks two rows back. */
#include "common/alike.h"

#include <stdio.h>
#include <string.h>

void alike_begin(struct alike *alike, const char *typed)
{
	*alike = (struct alike){.typed = typed};
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t less = a < b ? a : b;

	return less < c ? less : c;
}

/* Row i, from the two above it. */
static void fill_row(const char *a, const char *b, size_t i, size_t rows[3][ALIKE_LEN_MAX + 1])
{
	size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

	row[0] = i;
	for (size_t j = 1; b[j - 1] != '\0'; j++) {
		row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
			row[j] = least(row[j], before[j - 2] + 1, row[j]);
	}
}

size_t alike_distance(const char *a, const char *b, size_t most)
{
	size_t rows[3][ALIKE_LEN_MAX + 1] = {{0}};
	size_t a_len = strlen(a), b_len = strlen(b), distance;

	if (a_len > ALIKE_LEN_MAX || b_len > ALIKE_LEN_MAX)
		return most + 1;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++)
		fill_row(a, b, i, rows);
	distance = rows[a_len % 3][b_len];
	return distance <= most ? distance : most + 1;
}

void alike_offer(struct alike *alike, const char *word)
{
	size_t len = strlen(alike->typed), most = len / 3 > 1 ? len / 3 : 1;
	size_t distance = alike_distance(alike->typed, word, most);

	if (distance > most || distance >= len || (alike->nearest != NULL && distance >= alike->distance))
		return;
	alike->nearest = word;
	alike->distance = distance;
}

const char *alike_question(const struct alike *alike, char question[ALIKE_QUESTION_SIZE])
{
	question[0] = '\0';
	if (alike->nearest != NULL)
		snprintf(question, ALIKE_QUESTION_SIZE, ": did you mean %s?", alike->nearest);
	return question;
}
