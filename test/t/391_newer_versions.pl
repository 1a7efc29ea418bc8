# What only newer versions of PostgreSQL have: joins, MERGE, RETURNING, and
# generated columns.  Each part runs where the server has it.
use strict;
use warnings;

use DbaasChecks;
use DbaasTest;
use Test::More;

my $t = DbaasTest->new(
	services => 4,
	logs => 5,
	operation_time => 0,
	server => { wait => 'none', max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
my $version = $t->node->pg_version;

$session->sql(
	q{
	CREATE TABLE local (zone text, name text, n bigint);
	INSERT INTO local VALUES ('ch-gva-2', 'pg-1-0001', 1), ('de-fra-1', 'pg-2-0001', 1),
		('at-vie-1', 'none', 1);
	CREATE TABLE big AS SELECT 'pg-1-0001' AS name FROM generate_series(1, 200000);
	ANALYZE local, big});

sub since
{
	my ($major, $what, $code) = @_;
	return subtest(
		$what => sub {
			plan skip_all => "SKIPPED: PostgreSQL $major has that, and this is $version"
			  if $version < $major;
			$sim->clear_faults;
			$sim->reset;
			$code->();
			done_testing();
		});
}

sub skip_zones
{
	my ($code) = @_;
	$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD unavailable_zones 'skip')});
	$sim->fault(
		{ method => 'GET', action => 'status', status => 503, times => -1, zone => 'de-fra-1' });
	$code->();
	$session->sql(q{ALTER SERVER exoscale OPTIONS (DROP unavailable_zones)});
	$sim->clear_faults;
	return;
}

sub has_plan
{
	my ($sql, $plan, $name) = @_;
	like($session->sql("EXPLAIN (COSTS off) $sql"), $plan, "$name: the plan has it");
	return;
}

sub is_strict
{
	my ($sql, $name) = @_;
	return DbaasChecks::is_strict($session, $sql, qr/does not skip a zone/, $name);
}

sub leaves_out { return DbaasChecks::leaves_out($session, @_) }

# ---------------------------------------------------------------------------
# Where rows may be missing
# ---------------------------------------------------------------------------

my $services = 'exo.dbaas_services';

since(
	16,
	'right anti joins',
	sub {
		$session->sql('SET enable_nestloop = off; SET enable_mergejoin = off');
		my $ours =
			"SELECT l.name FROM local l WHERE NOT EXISTS (SELECT "
		  . "FROM $services s, generate_series(1, 1000) WHERE s.name = l.name)";
		my $others =
			"SELECT count(*) FROM $services s WHERE NOT EXISTS (SELECT FROM big "
		  . "WHERE big.name = s.name)";
		has_plan($_, qr/Hash Right Anti Join/, 'right anti') foreach $ours, $others;
		is($session->sql($ours), 'none', 'with all zones');
		skip_zones(
			sub {
				is_strict($ours, 'rows without one of ours');
				leaves_out($others, 7, 'ours without another row');
			});
		$session->sql('RESET enable_nestloop; RESET enable_mergejoin');
	});

since(
	18,
	'right semi joins',
	sub {
		$session->sql('SET enable_nestloop = off; SET enable_mergejoin = off; '
			  . 'SET enable_hashagg = off; SET enable_sort = off');
		my $ours =
			"SELECT l.name FROM local l WHERE EXISTS (SELECT "
		  . "FROM $services s, generate_series(1, 1000) WHERE s.name = l.name)";
		my $others =
		  "SELECT s.name FROM $services s WHERE EXISTS (SELECT FROM big WHERE big.name = s.name)";
		my $counted = "SELECT l.name FROM local l WHERE EXISTS (SELECT FROM
		(SELECT zone, count(*) AS c FROM $services s, generate_series(1, 1000)
			GROUP BY zone OFFSET 0) s WHERE s.c = l.n)";
		has_plan($_, qr/Hash Right Semi Join/, 'right semi') foreach $ours, $others;
		skip_zones(
			sub {
				leaves_out($ours, 'pg-1-0001', 'rows with one of ours');
				leaves_out($others, 'pg-1-0001', 'ours with another row');
				is_strict($counted, 'a join by a count');
			});
		$session->sql(
			'RESET enable_nestloop; RESET enable_mergejoin; RESET enable_hashagg; RESET enable_sort'
		);
	});

