/* words: a sentence for people, in a room of fixed size. */
#pragma once

#define WORDS_SIZE 1024

/* As snprintf, but a text without room for all of it ends with a whole word and "...". */
void words_write(char words[WORDS_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));
