/* postgres_session: dialing, what a session of ours is like, and what errors mean.
 *
 * A connection that does not answer any more is noticed by the kernel within seconds: nobody waits for a server whose machine has
 * gone. Whatever of this the url says itself holds instead.
 */
#include "services/store/postgres_inside.h"

#include "common/clock.h"
#include "common/mem.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_WRITERS 10000 /* at the same time */
#define LET_IN_MS 5000     /* who lets in and then says nothing is a pooler, whose server is away */
#define REFUSED_US 2000000 /* who has something against us says so sooner */

/* --- errors ---------------------------------------------------------------------------------------------------- */

int postgres_code(const char *sqlstate)
{
	int code = 0;

	for (; sqlstate != NULL && *sqlstate != '\0'; sqlstate++)
		code = code * 36 + (*sqlstate <= '9' ? *sqlstate - '0' : *sqlstate - 'A' + 10);
	return code;
}

static bool is_any(const char *sqlstate, const char *const *those)
{
	for (; sqlstate != NULL && *those != NULL; those++) {
		if (strncmp(sqlstate, *those, strlen(*those)) == 0)
			return true;
	}
	return false;
}

/* The server ends the session, or has become one that only reads: another one may serve. */
static bool means_lost(const struct postgres_store *pg, const char *sqlstate)
{
	static const char *const LOST[] = {"08", "57P0", "25P03", NULL}, *const DEMOTED[] = {"25006", NULL};

	return PQstatus(pg->conn) != CONNECTION_OK || is_any(sqlstate, LOST) ||
	       (!pg->read_only && is_any(sqlstate, DEMOTED));
}

/* One line, as an err is. */
static void join_lines(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ')
			*text = ' ';
	}
}

bool postgres_fail(const struct postgres_store *pg, const PGresult *result, struct err *err)
{
	const char *sqlstate = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *primary = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	bool lost = means_lost(pg, sqlstate);

	err_set_code(err, lost ? POSTGRES_LOST : postgres_code(sqlstate), "%s: %s", pg->shown,
	             primary != NULL ? primary : PQerrorMessage(pg->conn));
	if (err != NULL)
		join_lines(err->message);
	return false;
}

/* Where transactions wait for each other in a circle, the server ends one of them. A text that a constraint has refused all the
 * same met another transaction at an unlucky moment. */
enum store_failure postgres_failure(int code)
{
	enum { CLASS = 36 * 36 * 36 };

	if (code == postgres_code("55P03"))
		return STORE_BUSY;
	if (code == POSTGRES_LOST || code == postgres_code("40001") || code == postgres_code("40P01") ||
	    code / CLASS == postgres_code("23"))
		return STORE_AGAIN;
	return STORE_BROKEN;
}

/* --- simple queries: before there is a pipeline ---------------------------------------------------------------- */

bool postgres_exec(struct postgres_store *pg, const char *sql, struct err *err)
{
	PGresult *result = PQexec(pg->conn, sql);
	ExecStatusType status = PQresultStatus(result);
	bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || postgres_fail(pg, result, err);

	PQclear(result);
	return good;
}

bool postgres_ask(struct postgres_store *pg, const char *sql, int64_t *number, struct err *err)
{
	PGresult *result = PQexec(pg->conn, sql);
	bool good = PQresultStatus(result) == PGRES_TUPLES_OK || postgres_fail(pg, result, err);

	if (good)
		*number = PQntuples(result) > 0 ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
	PQclear(result);
	return good;
}

static bool wait_until(struct postgres_store *pg, int64_t until_us, struct err *err)
{
	struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};
	int64_t left_us = until_us - clock_us();
	int ready = left_us > 0 ? poll(&fd, 1, (int)(left_us / 1000) + 1) : 0;

	if (ready == 0)
		return err_set_code(err, POSTGRES_LOST, "%s: lets us in, and does not answer", pg->shown);
	if (ready == -1 && errno != EINTR)
		return err_set_errno(err, errno, "%s: poll", pg->shown);
	return PQconsumeInput(pg->conn) == 1 || postgres_fail(pg, NULL, err);
}

