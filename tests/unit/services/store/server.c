/* server: started by the script, talked to by libpq. */
#include "tests/unit/services/store/server.h"

#include "common/mem.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[128];
static int port;
static int databases;

static int free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) == -1)
		abort();
	close(fd);
	return ntohs(address.sin_port);
}

/* Runs the script, and takes in the first line of what it says. */
static bool run_script(char *const words[], char *said, size_t room)
{
	int out[2], status = -1;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		return false;
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		execv(SERVER_SCRIPT, words);
		_exit(127);
	}
	close(out[1]);
	ssize_t len = read(out[0], said, room - 1);
	said[len > 0 ? len : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	close(out[0]);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

void server_start(void)
{
	char number[16];
	char *const words[] = {"postgresql", "make", number, "fsync=off", NULL};

	port = free_port();
	snprintf(number, sizeof(number), "%d", port);
	if (!run_script(words, folder, sizeof(folder))) {
		folder[0] = '\0';
		fputs("no PostgreSQL here: what is tested is SQLite only\n", stderr);
	}
}

static bool do_it(char *command, char *argument)
{
	char said[128], *const words[] = {"postgresql", command, folder, argument, NULL};

	return run_script(words, said, sizeof(said));
}

void server_do(char *command, char *argument)
{
	ck_assert(do_it(command, argument));
}

void server_stop(void)
{
	if (folder[0] != '\0' && !do_it("remove", NULL))
		fprintf(stderr, "%s could not be removed\n", folder);
}

static char *url_of(const char *database)
{
	return mem_format("postgresql://selfless@/%s?host=%s&port=%d", database, folder, port);
}

static void run_in(const char *database, const char *sql)
{
	char *url = url_of(database);
	PGconn *conn = PQconnectdb(url);
	PGresult *result = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(result);

	ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
	free(url);
}

static char *last_database(void)
{
	return mem_format("t%d_%d", (int)getpid(), databases);
}

char *server_make_database(void)
{
	if (folder[0] == '\0')
		return NULL;
	databases++;
	char *name = last_database(), *sql = mem_format("CREATE DATABASE %s", name);
	run_in("postgres", sql);
	char *url = url_of(name);
	free(sql);
	free(name);
	return url;
}

void server_clear_database(void)
{
	char *name = last_database(), *sql = mem_format("DROP DATABASE %s WITH (FORCE)", name);

	run_in("postgres", sql);
	free(sql);
	free(name);
}

void server_run(const char *sql)
{
	char *name = last_database();

	run_in(name, sql);
	free(name);
}
