/*-------------------------------------------------------------------------
 *
 * server.c
 *		The settings of a server, from its options.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/server.h"
#include "base/text.h"
#include "tables/options.h"

static const char *const wait_names[] = {
	[DBAAS_WAIT_NONE] = "none",
	[DBAAS_WAIT_OPERATION] = "operation",
	[DBAAS_WAIT_RUNNING] = "running"
};

const char *
dbaas_server_wait_name(DbaasWait wait)
{
	return wait_names[wait];
}

static DbaasWait
parse_wait(const char *value)
{
	for (DbaasWait wait = DBAAS_WAIT_NONE; wait <= DBAAS_WAIT_RUNNING; wait++)
	{
		if (strcmp(value, wait_names[wait]) == 0)
			return wait;
	}
	return DBAAS_WAIT_OPERATION;
}

void
dbaas_server_parse(List *options, DbaasServerSettings *settings)
{
	settings->endpoint = pstrdup(dbaas_options_string(options, "endpoint"));
	settings->endpoint_has_zone = strstr(settings->endpoint, "{zone}") != NULL;
	settings->zones = dbaas_options_zones(options);
	settings->max_concurrency = (int) dbaas_options_number(options, "max_concurrency");
	settings->max_retries = (int) dbaas_options_number(options, "max_retries");
	if (dbaas_options_string(options, "requests_per_second"))
		settings->requests_per_second = dbaas_options_number(options, "requests_per_second");
	settings->max_response_bytes = (size_t) dbaas_options_number(options, "max_response_bytes");
	settings->connect_timeout_ms = (long) (dbaas_options_number(options, "connect_timeout") * 1000);
	settings->request_timeout_ms = (long) (dbaas_options_number(options, "request_timeout") * 1000);
	settings->operation_timeout = dbaas_options_number(options, "operation_timeout");
	settings->wait = parse_wait(dbaas_options_string(options, "wait"));
	settings->skip_zones = dbaas_options_skips_zones(options);
	settings->proxy = dbaas_text_copy(dbaas_options_string(options, "proxy"));
}