/* As postgres_exec, and the connection is of no use where it fails: then there may be more to come. */
static bool exec_soon(struct postgres_store *pg, const char *sql, struct err *err)
{
	int64_t until_us = clock_us() + LET_IN_MS * 1000LL;
	bool good = PQsendQuery(pg->conn, sql) == 1 || postgres_fail(pg, NULL, err), more = good;

	while (more) {
		PGresult *result = NULL;
		while (good && PQisBusy(pg->conn))
			good = wait_until(pg, until_us, err);
		if (good)
			result = PQgetResult(pg->conn);
		ExecStatusType status = PQresultStatus(result);
		more = result != NULL;
		good = good && (!more || status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
		                postgres_fail(pg, result, err));
		more = more && good;
		PQclear(result);
	}
	return good;
}

/* --- a connection ---------------------------------------------------------------------------------------------- */

/* Waiting is the store's, by its patience. Who is stopped in the middle of a transaction holds up others no longer than that,
 * either, unless it may pause; nor does one whose machine has gone. Each statement of a batch sees what is committed by then. A
 * database that forgets what it has acknowledged is not for us. */
static bool set_up_session(struct postgres_store *pg, struct err *err)
{
	char *schema =
	        pg->schema != NULL ? mem_must(PQescapeIdentifier(pg->conn, pg->schema, strlen(pg->schema))) : NULL;
	char *sql = mem_format(
	        "SET lock_timeout = %d; SET idle_in_transaction_session_timeout = %d;"
	        "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;"
	        "SELECT set_config('synchronous_commit', 'on', false)"
	        " WHERE current_setting('synchronous_commit') = 'off';"
	        "SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = %s;%s%s",
	        pg->patience_ms > 0 ? pg->patience_ms : 1, pg->may_pause ? 0 : pg->patience_ms + 5000,
	        pg->read_only ? "on" : "off", schema != NULL ? "SET search_path = " : "", schema != NULL ? schema : "");
	bool good = exec_soon(pg, sql, err);

	free(sql);
	PQfreemem(schema);
	return good;
}

/* libpq says what notices there are to stderr otherwise. */
static void on_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

/* The same for all connections of this process, and no other one's: "acts 3f2a0c1b9d8e 1", in containers. */
static char *application_name(const struct postgres_store *pg)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	return mem_format("%s %.40s %d", pg->schema != NULL ? pg->schema : "selfless", host, (int)getpid());
}

enum { PARAMETERS = 10 };

/* The later holds: before the url what it may say otherwise. Gives what is to be freed when they have been used. */
static char *set_parameters(const struct postgres_store *pg, const char *names[PARAMETERS],
                            const char *values[PARAMETERS])
{
	char *name = application_name(pg);
	const char *const pairs[PARAMETERS][2] = {{"connect_timeout", "3"},      {"keepalives_idle", "5"},
	                                          {"keepalives_interval", "2"},  {"keepalives_count", "3"},
	                                          {"tcp_user_timeout", "10000"}, {"target_session_attrs", "read-write"},
	                                          {"dbname", pg->url},           {"fallback_application_name", name},
	                                          {"client_encoding", "UTF8"},   {NULL, NULL}};

	for (int i = 0; i < PARAMETERS; i++) {
		names[i] = pairs[i][0];
		values[i] = pairs[i][1];
	}
	return name;
}

/* Where it fails there is what libpq says of it. */
static bool dial(struct postgres_store *pg, struct err *err)
{
	const char *names[PARAMETERS], *values[PARAMETERS];
	char *name = set_parameters(pg, names, values);

	pg->conn = mem_must(PQconnectdbParams(names, values, 1));
	free(name);
	PQsetNoticeReceiver(pg->conn, on_notice, NULL);
	return PQstatus(pg->conn) == CONNECTION_OK ? set_up_session(pg, err) : postgres_fail(pg, NULL, err);
}

static void hang_up(struct postgres_store *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
}