since(
	17, 'MERGE',
	sub {
		my $merge =
			"MERGE INTO local l USING $services s ON s.name = l.name "
		  . "WHEN NOT MATCHED BY SOURCE THEN DELETE";
		is($session->sql("BEGIN; $merge RETURNING merge_action(), l.name; ROLLBACK"),
			'DELETE|none', 'rows that no service matches');
		is($session->sql("BEGIN; WITH m AS ($merge RETURNING l.name) SELECT * FROM m; ROLLBACK"),
			'none', 'in WITH');
		skip_zones(
			sub {
				is_strict($merge, 'MERGE');
				is_strict("$merge RETURNING merge_action(), l.name", 'MERGE with RETURNING');
				is_strict("WITH m AS ($merge RETURNING l.name) SELECT * FROM m", 'MERGE in WITH');
			});
		is($session->sql('SELECT count(*) FROM local'), 3, 'nothing was deleted');

		my $error = $session->sql_error(
				"MERGE INTO exo.dbaas_databases d USING local l ON d.name = l.name "
			  . "WHEN NOT MATCHED BY SOURCE THEN DELETE");
		like(
			$error->{message},
			qr/^cannot execute MERGE on relation "dbaas_databases"/,
			'into a table of ours');
		$session->sql(
			q{
		CREATE TABLE parts (zone text, service_name text, name text) PARTITION BY LIST (zone);
		CREATE FOREIGN TABLE parts_ours PARTITION OF parts FOR VALUES IN ('ch-gva-2')
			SERVER exoscale OPTIONS (resource 'databases');
		CREATE TABLE parts_rest PARTITION OF parts DEFAULT});
		$error = $session->sql_error(
				'MERGE INTO parts p USING local l ON p.name = l.name WHEN NOT MATCHED '
			  . 'THEN INSERT VALUES (l.zone, l.name, l.name)');
		like(
			$error->{message},
			qr/^cannot execute MERGE on relation "parts_ours"/,
			'into partitions of which one is ours');
		$sim->reset;
		is( $session->sql(
				q{MERGE INTO parts p USING (SELECT 'ch-gva-2' AS zone, s.name
			FROM exo.dbaas_databases s WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'
			AND name = 'defaultdb') l
		ON p.zone = 'none' AND p.name = l.name WHEN NOT MATCHED
			THEN INSERT VALUES (l.zone, 'pg-1-0001', 'new-' || l.name)
			RETURNING merge_action(), p.name}
			),
			'INSERT|new-defaultdb',
			'a row that is routed into one of ours');
		is(scalar(grep { $_->{method} eq 'POST' } $sim->requests), 1, 'is sent');
	});

since(
	17,
	'JSON_TABLE',
	sub {
		my $rows = q{'$[*]' COLUMNS (name text PATH '$')};
		my $ours =
			"SELECT j.name FROM JSON_TABLE((SELECT jsonb_agg(name) FROM $services "
		  . "WHERE type = 'pg'), $rows) j ORDER BY 1";
		my $each =
			"SELECT j.name FROM $services s, JSON_TABLE(jsonb_build_array(s.name), $rows) "
		  . "j WHERE s.type = 'pg' ORDER BY 1";
		is($session->sql($_), "pg-1-0001\npg-2-0001\npg-3-0001", 'with all zones')
		  foreach $ours, $each;
		skip_zones(
			sub {
				is_strict($ours, 'rows of an aggregate');
				is_strict(
					"SELECT name FROM local l WHERE JSON_VALUE((SELECT jsonb_agg(name) "
					  . "FROM $services), '\$[11]') IS NULL",
					'a value of an aggregate');
				leaves_out($each, "pg-1-0001\npg-3-0001", 'rows of each row');
			});
	});

