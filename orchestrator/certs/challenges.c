/* challenges: a handful at a time. */
#include "orchestrator/certs/challenges.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct challenge {
	LIST_ENTRY(challenge) link;
	char *token, *answer;
};

struct challenges {
	LIST_HEAD(, challenge) all;
};

static struct challenge *find(const struct challenges *challenges, const char *token, size_t len)
{
	struct challenge *one;

	LIST_FOREACH (one, &challenges->all, link)
		if (strlen(one->token) == len && memcmp(one->token, token, len) == 0)
			return one;
	return NULL;
}

static void drop(struct challenge *challenge)
{
	LIST_REMOVE(challenge, link);
	free(challenge->token);
	free(challenge->answer);
	free(challenge);
}

struct challenges *challenges_new(void)
{
	struct challenges *challenges = mem_zero(sizeof(*challenges));

	LIST_INIT(&challenges->all);
	return challenges;
}

void challenges_free(struct challenges *challenges)
{
	if (challenges == NULL)
		return;
	for (struct challenge *one = LIST_FIRST(&challenges->all), *next; one != NULL; one = next) {
		next = LIST_NEXT(one, link);
		drop(one);
	}
	free(challenges);
}

void challenges_put(struct challenges *challenges, const char *token, const char *answer)
{
	challenges_take(challenges, token);
	struct challenge *one = mem_zero(sizeof(*one));
	one->token = mem_dup(token);
	one->answer = mem_dup(answer);
	LIST_INSERT_HEAD(&challenges->all, one, link);
}

void challenges_take(struct challenges *challenges, const char *token)
{
	struct challenge *one = find(challenges, token, strlen(token));

	if (one != NULL)
		drop(one);
}

const char *challenges_find(const struct challenges *challenges, const char *token, size_t len)
{
	const struct challenge *one = find(challenges, token, len);

	return one != NULL ? one->answer : NULL;
}
