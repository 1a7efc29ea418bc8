/*-------------------------------------------------------------------------
 *
 * pace.h
 *		How fast this backend sends requests to a server.
 *
 * All connections to a server have one pace: the rate that its option requests_per_second
 * gives, if any, with small bursts.  When the API answers that there are too many requests,
 * the rate is halved.  It then doubles in every ten seconds, until it is what it was.  A server
 * without the option has a pace only until then.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PACE_H
#define DBAAS_PACE_H

#include "base/clock.h"

typedef struct DbaasPace DbaasPace;

/* The pace of a server; makes it at first, without a rate.  Never freed. */
extern DbaasPace *dbaas_pace_get(Oid serverid);

/* Sets its rate, in requests per second; 0: none. */
extern void dbaas_pace_set_rate(DbaasPace *pace, double rate);

/* When the next request may be sent, without regard to holds; that may be in the past. */
extern DbaasMoment dbaas_pace_due(const DbaasPace *pace, DbaasMoment now);

/* Counts a request that is sent now. */
extern void dbaas_pace_count(DbaasPace *pace, DbaasMoment now);

/* Takes back one that was counted, and not sent after all. */
extern void dbaas_pace_uncount(DbaasPace *pace, DbaasMoment now);

/*
 * To be called when a request was answered by 429.  Halves the rate, unless the request was
 * sent before it was last halved.
 */
extern void dbaas_pace_slow_down(DbaasPace *pace, DbaasMoment sent_at, DbaasMoment now);

/*
 * A hold: the API wants the request that it refused again at that time, so others are not to be
 * sent before.  dbaas_pace_end_holds() ends those of all servers, since none outlives its
 * request.  dbaas_pace_held_until() is 0 if there is no hold.
 */
extern void dbaas_pace_hold(DbaasPace *pace, DbaasMoment until);
extern void dbaas_pace_end_holds(void);
extern DbaasMoment dbaas_pace_held_until(const DbaasPace *pace);

#endif							/* DBAAS_PACE_H */