# ---------------------------------------------------------------------------
# Keys
# ---------------------------------------------------------------------------

since(
	18,
	'IN (VALUES ...)',
	sub {
		$session->sql(
				q{PREPARE wanted(text) AS SELECT name FROM exo.dbaas_databases WHERE zone IN }
			  . q{(VALUES ('ch-gva-2'), ($1)) AND service_name IN }
			  . q{(VALUES ('pg-1-0001'), ($1)) AND name IN (VALUES ($1), ('defaultdb'))});
		foreach my $mode ('force_custom_plan', 'force_generic_plan')
		{
			$session->sql("SET plan_cache_mode = $mode");
			$sim->reset;
			is($session->sql(q{EXECUTE wanted('x')}), 'defaultdb', "$mode: the row");
			is_deeply([ grep { $_->{path} =~ /pg-2|pg-3/ } $sim->requests ],
				[], "$mode: one service is asked");
		}
		$session->sql('RESET plan_cache_mode');
		like(
			$session->sql(
					q{EXPLAIN SELECT name FROM exo.dbaas_databases WHERE zone IN }
				  . q{(VALUES ('ch-gva-2'), ('de-fra-1')) AND service_name IN }
				  . q{(VALUES ('pg-1-0001'), ('x'))}),
			qr/Keys: service_name = ANY.*Zones: ANY/s,
			'values that are known are keys');
	});

# ---------------------------------------------------------------------------
# OLD and NEW
# ---------------------------------------------------------------------------

