/* words: how much room texts for people have. */
#pragma once

#define WORDS_SIZE 1024
#define WAITS_SIZE 160 /* of what something waits for */
