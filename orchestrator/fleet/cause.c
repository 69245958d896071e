/* cause: a row's text, and what it speaks of put in.
 *
 *   lengths of what is put in -> the longest is cut until all fits -> written piece by piece
 *
 * Invariant: whatever is put in, a sentence ends as its row does.
 */
#include "orchestrator/fleet/cause.h"

#include "common/utf8.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/fleet/words.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LEAST 24 /* of a text that is cut */

static const char *const templates[CAUSE_COUNT] = {
#define X(name, sentence) [CAUSE_##name] = sentence,
        CAUSES(X)
#undef X
};

static const enum cause causes[REASON_COUNT] = {
        [REASON_PROBE_TIMEOUT] = CAUSE_HANGS,
        [REASON_BUSY] = CAUSE_BUSY,
        [REASON_PROBE_REFUSED] = CAUSE_ILL,
        [REASON_PROBE_RESET] = CAUSE_ILL,
        [REASON_PROBE_STATUS] = CAUSE_ILL,
        [REASON_PROBE_MALFORMED] = CAUSE_ILL,
        [REASON_PROBE_STRANGER] = CAUSE_STRANGER,
        [REASON_EXCHANGE_FAILED] = CAUSE_BROKE,
        [REASON_EXITED] = CAUSE_ENDED,
        [REASON_OOM_KILLED] = CAUSE_ENDED,
        [REASON_PAUSED] = CAUSE_PAUSED,
        [REASON_VANISHED] = CAUSE_REMOVED,
        [REASON_START_TIMEOUT] = CAUSE_NEVER_READY,
        [REASON_CREATE_FAILED] = CAUSE_REFUSED,
        [REASON_START_FAILED] = CAUSE_REFUSED,
        [REASON_NAME_TAKEN] = CAUSE_NAME_TAKEN,
        [REASON_PORT_TAKEN] = CAUSE_PORT_TAKEN,
        [REASON_NO_IMAGE] = CAUSE_NO_IMAGE,
        [REASON_NO_NETWORK] = CAUSE_NO_NETWORK,
        [REASON_NO_VOLUME] = CAUSE_NO_VOLUME,
        [REASON_NO_SPACE] = CAUSE_NO_SPACE,
        [REASON_ENGINE_DOWN] = CAUSE_ENGINE_AWAY,
};

const char *cause_template(enum cause cause)
{
	assert((unsigned)cause < CAUSE_COUNT);
	return templates[cause];
}

enum cause cause_of_reason(enum reason reason)
{
	assert((unsigned)reason < REASON_COUNT);
	return causes[reason];
}

/* --- pieces ---------------------------------------------------------------------------------------------------- */

/* A stretch of the row, or what is put in. */
struct piece {
	const char *text;
	size_t len;  /* of it */
	size_t room; /* how much of it is shown */
	bool ours;
};

#define PIECES_MOST 16
#define FACTS_MOST 4 /* of a row */

struct pieces {
	struct piece items[PIECES_MOST];
	size_t count;
	char facts[FACTS_MOST][WORDS_SIZE];
	size_t fact_count;
};

static void add(struct pieces *pieces, const char *text, size_t len, bool ours)
{
	assert(pieces->count < PIECES_MOST);
	pieces->items[pieces->count++] = (struct piece){text, len, len, ours};
}

static const char *fact_of(const struct cause_facts *facts, const char *name, size_t len)
{
	const char *text = NULL;

	if (strncmp(name, "image", len) == 0)
		text = facts->image;
	else if (strncmp(name, "name", len) == 0)
		text = facts->name;
	else if (strncmp(name, "words", len) == 0)
		text = facts->words;
	else if (strncmp(name, "remedy", len) == 0)
		text = facts->remedy;
	return text != NULL ? text : "";
}

static void add_fact(struct pieces *pieces, const struct cause_facts *facts, const char *name, size_t len)
{
	bool is_number = strncmp(name, "number", len) == 0;
	bool ours = is_number || strncmp(name, "remedy", len) == 0;
	char *to = pieces->facts[pieces->fact_count++];

	assert(pieces->fact_count <= FACTS_MOST);
	if (is_number)
		snprintf(to, WORDS_SIZE, "%lld", facts->number);
	else
		excerpt_write(to, WORDS_SIZE, "%s", fact_of(facts, name, len));
	add(pieces, to, strlen(to), ours);
}

static void take_apart(struct pieces *pieces, const char *sentence, const struct cause_facts *facts)
{
	while (*sentence != '\0') {
		size_t plain = strcspn(sentence, "{"), named;

		add(pieces, sentence, plain, true);
		sentence += plain;
		if (*sentence == '\0')
			return;
		named = strcspn(sentence, "}") - 1;
		add_fact(pieces, facts, sentence + 1, named);
		sentence += named + 2;
	}
}

/* The longest of what is not ours gives way. */
static void fit(struct pieces *pieces)
{
	for (;;) {
		struct piece *longest = NULL;
		size_t sum = 0, over, most;

		for (size_t i = 0; i < pieces->count; i++) {
			struct piece *piece = &pieces->items[i];

			sum += piece->room;
			if (!piece->ours && (longest == NULL || piece->room > longest->room))
				longest = piece;
		}
		if (sum < CAUSE_SIZE)
			return;
		assert(longest != NULL && longest->room > LEAST);
		over = sum - CAUSE_SIZE + 1;
		most = longest->room - LEAST;
		longest->room -= over < most ? over : most;
	}
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static size_t put(char *to, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
	for (size_t at = utf8_valid(to, len); at < len; at = utf8_valid(to, len))
		to[at] = '?';
	return len;
}

static size_t put_piece(char *to, const struct piece *piece)
{
	static const char gap[] = "...";
	size_t shown = piece->room - (sizeof(gap) - 1), head, tail, at;

	if (piece->room == piece->len)
		return put(to, piece->text, piece->len);
	head = excerpt_head(piece->text, shown / 2);
	tail = excerpt_tail(piece->text, piece->len, shown - shown / 2);
	at = put(to, piece->text, head);
	at += put(to + at, gap, sizeof(gap) - 1);
	return at + put(to + at, piece->text + tail, piece->len - tail);
}

void cause_write(char sentence[CAUSE_SIZE], enum cause cause, const struct cause_facts *facts)
{
	struct pieces pieces = {.count = 0, .fact_count = 0};
	size_t len = 0;

	take_apart(&pieces, cause_template(cause), facts);
	fit(&pieces);
	for (size_t i = 0; i < pieces.count; i++)
		len += put_piece(sentence + len, &pieces.items[i]);
	sentence[len] = '\0';
}
