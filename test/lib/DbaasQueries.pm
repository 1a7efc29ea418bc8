package DbaasQueries;

=head1 NAME

DbaasQueries - random queries over foreign tables, and over local copies of them

=head1 SYNOPSIS

    use DbaasQueries qw(copies query several text constants is_cut difference);

    my $t = DbaasQueries::cluster();          # a DbaasTest
    copies($t);                               # makes the copies, and checks them

    my $q = query();                          # or several(), of one table
    my $foreign = text($q, 'foreign');
    my $local = text($q, 'local');
    my $all = text($q, 'local', 1);           # without LIMIT and OFFSET
    print difference($q, \@foreign_rows, \@local_rows, \@all_rows);

=head1 FUNCTIONS

=over

=item cluster(), copies($t)

Starts what the queries are about; makes the copies, and the tables that are joined with them.
copy.is_small(QUERY) tells whether what a query gives can be looked through.

=item query(), several()

A random query: any, or one with several scans of one table.  Its "settings" are some that go
with it, and its "prepared" makes its constants parameters.

=item text($q, $side, $full)

Its statement for one side, "foreign" or "local".

=item constants($sql, $prepared)

A text in whose place of "\x01type|value\x02" is the constant; or, as a hash, the statements that
prepare and execute it with the constants as parameters.

=item is_cut($q), difference($q, $foreign, $local, $full)

Whether a query has LIMIT or OFFSET.  What is wrong with the rows of the foreign side, or undef:
a LIMIT whose order is not total may pick any of the rows that are equal in it.

=back

=cut

use strict;
use warnings;

use DbaasLogApi;
use DbaasRandom qw(pick chance shuffled);
use DbaasTest;
use Exporter qw(import);
use Test::More;

our @EXPORT_OK = qw(copies query several text constants is_cut difference);

# The planner shall know the copies, and in every run the same of them
sub cluster
{
	return DbaasTest->new(
		zones => 2,
		services => 8,
		logs => 120,
		server => { max_concurrency => 8 },
		conf => "autovacuum = off\n");
}

my @zones = ('ch-gva-2', 'de-fra-1');

# ---------------------------------------------------------------------------
# Tables and their copies
# ---------------------------------------------------------------------------

my @names = map {
	my $z = $_;
	map {
		sprintf '%s-%d-%04d',
		  (qw(pg mysql kafka opensearch valkey grafana thanos clickhouse))[ $_ - 1 ], $z, $_
	} 1 .. 8
} 1 .. 2;

my ($paged, $unsorted, $icu);