since(
	18,
	'RETURNING old and new',
	sub {
		my $pool = q{zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'pool_1'};
		my $size = $session->sql("SELECT size FROM exo.dbaas_connection_pools WHERE $pool");
		$session->sql('BEGIN');
		is( $session->sql(
					"UPDATE exo.dbaas_connection_pools SET size = size + 1 WHERE $pool "
				  . "RETURNING old.size, new.size, size, old.name, new.name, old.database = "
				  . "new.database"),
			join('|', $size, $size + 1, $size + 1, 'pool_1', 'pool_1', 't'),
			'of an UPDATE');
		is( $session->sql(
					"UPDATE exo.dbaas_connection_pools p SET size = 30 WHERE $pool "
				  . "RETURNING WITH (OLD AS o, NEW AS n) o.size, n.size, (o).name = "
				  . "(n).name, to_jsonb(o) - 'size' = to_jsonb(n) - 'size'"),
			join('|', $size, 30, 't', 't'),
			'OLD is what was read');
		is( $session->sql(
					"DELETE FROM exo.dbaas_connection_pools WHERE $pool "
				  . "RETURNING old.size, new.size, new IS NULL, size, old.database"),
			"$size||t|$size|defaultdb",
			'of a DELETE');
		$session->sql('ROLLBACK');
		is( $session->sql(
					"UPDATE exo.dbaas_connection_pools SET size = 31 WHERE $pool RETURNING "
				  . "(SELECT count(*) FROM local l WHERE l.n < old.size), new.size - old.size"),
			'3|' . (31 - $size),
			'in a subquery');

		$sim->reset;
		is( $session->sql(
					q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
				  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'made') }
				  . q{RETURNING old.name, new.name, old IS NULL, new.zone}),
			'|made|t|ch-gva-2',
			'of an INSERT');
		my $made =
		  $session->sql(q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) }
			  . q{VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004') }
			  . q{RETURNING old.id, new.id IS NOT NULL, new.status, new.description});
		is($made, '|t|active|logs from pg-1-0001 to opensearch-1-0004', 'NEW is what the API made');
		is( $session->sql(
					q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
				  . q{SELECT zone, service_name, 'again-' || name FROM exo.dbaas_databases }
				  . q{WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' }
				  . q{AND name = 'made' RETURNING new.name}),
			'again-made',
			'and a source that reads the API is read first');
		is(scalar(grep { $_->{method} eq 'POST' } $sim->requests), 3, 'each is sent once');

		$session->sql('CREATE VIEW exo.pools AS SELECT zone, service_name, name, size AS '
			  . 'connections FROM exo.dbaas_connection_pools');
		is( $session->sql(
					"BEGIN; UPDATE exo.pools SET connections = 40 WHERE $pool "
				  . "RETURNING old.connections, new.connections; ROLLBACK"),
			"$size|40",
			'through a view');
		$session->sql('SET dbaas_fdw.dry_run = on');
		is( $session->sql(
					q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
				  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'dry') RETURNING old.name, new.name}),
			'|dry',
			'in a dry run');
		is( $session->sql(
					"UPDATE exo.dbaas_connection_pools SET size = 41 WHERE $pool "
				  . "RETURNING old.size, new.size"),
			"$size|41",
			'of an UPDATE too');
		$session->sql('RESET dbaas_fdw.dry_run');
		skip_zones(
			sub {
				leaves_out(
					"BEGIN; INSERT INTO local (zone, name, n) SELECT zone, name, 5 "
					  . "FROM $services WHERE type = 'pg' "
					  . "RETURNING old.name, new.name; ROLLBACK",
					"|pg-1-0001\n|pg-3-0001",
					'of an INSERT into a local table');
				is_strict(
					"BEGIN; UPDATE local l SET n = 2 FROM $services s "
					  . "WHERE s.name = l.name RETURNING old.n, new.n",
					'of an UPDATE of one');
				$session->sql('ROLLBACK');
			});

		# Secrets
		is( $session->sql(
				q{INSERT INTO exo.dbaas_services (zone, name, type, plan, parameters)
			VALUES ('ch-gva-2', 'shown', 'pg', 'startup-8', '{"version": "16"}')
		RETURNING old.parameters, new.parameters, parameters, to_jsonb(new) ->> 'parameters',
			new.name}),
			'||||shown',
			'no secret of an INSERT');
		my ($out, $err) = $session->sql_both(
			q{BEGIN; UPDATE exo.dbaas_services SET parameters = '{"x": "very-secret"}'
			WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'
		RETURNING old.parameters, new.parameters, to_jsonb(old) ->> 'parameters',
			to_jsonb(new) ->> 'parameters', old.name; ROLLBACK}
		);
		is($out, '||||pg-1-0001', 'nor of an UPDATE');
		unlike("$out$err", qr/very-secret/, 'none is shown');
	});

# ---------------------------------------------------------------------------
# Virtual generated columns
# ---------------------------------------------------------------------------

