/* descriptors: how many files and sockets this process may have open. */
#pragma once

/* Raises the limit to the most that the system allows this process. Where that fails the limit stays as it is. */
void descriptors_raise(void);
