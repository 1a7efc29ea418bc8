# INSERT ... RETURNING sends each row at once, and never reads what it has sent:
# its source is read to the end first.
use strict;
use warnings;

use DbaasTest;
use Digest::MD5 qw(md5_hex);
use Encode      qw(encode_utf8);
use JSON::PP;
use Test::More;

my $t = DbaasTest->new(
	zones => 2,
	services => 2,
	logs => 0,
	operation_time => 0,
	server => { max_concurrency => 1, wait => 'none' });
my $sim = $t->sim;
my $session = $t->session;

my @before = split /\n/,
  $session->sql('SELECT zone || service_name || name FROM exo.dbaas_databases');

# Each database again under another name, in a service of each zone: whichever
# is read first, some of it is made where the scan is yet to come
my $name = 'substr(md5(d.zone || d.service_name || d.name), 1, 20)';
my @made = sort map { substr(md5_hex($_), 0, 20) } @before;
my $services = q{(VALUES ('ch-gva-2', 'pg-1-0001'), ('de-fra-1', 'pg-2-0001')) AS t (zone, name)};
my $insert = 'INSERT INTO exo.dbaas_databases (zone, service_name, name)';

sub posts
{
	return grep { $_->{method} eq 'POST' } $sim->requests;
}

sub names
{
	return sort map { decode_json($_->{body})->{'database-name'} } posts();
}

# once(NAME, STATEMENT): it makes what was there before, and no more
sub once
{
	my ($what, $sql, $factor) = @_;
	$factor //= 2;
	$sim->reset;
	my ($out, $err) = $session->sql_both($sql);
	is($err, '', "$what: no error");
	is_deeply(
		[ names() ],
		[ map { ($_) x $factor } @made ],
		"$what: each database once for each service");
	return $out;
}

my $out = once('a join',
	"$insert SELECT t.zone, t.name, $name FROM exo.dbaas_databases d, $services RETURNING name");
is(scalar(split /\n/, $out), 2 * @made, 'RETURNING gives the rows');
is_deeply([ sort split /\n/, $out ], [ map { ($_) x 2 } @made ], 'each as it was made');
once(
	'a CTE',
	"WITH d AS MATERIALIZED (SELECT * FROM exo.dbaas_databases) $insert "
	  . "SELECT t.zone, t.name, $name FROM d, $services RETURNING name");
once(
	'a LATERAL for each service', "$insert SELECT t.zone, t.name, $name FROM exo.dbaas_services s
	CROSS JOIN LATERAL (SELECT * FROM exo.dbaas_databases d WHERE d.zone = s.zone
		AND d.service_name = s.name OFFSET 0) d, $services RETURNING name"
);
once(
	'the same without lookahead',
	"SET dbaas_fdw.enable_lookahead = off; $insert SELECT t.zone, t.name, $name
		FROM exo.dbaas_services s
	CROSS JOIN LATERAL (SELECT * FROM exo.dbaas_databases d WHERE d.zone = s.zone
		AND d.service_name = s.name OFFSET 0) d, $services RETURNING name;
	RESET dbaas_fdw.enable_lookahead");
once(
	'a UNION ALL',
	"$insert SELECT t.zone, t.name, $name FROM (SELECT * FROM exo.dbaas_databases
		WHERE zone = 'de-fra-1'
	UNION ALL SELECT * FROM exo.dbaas_databases WHERE zone <> 'de-fra-1') d, $services
		RETURNING name"
);
once(
	'a prepared statement',
	"PREPARE again AS $insert SELECT t.zone, t.name, $name "
	  . "FROM exo.dbaas_databases d, $services RETURNING name; EXECUTE again");
once('its plan used again', 'EXECUTE again');
once(
	'a data-modifying CTE',
	"WITH i AS ($insert SELECT t.zone, t.name, $name "
	  . "FROM exo.dbaas_databases d, $services RETURNING name) SELECT count(*) FROM i");
