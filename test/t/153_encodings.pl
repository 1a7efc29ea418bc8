# Databases whose encoding lacks characters that the API says: what a query shows is converted, and
# nothing else, so that the rest can be read and written all the same.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 1, zones => 1);
my $sim = $t->sim;
my ($key, $secret, $url) = ($sim->key, $sim->secret, $sim->url);
my $json = JSON::PP->new->ascii->canonical;
my $path = '/dbaas-postgres/pg-1-0001';

# The details with a text, as escapes of JSON; numbers and all else as they are
my $details = $sim->get($path)->{json};
$details->{'x-note'} = "caf\x{e9}, \x{20ac} 5, \x{1f600}";
$sim->fault(
	{
		path => $path,
		method => 'GET',
		action => 'body',
		times => -1,
		body => $json->encode($details)
	});

sub database
{
	my ($name, $encoding) = @_;
	$t->sql("CREATE DATABASE $name ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	$t->node->safe_psql(
		$name, qq{CREATE EXTENSION dbaas_fdw;
		CREATE SERVER exoscale FOREIGN DATA WRAPPER dbaas_fdw
			OPTIONS (endpoint '$url', zones 'ch-gva-2');
		CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale
			OPTIONS (api_key '$key', api_secret '$secret');
		IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO public;
		CREATE FOREIGN TABLE notes (zone text, service_name text, note text
			OPTIONS (field 'x-note')) SERVER exoscale OPTIONS (resource 'service-details')}
	);
	return;
}

my $where = q{WHERE service_name = 'pg-1-0001' AND type = 'pg'};

