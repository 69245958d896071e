/* write_fault: what to do about a file that cannot be written. One table for everything that this process keeps. */
#pragma once

/* error: the errno of open, write, fsync or rename; a short write is ENOSPC. Gives words that stand behind a colon: "make room
 * there"; never NULL, never freed. */
const char *write_fault_remedy(int error);
