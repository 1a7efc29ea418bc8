# Keys in every form that a condition can have: what is sent, and that the rows are right.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(zones => 2, services => 9, logs => 20);
my $session = $t->session;
my @zones = qw(ch-gva-2 de-fra-1);
my @lists = map { "GET $_ /dbaas-service" } @zones;
my @tables = qw(services service_types plans integrations integration_types integration_settings
  external_endpoints external_integrations logs metrics migrations zones);

$session->sql(
	'SET jit = off; SET client_min_messages = warning; CREATE SCHEMA copy;' . join '',
	map { "CREATE TABLE copy.dbaas_$_ AS SELECT * FROM exo.dbaas_$_;" } @tables);
$session->sql(
	q{
	INSERT INTO copy.dbaas_metrics SELECT * FROM exo.dbaas_metrics WHERE period = 'day'
		AND service_name = 'pg-1-0001';
	CREATE TABLE inventory (id int, zone text, name text, vc varchar(40), nm name, type text,
		uid uuid, n bigint, period text, ord text);
	INSERT INTO inventory VALUES
	(1, 'ch-gva-2', 'pg-1-0001', 'pg-1-0001', 'pg-1-0001', 'pg', NULL, 2, 'hour', 'asc'),
	(2, 'ch-gva-2', 'mysql-1-0002', 'mysql-1-0002', 'mysql-1-0002', 'mysql', NULL, 3, 'day',
		'desc'),
	(3, 'de-fra-1', 'pg-2-0001', 'pg-2-0001', 'pg-2-0001', 'pg', NULL, 2, 'hour', NULL),
	(4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(5, 'ch-gva-2', 'pg-1-0001', 'pg-1-0001', 'pg-1-0001', 'pg', NULL, 2, 'hour', 'asc'),
	(6, 'nowhere-1', 'no-such', 'no-such', 'no-such', 'none', NULL, 1, 'hour', 'asc');
	UPDATE inventory SET uid = i.id FROM copy.dbaas_integrations i WHERE i.zone = inventory.zone
		AND inventory.id < 4;
	ANALYZE inventory});

# The rows are those of the copies
sub right
{
	my ($sql, $name) = @_;
	my ($statement) = $sql =~ /((?:SELECT|EXECUTE|WITH).*)\z/s;
	my $local = $statement =~ s/exo\./copy./gr;
	my $seen = join "\n", sort split /\n/, $session->sql($statement);
	my $right = join "\n", sort split /\n/, $session->sql($local);
	is($seen, $right, 'right: ' . ($name // $sql =~ s/\s+/ /gr));
	return;
}

# A zone that is not known is looked up: that is another test's
sub sends
{
	my ($sql, $expected, $name) = @_;
	is_deeply(
		[ grep { !m{ /zone\z} } $session->lines($sql) ],
		[ sort @$expected ],
		'sent: ' . ($name // $sql =~ s/\s+/ /gr));
	right($sql, $name) unless $sql =~ /EXECUTE/;
	return;
}

my $status = '/dbaas-migration-status';
my $one = ["GET ch-gva-2 $status/pg-1-0001"];
my $both = [ "GET ch-gva-2 $status/mysql-1-0002", "GET ch-gva-2 $status/pg-1-0001" ];
my $none = [];
my $from = q{SELECT * FROM exo.dbaas_migrations WHERE zone = 'ch-gva-2' AND };

# One value
foreach my $where (
	q{service_name = 'pg-1-0001'},
	q{'pg-1-0001' = service_name},
	q{service_name = 'pg-1-0001'::varchar},
	q{service_name = 'pg-1-0001'::varchar(9)},
	q{service_name = 'pg-1-0001'::name},
	q{'pg-1-0001'::name = service_name},
	q{service_name::varchar = 'pg-1-0001'},
	q{service_name = 'pg-1-' || '0001'},
	q{service_name = lower('PG-1-0001')},
	q{service_name = format('pg-%s-0001', 1)},
	q{service_name IN ('pg-1-0001')},
	q{service_name = ANY (ARRAY['pg-1-0001'])},
	q{service_name = ANY ('{pg-1-0001}')},
	q{service_name = ANY ('{pg-1-0001,NULL}'::varchar[])},
	q{service_name = ANY ('{pg-1-0001}'::name[])},
	q{service_name = ANY (string_to_array('pg-1-0001', ','))},
	q{service_name = SOME (ARRAY['pg-1-0001', 'pg-1-0001'])},
	q{service_name = (SELECT 'pg-1-0001')},
	q{service_name = (SELECT name FROM inventory WHERE id = 1)},
	q{service_name = (SELECT vc FROM inventory WHERE id = 1)},
	q{service_name = (SELECT nm FROM inventory WHERE id = 1)},
	q{service_name = ANY (ARRAY(SELECT name FROM inventory WHERE zone = 'ch-gva-2' }
	. q{AND type = 'pg'))},
	q{service_name = ANY (ARRAY(SELECT vc FROM inventory WHERE type = 'pg' AND zone = 'ch-gva-2'))},
	q{service_name = ANY ((SELECT array_agg(name) FROM inventory WHERE type = 'pg' }
	. q{AND zone = 'ch-gva-2')::text[])},
	q{service_name = 'pg-1-0001' AND service_name = 'pg-1-0001'},
	q{service_name IN ('pg-1-0001', 'mysql-1-0002') AND service_name = 'pg-1-0001'},
	q{service_name IN ('pg-1-0001', 'mysql-1-0002') }
	. q{AND service_name IN ('pg-1-0001', 'kafka-1-0003')},
	q{service_name = 'pg-1-0001' AND status IS NOT NULL},
	q{NOT service_name <> 'pg-1-0001'},
	q{service_name = 'pg-1-0001' AND service_name > 'a'},
	q{(zone, service_name) = ('ch-gva-2', 'pg-1-0001')},
	q{service_name = coalesce(NULL, 'pg-1-0001')},
	q{service_name = CASE WHEN true THEN 'pg-1-0001' ELSE 'x' END},
	q{service_name = 'pg-1-0001' COLLATE "C"},
	q{service_name COLLATE "C" = 'pg-1-0001'},
	q{service_name = current_setting('x.name', true)})
{
	$session->sql("SET x.name = 'pg-1-0001'");
	sends("$from($where)", $one, $where);
}

# Several values
foreach my $where (
	q{service_name IN ('pg-1-0001', 'mysql-1-0002')},
	q{service_name = 'pg-1-0001' OR service_name = 'mysql-1-0002'},
	q{'pg-1-0001' = service_name OR service_name = 'mysql-1-0002' OR service_name = 'pg-1-0001'},
	q{service_name = ANY ('{pg-1-0001,mysql-1-0002,NULL,pg-1-0001}')},
	q{service_name = 'pg-1-0001' OR service_name = lower('MYSQL-1-0002')},
	q{service_name = ANY (ARRAY(SELECT name FROM inventory WHERE zone = 'ch-gva-2'))},
	q{service_name IN (SELECT unnest(ARRAY['pg-1-0001', 'mysql-1-0002']))})
{
	sends("$from($where)", $both, $where);
}

# None
foreach my $where (
	q{service_name = NULL},
	q{service_name = ''},
	q{service_name = '..'},
	q{service_name IN (NULL, '.')},
	q{service_name = ANY ('{}')},
	q{service_name = ANY (NULL)},
	q{service_name = 'pg-1-0001' AND service_name = 'mysql-1-0002'},
	q{service_name = (SELECT name FROM inventory WHERE id = 4)},
	q{service_name = (SELECT name FROM inventory WHERE false)},
	q{service_name = ANY (ARRAY(SELECT name FROM inventory WHERE id = 4))},
	q{service_name = ANY (ARRAY(SELECT name FROM inventory WHERE false))},
	q{service_name = 'pg-1-0001' AND zone = 'de-fra-1'},
	q{service_name = 'pg-1-0001' AND zone IN ('de-fra-1', 'nowhere-1')},
	q{service_name = 'pg-1-0001' AND false},
	q{service_name = 'pg-1-0001' AND service_name IS NULL AND service_name = NULL},
	q{service_name = 'pg-1-0001' AND zone = NULL},
	q{service_name = repeat('x', 64)})
{
	sends("$from($where)", $none, $where);
}

# What says nothing of the key alone fans out
my @zone_all = (
	'GET ch-gva-2 /dbaas-service',
	map { "GET ch-gva-2 $status/$_" }
	  qw(pg-1-0001 mysql-1-0002 kafka-1-0003 opensearch-1-0004 valkey-1-0005),
	qw(grafana-1-0006 thanos-1-0007 clickhouse-1-0008 pg-1-0009));
foreach my $where (
	q{service_name LIKE 'pg-1-0001'},
	q{service_name <> 'pg-1-0001'},
	q{service_name = 'pg-1-0001' OR status = 'done'},
	q{service_name > 'a'},
	q{service_name IS NOT NULL},
	q{service_name = 'pg-1-0001' OR zone = 'ch-gva-2'},
	q{upper(service_name) = 'PG-1-0001'},
	q{service_name = ALL (ARRAY['pg-1-0001'])},
	q{service_name NOT IN ('pg-1-0001')},
	q{service_name = status},
	q{service_name || '' = 'pg-1-0001'},
	q{service_name = 'pg-1-0001' || substr(status, 1, 0)},
	q{service_name = CASE WHEN random() < 2 THEN 'pg-1-0001' END},
	q{service_name::char(9) = 'pg-1-0001'},
	q{service_name IS NOT DISTINCT FROM 'pg-1-0001' || substr(status, 1, 0)},
	q{(service_name = 'pg-1-0001') IS TRUE},
	q{service_name::varchar(63)::text = 'pg-1-0001'})
{
	sends("$from($where)", \@zone_all, $where);
}

# A name column holds 63 bytes: a longer text equals none of them, so it must not be cut
is( $session->sql(
		q{SELECT count(*) FROM exo.dbaas_migrations WHERE service_name::name = repeat('x', 70)}),
	0,
	'name = a long text');

# Zones, in the same forms
my $services = 'SELECT zone, name FROM exo.dbaas_services WHERE ';
sends($services . q{zone = 'ch-gva-2' OR zone = 'nowhere-1'}, ['GET ch-gva-2 /dbaas-service']);
sends($services . q{zone = (SELECT zone FROM inventory WHERE id = 3)},
	['GET de-fra-1 /dbaas-service']);
sends($services . q{zone = ANY (ARRAY(SELECT zone FROM inventory))}, \@lists);
sends($services . q{zone = 'ch-gva-2'::name}, ['GET ch-gva-2 /dbaas-service']);
sends($services . q{zone <> 'ch-gva-2'}, [ grep { !/ch-gva-2/ } @lists ]);
sends(
	$services
	  . q{zone = 'ch-gva-2' AND name = 'pg-1-0001' OR zone = 'de-fra-1' AND name = 'pg-2-0001'},
	\@lists,
	'pairs in an OR');
right($services . q{(zone, name) IN (('ch-gva-2', 'pg-1-0001'), ('de-fra-1', 'mysql-2-0002'))},
	'pairs');

# Parameters, in custom and generic plans, of each type
foreach my $mode (qw(force_custom_plan force_generic_plan))
{
	$session->sql("SET plan_cache_mode = $mode");
	foreach my $type (qw(text varchar name))
	{
		$session->sql(
			"PREPARE one($type) AS $from service_name = \$1;
			PREPARE many(${type}[]) AS $from service_name = ANY (\$1);
			PREPARE two($type, $type) AS $from service_name IN (\$1, \$2);
			PREPARE either($type, $type) AS $from (service_name = \$1 OR \$2 = service_name);
			PREPARE meet($type, $type) AS $from service_name = \$1 AND service_name = \$2");
		sends("EXECUTE one('pg-1-0001')", $one, "$mode, $type: one");
		is( $session->sql("EXECUTE one('pg-1-0001')"),
			$session->sql(q{SELECT * FROM copy.dbaas_migrations WHERE service_name = 'pg-1-0001'}),
			'right');
		sends('EXECUTE one(NULL)', $none, "$mode, $type: NULL");
		sends("EXECUTE many('{pg-1-0001,NULL,mysql-1-0002,pg-1-0001}')",
			$both, "$mode, $type: many");
		sends("EXECUTE many('{}')", $none, "$mode, $type: an empty array");
		sends('EXECUTE many(NULL)', $none, "$mode, $type: a NULL array");
		sends("EXECUTE many('{{pg-1-0001},{mysql-1-0002}}')",
			$both, "$mode, $type: an array of two dimensions");
		sends("EXECUTE two('pg-1-0001', 'mysql-1-0002')", $both, "$mode, $type: IN");
		sends("EXECUTE two('pg-1-0001', NULL)", $one, "$mode, $type: IN with NULL");
		sends("EXECUTE either('pg-1-0001', 'mysql-1-0002')", $both, "$mode, $type: OR");
		sends("EXECUTE either(NULL, 'pg-1-0001')", $one, "$mode, $type: OR with NULL");
		sends("EXECUTE meet('pg-1-0001', 'mysql-1-0002')", $none, "$mode, $type: a contradiction");
		sends("EXECUTE meet('pg-1-0001', 'pg-1-0001')", $one, "$mode, $type: the same twice");
		$session->sql('DEALLOCATE ALL');
	}
}
$session->sql('RESET plan_cache_mode');

# A uuid, and its text
my $id = DbaasSim::uuid('1/ch-gva-2/integrations/1');
my $by_id = ["GET ch-gva-2 /dbaas-integration/$id"];
my $integrations = q{SELECT id, source FROM exo.dbaas_integrations WHERE zone = 'ch-gva-2' AND };
foreach my $where (
	"id = '$id'",
	"id = ANY ('{$id,NULL}')",
	"id = upper('$id')::uuid",
	"id = '$id' OR id = '$id'",
	"id IN (SELECT '$id'::uuid)",
	'id = (SELECT uid FROM inventory WHERE id = 1)')
{
	my $expected =
	  $where =~ /SELECT uid/
	  ? [ 'GET ch-gva-2 /dbaas-integration/'
		  . $session->sql('SELECT uid FROM inventory WHERE id = 1') ]
	  : $by_id;
	sends("$integrations($where)", $expected);
}
sends(
	$integrations . "id::text = '$id'",
	['GET ch-gva-2 /dbaas-service'],
	'the text of a uuid is no key');

# bigint, and the integers that compare with it
foreach my $value ('2', '2::smallint', '2::int', "'2'", '(SELECT n FROM inventory WHERE id = 1)')
{
	is_deeply(
		[
			map { $_->{body} =~ /"limit": ?(\d+)/ } $session->requests(
					"SELECT * FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' "
				  . "AND service_name = 'pg-1-0001' AND log_limit = $value")
		],
		[2],
		"log_limit = $value");
}

# A collation in which texts that differ are equal
SKIP:
{
	skip 'no ICU', 4
	  if $session->sql("SELECT count(*) FROM pg_collation WHERE collprovider = 'i'") == 0;
	$session->sql(q{CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', }
		  . q{deterministic = false)});
	sends($from . q{service_name COLLATE any_case = 'PG-1-0001'},
		\@zone_all, 'a nondeterministic collation');
	is( $session->sql(
				q{SELECT service_name FROM exo.dbaas_migrations }
			  . q{WHERE service_name = 'PG-1-0001' COLLATE any_case}),
		'pg-1-0001',
		'finds what is equal in it');
	sends($from . q{service_name COLLATE any_case IN ('PG-1-0001', 'MYSQL-1-0002')},
		\@zone_all, 'and IN');
	sends($from . q{service_name COLLATE any_case = 'PG-1-0001' AND service_name = 'pg-1-0001'},
		$one, 'beside a condition that is pushed');
	$session->sql(
		q{CREATE FOREIGN TABLE insensitive (zone text COLLATE any_case, service_name text COLLATE
			any_case, status text)
		SERVER exoscale OPTIONS (resource 'migrations')});
	is( $session->sql(
				q{SELECT service_name FROM insensitive WHERE service_name = 'PG-1-0001' }
			  . q{AND zone = 'CH-GVA-2'}),
		'pg-1-0001',
		'a column whose collation is one');
	is( $session->sql(
				q{SELECT f.service_name FROM inventory i JOIN insensitive f }
			  . q{ON f.service_name = upper(i.name) WHERE i.id = 1}),
		'pg-1-0001',
		'and a join on it');
	is( $session->sql(
				q{SELECT count(*) FROM exo.dbaas_migrations m JOIN inventory i }
			  . q{ON m.service_name = upper(i.name) COLLATE any_case WHERE i.id = 1}),
		1,
		'a join under one');
}

# Columns of other types that texts can be read as
$session->sql(q{CREATE FOREIGN TABLE typed (zone varchar(20), service_name varchar(40), status }
	  . q{text) SERVER exoscale OPTIONS (resource 'migrations')});
is_deeply(
	[
		$session->lines(
			q{SELECT * FROM typed WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'})
	],
	$one,
	'varchar columns');
is_deeply(
	[
		$session->lines(
				q{SELECT * FROM typed WHERE zone IN ('ch-gva-2') }
			  . q{AND service_name IN ('pg-1-0001', 'mysql-1-0002')})
	],
	$both,
	'in lists');
is( $session->sql(
		q{SELECT service_name FROM typed WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'}),
	'pg-1-0001',
	'are right');

# ---------------------------------------------------------------------------
# Joins: each key, and pairs, as parameterised paths
# ---------------------------------------------------------------------------

my %joins = (
	migrations => [ [ 'zone', 'service_name' ], { zone => 'zone', service_name => 'name' } ],
	external_integrations =>
	  [ [ 'zone', 'service_name' ], { zone => 'zone', service_name => 'name' } ],
	logs => [ [ 'zone', 'service_name' ], { zone => 'zone', service_name => 'name' } ],
	service_types => [ [ 'zone', 'name' ], { zone => 'zone', name => 'type' } ],
	plans => [ [ 'zone', 'service_type' ], { zone => 'zone', service_type => 'type' } ],
	integrations => [ [ 'zone', 'id' ], { zone => 'zone', id => 'uid' } ],
	services => [ ['zone'], { zone => 'zone' } ],
	integration_settings => [ [ 'zone', 'source_type' ], { zone => 'zone', source_type => 'type' } ]
);

my %gucs = (
	loops => 'SET enable_hashjoin = off; SET enable_mergejoin = off',
	'loops without copies' =>
	  'SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off; '
	  . 'SET enable_material = off',
	hashes => 'SET enable_nestloop = off; SET enable_mergejoin = off',
	merges => 'SET enable_nestloop = off; SET enable_hashjoin = off');
foreach my $guc (sort keys %gucs)
{
	$session->sql("RESET ALL; SET jit = off; $gucs{$guc}");
	foreach my $table (sort keys %joins)
	{
		my ($keys, $by) = @{ $joins{$table} };
		foreach my $set ((map { [$_] } @$keys), @$keys > 1 ? $keys : ())
		{
			my $on = join ' AND ', map { "f.$_ = i.$by->{$_}" } @$set;
			foreach my $how ('JOIN', 'LEFT JOIN')
			{
				right("SELECT i.id, f.* FROM inventory i $how exo.dbaas_$table f ON $on",
					"$guc: $table $how ON $on");
			}
			right(
				"SELECT i.id FROM inventory i WHERE EXISTS (SELECT "
				  . "FROM exo.dbaas_$table f WHERE $on)",
				"$guc: $table EXISTS $on");
			right(
				"SELECT i.id FROM inventory i WHERE NOT EXISTS (SELECT "
				  . "FROM exo.dbaas_$table f WHERE $on)",
				"$guc: $table NOT EXISTS $on");
			right(
				"SELECT f.* FROM exo.dbaas_$table f LEFT JOIN inventory i ON $on "
				  . "WHERE f.zone = 'ch-gva-2'",
				"$guc: $table on the left, $on");
		}
	}
}

# What a nested loop sends: the joined values and no others
$session->sql("RESET ALL; SET jit = off; $gucs{loops}");
sends(
	'SELECT i.id, m.status FROM inventory i JOIN exo.dbaas_migrations m '
	  . 'ON m.zone = i.zone AND m.service_name = i.name',
	[
		"GET ch-gva-2 $status/mysql-1-0002",
		"GET ch-gva-2 $status/pg-1-0001",
		"GET de-fra-1 $status/pg-2-0001"
	],
	'a join on both keys');
sends(
	'SELECT i.id, m.status FROM inventory i JOIN exo.dbaas_migrations m ON m.service_name = i.name',
	[
		@lists,
		"GET ch-gva-2 $status/mysql-1-0002",
		"GET ch-gva-2 $status/pg-1-0001",
		"GET de-fra-1 $status/pg-2-0001"
	],
	'a join on the name');
sends(
	'SELECT i.id, m.status FROM inventory i JOIN exo.dbaas_migrations m ON m.service_name = i.vc',
	[
		@lists,
		"GET ch-gva-2 $status/mysql-1-0002",
		"GET ch-gva-2 $status/pg-1-0001",
		"GET de-fra-1 $status/pg-2-0001"
	],
	'with a varchar');
sends(
	'SELECT i.id, m.status FROM inventory i JOIN exo.dbaas_migrations m '
	  . 'ON m.service_name = i.nm AND m.zone = i.zone',
	[
		"GET ch-gva-2 $status/mysql-1-0002",
		"GET ch-gva-2 $status/pg-1-0001",
		"GET de-fra-1 $status/pg-2-0001"
	],
	'with a name');
sends(
	'SELECT i.id, s.name FROM inventory i JOIN exo.dbaas_services s ON s.zone = i.zone '
	  . 'AND s.name = i.name',
	\@lists,
	'a join on the zone');
# Two requests for a type each, or one for all of them: that depends on how
# quick the API seems, unless requests cost nothing
$session->sql(q{ALTER FOREIGN TABLE exo.dbaas_service_types OPTIONS (ADD fdw_startup_cost '0')});
sends(
	'SELECT i.id, s.description FROM inventory i JOIN exo.dbaas_service_types s '
	  . 'ON s.zone = i.zone AND s.name = i.type WHERE i.id IN (1, 2, 5)',
	[ map { "GET ch-gva-2 /dbaas-service-type/$_" } qw(pg mysql) ],
	'a join of types');
$session->sql(q{ALTER FOREIGN TABLE exo.dbaas_service_types OPTIONS (DROP fdw_startup_cost)});
my $pair =
	q{SELECT a.id, m.status FROM inventory a, inventory b, exo.dbaas_migrations m }
  . q{WHERE m.zone = a.zone AND m.service_name = b.name AND a.id = 1 AND b.id IN (2, 3)};
my @sent = $session->lines($pair);
ok(@sent && !grep({ !m{ (?:/dbaas-service|\Q$status\E/(?:mysql-1-0002|pg-2-0001))$} } @sent),
	'sent: keys of two outer tables')
  or diag(@sent);
right($pair);
sends(
	q{SELECT i.id, m.status FROM inventory i, LATERAL (SELECT * }
	  . q{FROM exo.dbaas_migrations x WHERE x.zone = i.zone }
	  . q{AND x.service_name = upper(lower(i.name)) OFFSET 0) m WHERE i.id < 3},
	[ "GET ch-gva-2 $status/PG-1-0001", "GET ch-gva-2 $status/MYSQL-1-0002" ],
	'an expression of the outer row');
sends(
	q{SELECT i.id, m.status FROM inventory i, LATERAL (SELECT * }
	  . q{FROM exo.dbaas_migrations x WHERE x.zone = i.zone }
	  . q{AND x.service_name = ANY (ARRAY[i.name, i.vc]) OFFSET 0) m WHERE i.id < 3},
	$both,
	'an array of the outer row');

# Parameters of requests that a join gives, under any plan
my %period = (loops => 1, hashes => 1, merges => 1, 'loops without copies' => 1);
foreach my $guc (sort keys %gucs, 'none')
{
	$session->sql('RESET ALL; SET jit = off; ' . ($gucs{$guc} // ''));
	is( $session->sql(
			q{SELECT i.id, m.period, count(*) FROM inventory i JOIN exo.dbaas_metrics m
			ON m.service_name = 'pg-1-0001' AND m.period = i.period
		AND m.metric = 'cpu_usage' GROUP BY 1, 2 ORDER BY 1}),
		$session->sql(
			q{SELECT i.id, m.period, count(*) FROM inventory i JOIN copy.dbaas_metrics m
			ON m.service_name = 'pg-1-0001' AND m.period = i.period
		AND m.metric = 'cpu_usage' GROUP BY 1, 2 ORDER BY 1}),
		"$guc: a join on period");
	is( $session->sql(
			q{SELECT i.id, count(l.time), min(l.log_limit) FROM inventory i
			LEFT JOIN exo.dbaas_logs l
		ON l.zone = i.zone AND l.service_name = i.name AND l.log_limit = i.n
			GROUP BY 1 ORDER BY 1}),
		"1|2|2\n2|3|3\n3|2|2\n4|0|\n5|2|2\n6|0|",
		"$guc: a join on log_limit");
	is( $session->sql(
			q{SELECT i.id, count(l.time), min(l.sort_order), min(substr(l.message, 1, 8))
			FROM inventory i JOIN exo.dbaas_logs l
		ON l.zone = i.zone AND l.service_name = i.name AND l.sort_order = i.ord
			AND l.log_limit = i.n GROUP BY 1 ORDER BY 1}
		),
		"1|2|asc|entry 0 \n2|3|desc|entry 17\n5|2|asc|entry 0 ",
		"$guc: a join on sort_order and log_limit");
	is( $session->sql(
			q{WITH c AS MATERIALIZED (SELECT max(next_offset) AS at FROM exo.dbaas_logs
			WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND log_limit = 5)
		SELECT count(*), max(split_part(l.message, ' ', 2)::int) FROM c JOIN exo.dbaas_logs l
			ON l.log_offset = c.at WHERE l.zone = 'ch-gva-2' AND l.service_name = 'pg-1-0001'}
		),
		'15|14',
		"$guc: a join on log_offset");
	is( $session->sql(
				q{SELECT count(*) FROM inventory i JOIN exo.dbaas_integration_settings s }
			  . q{ON s.dest_type = 'opensearch' AND s.source_type = i.type AND s.zone = i.zone}),
		$session->sql(
				q{SELECT count(*) FROM inventory i JOIN copy.dbaas_integration_settings s }
			  . q{ON s.dest_type = 'opensearch' AND s.source_type = i.type AND s.zone = i.zone}),
		"$guc: a join on some of three keys");
	is( $session->sql(
				q{SELECT count(*) FROM inventory i JOIN exo.dbaas_metrics m }
			  . q{ON m.period = i.period AND m.service_name = i.name AND m.zone = i.zone }
			  . q{WHERE i.id IN (1, 5)}),
		$session->sql(
				q{SELECT count(*) FROM inventory i JOIN copy.dbaas_metrics m }
			  . q{ON m.period = i.period AND m.service_name = i.name AND m.zone = i.zone }
			  . q{WHERE i.id IN (1, 5)}),
		"$guc: a join on three");
	my $task = DbaasSim::uuid('1/ch-gva-2/services/1/tasks/1');
	is( $session->sql(
			qq{SELECT count(*) FROM (VALUES ('ch-gva-2', 'pg-1-0001', '$task'::uuid)) v(zone, name,
			id) JOIN exo.dbaas_tasks t
		ON t.id = v.id AND t.service_name = v.name AND t.zone = v.zone}),
		1,
		"$guc: a join on a required key");
	is( $session->sql(
				qq{SELECT count(*) FROM inventory i JOIN exo.dbaas_tasks t ON t.id = CASE }
			  . qq{WHEN i.id < 9 THEN '$task'::uuid END AND t.service_name = i.name}),
		2,
		"$guc: a join on an expression");
}

done_testing();
