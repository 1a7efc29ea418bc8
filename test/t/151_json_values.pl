# No number changes its value on its way, whatever its form; what an answer
# needs of memory is bounded.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(
	services => 8,
	logs => 0,
	operation_time => 0,
	server => { zones => 'ch-gva-2', max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
$session->sql('SET extra_float_digits = 3');

# How each is written, its value as PostgreSQL's numeric, and as a double
my @numbers = (
	[ '0.1234567890123456789e05', '12345.67890123456789' ],
	[ '1234567890123456789e00', '1234567890123456789' ],
	[ '1234567890123456789e-00', '1234567890123456789' ],
	[ '1234567890123456789E+0', '1234567890123456789' ],
	[ '-0.000e00', '0.000' ],
	[ '12345678901234567890123', '12345678901234567890123' ],
	[ '1.10', '1.10' ],
	[ '1e-7', '0.0000001' ],
	[
		'0.1000000000000000055511151231257827021181583404541015625',
		'0.1000000000000000055511151231257827021181583404541015625'
	],);
my $written = '[' . join(',', map { $_->[0] } @numbers) . ']';

# In metrics
$sim->fault(
	{
		path => '/dbaas-service-metrics/*',
		action => 'body',
		times => -1,
		body => '{"metrics":{"cpu_usage":{"data":{"cols":[{"label":"time","type":"date"},'
		  . '{"label":"n","type":"number"}],"rows":['
		  . join(',', map { qq(["2026-01-01T00:00:00Z",$_->[0]]) } @numbers) . ']}}}}'
	});
my @expected = map { $session->sql("SELECT '$_->[0]'::float8") } @numbers;
is_deeply(
	[
		split /\n/,
		$session->sql(q{SELECT value FROM exo.dbaas_metrics WHERE service_name = 'pg-1-0001'})
	],
	\@expected,
	'metrics are the numbers that were written');

# In jsonb and json columns
$t->sql(
	q{CREATE FOREIGN TABLE exo.whole (zone text, source text, id uuid, settings json, row jsonb
		OPTIONS (field '*'))
	SERVER exoscale OPTIONS (resource 'integrations')});
$sim->clear_faults;
my $id = DbaasSim::uuid('1/ch-gva-2/integrations/1');
my $answer =
	qq({"id":"$id","type":"metrics","source":"pg-1-0001","dest":"thanos-1-0007",)
  . qq("settings":{"n": $written}});
$sim->fault({ path => "/dbaas-integration/$id", action => 'body', times => -1, body => $answer });
is( $session->sql(
			"SELECT string_agg(n::text, ' ' ORDER BY i) "
		  . "FROM exo.whole, jsonb_array_elements(\"row\" #> '{settings,n}') WITH ORDINALITY "
		  . "AS e(n, i) WHERE id = '$id'"),
	join(' ', map { $_->[1] } @numbers),
	'jsonb has their values');
is( $session->sql("SELECT settings FROM exo.whole WHERE id = '$id'"),
	qq({"n": $written}),
	'json has them as they were written');

# In what is written: jsonb as jsonb shows it, json digit for digit
$sim->clear_faults;
my ($made) = split /\n/, $session->sql(
	qq{INSERT INTO exo.dbaas_integrations (type, source, dest, settings)
	VALUES ('metrics', 'mysql-1-0002', 'thanos-1-0007', '{"n": $written}') RETURNING id});
my ($post) = grep { $_->{method} eq 'POST' && $_->{path} eq '/dbaas-integration' } $sim->requests;
like(
	$post->{body},
	qr/"settings":\{"n":\[\Q${\ join(',', map { $_->[1] } @numbers)}\E\]\}/,
	'an INSERT of jsonb sends their values');
$session->sql(
	qq{UPDATE exo.whole SET settings = '{"n": $written, "s": "a\\/b"}' WHERE id = '$made'});
my ($put) = grep { $_->{method} eq 'PUT' } $sim->requests;
is( $put->{body},
	qq({"settings":{"n":$written,"s":"a/b"}}),
	'an UPDATE of json sends them as they were written');
is( $session->sql(
			"SELECT string_agg(n::text, ' ' ORDER BY i) "
		  . "FROM exo.dbaas_integrations, jsonb_array_elements(settings->'n') WITH "
		  . "ORDINALITY AS e(n, i) WHERE id = '$made'"),
	join(' ', map { $_->[1] } @numbers),
	'and the values come back');

# A double that a number does not fit in is an error, not another number
$sim->fault(
	{
		path => '/dbaas-service-metrics/*',
		action => 'body',
		times => -1,
		body => '{"metrics":{"cpu_usage":{"data":{"cols":[{"label":"time","type":"date"},'
		  . '{"label":"n","type":"number"}],"rows":[["2026-01-01T00:00:00Z",1e400]]}}}}'
	});
is( $session->sql_error(q{SELECT value FROM exo.dbaas_metrics WHERE service_name = 'pg-1-0001'})
	  ->{sqlstate},
	'HV000', 'a number out of range');

# Memory: the text, and 16 bytes for each value up to a quarter of max_response_bytes
sub peak
{
	my ($pid) = @_;
	open my $fh, '<', "/proc/$pid/status" or die "/proc/$pid/status: $!";
	my ($kib) = map { /^VmHWM:\s+(\d+)/ ? $1 : () } <$fh>;
	return $kib / 1024;
}
my $mib = 12;
my $ones = ($mib - 1) * 1024 * 1024 / 2;
foreach my $case ([ 0.45, 'an answer of many values' ], [ 1, 'one of too many' ])
{
	my ($part, $name) = @$case;
	$t->create_server(zones => 'ch-gva-2', max_response_bytes => "${mib}MB", max_retries => 0);
	my $other = $t->session;
	$other->sql('SELECT count(*) FROM exo.dbaas_zones');
	$sim->clear_faults;
	$sim->fault(
		{
			path => '/dbaas-service',
			action => 'body',
			times => -1,
			body => '{"dbaas-services":[{"name":"a","type":"pg","plan":"b","notifications":['
			  . join(',', (1) x ($ones * $part)) . ']}]}'
		});
	my $idle = peak($other->pid);
	if ($part < 1)
	{
		is($other->sql('SELECT name FROM exo.dbaas_services'), 'a', "$name is read");
	}
	else
	{
		my $error = $other->sql_error('SELECT name FROM exo.dbaas_services');
		is($error->{sqlstate}, 'HV000', "$name is an error");
		like(
			$error->{detail},
			qr/it holds too many values for option max_response_bytes/,
			'which says so');
	}
	my $used = peak($other->pid) - $idle;
	DbaasTest::measured_ok($used, '>', $part * $mib, "$name: memory is measured");
	DbaasTest::measured_ok(
		$used, '<=',
		5.5 * $mib,
		sprintf('%s: at most five times max_response_bytes (%.0f of %d MiB)', $name, $used, $mib));
	$other->quit;
}

done_testing();
