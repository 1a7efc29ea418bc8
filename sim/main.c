/*
 * main.c
 *		dbaas-sim: the start, the end, and the options that only print.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "auth.h"
#include "document.h"
#include "operations.h"
#include "options.h"
#include "server.h"
#include "state.h"
#include "wait.h"

static int
describe(void)
{
	json_object *json;

	operations_init();
	json = operations_describe();

	puts(json_text(json));
	json_object_put(json);
	return 0;
}

/* METHOD PATH EXPIRES [BODY]; all query arguments are signed */
static int
sign(int argc, char **argv)
{
	char	   *path;
	const char *query;
	char		names[256] = "";
	char		signature[45];

	if (argc < 3 || argc > 4)
	{
		fputs("dbaas-sim: --sign needs METHOD PATH EXPIRES [BODY]\n", stderr);
		return 2;
	}
	path = xstrndup(argv[1], strcspn(argv[1], "?"));
	query = strchr(argv[1], '?');
	for (const char *name = query; name && *name; name = strpbrk(name, "&"))
	{
		name++;
		strncat(names, name, strcspn(name, "=") < 64 ? strcspn(name, "=") : 64);
		strncat(names, ";", sizeof(names) - strlen(names) - 1);
		if (strlen(names) > sizeof(names) - 70)
			break;
	}
	auth_sign(config.api_secret, argv[0], path, query ? query + 1 : NULL, names,
			  argc == 4 ? argv[3] : "", argc == 4 ? strlen(argv[3]) : 0, argv[2], signature);
	puts(signature);
	free(path);
	return 0;
}

/* The main thread alone receives signals, from a descriptor. */
static int
take_signals(void)
{
	sigset_t	signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

/*
 * Waits for a signal, or with --exit-with-stdin for the end of standard input.
 */
static void
wait_for_end(int signal_descriptor)
{
	struct pollfd descriptors[] = {
		{signal_descriptor, POLLIN, 0},
		{config.exit_with_stdin ? STDIN_FILENO : -1, POLLIN, 0},
	};
	char		ignored[4096];

	for (;;)
	{
		if (poll(descriptors, 2, -1) < 0 && errno != EINTR)
			return;
		if (descriptors[0].revents)
			return;
		if (descriptors[1].revents && read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0)
			return;
	}
}

static int
serve(void)
{
	int			signal_descriptor = take_signals();

	clock_start();
	document_init();
	operations_init();
	wait_init();
	state_init();
	if (signal_descriptor < 0)
	{
		fprintf(stderr, "dbaas-sim: cannot take signals: %s\n", strerror(errno));
		return 1;
	}
	if (!server_listen())
	{
		fprintf(stderr, "dbaas-sim: cannot listen on 127.0.0.1:%ld: %s\n", config.port,
				strerror(errno));
		return 1;
	}
	if (!server_start())
	{
		fputs("dbaas-sim: cannot serve\n", stderr);
		return 1;
	}
	printf("listening on http://127.0.0.1:%ld/v2\n", config.listening_port);
	fflush(stdout);
	wait_for_end(signal_descriptor);
	server_stop();
	return 0;
}

int
main(int argc, char **argv)
{
	int			first_argument = argc;

	switch (options_parse(argc, argv, &first_argument))
	{
		case OPTIONS_SERVE:
			return serve();
		case OPTIONS_DESCRIBE:
			return describe();
		case OPTIONS_SIGN:
			return sign(argc - first_argument, argv + first_argument);
		case OPTIONS_HELP:
			return 0;
		case OPTIONS_BAD:
			break;
	}
	return 2;
}
