/*-------------------------------------------------------------------------
 *
 * network.h
 *		Networks that are open to the whole world.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_NETWORK_H
#define DBAAS_NETWORK_H

/*
 * A regular expression, to be matched case-insensitively, for networks that are
 * everything or nearly so: prefixes of up to four bits, so that 0.0.0.0/1 and
 * 2000::/3 (all of IPv6) count too.
 */
#define DBAAS_OPEN_NETWORK \
	"^ *([*]|any|all|[0.:]+|.*/0*[0-4]|.*/(0|128|192|224|240)([.]0+){3}|" \
	"[0:]*:ffff:[0.:]+/0*(9[6-9]|100)) *$"

/* Does the text, in any encoding, match that?  Raises no error. */
extern bool dbaas_network_is_open(const char *network);

#endif							/* DBAAS_NETWORK_H */
