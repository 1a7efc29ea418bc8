# A view whose key is a zone and a name as one text: what is asked for by it is
# asked of that zone, and of that service, alone; and rows are those that the
# condition says.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 20, logs => 0, operation_time => 0);
my $sim = $t->sim;
my $session = $t->session;
$session->sql(
	q{
	CREATE VIEW exo.services_by_key AS SELECT zone || '/' || name AS key, * FROM exo.dbaas_services;
	CREATE VIEW exo.details_by_key AS SELECT zone || '/' || service_name AS key, *
		FROM exo.dbaas_service_details;
	CREATE VIEW exo.databases_by_key AS SELECT zone || '/' || service_name || '/' || name AS key, *
		FROM exo.dbaas_databases}
);
my $n = $session->sql('SELECT count(*) FROM exo.dbaas_services');    # learns the zones

# asks(SQL, ROWS, REQUESTS): its rows and its requests, each once
sub asks
{
	my ($sql, $rows, @requests) = @_;
	my $before = $session->sql($sql);
	is($before, $rows, $sql);
	is_deeply([ grep { !m{/zone$} } $session->lines($sql) ], \@requests, 'asks for no more');
	return;
}

my $services = 'SELECT zone, name FROM exo.services_by_key WHERE';
asks("$services key = 'ch-gva-2/pg-1-0001'", 'ch-gva-2|pg-1-0001', 'GET ch-gva-2 /dbaas-service');
asks("$services 'de-fra-1/pg-2-0001' = key", 'de-fra-1|pg-2-0001', 'GET de-fra-1 /dbaas-service');
asks("$services key = 'ch-gva-2/pg-2-0001'", '', 'GET ch-gva-2 /dbaas-service');
asks(
	"$services key IN ('ch-gva-2/pg-1-0001', 'de-fra-1/pg-1-0001')",
	'ch-gva-2|pg-1-0001',
	'GET ch-gva-2 /dbaas-service',
	'GET de-fra-1 /dbaas-service');
asks(
	"$services key = ANY ('{at-vie-1/pg-3-0001,NULL}')",
	'at-vie-1|pg-3-0001',
	'GET at-vie-1 /dbaas-service');
asks("$services key = 'pg-1-0001'", '');
asks("$services key = NULL::text", '');
asks("$services key = 'ch-gva-2/pg-1-0001' AND zone = 'de-fra-1'", '');
asks("$services key = 'ch-gva-2/pg-1-0001' AND plan IS NOT NULL LIMIT 1",
	'ch-gva-2|pg-1-0001', 'GET ch-gva-2 /dbaas-service');

# By parameters, as drivers bind them
$session->sql(
		"PREPARE one(text) AS $services key = \$1; PREPARE two(text, text) AS $services key "
	  . "IN (\$1, \$2) ORDER BY 1; SET plan_cache_mode = force_generic_plan");
asks("EXECUTE one('de-fra-1/pg-2-0001')", 'de-fra-1|pg-2-0001', 'GET de-fra-1 /dbaas-service');
asks("EXECUTE one(NULL)", '');
asks(
	"EXECUTE two('de-fra-1/pg-2-0001', 'at-vie-1/pg-3-0001')",
	"at-vie-1|pg-3-0001\nde-fra-1|pg-2-0001",
	'GET at-vie-1 /dbaas-service',
	'GET de-fra-1 /dbaas-service');
$session->sql('RESET plan_cache_mode');

# Of a table that is asked for a service, the name goes too
my $details = 'SELECT zone, service_name FROM exo.details_by_key WHERE';
asks(
	"$details key = 'ch-gva-2/pg-1-0001'",
	'ch-gva-2|pg-1-0001',
	'GET ch-gva-2 /dbaas-postgres/pg-1-0001',
	'GET ch-gva-2 /dbaas-service');
