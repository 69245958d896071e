/* write_fault: "there" is the file that was named before, or its folder. */
#include "orchestrator/base/write_fault.h"

#include <errno.h>
#include <stddef.h>

static const struct {
	int error;
	const char *remedy;
} rows[] = {
        {ENOSPC, "make room there"},
        {EDQUOT, "make room there, or raise the quota"},
        {EACCES, "let the orchestrator's user write there"},
        {EPERM, "let the orchestrator's user write there"},
        {EROFS, "mount it writable again (`dmesg` says if it fails)"},
        {EIO, "the disk fails (`dmesg`): replace it"},
        {ENOENT, "make its folder again"},
        {ENOTDIR, "make its folder again"},
        {EISDIR, "a folder has its name: move that away"},
        {EFBIG, "it is as large as it may be: move it away"},
        {EMFILE, "raise LimitNOFILE (`ulimit -n`)"},
};

const char *write_fault_remedy(int error)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].error == error)
			return rows[i].remedy;
	return "look at that disk (`df`, `dmesg`)";
}
