# Scans of a statement that need one answer ask for it once, within the memory
# that work_mem allows.
use strict;
use warnings;

use DbaasChecks qw(until_expected with_and_without);
use DbaasTest;
use Test::More;

my $t = DbaasTest->new(zones => 1, services => 1500, logs => 0);
my $sim = $t->sim;

sub slurp { open my $fh, '<', $_[0] or die "$_[0]: $!"; return join '', <$fh> }

# MiB that the backend uses most, since reset() of it
sub reset_peak
{
	my ($session) = @_;
	open my $fh, '>', '/proc/' . $session->pid . '/clear_refs' or die "clear_refs: $!";
	print $fh "5\n";
	close $fh or die "clear_refs: $!";
	return;
}

sub peak
{
	my ($session) = @_;
	my %kib = slurp('/proc/' . $session->pid . '/status') =~ /^(VmHWM|RssShmem):\s+(\d+)/mg;
	return ($kib{VmHWM} - $kib{RssShmem}) / 1024;
}

# The requests that a statement sends, and how many of these are distinct
sub count_requests
{
	my @sent = map { join ' ', @{$_}{qw(method zone path)}, $_->{body} // '' } @_;
	my %distinct = map { $_ => 1 } @sent;
	return (scalar @sent, scalar keys %distinct);
}

# Answers that do not fit into memory.  (The code that JIT makes would take more of it.)
my $local = $t->session;
$local->sql(
	q{SET client_min_messages = warning; CREATE SCHEMA copy;
	CREATE TABLE copy.dbaas_users AS SELECT * FROM exo.dbaas_users;
	CREATE TABLE copy.dbaas_databases AS SELECT * FROM exo.dbaas_databases;
	CREATE TABLE copy.dbaas_nodes AS SELECT * FROM exo.dbaas_nodes});
my $join = q{SELECT count(*), sum(hashtext(service_name || username || d.name)) FROM exo.dbaas_users
	JOIN exo.dbaas_databases d USING (zone, service_name)};
my $expected = $local->sql($join =~ s/exo\./copy./gr);

foreach my $limit (-1, '1MB')
{
	my $session = $t->session;
	$session->sql(
		"SET jit = off; SET temp_file_limit = '$limit'; SELECT count(*) FROM exo.dbaas_zones");
	reset_peak($session);
	my $before = peak($session);
	$sim->clear;
	is($session->sql($join), $expected, "temp_file_limit = $limit: the rows of a join");
	my ($sent, $distinct) = count_requests($sim->requests);
	cmp_ok($distinct, '>=', 1500, "temp_file_limit = $limit: each service is asked for");
	is($sent, $distinct, 'each answer is asked for once') if $limit eq '-1';
	DbaasTest::measured_ok(peak($session) - $before,
		'<=', 15, "temp_file_limit = $limit: and memory stays near work_mem");
	$session->quit;
}

# With little memory, by other plans, and where files are limited
my $session = $t->session;
my $arms =
	'SELECT service_name, name FROM exo.dbaas_nodes UNION ALL '
  . 'SELECT service_name, username FROM exo.dbaas_users UNION ALL '
  . 'SELECT service_name, name FROM exo.dbaas_databases';
foreach my $guc ('', 'SET enable_hashjoin = off', q{SET temp_file_limit = '16kB'})
{
	$session->sql("RESET ALL; SET work_mem = '64kB'; $guc");
	foreach my $sql ($guc =~ /limit/ ? () : $join,
		"SELECT count(*), sum(hashtext(service_name || name)) FROM ($arms) x")
	{
		$sim->clear;
		is($session->sql($sql), $local->sql($sql =~ s/exo\./copy./gr), "$guc: $sql");
		my ($sent, $distinct) = count_requests($sim->requests);
		is($sent, $distinct, "$guc: each once") unless $guc =~ /limit/;
	}
}
$session->sql('RESET ALL');

# Subqueries that need one answer: as many requests in flight as for one of them.  A server with
# assertions needs more memory for the rows.
$session->sql(
	q{SET work_mem = '16MB'; CREATE TABLE inventory AS SELECT DISTINCT zone, service_name AS name
	FROM copy.dbaas_nodes ORDER BY name LIMIT 60; ANALYZE inventory});
my %inside = (
	users => 'max(x.username) FROM exo.dbaas_users x',
	databases => 'max(x.name) FROM exo.dbaas_databases x',
	nodes => 'max(x.name) FROM exo.dbaas_nodes x');
foreach my $n (2, 3)
{
	my $sql = 'SELECT '
	  . join(', ',
		map { "(SELECT $inside{$_} WHERE x.zone = i.zone AND x.service_name = i.name)" }
		  (sort keys %inside)[ 0 .. $n - 1 ])
	  . ' FROM inventory i ORDER BY i.name';
	my $run = until_expected(sub { return with_and_without($session, $sql, latency => 10 * $_[0]) },
		sub { return $_[0]{on}{peak} == 8 });
	is($run->{on}{rows}, $run->{off}{rows}, "$n subqueries: the same rows");
	is_deeply($run->{on}{sent}, $run->{off}{sent}, "$n subqueries: the same requests");
	is(scalar @{ $run->{on}{sent} }, 61, "$n subqueries: the list, and one for each service");
	is($run->{on}{peak}, 8, "$n subqueries: max_concurrency at once");
}
$sim->config(latency => 0);
$session->sql('RESET work_mem');

# A file ends with its statement, however that ends
my $temporary = 'SELECT count(*) FROM pg_ls_tmpdir()';
$session->sql(
	"BEGIN; SET LOCAL work_mem = '64kB'; SAVEPOINT s;
	DECLARE c CURSOR FOR $arms; FETCH 2000 FROM c");
isnt($session->sql($temporary), '0', 'a cursor has a file');
my $written = join '', map { slurp($_) } glob $t->node->data_dir . '/base/pgsql_tmp/*';
like($written, qr/"users":.*"password":"\*\*\*"/s, 'the file has responses');
unlike($written, qr/S3CRET_/, 'but no secrets');
like(
	$session->sql_error("ROLLBACK TO s; FETCH 1 FROM c")->{message},
	qr/does not exist/,
	'the cursor is gone');
$session->sql_both('ROLLBACK');
is($session->sql($temporary), '0', 'and so is its file');
my $all = $session->sql("SELECT count(*) FROM ($arms) x");
$session->sql(
	"BEGIN; SET LOCAL work_mem = '64kB';
	DECLARE c CURSOR FOR $arms; FETCH 10 FROM c; SAVEPOINT s; MOVE 2000 IN c");
$session->sql_error('SELECT 1 / 0');
my @rest = split /\n/, $session->sql('ROLLBACK TO s; FETCH ALL FROM c');
is(@rest + 2010, $all, 'a file outlives the savepoint in which it was begun');
isnt($session->sql($temporary), '0', 'and there is one');
$session->sql_both('ROLLBACK');
is($session->sql($temporary), '0', 'no file stays behind a transaction');
$session->sql("SET work_mem = '64kB'");
$sim->config(latency => 5);
is($session->timed_out($arms, 500)->{sqlstate}, '57014', 'a statement is cancelled');
$sim->config(latency => 0);
is($session->sql($temporary), '0', 'no file stays behind a cancel');
unlike(slurp($t->node->logfile), qr/temporary file leak/, 'nothing leaks');

# A full disk, for which a limit on the size of files stands, costs requests alone
$session->sql("CHECKPOINT; SET work_mem = '64kB'");
system('prlimit', '--pid', $session->pid, '--fsize=100000:unlimited') == 0 or die 'prlimit';
is($session->sql("SELECT count(*) FROM ($arms) x"), $all, 'a full disk: the rows');
is($session->sql($temporary), '0', 'and no file stays behind');

done_testing();
