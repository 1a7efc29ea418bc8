/*
 * control.h
 *		The interface under /_sim/ that tests steer the simulator with.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "response.h"

#define CONTROL_PREFIX "/_sim/"

/* request->api_path is the path after the prefix */
extern void control_handle(Request *request, Response *response);

#endif							/* SIM_CONTROL_H */
