# Connections stay open in the session and are reused, until something changes.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 4, logs => 20);
my $session = $t->session;
my $services = 'SELECT count(*) FROM exo.dbaas_services';

# The connections that a statement uses for its requests to three zones, which are in flight at once
sub connections
{
	my ($sql) = @_;
	$t->sim->together(3, path => '/dbaas-*');
	my %seen = map { $_->{connection} => 1 } $session->requests($sql);
	my @numbers = sort { $a <=> $b } keys %seen;
	$t->sim->clear_faults;
	return @numbers;
}

# Sockets of the backend, its own to the client and to PostgreSQL apart
sub sockets
{
	my $port = sprintf '%04X', $t->sim->port;
	my %inodes;
	open my $tcp, '<', '/proc/net/tcp' or die "/proc/net/tcp: $!";
	while (my $line = <$tcp>)
	{
		my (undef, undef, $remote, undef, undef, undef, undef, undef, undef, $inode) = split ' ',
		  $line;
		$inodes{$inode} = 1 if $remote =~ /:$port$/;
	}
	return
	  scalar grep { (readlink $_ // '') =~ /^socket:\[(\d+)\]/ && $inodes{$1} }
	  glob '/proc/' . $session->pid . '/fd/*';
}

# Reuse
my @first = connections($services);
is(scalar(@first), 3, 'three zones at once need three connections');
is_deeply([ connections($services) ], \@first, 'the next statement uses the same');
is_deeply([ connections('SELECT count(*) FROM exo.dbaas_plans') ], \@first, 'for other tables too');
is(sockets(), 3, 'they are open between statements');
$session->sql_error('SELECT 1/0');
is_deeply([ connections($services) ], \@first, 'an error of something else leaves them');
$t->sim->fault({ path => '/dbaas-service', action => 'status', status => 500 });
$session->sql_error($services);
is(scalar(() = connections($services)), 3, 'after an error of the API there are as many');
cmp_ok(sockets(), '<=', 5, 'and few are open');

# dbaas_fdw_disconnect
is($session->sql(q{SELECT dbaas_fdw_disconnect('exoscale')}), 't', 'dbaas_fdw_disconnect closes');
is(sockets(), 0, 'all of them');
is($session->sql(q{SELECT dbaas_fdw_disconnect('exoscale')}),
	'f', 'and says when there is nothing to close');
is(scalar(() = connections($services)), 3, 'the next statement works');
is(sockets(), 3, 'over new connections');
is($session->sql_error(q{SELECT dbaas_fdw_disconnect('no_such')})->{sqlstate},
	'42704', 'no such server');

is( $session->sql(
		q{
	BEGIN;
	DECLARE c CURSOR FOR SELECT message FROM exo.dbaas_logs;
	MOVE 3 IN c;
	SELECT dbaas_fdw_disconnect('exoscale');
	MOVE ALL IN c;
	COMMIT;
	SELECT 'done'}),
	"t\ndone",
	'an open cursor outlives dbaas_fdw_disconnect');
is($session->sql(q{SELECT dbaas_fdw_disconnect('exoscale')}), 'f',
	'which then leaves nothing open');
is(sockets(), 0, 'at all');

# ALTER SERVER and ALTER USER MAPPING take effect in the session
$session->sql($services);
$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD zones 'de-fra-1')});
is($session->sql($services), 4, 'ALTER SERVER takes effect');
$t->sql(q{ALTER SERVER exoscale OPTIONS (SET zones 'de-fra-1,at-vie-1')});
is($session->sql($services), 8, 'so does one in another session');
is(scalar(grep { $_->{path} eq '/zone' } $session->requests($services)),
	0, 'and the zones are not learned again without need');
$session->sql('ALTER SERVER exoscale OPTIONS (DROP zones)');
is($session->sql($services), 12, 'and taking it back');
cmp_ok(sockets(), '<=', 3, 'connections of old options are closed');

$session->sql(
	q{ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_secret 'wrong')});
my $error = $session->sql_error($services);
is($error->{sqlstate}, '28000', 'ALTER USER MAPPING takes effect');
like($error->{message}, qr/ 403$/, 'the API refused the signature');
like($error->{detail}, qr/Invalid request signature/, 'and said so');
$session->sql('ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_secret \''
	  . $t->sim->secret
	  . q{')});
is($session->sql($services), 12, 'and back');

$session->sql('DROP USER MAPPING FOR CURRENT_USER SERVER exoscale');
$t->sim->clear;
$error = $session->sql_error($services);
is($error->{sqlstate}, '28000', 'without a user mapping nothing is read');
like($error->{message}, qr/no user mapping/, 'the message says what is missing');
like(
	$error->{hint},
	qr/CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale/,
	'the hint how to make one');
is(scalar(() = $t->sim->requests), 0, 'and nothing was sent');

my $good = sprintf q{api_key '%s', api_secret '%s'}, $t->sim->key, $t->sim->secret;
foreach my $options ('', q{OPTIONS (api_key 'K')}, q{OPTIONS (api_secret 'S')})
{
	$session->sql("CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale $options");
	is($session->sql_error($services)->{sqlstate},
		'28000', "a mapping that lacks something: $options");
	$session->sql('DROP USER MAPPING FOR CURRENT_USER SERVER exoscale');
}

# Whose mapping counts
$session->sql("CREATE USER MAPPING FOR PUBLIC SERVER exoscale OPTIONS ($good)");
is($session->sql($services), 12, 'a mapping for PUBLIC serves everybody');
$session->sql(q{CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale }
	  . q{OPTIONS (api_key 'EXOother', api_secret 'x')});
is($session->sql_error($services)->{sqlstate}, '28000', 'but one\'s own counts first');
$session->sql(
	"DROP USER MAPPING FOR PUBLIC SERVER exoscale;
	DROP USER MAPPING FOR CURRENT_USER SERVER exoscale;
	CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS ($good);
	CREATE ROLE reader; GRANT USAGE ON SCHEMA exo TO reader;
	GRANT SELECT ON ALL TABLES IN SCHEMA exo TO reader;
	CREATE VIEW exo.names AS SELECT zone, name FROM exo.dbaas_services;
	GRANT SELECT ON exo.names TO reader"
);
is($session->sql_error("SET ROLE reader; $services")->{sqlstate},
	'28000', 'a role without a mapping reads no table');
is($session->sql('SELECT count(*) FROM exo.names'), 12,
	'but a view, with the mapping of its owner');
$session->sql('RESET ROLE');

# DROP SERVER
$session->sql($services);
$session->sql('SET client_min_messages = warning; DROP SERVER exoscale CASCADE');
$session->sql_error($services);
$t->create_server(zones => 'at-vie-1');
is($session->sql($services), 4, 'a server dropped and created again is another');

done_testing();
