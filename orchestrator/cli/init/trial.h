/* trial: an image tried once: a container of it is started, asked, ended and taken away again. Runs a loop of its own and
 * returns when the container is gone, whatever came of it: a signal (INT, TERM, HUP) only makes it sooner.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/base/options.h"

#include <stdbool.h>
#include <stdint.h>

#define TRIAL_NAME \
	"selfless-init" /* network and label of containers that are tried; containers are selfless-init_PID */

struct trial_settings {
	const char *docker_socket;
	const char *image;
	const struct strings *env;                 /* "KEY=value" */
	int port;                                  /* 0: to be found out */
	const char *path;                          /* NULL: to be found out */
	void (*tell)(const char *line, void *arg); /* how it goes, for a person */
	void *arg;
};

/* What was found; trial_clear frees it. */
struct trial {
	int port;
	bool exposed; /* the image names it */
	char *path;
	bool any_path;
	int64_t ready_ms;
	int64_t end_ms; /* from SIGTERM to its end; -1: it had to be killed */
	struct strings volumes;
};

#define TRIAL_TERM_MS 2000 /* how long it has to end after SIGTERM */

/* A zeroed trial is filled. False: err says in a sentence or two what is the matter and what to do. */
bool trial_run(const struct trial_settings *settings, struct trial *trial, struct err *err) MUST_CHECK;
void trial_clear(struct trial *trial);
