/* SPDX-License-Identifier: ISC */
/* alloc: memory, or the end of the program. */
#pragma once

/*
 * No caller checks for NULL: out of memory is one line on standard error and exit
 * status 1. libevent, OpenSSL and jansson allocate with these functions too. The
 * caller owns what is returned, and frees it with free().
 */

#include <stdarg.h>
#include <stddef.h>

void *alloc_memory(size_t size);		 /* malloc(3) */
void *alloc_zeroed(size_t size);		 /* all bytes 0 */
void *alloc_array(size_t count, size_t size);	 /* all bytes 0; checks the product */
void *alloc_resize(void *old, size_t size);	 /* realloc(3); old may be NULL */
void *alloc_copy(const void *data, size_t size); /* size 0: one byte is allocated */
char *alloc_string(const char *string);		 /* strdup(3) */
char *alloc_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *alloc_vprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
_Noreturn void alloc_failed(void); /* for libraries that report a failed allocation */