asks("$details key = 'ch-gva-2/a/b'", '', 'GET ch-gva-2 /dbaas-service');
asks(
	"SELECT count(*) FROM exo.databases_by_key "
	  . "WHERE key = 'ch-gva-2/pg-1-0001/defaultdb' AND service_name = 'pg-1-0001'",
	1,
	'GET ch-gva-2 /dbaas-postgres/pg-1-0001',
	'GET ch-gva-2 /dbaas-service');
is( $session->sql(
		"SELECT count(*) FROM exo.databases_by_key WHERE key = 'ch-gva-2/pg-1-0001/defaultdb'"),
	1,
	'a key of three parts');

# Not taken for such a key, and right
my $all = join ' ', map { "GET $_ /dbaas-service" } qw(at-vie-1 ch-gva-2 de-fra-1);
foreach my $where (
	"zone || name = 'ch-gva-2pg-1-0001'",
	"zone || '-' || name = 'ch-gva-2-pg-1-0001'",
	"name || '/' || zone = 'pg-1-0001/ch-gva-2'",
	"lower(zone || '/' || name) = 'ch-gva-2/pg-1-0001'",
	"zone || '/' || name LIKE 'ch-gva-2/pg-1-0001'",
	"(zone || '/' || name = 'ch-gva-2/pg-1-0001') IS TRUE")
{
	is($session->sql("SELECT zone, name FROM exo.dbaas_services WHERE $where"),
		'ch-gva-2|pg-1-0001', $where);
}
is($session->sql("SELECT count(*) FROM exo.services_by_key WHERE key <> 'ch-gva-2/pg-1-0001'"),
	$n - 1, '<> reads the others');
is( $session->sql(
			"SELECT count(*) FROM exo.services_by_key "
		  . "WHERE NOT key = ANY ('{ch-gva-2/pg-1-0001,de-fra-1/pg-2-0001}')"),
	$n - 2,
	'so does NOT');
is( $session->sql(
		"SELECT count(*) FROM exo.services_by_key WHERE key <> ALL ('{ch-gva-2/pg-1-0001}')"),
	$n - 1,
	'and <> ALL');
is( $session->sql(
			"SELECT zone, name FROM exo.dbaas_services "
		  . "WHERE zone || ' : ' || name = 'ch-gva-2 : pg-1-0001'"),
	'ch-gva-2|pg-1-0001',
	'a longer separator');
is_deeply(
	[
		$session->lines(
				"SELECT 1 FROM exo.dbaas_service_details "
			  . "WHERE zone || ' : ' || service_name = 'ch-gva-2 : pg-1-0001'")
	],
	[ 'GET ch-gva-2 /dbaas-postgres/pg-1-0001', 'GET ch-gva-2 /dbaas-service' ],
	'is one too');
is( $session->sql(
			"SELECT count(*) FROM exo.services_by_key s JOIN "
		  . "(VALUES ('ch-gva-2/pg-1-0001'), ('x')) AS w (key) USING (key)"),
	1, 'a join');

# Writes reach that one row: the same name in another zone stays
my ($name, @zones) = split /\|/,
  $session->sql(q{SELECT name, string_agg(zone, '|' ORDER BY zone) FROM exo.dbaas_services }
	  . q{GROUP BY name HAVING count(*) > 1 LIMIT 1});
cmp_ok(scalar @zones, '>', 1, 'a name is in several zones');
$session->sql(
		"UPDATE exo.dbaas_services SET termination_protection = false WHERE name = '$name' "
	  . "AND termination_protection");
$sim->clear;
$session->sql("DELETE FROM exo.services_by_key WHERE key = '$zones[1]/$name'");
is_deeply([ map { "$_->{method} $_->{zone}" } grep { $_->{method} eq 'DELETE' } $sim->requests ],
	["DELETE $zones[1]"], 'a DELETE by the key is of one');
is($session->sql("SELECT count(*) FROM exo.dbaas_services WHERE name = '$name'"),
	@zones - 1, 'the others stay');

like(
	$session->sql("EXPLAIN $services key = 'ch-gva-2/pg-1-0001'"),
	qr/Zones: 'ch-gva-2'/,
	'EXPLAIN shows the zone');

done_testing();
