# What became of writes reaches the client whatever its encoding, and an answer
# that cannot be shown does not hide what was sent.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t =
  DbaasTest->new(services => 8, logs => 0, operation_time => 0, server => { max_retries => 0 });
my $sim = $t->sim;

sub remove { return "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = '$_[0]'" }

# Words that no encoding but UTF-8 has all of
my $words = "d\x{e9}j\x{e0} \x{65e5}\x{672c} \x{1f600} pris";

# A name that is a part of other words of the path is not shown by it
$sim->fault({ method => 'POST', path => '/dbaas-postgres/*/database', action => 'status',
		status => 409, skip => 2 });
my $error = $t->sql_error('INSERT INTO exo.dbaas_databases (zone, service_name, name) VALUES '
	  . join(', ', map { "('ch-gva-2', 'pg-1-0001', '$_')" } qw(a pg database)));
is_deeply(
	[ sort $error->{detail} =~ m{/database in zone ch-gva-2 \((\w+)\): (?:applied|failed)}g ],
	[qw(a database pg)], 'the names of what was made, and of what was not');
$sim->clear_faults;
$sim->reset;

# Functions whose name shows in the context of what is reported in them
foreach my $function (
	[ '\65E5', remove('kafka-1-0003') . '; ' . remove('mysql-1-0002') ],
	[
		'\672C',
		'BEGIN '
		  . remove('kafka-1-0003')
		  . "; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END"
	])
{
	$t->sql(
		qq{CREATE FUNCTION U&"$function->[0]"() RETURNS void LANGUAGE plpgsql
		SET dbaas_fdw.write_mode = immediate AS \$\$ BEGIN $function->[1]; END \$\$});
}

