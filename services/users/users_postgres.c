/* users_postgres: the users' tables and statements as PostgreSQL wants them.
 *
 * The list's version is counted by triggers, so that no statement can forget it, in a row for each writer; added up, it grows with
 * every change, by steps of no one size: a standby that lacks the last changes when it takes over comes to no number that was
 * there before. The epoch makes a new database's versions differ from an old one's.
 */
#include "services/users/users_sql.h"

#include "services/private_postgres.h"

static const char *const MIGRATIONS[] = {
        "CREATE TABLE users (username bytea PRIMARY KEY, password text NOT NULL);"
        "CREATE TABLE list (epoch text NOT NULL);"
        "INSERT INTO list VALUES (replace(gen_random_uuid()::text, '-', ''));"
        "CREATE TABLE list_versions (slot integer PRIMARY KEY, version bigint NOT NULL) WITH (fillfactor = 50);"
        "CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO list_versions VALUES (" PRIVATE_POSTGRES_SLOT ", 1 + (random() * 1000000)::bigint)"
        " ON CONFLICT (slot) DO UPDATE SET version = list_versions.version + excluded.version;"
        " RETURN NULL; END $$;"
        "CREATE TRIGGER list_changed AFTER INSERT OR DELETE OR UPDATE OF username ON users"
        " FOR EACH ROW EXECUTE FUNCTION count_change();"
        "CREATE TRIGGER list_emptied AFTER TRUNCATE ON users"
        " FOR EACH STATEMENT EXECUTE FUNCTION count_change();" PRIVATE_POSTGRES_SCHEMA,
        NULL,
};

static const char *const RULES[] = {
        "SELECT 'user \"' || encode(username, 'escape') || '\" has no hashed password' FROM users"
        " WHERE password NOT LIKE '$argon2id$%'",
        "SELECT 'list has ' || n || ' rows' FROM (SELECT count(*) AS n FROM list) l WHERE n <> 1",
        PRIVATE_POSTGRES_RULE,
        NULL,
};

static const char *const STATEMENTS[USERS_STATEMENTS] = {
        PRIVATE_POSTGRES_STATEMENTS,
        [USERS_ADD] = ("WITH added AS (INSERT INTO users VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1)"
                       " SELECT 2 * count(*) - 1 FROM added"),
        [USERS_DELETE] = "DELETE FROM users WHERE username = $1",
        [USERS_ETAG] = "SELECT epoch, (SELECT coalesce(sum(version), 0) FROM list_versions)::bigint FROM list",
        [USERS_NAMES] = "SELECT username FROM users WHERE username > $1 ORDER BY username LIMIT $2",
        [USERS_NEXT] = "SELECT username, password FROM users WHERE username > $1 ORDER BY username LIMIT $2",
};

const struct store_texts users_postgres = {
        .dialect = "postgresql", .name = "users", .migrations = MIGRATIONS, .rules = RULES, .statements = STATEMENTS};
