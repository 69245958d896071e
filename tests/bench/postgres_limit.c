/* What PostgreSQL takes of acts' batches: a loop by libpq alone, without HTTP, threads, or the store's driver. Each transaction is
 * one pipeline with one sync.
 *
 * usage: postgres_limit URL GROUP SECONDS
 * The category "uploads" must be there. GROUP: acts in a transaction. Prints how many were added.
 */
#include "common/clock.h"

#include <endian.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMAGE_BYTES 13656 /* 10 KB in base64 */
#define FIRST 1000
#define PARAMETERS 7

static PGconn *conn;
static char image[IMAGE_BYTES];

static void must(bool good)
{
	if (good)
		return;
	fprintf(stderr, "postgres_limit: %s", PQerrorMessage(conn));
	exit(1);
}

static void send_act(void)
{
	static const int binary[PARAMETERS] = {1, 1, 1, 1, 1, 1, 1};
	static const char category[] = "uploads", user[] = "ann", stamp[] = "01-02-2024:03-04-05",
	                  caption[] = "a caption";
	uint64_t id = htobe64(FIRST + (((uint64_t)random() << 31) | (uint64_t)random())), at = htobe64(1706756645);
	const char *const values[PARAMETERS] = {(const char *)&id, category, (const char *)&at, user, stamp,
	                                        caption,           image};
	const int lengths[PARAMETERS] = {sizeof(id),        sizeof(category) - 1, sizeof(at),   sizeof(user) - 1,
	                                 sizeof(stamp) - 1, sizeof(caption) - 1,  sizeof(image)};

	must(PQsendQueryPrepared(conn, "add", PARAMETERS, values, lengths, binary, 1) == 1);
}

static void take_results(long group)
{
	for (long i = 0; i < group + 2; i++) {
		PGresult *result = PQgetResult(conn);
		ExecStatusType status = PQresultStatus(result);
		must(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
		PQclear(result);
		must(PQgetResult(conn) == NULL);
	}
	PGresult *sync = PQgetResult(conn);
	must(PQresultStatus(sync) == PGRES_PIPELINE_SYNC);
	PQclear(sync);
}

static void run_group(long group)
{
	must(PQsendQueryParams(conn, "BEGIN", 0, NULL, NULL, NULL, NULL, 1) == 1);
	for (long i = 0; i < group; i++)
		send_act();
	must(PQsendQueryParams(conn, "COMMIT", 0, NULL, NULL, NULL, NULL, 1) == 1);
	must(PQpipelineSync(conn) == 1);
	take_results(group);
}

static void open_all(const char *url)
{
	conn = PQconnectdb(url);
	must(PQstatus(conn) == CONNECTION_OK);
	PGresult *result = PQexec(conn, "SET search_path = acts; SET selfless.slot = 9000");
	must(PQresultStatus(result) == PGRES_COMMAND_OK);
	PQclear(result);
	result = PQprepare(conn, "add", "SELECT add_act($1, $2, $3, $4, $5, $6, $7)", 0, NULL);
	must(PQresultStatus(result) == PGRES_COMMAND_OK);
	PQclear(result);
	must(PQenterPipelineMode(conn) == 1);
	memset(image, 'A', sizeof(image));
	srandom((unsigned)getpid());
}

int main(int argc, char **argv)
{
	long group = argc == 4 ? strtol(argv[2], NULL, 10) : 0, seconds = argc == 4 ? strtol(argv[3], NULL, 10) : 0,
	     done = 0;

	if (group < 1 || seconds < 1) {
		fputs("usage: postgres_limit URL GROUP SECONDS\n", stderr);
		return 2;
	}
	open_all(argv[1]);
	int64_t begin_us = clock_us();
	for (; clock_us() < begin_us + seconds * 1000000; done += group)
		run_group(group);
	printf("{\"requests\": %ld, \"seconds\": %.6f}\n", done, (double)(clock_us() - begin_us) / 1e6);
	PQfinish(conn);
	return 0;
}
