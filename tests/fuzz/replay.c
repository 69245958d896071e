/* replay: runs every file of the directories named through a fuzz target, once. */
#include "tests/fuzz/fuzz.h"

#include "common/mem.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static void replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t size = 0, got;
	char *data = NULL;

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	do {
		data = mem_grow(data, size + 65536);
		got = fread(data + size, 1, 65536, file);
		size += got;
	} while (got > 0);
	fclose(file);
	uint8_t *exact = (uint8_t *)mem_dup_n(data, size);
	free(data);
	exact = mem_grow(exact, size); /* a read behind the end is seen */
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int count = 0;

	if (dir == NULL) {
		perror(folder);
		exit(1);
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		char *path = mem_format("%s/%s", folder, entry->d_name);
		replay_file(path);
		free(path);
		count++;
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++)
		count += replay_folder(argv[i]);
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
