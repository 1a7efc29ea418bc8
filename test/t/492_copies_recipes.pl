# The recipes of doc/recipes.md for forks, points in time, backups by name, and migrations: what
# they send, and that the simulator takes no other.
use strict;
use warnings;

use DbaasDocs qw(read_lines blocks);
use DbaasTest;
use JSON::PP ();
use POSIX qw(strftime);
use Test::More;

my $t = DbaasTest->new(
	services => 5,
	logs => 1,
	operation_time => 0,
	server => { updatable => 'false' });
my $sim = $t->sim;
my $session = $t->session;
my $json = JSON::PP->new->utf8->canonical;
my @blocks = map { $_->{text} } blocks('sql', read_lines('doc/recipes.md'));
$session->sql("\\set zone ch-gva-2\n\\set service pg-1-0001");

# Runs the recipe that has a text, and returns what it writes, as [METHOD PATH, BODY]
sub writes
{
	my ($text) = @_;
	my @found = grep { /\Q$text\E/ } @blocks;
	is(scalar(@found), 1, "there is one recipe with $text");
	$sim->clear;
	$session->sql($found[0]);
	return map {
		[   "$_->{method} $_->{zone} $_->{path}",
			length($_->{body} // '') ? $json->decode($_->{body}) : undef
		]
	  }
	  grep { $_->{method} ne 'GET' } $sim->requests;
}

# A point in time
my ($fork, @others) = writes('-yesterday');
is_deeply(\@others, [], 'a fork is one write');
is($fork->[0], 'POST ch-gva-2 /dbaas-postgres/pg-1-0001-yesterday', 'which makes a service');
my $time = delete $fork->[1]{'recovery-backup-time'};
my $yesterday = strftime('%Y-%m-%d', gmtime(time - 86400));
like($time, qr/^${yesterday}T\d\d:\d\d:\d\dZ$/, 'as it was at that time');
is_deeply(
	$fork->[1],
	{ plan => 'startup-4', 'fork-from-service' => 'pg-1-0001' },
	'of that service');
is( $session->sql(
		q{SELECT string_agg(name, ' ' ORDER BY name) FROM exo.dbaas_databases
		WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001-yesterday'}),
	$session->sql(
		q{SELECT string_agg(name, ' ' ORDER BY name) FROM exo.dbaas_databases
		WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'}),
	'it has the databases');

# A backup by its name
my ($old) = writes('-old');
my $oldest = $session->sql(
	q{SELECT backup_name FROM exo.dbaas_backups WHERE zone = 'ch-gva-2'
	AND service_name = 'valkey-1-0005' ORDER BY backup_time LIMIT 1});
is_deeply(
	$old,
	[
		'POST ch-gva-2 /dbaas-valkey/valkey-1-0005-old',
		{
			plan => 'startup-4',
			'fork-from-service' => 'valkey-1-0005',
			'recovery-backup-name' => $oldest
		}
	],
	'a fork of a backup');

# A migration
my ($migration) = writes("'migration'");
is($migration->[0], 'PUT ch-gva-2 /dbaas-postgres/pg-1-0001', 'a migration changes a service');
ok(delete $migration->[1]{'backup-schedule'}, 'with the schedule that a PUT has');
is_deeply(
	$migration->[1],
	{
		migration => {
			host => '192.0.2.9',
			port => 5432,
			username => 'mover',
			password => '...',
			dbname => 'shop',
			ssl => JSON::PP::true
		}
	},
	'and says where the data is');
my $status = q{SELECT status FROM exo.dbaas_migrations
	WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
like($session->sql($status), qr/^(?:running|syncing)$/, 'a migration that goes on');
is_deeply(
	[ writes("'stop-migration'") ],
	[ [ 'POST ch-gva-2 /dbaas-postgres/pg-1-0001/migration/stop', undef ] ],
	'the last step stops it, without a body');
is($session->sql($status), 'done', 'and it is done');

# What the simulator refuses
my %plan = (plan => 'startup-4');
foreach my $case (
	[ 'postgres', { 'fork-from-service' => 'nobody' }, 404, 'a fork of no service' ],
	[ 'postgres', { 'fork-from-service' => 'mysql-1-0002' }, 422, 'of another type' ],
	[
		'postgres', { 'fork-from-service' => 'pg-1-0001', 'recovery-backup-time' => 'yesterday' },
		422, 'no time'
	],
	[ 'postgres', { 'recovery-backup-time' => '2026-01-01T00:00:00Z' }, 422, 'a time of nothing' ],
	[ 'valkey', { 'recovery-backup-name' => $oldest }, 422, 'a backup of nothing' ],
	[
		'valkey', { 'fork-from-service' => 'valkey-1-0005', 'recovery-backup-name' => 'none' },
		422, 'no backup'
	],
	[
		'valkey',
		{
			'fork-from-service' => 'valkey-1-0005',
			'recovery-backup-time' => '2026-01-01T00:00:00Z'
		},
		422, 'a time for a type that has names'
	],
	[ 'kafka', { 'fork-from-service' => 'kafka-1-0003' }, 422, 'a fork of a type that has none' ],
	[ 'postgres', { migration => { host => '192.0.2.9' } }, 422, 'a migration without a port' ])
{
	my ($type, $parameters, $status, $what) = @$case;
	is($sim->post("/dbaas-$type/refused", { %plan, %$parameters })->{status}, $status, $what);
}
is($sim->get('/dbaas-postgres/refused')->{status}, 404, 'nothing is made of them');

done_testing();
