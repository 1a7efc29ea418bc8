/*
 * handlers.h
 *		What the operations do, once a request is found valid.
 *
 * Unless the table says "locks", the request's zone is locked around a handler.
 */
#ifndef SIM_HANDLERS_H
#define SIM_HANDLERS_H

#include "answer.h"

/* reads.c */
extern void list_zones(Request *request, Answer *answer);
extern void list_services(Request *request, Answer *answer);
extern void list_service_types(Request *request, Answer *answer);
extern void get_service_type(Request *request, Answer *answer);
extern void get_service_settings(Request *request, Answer *answer);
extern void get_service_details(Request *request, Answer *answer);
extern void get_access(Request *request, Answer *answer);
extern void list_service_users(Request *request, Answer *answer);
extern void get_integration(Request *request, Answer *answer);
extern void list_integration_types(Request *request, Answer *answer);
extern void list_integration_settings(Request *request, Answer *answer);
extern void list_external_endpoints(Request *request, Answer *answer);
extern void list_external_endpoint_types(Request *request, Answer *answer);
extern void get_external_endpoint(Request *request, Answer *answer);
extern void get_datadog_settings(Request *request, Answer *answer);
extern void list_external_integrations(Request *request, Answer *answer);
extern void get_external_integration(Request *request, Answer *answer);
extern void get_service_logs(Request *request, Answer *answer);
extern void get_service_metrics(Request *request, Answer *answer);
extern void get_ca_certificate(Request *request, Answer *answer);
extern void get_migration_status(Request *request, Answer *answer);
extern void get_task(Request *request, Answer *answer);
extern void get_operation(Request *request, Answer *answer);
extern void get_usage_report(Request *request, Answer *answer);
extern void list_events(Request *request, Answer *answer);

/* writes.c */
extern void delete_service(Request *request, Answer *answer);
extern void create_integration(Request *request, Answer *answer);
extern void update_integration(Request *request, Answer *answer);
extern void delete_integration(Request *request, Answer *answer);
extern void attach_service(Request *request, Answer *answer);
extern void detach_service(Request *request, Answer *answer);
extern void create_migration_check(Request *request, Answer *answer);

/* services.c */
extern void create_service(Request *request, Answer *answer);
extern void update_service(Request *request, Answer *answer);
extern void delete_typed_service(Request *request, Answer *answer);
extern void start_maintenance(Request *request, Answer *answer);
extern void create_user(Request *request, Answer *answer);
extern void delete_user(Request *request, Answer *answer);
extern void allow_replication(Request *request, Answer *answer);
extern void reset_password(Request *request, Answer *answer);
extern void update_access_control(Request *request, Answer *answer);
extern void create_database(Request *request, Answer *answer);
extern void delete_database(Request *request, Answer *answer);
extern void create_pool(Request *request, Answer *answer);
extern void update_pool(Request *request, Answer *answer);
extern void delete_pool(Request *request, Answer *answer);

#endif							/* SIM_HANDLERS_H */
