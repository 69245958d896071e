/* json_yajl: a parser of yajl's as the JSON reader wants it. Private to that. */
#pragma once

#include <stdbool.h>
#include <yajl/yajl_parse.h>

/* Its memory is ours (mem.h), so it never fails; strings are not validated, the reader does that, strictly. The caller frees
 * it with yajl_free. */
yajl_handle json_yajl_new(const yajl_callbacks *callbacks, bool comments, void *arg);

#define JSON_YAJL_WORDS 200 /* bytes */

/* What was wrong in yajl's words, without its "parse error: ". True: it was a byte, not the order of tokens. */
bool json_yajl_explain(yajl_handle yajl, char words[JSON_YAJL_WORDS]);
