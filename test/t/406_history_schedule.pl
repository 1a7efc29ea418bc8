# The lines of doc/history.md that schedule a collection, run as cron and systemd run them: what
# they print, and how they end.  What it says to alert on, and who it says may do what.
use strict;
use warnings;

use DbaasDocs qw(read_lines blocks);
use DbaasTest;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

my $t = DbaasTest->new(zones => 2, services => 4, logs => 50, server => { max_retries => 0 });
my $node = $t->node;
my @page = read_lines('doc/history.md');
my %text;
foreach my $language (qw(sh sql ini))
{
	$text{$language} = [ map { $_->{text} } blocks($language, @page) ];
}
my ($crontab) = grep { /^\S+ \* \* \* \* / } @{ $text{sh} };
my ($service) = grep { /^\[Service\]/m } @{ $text{ini} };
my ($timer) = grep { /^\[Timer\]/m } @{ $text{ini} };
my ($alert) = grep { /AS alert/ } @{ $text{sql} };
my ($cron, $command) = $crontab =~ /\A((?:\S+ ){5})(.*)\n\z/;
my ($start) = $service =~ /^ExecStart=(.*)$/m;
my %environment = $service =~ /^Environment="(\w+)=(.*)"$/mg;
chomp(my $bindir = `"$ENV{PG_CONFIG}" --bindir`);

$t->sql(q{SELECT dbaas_fdw_history('exo', 'hist')});

# Status and output of a command, in a shell with little more than cron and systemd set
sub run
{
	my ($line, %more) = @_;
	my ($out, $err) = ('', '');
	$line =~ s/-d reports\b/-d postgres/ or die "$line: not in the database reports";
	$line =~ s{^/usr/bin/}{};
	local %ENV = (
		PATH => "$bindir:/usr/bin:/bin",
		HOME => $node->basedir,
		PGHOST => $node->host,
		PGPORT => $node->port,
		PGUSER => $t->sql('SELECT current_user'),
		%more);
	IPC::Run::run([ '/bin/sh', '-c', $line ], '>', \$out, '2>', \$err);
	return ($? >> 8, "$out$err");
}

sub runs
{
	return $t->sql('SELECT count(*) FROM hist.runs WHERE ended_at IS NOT NULL');
}

