/* SPDX-License-Identifier: ISC */
/* replay: runs a fuzz target over its corpus, a TAP test for each file. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * libFuzzer is clang's; this main serves every compiler. The program's name
 * says which corpus: replay_escape takes tests/fuzz/corpus/escape under $srcdir.
 * With arguments, those files are run instead: to look at a crash.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1024 * 1024 };

static const char NAME_PREFIX[] = "replay_";

/* The target gets a block of exactly its size, so that a sanitizer or valgrind
 * sees a read past the end. */
static bool replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_MAX);
	if (file == NULL || data == NULL) {
		printf("# %s: %s\n", path, strerror(errno));
		free(data);
		if (file != NULL)
			(void)fclose(file); /* nothing was written */
		return false;
	}
	size_t size = fread(data, 1, INPUT_MAX, file);
	bool whole = !ferror(file) && feof(file);
	(void)fclose(file); /* nothing was written */
	uint8_t *exact = realloc(data, size > 0 ? size : 1);
	if (exact == NULL)
		exact = data;
	if (whole)
		LLVMFuzzerTestOneInput(exact, size);
	else
		printf("# %s cannot be read whole\n", path);
	free(exact);
	return whole;
}

static bool replay(int number, const char *path, const char *name)
{
	bool good = replay_file(path);
	printf("%s %d - %s\n", good ? "ok" : "not ok", number, name);
	(void)fflush(stdout); /* before a crash in the next one */
	return good;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay_corpus(const char *name)
{
	const char *srcdir = getenv("srcdir");
	char directory[4096];
	(void)snprintf(directory, sizeof directory, "%s/tests/fuzz/corpus/%s",
		       srcdir != NULL ? srcdir : ".", name);
	struct dirent **entries = NULL;
	int count = scandir(directory, &entries, is_visible, alphasort);
	if (count <= 0) {
		printf("Bail out! no corpus in %s\n", directory);
		return EXIT_FAILURE;
	}
	printf("1..%d\n", count);
	int failed = 0;
	for (int i = 0; i < count; i++) {
		char path[sizeof directory + sizeof entries[i]->d_name];
		(void)snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
		failed += !replay(i + 1, path, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	int failed = 0;
	for (int i = 1; i < argc; i++)
		failed += !replay(i, argv[i], argv[i]);
	if (argc > 1)
		return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	const char *name = strstr(program_invocation_short_name, NAME_PREFIX);
	if (name == NULL) {
		printf("Bail out! a replay program is called %sNAME\n", NAME_PREFIX);
		return EXIT_FAILURE;
	}
	return replay_corpus(name + strlen(NAME_PREFIX));
}