once(
	'two of them',
	"WITH a AS ($insert SELECT 'ch-gva-2', 'pg-1-0001', $name FROM exo.dbaas_databases d
		WHERE zone = 'ch-gva-2' RETURNING name),
	b AS ($insert SELECT 'de-fra-1', 'pg-2-0001', $name FROM exo.dbaas_databases d
		WHERE zone <> 'ch-gva-2' RETURNING name)
	SELECT count(*) FROM a, b", 1);
once(
	'a function',
	"CREATE FUNCTION again() RETURNS SETOF text LANGUAGE sql AS \$\$ $insert
		SELECT t.zone, t.name, $name FROM exo.dbaas_databases d, $services RETURNING name \$\$;
	SELECT count(*) FROM again()");

# A subquery of the target list reads for each row
$sim->reset;
is( $session->sql(
		"$insert SELECT s.zone, s.name, 'n' || (SELECT count(*) FROM exo.dbaas_databases) + CASE
		WHEN s.zone IS NULL THEN random() ELSE 0 END
	FROM exo.dbaas_services s WHERE s.type = 'pg' RETURNING name"),
	join("\n", ('n' . @before) x 2),
	'a subquery in the SELECT list');
$sim->reset;
is( $session->sql(
		"$insert SELECT s.zone, s.name, 'n' || (SELECT count(*) FROM exo.dbaas_databases d
		WHERE d.zone >= least(s.zone, 'a'))
	FROM exo.dbaas_services s WHERE s.type = 'pg' RETURNING name"),
	join("\n", ('n' . @before) x 2),
	'one that depends on the row');
$sim->reset;
is( $session->sql(
			"$insert VALUES ('ch-gva-2', 'pg-1-0001', 'a' || (SELECT count(*) "
		  . "FROM exo.dbaas_databases)), ('ch-gva-2', 'pg-1-0001', 'b' || (SELECT count(*) "
		  . "FROM exo.dbaas_databases)) RETURNING name"),
	'a' . @before . "\nb" . @before,
	'subqueries in VALUES');

# RETURNING: what is read once is read before, what is read for each row after it is sent
$sim->reset;
is( $session->sql(
			"$insert VALUES ('ch-gva-2', 'pg-1-0001', 'a'), ('ch-gva-2', 'pg-1-0001', 'b') "
		  . "RETURNING (SELECT count(*) FROM exo.dbaas_databases)"),
	@before . "\n" . @before,
	'a subquery of RETURNING');
$sim->reset;
is( $session->sql(
			"$insert VALUES ('ch-gva-2', 'pg-1-0001', 'a') RETURNING (SELECT count(*) "
		  . "FROM exo.dbaas_databases o WHERE o.zone >= least(dbaas_databases.zone, 'a'))"),
	@before + 1,
	'one that depends on the row');
is( $session->sql(
			"$insert SELECT 'ch-gva-2', 'pg-1-0001', 'x' WHERE false RETURNING "
		  . "(SELECT 1 / count(*) FROM exo.dbaas_databases WHERE name = 'no')"),
	'',
	'is not run without a row');

# Partitions: where a row goes shows when it comes
$session->sql(
	q{
	CREATE TABLE parts (zone text, service_name text, name text) PARTITION BY LIST (zone);
	CREATE TABLE here PARTITION OF parts FOR VALUES IN ('here');
	CREATE FOREIGN TABLE there PARTITION OF parts DEFAULT SERVER exoscale
		OPTIONS (resource 'databases')}
);
once('partitions',
	"INSERT INTO parts SELECT t.zone, t.name, $name FROM parts d, $services RETURNING name");
$sim->reset;
$session->sql(q{INSERT INTO here SELECT 'here', 'pg-1-0001', name FROM (SELECT DISTINCT name }
	  . q{FROM exo.dbaas_databases) d});
is( $session->sql("SELECT count(*) FROM parts"),
	@before + $session->sql('SELECT count(DISTINCT name) FROM exo.dbaas_databases'),
	'a partition here as well');

# An error in the source comes before anything is sent
$sim->reset;
is( $session->sql_error(
			"$insert SELECT t.zone, t.name, $name FROM exo.dbaas_databases d, $services "
		  . "WHERE 1 / (CASE WHEN d.zone = 'ch-gva-2' THEN 1 ELSE 0 END) IS NOT NULL "
		  . "RETURNING name")->{sqlstate},
	'22012',
	'a source that fails');
is(scalar(posts()), 0, 'nothing is sent');

# More rows than work_mem holds
$sim->reset;
is( $session->sql(
		"BEGIN; SET LOCAL work_mem = '64kB'; SET LOCAL dbaas_fdw.dry_run = on;
	SET LOCAL client_min_messages = error;
	WITH i AS ($insert SELECT d.zone, d.service_name, substr(md5(d.name), 1, 9) || g
		FROM exo.dbaas_databases d, generate_series(1, 1000) g RETURNING name)
		SELECT count(*), count(DISTINCT name) FROM i; ROLLBACK"
	),
	@before * 1000 . '|'
	  . 1000 * $session->sql('SELECT count(DISTINCT name) FROM exo.dbaas_databases'),
	'rows that do not fit into work_mem');
is(scalar(posts()), 0, 'a dry run sends nothing');

# EXPLAIN shows the node, whatever its form, and sends nothing
foreach
  my $options ('COSTS OFF', 'VERBOSE', 'VERBOSE, FORMAT JSON', 'FORMAT XML', 'FORMAT YAML, VERBOSE')
{
	$sim->reset;
	like(
		$session->sql(
				"EXPLAIN ($options) $insert SELECT t.zone, t.name, $name "
			  . "FROM exo.dbaas_databases d, $services RETURNING name, (SELECT count(*) "
			  . "FROM exo.dbaas_services)"),
		qr/dbaas_fdw drain/,
		"EXPLAIN ($options)");
	is(scalar($sim->requests), 0, 'asks nothing');
}
$sim->reset;
like(
	$session->sql(
			"EXPLAIN (ANALYZE, VERBOSE) $insert SELECT t.zone, t.name, $name "
		  . "FROM exo.dbaas_databases d, $services RETURNING name"),
	qr/dbaas_fdw drain.*rows=@{[ 2 * @before ]}(?:[.]00)? loops=1/,
	'EXPLAIN ANALYZE counts its rows');
unlike(
	$session->sql(
		"EXPLAIN $insert SELECT t.zone, t.name, $name FROM exo.dbaas_databases d, $services"),
	qr/drain/,
	'not without RETURNING');
unlike(
	$session->sql(
			"EXPLAIN $insert SELECT 'ch-gva-2', 'pg-1-0001', 'n' || g "
		  . "FROM generate_series(1, 3) g RETURNING name"),
	qr/drain/,
	'not where nothing is read');
$session->sql(q{LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; }
	  . q{SET auto_explain.log_verbose = on; SET auto_explain.log_nested_statements = on});
once('with auto_explain',
	"$insert SELECT t.zone, t.name, $name FROM exo.dbaas_databases d, $services RETURNING name");

# write_mode 'immediate' sends when the statement has read all
$session->sql(q{SET auto_explain.log_min_duration = -1; SET dbaas_fdw.write_mode = immediate});
once('immediate', "$insert SELECT t.zone, t.name, $name FROM exo.dbaas_databases d, $services");
once(
	'immediate, two in WITH',
	"WITH a AS ($insert SELECT 'ch-gva-2', 'pg-1-0001', $name FROM exo.dbaas_databases d
		WHERE zone = 'ch-gva-2'),
	b AS ($insert SELECT 'de-fra-1', 'pg-2-0001', $name FROM exo.dbaas_databases d
		WHERE zone <> 'ch-gva-2')
	SELECT count(*) FROM exo.dbaas_databases", 1);
my @sent = map { $_->{method} } $sim->requests;
my ($first) = grep { $sent[$_] eq 'POST' } 0 .. $#sent;
is_deeply(
	[
		grep { $_->{path} =~ m{^/dbaas-(?!service$)} && $_->{method} eq 'GET' }
		  ($sim->requests)[ $first .. $#sent ]
	],
	[],
	'all is read before the first write');
once('immediate, partitions',
	"INSERT INTO parts SELECT t.zone, t.name, $name FROM exo.dbaas_databases d, $services");

done_testing();
