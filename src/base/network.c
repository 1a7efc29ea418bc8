/*-------------------------------------------------------------------------
 *
 * network.c
 *		Networks that are open to the whole world.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "common/string.h"
#include "regex/regex.h"
#include "utils/builtins.h"

#include "base/network.h"

bool
dbaas_network_is_open(const char *network)
{
	return pg_is_ascii(network) &&
		RE_compile_and_execute(cstring_to_text(DBAAS_OPEN_NETWORK), unconstify(char *, network),
							   strlen(network), REG_ADVANCED | REG_ICASE | REG_NOSUB,
							   C_COLLATION_OID, 0, NULL);
}
