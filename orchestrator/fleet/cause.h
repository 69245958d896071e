/* cause: why something does not serve, in one sentence of ours that says what to do.
 *
 * All such sentences are rows of this one table: status, /api/fleet, the dashboard and `lately` show them as they are made here,
 * and docs/operating.md lists those that an operator meets at night. A sentence has at most CAUSE_SIZE - 1 characters, whatever
 * others put into it: where room is short, the longest of what is not ours gives way in its middle ("...").
 * {image} {name} and {words} stand for texts, {number} for a port, an exit code, megabytes, {remedy} for words of ours.
 */
#pragma once

#include "orchestrator/fleet/reason.h"

#define CAUSE_SIZE 201

#define CAUSES(X)                                                                                                      \
	X(NONE, "")                                                                                                    \
	X(NO_IMAGE,                                                                                                    \
	  "there is no image {image} here: `docker images` lists what there is; build it, `docker pull` it, or "       \
	  "change `image`")                                                                                            \
	X(NO_PROGRAM, "there is no such program: {words}")                                                             \
	X(NAME_TAKEN, "another container has the name {name}: remove or rename that one (`docker ps -a`), or change "  \
	              "the service's `name`")                                                                          \
	X(PORT_TAKEN, "others have its port {number}: `ss -ltnp` and `docker ps` show who; end that, or change "       \
	              "`first_port`")                                                                                  \
	X(NO_NETWORK, "its network was gone: the next try makes it anew; if it goes again, find out who removes it "   \
	              "(`docker events`)")                                                                             \
	X(NO_VOLUME, "its volume cannot be had: {words}")                                                              \
	X(NO_SPACE, "Docker's disk is full: make room; `docker system df` shows what it holds")                        \
	X(REFUSED, "the engine refuses it: {words}")                                                                   \
	X(ENGINE_AWAY, "the engine is away, what runs serves on: {words}")                                             \
	X(STARTING, "it starts; its last probe saw: {words}; it has `health.start_ms` to get ready")                   \
	X(NEVER_READY, "{words}")                                                                                      \
	X(HANGS,                                                                                                       \
	  "it does not answer its probes ({words}): does the program hang, or is `health.timeout_ms` too short?")      \
	X(BUSY, "it answers its probes late, but sends replies: if it stays so, give it more `cpus`, or raise "        \
	        "`scale.max`")                                                                                         \
	X(ILL, "its probe found it ill ({words}): its own output says why (`event=output` in the log)")                \
	X(STRANGER, "another container has its address ({words}): another one takes its place, nothing is to be done") \
	X(BROKE, "a request failed on it, and it is being asked how it is: nothing is to be done yet")                 \
	X(EXITED_NOW, "it exited with code {number}: mend the program, or its `command` or `env`")                     \
	X(EXITED_UNHEARD,                                                                                              \
	  "it exited with code {number}, and the engine has none of its output: look where its log driver sends "      \
	  "that, and check its `command` and `env`")                                                                   \
	X(EXITED_WELL,                                                                                                 \
	  "its program ended by itself (exit code {number}): it has to stay in the foreground; check its "             \
	  "`command` and `env`")                                                                                       \
	X(EXITED, "it exited with code {number}; its last words: \"{words}\": mend that, or its `command` or `env`")   \
	X(EXITED_MUTE, "it exited with code {number} and said nothing: run it by hand (`docker run`) to see why, and " \
	               "check its `command` and `env`")                                                                \
	X(ENDED, "its process ended, nobody knows how: its output may say why (`event=output` in the log)")            \
	X(KILLED, "somebody killed it (exit code {number}): another one takes its place, nothing is to be done")       \
	X(KILLED_AT_LIMIT,                                                                                             \
	  "it was killed (exit code 137) and nobody says by whom: if it was the kernel (`dmesg`), {number} MB are "    \
	  "too little for it: give it a larger `memory_mb`")                                                           \
	X(KILLED_ON_HOST,                                                                                              \
	  "it was killed (exit code 137) and nobody says by whom: if it was the kernel (`dmesg`), this host has "      \
	  "too little memory: run fewer, or set `memory_mb`")                                                          \
	X(OUT_OF_MEMORY,                                                                                               \
	  "it was killed at its memory limit of {number} MB: give it a larger `memory_mb`, or find out what eats "     \
	  "it")                                                                                                        \
	X(OUT_OF_HOST_MEMORY, "it was killed for want of memory: this host has too little; set `memory_mb` for what "  \
	                      "eats it, or run fewer")                                                                 \
	X(REMOVED, "somebody removed its container: another one takes its place, nothing is to be done")               \
	X(PAUSED, "somebody paused its container: another one takes its place, nothing is to be done")                 \
	X(RELOAD_REFUSED,                                                                                              \
	  "the file was refused, what was in force stays: {words}; mend it, then `orchestrator reload`")               \
	X(ROLL_STOPPED, "{words}: mend that, and roll again")                                                          \
	X(ROLL_FAILED, "its last roll failed, what was there before serves on: {words}")                               \
	X(ROLL_STUCK, "its roll is stuck in a slot that the stand-in serves for, with none to go back to: {words}")    \
	X(REPLACE_FAILED, "a container was not replaced as ordered, what was there before serves on: {words}")         \
	X(STAND_IN_FAILED, "others have its ports, and no stand-in could be had: {words}")                             \
	X(STATE_UNWRITTEN, "{name} cannot be written ({words}): {remedy}; what it holds is not kept across a restart") \
	X(LOG_UNWRITTEN, "the access log {name} cannot be written ({words}): {remedy}; {number} lines are lost")       \
	X(CERTIFICATE_REFUSED,                                                                                         \
	  "another certificate is not taken, the former one is shown: {words}: mend its files (docs/tls.md)")

enum cause {
#define X(name, sentence) CAUSE_##name,
	CAUSES(X)
#undef X
	        CAUSE_COUNT
};

/* What a sentence may speak of. NULL: "". Borrowed for the call. */
struct cause_facts {
	const char *image, *name, *words;
	const char *remedy; /* is not cut, so it is to be short */
	long long number;
};

void cause_write(char sentence[CAUSE_SIZE], enum cause cause, const struct cause_facts *facts);

/* The row's text, with what it speaks of in braces. */
const char *cause_template(enum cause cause);

/* Of a container that this reason keeps from serving, or that was refused. */
enum cause cause_of_reason(enum reason reason);
