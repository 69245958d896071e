/* process_bench: a process engine in a directory of its own, and a spec whose command the test chooses. */
#pragma once

#include "orchestrator/engine/process/process_record.h"
#include "tests/unit/orchestrator/engine/engine_watch.h"

#include <check.h>

#define SOON_MS 15000
#define VERB (watch.engine->verbs)

extern struct watch watch;
extern struct engine_spec spec;
extern struct engine_place place;
extern char state_dir[64];

void bench_open(void);   /* a fixture; the engine is up */
void bench_close(void);  /* removes all that the engine lists, then the directory */
void bench_reopen(void); /* another engine in the same directory */

/* The command of what is created from now on; the last word is NULL. */
void bench_command(char *const *words);
#define COMMAND(...) bench_command((char *[]){__VA_ARGS__, NULL})

/* Verbs, waited for; each wants this fault. */
typedef void id_verb(struct engine *engine, const char *id, engine_done *done, void *arg);
struct outcome bench_create(enum engine_fault fault);
struct outcome bench_call(id_verb *verb, const char *id, enum engine_fault fault);
struct outcome bench_start(const char *id, enum engine_fault fault);
struct outcome bench_stop(const char *id, int grace_ms);
struct outcome bench_list(void);
struct outcome bench_logs(const char *id, int lines, const char *wanted); /* until they hold this */

/* create and start; the id. */
const char *bench_run(void);

struct process_record bench_record(const char *id); /* the strings are not kept */
bool bench_lives(pid_t pid);                        /* a zombie does not */
bool bench_ends(pid_t pid);                         /* soon */
int bench_port(int *fd);                            /* fd listens on it */
int bench_main(const char *name, const TTest *const *tests, size_t count);