# What the page has people run
is($t->sql($alert), 'no collection ended since ever', 'before the first run, the alert says so');
unlike($command, qr/%/, 'the line has nothing that cron takes for the end of a line');
my ($scheduled) = map { /cron\.schedule\(.*\$\$(.*)\$\$/ } @{ $text{sql} };
is($scheduled, ($command =~ /-c "(.*)"/)[0], 'pg_cron runs what cron does');
like($start, qr/\Q$scheduled\E/, 'and so does systemd');

is_deeply([ run($command) ], [ 0, '' ], 'cron: a run says nothing');
is(runs(), 1, 'and is one');
is_deeply([ run($start, %environment) ], [ 0, '' ], 'systemd: the same');
is(runs(), 2, 'once more');
is($t->sql($alert), '', 'there is nothing to alert on');

# A zone that cannot be read
my ($zone) = $t->sim->zones;
my $away =
  { zone => $zone, path => '/dbaas-service', action => 'status', status => 503, times => -1 };
foreach my $how ([$command], [ $start, %environment ])
{
	$t->sim->fault($away);
	my ($status, $said) = run(@$how);
	$t->sim->clear_faults;
	is($status, 0, 'a run that met problems ends well');
	like($said, qr/\AWARNING: .*\nHINT: .*\n\z/, 'and its warning is all it says');
	like($t->sql($alert), qr/^run \d+ met \d+ problems$/, 'and is alerted on');
}

# Another run under way: it waits for the API
my $before = runs();
my $session = $t->session;
my $pid = $session->pid;
$t->sim->clear;
$t->sim->fault({ path => '/dbaas-service', action => 'stall', ms => 300_000, times => -1 });
$session->start(q{CALL dbaas_fdw_collect('hist')});
DbaasTest::wait_until(
	sub {
		grep { $_->{path} eq '/dbaas-service' } $t->sim->requests;
	});
foreach my $how ([$command], [ $start, %environment ])
{
	is_deeply([ run(@$how) ], [ 0, '' ], 'a run that meets another one leaves without a word');
}
is(runs(), $before, 'and is none');
my (undef, $noticed) = run($command =~ s/PGOPTIONS='.*?' //r);
like($noticed, qr/^NOTICE: /, 'for which the setting is needed');
$t->sql("SELECT pg_cancel_backend($pid)");
$session->finish;
$t->sim->clear_faults;
is_deeply([ run($command) ], [ 0, '' ], 'and when that one was cancelled, the next one collects');
is(runs(), $before + 1, 'as a run');

# None can be made
$t->sql('ALTER SCHEMA hist RENAME TO other');
foreach my $how ([$command], [ $start, %environment ])
{
	my ($status, $said) = run(@$how);
	isnt($status, 0, 'without a history, it fails');
	like($said, qr/^ERROR: /, 'with an error');
	($status, $said) = run(@$how, PGPORT => 1);
	isnt($status, 0, 'without a server, too');
	isnt($said, '', 'with a message');
}
$t->sql('ALTER SCHEMA other RENAME TO hist');
$t->sql(
	q{UPDATE hist.runs SET started_at = started_at - interval '2 hours',
	ended_at = ended_at - interval '2 hours'});
like($t->sql($alert), qr/^no collection ended since 2/, 'a schedule that stopped is alerted on');

# The roles of the page have what they need, and no more
my ($key, $secret) = ($t->sim->key, $t->sim->secret);
foreach my $grants (grep { /^(?:CREATE ROLE|ALTER VIEW)/ } @{ $text{sql} })
{
	$t->sql(
		$grants =~ s/api_key '.*?'/api_key '$key'/r =~ s/api_secret '.*?'/api_secret '$secret'/r);
}
is( $t->sql(
		q{SET SESSION AUTHORIZATION collector;
		CALL dbaas_fdw_collect('hist_collector');
		SELECT failed, (SELECT count(*) FROM hist_collector.logs)
			= (SELECT count(*) FROM exo_collector.dbaas_logs WHERE time > (
				SELECT max(time) FROM exo_collector.dbaas_logs) - interval '1 day')
		FROM hist_collector.runs}),
	'0|t',
	'the collector collects');
foreach my $shown (qw(services logs metrics runs changes slow_hours uptime disk_forecast))
{
	is($t->sql("SET ROLE reader; SELECT count(*) >= 0 FROM hist.$shown"),
		't', "the reader reads $shown");
}
is($t->sql_error("SET ROLE reader; CALL dbaas_fdw_collect('hist')")->{sqlstate},
	'42501', 'and does not collect');
$t->sql('REVOKE SELECT ON hist.metrics FROM reader');
is($t->sql('SET ROLE reader; SELECT count(*) > 0 FROM hist.disk_forecast'),
	't', 'a view that reads with the rights of its owner needs no table');

SKIP:
{
	skip 'no systemd-analyze', 4 if system('systemd-analyze --version >/dev/null 2>&1') != 0;
	my $folder = PostgreSQL::Test::Utils::tempdir();
	# psql may be elsewhere here
	append_to_file("$folder/dbaas-history.service", $service =~ s{=/usr/bin/psql}{=$bindir/psql}r);
	append_to_file("$folder/dbaas-history.timer", $timer);
	my @verify = qw(systemd-analyze --man=no verify);
	foreach my $unit (qw(service timer))
	{
		my ($out, $err) = ('', '');
		IPC::Run::run([ @verify, "$folder/dbaas-history.$unit" ], '>', \$out, '2>', \$err);
		is($?, 0, "systemd takes the $unit");
		is("$out$err", '', 'and complains of nothing');
	}
}

done_testing();
