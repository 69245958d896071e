/* acts_postgres: the acts' tables and statements as PostgreSQL wants them.
 *
 * No row is touched by all who write: what there is of a category's acts, and of an act's upvotes, is counted in a row for each
 * writer, and added up where it is read. What clients send is bytea: compared and ordered byte by byte, whatever the database's
 * encoding, and it may hold a NUL. Pictures are base64 and do not get smaller, so they are not tried to be compressed.
 *
 * No foreign keys: each new act would lock its category's row. Instead who adds to a category, or takes from it, holds an
 * advisory lock on it that others may hold, too; who deletes it, alone. Upvotes belong to an act's birth, not to its number: an
 * upvote that comes too late for a deleted act is not one for a later act of that number.
 */
#include "services/acts/acts_sql.h"

#include "services/private_postgres.h"

#define CATEGORY_LOCK "hashtext('selfless.category ' || current_schema()), (category % 2147483647)::integer"

/* Adds to the writer's own number of a category's acts. */
#define COUNT_ACTS                                                                           \
	"CREATE FUNCTION count_acts(category bigint, change integer) RETURNS void"           \
	" LANGUAGE plpgsql AS $$ BEGIN"                                                      \
	" INSERT INTO category_acts VALUES (category, " PRIVATE_POSTGRES_SLOT ", change)"    \
	" ON CONFLICT (category_id, slot) DO UPDATE SET acts = category_acts.acts + change;" \
	" END $$;"

/* The lock is taken before it is looked whether the category is there for good: each look sees what is committed by then. */
#define ADD_ACT                                                                                                      \
	"CREATE FUNCTION add_act(id bigint, category_name bytea, at bigint, by_user bytea, stamp text, words bytea," \
	" picture bytea) RETURNS integer LANGUAGE plpgsql AS $$"                                                     \
	" DECLARE category bigint; BEGIN"                                                                            \
	" SELECT c.id INTO category FROM categories c WHERE c.name = category_name;"                                 \
	" IF NOT FOUND THEN RETURN 0; END IF;"                                                                       \
	" PERFORM pg_advisory_xact_lock_shared(" CATEGORY_LOCK ");"                                                  \
	" PERFORM FROM categories c WHERE c.id = category;"                                                          \
	" IF NOT FOUND THEN RETURN 0; END IF;"                                                                       \
	" INSERT INTO acts (act_id, category_id, time, username, timestamp, caption, img)"                           \
	" VALUES (id, category, at, by_user, stamp, words, picture) ON CONFLICT DO NOTHING;"                         \
	" IF NOT FOUND THEN RETURN -1; END IF;"                                                                      \
	" PERFORM count_acts(category, 1);"                                                                          \
	" RETURN 1; END $$;"

#define DELETE_ACT                                                                                        \
	"CREATE FUNCTION delete_act(id bigint) RETURNS integer LANGUAGE plpgsql AS $$"                    \
	" DECLARE category bigint; born bigint; BEGIN"                                                    \
	" SELECT a.category_id INTO category FROM acts a WHERE a.act_id = id;"                            \
	" IF NOT FOUND THEN RETURN 0; END IF;"                                                            \
	" PERFORM pg_advisory_xact_lock_shared(" CATEGORY_LOCK ");"                                       \
	" DELETE FROM acts a WHERE a.act_id = id AND a.category_id = category RETURNING birth INTO born;" \
	" IF NOT FOUND THEN RETURN 0; END IF;"                                                            \
	" DELETE FROM votes v WHERE v.birth = born;"                                                      \
	" PERFORM count_acts(category, -1);"                                                              \
	" RETURN 1; END $$;"

#define DELETE_CATEGORY                                                                               \
	"CREATE FUNCTION delete_category(category_name bytea) RETURNS integer LANGUAGE plpgsql AS $$" \
	" DECLARE category bigint; BEGIN"                                                             \
	" SELECT c.id INTO category FROM categories c WHERE c.name = category_name;"                  \
	" IF NOT FOUND THEN RETURN 0; END IF;"                                                        \
	" PERFORM pg_advisory_xact_lock(" CATEGORY_LOCK ");"                                          \
	" DELETE FROM categories c WHERE c.id = category;"                                            \
	" IF NOT FOUND THEN RETURN 0; END IF;"                                                        \
	" DELETE FROM votes v USING acts a WHERE a.category_id = category AND v.birth = a.birth;"     \
	" DELETE FROM acts a WHERE a.category_id = category;"                                         \
	" DELETE FROM category_acts n WHERE n.category_id = category;"                                \
	" RETURN 1; END $$;"

/* The upvotes that an imported act has had elsewhere. */
#define IMPORT_ACT                                                                                                      \
	"CREATE FUNCTION import_act(id bigint, category_name bytea, at bigint, by_user bytea, stamp text, words bytea," \
	" picture bytea, upvotes bigint) RETURNS integer LANGUAGE plpgsql AS $$"                                        \
	" DECLARE outcome integer; BEGIN"                                                                               \
	" outcome := add_act(id, category_name, at, by_user, stamp, words, picture);"                                   \
	" IF outcome = 1 AND upvotes > 0 THEN"                                                                          \
	" INSERT INTO votes SELECT birth, " PRIVATE_POSTGRES_SLOT ", upvotes FROM acts WHERE act_id = id;"              \
	" END IF;"                                                                                                      \
	" RETURN outcome; END $$;"

