/* private_path: may a program behind us take this path for a private one?  Pure, fuzzed.
 *
 * Programs read the same bytes differently. Each of these is tried, and what can be combined is combined:
 *   - percent-encoding: left alone, decoded, decoded twice; each with and without %2F and %5C, which some keep;
 *     and with dots removed before or after;
 *   - \ is a slash;
 *   - the path ends at an encoded NUL, ? or #; or encoded control characters and spaces are dropped;
 *   - ;parameters: dropped from their segment, or with everything behind them;
 *   - //host/path is the path on a host;
 *   - empty segments count for .., or do not.
 * Capitals are as good as small letters in all of them. Under a private prefix is also what comes by it (/private/../x).
 */
#pragma once

#include "common/http_head.h"
#include "orchestrator/config/config.h"

#include <stdbool.h>

/* So many bytes are read, in all ways together; a path that takes more is long and as odd as can be, and is taken for private
 * if it names a private segment at all. */
#define PRIVATE_PATH_EFFORT 131072

/* path: origin-form, as sent, without query. prefixes: plain paths. scratch: room for three times path.len bytes. */
bool private_path_is(struct http_text path, const struct strings *prefixes, char *scratch);
