# A time of the API's is the one that PostgreSQL reads in its text, in whatever form it comes.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t =
  DbaasTest->new(services => 2, logs => 0, server => { zones => 'ch-gva-2', max_retries => 0 });
my $sim = $t->sim;
my $seed = $ENV{DBAAS_RANDOM_SEED} // 20261126;
my $json = JSON::PP->new->canonical;
srand $seed;
note("DBAAS_RANDOM_SEED=$seed");

$t->sql(
	q{CREATE FOREIGN TABLE exo.times (zone text, service_name text,
	time timestamptz, raw text OPTIONS (field 'time'), seconds timestamptz(0)
		OPTIONS (field 'time'),
	local timestamp OPTIONS (field 'time'), day date OPTIONS (field 'time'))
	SERVER exoscale OPTIONS (resource 'logs')});
my $from = q{FROM exo.times WHERE service_name = 'pg-1-0001'};

# The entries of the logs from now on; each text as it is written in JSON
sub entries
{
	my (@texts) = @_;
	$sim->clear_faults;
	$sim->fault(
		{
			path => '/dbaas-service-logs/*',
			action => 'body',
			times => -1,
			body => '{"logs":[' . join(',', map { qq({"time":"$_","message":"m"}) } @texts) . ']}'
		});
	return;
}

sub pick { return $_[ int rand @_ ] }

# Times of every form that the API's may take, and near misses that are still times
sub random_time
{
	my $year =
	  pick(1, 4, 99, 100, 400, 1582, 1899, 1900, 1969, 1970, 1999, 2000, 2024, 2026, 2038, 2100,
		9999, 1 + int rand 9999);
	my $leap = $year % 4 == 0 && ($year % 100 != 0 || $year % 400 == 0);
	my $month = 1 + int rand 12;
	my $days = (31, $leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[ $month - 1 ];
	my $day = pick(1, $days, 1 + int rand $days);
	my $clock = rand() < 0.05 ? '24:00:00' : sprintf '%02d:%02d:%02d', pick(0, 23, int rand 24),
	  pick(0, 59, int rand 60), pick(0, 59, 60, int rand 60);
	my $fraction = $clock =~ /^24|60$/ ? '' : pick(
		'', '',
		map {
			'.' . join '',
			  map { int rand 10 }
			  1 .. $_
		} 1 .. 9);
	return sprintf '%04d-%02d-%02d%s%s%s%s', $year, $month, $day, pick('T', 'T', 'T', 't', ' '),
	  $clock, $fraction,
	  pick(
		'Z', 'Z', 'Z', 'Z', 'z', '+00:00', '-00:00', '+02:00',
		'-09:30', '+05:45', '+0530', '+14', '-07');
}

my @settings = (
	[ 'UTC', 'ISO, MDY' ],
	[ 'America/New_York', 'SQL, DMY' ],
	[ 'Asia/Kathmandu', 'German' ],
	[ 'Europe/Zurich', 'Postgres, YMD' ]);
foreach my $setting (@settings)
{
	my ($zone, $style) = @$setting;
	my $session = $t->session;
	$session->sql("SET TimeZone = '$zone'; SET DateStyle = '$style'");
	my @texts = map { random_time() } 1 .. 3000;
	entries(@texts);
	is($session->sql("SELECT count(time) $from"), 3000, "$zone, $style: all are read");
	is( $session->sql("SELECT raw, time $from AND time IS DISTINCT FROM raw::timestamptz LIMIT 5"),
		'', 'the times are PostgreSQL\'s');
	is( $session->sql(
				"SELECT raw, seconds, local, day $from AND (seconds, local, day) IS DISTINCT "
			  . "FROM (raw::timestamptz(0), raw::timestamptz::timestamp, "
			  . "raw::timestamptz::date) LIMIT 5"),
		'',
		'in columns of other types too');
	is( $session->sql(
				"SET enable_sort = off; SELECT count(*) FROM "
			  . "(SELECT time, lag(time) OVER () AS before FROM (SELECT time FROM exo.times "
			  . "WHERE service_name IN ('pg-1-0001', 'mysql-1-0002') "
			  . "ORDER BY time OFFSET 0) x) y WHERE time < before"),
		0,
		'and merged in their order') if $zone eq 'UTC';
	$session->quit;
}

# What is no time is none, and what is odd is what PostgreSQL takes it for
my $session = $t->session;
foreach my $text (
	'2023-02-29T00:00:00Z', '2024-02-29T00:00:00Z',
	'1900-02-29T00:00:00Z', '2000-02-29T23:59:59.999999Z',
	'2026-04-31T00:00:00Z', '2026-01-01T23:59:60Z',
	'2026-12-31T23:59:60.5Z', '2026-01-01T23:59:61Z',
	'2026-01-01T23:60:00Z', '2026-01-01T24:00:00Z',
	'2026-01-01T24:00:01Z', '2026-01-01T25:00:00Z',
	'2026-00-01T00:00:00Z', '2026-13-01T00:00:00Z',
	'2026-01-00T00:00:00Z', '2026-01-32T00:00:00Z',
	'0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z',
	'9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.9999999Z',
	'2026-01-01T00:00:00.Z', '2026-01-01T00:00:00.1234567Z',
	'2026-01-01T00:00:00.12345678901234567890Z', '2026-01-01T00:00:00,5Z',
	'2026-01-01T00:00:00', '2026-01-01T00:00:00.5',
	'2026-01-01T00:00:00ZZ', '2026-01-01T00:00:00Z ',
	'2026-01-01T00:00:00 Z', '2026-01-01T00:00:00BC',
	'2026-01-01T00:00:00Z BC', '2026-01-01 00:00:00.000000Z',
	'2026-01-01T00:00:00.-00000Z', '2026-01-01T+1:00:00Z',
	'2026-01-01T00:00: 0Z', '2026-01-01T 0:00:00Z',
	'20a6-01-01T00:00:00Z', '2026-0a-01T00:00:00Z',
	'2026-01-01T0a:00:00Z', '2026-01-01T00:00:0aZ',
	'2026-01-01T00:00:00.00a000Z', '2026-01-01T00-00-00Z',
	'2026/01/01T00:00:00Z', '2026-01-01TT0:00:00Z',
	'2026-1-01T000:00:00Z', '12026-01-01T00:00:00Z',
	'2026-01-01T00:00:00.5+15:59:59', '2026-01-01T00:00:00+16:00',
	'2026-01-01T00:00:00Z\\u0000', '2026-01-01T00:00:00\\u005a',
	'2026-01-01T00:00:00 Europe/Zurich', '2026-01-01T00:00:00.5UTC',
	'2026-01-01T00:00:00Z2026-01-01T00:00:00Z', '2026-01-01T00:00:00 Europe/Zürich',
	'2026-01-01')
{
	entries($text);
	my $plain = $json->allow_nonref->decode(qq("$text"));
	my ($expected) = $plain =~ /\0/ ? () : $session->sql_both("SELECT '$plain'::timestamptz");
	my ($read, $error) = $session->sql_both("SELECT time $from");
	# Only what begins as a time of the API's does
	$expected = '' if $plain !~ /^\d..\d-..-..[Tt ].{8}/;
	is($read, $expected // '', qq("$text" is ) . ($expected ? $expected : 'no time'));
	like($error, qr{HV000: +POST /dbaas-service-logs/pg-1-0001 }, 'and the error says whose')
	  if !$expected;
}

done_testing();
