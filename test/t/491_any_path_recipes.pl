# The recipes of doc/recipes.md over paths beside DBaaS, as they stand there: who did what, and what
# was used. What is asked, in one zone, and what is shown.
use strict;
use warnings;

use DbaasDocs qw(read_lines blocks);
use DbaasTest;
use JSON::PP ();
use POSIX qw(strftime);
use Test::More;

my $t = DbaasTest->new(services => 2, logs => 1, operation_time => 0);
my $sim = $t->sim;
my $session = $t->session;
my ($zone) = $sim->zones;
my @blocks = map { $_->{text} } blocks('sql', read_lines('doc/recipes.md'));

# The recipe that has a text, as its statements
sub recipe
{
	my ($text) = @_;
	my @found = grep { /\Q$text\E/ } @blocks;
	is(scalar(@found), 1, "there is one recipe with $text");
	return split /(?<=;)\n/, $found[0];
}

# What a statement asks for, without what says where the zones are
sub asked
{
	my ($sql) = @_;
	$sim->clear;
	my $rows = $session->sql($sql);
	return $rows,
	  sort map { "$_->{method} $_->{zone} $_->{path}" . ($_->{query} ? "?$_->{query}" : '') }
	  grep { $_->{path} ne '/zone' } $sim->requests;
}

sub day
{
	my ($days_ago) = @_;
	return strftime('%Y-%m-%dT', gmtime(time - 86400 * $days_ago));
}

# Who did what
my ($create, $recent) = recipe('CREATE FOREIGN TABLE exo.events');
$session->sql($create);
my ($rows, @asked) =
  asked('SELECT count(*), count(who), count(service_name), min(source_ip) FROM exo.events');
is($rows, '24|24|24|192.0.2.1', 'without a time, the last day');
is_deeply(\@asked, ["GET $zone /event"], 'is asked for in one zone');
is( $session->sql('SELECT DISTINCT who, status, request FROM exo.events ORDER BY 1, 2'),
	join("\n",
		'alice@example.com|200|update-dbaas-service-pg',
		'alice@example.com|403|delete-dbaas-service',
		'deploy|200|update-dbaas-service-pg',
		'deploy|403|delete-dbaas-service'),
	'users, and the roles of keys');
(undef, @asked) = asked($recent);
like(join(' ', @asked), qr{^GET $zone /event\?from=@{[ day(7) ]}\d\d%3A\d\d%3A\d\dZ$},
	'the recipe asks for a week');
is( (asked(q{SELECT count(*) FROM exo.events
		WHERE since = '2025-12-31T20:00:00Z' AND before = '2025-12-31T23:00:00Z'}))[0],
	3, 'of a time');
$session->sql(q{CREATE FOREIGN TABLE keys (key jsonb OPTIONS (field 'iam-api-key')) SERVER exoscale
	OPTIONS (path '/event', rows '[]', scope 'organisation')});
is( $session->sql(q{SELECT DISTINCT key FROM keys WHERE key IS NOT NULL}),
	'{"key": "***", "name": "***"}',
	'keys are hidden');

# Beside a history
$session->sql(q{SELECT dbaas_fdw_history('exo', 'hist')});
$session->sql(q{CALL dbaas_fdw_collect('hist')});
my $at = strftime('%Y-%m-%dT%H:%M:%S.000Z', gmtime(time));
my $of = { zone => $zone, 'path-params' => { name => 'pg-1-0001' } };
my @events = (
	{ %$of, 'iam-user' => { email => 'eve@example.com' }, handler => 'first', status => 200,
		timestamp => strftime('%Y-%m-%dT%H:%M:%S.000Z', gmtime(time - 600)) },
	{ %$of, 'iam-user' => { email => 'bob@example.com' }, handler => 'update-dbaas-service-pg',
		status => 200, timestamp => $at },
	{ %$of, 'iam-user' => { email => 'mallory@example.com' }, handler => 'delete-dbaas-service',
		status => 403, timestamp => $at },
	{ %$of, 'path-params' => { name => 'mysql-1-0002' }, handler => 'other', status => 200,
		timestamp => $at });
$sim->wait_operation($sim->put('/dbaas-postgres/pg-1-0001', { plan => 'startup-8' })->{json});
$session->sql(q{CALL dbaas_fdw_collect('hist')});
$sim->fault({ action => 'answer', path => '/event', times => -1,
	body => JSON::PP->new->encode(\@events) });
my ($join) = recipe('FROM hist.changes c');
($rows, @asked) = asked($join);
my ($plan) = grep { /\|plan\|/ } split /\n/, $rows;
like(
	$plan,
	qr/\|changed\|plan\|startup-4\|startup-8\|[^|]*\|bob\@example\.com\|update-dbaas-service-pg$/,
	'a change has who made it last');
is_deeply(\@asked, ["GET $zone /event"], 'with one request');
$sim->clear_faults;

# What was used
($create, my $month) = recipe('CREATE FOREIGN TABLE exo.usage');
$session->sql($create);
my $this = strftime('%Y-%m', gmtime);
($rows, @asked) = asked($month);
is(scalar(split /\n/, $rows), 48, 'a row for each product and plan');
is_deeply(\@asked, ["GET $zone /usage-report?period=$this"], 'of this month, in one zone');
my %used = map { ("$_->{product} $_->{variable}" => $_->{quantity}) } @{
	$sim->get("/usage-report?period=$this", signed_query => ['period'])->{json}{usage} };
is( join("\n", sort map { (split /\|/)[2] } split /\n/, $rows),
	join("\n", sort values %used), 'with what the API says, as numbers');
my ($trend) = recipe('generate_series(0, 5)');
($rows, @asked) = asked($trend);
my @months = split / /, $session->sql(
	q{SELECT string_agg(to_char(current_date - n * interval '1 month', 'YYYY-MM'), ' '
		ORDER BY n DESC)
	FROM generate_series(0, 5) AS n});
is_deeply(\@asked, [ map { "GET $zone /usage-report?period=$_" } @months ],
	'a trend asks once for each month');
is(scalar(split /\n/, $rows), 8 * 6, 'and has a row for each product and month');
my @of_pg = map { [ split /\|/ ] } grep { /^pg\|/ } split /\n/, $rows;
is(join(' ', map { $_->[2] } @of_pg), "@months", 'the oldest first');
is($of_pg[5][4] + 0, $of_pg[5][3] - $of_pg[4][3], 'with the difference');

done_testing();