sub copies
{
	my ($t) = @_;
	my $session = $t->session;

	# One service has more than a page
	$t->sim->append_logs('ch-gva-2', 'pg-1-0001', 500);

	$session->sql(
		q{
		SET client_min_messages = warning;
		CREATE SCHEMA copy;
		CREATE TABLE copy.services AS SELECT * FROM exo.dbaas_services;
		CREATE TABLE copy.service_types AS SELECT * FROM exo.dbaas_service_types;
		CREATE TABLE copy.plans AS SELECT * FROM exo.dbaas_plans;
		CREATE TABLE copy.integrations AS SELECT * FROM exo.dbaas_integrations;
		CREATE TABLE copy.external_integrations AS SELECT * FROM exo.dbaas_external_integrations;
		CREATE TABLE copy.migrations AS SELECT * FROM exo.dbaas_migrations;
		CREATE TABLE copy.integration_settings AS SELECT * FROM exo.dbaas_integration_settings;
		CREATE TABLE copy.zones AS SELECT * FROM exo.dbaas_zones;
		CREATE TABLE copy.logs AS SELECT * FROM exo.dbaas_logs;
		CREATE TABLE copy.logs_order AS SELECT * FROM copy.logs
			UNION ALL SELECT * FROM exo.dbaas_logs WHERE sort_order = 'asc';
		CREATE TABLE copy.logs_limit AS TABLE copy.logs WITH NO DATA;
		CREATE TABLE copy.logs_both AS TABLE copy.logs WITH NO DATA;
		-- Else bounds on the time would choose the period
		CREATE VIEW exo.metrics_of_hour AS SELECT * FROM exo.dbaas_metrics WHERE period = 'hour';
		CREATE TABLE copy.metrics AS SELECT * FROM exo.metrics_of_hour;
		CREATE TABLE copy.metrics_period AS SELECT * FROM copy.metrics
			UNION ALL SELECT * FROM exo.dbaas_metrics WHERE period = 'day';
		CREATE INDEX ON copy.metrics (service_name);
		CREATE FUNCTION copy.is_small(query text) RETURNS boolean LANGUAGE plpgsql AS $$
		DECLARE
			plan json;
			n bigint;
		BEGIN
			-- The plan mostly knows what is costly.  Time bounds the rest: it
			-- only decides what is left out, and only here
			EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
			IF (plan->0->'Plan'->>'Total Cost')::float8 > 20000 THEN
				RETURN false;
			END IF;
			EXECUTE format('SELECT count(*) FROM (SELECT FROM (%s) AS x LIMIT 3000) AS y', query)
				INTO n;
			RETURN n < 3000;
		EXCEPTION WHEN query_canceled THEN
			RETURN false;
		END
		$$;
		CREATE INDEX ON copy.metrics_period (service_name);
	});
	foreach my $n (1, 2, 3, 7)
	{
		$session->sql(
			qq{
			INSERT INTO copy.logs_limit SELECT * FROM exo.dbaas_logs WHERE log_limit = $n;
			INSERT INTO copy.logs_both SELECT * FROM exo.dbaas_logs WHERE log_limit = $n
				AND sort_order = 'asc';
			INSERT INTO copy.logs_both SELECT * FROM exo.dbaas_logs WHERE log_limit = $n
				AND sort_order = 'desc'}
		);
	}

	$session->sql(
		join '',
		map { "ANALYZE copy.$_;" }
		  qw(services service_types plans integrations external_integrations migrations
		  integration_settings zones logs logs_order logs_limit logs_both metrics metrics_period));

	# The copies are what the simulator's rules say, so both sides cannot be wrong alike
	is( $session->sql('SELECT count(*), count(DISTINCT (zone, service_name, time)) FROM copy.logs'),
		'2420|2420', 'the copy has every entry');
	is( $session->sql(
			'SELECT log_limit, sort_order, count(*) FROM copy.logs_both GROUP BY 1, 2 ORDER BY 1, 2'
		),
		join(
			"\n",
			map {
				my $n = $_;
				map { "$n|$_|" . 16 * $n } qw(asc desc)
			} 1,
			2, 3,
			7),
		'and those with parameters');

	# Short pages: of many entries, and of entries that are in no order within a second
	$paged = DbaasLogApi->start(
		40,
		map {
			my ($service, $n) = @$_;
			$service =>
			  [ map { [ sprintf('2026-01-01T00:%02d:%02dZ', $_ / 60, $_ % 60), "entry $_" ] }
				  0 .. $n - 1 ]
		}[ 'pg-1-0001', 400 ],
		[ 'mysql-1-0002', 130 ],
		[ 'kafka-1-0003', 40 ]);
	$unsorted = DbaasLogApi->start(
		40,
		map {
			my $service = $_;
			$service => [
				map {
					my $time = sprintf '2026-01-01T00:00:%02d', $_;
					map { [ "$time.${_}Z", "entry $_ of $time" ] } (shuffled(0 .. 9))[ 0 .. 4 ]
				} 0 .. 59
			]
		} 'pg-1-0001',
		'mysql-1-0002');

	# A table in partitions, each of a server for one zone
	$t->add_server(
		"zone_$_", "zone_$_",
		endpoint => $t->sim->endpoint_template,
		zones => $zones[$_]) foreach 0, 1;
	$t->add_server(@$_, zones => $zones[0])
	  foreach [ 'paged', 'paged', endpoint => $paged->endpoint_template ],
	  [ 'unsorted', 'unsorted', endpoint => $unsorted->endpoint_template ];
	$session->sql(
		q{
		CREATE TABLE copy.logs_paged AS SELECT * FROM paged.dbaas_logs;
		ANALYZE copy.logs_paged;
		CREATE TABLE copy.logs_unsorted AS SELECT * FROM unsorted.dbaas_logs;
		ANALYZE copy.logs_unsorted;
		CREATE SCHEMA parts;
		CREATE TABLE parts.logs (LIKE exo.dbaas_logs) PARTITION BY LIST (zone);
		CREATE TABLE parts.services (LIKE exo.dbaas_services) PARTITION BY LIST (zone);
	} . join '',
		map {
			my $i = $_;
			map {
				qq{
		ALTER TABLE parts.$_ ATTACH PARTITION zone_$i.dbaas_$_ FOR VALUES IN ('$zones[$i]');
	}
			} qw(logs services)
		} 0,
		1);

	is( $session->sql(
				'SELECT (SELECT count(*) FROM copy.logs_paged), (SELECT count(*) '
			  . 'FROM copy.logs_unsorted)'),
		'570|600',
		'and those of other logs');

	# What queries join with
	$session->sql(
		q{
		CREATE TABLE copy.inventory (id int, zone text, name text, vc varchar(40), nm name,
			n bigint, ord text, period text, since timestamptz, names text[]);
		INSERT INTO copy.inventory VALUES
		(1, 'ch-gva-2', 'pg-1-0001', 'pg-1-0001', 'pg-1-0001', 1, 'asc', 'hour',
			'2026-01-01 00:00:30+00', '{pg-1-0001,mysql-1-0002}'),
		(2, 'ch-gva-2', 'mysql-1-0002', 'pg-1-0001', 'kafka-1-0003', 2, 'desc', 'day',
			'2026-01-01 00:01:00+00', '{kafka-1-0003,NULL}'),
		(3, 'de-fra-1', 'pg-2-0001', 'pg-2-0001', 'pg-2-0001', 3, 'asc', 'hour',
			'2026-01-01 00:00:10+00', '{}'),
		(4, 'de-fra-1', 'mysql-2-0002', 'valkey-2-0005', 'mysql-2-0002', 7, 'desc', NULL,
			'2026-01-01 00:00:40+00', NULL),
		(5, 'de-fra-1', 'kafka-1-0003', 'kafka-1-0003', 'kafka-1-0003', 2, NULL, 'day',
			'2026-01-01 00:00:50+00', '{pg-2-0001,pg-2-0001}'),
		(6, 'ch-gva-2', 'kafka-1-0003', 'thanos-1-0007', 'thanos-1-0007', NULL, 'asc', 'hour', NULL,
			'{thanos-1-0007}'),
		(7, NULL, 'grafana-1-0006', NULL, 'grafana-1-0006', 1, 'desc', 'hour',
			'2026-01-01 00:00:35+00', '{grafana-1-0006,no-such}'),
		(8, 'ch-gva-2', NULL, 'no-such', NULL, 3, 'asc', 'day', '2026-01-01 00:00:20.5+00',
			'{valkey-1-0005}'),
		(9, 'ch-gva-2', 'no-such', 'opensearch-1-0004', 'opensearch-1-0004', 1, 'desc', 'hour',
			'2027-01-01 00:00:00+00', '{opensearch-1-0004}'),
		(10, 'nowhere-1', 'pg-1-0001', 'pg-1-0001', 'pg-1-0001', 7, 'asc', 'hour',
			'2025-01-01 00:00:00+00', '{pg-1-0001}'),
		(11, 'ch-gva-2', 'pg-1-0001', 'clickhouse-2-0008', 'clickhouse-2-0008', 3, 'desc', 'hour',
			'2026-01-01 00:02:00+00', '{clickhouse-2-0008}'),
		(12, 'de-fra-1', 'clickhouse-2-0008', 'clickhouse-2-0008', '..', 2, 'asc', 'day',
			'2026-01-01 00:00:08+00', '{"",".."}');
		ANALYZE copy.inventory;
	});
	$icu = $session->sql(q{SELECT count(*) FROM pg_collation WHERE collprovider = 'i'}) > 0;
	$session->sql(q{CREATE COLLATION copy.any_case (provider = icu, locale = 'und-u-ks-level2', }
		  . q{deterministic = false)})
	  if $icu;

	$session->quit;
	return;
}

# Tables: names on both sides, columns by kind, and keys
my @logs_columns = (
	[ zone => 'zone' ],
	[ service_name => 'service' ],
	[ time => 'time' ],
	[ node => 'node' ],
	[ unit => 'unit' ],
	[ message => 'message' ]);