bool postgres_dial(struct postgres_store *pg, struct err *err)
{
	bool good = dial(pg, err);

	if (!good)
		hang_up(pg);
	return good;
}

/* --- a start --------------------------------------------------------------------------------------------------- */

static bool is_answered(const struct postgres_store *pg, struct err *err)
{
	const char *names[PARAMETERS], *values[PARAMETERS];
	char *name = set_parameters(pg, names, values);
	PGPing answer = PQpingParams(names, values, 1);

	free(name);
	if (answer == PQPING_REJECT)
		return err_set_code(err, POSTGRES_LOST, "%s: is about to start, or to stop, and lets nobody in",
		                    pg->shown);
	return answer != PQPING_NO_RESPONSE || err_set_code(err, POSTGRES_LOST, "%s: nobody answers there", pg->shown);
}

/* Name, password, rights, database, or what the url asks for: it would be said again. Whatever else is said passes: that there are
 * too many, that the server of a pooler is away, that it only reads. libpq tells the SQLSTATE of a dial that was refused only as
 * the text of another one: "FATAL:  28P01". */
static bool is_against_us(PGconn *conn)
{
	enum { SQLSTATE = 5 };
	static const char *const AGAINST[] = {"28", "3D", "42", "22", "0A", NULL};

	PQsetErrorVerbosity(conn, PQERRORS_SQLSTATE);
	PQreset(conn);
	const char *text = PQerrorMessage(conn);
	size_t len = strlen(text);
	while (len > 0 && text[len - 1] == '\n')
		len--;
	return PQstatus(conn) != CONNECTION_OK && len > SQLSTATE && text[len - SQLSTATE - 1] == ' ' &&
	       is_any(text + len - SQLSTATE, AGAINST);
}

bool postgres_dial_first(struct postgres_store *pg, bool *away, struct err *err)
{
	*away = !is_answered(pg, err);
	if (*away)
		return false;
	int64_t begun_us = clock_us();
	if (dial(pg, err))
		return true;
	*away = err->code == POSTGRES_LOST;
	if (PQstatus(pg->conn) != CONNECTION_OK)
		*away = clock_us() - begun_us > REFUSED_US || !is_against_us(pg->conn);
	hang_up(pg);
	return false;
}

/* --- a writer -------------------------------------------------------------------------------------------------- */

/* An earlier connection of ours may live on at the server, and its transaction with it. It is ended; the lock is free when that
 * has been. */
static bool take_over(struct postgres_store *pg, struct err *err)
{
	long long who = (long long)pg->writer;
	char *sql = mem_format("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
	                       " AND objsubid = 1 AND classid = %lld AND objid = %lld AND pid <> pg_backend_pid()"
	                       " AND database = (SELECT oid FROM pg_database WHERE datname = current_database());"
	                       "SELECT pg_advisory_lock(%lld)",
	                       who >> 32, who & 0xffffffffLL, who);
	bool good = postgres_exec(pg, sql, err);

	free(sql);
	return good;
}

/* The lowest number that is free: they are few, however many writers come and go. */
static bool take_slot(struct postgres_store *pg, struct err *err)
{
	char sql[400];
	int64_t slot = 0;

	snprintf(sql, sizeof(sql),
	         "SELECT slot FROM generate_series(1, %d) slot"
	         " WHERE pg_try_advisory_lock(hashtext('selfless.slot ' || current_schema()), slot) LIMIT 1",
	         MOST_WRITERS);
	if (!postgres_ask(pg, sql, &slot, err))
		return false;
	if (slot == 0)
		return err_set(err, "%s: %d others write there already", pg->shown, MOST_WRITERS);
	snprintf(sql, sizeof(sql),
	         "SET selfless.slot = %d;"
	         "DELETE FROM store_writers WHERE seen < now() - interval '1 day' AND writer <> %lld",
	         (int)slot, (long long)pg->writer);
	return postgres_exec(pg, sql, err);
}

bool postgres_join(struct postgres_store *pg, struct err *err)
{
	return pg->read_only || (take_over(pg, err) && take_slot(pg, err));
}
