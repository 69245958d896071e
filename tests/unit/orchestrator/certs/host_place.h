/* host_place: one host with a folder of its own, and CAs that answer what the test wrote down. */
#pragma once

#include "common/clock.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/certs/acme_authority.h"
#include "orchestrator/certs/acme_files.h"
#include "orchestrator/certs/acme_host.h"
#include "orchestrator/certs/acme_record.h"
#include "orchestrator/certs/jws.h"
#include "orchestrator/config/config.h"
#include "tests/unit/orchestrator/certs/fake_fetch.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST "example.org"
#define MINE "https://ca.example/order/1"
#define CHAIN "https://ca.example/chain/1"
#define VALID_ORDER                                                                                                                          \
	"{\"status\":\"valid\",\"authorizations\":[\"https://ca.example/p\"],\"finalize\":\"https://ca.example/f\",\"certificate\":\"" CHAIN \
	"\"}"

extern struct fetch *fetch;
extern char other_ca[], none[], profile[];
extern struct config config;
extern struct acme_place place;
extern struct acme_host *host;
extern unsigned outcomes[ACME_OUTCOMES]; /* how many orders ended so */

void set_up(void);
void tear_down(void);

/* The process ended, and another one began; or in two steps. */
void restart(void);
void open_place(void);
void close_place(void);

/* Of the configuration. Its key is on the disk while it looks, so that it can be asked at once. The caller frees it. */
struct acme_authority *make_authority(enum acme_turn turn);
void take_other_authority(void);

/* --- what is kept ---------------------------------------------------------------------------------------------- */

char *path_of(const char *name); /* the caller frees it, as the next two */
char *slurp(const char *name);   /* NULL: there is none */
struct acme_record record(void);
void put_record(const char *text);

/* A certificate for the key that the record has, PEM; the caller frees it. Seconds from now. */
char *issue(const char *name, long from_s, long until_s);

/* One for HOST as an earlier process kept it, so many days old, of 90. */
void keep(long days);

/* --- what happens ---------------------------------------------------------------------------------------------- */

enum acme_turn turn_now(void);
void order_now(void);
bool is_due(void);

void turn(void); /* of the loop: writes come back */
void turn_until(bool (*done)(void));
bool all_answered(void);
bool is_idle(void);
bool has_order(void); /* on the disk */
bool is_clean(void);  /* the record says that all went well */
void settle(void);    /* nothing is being written */