my %tables = (
	logs => {
		foreign => 'exo.dbaas_logs',
		local => 'copy.logs',
		columns => \@logs_columns,
		weight => 12
	},
	logs_order => {
		foreign => 'exo.dbaas_logs',
		local => 'copy.logs_order',
		columns => \@logs_columns,
		weight => 4,
		given => [ [ sort_order => 'order' ] ]
	},
	logs_limit => {
		foreign => 'exo.dbaas_logs',
		local => 'copy.logs_limit',
		columns => \@logs_columns,
		weight => 4,
		given => [ [ log_limit => 'limit' ] ]
	},
	logs_both => {
		foreign => 'exo.dbaas_logs',
		local => 'copy.logs_both',
		columns => \@logs_columns,
		weight => 3,
		given => [ [ sort_order => 'order' ], [ log_limit => 'limit' ] ]
	},
	logs_parts =>
	  { foreign => 'parts.logs', local => 'copy.logs', columns => \@logs_columns, weight => 3 },
	logs_paged => {
		foreign => 'paged.dbaas_logs',
		local => 'copy.logs_paged',
		columns => \@logs_columns,
		weight => 3
	},
	logs_unsorted => {
		foreign => 'unsorted.dbaas_logs',
		local => 'copy.logs_unsorted',
		columns => \@logs_columns,
		weight => 0
	},
	services => {
		foreign => 'exo.dbaas_services',
		local => 'copy.services',
		weight => 7,
		columns => [
			[ zone => 'zone' ],
			[ name => 'service' ],
			[ type => 'type' ],
			[ plan => 'plan' ],
			[ node_count => 'number' ],
			[ created_at => 'created' ],
			[ updated_at => 'created' ],
			[ integrations => 'json' ]
		]
	},
	services_parts => {
		foreign => 'parts.services',
		local => 'copy.services',
		weight => 2,
		columns => [
			[ zone => 'zone' ],
			[ name => 'service' ],
			[ type => 'type' ],
			[ plan => 'plan' ],
			[ node_count => 'number' ],
			[ created_at => 'created' ]
		]
	},
	service_types => {
		foreign => 'exo.dbaas_service_types',
		local => 'copy.service_types',
		weight => 3,
		columns => [
			[ zone => 'zone' ],
			[ name => 'type' ],
			[ description => 'text' ],
			[ default_version => 'text' ]
		]
	},
	plans => {
		foreign => 'exo.dbaas_plans',
		local => 'copy.plans',
		weight => 3,
		columns => [
			[ zone => 'zone' ],
			[ service_type => 'type' ],
			[ name => 'plan' ],
			[ node_count => 'number' ],
			[ zones => 'array' ]
		]
	},
	integrations => {
		foreign => 'exo.dbaas_integrations',
		local => 'copy.integrations',
		weight => 3,
		columns => [
			[ zone => 'zone' ],
			[ id => 'integration' ],
			[ source => 'service' ],
			[ dest => 'service' ],
			[ type => 'itype' ],
			[ settings => 'json' ]
		]
	},
	external_integrations => {
		foreign => 'exo.dbaas_external_integrations',
		local => 'copy.external_integrations',
		weight => 4,
		columns => [
			[ zone => 'zone' ],
			[ id => 'external' ],
			[ service_name => 'service' ],
			[ service_type => 'type' ],
			[ status => 'text' ]
		]
	},
	migrations => {
		foreign => 'exo.dbaas_migrations',
		local => 'copy.migrations',
		weight => 5,
		columns => [
			[ zone => 'zone' ],
			[ service_name => 'service' ],
			[ status => 'text' ],
			[ method => 'text' ],
			[ details => 'json' ]
		]
	},
	integration_settings => {
		foreign => 'exo.dbaas_integration_settings',
		local => 'copy.integration_settings',
		weight => 2,
		columns => [
			[ zone => 'zone' ],
			[ integration_type => 'itype' ],
			[ source_type => 'type' ],
			[ dest_type => 'type' ],
			[ settings => 'json' ]
		]
	},
	zones => {
		foreign => 'exo.dbaas_zones',
		local => 'copy.zones',
		weight => 1,
		columns => [ [ zone => 'zone' ] ]
	},
	metrics => {
		foreign => 'exo.metrics_of_hour',
		local => 'copy.metrics',
		weight => 1,
		few => 1,
		columns => [
			[ zone => 'zone' ],
			[ service_name => 'service' ],
			[ metric => 'metric' ],
			[ time => 'time' ],
			[ value => 'number' ]
		]
	},
	metrics_period => {
		foreign => 'exo.dbaas_metrics',
		local => 'copy.metrics_period',
		weight => 1,
		few => 1,
		given => [ [ period => 'period' ] ],
		columns => [
			[ zone => 'zone' ],
			[ service_name => 'service' ],
			[ metric => 'metric' ],
			[ time => 'time' ],
			[ value => 'number' ]
		]
	});
my @weighted = map { ($_) x $tables{$_}{weight} } sort keys %tables;

# Values of each kind, with their type
my %values = (
	zone => [ text => @zones, @zones, 'nowhere-1' ],
	service => [ text => @names, 'pg-1-0001', 'pg-1-0001', 'no-such', '..', '' ],
	type => [ text => qw(pg mysql kafka opensearch valkey grafana thanos clickhouse none) ],
	itype => [ text => qw(logs metrics datasource none) ],
	plan => [ text => qw(hobbyist-2 startup-4 business-8 premium-8) ],
	unit => [ text => qw(cron sshd systemd pg.service) ],
	node => [ text => map { "$_-1" } @names ],
	text => [ text => qw(active done running dump 16) ],
	metric => [ text => qw(cpu_usage load_average) ],
	order => [ text => qw(asc desc) ],
	period => [ text => qw(hour day) ],
	limit => [ bigint => 1, 2, 3, 7 ],
	number => [ bigint => 0 .. 4 ],
	message => [ text => ('entry 1% of %', '%checkpoint%', 'entry 600 %', '%') ],
	time => [
		timestamptz => map { sprintf '2026-01-01 00:%02d:%02d%s+00', @$_ } (
			[ 0, 5, '' ],
			[ 0, 20, '' ],
			[ 0, 31, '.5' ],
			[ 1, 0, '' ],
			[ 2, 30, '' ],
			[ 6, 0, '' ],
			[ 0, 1, '' ])
	],
	day =>
	  [ date => qw(2025-12-31 2026-01-01 2026-01-01 2026-01-02 5874897-12-31 infinity -infinity) ],
	local => [
		timestamp => '2026-01-01 00:00:20',
		'2026-01-01 00:00:31.5', '2026-01-01 02:01:00', '2025-12-31 19:00:20',
		'2026-01-01 12:45:20', '294276-12-31 23:00:00', '-infinity'
	],
	created => [
		timestamptz => '2025-12-31 20:00:00+00',
		'2025-12-31 23:00:00+00', '2026-01-15 00:00:00+00'
	],
	integration => [
		uuid => map {
			my $z = $_;
			map { DbaasSim::uuid("1/$z/integrations/$_") } 1 .. 4
		} @zones
	],
	external => [
		uuid => map {
			my $z = $_;
			map { DbaasSim::uuid("1/$z/external-integrations/$_") } '1/1', '1/2', '5/1'
		} @zones
	]);

# ---------------------------------------------------------------------------
# Making queries
# ---------------------------------------------------------------------------

