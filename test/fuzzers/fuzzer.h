/*-------------------------------------------------------------------------
 *
 * fuzzer.h
 *		What a fuzzer is: a program that checks a text.
 *
 * Each fuzzer NAME.c defines the two functions below.  With main.c it becomes two
 * programs, both with sanitizers: one for libFuzzer, and one that checks the texts
 * in NAME.txt, and random changes of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUZZER_H
#define FUZZER_H

#include <stdbool.h>
#include <stddef.h>

/* Checks a text, which a NUL follows.  Returns whether it was accepted, for statistics. */
extern bool fuzzer_check(const char *text, size_t len);

/* Called once, before the first text. */
extern void fuzzer_start(void);

/* expect(HOLDS, FORMAT, ...): unless it holds, tells what is wrong and with which text, and aborts. */
#define expect(holds, ...) ((holds) ? (void) 0 : fuzzer_fail(__VA_ARGS__))

extern void fuzzer_fail(const char *format,...) __attribute__((format(printf, 1, 2), noreturn));

/*
 * Is called with an exact copy of a text, so that a sanitizer sees who reads on.  Returns
 * what fuzzer_check() does.
 */
extern bool check_copy(const char *text, size_t len);

#endif							/* FUZZER_H */
