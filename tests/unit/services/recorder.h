/* recorder: an SQLite VFS that does what the real one does and writes down every write, truncation and sync, so that the
 * disk can be made as a power cut might have left it: what was synced is there; of what was not, anything may be.
 *
 * A cut is a place in the record. Names are of files in the recorded folder. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recorder;

/* From now on every file that SQLite opens goes through it; one at a time. */
struct recorder *recorder_start(void);
void recorder_stop(struct recorder *recorder); /* SQLite has closed its files */
void recorder_free(struct recorder *recorder);

size_t recorder_length(const struct recorder *recorder); /* the record so far: a cut is 0..length */
size_t recorder_syncs(const struct recorder *recorder);

enum unsynced {
	UNSYNCED_LOST, /* nothing of it got to the disk */
	UNSYNCED_KEPT, /* all of it did: what kill -9 leaves */
	UNSYNCED_SOME, /* some writes did, in whatever order */
	UNSYNCED_TORN, /* some sectors of some writes did */
};

/* Makes the recorded files, as of the cut, in this folder. chance: of what is left to it. */
void recorder_make_image(const struct recorder *recorder, size_t cut, enum unsynced unsynced, uint64_t chance,
                         const char *folder);
