/* roll_failure: why the last roll failed, in words; what of it holds no longer the roll says (roll.c). */
#pragma once

#include "orchestrator/fleet/container.h"
#include "orchestrator/fleet/cause.h"

/* What a roll is for. */
enum roll_what {
	ROLL_ALL,     /* another text, or an operator's wish: all slots' containers are made anew */
	ROLL_REPLACE, /* those that an operator named are */
	ROLL_PORTS    /* none is: others hold the slots' ports, and the stand-in serves until those are free */
};

const char *roll_what_text(enum roll_what what); /* "roll", "replace", "ports": for logs and admin */

struct roll_failure {
	enum roll_what what;
	char text[WORDS_SIZE];     /* "": none; */
	char cause[CAUSE_SIZE];    /* the same in one sentence that says what to do */
	int slot;                  /* whose new container it was; SLOT_NONE: the stand-in */
	char lost[ENGINE_ID_SIZE]; /* that container, while its last words are to come; "": they are not */
	enum reason why;           /* of its end */
};

/* What is known of it at once; all is borrowed for the call. */
struct roll_fault {
	enum roll_what what;
	const char *text;
	const char *cause; /* "": the text says it all */
	int slot;
	const char *lost;
	enum reason why;
};

/* It goes to the log and to lately in any case. shown: it is what is told from now on. */
void roll_failure_note(struct roll_failure *failure, const struct containers *containers,
                       const struct roll_fault *fault, bool shown);
/* In each step: how the container ended, and what it said last, comes when the roll has failed for it. */
void roll_failure_hear(struct roll_failure *failure, struct containers *containers);
void roll_failure_end(struct roll_failure *failure);

/* One sentence that says what serves, and what failed; "" where none did. stuck: there is nothing to go back to. */
void roll_failure_tell(const struct roll_failure *failure, bool stuck, char sentence[CAUSE_SIZE]);
