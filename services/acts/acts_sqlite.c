/* acts_sqlite: the acts' tables and statements as SQLite wants them.
 *
 * Unique means: the table says so, no look before the write. A category carries the number of its acts, kept by
 * triggers in the same transaction, so that lists of categories do not count acts. The picture is the last column: what
 * only looks at the others never touches its pages.
 *
 * Upvotes go to rows of their own, some two hundred in a page; in the act's row each would rewrite a page that is mostly
 * picture. An act has acts.upvotes (counted before the second schema, or since then by a service that knows only the
 * first and still runs) and votes.added together.
 */
#include "services/acts/acts_sql.h"

#include "services/private_sqlite.h"

static const char *const MIGRATIONS[] = {
        "CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, acts INTEGER NOT NULL DEFAULT 0);"
        "CREATE TABLE acts (act_id INTEGER PRIMARY KEY,"
        " category_id INTEGER NOT NULL REFERENCES categories (id) ON DELETE CASCADE,"
        " upvotes INTEGER NOT NULL DEFAULT 0, time INTEGER NOT NULL, username TEXT NOT NULL,"
        " timestamp TEXT NOT NULL, caption TEXT NOT NULL, img TEXT NOT NULL);"
        "CREATE INDEX acts_newest ON acts (category_id, time DESC, act_id DESC);"
        "CREATE TRIGGER act_added AFTER INSERT ON acts"
        " BEGIN UPDATE categories SET acts = acts + 1 WHERE id = new.category_id; END;"
        "CREATE TRIGGER act_deleted AFTER DELETE ON acts"
        " BEGIN UPDATE categories SET acts = acts - 1 WHERE id = old.category_id; END;" PRIVATE_SQLITE_SCHEMA,

        "CREATE TABLE votes (act_id INTEGER PRIMARY KEY, added INTEGER NOT NULL DEFAULT 0);"
        "INSERT INTO votes (act_id) SELECT act_id FROM acts INDEXED BY acts_newest ORDER BY act_id;"
        "CREATE TRIGGER votes_added AFTER INSERT ON acts"
        " BEGIN INSERT INTO votes (act_id) VALUES (new.act_id); END;"
        "CREATE TRIGGER votes_deleted AFTER DELETE ON acts"
        " BEGIN DELETE FROM votes WHERE act_id = old.act_id; END;",
        NULL,
};

static const char *const RULES[] = {
        "SELECT 'category \"' || name || '\" says ' || acts || ' acts, and has ' || n FROM"
        " (SELECT name, acts, (SELECT count(*) FROM acts a WHERE a.category_id = c.id) AS n FROM categories c)"
        " WHERE n <> acts",
        "SELECT 'act ' || act_id || ' has ' || (upvotes + added) || ' upvotes' FROM acts JOIN votes USING (act_id)"
        " WHERE act_id < 0 OR upvotes < 0 OR added < 0",
        "SELECT 'act ' || act_id || ' has no row for its upvotes' FROM acts"
        " WHERE act_id NOT IN (SELECT act_id FROM votes)",
        "SELECT 'there are upvotes for act ' || act_id || ', and no such act' FROM votes"
        " WHERE act_id NOT IN (SELECT act_id FROM acts)",
        "SELECT 'act ' || act_id || ' has a picture that is not base64' FROM acts"
        " WHERE typeof(img) <> 'text' OR img = '' OR img GLOB '*[^A-Za-z0-9+/=]*'",
        PRIVATE_SQLITE_RULE,
        NULL,
};

static const char *const STATEMENTS[ACTS_STATEMENTS] = {
        PRIVATE_SQLITE_STATEMENTS,
        [ACTS_CATEGORY_ADD] = "INSERT INTO categories (name) VALUES (?1)",
        [ACTS_CATEGORY_DELETE] = "DELETE FROM categories WHERE name = ?1",
        [ACTS_ACT_ADD] = ("INSERT INTO acts (act_id, category_id, time, username, timestamp, caption, img)"
                          " SELECT ?1, id, ?3, ?4, ?5, ?6, ?7 FROM categories WHERE name = ?2"),
        [ACTS_ACT_DELETE] = "DELETE FROM acts WHERE act_id = ?1",
        [ACTS_UPVOTE] = "UPDATE votes SET added = added + 1 WHERE act_id = ?1",
        [ACTS_CATEGORIES] = "SELECT name, acts FROM categories WHERE name > ?1 ORDER BY name LIMIT ?2",
        [ACTS_COUNT] = "SELECT coalesce(sum(acts), 0) FROM categories",
        [ACTS_CATEGORY] = "SELECT id, acts FROM categories WHERE name = ?1",
        [ACTS_IDS] =
                "SELECT act_id FROM acts WHERE category_id = ?1 ORDER BY time DESC, act_id DESC LIMIT ?2 OFFSET ?3",
        [ACTS_ACT] = ("SELECT username, timestamp, caption, upvotes + added, img FROM acts JOIN votes USING (act_id)"
                      " WHERE act_id = ?1"),
        [ACTS_ACT_WORDS] = ("SELECT username, timestamp, caption, upvotes + added FROM acts JOIN votes USING (act_id)"
                            " WHERE act_id = ?1"),
        [ACTS_PICTURE] = "acts.img",
        [ACTS_IMPORT] = ("INSERT INTO acts (act_id, category_id, time, username, timestamp, caption, img, upvotes)"
                         " SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8 FROM categories WHERE name = ?2"),
        [ACTS_NEXT] = ("SELECT act_id, username, timestamp, caption, name, upvotes + added, img FROM acts"
                       " JOIN votes USING (act_id) JOIN categories ON id = category_id"
                       " WHERE act_id > ?1 ORDER BY act_id LIMIT 1"),
};

const struct store_texts acts_sqlite = {
        .dialect = "sqlite", .migrations = MIGRATIONS, .rules = RULES, .statements = STATEMENTS};
