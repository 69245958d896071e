/* signals: those that the process listens to, heard in the loop, before clients. */
#pragma once

#include <stddef.h>

struct event_base;
struct signals;

struct signal_row {
	int number;
	void (*heard)(int number, void *arg);
};

struct signals *signals_new(struct event_base *base, const struct signal_row *rows, size_t count, void *arg);
void signals_free(struct signals *signals); /* from then on they do what they usually do. NULL is fine */
