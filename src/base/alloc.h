/* SPDX-License-Identifier: ISC */
/* alloc: memory that is there, or the program ends. */
#ifndef LIU_BASE_ALLOC_H
#define LIU_BASE_ALLOC_H

/*
 * No caller checks for NULL: out of memory is one line on standard error and
 * exit status 1. What is returned is owned by the caller and freed with free().
 */

#include <stddef.h>

void *alloc_zeroed(size_t size);		 /* all bytes 0 */
void *alloc_array(size_t count, size_t size);	 /* all bytes 0; checks the product */
void *alloc_resize(void *old, size_t size);	 /* realloc(3); old may be NULL */
void *alloc_copy(const void *data, size_t size); /* size 0: one byte is allocated */
char *alloc_string(const char *string);		 /* strdup(3) */
char *alloc_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void alloc_failed(void); /* for libraries that report it */

#endif
