/* server: a PostgreSQL of the tests' own (tests/postgresql), where this machine has one. */
#pragma once

/* Once, before any test. Where there is none, no database can be made. */
void server_start(void);
void server_stop(void);

/* The url of a new database, to be freed; NULL: there is no server. */
char *server_make_database(void);
void server_clear_database(void); /* the last one made */

/* Runs a command of tests/postgresql, "stop" say, on the server's folder. argument: NULL or one more. */
void server_do(char *command, char *argument);

/* Runs SQL in the last database made. */
void server_run(const char *sql);
