/* users_sqlite: the users' tables and statements as SQLite wants them.
 *
 * Uniqueness is the table's constraint. The list's version is counted by triggers, so that no statement can forget it;
 * the epoch makes a new database's versions differ from an old one's.
 */
#include "services/users/users_sql.h"

#include "services/private_sqlite.h"

static const char *const MIGRATIONS[] = {
        "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, password TEXT NOT NULL);"
        "CREATE TABLE list (id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, version INTEGER NOT NULL);"
        "INSERT INTO list VALUES (1, lower(hex(randomblob(8))), 0);"
        "CREATE TRIGGER user_added AFTER INSERT ON users BEGIN UPDATE list SET version = version + 1; END;"
        "CREATE TRIGGER user_deleted AFTER DELETE ON users BEGIN UPDATE list SET version = version + 1; END;"
        "CREATE TRIGGER user_renamed AFTER UPDATE OF username ON users"
        " BEGIN UPDATE list SET version = version + 1; END;" PRIVATE_SQLITE_SCHEMA,
        NULL,
};

static const char *const RULES[] = {
        "SELECT 'user \"' || username || '\" has no hashed password' FROM users WHERE password NOT GLOB '$argon2id$*'",
        "SELECT 'list has ' || n || ' rows' FROM (SELECT count(*) AS n FROM list) WHERE n <> 1",
        PRIVATE_SQLITE_RULE,
        NULL,
};

static const char *const STATEMENTS[USERS_STATEMENTS] = {
        PRIVATE_SQLITE_STATEMENTS,
        [USERS_ADD] = "INSERT INTO users (username, password) VALUES (?1, ?2)",
        [USERS_DELETE] = "DELETE FROM users WHERE username = ?1",
        [USERS_ETAG] = "SELECT epoch, version FROM list",
        [USERS_NAMES] = "SELECT username FROM users WHERE username > ?1 ORDER BY username LIMIT ?2",
        [USERS_NEXT] = "SELECT username, password FROM users WHERE username > ?1 ORDER BY username LIMIT ?2",
};

const struct store_texts users_sqlite = {
        .dialect = "sqlite", .migrations = MIGRATIONS, .rules = RULES, .statements = STATEMENTS};
