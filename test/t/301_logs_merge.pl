# Logs of very many services in the order of their times: small pages first, and the rows right.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $services = 1100;
my $t = DbaasTest->new(zones => 1, services => $services, logs => 100);
my $session = $t->session;
my $from = q{FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = ANY ($1) ORDER BY time};

# The limits that requests ask for, and how many do
sub limits
{
	my %count;
	$count{ JSON::PP::decode_json($_->{body})->{limit} }++
	  foreach grep { $_->{path} =~ m{^/dbaas-service-logs/} } @_;
	return \%count;
}

$session->sql(
	q{SET plan_cache_mode = force_custom_plan; SET enable_sort = off;
	CREATE TABLE copied AS SELECT service_name, time FROM exo.dbaas_logs WHERE zone = 'ch-gva-2';
	CREATE TABLE names AS SELECT array_agg(DISTINCT service_name) AS of FROM copied;
	CREATE FUNCTION entries(text[], int) RETURNS SETOF text LANGUAGE plpgsql AS $f$
	DECLARE
		c CURSOR FOR SELECT service_name || ' ' || to_char(time, 'MM-DD HH24:MI:SS.US') AS entry }
	  . $from . q{;
		n int := 0;
	BEGIN
		FOR r IN c LOOP
			EXIT WHEN n >= $2;
			n := n + 1;
			RETURN NEXT r.entry;
		END LOOP;
	END $f$});
my $n = $session->sql('SELECT cardinality(of) FROM names');
cmp_ok($n, '>', 1024, 'there are so many services with a log');
is($session->sql('SELECT count(*) FROM copied'), $n * 100, 'of so many entries');

my $some = 'SELECT entries(names.of, 5) FROM names';
is_deeply(
	limits($session->requests($some)),
	{ 32 => $n },
	'the first rows need one small page of each service, and no second');

sub compare
{
	my ($first, $name) = @_;
	my $few = $session->sql(
		"SELECT string_agg(e, E'\\n') FROM names, entries(names.of[1:$first], 1000000) e");
	my $local = $session->sql(
		"SELECT string_agg(service_name || ' ' || to_char(time, 'MM-DD HH24:MI:SS.US'), E'\\n'
			ORDER BY time, service_name)
		FROM copied WHERE service_name = ANY ((SELECT of[1:$first] FROM names)::text[])");
	is($few, $local, $name);
	return;
}
compare($n, 'all of the rows come in their order');
compare(3, 'those of three services too');

is_deeply(
	limits($session->requests("SELECT count(*) FROM names, entries(names.of[1:3], 1000000)")),
	{ 500 => 6 },
	'a few services are asked for whole pages');
is_deeply(
	limits($session->requests("SELECT count(*) FROM names, entries(names.of, 1000000)")),
	{ map { $_ => $n } 32, 64, 128, 256 },
	'pages grow');

done_testing();