# Runs SQL in the database; returns (status, output, what it said)
sub in_database
{
	my ($name, $sql) = @_;
	my ($out, $err) = ('', '');
	my $status = $t->node->psql(
		$name, $sql,
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 1,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return ($status, $out, $err);
}

sub sent
{
	return
	  map { "$_->{method} $_->{path} $_->{body}" } grep { $_->{method} ne 'GET' } $sim->requests;
}

# Without an encoding, bytes are as they come
database('plain', 'SQL_ASCII');
my ($status, $out, $err) = in_database('plain',
		"SELECT encode(convert_to(details ->> 'x-note', 'SQL_ASCII'), 'hex') "
	  . "FROM dbaas_service_details $where");
is($status, 0, 'SQL_ASCII: the details are read') or diag($err);
is( $out,
	unpack('H*', "caf\xc3\xa9, \xe2\x82\xac 5, \xf0\x9f\x98\x80"),
	'as the UTF-8 that they are');
($status, $out) = in_database('plain',
	q{SELECT encode(note::bytea, 'hex') FROM notes WHERE service_name = 'pg-1-0001'});
is($out, unpack('H*', "caf\xc3\xa9, \xe2\x82\xac 5, \xf0\x9f\x98\x80"), 'like a text');
$sim->clear;
($status, $out, $err) = in_database('plain',
	"UPDATE dbaas_service_details SET maintenance_dow = 'never' $where RETURNING maintenance_dow");
is("$status $out", '0 never', 'and written') or diag($err);
is(scalar(sent()), 1, 'once');

# An encoding that lacks them
database('latin', 'LATIN1');
($status, $out, $err) =
  in_database('latin', "SELECT service_name, version FROM dbaas_service_details $where");
is("$status $out", "0 pg-1-0001|$details->{version}", 'LATIN1: what is not shown is not converted');
($status, $out, $err) = in_database('latin', "SELECT details FROM dbaas_service_details $where");
like($err, qr/ERROR:  HV000: .*field "\*" of row 1 cannot be used/, 'what is shown has to be');
($status, $out, $err) = in_database('latin', "SELECT d FROM dbaas_service_details d $where");
like($err, qr/ERROR:  HV000: .*field "\*"/, 'in a whole row too');
$sim->clear;
($status, $out, $err) =
  in_database('latin', "UPDATE dbaas_service_details SET ip_filter = '{192.0.2.0/24}' $where");
is($status, 0, 'the row is written') or diag($err);
like(
	join("\n", sent()),
	qr{^PUT \Q$path\E \{.*"ip-filter":\["192\.0\.2\.0/24"\][^\n]*$},
	'with what was changed, and nothing of the rest');
unlike(join("\n", sent()), qr/x-note|settings/, 'not of what is unreadable');
($status, $out, $err) = in_database('latin',
		"BEGIN; SET dbaas_fdw.dry_run = on; UPDATE dbaas_service_details "
	  . "SET ip_filter = '{192.0.2.7/32}' $where RETURNING service_name, ip_filter; ROLLBACK");
is("$status $out", '0 pg-1-0001|{192.0.2.7/32}', 'RETURNING what can be shown') or diag($err);

foreach my $uses (
	"ip_filter = '{192.0.2.8/32}' $where RETURNING details",
	"ip_filter = '{192.0.2.8/32}' $where RETURNING *",
	"ip_filter = '{192.0.2.8/32}' $where AND details IS NOT NULL",
	"maintenance_dow = coalesce(details ->> 'x', 'never') $where",
	"ip_filter = CASE WHEN dbaas_service_details IS NULL "
	. "THEN NULL ELSE ARRAY['192.0.2.8/32'] END $where",
	"ip_filter = CASE WHEN (SELECT dbaas_service_details::text LIKE 'x%') "
	. "THEN NULL ELSE ARRAY['192.0.2.8/32'] END $where")
{
	$sim->clear;
	($status, $out, $err) = in_database('latin', "UPDATE dbaas_service_details SET $uses");
	like(
		$err,
		qr/ERROR:  HV000: .*field "\*" of row 1/,
		"what the statement uses has to be converted: $uses");
	is_deeply([ sent() ], [], 'and nothing is sent');
}
$t->node->safe_psql(
	'latin', q{CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
	CREATE TRIGGER seen BEFORE UPDATE ON dbaas_service_details
		FOR EACH ROW EXECUTE FUNCTION seen()});
($status, $out, $err) =
  in_database('latin', "UPDATE dbaas_service_details SET ip_filter = '{192.0.2.8/32}' $where");
like($err, qr/ERROR:  HV000: .*field "\*" of row 1/, 'a trigger would see it');
$t->node->safe_psql(
	'latin', q{DROP TRIGGER seen ON dbaas_service_details;
	CREATE TABLE inventory AS SELECT 'pg-1-0001' AS name, 0 AS n});
($status, $out, $err) = in_database('latin',
		"UPDATE inventory SET n = 1 FROM dbaas_service_details $where "
	  . "AND name = service_name RETURNING n, version");
is( "$status $out",
	"0 1|$details->{version}",
	'a row that is locked beside what another table writes') or diag($err);
($status, $out, $err) = in_database('latin',
		"SELECT n, version FROM inventory JOIN dbaas_service_details "
	  . "ON name = service_name $where FOR UPDATE OF inventory");
is("$status $out", "0 1|$details->{version}", 'or locks') or diag($err);
($status, $out, $err) = in_database('latin',
		"SELECT n, w FROM inventory LEFT JOIN "
	  . "(SELECT service_name AS s, coalesce(d::text, '') AS w "
	  . "FROM dbaas_service_details d $where) AS x ON s = name FOR UPDATE OF inventory");
like(
	$err,
	qr/ERROR:  HV000: .*field "\*" of row 1/,
	'a row that is used beside, below an outer join');

# A NUL, which no database holds
$details->{'x-note'} = "\0";
$sim->clear_faults;
$sim->fault(
	{
		path => $path,
		method => 'GET',
		action => 'body',
		times => -1,
		body => $json->encode($details)
	});
$sim->clear;
($status, $out, $err) = in_database('postgres',
	"UPDATE exo.dbaas_service_details SET ip_filter = '{192.0.2.9/32}' $where");
is($status, 0, 'UTF8: a row with a NUL in what is not used is written') or diag($err);
is(scalar(sent()), 1, 'once');

done_testing();