static const char *const MIGRATIONS[] = {
        "CREATE TABLE categories (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name bytea NOT NULL UNIQUE);"
        "CREATE TABLE category_acts (category_id bigint, slot integer, acts bigint NOT NULL,"
        " PRIMARY KEY (category_id, slot)) WITH (fillfactor = 50);"
        "CREATE SEQUENCE births CACHE 256;"
        "CREATE TABLE acts (act_id bigint PRIMARY KEY, category_id bigint NOT NULL,"
        " birth bigint NOT NULL DEFAULT nextval('births'), time bigint NOT NULL, username bytea NOT NULL,"
        " timestamp text NOT NULL, caption bytea NOT NULL, img bytea NOT NULL);"
        "ALTER TABLE acts ALTER COLUMN img SET STORAGE EXTERNAL;"
        "CREATE INDEX acts_newest ON acts (category_id, time DESC, act_id DESC);"
        "CREATE TABLE votes (birth bigint, slot integer, added bigint NOT NULL, PRIMARY KEY (birth, slot))"
        " WITH (fillfactor = 70);" COUNT_ACTS ADD_ACT DELETE_ACT DELETE_CATEGORY IMPORT_ACT PRIVATE_POSTGRES_SCHEMA,
        NULL,
};

static const char *const RULES[] = {
        "SELECT 'category \"' || encode(name, 'escape') || '\" says ' || acts || ' acts, and has ' || n FROM"
        " (SELECT name, coalesce((SELECT sum(m.acts) FROM category_acts m WHERE m.category_id = c.id), 0) AS acts,"
        " (SELECT count(*) FROM acts a WHERE a.category_id = c.id) AS n FROM categories c) counted WHERE n <> acts",
        "SELECT 'act ' || act_id || ' is in no category' FROM acts"
        " WHERE category_id NOT IN (SELECT id FROM categories)",
        "SELECT 'act ' || act_id || ' has ' || added || ' upvotes' FROM acts JOIN votes USING (birth)"
        " WHERE act_id < 0 OR added < 0",
        "SELECT 'act ' || act_id || ' has a picture that is not base64' FROM acts"
        " WHERE octet_length(img) = 0 OR encode(img, 'escape') ~ '[^A-Za-z0-9+/=]'",
        PRIVATE_POSTGRES_RULE,
        NULL,
};

/* Of the acts that are wanted, those before which there are not too many bytes: what is stored says its length without being read. */
#define SOME_ACTS(picture, bytes)                                                                                      \
	("SELECT username, timestamp, caption, " UPVOTES ", " picture ", position FROM (SELECT a.*, position,"         \
	 " sum(" bytes ") OVER (ORDER BY position) - (" bytes ") AS before"                                            \
	 " FROM unnest($1::text::bigint[]) WITH ORDINALITY AS wanted (act_id, position) JOIN acts a USING (act_id)) a" \
	 " WHERE before < $2::bigint ORDER BY position")

#define UPVOTES "coalesce((SELECT sum(added) FROM votes v WHERE v.birth = a.birth), 0)::bigint"

static const char *const STATEMENTS[ACTS_STATEMENTS] = {
        PRIVATE_POSTGRES_STATEMENTS,
        [ACTS_CATEGORY_ADD] = ("WITH added AS (INSERT INTO categories (name) VALUES ($1) ON CONFLICT DO NOTHING"
                               " RETURNING 1) SELECT 2 * count(*) - 1 FROM added"),
        [ACTS_CATEGORY_DELETE] = "SELECT delete_category($1)",
        [ACTS_ACT_ADD] = "SELECT add_act($1, $2, $3, $4, $5, $6, $7)",
        [ACTS_ACT_DELETE] = "SELECT delete_act($1)",
        [ACTS_UPVOTE] = ("INSERT INTO votes SELECT birth, " PRIVATE_POSTGRES_SLOT ", 1 FROM acts WHERE act_id = $1"
                         " ON CONFLICT (birth, slot) DO UPDATE SET added = votes.added + 1"),
        [ACTS_CATEGORIES] = ("SELECT name, coalesce((SELECT sum(acts) FROM category_acts n WHERE n.category_id = c.id),"
                             " 0)::bigint FROM categories c WHERE name > $1 ORDER BY name LIMIT $2"),
        [ACTS_COUNT] = "SELECT coalesce(sum(acts), 0)::bigint FROM category_acts",
        [ACTS_CATEGORY] = ("SELECT id, coalesce((SELECT sum(acts) FROM category_acts n WHERE n.category_id = c.id),"
                           " 0)::bigint FROM categories c WHERE name = $1"),
        [ACTS_IDS] =
                "SELECT act_id FROM acts WHERE category_id = $1 ORDER BY time DESC, act_id DESC LIMIT $2 OFFSET $3",
        [ACTS_SOME] = SOME_ACTS("img", "octet_length(img) + octet_length(caption)"),
        [ACTS_SOME_WORDS] = SOME_ACTS("NULL::bytea", "octet_length(caption)"),
        [ACTS_PICTURE] = ("SELECT octet_length(img)::bigint, substring(img FROM $2::bigint::integer"
                          " FOR $3::bigint::integer) FROM acts WHERE act_id = $1"),
        [ACTS_IMPORT] = "SELECT import_act($1, $2, $3, $4, $5, $6, $7, $8)",
        [ACTS_NEXT] = ("SELECT act_id, username, timestamp, caption, name, " UPVOTES ", img"
                       " FROM acts a JOIN categories c ON c.id = a.category_id WHERE act_id > $1"
                       " ORDER BY act_id LIMIT 1"),
};

const struct store_texts acts_postgres = {
        .dialect = "postgresql", .name = "acts", .migrations = MIGRATIONS, .rules = RULES, .statements = STATEMENTS};
