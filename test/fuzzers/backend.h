/*-------------------------------------------------------------------------
 *
 * backend.h
 *		What the wrapper's files need of a backend, where there is none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUZZER_BACKEND_H
#define FUZZER_BACKEND_H

/* How often an interrupt would have been served. */
extern uint32 backend_interrupts;

/*
 * Calls the function, which may raise an error.  Returns whether it did not; the error's
 * texts are in backend_error.
 */
extern bool backend_call(void (*function) (void *arg), void *arg);
extern char backend_error[];

/* Frees all that was allocated. */
extern void backend_free(void);

#endif							/* FUZZER_BACKEND_H */
