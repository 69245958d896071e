/* process_hunt: ends what a process leaves behind when it has ended: children that have gone into sessions of their own, as
 * those of a program that makes itself a daemon do. They would hold its port for ever.
 *
 * They are known by the id in their environment. /proc is walked in small pieces, one a turn of the loop, for all that have
 * ended meanwhile together, and again until a walk finds nobody.
 */
#pragma once

struct event_base;
struct process;
struct process_engine;
struct process_hunt;

struct process_hunt *process_hunt_new(struct process_engine *engine);
void process_hunt_free(struct process_hunt *hunt); /* NULL is fine */

/* The process has just ended; process->hunted until process_has_ended is called for it, later. */
void process_hunt_begin(struct process_hunt *hunt, struct process *process);

/* The same for all that do not run, at once: for starting up. */
void process_hunt_all(struct process_engine *engine);
