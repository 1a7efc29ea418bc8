# What a query with keys sends: those keys and zones, and nothing else.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 9, logs => 20);
my $session = $t->session;
my @lists = map { "GET $_ /dbaas-service" } qw(at-vie-1 ch-gva-2 de-fra-1);
$session->sql('SELECT count(*) FROM exo.dbaas_services');    # learns the zones

sub sends
{
	my ($sql, $expected, $name) = @_;
	is_deeply([ $session->lines($sql) ], [ sort @$expected ], $name // $sql);
	return;
}

# Zones
sends(q{SELECT * FROM exo.dbaas_services WHERE zone = 'de-fra-1'}, ['GET de-fra-1 /dbaas-service']);
sends(q{SELECT * FROM exo.dbaas_services WHERE 'de-fra-1' = zone}, ['GET de-fra-1 /dbaas-service']);
sends(
	q{SELECT * FROM exo.dbaas_services WHERE zone IN ('de-fra-1', 'at-vie-1')},
	[ 'GET at-vie-1 /dbaas-service', 'GET de-fra-1 /dbaas-service' ]);
sends(q{SELECT * FROM exo.dbaas_services WHERE zone = ANY (ARRAY['de-fra-1', NULL, 'de-fra-1'])},
	['GET de-fra-1 /dbaas-service']);
sends(
	q{SELECT * FROM exo.dbaas_services WHERE zone IN ('de-fra-1', 'at-vie-1') }
	  . q{AND zone = 'at-vie-1'},
	['GET at-vie-1 /dbaas-service']);
sends(
	q{SELECT * FROM exo.dbaas_services WHERE zone = 'de-fra-1' AND name LIKE 'pg%'},
	['GET de-fra-1 /dbaas-service'],
	'a zone beside a local condition');
sends(
	q{SELECT * FROM exo.dbaas_migrations WHERE zone = 'de-fra-1' AND service_name = 'pg-2-0001'},
	['GET de-fra-1 /dbaas-migration-status/pg-2-0001'],
	'a zone and a key need no list');
sends(
	q{SELECT * FROM exo.dbaas_migrations WHERE zone IN ('de-fra-1', 'at-vie-1') }
	  . q{AND service_name = 'pg-2-0001'},
	[
		'GET at-vie-1 /dbaas-service',
		'GET de-fra-1 /dbaas-service',
		'GET de-fra-1 /dbaas-migration-status/pg-2-0001'
	],
	'of two zones the lists tell which has the key');
sends(q{SELECT zone FROM exo.dbaas_zones WHERE zone = 'de-fra-1'}, ['GET ch-gva-2 /zone']);
sends(q{SELECT * FROM exo.dbaas_services WHERE zone LIKE 'de-%'},
	[@lists], 'a condition on zone that is not an equality is checked here');
sends(q{SELECT * FROM exo.dbaas_services WHERE zone = 'de-fra-1' OR name = 'pg-1-0001'},
	[@lists], 'so is one in an OR');

sends(q{SELECT * FROM exo.dbaas_services WHERE zone = 'nowhere-1'},
	['GET ch-gva-2 /zone'], 'a zone that is not known is looked up');

# Nothing can come of these
foreach my $where (
	q{zone = NULL},
	q{zone = ANY (ARRAY[]::text[])},
	q{zone = ANY (NULL::text[])},
	q{zone = ANY (ARRAY[NULL]::text[])},
	q{zone = 'de-fra-1' AND zone = 'at-vie-1'})
{
	sends("SELECT * FROM exo.dbaas_services WHERE $where", [], "nothing is sent for $where");
}
foreach my $value (
	q{''}, q{'.'}, q{'..'}, q{NULL},
	"repeat('x', 64)", "(SELECT '..'::text)", "(SELECT NULL::text)")
{
	sends("SELECT * FROM exo.dbaas_logs WHERE service_name = $value",
		[], "nothing is sent for service_name = $value");
	sends("SELECT * FROM exo.dbaas_migrations WHERE zone = 'ch-gva-2' AND service_name = $value",
		[], "nor with a zone");
}
sends(q{SELECT * FROM exo.dbaas_service_types WHERE name IN ('', '..')}, []);
sends(
	q{SELECT * FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' }
	  . q{AND service_name = 'kafka-1-0003'},
	[]);
sends(
	q{SELECT * FROM exo.dbaas_integration_settings WHERE zone = 'ch-gva-2' }
	  . q{AND integration_type = 'logs' AND source_type = '.' AND dest_type = 'opensearch'},
	[]);

# A service without a zone: the lists, once, and then its own zone
sends(
	q{SELECT * FROM exo.dbaas_migrations WHERE service_name = 'pg-2-0001'},
	[ @lists, 'GET de-fra-1 /dbaas-migration-status/pg-2-0001' ]);
sends(
	q{SELECT * FROM exo.dbaas_migrations }
	  . q{WHERE service_name IN ('pg-2-0001', 'pg-3-0001', 'no-such')},
	[
		@lists,
		'GET de-fra-1 /dbaas-migration-status/pg-2-0001',
		'GET at-vie-1 /dbaas-migration-status/pg-3-0001'
	]);
sends(
	q{SELECT * FROM exo.dbaas_migrations m JOIN exo.dbaas_external_integrations e
		USING (zone, service_name)
	WHERE service_name = 'pg-2-0001'},
	[
		@lists,
		'GET de-fra-1 /dbaas-migration-status/pg-2-0001',
		'GET de-fra-1 /dbaas-external-integrations/pg-2-0001'
	],
	'two tables of one statement share the lists');
sends(q{SELECT * FROM exo.dbaas_migrations WHERE service_name = 'no-such'},
	[@lists], 'a service that no list has is not asked for');

# Keys that no list tells the zone of are asked for in each
sends(q{SELECT * FROM exo.dbaas_service_types WHERE name = 'pg'},
	[ map { "GET $_ /dbaas-service-type/pg" } qw(at-vie-1 ch-gva-2 de-fra-1) ]);
sends(
	q{SELECT * FROM exo.dbaas_plans WHERE service_type IN ('pg', 'kafka') AND zone = 'ch-gva-2'},
	[ 'GET ch-gva-2 /dbaas-service-type/kafka', 'GET ch-gva-2 /dbaas-service-type/pg' ]);
my $id = DbaasSim::uuid('1/ch-gva-2/integrations/1');
sends("SELECT * FROM exo.dbaas_integrations WHERE id = '$id'",
	[ map { "GET $_ /dbaas-integration/$id" } qw(at-vie-1 ch-gva-2 de-fra-1) ]);
sends(
	"SELECT * FROM exo.dbaas_integrations WHERE id = '" . uc($id) . "' AND zone = 'ch-gva-2'",
	["GET ch-gva-2 /dbaas-integration/$id"],
	'a uuid is sent as PostgreSQL writes it');
my $operation = DbaasSim::uuid('1/ch-gva-2/operations/1');
sends("SELECT * FROM exo.dbaas_operations WHERE id = '$operation' AND zone = 'ch-gva-2'",
	["GET ch-gva-2 /operation/$operation"]);
my $task = DbaasSim::uuid('1/ch-gva-2/services/1/tasks/1');
sends("SELECT * FROM exo.dbaas_tasks WHERE id = '$task' AND service_name = 'pg-1-0001'",
	[ @lists, "GET ch-gva-2 /dbaas-task/pg-1-0001/$task" ]);
sends(
	"SELECT * FROM exo.dbaas_tasks WHERE id = '$task' AND service_name = 'pg-1-0001' "
	  . "AND zone = 'ch-gva-2'",
	["GET ch-gva-2 /dbaas-task/pg-1-0001/$task"]);
sends(
	q{SELECT * FROM exo.dbaas_integration_settings WHERE zone = 'ch-gva-2'
		AND integration_type = 'logs'
	AND source_type = 'pg' AND dest_type = 'opensearch'},
	['GET ch-gva-2 /dbaas-integration-settings/logs/pg/opensearch']);
sends(
	q{SELECT * FROM exo.dbaas_integration_settings WHERE zone = 'ch-gva-2' }
	  . q{AND integration_type = 'logs' AND source_type = 'pg'},
	[
		'GET ch-gva-2 /dbaas-integration-types',
		'GET ch-gva-2 /dbaas-integration-settings/logs/pg/opensearch'
	],
	'missing keys come from the integration types, the others restrict them');

# External integrations go by id, or by service
my $external = DbaasSim::uuid('1/ch-gva-2/external-integrations/1/1');
sends("SELECT * FROM exo.dbaas_external_integrations WHERE id = '$external' AND zone = 'ch-gva-2'",
	["GET ch-gva-2 /dbaas-external-integration/$external"]);
sends("SELECT * FROM exo.dbaas_external_integrations WHERE id = '$external'",
	[ map { "GET $_ /dbaas-external-integration/$external" } qw(at-vie-1 ch-gva-2 de-fra-1) ]);
sends(
	q{SELECT * FROM exo.dbaas_external_integrations WHERE zone = 'ch-gva-2' }
	  . q{AND service_name = 'pg-1-0001'},
	['GET ch-gva-2 /dbaas-external-integrations/pg-1-0001']);

# Parameters and joins give keys too
sends(
	q{PREPARE one(text, text) AS SELECT * FROM exo.dbaas_migrations WHERE zone = $1
		AND service_name = $2;
	SET plan_cache_mode = force_generic_plan;
	EXECUTE one('de-fra-1', 'pg-2-0001')}, ['GET de-fra-1 /dbaas-migration-status/pg-2-0001'],
	'a generic plan sends the value of its parameter');
sends(q{EXECUTE one(NULL, 'pg-2-0001')}, [], 'and nothing for NULL');
sends(
	q{PREPARE many(text[]) AS SELECT * FROM exo.dbaas_migrations WHERE zone = 'de-fra-1'
		AND service_name = ANY ($1);
	EXECUTE many(ARRAY['pg-2-0001', '..', NULL, 'mysql-2-0002', 'pg-2-0001'])},
	[
		'GET de-fra-1 /dbaas-migration-status/mysql-2-0002',
		'GET de-fra-1 /dbaas-migration-status/pg-2-0001'
	],
	'an array parameter sends each value once');
sends(q{EXECUTE many('{}')}, [], 'and an empty one nothing');
$session->sql('RESET plan_cache_mode');
sends(
	q{CREATE TEMP TABLE mine AS VALUES ('de-fra-1', 'pg-2-0001'); ANALYZE mine;
	SELECT * FROM mine, LATERAL (SELECT * FROM exo.dbaas_migrations WHERE zone = column1
		AND service_name = column2 OFFSET 0) m},
	['GET de-fra-1 /dbaas-migration-status/pg-2-0001'],
	'a lateral join sends the outer row\'s values');
sends(
	q{SELECT * FROM exo.dbaas_migrations WHERE zone = 'de-fra-1' AND service_name = }
	  . q{(SELECT column2 FROM mine)},
	['GET de-fra-1 /dbaas-migration-status/pg-2-0001'],
	'so does a sub-select');
sends(
	q{SELECT * FROM (VALUES (1), (2), (3)) v, LATERAL (SELECT * FROM exo.dbaas_migrations
		WHERE zone = 'de-fra-1'
	AND service_name = 'pg-2-0001' OFFSET 0) m},
	['GET de-fra-1 /dbaas-migration-status/pg-2-0001'],
	'a rescan with the same values asks nothing again');

sends(
	q{SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
	SELECT count(*) FROM (VALUES (-1), (-2)) v(n), exo.dbaas_services s WHERE s.zone = 'de-fra-1'
		AND s.node_count > v.n},
	['GET de-fra-1 /dbaas-service'], 'also where the executor keeps no copy');
sends(
	q{SELECT count(*) FROM (VALUES ('pg-2-0001'), ('pg-2-0001'), ('mysql-2-0002')) v(n),
	LATERAL (SELECT * FROM exo.dbaas_migrations WHERE zone = 'de-fra-1'
		AND service_name = v.n OFFSET 0) m},
	[
		'GET de-fra-1 /dbaas-migration-status/mysql-2-0002',
		'GET de-fra-1 /dbaas-migration-status/pg-2-0001'
	],
	'nor when the outer rows give the same values');
$session->sql('RESET ALL');

# What does not decide alone is checked here, after asking
is( $session->sql(
			q{SELECT count(*) FROM exo.dbaas_migrations WHERE zone = 'de-fra-1' }
		  . q{AND service_name = 'pg-2-0001' AND status = 'no'}),
	0,
	'other conditions are checked here');

done_testing();
