/* exit_code: what the program ends with. command_table.c says what each means; commands that do not end with 0 or 1 alone
 * name theirs here.
 */
#pragma once

enum exit_code {
	CODE_GOOD = 0,
	CODE_REFUSED = 1, /* or nobody answers */
	CODE_USAGE = 2,   /* or a bad configuration */
	CODE_NOT_SERVING = 3,
	CODE_WENT_BACK = 4,
	CODE_CERTIFICATE = 5, /* NOT_SERVING wins */
	CODE_UNDER_WAY = 6,
};