# A constant, which becomes a parameter where the query is prepared
sub value
{
	my ($kind, $type) = @_;
	my ($own, @all) = @{ $values{$kind} };
	return constant($type // $own, pick(@all));
}

sub constant { return "\x01$_[0]|$_[1]\x02" }

sub values_of
{
	my ($kind) = @_;
	return map { value($kind) } 1 .. 1 + int rand 4;
}

my %inventory_of = (
	zone => [qw(zone)],
	service => [qw(name vc nm)],
	limit => ['n'],
	order => ['ord'],
	period => ['period'],
	time => ['since']);

# An equality of a column, which decides the value of a parameter
sub equality
{
	my ($column, $kind) = @_;
	my $type = $values{$kind}[0];
	my $own = $inventory_of{$kind};
	my @forms = (
		sub { "$column = " . value($kind) },
		sub { value($kind) . " = $column" },
		sub { "$column IN (" . join(', ', values_of($kind)) . ')' },
		sub { "$column = ANY (ARRAY[" . join(', ', values_of($kind)) . "]::${type}[])" },
		sub { "($column = " . value($kind) . " OR $column = " . value($kind) . ')' },
		sub { "$column = ANY (ARRAY[" . value($kind) . ", NULL]::${type}[])" },
		sub {
			"$column = ANY ("
			  . constant("${type}[]",
				'{' . join(',', map { /\|(.*)\x02/ ? qq("$1") : () } values_of($kind)) . '}')
			  . ')';
		});
	push @forms, (
		sub {
			"$column = (SELECT "
			  . pick(@$own)
			  . "::$type FROM copy.inventory WHERE id = "
			  . (1 + int rand 13) . ')';
		},
		sub {
			"$column = ANY (ARRAY(SELECT "
			  . pick(@$own)
			  . "::$type FROM copy.inventory WHERE id < "
			  . (1 + int rand 7) . '))';
		},
		sub {
			"$column IN (SELECT "
			  . pick(@$own)
			  . "::$type FROM copy.inventory WHERE id > "
			  . (6 + int rand 7) . ')';
		}) if $own && $kind ne 'time';
	return pick(@forms)->();
}

# Any condition on a column
sub condition
{
	my ($column, $kind) = @_;
	if ($kind eq 'time' || $kind eq 'created')
	{
		my $between = value($kind);
		return pick(
			sub {
				"$column " . pick('>', '>=', '>', '>=', '<', '<=', '=', '<>') . ' ' . value($kind);
			},
			sub { value($kind) . ' ' . pick('>', '>=', '<', '<=', '<', '<=') . " $column" },
			sub { "$column BETWEEN " . value($kind) . ' AND ' . value($kind) },
			sub { "$column BETWEEN SYMMETRIC " . value($kind) . ' AND ' . value($kind) },
			sub { "$column >= now() - (now() - " . value($kind) . ')' },
			sub { "$column > " . value($kind) . " - interval '7 seconds'" },
			sub {
				"$column >= (SELECT since FROM copy.inventory WHERE id = "
				  . (1 + int rand 13) . ')';
			},
			sub { "$column > greatest(" . value($kind) . ', ' . value($kind) . ')' },
			sub { "$column >= ALL (ARRAY[" . value($kind) . ', ' . value($kind) . '])' },
			sub { "$column " . pick('>', '>=', '<=') . ' ' . value('day') },
			sub { value('day') . ' ' . pick('<', '<=', '>') . " $column" },
			sub { "$column " . pick('>', '>=', '<') . ' ' . value('local') },
			sub { "$column BETWEEN " . value('local') . ' AND ' . value('day') },
			sub { "$column >= current_date - (current_date - date '2026-01-0" . pick(1, 2) . "')" },
			sub {
				"$column > (SELECT since::timestamp FROM copy.inventory WHERE id = "
				  . (1 + int rand 13) . ')';
			},
			sub { "$column >= NULL" })->();
	}
	return "$column LIKE " . value($kind) if $kind eq 'message';
	return "$column @> '{" . pick(@zones) . "}'" if $kind eq 'array';
	return "$column IS " . pick('NULL', 'NOT NULL') if $kind eq 'json';
	return equality($column, $kind) if chance($kind eq 'zone' || $kind eq 'service' ? 0.75 : 0.5);

	my $type = $values{$kind}[0];
	my @forms = (
		sub { "$column <> " . value($kind) },
		sub { "$column IS " . pick('NULL', 'NOT NULL') },
		sub { "$column IS NOT DISTINCT FROM " . value($kind) },
		sub { "$column NOT IN (" . join(', ', values_of($kind)) . ')' },
		sub { "NOT ($column = " . value($kind) . ')' },
		sub { "$column " . pick('<', '>', '<=', '>=') . ' ' . value($kind) },
		sub { "$column = NULL" },
		sub { "$column = " . value($kind) . " AND $column = " . value($kind) },
		sub { "coalesce($column, " . value($kind) . ') = ' . value($kind) });
	push @forms,
	  ( sub { "$column = " . value($kind, 'varchar') },
		sub { "$column = " . value($kind, 'name') },
		sub { "$column\::varchar = " . value($kind, 'varchar') },
		sub { "$column\::name = " . value($kind, 'name') },
		sub { "$column = ANY (ARRAY[" . value($kind, 'name') . '])' },
		sub { "$column LIKE '%1'" },
		sub { "upper($column) = upper(" . value($kind) . ')' },
		sub { "$column || '' = " . value($kind) },
		sub { "starts_with($column, " . value($kind) . ')' }) if $type eq 'text';
	push @forms, sub { "$column COLLATE copy.any_case = upper(" . value($kind) . ')' },
	  sub { "$column COLLATE copy.any_case IN (upper(" . value($kind) . '), ' . value($kind) . ')' }

	  if $type eq 'text' && $icu;
	push @forms, sub { "$column = ANY (ARRAY[" . value($kind, 'int') . ', 2]::int[])' },
	  sub { "$column = " . value($kind, 'smallint') }
	  if $type eq 'bigint';
	return pick(@forms)->();
}

my $aliases;

# A relation; where its parameters must be given, the conditions that do
sub relation
{
	my ($name) = @_;
	$name //= pick(@weighted);
	my $table = $tables{$name};
	my $alias = 'r' . ++$aliases;
	my @keep = map { [ equality("$alias.$_->[0]", $_->[1]), 1 ] } @{ $table->{given} // [] };
	push @keep, [ "$alias.service_name = " . value('service'), 1 ] if $table->{few};
	return {
		table => $table,
		alias => $alias,
		columns => [ map { [ "$alias.$_->[0]", $_->[1] ] } @{ $table->{columns} } ],
		keep => \@keep
	};
}

sub conditions
{
	my ($relation, $most) = @_;
	return map { [ condition(@{ pick(@{ $relation->{columns} }) }), 0 ] } 1 .. int rand $most + 1;
}

sub column_of
{
	my ($relation, $kind) = @_;
	return map { $_->[0] } grep { $_->[1] eq $kind } @{ $relation->{columns} };
}

my @inventory_columns = (
	[ zone => 'zone' ],
	[ name => 'service' ],
	[ vc => 'service' ],
	[ nm => 'service' ],
	[ n => 'limit' ],
	[ since => 'time' ]);

sub inventory
{
	my $alias = 'i' . ++$aliases;
	return {
		table => { foreign => 'copy.inventory', local => 'copy.inventory' },
		alias => $alias,
		inventory => 1,
		keep => [],
		columns => [ map { [ "$alias.$_->[0]", $_->[1] ] } @inventory_columns ]
	};
}

# Conditions that join a relation with one before it
sub join_conditions
{
	my ($left, $right) = @_;
	my @on;

	foreach my $kind (qw(service zone type integration))
	{
		my @left = column_of($left, $kind);
		my @right = column_of($right, $kind);
		next unless @left && @right;
		push @on, [
			pick(
				map {
					my $r = $_;
					map { ("$r = $_", "$_ = $r") } @left
				} @right),
			0
		  ]
		  if $kind eq 'service' || chance(0.6);
	}
	my ($since) = column_of($left, 'time');
	my ($time) = column_of($right, 'time');
	push @on,
	  [ "$time " . pick('>', '>=', '<', '=') . " $since" . pick('', '::timestamp', '::date'), 0 ]
	  if $since && $time && (chance(0.3) || !@on);
	push @on, [ "$right->{columns}[0][0] = " . value('zone'), 0 ] if !@on;
	return @on;
}

# The inventory may give the parameters of a relation that joins it
sub parameters_by_join
{
	my ($left, $right) = @_;
	my %give = (order => 'ord', limit => 'n', period => 'period');
	return unless $left->{inventory} && $right->{table}{given} && chance(0.5);
	my @given = @{ $right->{table}{given} };
	my @few = grep { $right->{table}{few} } @{ $right->{keep} }[-1];
	return ([ map { [ "$right->{alias}.$_->[0] = $left->{alias}.$give{ $_->[1] }", 1 ] } @given ],
		[ grep { $_ } @few ]);
}

# The newest or oldest entries of each row before
sub lateral
{
	my ($left) = @_;
	my @names = column_of($left, 'service');
	my $inner = relation(pick(qw(logs logs logs_order logs_limit logs_both logs_parts)));
	my $alias = 'l' . ++$aliases;
	my $time = "$inner->{alias}.time";
	my @where = (map({ $_->[0] } @{ $inner->{keep} }, conditions($inner, 1)));
	my ($zone) = column_of($left, 'zone');
	my ($since) = column_of($left, 'time');

	push @where, "$inner->{alias}.service_name = " . pick(@names);
	push @where, "$inner->{alias}.zone = $zone" if $zone && chance(0.5);
	push @where, "$time > $since" . pick('', '::timestamp', '::date') if $since && chance(0.3);
	my $several =
	  $inner->{table}{given} ? ", $inner->{alias}.sort_order, $inner->{alias}.log_limit" : '';
	my $total = pick('', '', "$several, $inner->{alias}.message");
	$total = $several if $several && !$total;
	my $order =
		"ORDER BY $time "
	  . pick('DESC', 'DESC', 'DESC', 'ASC', 'ASC NULLS FIRST', 'DESC NULLS LAST')
	  . $total;
	my $limit = chance(0.85) ? 'LIMIT ' . constant('bigint', pick(0, 1, 2, 2, 5, 200)) : '';
	$limit .= ' OFFSET ' . constant('bigint', pick(0, 1, 3)) if chance(0.2);
	return {
		alias => $alias,
		keep => [],
		inner => $inner,
		text => "LATERAL (SELECT $inner->{alias}.zone, $time, $inner->{alias}.message, "
		  . "$inner->{alias}.service_name FROM \x03 WHERE "
		  . join(' AND ', map { "($_)" } shuffled(@where))
		  . " $order $limit) AS $alias",
		columns => [
			[ "$alias.zone" => 'zone' ],
			[ "$alias.time" => 'time' ],
			[ "$alias.message" => 'message' ]
		]
	};
}

# Several tables, one after the other
sub union
{
	my $alias = 'u' . ++$aliases;
	my @arms = map {
		my $r =
		  relation(pick(qw(logs services migrations external_integrations logs_order logs_limit)));
		my ($name) = column_of($r, 'service');
		my @where = (@{ $r->{keep} }, conditions($r, 1));
		push @where, [ condition($name, 'service'), 0 ]
		  if $r->{table}{local} =~ /logs/ && chance(0.8);
		{
			inner => $r,
			text => "SELECT $r->{alias}.zone, $name AS name FROM \x03"
			  . (@where ? ' WHERE ' . join ' AND ', map { "($_->[0])" } @where : '')
		}
	} 1 .. 2 + int rand 2;
	return {
		alias => $alias,
		keep => [],
		arms => \@arms,
		columns => [ [ "$alias.zone" => 'zone' ], [ "$alias.name" => 'service' ] ]
	};
}

sub query
{
	my %q = (from => [], where => [], settings => []);
	$aliases = 0;

	my $first = chance(0.3) ? inventory() : chance(0.07) ? union() : relation();
	push @{ $q{from} }, { relation => $first };
	push @{ $q{where} }, @{ $first->{keep} }, conditions($first, 3);
	if ($first->{table} && $first->{table}{local} =~ /logs/ && chance(0.6))
	{
		push @{ $q{where} }, [ equality("$first->{alias}.service_name", 'service'), 0 ];
	}

	foreach my $i (1 .. pick(0, 0, 0, 1, 1, 2))
	{
		my $left = pick(map { $_->{relation} } @{ $q{from} });
		if ((column_of($left, 'service')) && chance(0.35))
		{
			push @{ $q{from} },
			  { relation => lateral($left), how => pick('CROSS JOIN', 'LEFT JOIN') };
			$q{from}[-1]{on} = [ [ 'true', 1 ] ] if $q{from}[-1]{how} eq 'LEFT JOIN';
			next;
		}
		my $right = chance(0.2) && !$left->{inventory} ? inventory() : relation();
		my $how = pick('JOIN', 'JOIN', 'LEFT JOIN');
		my @on = join_conditions($left, $right);
		my ($by_join, $rest) = parameters_by_join($left, $right);
		push @on, @{ $by_join ? [ @$by_join, @$rest ] : $right->{keep} };
		push @on, conditions($right, 1);
		push @{ $q{from} }, { relation => $right, how => $how, on => [ shuffled(@on) ] };
		push @{ $q{where} }, conditions($right, 1) if chance(0.3);
	}

	# Semijoins, antijoins, correlated subqueries
	if (chance(0.15))
	{
		my $outer = pick(map { $_->{relation} } @{ $q{from} });
		my ($name) = column_of($outer, 'service');
		my $inner = relation(pick(qw(services migrations external_integrations logs logs_limit)));
		my ($inner_name) = column_of($inner, 'service');
		if ($name)
		{
			my @where =
			  ("$inner_name = $name", map { $_->[0] } @{ $inner->{keep} }, conditions($inner, 1));
			push @{ $q{where} },
			  [
				pick('EXISTS', 'NOT EXISTS', 'EXISTS')
				  . " (SELECT FROM \x03 WHERE "
				  . join(' AND ', map { "($_)" } @where) . ')',
				0, $inner
			  ];
		}
	}

	my @columns = map { @{ $_->{relation}{columns} } } @{ $q{from} };
	my @plain = grep { $_->[1] !~ /json|array/ } @columns;
	if (chance(0.2))
	{
		my @group = (shuffled(@plain))[ 0 .. int rand 2 ];
		my @other = (shuffled(@plain))[ 0 .. int rand 2 ];
		@group = () if chance(0.3);
		$q{group} = [ map { $_->[0] } grep { $_ } @group ];
		$q{select} = [
			@{ $q{group} },
			'count(*)',
			map {
				pick(
					"min($_->[0]::text)", "max($_->[0]::text)",
					"count(DISTINCT $_->[0])", "count($_->[0])")
			} grep { $_ } @other
		];
	}
	else
	{
		$q{select} = [ map { $_->[0] } grep { chance(0.5) } @columns ];
		push @{ $q{select} }, $columns[0][0] unless @{ $q{select} };
		$q{distinct} = 1 if chance(0.1) && !grep { $_->[1] eq 'json' } @columns;
	}
	push @{ $q{select} }, scalar_subquery(\%q) if chance(0.1) && !$q{group} && !$q{distinct};

	if (chance(0.6) && !($q{group} && !@{ $q{group} }))
	{
		my @by = $q{group} ? @{ $q{group} } : map { $_->[0] } @plain;
		my @time = grep { /\.time$/ } @by;
		@by = (@time, @time, @time, @by) if @time;
		my %seen;
		@by = grep { !$seen{$_}++ } map { pick(@by) } 1 .. pick(1, 1, 1, 2);
		foreach my $column (@by)
		{
			push @{ $q{select} }, $column unless grep { !ref && $_ eq $column } @{ $q{select} };
		}
		$q{order} =
		  [ map { [ $_, pick('', ' ASC', ' DESC', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST') ] }
			  @by ];
	}
	$q{limit} = constant('bigint', pick(0, 1, 2, 3, 5, 10, 50, 130, 505)) if chance(0.5);
	$q{offset} = constant('bigint', pick(0, 1, 2, 7, 100, 500)) if chance(0.2);

	push @{ $q{settings} }, grep { chance(0.3) }
	  map                        { "enable_$_ = off" }
	  qw(hashjoin mergejoin nestloop memoize material sort hashagg async_append incremental_sort)
	  if chance(0.4);
	if (chance(0.1))
	{
		# Rows that do not fit are asked for again: not in each of thousands of loops
		$q{settings} = [ "work_mem = '64kB'", grep { !/hashjoin|material/ } @{ $q{settings} } ];
	}
	push @{ $q{settings} },
	  'timezone = ' . pick("'UTC'", "'America/New_York'", "'Pacific/Chatham'");
	push @{ $q{settings} }, 'plan_cache_mode = ' . pick('force_generic_plan', 'force_custom_plan');
	$q{prepared} = chance(0.3);
	return \%q;
}

sub scalar_subquery
{
	my ($q) = @_;
	my $outer = pick(map { $_->{relation} } @{ $q->{from} });
	my ($name) = column_of($outer, 'service');
	return '1' unless $name;
	my $inner = relation(pick(qw(migrations external_integrations logs logs_limit services)));
	my ($inner_name) = column_of($inner, 'service');
	my @where = ("$inner_name = $name", map { $_->[0] } @{ $inner->{keep} });
	return {
		inner => $inner,
		text => '(SELECT '
		  . pick('count(*)', "max($inner_name)")
		  . " FROM \x03 WHERE "
		  . join(' AND ', map { "($_)" } @where) . ')'
	};
}

# ---------------------------------------------------------------------------
# Several scans of one table in a query
# ---------------------------------------------------------------------------

my @shared_tables =
  qw(logs logs logs logs_paged logs_paged logs_order logs_limit logs_both logs_parts logs_unsorted
  metrics metrics metrics_period);

# One column equals one value, which mostly is the same for all scans of a query
sub one { my ($column, $kind) = @_; return "$column = " . value($kind) }

# What the scans of a query mostly have in common: the table and conditions, of the alias "@"
sub common
{
	my $name = pick(@shared_tables);
	my $table = $tables{$name};
	my $single = chance(0.6);
	my $of = sub {
		my ($column, $kind) = @_;
		return $single ? one("\@.$column", $kind) : equality("\@.$column", $kind);
	};
	my %common = (name => $name, table => $table, single => $single);
	$common{given} = [ map { $of->(@$_) } @{ $table->{given} // [] } ];
	$common{service} = $of->('service_name', 'service');
	$common{service} = "\@.service_name = " . constant(text => 'pg-1-0001') if chance(0.3);
	$common{metric} = $of->('metric', 'metric') if $name =~ /metrics/ && chance(0.5);
	$common{window} = [ map { window() } 1 .. pick(0, 0, 1, 1, 2) ];
	$common{value} = $name =~ /metrics/ ? 'value' : 'message';
	return \%common;
}

# A condition on time
sub window
{
	my ($since, $until) = (value('time'), value('time'));
	return pick(
		"\@.time BETWEEN $since AND $until",
		"\@.time >= $since AND \@.time < $until",
		"\@.time >= $since",
		"\@.time < $until",
		"\@.time <= $until",
		condition('@.time', 'time'));
}

# Conditions of one scan; a correlated one has its own for the service
sub scan_conditions
{
	my ($common, $alias, $service) = @_;
	my ($of, $single) = ($common, $common->{single});
	if (chance(0.25))
	{
		$of = common_of($common);
		$single = $of->{single};
	}
	my @where = (@{ $of->{given} }, @{ $of->{window} });
	push @where, $of->{metric} if $of->{metric};
	if ($service)
	{
		push @where, "\@.service_name = $service";
		$single = 0;
	}
	elsif ($common->{table}{few} || $common->{name} eq 'logs_unsorted' || chance(0.85))
	{
		push @where, $of->{service};
	}
	else
	{
		$single = 0;
	}
	push @where, window() if chance(0.2);
	push @where, "\@.message LIKE " . value('message')
	  if $common->{value} eq 'message' && chance(0.15);
	return (
		join(' AND ', map { '(' . s/\@(?=\.)/$alias/gr . ')' } shuffled(@where)) || 'true',
		$single && !@{ $common->{table}{given} // [] } && $common->{value} eq 'message');
}

# Other conditions for the same table
sub common_of
{
	my ($common) = @_;
	my $other = common();
	$other = common() until $other->{name} eq $common->{name};
	return $other;
}

# An order in which no two rows are equal but in all that is shown.  "by_time": time alone is one.
sub total_order
{
	my ($common, $alias, $by_time) = @_;
	my $how = pick('', ' ASC', ' DESC', ' DESC', ' DESC NULLS LAST');
	return "$alias.time$how" if $by_time && chance(0.7);
	return join ', ', "$alias.time$how", map { "$alias.$_" } 'zone', 'service_name',
	  $common->{value} eq 'value' ? qw(metric value) : 'message',
	  map { $_->[0] } @{ $common->{table}{given} // [] };
}

sub some_rows
{
	my ($common, $alias, $by_time) = @_;
	my $sql = ' ORDER BY ' . total_order($common, $alias, $by_time);
	return $sql if $common->{name} eq 'logs_unsorted' || chance(0.25);
	$sql .= ' LIMIT ' . constant('bigint', pick(0, 1, 2, 3, 10, 100, 130, 505)) if chance(0.85);
	$sql .= ' OFFSET ' . constant('bigint', pick(0, 1, 2, 7, 100, 500)) if chance(0.25);
	return $sql;
}

sub scan { my ($common, $alias) = @_; return "\x04$common->{name}\x05 AS $alias" }

# One scan as a subquery
sub arm
{
	my ($common) = @_;
	my $alias = 'a' . ++$aliases;
	my ($where, $by_time) = scan_conditions($common, $alias);
	return
		"SELECT $alias.zone, $alias.service_name, $alias.time, $alias.$common->{value} AS v FROM "
	  . scan($common, $alias)
	  . " WHERE $where"
	  . (chance(0.5) ? some_rows($common, $alias, $by_time) : '');
}

# A subquery for one service that the query has, as a value
sub correlated
{
	my ($common, $service) = @_;
	my $alias = 'c' . ++$aliases;
	my ($where) = scan_conditions($common, $alias, $service);
	my $from = 'FROM ' . scan($common, $alias) . " WHERE $where";
	return pick(
		"(SELECT count(*) $from)",
		"(SELECT max($alias.time) $from)",
		"(SELECT min($alias.$common->{value}) $from)",
		"EXISTS (SELECT $from)",
		"ARRAY(SELECT $alias.time $from" . some_rows($common, $alias) . ')');
}

# What asks for each of some services: FROM, and the name of one
sub outer
{
	my $alias = 'o' . ++$aliases;
	return pick(
		[ "copy.inventory AS $alias", "$alias.name", "$alias.id" ],
		[ "copy.inventory AS $alias", "$alias.nm", "$alias.id" ],
		[ "copy.inventory AS $alias", "$alias.vc", "$alias.id" ],
		[ "\x04services\x05 AS $alias", "$alias.name", "$alias.name" ],
		[
			'(VALUES (' . join('), (', values_of('service')) . ")) AS $alias (name)",
			"$alias.name", "$alias.name"
		]);
}

my %several = (
	join => sub {
		my ($common) = @_;
		my ($a, $b) = map { 'j' . ++$aliases } 1, 2;
		my @where = map { (scan_conditions($common, $_))[0] } $a, $b;
		my $how = pick('JOIN', 'JOIN', 'LEFT JOIN', 'FULL JOIN');
		my $on = "$b.service_name = $a.service_name AND $b.time = $a.time";
		$on .= " AND $b.$common->{value} = $a.$common->{value}" if chance(0.3);
		my $select = chance(0.5) ? "$a.time, $b.$common->{value}" : "count(*), max($a.time)";
		$select .= ', (SELECT count(*) FROM (' . arm($common) . ') AS x)' if chance(0.25);
		return
			"SELECT $select FROM "
		  . scan($common, $a)
		  . " $how "
		  . scan($common, $b)
		  . " ON $on WHERE $where[0] AND $where[1]"
		  if $how eq 'JOIN';
		return
			"SELECT $select FROM (SELECT * FROM "
		  . scan($common, $a)
		  . " WHERE $where[0]) AS $a $how (SELECT * FROM "
		  . scan($common, $b)
		  . " WHERE $where[1]) AS $b ON $on";
	},
	set => sub {
		my ($common) = @_;
		my $sql = '(' . arm($common) . ')';
		$sql = "($sql "
		  . pick(
			'UNION ALL',
			'UNION ALL',
			'UNION ALL',
			'UNION',
			'INTERSECT',
			'INTERSECT ALL',
			'EXCEPT',
			'EXCEPT ALL')
		  . ' ('
		  . arm($common) . '))'
		  foreach 1 .. pick(1, 1, 2);
		return chance(0.5)
		  ? $sql =~ s/\A\((.*)\)\z/$1/rs
		  : "SELECT count(*), max(v) FROM ($sql) AS s";
	},
	cte => sub {
		my ($common) = @_;
		return
			'WITH w AS '
		  . pick('', 'MATERIALIZED ', 'NOT MATERIALIZED ') . '('
		  . arm($common) . ') '
		  . pick(
			'SELECT (SELECT count(*) FROM w), (SELECT max(v) FROM w), (SELECT min(time) FROM w)',
			'SELECT x.time, y.v FROM w AS x JOIN w AS y USING (service_name, time)',
			"SELECT * FROM w WHERE time > (SELECT min(time) + interval '7 s' FROM w)",
			'SELECT * FROM w UNION ALL SELECT * FROM w',
			'SELECT count(*) FROM w AS x WHERE EXISTS (SELECT FROM w AS y WHERE y.time > x.time)',
			'SELECT w.v FROM w JOIN (' . arm($common) . ') AS z USING (service_name, time)');
	},
	list => sub {
		my ($common) = @_;
		my ($from, $service, $id) = @{ outer() };
		my @all = map { correlated($common, $service) } 1 .. pick(2, 2, 3);
		return "SELECT $id, " . join(', ', @all) . " FROM $from" if chance(0.6);
		return
			'SELECT '
		  . join(', ', map { pick('max', 'min', 'count') . "(($_)::text)" } @all)
		  . " FROM $from";
	},
	exists => sub {
		my ($common) = @_;
		my ($from, $service, $id) = @{ outer() };
		my @all = map {
			my $alias = 'e' . ++$aliases;
			my ($where) = scan_conditions($common, $alias, $service);
			pick('', 'NOT ') . 'EXISTS (SELECT FROM ' . scan($common, $alias) . " WHERE $where)"
		} 1, 2;
		return "SELECT $id FROM $from WHERE " . join pick(' AND ', ' AND ', ' OR '), @all,
		  chance(0.3) ? '(SELECT count(*) FROM (' . arm($common) . ') AS x) > 3' : ();
	},
	lateral => sub {
		my ($common) = @_;
		my ($from, $service, $id) = @{ outer() };
		my $before;
		my $sql = '';
		my @columns = $id;
		foreach (1, 2)
		{
			my ($alias, $name) = map { $_ . ++$aliases } 'm', 'l';
			my ($where) = scan_conditions($common, $alias, $service);
			$where .= " AND $alias.time " . pick('>', '>=', '<') . " $before.time"
			  if $before && chance(0.4);
			my $left = chance(0.5);
			$sql .=
				($left ? ' LEFT' : ' CROSS')
			  . " JOIN LATERAL (SELECT $alias.time, $alias.$common->{value} AS v FROM "
			  . scan($common, $alias)
			  . " WHERE $where"
			  . some_rows($common, $alias)
			  . ") AS $name"
			  . ($left ? ' ON true' : '');
			$before = $name;
			push @columns, "$name.time", "$name.v";
		}
		return 'SELECT ' . join(', ', @columns) . " FROM $from$sql";
	},
	where => sub {
		my ($common) = @_;
		my ($a, $b) = map { 'w' . ++$aliases } 1, 2;
		my @where = map { (scan_conditions($common, $_))[0] } $a, $b;
		my $from = 'FROM ' . scan($common, $b) . " WHERE $where[1]";
		my $condition = pick(
			"$a.time > (SELECT min($b.time) $from)",
			"$a.time <= (SELECT max($b.time) - interval '3 s' $from)",
			"$a.time >= (SELECT min($b.time) $from) AND $a.time < "
			  . "(SELECT min($b.time) + interval '9 s' $from)",
			"$a.time IN (SELECT $b.time $from)",
			"$a.time NOT IN (SELECT $b.time $from)",
			"$a.time = ANY (ARRAY(SELECT $b.time $from))",
			"$a.service_name IN (SELECT $b.service_name $from)",
			"$a.service_name = (SELECT max($b.service_name) $from)");
		return
			"SELECT $a.zone, $a.service_name, $a.time, $a.$common->{value} FROM "
		  . scan($common, $a)
		  . " WHERE $where[0] AND $condition";
	},
	one => sub { return arm($_[0]) });

sub several
{
	my $form = pick(sort keys %several);
	my $common = common();
	$aliases = 0;
	my $sql = $several{$form}->($common);

	# The planner makes ORDER BY and LIMIT 1 of min(time), and a LIMIT relies on the API's order
	$sql =~ s/\b(min|max)\(((?:\w+\.)?time)\)/$1($2 + interval '0')/g
	  if $common->{name} eq 'logs_unsorted';
	return {
		template => $sql,
		map { $_ => [] } qw(from where select settings)
	};
}

# ---------------------------------------------------------------------------
# Their text
# ---------------------------------------------------------------------------

sub named { my ($relation, $side) = @_; return "$relation->{table}{$side} AS $relation->{alias}" }

# A text whose \x03 stands for its inner table
sub filled
{
	my ($text, $inner, $side) = @_;
	return $text =~ s/\x03/named($inner, $side)/er;
}

sub from_item
{
	my ($relation, $side) = @_;
	return filled($relation->{text}, $relation->{inner}, $side) if $relation->{inner};
	return
		'('
	  . join(' UNION ALL ', map { filled($_->{text}, $_->{inner}, $side) } @{ $relation->{arms} })
	  . ") AS $relation->{alias}"
	  if $relation->{arms};
	return named($relation, $side);
}

sub all_of
{
	return join ' AND ', map { "($_)" } @_;
}

# The statement for one side
sub text
{
	my ($q, $side, $full) = @_;
	return rendered($q, $q->{template} =~ s/\x04(\w+)\x05/$tables{$1}{$side}/gr) if $q->{template};
	my @select = map { ref ? filled($_->{text}, $_->{inner}, $side) : $_ } @{ $q->{select} };
	my $sql = 'SELECT ' . ($q->{distinct} ? 'DISTINCT ' : '') . join(', ', @select) . "\nFROM";

	foreach my $item (@{ $q->{from} })
	{
		$sql .= "\n  $item->{how}" if $item->{how};
		$sql .= ' ' . from_item($item->{relation}, $side);
		$sql .= ' ON ' . (all_of(map { $_->[0] } @{ $item->{on} }) || 'true')
		  if $item->{how} && $item->{how} ne 'CROSS JOIN';
	}
	$sql .=
	  "\nWHERE "
	  . all_of(map { $_->[2] ? filled($_->[0], $_->[2], $side) : $_->[0] } @{ $q->{where} })
	  if @{ $q->{where} };
	$sql .= "\nGROUP BY " . join(', ', @{ $q->{group} }) if $q->{group} && @{ $q->{group} };
	$sql .= "\nORDER BY " . join(', ', map { "$_->[0]$_->[1]" } @{ $q->{order} }) if $q->{order};
	$sql .= "\nLIMIT $q->{limit}" if defined $q->{limit} && !$full;
	$sql .= "\nOFFSET $q->{offset}" if defined $q->{offset} && !$full;
	return rendered($q, $sql);
}

# The statement with its constants, or with parameters for them
sub rendered
{
	my ($q, $sql) = @_;
	return constants($sql) if !$q->{prepared};
	my $prepared = constants($sql, 1);
	return "$prepared->{prepare};\n$prepared->{execute};\nDEALLOCATE q";
}

sub constants
{
	my ($sql, $prepared) = @_;
	if ($prepared)
	{
		my (@types, @arguments);
		$sql =~ s/\x01(.*?)\|(.*?)\x02/push @types, $1; push @arguments, "'$2'"; '$' . @types/ge;
		return {
			prepare => 'PREPARE q' . (@types ? ' (' . join(', ', @types) . ')' : '') . " AS $sql",
			execute => 'EXECUTE q' . (@arguments ? ' (' . join(', ', @arguments) . ')' : '')
		};
	}
	$sql =~ s/\x01(bigint|int)\|(.*?)\x02/$2/g;
	$sql =~ s/\x01text\|(.*?)\x02/chance(0.5) ? "'$1'" : "text '$1'"/ge;
	$sql =~ s/\x01(.*?)\|(.*?)\x02/'$2'::$1/g;
	return $sql;
}

sub is_cut { my ($q) = @_; return defined $q->{limit} || defined $q->{offset} }

sub difference
{
	my ($q, $foreign, $local, $full) = @_;
	my @by = map {
		my $column = $_->[0];
		grep { !ref $q->{select}[$_] && $q->{select}[$_] eq $column } 0 .. $#{ $q->{select} }
	} @{ $q->{order} // [] };
	my $key = sub { join '|', (split /\|/, $_[0], -1)[@by] };

	return 'rows: ' . @$foreign . ', not ' . @$local if @$foreign != @$local;
	foreach my $i (0 .. $#$local)
	{
		last unless @by;
		return "row $i in order: " . $key->($foreign->[$i]) . ', not ' . $key->($local->[$i])
		  if $key->($foreign->[$i]) ne $key->($local->[$i]);
	}
	my %left;
	$left{$_}++ foreach @{ is_cut($q) ? $full : $local };
	foreach my $row (@$foreign)
	{
		return "a row that is not there, or too often: $row" if --($left{$row} //= 0) < 0;
	}
	return;
}

1;
