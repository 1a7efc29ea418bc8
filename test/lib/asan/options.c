/*
 * options.c
 *	  What the sanitizers are to do, in every program of PostgreSQL.
 *
 * PostgreSQL leaves memory to the end of its processes, and measures the depth
 * of its stack by the addresses of variables.  A test preloads a library.
 * Undefined behaviour is a trap.
 */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=0:verify_asan_link_order=0:"
		"handle_sigill=1:abort_on_error=1";
}