since(
	18,
	'virtual generated columns',
	sub {
		$session->sql(
			q{
		CREATE FOREIGN TABLE exo.virtual (
			name text, zone text, nodes bigint OPTIONS (field 'node-count'),
			label text GENERATED ALWAYS AS (zone || '/' || name) VIRTUAL,
			doubled bigint GENERATED ALWAYS AS (nodes * 2),
			tripled bigint GENERATED ALWAYS AS (nodes * 3) STORED,
			place text GENERATED ALWAYS AS (zone) VIRTUAL
		) SERVER exoscale OPTIONS (resource 'services');
		CREATE FOREIGN TABLE exo.virtual_pools (zone text, service_name text, name text,
			size bigint, database text, mode text, username text,
			doubled bigint GENERATED ALWAYS AS (size * 2) VIRTUAL) SERVER exoscale
				OPTIONS (resource 'connection-pools');
		CREATE FOREIGN TABLE exo.virtual_path (name text, "upper" text
			GENERATED ALWAYS AS (upper(name)), zone text)
			SERVER exoscale OPTIONS (path '/dbaas-external-endpoints', rows 'dbaas-endpoints[]')});
		is( $session->sql(
				q{SELECT label, doubled, tripled, place FROM exo.virtual WHERE name = 'pg-1-0001'}),
			'ch-gva-2/pg-1-0001|2|3|ch-gva-2',
			'are computed');
		is( $session->sql(
					q{SELECT bool_and(label = zone || '/' || name AND doubled = nodes * 2 }
				  . q{AND tripled = nodes * 3), count(doubled) FROM exo.virtual}),
			't|12',
			'in each row');
		is( $session->sql(
					q{SELECT to_jsonb(v) ->> 'label', v.doubled, to_jsonb(v) ->> 'tripled' }
				  . q{FROM exo.virtual v WHERE name = 'pg-1-0001'}),
			'ch-gva-2/pg-1-0001|2|3',
			'in a whole row');
		is( $session->sql(
					q{SELECT l.name, v.label FROM local l LEFT JOIN exo.virtual v }
				  . q{ON v.label = l.zone || '/' || l.name ORDER BY 1}),
			"none|\npg-1-0001|ch-gva-2/pg-1-0001\npg-2-0001|de-fra-1/pg-2-0001",
			'under an outer join');
		is($session->sql(q{SELECT "upper" = upper(name) FROM exo.virtual_path LIMIT 1}),
			't', 'in a declared table');
		$sim->reset;
		is( $session->sql(
				q{SELECT name FROM exo.virtual WHERE place = 'de-fra-1' AND name = 'pg-2-0001'}),
			'pg-2-0001',
			'a condition on one');
		is_deeply([ map { $_->{zone} } grep { $_->{path} =~ /service/ } $sim->requests ],
			['de-fra-1'], 'asks one zone');
		$session->sql('ANALYZE exo.virtual');
		is( $session->sql(
					q{SELECT n FROM generate_series(1, 2) n, LATERAL (SELECT }
				  . q{(SELECT max(p.doubled) FROM exo.virtual_pools p WHERE p.zone = v.place }
				  . q{AND p.service_name = v.name) AS most FROM exo.virtual v }
				  . q{WHERE v.name = 'pg-1-0001') x WHERE x.most > 0 LIMIT 1}),
			1,
			'in a subquery for each row');

		my $pool = q{zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'pool_1'};
		my $size = $session->sql("SELECT size FROM exo.virtual_pools WHERE $pool");
		$session->sql('BEGIN');
		is( $session->sql(
					"UPDATE exo.virtual_pools SET size = doubled WHERE $pool "
				  . "AND doubled = size * 2 RETURNING old.doubled, new.doubled, doubled, size"),
			join('|', $size * 2, $size * 4, $size * 4, $size * 2),
			'UPDATE computes from it, and RETURNING shows it');
		$sim->reset;
		$session->sql('COMMIT');
		is_deeply(
			[ map { $_->{body} =~ /"size":(\d+)/ } grep { $_->{method} eq 'PUT' } $sim->requests ],
			[ $size * 2 ],
			'what was computed is sent')
		  or
		  diag explain [ map { "$_->{method} $_->{path} " . ($_->{body} // '') } $sim->requests ];
		is( $session->sql(
					q{BEGIN; INSERT INTO exo.virtual_pools (zone, service_name, name, size, }
				  . q{database) VALUES ('ch-gva-2', 'pg-1-0001', 'made', 7, 'defaultdb') }
				  . q{RETURNING doubled; ROLLBACK}),
			14,
			'INSERT shows it');
		is( $session->sql(
				"BEGIN; DELETE FROM exo.virtual_pools WHERE $pool RETURNING doubled; ROLLBACK"),
			$size * 4,
			'DELETE shows it');
		my $error =
		  $session->sql_error(q{CREATE FOREIGN TABLE exo.virtual_field (zone text, name text }
			  . q{OPTIONS (field 'name') GENERATED ALWAYS AS ('x') VIRTUAL) SERVER exoscale }
			  . q{OPTIONS (resource 'services'); SELECT * FROM exo.virtual_field});
		is( $error->{message},
			'column "name" of foreign table "virtual_field" shows a field of the API and '
			  . 'cannot be generated',
			'one that names a field is an error');
	});

done_testing();
