/* trial_struct: a trial under way, as its two files share it. Outside of them, trial.h is all there is. */
#pragma once

#include "orchestrator/cli/init/survey.h"
#include "orchestrator/engine/engine.h"

#include <event2/event.h>

struct trial;
struct trial_settings;

#define TRIAL_SIGNALS 3

struct run {
	const struct trial_settings *settings;
	void (*tell)(const char *line, void *arg); /* the settings' */
	void *tell_arg;
	struct trial *found;
	struct err *err;
	struct event_base *base;
	struct engine *engine;
	struct event *signals[TRIAL_SIGNALS];
	struct engine_spec spec;
	struct engine_place place;
	char name[ENGINE_ID_SIZE]; /* the engine takes it for an id */
	char id[ENGINE_ID_SIZE];   /* of the container; "": there is none */
	struct address address;
	int *exposed;
	size_t exposed_count;
	char *health;
	struct strings remains; /* ids */
	struct survey *survey;
	int64_t started_us, stopped_us;
	bool up;       /* the engine was there */
	bool calling;  /* a verb of it is under way */
	bool prepared; /* there may be a network */
	bool started, died;
	bool leaving, failed, said; /* said: its last words were asked for */
	int exit_code;
};