foreach my $encoding ('UTF8', 'LATIN1', 'WIN1252', 'EUC_JP', 'SQL_ASCII')
{
	my $set = "SET client_encoding = '$encoding'";

	$sim->reset;
	$sim->fault(
		{
			method => 'DELETE',
			path => '/dbaas-service/mysql-1-0002',
			action => 'status',
			status => 409,
			body => JSON::PP->new->ascii->encode({ message => $words })
		});
	$error =
	  $t->sql_error("$set; BEGIN; "
		  . remove('kafka-1-0003') . '; '
		  . remove('mysql-1-0002') . '; '
		  . remove('pg-1-0001')
		  . '; COMMIT');
	is($error->{sqlstate}, '55006', "$encoding: a COMMIT that fails half-way");
	my $zone = 'in zone ch-gva-2';
	my $last = "pg-1-0001 $zone";
	like(
		$error->{detail},
		qr{kafka-1-0003 $zone: applied\n.*mysql-1-0002 $zone: failed.*\n.*$last: not sent},
		"$encoding: says what became of each write");
	like($error->{detail}, qr{The API says: d.*pris}, "$encoding: and what the API says");

	# A failed operation, and a WARNING after a rollback
	$sim->reset;
	$sim->fault(
		{
			method => 'DELETE',
			action => 'operation',
			state => 'failure',
			reason => 'busy',
			message => $words,
			immediate => JSON::PP::true
		});
	like(
		$t->sql_error("$set; " . remove('pg-1-0001'))->{detail},
		qr{busy: d.*pris},
		"$encoding: an operation that fails");
	$sim->reset;
	my ($status, $stdout, $stderr) = $t->sql_both(
		"$set; SET dbaas_fdw.write_mode = immediate; BEGIN; " . remove('pg-1-0001') . '; ROLLBACK');
	like(
		$stderr,
		qr{not undone by the rollback\n.*DELETE /dbaas-service/pg-1-0001 in zone ch-gva-2: applied},
		"$encoding: a WARNING after a rollback");

	# What functions around them add
	$sim->reset;
	$sim->fault(
		{
			method => 'DELETE',
			path => '/dbaas-service/mysql-1-0002',
			action => 'status',
			status => 409
		});
	$error = $t->sql_error(qq{$set; SELECT 1 FROM U&"\\65E5"() AS f});
	is($error->{sqlstate}, '55006', "$encoding: a function that fails half-way");
	like(
		$error->{detail},
		qr{kafka-1-0003 in zone ch-gva-2: applied\n.*mysql-1-0002 in zone ch-gva-2: failed},
		"$encoding: says what became of each write");
	$sim->reset;
	($status, $stdout, $stderr) = $t->sql_both(qq{$set; SELECT 1 FROM U&"\\672C"() AS f});
	is($status, 0, "$encoding: a function that catches an error") or diag($stderr);
	like(
		$stderr,
		qr{not undone by the rollback\n.*DELETE /dbaas-service/kafka-1-0003 $zone: applied},
		"$encoding: a WARNING says what it sent");

	foreach my $setting ('progress = 1', 'dry_run = on')
	{
		$sim->reset;
		$sim->fault({ method => 'DELETE', action => 'delay', ms => 50, times => -1 });
		($status, $stdout, $stderr) =
		  $t->sql_both(qq{$set; SET dbaas_fdw.$setting; SELECT 1 FROM U&"\\65E5"() AS f});
		is($status, 0, "$encoding: notices of $setting are no errors") or diag($stderr);
	}

	# A read, and a body that a dry run shows
	$sim->fault(
		{
			path => '/dbaas-service',
			action => 'status',
			status => 422,
			body => JSON::PP->new->ascii->encode({ message => $words })
		});
	is($t->sql_error("$set; SELECT count(*) FROM exo.dbaas_services")->{sqlstate},
		'22023', "$encoding: a read that fails");
	($status, $stdout, $stderr) = $t->sql_both(
		"$set; BEGIN; SET LOCAL dbaas_fdw.dry_run = on;
		UPDATE exo.dbaas_integrations SET settings = jsonb_build_object('note', U&'\\65E5')
			WHERE id = (SELECT min(id::text)::uuid FROM exo.dbaas_integrations); ROLLBACK"
	);
	is($status, 0, "$encoding: a dry run") or diag($stderr);
	like($stderr, qr/Body: \{"settings":\{"note":/, "$encoding: shows the body");
}

# Databases in other encodings show what those have
my %shown = (
	LATIN1 => "d\xc3\xa9j\xc3\xa0 ?? ? pris",
	EUC_JP => "d\xc3\xa9j\xc3\xa0 \xe6\x97\xa5\xe6\x9c\xac ? pris",
	SQL_ASCII => "d\xc3\xa9j\xc3\xa0 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80 pris");
foreach my $encoding (sort keys %shown)
{
	my $name = lc "db_$encoding";
	my ($url, $key, $secret) = ($sim->url, $sim->key, $sim->secret);
	my $stderr;

	$t->sql("CREATE DATABASE $name ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	$sim->reset;
	$sim->fault(
		{
			method => 'DELETE',
			action => 'status',
			status => 409,
			body => JSON::PP->new->ascii->encode({ message => $words })
		});
	$t->node->psql(
		$name, qq{SET client_encoding = 'UTF8';
		CREATE EXTENSION dbaas_fdw;
		CREATE SERVER exoscale FOREIGN DATA WRAPPER dbaas_fdw
			OPTIONS (endpoint '$url', max_retries '0');
		CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale
			OPTIONS (api_key '$key', api_secret '$secret');
		CREATE SCHEMA exo;
		IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO exo;
		} . remove('pg-1-0001'), stderr => \$stderr);
	like($stderr, qr/failed: The API says: \Q$shown{$encoding}\E$/m, "a database in $encoding");
}

# An answer that does not say what was made
my $insert = q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest)
		SELECT 'ch-gva-2', 'metrics', s.name, d.name
	FROM exo.dbaas_services s, exo.dbaas_services d WHERE s.zone = 'ch-gva-2'
		AND s.name = 'pg-1-0001' AND d.zone = 'ch-gva-2' AND d.type = 'thanos' LIMIT 1
		RETURNING id};
$sim->reset;
$sim->fault(
	{
		method => 'POST',
		path => '/dbaas-integration',
		action => 'body',
		body =>
		  '{"id":"11111111-2222-4333-8444-555555555555","state":"success","reference":{"id":"no '
		  . 'uuid"}}'
	});
$error = $t->sql_error($insert);
is($error->{sqlstate}, 'HV000', 'an id that is none');
like(
	$error->{message},
	qr{^what POST /dbaas-integration in zone ch-gva-2 made cannot be shown: .*uuid},
	'is said to be of what was sent');
like($error->{detail}, qr{^POST /dbaas-integration in zone ch-gva-2 .*: applied$}m, 'which stands');
is(scalar(grep { $_->{method} eq 'POST' } $sim->requests), 1, 'and was sent once');

# ... or does not show it
$sim->reset;
$sim->clear;
$sim->fault({ method => 'GET', path => '/dbaas-integration/*', action => 'status', status => 500 });
$error = $t->sql_error($insert);
is($error->{sqlstate}, 'HV000', 'what was made cannot be read');
like(
	$error->{detail},
	qr{^POST /dbaas-integration in zone ch-gva-2 .*: applied$}m,
	'and the error says that it stands');

# The id of a task is in no list
$sim->reset;
my $check =
	q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:p@h/d')};
my ($status, $stdout, $stderr) = $t->sql_both($check);
my $request = 'POST /dbaas-task-migration-check/pg-1-0001 in zone ch-gva-2';
my ($id) = $stderr =~ m{^psql:.*NOTICE: .*$request: the id is (\S+)$}m;
ok(defined $id, 'a NOTICE has the id of a task') or diag($stderr);
is( $t->sql(
			"SELECT task_type FROM exo.dbaas_tasks WHERE zone = 'ch-gva-2' "
		  . "AND service_name = 'pg-1-0001' AND id = '$id'") ne '',
	1,
	'which is found by it');
($status, $stdout, $stderr) = $t->sql_both("$check RETURNING id");
unlike($stderr, qr/NOTICE/, 'RETURNING has it, and needs no NOTICE');
($status, $stdout, $stderr) = $t->sql_both("BEGIN; $check; ROLLBACK");
unlike($stderr, qr/NOTICE/, 'nor does what is not sent');

done_testing();
