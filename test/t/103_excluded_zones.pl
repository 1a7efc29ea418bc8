# A zone that a query does not want is not asked: <>, NOT IN, <> ALL and NOT over these.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 3, logs => 5);
my $session = $t->session;
my @zones = qw(at-vie-1 ch-gva-2 de-fra-1);
$session->sql('SELECT count(*) FROM exo.dbaas_services');    # learns the zones

# Asks these zones' lists alone, and gives the rows of those that a local copy has
$session->sql(
	q{
	CREATE TABLE copy AS SELECT zone, name, type FROM exo.dbaas_services;
	CREATE TABLE local (zone text, v varchar, n name, name text);
	INSERT INTO local VALUES ('de-fra-1', 'de-fra-1', 'de-fra-1', 'pg-2-0001'), (NULL, NULL, NULL,
		'pg-1-0001'), ('ch-gva-2', 'ch-gva-2', 'ch-gva-2', 'pg-1-0001')}
);

sub asks
{
	my ($where, @expected) = @_;
	is_deeply([ $session->lines("SELECT * FROM exo.dbaas_services WHERE $where") ],
		[ map { "GET $_ /dbaas-service" } @expected ], $where);
	is( $session->sql("SELECT zone, name FROM exo.dbaas_services WHERE $where ORDER BY 1, 2"),
		$session->sql("SELECT zone, name FROM copy WHERE $where ORDER BY 1, 2"),
		'and gives the rows');
	return;
}

asks(q{zone <> 'de-fra-1'}, qw(at-vie-1 ch-gva-2));
asks(q{zone != 'de-fra-1'}, qw(at-vie-1 ch-gva-2));
asks(q{'de-fra-1' <> zone}, qw(at-vie-1 ch-gva-2));
asks(q{NOT (zone = 'de-fra-1')}, qw(at-vie-1 ch-gva-2));
asks(q{NOT (zone <> 'de-fra-1')}, 'de-fra-1');
asks(q{zone NOT IN ('de-fra-1', 'at-vie-1')}, 'ch-gva-2');
asks(q{zone <> ALL (ARRAY['de-fra-1', 'nowhere-1'])}, qw(at-vie-1 ch-gva-2));
asks(q{zone <> ALL ('{de-fra-1,de-fra-1}')}, qw(at-vie-1 ch-gva-2));
asks(q{NOT (zone = ANY (ARRAY['de-fra-1', 'at-vie-1']))}, 'ch-gva-2');
asks(q{NOT (zone = 'de-fra-1' OR zone = 'at-vie-1')}, 'ch-gva-2');
asks(q{NOT (zone IN ('de-fra-1') OR name = 'pg-3-0001')}, qw(at-vie-1 ch-gva-2));
asks(q{zone <> 'de-fra-1' AND zone <> 'at-vie-1'}, 'ch-gva-2');
asks(q{zone <> 'de-fra-1' AND zone IN ('de-fra-1', 'at-vie-1')}, 'at-vie-1');
asks(q{zone = 'de-fra-1' AND zone NOT IN ('ch-gva-2')}, 'de-fra-1');
asks(q{zone = 'de-fra-1' AND zone <> 'de-fra-1'});
asks(q{zone NOT IN ('de-fra-1', 'at-vie-1', 'ch-gva-2')});
asks(q{zone <> 'de-fra-1' AND name LIKE 'pg%'}, qw(at-vie-1 ch-gva-2));
asks(q{zone IS NULL OR zone <> 'de-fra-1'}, qw(at-vie-1 ch-gva-2));

# Types and collations
asks(q{zone <> varchar 'de-fra-1'}, qw(at-vie-1 ch-gva-2));
asks(q{zone <> name 'de-fra-1'}, qw(at-vie-1 ch-gva-2));
asks(q{zone::name <> ALL (ARRAY[name 'de-fra-1'])}, @zones);
asks(q{zone <> char(10) 'de-fra-1'}, qw(at-vie-1 ch-gva-2));
asks(q{zone COLLATE "C" <> 'de-fra-1'}, qw(at-vie-1 ch-gva-2));
if ($session->sql(q{SELECT count(*) FROM pg_collation WHERE collprovider = 'i'}) > 0)
{
	$session->sql(q{CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', }
		  . q{deterministic = false)});
	asks(q{zone COLLATE any_case <> 'DE-FRA-1'}, @zones);
}

# NULL is neither equal nor different
asks(q{zone <> NULL});
asks(q{zone <> (SELECT NULL::text)});
asks(q{zone <> ALL (NULL::text[])});
asks(q{zone <> ALL (ARRAY['de-fra-1', NULL])});
asks(q{zone <> ALL (ARRAY(SELECT zone FROM local))});
asks(q{zone <> ALL ('{}'::text[])}, @zones);

# What says nothing of one zone is checked here
asks(q{zone <> 'de-fra-1' OR name = 'pg-2-0001'}, @zones);
asks(q{zone <> 'de-fra-1' OR zone <> 'at-vie-1'}, @zones);
asks(q{zone <> name}, @zones);
asks(q{zone <> ANY (ARRAY['de-fra-1', 'at-vie-1'])}, @zones);
asks(q{zone NOT LIKE 'de%'}, @zones);
asks(q{zone > 'ch-gva-2' AND zone < 'de-fra-1'}, @zones);

