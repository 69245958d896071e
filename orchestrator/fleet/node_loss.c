/* node_loss: "the loss of any node is covered", or after other words what is not and why, one after the other. */
#include "orchestrator/fleet/node_loss.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NOT_COVERED "the loss of a node is not covered: "
#define MORE_SIZE 32 /* "; and 100 services more" */
#define SENTENCE_SIZE 320

__attribute__((format(printf, 2, 3))) static bool add(struct node_loss *loss, const char *format, ...)
{
	char sentence[SENTENCE_SIZE];
	size_t len = strlen(loss->text), room = sizeof(loss->text) - MORE_SIZE - len;
	va_list args;
	int need;

	va_start(args, format);
	need = vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (need < 0 || (size_t)need + sizeof(NOT_COVERED) >= room)
		return false;
	snprintf(loss->text + len, room, "%s%s", len == 0 ? NOT_COVERED : "; ", sentence);
	loss->covered = false;
	return true;
}

void node_loss_begin(struct node_loss *loss)
{
	*loss = (struct node_loss){.covered = true};
}

void node_loss_end(struct node_loss *loss)
{
	size_t len = strlen(loss->text);

	if (loss->covered)
		snprintf(loss->text, sizeof(loss->text), "the loss of any node is covered");
	else if (loss->services_left_out > 0)
		snprintf(loss->text + len, sizeof(loss->text) - len, "; and %zu services more",
		         loss->services_left_out);
}

/* Most of them elect one; whoever is not reached still counts. */
void node_loss_managers(struct node_loss *loss, const struct nodes *nodes, bool engine_up)
{
	unsigned managers = 0, reached = 0;

	for (size_t i = 0; i < nodes->count; i++) {
		managers += nodes->items[i].manager;
		reached += nodes->items[i].manager && nodes->items[i].reachable;
	}
	if (!engine_up)
		(void)add(loss, "nothing is replaced while the engine does not answer");
	else if (managers < 3)
		(void)add(loss, "with %u manager%s nothing is replaced without %s: `docker node promote` makes three",
		          managers, managers == 1 ? "" : "s", managers == 1 ? "it" : "either of them");
	else if (reached <= managers / 2 + 1)
		(void)add(loss, "%u of %u managers are there, and without one more nothing is replaced", reached,
		          managers);
}

void node_loss_stand_on(struct node_loss_stand *stand, const struct node *node)
{
	if (node == NULL)
		return;
	if (stand->count++ == 0)
		stand->first = node;
	else if (stand->first != node)
		stand->spread = true;
}

void node_loss_service(struct node_loss *loss, const char *service, const struct node_loss_stand *stand)
{
	bool told = true;

	if (stand->count == 0)
		told = add(loss, "%s has no ready container", service);
	else if (stand->count == 1)
		told = add(loss, "%s has its only ready container on %s: `scale.min` 2, or a spare, covers it", service,
		           stand->first->name);
	else if (!stand->spread)
		told = add(loss, "%s has all its %u ready containers on %s", service, stand->count, stand->first->name);
	if (!told) {
		loss->services_left_out++;
		loss->covered = false;
	}
}
