/*
 * handlers.h
 *		What the operations do, once a request is found to be valid.
 *
 * The request's zone is locked while a handler runs, unless the table says
 * "locks".
 */
#ifndef SIM_HANDLERS_H
#define SIM_HANDLERS_H

#include "response.h"

/* reads.c */
extern void list_zones(Request *request, Response *response);
extern void list_services(Request *request, Response *response);
extern void list_service_types(Request *request, Response *response);
extern void get_service_type(Request *request, Response *response);
extern void get_service_settings(Request *request, Response *response);
extern void get_service_details(Request *request, Response *response);
extern void get_index_rules(Request *request, Response *response);
extern void list_service_users(Request *request, Response *response);
extern void get_integration(Request *request, Response *response);
extern void list_integration_types(Request *request, Response *response);
extern void list_integration_settings(Request *request, Response *response);
extern void list_external_integrations(Request *request, Response *response);
extern void get_external_integration(Request *request, Response *response);
extern void get_service_logs(Request *request, Response *response);
extern void get_service_metrics(Request *request, Response *response);
extern void get_ca_certificate(Request *request, Response *response);
extern void get_migration_status(Request *request, Response *response);
extern void get_task(Request *request, Response *response);
extern void get_operation(Request *request, Response *response);
extern void get_usage_report(Request *request, Response *response);
extern void list_events(Request *request, Response *response);

/* writes.c */
extern void delete_service(Request *request, Response *response);
extern void create_integration(Request *request, Response *response);
extern void update_integration(Request *request, Response *response);
extern void delete_integration(Request *request, Response *response);
extern void attach_service(Request *request, Response *response);
extern void detach_service(Request *request, Response *response);
extern void create_migration_check(Request *request, Response *response);

/* endpoints.c */
extern void list_external_endpoints(Request *request, Response *response);
extern void list_external_endpoint_types(Request *request, Response *response);
extern void get_external_endpoint(Request *request, Response *response);
extern void create_external_endpoint(Request *request, Response *response);
extern void update_external_endpoint(Request *request, Response *response);
extern void delete_external_endpoint(Request *request, Response *response);
extern void get_datadog_settings(Request *request, Response *response);
extern void update_datadog_settings(Request *request, Response *response);

/* services.c */
extern void create_service(Request *request, Response *response);
extern void update_service(Request *request, Response *response);
extern void delete_typed_service(Request *request, Response *response);
extern void start_maintenance(Request *request, Response *response);
extern void enable_writes(Request *request, Response *response);
extern void stop_migration(Request *request, Response *response);
extern void create_upgrade_check(Request *request, Response *response);
extern void create_user(Request *request, Response *response);
extern void delete_user(Request *request, Response *response);
extern void allow_replication(Request *request, Response *response);
extern void reset_password(Request *request, Response *response);
extern void reveal_password(Request *request, Response *response);
extern void reveal_connect_password(Request *request, Response *response);
extern void update_access_control(Request *request, Response *response);
extern void create_database(Request *request, Response *response);
extern void delete_database(Request *request, Response *response);
extern void create_pool(Request *request, Response *response);
extern void update_pool(Request *request, Response *response);
extern void delete_pool(Request *request, Response *response);
extern void replace_index_rules(Request *request, Response *response);

/* rights.c */
extern void get_kafka_rules(Request *request, Response *response);
extern void create_kafka_rule(Request *request, Response *response);
extern void delete_kafka_rule(Request *request, Response *response);
extern void list_clickhouse_roles(Request *request, Response *response);
extern void delete_clickhouse_role(Request *request, Response *response);
extern void get_clickhouse_rights(Request *request, Response *response);

#endif							/* SIM_HANDLERS_H */