# Values that are known when the scan starts
asks(q{zone <> (SELECT zone FROM local WHERE name = 'pg-2-0001')}, qw(at-vie-1 ch-gva-2));
asks(q{zone <> ALL (ARRAY(SELECT v FROM local WHERE v IS NOT NULL))}, 'at-vie-1');
$session->sql(
	q{SET plan_cache_mode = force_generic_plan;
	PREPARE other(text) AS SELECT count(*) FROM exo.dbaas_services WHERE zone <> $1;
	PREPARE others(text[]) AS SELECT count(*) FROM exo.dbaas_services WHERE zone <> ALL ($1)});
is_deeply(
	[ $session->lines(q{EXECUTE other('de-fra-1')}) ],
	[ 'GET at-vie-1 /dbaas-service', 'GET ch-gva-2 /dbaas-service' ],
	'a parameter');
is_deeply(
	[ $session->lines(q{EXECUTE others('{de-fra-1,ch-gva-2}')}) ],
	['GET at-vie-1 /dbaas-service'],
	'one that is an array');
is_deeply([ $session->lines(q{EXECUTE other(NULL)}) ], [], 'one that is NULL');

# One that another row gives, beside the key: each run has its own
my $joined =
	q{SELECT l.name, l.zone, s.zone, s.status FROM local l JOIN LATERAL (SELECT * }
  . q{FROM exo.dbaas_migrations m WHERE m.service_name = l.name }
  . q{AND m.zone <> l.zone OFFSET 0) s ON true};
is($session->sql("$joined ORDER BY 1"), '', 'a join: not the zones of its rows');
$session->sql(q{UPDATE local SET zone = 'at-vie-1' WHERE name = 'pg-2-0001'});
like(
	$session->sql($joined),
	qr/^pg-2-0001\|at-vie-1\|de-fra-1\|\w+$/,
	'and another zone for another row');

# With a key: the list that tells its zone is asked of the others alone
is_deeply(
	[
		$session->lines(
				q{SELECT * FROM exo.dbaas_migrations WHERE zone <> 'at-vie-1' }
			  . q{AND service_name = 'pg-2-0001'})
	],
	[
		'GET ch-gva-2 /dbaas-service',
		'GET de-fra-1 /dbaas-migration-status/pg-2-0001',
		'GET de-fra-1 /dbaas-service'
	],
	'with a key');
is_deeply(
	[
		$session->lines(
				q{SELECT * FROM exo.dbaas_migrations }
			  . q{WHERE zone NOT IN ('at-vie-1', 'ch-gva-2') AND service_name = 'pg-2-0001'})
	],
	['GET de-fra-1 /dbaas-migration-status/pg-2-0001'],
	'which is not needed where one zone is left');
is_deeply(
	[
		$session->lines(
				q{SELECT message FROM exo.dbaas_logs }
			  . q{WHERE zone NOT IN ('at-vie-1', 'ch-gva-2') }
			  . q{AND service_name = 'pg-2-0001' LIMIT 2})
	],
	['POST de-fra-1 /dbaas-service-logs/pg-2-0001'],
	'a log');
like(
	$t->sim->last_request->{body},
	qr/"limit": ?2\b/,
	'whose LIMIT is sent, as no condition is left');
is($session->sql(q{SELECT zone FROM exo.dbaas_zones WHERE zone <> 'de-fra-1' ORDER BY 1}),
	"at-vie-1\nch-gva-2", 'what is not of a zone is checked here');

# A default partition has the rest
$session->sql(
	q{
	CREATE TABLE parts (zone text, name text) PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE parts_de PARTITION OF parts FOR VALUES IN ('de-fra-1') SERVER exoscale
		OPTIONS (resource 'services');
	CREATE FOREIGN TABLE parts_rest PARTITION OF parts DEFAULT SERVER exoscale
		OPTIONS (resource 'services')}
);
is_deeply(
	[ $session->lines('SELECT * FROM parts_rest') ],
	[ 'GET at-vie-1 /dbaas-service', 'GET ch-gva-2 /dbaas-service' ],
	'a default partition');
is($session->sql('SELECT count(*) FROM parts'), 9, 'and all partitions have each row once');

# EXPLAIN
sub zones_in_plan
{
	return ($session->sql("EXPLAIN (COSTS off) SELECT * FROM exo.dbaas_services WHERE $_[0]") =~
		  /Zones: (.*)/)[0];
}
is(zones_in_plan(q{zone <> 'de-fra-1'}), q{all, not 'de-fra-1'::text}, 'EXPLAIN');
is( zones_in_plan(q{zone NOT IN ('de-fra-1', 'at-vie-1')}),
	q{all, not ANY ('{de-fra-1,at-vie-1}'::text[])},
	'of several');
is( zones_in_plan(q{zone IN ('de-fra-1', 'at-vie-1') AND zone <> 'at-vie-1'}),
	q{ANY ('{de-fra-1,at-vie-1}'::text[]), not 'at-vie-1'::text},
	'of some of these');
is( (   $session->sql(
			q{EXPLAIN SELECT * FROM exo.dbaas_services WHERE zone NOT IN ('de-fra-1', 'at-vie-1')})
		  =~ /Expected Requests: (\d+)/)[0],
	1,
	'and what is expected');

done_testing();
