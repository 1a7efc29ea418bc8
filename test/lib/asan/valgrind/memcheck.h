/*
 * memcheck.h
 *	  Valgrind's requests, as AddressSanitizer serves them.
 *
 * PostgreSQL tells Valgrind which parts of its own blocks of memory may be
 * accessed: each chunk of palloc, until its pfree or the end of its context.
 * Found in the place of Valgrind's own header, this file tells it to
 * AddressSanitizer, which otherwise knows no more than the blocks.  What is
 * allocated and not yet initialized it cannot tell apart.
 */
#ifndef ASAN_MEMCHECK_H
#define ASAN_MEMCHECK_H

#include <sanitizer/asan_interface.h>

#define VALGRIND_MAKE_MEM_NOACCESS(addr, size)	__asan_poison_memory_region(addr, size)
#define VALGRIND_MAKE_MEM_UNDEFINED(addr, size) __asan_unpoison_memory_region(addr, size)
#define VALGRIND_MAKE_MEM_DEFINED(addr, size)	__asan_unpoison_memory_region(addr, size)
#define VALGRIND_CHECK_MEM_IS_DEFINED(addr, size) do {} while (0)

#define VALGRIND_CREATE_MEMPOOL(pool, redzone, zeroed) do {} while (0)
#define VALGRIND_DESTROY_MEMPOOL(pool) do {} while (0)
#define VALGRIND_MEMPOOL_ALLOC(pool, addr, size) __asan_unpoison_memory_region(addr, size)
#define VALGRIND_MEMPOOL_FREE(pool, addr) do {} while (0)
#define VALGRIND_MEMPOOL_CHANGE(pool, old, new, size) __asan_unpoison_memory_region(new, size)
#define VALGRIND_MEMPOOL_TRIM(pool, addr, size) do {} while (0)

#define RUNNING_ON_VALGRIND 0
#define VALGRIND_COUNT_ERRORS 0
#define VALGRIND_PRINTF(...) do {} while (0)

#endif							/* ASAN_MEMCHECK_H */
