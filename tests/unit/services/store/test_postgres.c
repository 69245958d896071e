/* postgres: what it promises beside what every store does: its transactions whatever the server is set to, and ends of them. */
#include "tests/unit/services/store/candidates.h"
#include "tests/unit/services/store/server.h"

enum { POSTGRES = 1 }; /* of the candidates */

#define KICK_ALL_OTHERS                                                                              \
	"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()" \
	" AND datname = current_database()"

/* What was sent is heard of at the undo, and so is that the connection has gone. */
START_TEST(undone_after_the_connection_is_lost)
{
	if (!candidate_set_up(POSTGRES))
		return;
	struct store *store = open_one(false);
	struct store_statement *insert = prepared(store, ADD);
	enum store_change change;
	begin(store);
	store_bind_int(insert, 1, 2);
	store_bind_text(insert, 2, "two", 3);
	store_bind_text(insert, 3, "", 0);
	ck_assert_msg(store_change(insert, &change, &err), "%s", err.message);
	server_run(KICK_ALL_OTHERS);
	store_undo(store);
	ck_assert_int_eq(rows(store), 1);
	begin(store);
	ck_assert_int_eq(add(store, insert, 2, "two"), STORE_CHANGED);
	commit(store);
	ck_assert_int_eq(rows(store), 2);
	store_close(store);
	candidate_tear_down();
}
END_TEST

/* Each statement of who writes sees what others have committed by then, whatever the server's default is. */
START_TEST(the_server_s_isolation_is_not_ours)
{
	if (!candidate_set_up(POSTGRES))
		return;
	server_run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable',"
	           " current_database()); END $$");
	struct store *store = open_one(false), *other = open_one(false);
	struct store_statement *insert = prepared(store, ADD), *same = prepared(other, ADD);
	begin(store);
	ck_assert_int_eq(add(store, insert, 2, "two"), STORE_CHANGED);
	begin(other);
	ck_assert_int_eq(add(other, same, 3, "three"), STORE_CHANGED);
	commit(other);
	ck_assert_int_eq(rows(store), 3);
	commit(store);
	store_close(other);
	store_close(store);
	candidate_tear_down();
}
END_TEST

int main(void)
{
	const TTest *const alone[] = {undone_after_the_connection_is_lost, the_server_s_isolation_is_not_ours};

	return candidates_run("postgres", NULL, 0, alone, sizeof(alone) / sizeof(alone[0]));
}
