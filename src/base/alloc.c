/* SPDX-License-Identifier: ISC */
/* alloc: memory, or the end of the program. */
#include "config.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void alloc_failed(void)
{
	static const char line[] = "liu: out of memory\n";

	/* Neither stdio nor log.c: both may allocate. */
	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		_exit(1);
	_exit(1);
}

static void *checked(void *memory)
{
	if (memory == NULL)
		alloc_failed();
	return memory;
}

void *alloc_memory(size_t size)
{
	return alloc_resize(NULL, size);
}

void *alloc_zeroed(size_t size)
{
	return alloc_array(1, size);
}

void *alloc_array(size_t count, size_t size)
{
	return checked(calloc(count, size));
}

/* realloc(3) frees where the size is 0. */
void *alloc_resize(void *old, size_t size)
{
	return checked(realloc(old, size == 0 ? 1 : size));
}

void *alloc_copy(const void *data, size_t size)
{
	void *copy = alloc_memory(size);

	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

char *alloc_string(const char *string)
{
	return alloc_copy(string, strlen(string) + 1);
}

char *alloc_vprintf(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		alloc_failed();
	return text;
}

char *alloc_printf(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	text = alloc_vprintf(format, args);
	va_end(args);
	return text;
}
