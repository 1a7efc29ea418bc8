# What an UPDATE computes from a row that an earlier statement of the
# transaction changes is refused, and nothing of it is lost: what the row shows
# is what the API still says.
use strict;
use warnings;

use DbaasChecks qw(writes_of);
use DbaasTest;
use Test::More;

my $t =
  DbaasTest->new(services => 20, logs => 0, operation_time => 5, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
my $row = "zone = 'ch-gva-2' AND service_name = 'valkey-1-0005'";
my $service = "zone = 'ch-gva-2' AND name = 'valkey-1-0005'";
my $set = 'UPDATE exo.dbaas_service_details SET';
my $parameters = 'UPDATE exo.dbaas_services SET parameters =';

# Each transaction begins with what these have; none of them is applied
$session->sql(qq{$set settings = settings || '{"ssl": true, "timeout": 300}',
	ip_filter = '{192.0.2.0/24}', maintenance_dow = 'sunday' WHERE $row});

# refused(STATEMENTS, COLUMN, NAME): the last of them is, as it computes from the column
sub refused
{
	my ($statements, $column, $name) = @_;
	$sim->clear;
	my $error = $session->sql_error(join '; ', 'BEGIN', @$statements);
	is($error->{sqlstate}, '0A000', "$name: 0A000");
	like(
		$error->{stderr},
		qr/computes a value from column "$column"[^\n]*, which an earlier statement/,
		"$name: says from what");
	$session->sql('ROLLBACK');
	is_deeply([ grep { $_->{method} ne 'GET' } $sim->requests ], [], "$name: nothing is sent");
	return;
}

# builds(STATEMENTS, BODIES, NAME): what a transaction of them sends
sub builds
{
	my ($statements, $bodies, $name) = @_;
	my $writes = writes_of($session, join '; ', 'BEGIN', @$statements, 'COMMIT');
	is_deeply([ map { s/^[^{]*//r } @$writes ], $bodies, $name);
	return;
}

# Twice the same expression
my $more = q{to_jsonb((settings->>'timeout')::int + 1)};
foreach (
	"jsonb_set(settings, '{timeout}', $more)",
	"settings || jsonb_build_object('timeout', $more)",
	q{settings || jsonb_build_object('ssl', NOT (settings->>'ssl')::boolean)})
{
	refused([ ("$set settings = $_ WHERE $row") x 2 ], 'settings', "$_, twice");
}
builds(["$set settings = jsonb_set(settings, '{timeout}', $more) WHERE $row"],
	['{"valkey-settings":{"timeout":301}}'], 'and once it is sent');
$session->sql(qq{$set settings = settings || '{"timeout": 300}' WHERE $row});
my $change = qq{$set settings = settings || '{"timeout": 77}' WHERE $row};
refused(
	[
		$change,
		"$set settings = settings || jsonb_build_object('timeout', 77, "
		  . "'lfu_decay_time', settings->'timeout') WHERE $row"
	],
	'settings',
	'a member made of another');
refused(
	[
		$change,
		qq{$set settings = settings || '{"ssl": false}', maintenance_dow = }
		  . "CASE settings->>'timeout' WHEN '300' THEN 'monday' ELSE 'friday' END WHERE $row"
	],
	'settings',
	'another column, beside members that are given');

# What only gives members is none of these
builds([ $change, "$set settings['ssl'] = 'false' WHERE $row" ],
	[ '{"valkey-settings":{"timeout":77}}', '{"valkey-settings":{"ssl":false}}' ],
	'a subscript');
builds(
	[
		"$set settings['ssl'] = 'true', settings['timeout'] = '78' WHERE $row",
		"$set settings['timeout'] = '300' WHERE $row"
	],
	[ '{"valkey-settings":{"ssl":true,"timeout":78}}', '{"valkey-settings":{"timeout":300}}' ],
	'two subscripts');
builds(
	[
		'SET LOCAL plan_cache_mode = force_generic_plan',
		"PREPARE give (int, bool) AS "
		  . "$set settings = jsonb_set(settings, '{timeout}', to_jsonb(\$1), \$2) WHERE $row",
		(map { "EXECUTE give ($_, true)" } 301, 302, 300),
		'DEALLOCATE give'
	],
	[ map { qq({"valkey-settings":{"timeout":$_}}) } 301, 302, 300 ],
	'a parameter that says whether a missing member is made');
refused(
	[
		$change,
		"PREPARE give (bool) AS "
		  . "$set settings = jsonb_set(settings, '{timeout}', '78', \$1) WHERE $row",
		'EXECUTE give (false)'
	],
	'settings',
	'and if it is not');
$session->sql('DEALLOCATE give');

# A service that is made again has nothing of the former one
$session->sql("UPDATE exo.dbaas_services SET termination_protection = false WHERE $service");
refused(
	[
		"DELETE FROM exo.dbaas_services WHERE $service",
		q{INSERT INTO exo.dbaas_services (zone, name, type, plan)
			VALUES ('ch-gva-2', 'valkey-1-0005', 'valkey', 'startup-4')},
		"$set settings = settings || jsonb_build_object('timeout', length(service_name)) "
		  . "WHERE $row"
	],
	'settings',
	'a service that is made again');

# Triggers
$session->sql(
	q{CREATE FUNCTION public.office() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN
		IF NOT '192.0.2.7/32' = ANY(NEW.ip_filter) THEN
			NEW.ip_filter := NEW.ip_filter || '192.0.2.7/32'::text;
		END IF;
		RETURN NEW;
	END$$;
	CREATE TRIGGER office BEFORE UPDATE ON exo.dbaas_service_details
	FOR EACH ROW EXECUTE FUNCTION public.office()});
my $open = qq{$parameters '{"ip-filter": ["10.0.0.0/8"]}' WHERE $service};
refused(
	[ $open, "$set maintenance_dow = 'monday' WHERE $row" ],
	'ip_filter', 'a trigger that adds to a column');
$session->sql(
	q{DROP TRIGGER office ON exo.dbaas_service_details;
	CREATE TRIGGER office BEFORE UPDATE OF maintenance_time ON exo.dbaas_service_details
	FOR EACH ROW EXECUTE FUNCTION public.office()});
builds(
	[ $open, "$set maintenance_dow = 'monday' WHERE $row" ],
	[
		'{"ip-filter":["10.0.0.0/8"]}',
		'{"maintenance":{"dow":"monday","time":"' . time_of() . '"}}'
	],
	'a trigger of another column');
refused(
	[
		qq{$parameters '{"ip-filter": ["192.0.2.0/24"]}' WHERE $service},
		"$set maintenance_time = '01:02:03' WHERE $row"
	],
	'ip_filter', 'and of this one');
$session->sql(
	q{ALTER TABLE exo.dbaas_service_details DISABLE TRIGGER office});
builds(
	[
		qq{$parameters '{"ip-filter": ["192.0.2.0/24"]}' WHERE $service},
		"$set maintenance_time = '01:02:03' WHERE $row"
	],
	[ '{"ip-filter":["192.0.2.0/24"]}', '{"maintenance":{"dow":"monday","time":"01:02:03"}}' ],
	'a trigger that is disabled');
$session->sql(
	q{DROP TRIGGER office ON exo.dbaas_service_details; DROP FUNCTION public.office()});

sub time_of
{
	return $session->sql("SELECT maintenance_time FROM exo.dbaas_service_details WHERE $row");
}

# The row by another way than the one that is written
$session->sql(
	q{CREATE VIEW public.shown AS SELECT zone, service_name, settings
	FROM exo.dbaas_service_details;
	CREATE RULE writes AS ON UPDATE TO public.shown DO INSTEAD
	UPDATE exo.dbaas_service_details SET settings = NEW.settings
	WHERE zone = OLD.zone AND service_name = OLD.service_name});
refused(
	[ map { qq{UPDATE public.shown SET settings = settings || '$_' WHERE $row} }
		'{"timeout": 81}', '{"ssl": false}' ],
	'settings', 'a rule');
refused(
	[
		$change,
		"UPDATE exo.dbaas_service_details AS d SET settings = s.settings || '{\"ssl\": false}' "
		  . 'FROM exo.dbaas_service_details AS s '
		  . 'WHERE d.zone = s.zone AND d.service_name = s.service_name '
		  . "AND s.zone = 'ch-gva-2' AND s.service_name = 'valkey-1-0005'"
	],
	'settings',
	'a join of the table with itself');
refused(
	[
		$change,
		"UPDATE exo.dbaas_service_details AS d "
		  . "SET settings = jsonb_set(d.settings, '{lfu_decay_time}', s.settings->'timeout') "
		  . 'FROM exo.dbaas_service_details AS s '
		  . 'WHERE d.zone = s.zone AND d.service_name = s.service_name '
		  . "AND s.zone = 'ch-gva-2' AND s.service_name = 'valkey-1-0005'"
	],
	'settings',
	'a member made of the other row');
$session->sql('DROP VIEW public.shown');

# Settings of external integrations: replaced as a whole, and of a row of the queue too
my $endpoint = "zone = 'ch-gva-2' AND name = 'datadog-1-1'";
my $integration = $session->sql(
	"SELECT id FROM exo.dbaas_external_integrations
	WHERE zone = 'ch-gva-2' AND type = 'datadog' LIMIT 1");
isnt($integration, '', 'there is an integration with datadog');
my $of = 'UPDATE exo.dbaas_external_integration_settings SET settings =';
my $one = "zone = 'ch-gva-2' AND integration_id = '$integration'";
$session->sql(qq{$of '{"datadog-dbm-enabled": true}' WHERE $one});
builds(
	[ map { qq{$of '{"datadog-dbm-enabled": $_}' WHERE $one} } qw(false true) ],
	[ map { qq({"settings":{"datadog-dbm-enabled":$_}}) } qw(false true) ],
	'to something, and back');
refused(
	[ map { qq{$of settings || '{"$_": false}' WHERE $one} }
		qw(datadog-dbm-enabled datadog-pgbouncer-enabled) ],
	'settings', 'one computed from the other');
is( $session->sql(
		"BEGIN; DELETE FROM exo.dbaas_external_integrations
		WHERE zone = 'ch-gva-2' AND id = '$integration';
		$of '{\"datadog-dbm-enabled\": false}' WHERE $one;
		SELECT string_agg(method, ' ') FROM dbaas_fdw_queued(); ROLLBACK"),
	'PUT',
	'after its integration is deleted there is none');

# A secret that each UPDATE has to give
my $key = '0123456789abcdef0123456789abcdef';
my $contexts = 'UPDATE exo.dbaas_external_endpoints SET settings = settings || ';
builds(
	[
		map {
			qq{$contexts '{"max-partition-contexts": $_, "datadog-api-key": "$key"}' }
			  . "WHERE $endpoint"
		} 32001,
		32002
	],
	[
		qq({"settings":{"datadog-api-key":"$key","max-partition-contexts":32001}}),
		qq({"settings":{"max-partition-contexts":32002,"datadog-api-key":"$key"}})
	],
	'the same key twice');
my $elastic = q{zone = 'ch-gva-2' AND type = 'elasticsearch'};
my $name = $session->sql("SELECT name FROM exo.dbaas_external_endpoints WHERE $elastic LIMIT 1");
my $shown = $session->sql("SELECT settings || '{\"timeout\": 12}'
	FROM exo.dbaas_external_endpoints WHERE $elastic AND name = '$name'");
builds(
	[
		"$contexts '{\"ca\": \"-----BEGIN CERTIFICATE-----\"}' WHERE $elastic AND name = '$name'",
		"UPDATE exo.dbaas_external_endpoints SET settings = '$shown' "
		  . "WHERE $elastic AND name = '$name'"
	],
	[ '{"settings":{"ca":"-----BEGIN CERTIFICATE-----"}}', '{"settings":{"timeout":12}}' ],
	'what is not shown is not lost');

# What cannot be undone but by ROLLBACK
my $database = q{exo.dbaas_databases (zone, service_name, name)
	VALUES ('ch-gva-2', 'pg-1-0001', 'again')};
my $error = $session->sql_error("BEGIN; INSERT INTO $database; INSERT INTO $database");
is($error->{sqlstate}, '23505', 'what this transaction makes: 23505');
like($error->{stderr}, qr/HINT: +Leave one of them out, or COMMIT in between\./, 'says what helps');
$session->sql('ROLLBACK');

done_testing();
